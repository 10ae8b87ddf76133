use std::time::Duration;

use super::*;
use crate::server::channels::builtin::BuiltIn;

#[tokio::test(start_paused = true)]
async fn a_stream_to_the_byte() {
    let server = Server::new();
    let start = server.fixture.services.channels.built_in(BuiltIn::Training).log().tip();
    let mut reader = server.open("/api/v1/sse/training?client_id=watcher-1").await;
    assert_eq!(
        reader.text().await,
        format!(
            "retry: 2000\nid: {start}\nevent: connected\ndata: {{\"event\":\"connected\",\"data\":{{\"client_id\":\
             \"watcher-1\",\"channel\":\"training\",\"message\":\"connected to the channel training\"}},\
             \"timestamp\":\"2025-11-20T12:00:00.000Z\"}}\n\n"
        )
    );
    let body = "{\"event\": \"training_progress\", \"data\": {\"task_id\":\"t-1\", \"progress\":45.50,\r\n\
                \"status\":\"running\",\"message\":\"a\\nid: 9\\u2028\",\"metrics\":{\"loss\":0.31},\"extra\":[1,null]}}";
    let (status, answer) = server.send("POST", TRAINING, body).await;
    let id = start + 1;
    assert_eq!(
        (status, answer),
        (202, serde_json::json!({ "success": true, "data": { "id": id.to_string(), "channel": "training" } }))
    );
    assert_eq!(
        reader.text().await,
        format!(
            "id: {id}\nevent: training_progress\ndata: {{\"event\":\"training_progress\",\"data\":{{\"task_id\":\"t-1\", \
             \"progress\":45.50,  \"status\":\"running\",\"message\":\"a\\nid: 9\\u2028\",\"metrics\":{{\"loss\":0.31}},\
             \"extra\":[1,null]}},\"timestamp\":\"2025-11-20T12:00:00.000Z\"}}\n\n"
        )
    );
    let started = tokio::time::Instant::now();
    let ping = reader.named("ping").await;
    assert_eq!(ping.id, Some(id.to_string()));
    let Value::String(at) = ping.json()["timestamp"].clone() else { panic!("a time: {ping:?}") };
    assert_eq!(ping.data, format!(r#"{{"event":"ping","data":{{"timestamp":"{at}"}},"timestamp":"{at}"}}"#));
    assert!((29_000..=30_500).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn each_channel_has_its_own_events_and_wakes_nobody_else() {
    let server = Server::new();
    let alert = r#"{"alert_type":"drawdown","severity":"high","message":"m"}"#;
    let events = [
        ("training", "training_progress", r#"{"task_id":"t","progress":0,"status":"started"}"#),
        ("backtest", "backtest_progress", r#"{"backtest_id":"b","progress":100,"status":"completed"}"#),
        ("alerts", "risk_alert", alert),
        ("alerts", "price_alert", alert),
        ("alerts", "news_alert", alert),
        ("alerts", "feed_alert", alert),
    ];
    let mut readers = Vec::new();
    for channel in ["training", "backtest", "alerts"] {
        let mut reader = server.open(&format!("/api/v1/sse/{channel}")).await;
        assert_eq!(reader.event().await.json()["data"]["channel"], channel);
        readers.push((channel, reader));
    }
    for (channel, name, data) in events {
        let body = format!(r#"{{"event":"{name}","data":{data}}}"#);
        let id = server.publish(&format!("/api/v1/channels/{channel}/events"), body).await;
        for (other, reader) in &mut readers {
            let told = reader.ready();
            if *other == channel {
                assert_eq!((told.len(), told[0].id.as_ref(), told[0].name.as_str()), (1, Some(&id), name));
                let envelope = format!(r#"{{"event":"{name}","data":{data},"timestamp":"2025-11-20T12:00:00.000Z"}}"#);
                assert_eq!(told[0].data, envelope);
            } else {
                assert_eq!(told, [], "{other}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_clients_with_one_label_both_get_everything() {
    let server = Server::new();
    let mut readers = [
        server.open("/api/v1/sse/training?client_id=same").await,
        server.open("/api/v1/sse/training?client_id=same").await,
    ];
    let ids = [server.train(1).await, server.train(2).await];
    for reader in &mut readers {
        let told: Vec<_> = reader.ready().into_iter().skip(1).filter_map(|event| event.id).collect();
        assert_eq!(told, ids);
    }
}

#[tokio::test(start_paused = true)]
async fn who_gives_no_label_is_given_one_of_its_own() {
    let server = Server::new();
    let mut labels = std::collections::HashSet::new();
    let mut readers = Vec::new();
    for _ in 0..3 {
        let mut reader = server.open("/api/v1/sse/alerts").await;
        let connected = reader.event().await.json();
        labels.insert(connected["data"]["client_id"].as_str().expect("a label").to_owned());
        readers.push(reader);
    }
    assert_eq!(labels.len(), 3);
    assert!(labels.iter().all(|label| !label.is_empty()), "{labels:?}");
    let admin = Server { token: server.fixture.token(Scope::Admin), ..server };
    let (_, status) = admin.send("GET", "/api/v1/sse/status", Body::empty()).await;
    let listed = status["channels"]["alerts"]["clients"].as_array().expect("a list");
    assert!(listed.iter().all(|label| labels.contains(label.as_str().expect("text"))), "{status}");
}

#[tokio::test(start_paused = true)]
async fn labels_are_for_administrators() {
    let server = Server::new();
    let mut readers = Vec::new();
    for uri in ["training?client_id=zeta", "training?client_id=alpha", "training?client_id=zeta", "alerts?client_id=x"]
    {
        let mut reader = server.open(&format!("/api/v1/sse/{uri}")).await;
        reader.event().await;
        readers.push(reader);
    }
    let counts = serde_json::json!({
        "status": "active",
        "total_connections": 4,
        "channels": {
            "training": { "connection_count": 3 },
            "backtest": { "connection_count": 0 },
            "alerts": { "connection_count": 1 },
            "dashboard": { "connection_count": 0 },
        },
    });
    assert_eq!(json(get(&server.app, "/api/v1/sse/status").await).await.2, counts);
    for scope in [Scope::Read, Scope::Publish] {
        let caller = format!("/api/v1/sse/status?token={}", server.fixture.token(scope));
        assert_eq!(json(get(&server.app, &caller).await).await.2, counts, "{scope:?}");
    }
    let admin = format!("/api/v1/sse/status?token={}", server.fixture.token(Scope::Admin));
    let (status, _, told) = json(get(&server.app, &admin).await).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(told["channels"]["training"]["clients"], serde_json::json!(["alpha", "zeta", "zeta"]));
    assert_eq!(told["channels"]["backtest"]["clients"], serde_json::json!([]));
    drop(readers);
    let (_, _, told) = json(get(&server.app, &admin).await).await;
    assert_eq!(told["total_connections"], 0, "who is gone is not listed");
    assert_eq!(told["channels"]["training"]["clients"], serde_json::json!([]));
}

#[tokio::test(start_paused = true)]
async fn they_are_counted_with_all_other_streams() {
    let fixture = Fixture::with(|config| {
        config.limits.connections_per_address = 2;
        config.limits.connections_total = 3;
    });
    let server = Server::of(fixture);
    server.create("/a").await;
    let _readers = [server.open("/api/v1/sse/training").await, server.open("/streams/a").await];
    for uri in ["/api/v1/sse/training", "/streams/a", "/api/sse"] {
        let (status, headers, body) = json(get(&server.app, uri).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &Value::from("too_many_streams")), "{uri}");
        assert_eq!(
            (&headers["retry-after"], &body["retry"]["delayMs"]),
            (&"5".parse().expect("ok"), &Value::from(5000))
        );
    }
    let third = send(&server.app, from("192.0.2.9:1", "/api/v1/sse/alerts")).await;
    assert_eq!(third.status(), StatusCode::OK);
    let (_, _, body) = json(send(&server.app, from("192.0.2.8:1", "/streams/a")).await).await;
    assert_eq!(body["error"]["code"], "server_full");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_says_so_and_how_to_come_back() {
    let server = Server::new();
    server.create("/a").await;
    let mut named = server.open("/api/v1/sse/training").await;
    let mut created = server.open("/streams/a").await;
    named.event().await;
    assert_eq!(created.ready(), []);
    server.fixture.shutdown.cancel();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let told = named.named("stream_error").await.json();
    assert_eq!((&told["event"], &told["data"]["code"]), (&Value::from("stream_error"), &Value::from("going_down")));
    assert_eq!(told["data"]["retry"]["shouldReconnect"], true);
    let told = created.named("stream_error").await.json();
    assert_eq!((&told["code"], &told["retry"]["shouldReconnect"]), (&Value::from("going_down"), &Value::from(true)));
    assert!(named.has_ended().await && created.has_ended().await);
    let (status, answer) = server.send("POST", TRAINING, training(1)).await;
    assert_eq!((status, &answer["error"]["code"]), (503, &Value::from("going_down")));
    assert_eq!(json(get(&server.app, "/api/v1/sse/training").await).await.2["error"]["code"], "going_down");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_needed_to_read_only_where_it_is_configured() {
    let server = Server::of(Fixture::with(|config| config.access.read = crate::server::config::Reading::Token));
    server.create("/a").await;
    for uri in ["/api/v1/sse/training", "/streams/a", "/api/v1/sse/status", "/api/v1/channels"] {
        assert_eq!(get(&server.app, uri).await.status(), StatusCode::UNAUTHORIZED, "{uri}");
        let with = format!("{uri}?token={}", server.fixture.token(Scope::Read));
        assert_eq!(get(&server.app, &with).await.status(), StatusCode::OK, "{uri}");
    }
}
