use std::time::Duration;

use super::{
    super::bystander::{self, Bystanders},
    *,
};
use crate::server::channels::builtin::BuiltIn;

#[tokio::test(start_paused = true)]
async fn no_event_can_be_forged_by_what_is_published() {
    let server = Server::new();
    let mut bystanders = Bystanders::of(&server.app).await;
    bystanders.tell(&server.fixture).await;
    server.create("/a").await;
    let mut named = server.open("/api/v1/sse/training").await;
    let mut created = server.open("/streams/a").await;
    named.event().await;
    let hostile = "x\\r\\n\\r\\nevent: stream_error\\ndata: {}\\n\\nid: 1\\u2028\\u0085\\u0000<script>";
    for space in ["\n", "\r", "\r\n", "\n\n", "\t \r\n\r\n"] {
        let data = format!("{{\"task_id\":{space}\"{hostile}\",\"progress\":{space}1,\"status\":\"running\"}}");
        let body = format!("{{\"event\":\"training_progress\",{space}\"data\":{data}}}");
        let id = server.publish(TRAINING, body).await;
        let told = named.event().await;
        assert_eq!((told.id.as_ref(), told.name.as_str()), (Some(&id), "training_progress"));
        let meant: Value = serde_json::from_str(&data).expect("JSON");
        assert_eq!(told.json()["data"], meant, "it means what it meant");
        assert_eq!(named.ready(), [], "one event");

        let body = format!("[\"{hostile}\",{space}1{space}]");
        server.publish("/streams/a", body.clone()).await;
        let told = created.event().await;
        assert_eq!((told.name.as_str(), told.json()), ("message", serde_json::from_str(&body).expect("JSON")));
        assert_eq!(created.ready(), []);
    }
    // Line ends that only some readers know, as they are.
    server.publish("/streams/a", "\"\u{85}\u{2028}\u{2029}\"").await;
    assert_eq!(created.event().await.data, "\"\\u0085\\u2028\\u2029\"");
    bystanders.missed_nothing(&server.fixture).await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_stuck_delays_nobody_and_is_ended() {
    let server = Server::new();
    let mut stuck = server.open("/api/v1/sse/training?client_id=stuck").await;
    let mut lively = server.open("/api/v1/sse/training?client_id=lively").await;
    lively.event().await;
    stuck.event().await;
    assert_eq!(stuck.ready(), []);
    let log = std::sync::Arc::clone(server.fixture.services.channels.built_in(BuiltIn::Training).log());
    for n in 0..35 {
        let id = server.train(n).await;
        assert_eq!(lively.named("training_progress").await.id, Some(id));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(log.readers(), 1, "it costs no publication anything");
    let told = stuck.event().await;
    assert_eq!((told.name.as_str(), &told.json()["data"]["code"]), ("stream_error", &Value::from("too_slow")));
    assert!(stuck.has_ended().await);
    lively.ready();
    let id = server.train(1).await;
    assert_eq!(lively.event().await.id, Some(id));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_readers_of_one_channel_share_its_bytes() {
    let server = Server::of(Fixture::with(|config| {
        config.limits.connections_per_address = 1000;
        config.limits.streams_per_minute = 1000;
    }));
    let mut readers = Vec::new();
    for _ in 0..1000 {
        let mut reader = server.open("/api/v1/sse/alerts").await;
        reader.event().await;
        readers.push(reader);
    }
    let body = r#"{"event":"risk_alert","data":{"alert_type":"a","severity":"low","message":"m"}}"#;
    server.publish("/api/v1/channels/alerts/events", body).await;
    let mut places = std::collections::HashSet::new();
    for reader in &mut readers {
        let frame = reader.0.next().await.expect("a frame").expect("no error");
        places.insert(frame.as_ptr());
    }
    assert_eq!(places.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn other_methods_are_told_which_there_are() {
    let server = Server::new();
    let mut bystanders = Bystanders::of(&server.app).await;
    bystanders.tell(&server.fixture).await;
    server.create("/a").await;
    for (method, uri, allow) in [
        ("GET", TRAINING, &["POST"][..]),
        ("PUT", "/api/v1/channels", &["GET", "HEAD", "POST", "DELETE"]),
        ("DELETE", "/streams/a", &["GET", "HEAD", "POST"]),
        ("PATCH", "/streams/", &["GET", "HEAD", "POST"]),
        ("POST", "/api/v1/sse/training", &["GET", "HEAD"]),
    ] {
        let (status, headers, body) = json(send(&server.app, server.request(method, uri, Body::empty())).await).await;
        assert_eq!(
            (status.as_u16(), &body["error"]["code"]),
            (405, &Value::from("method_not_allowed")),
            "{method} {uri}"
        );
        let mut told: Vec<_> = headers["allow"].to_str().expect("text").split(',').collect();
        let mut allow = allow.to_vec();
        told.sort_unstable();
        allow.sort_unstable();
        assert_eq!(told, allow, "{method} {uri}");
    }
    bystanders.missed_nothing(&server.fixture).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_label_says_can_t_break_out_of_the_stream() {
    let server = Server::new();
    let mut bystanders = Bystanders::of(&server.app).await;
    bystanders.tell(&server.fixture).await;
    for label in ["a%0Aid:%201", "a%0D%0A%0D%0Aevent:%20x", "%22%7D", "a%00", "a%E2%80%A8b", &"x".repeat(65)] {
        let (status, _, answer) =
            json(get(&server.app, &format!("/api/v1/sse/training?client_id={label}")).await).await;
        assert_eq!((status.as_u16(), &answer["error"]["code"]), (400, &Value::from("bad_client_id")), "{label}");
    }
    assert_eq!(server.fixture.services.hub.streams(), bystander::STREAMS, "a refusal holds no room");
    bystanders.missed_nothing(&server.fixture).await;
}
