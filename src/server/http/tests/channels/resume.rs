use super::*;
use crate::server::channels::builtin::BuiltIn;

/// Ids of the next events.
async fn ids(reader: &mut Reader, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(reader.event().await.id.expect("an id"));
    }
    ids
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_gets_what_it_missed_once_and_in_order() {
    let server = Server::new();
    let mut reader = server.open("/api/v1/sse/training").await;
    let start = reader.event().await.id.expect("a place");
    let mut told = Vec::new();
    for n in 0..5 {
        told.push(server.train(n).await);
    }
    assert_eq!(ids(&mut reader, 5).await, told);
    let after = |n: usize| format!("/api/v1/sse/training?lastEventId={}", told[n]);
    for (mut back, expected) in [
        (server.open_after("/api/v1/sse/training", Some(&start)).await, &told[..]),
        (server.open_after("/api/v1/sse/training?lastEventId=1", Some(&told[1])).await, &told[2..]),
        (server.open(&after(3)).await, &told[4..]),
        (server.open(&after(4)).await, &told[5..]),
        (server.open_after("/api/v1/sse/training", Some("")).await, &told[5..]),
    ] {
        let connected = back.event().await;
        assert_eq!(connected.name, "connected");
        let again: Vec<_> = back.ready().into_iter().filter_map(|event| event.id).collect();
        assert_eq!(again, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_cut_off_before_the_first_event_misses_nothing() {
    let server = Server::new();
    server.create("/a").await;
    for (uri, publish, body) in
        [("/api/v1/sse/training", TRAINING, training(1)), ("/streams/a", "/streams/a", "1".to_owned())]
    {
        let mut reader = server.open(uri).await;
        let hello = reader.text().await;
        let place = hello.lines().find_map(|line| line.strip_prefix("id: ")).expect("a place");
        drop(reader);
        let id = server.publish(publish, body).await;
        let mut back = server.open_after(uri, Some(place)).await;
        let told: Vec<_> = back.ready().into_iter().filter(|event| event.name != "connected").collect();
        assert_eq!(told.iter().filter_map(|event| event.id.as_ref()).collect::<Vec<_>>(), [&id], "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Server::stored(&folder).await;
    first.create("/jobs/1").await;
    let mut named = Vec::new();
    let mut created = Vec::new();
    for n in 0..3000 {
        if n % 100 == 0 {
            created.push(first.publish("/streams/jobs/1", format!("{{\"n\": {n}}}")).await);
        }
        if n % 10 == 0 {
            named.push(first.train(n % 101).await);
        }
    }
    first.fixture.shutdown.cancel();
    drop(first);
    tokio::task::yield_now().await;

    let second = Server::stored(&folder).await;
    let mut reader = second.open_after("/api/v1/sse/training", Some(&named[0])).await;
    assert_eq!(reader.event().await.name, "connected");
    named.push(second.train(50).await);
    assert_eq!(ids(&mut reader, 300).await, named[1..]);
    let mut reader = second.open_after("/streams/jobs/1", Some(&created[9])).await;
    for (n, id) in created.iter().enumerate().skip(10) {
        let told = reader.event().await;
        assert_eq!((told.id.as_ref(), told.data), (Some(id), format!("{{\"n\": {}}}", n * 100)));
    }
    assert_eq!(reader.ready(), []);
}

#[tokio::test(start_paused = true)]
async fn what_can_t_be_replayed_is_told_as_a_gap() {
    let server = Server::new();
    server.create("/a").await;
    let start = server.fixture.services.channels.built_in(BuiltIn::Training).log().tip();
    let mut told = Vec::new();
    for n in 0..2100 {
        told.push(server.train(n % 101).await);
    }
    let last = told.last().expect("an id").clone();
    for (id, from, to, reason) in [
        (start.to_string(), start.to_string(), told[2100 - 2048 - 1].clone(), "expired"),
        ((start - 1).to_string(), (start - 1).to_string(), last.clone(), "restarted"),
        ("garbage".to_owned(), String::new(), last.clone(), "restarted"),
        (u64::MAX.to_string(), u64::MAX.to_string(), last.clone(), "restarted"),
    ] {
        let mut reader = server.open_after("/api/v1/sse/training", Some(&id)).await;
        assert_eq!(reader.event().await.name, "connected");
        let gap = reader.event().await;
        assert_eq!((gap.name.as_str(), gap.id.as_ref()), ("gap", Some(&to)), "{id}");
        let data = serde_json::json!({ "from": from, "to": to, "reason": reason });
        assert_eq!((&gap.json()["event"], &gap.json()["data"]), (&Value::from("gap"), &data));
        let rest = reader.ready();
        assert_eq!(rest.len(), if reason == "expired" { 2048 } else { 0 }, "{id}");
    }
    let mut reader = server.open_after("/streams/a", Some("1")).await;
    let gap = reader.event().await;
    assert_eq!((gap.name.as_str(), &gap.json()["reason"]), ("gap", &Value::from("restarted")));
}
