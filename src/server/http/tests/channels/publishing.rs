use std::time::Duration;

use super::*;

#[tokio::test(start_paused = true)]
async fn publishing_is_never_open() {
    let server = Server::new();
    server.create("/a").await;
    let mut reader = server.open("/api/v1/sse/training").await;
    let mut created = server.open("/streams/a").await;
    reader.event().await;
    let calls = [
        ("POST", TRAINING, training(1)),
        ("POST", "/streams/a", "1".to_owned()),
        ("POST", "/api/v1/channels", r#"{"path":"/b"}"#.to_owned()),
        ("DELETE", "/api/v1/channels", r#"{"path":"/a"}"#.to_owned()),
        ("DELETE", "/api/v1/channels?path=/a", String::new()),
    ];
    for (method, uri, body) in calls {
        let request = Request::builder().method(method).uri(uri).body(Body::from(body.clone())).expect("a request");
        let (status, headers, answer) = json(send(&server.app, request).await).await;
        assert_eq!((status.as_u16(), &answer["error"]["code"]), (401, &Value::from("unauthorized")), "{method} {uri}");
        assert_eq!(headers["www-authenticate"], "Bearer");
        let reading =
            Server { token: server.fixture.token(Scope::Read), app: server.app.clone(), fixture: Fixture::new() };
        let (status, answer) = reading.send(method, uri, body.clone()).await;
        assert_eq!((status, &answer["error"]["code"]), (403, &Value::from("forbidden")), "{method} {uri}");
        let wrong = Server { token: format!("{}x", server.token), ..reading };
        assert_eq!(wrong.send(method, uri, body).await.0, 401, "{method} {uri}");
    }
    assert_eq!((reader.ready(), created.ready()), (vec![], vec![]));
    let by_parameter = format!("{TRAINING}?token={}", server.token);
    let request = Request::post(by_parameter).body(Body::from(training(7))).expect("a request");
    assert_eq!(send(&server.app, request).await.status(), StatusCode::ACCEPTED);
    assert_eq!(reader.event().await.json()["data"]["progress"], 7);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_refused_by_name_and_told_to_nobody() {
    let server = Server::new();
    server.create("/a").await;
    let mut readers = [server.open("/api/v1/sse/training").await, server.open("/streams/a").await];
    readers[0].event().await;
    let unfit = r#"{"event":"training_progress","data":{"task_id":"t","progress":101,"status":"running"}}"#;
    for (uri, body, status, code, message) in [
        (TRAINING, unfit, 422, "invalid_event", "data.progress: must be a number from 0 to 100"),
        (TRAINING, "{}", 422, "invalid_event", "event: is missing"),
        (TRAINING, "[1]", 422, "invalid_event", "body: must be an object with `event` and `data`"),
        (
            TRAINING,
            r#"{"event":"risk_alert","data":{}}"#,
            422,
            "invalid_event",
            "event: must be one of training_progress",
        ),
        (TRAINING, r#"{"event":"ping","data":{}}"#, 422, "invalid_event", "event: must be one of training_progress"),
        (TRAINING, "nonsense", 400, "malformed_json", ""),
        (TRAINING, "", 400, "malformed_json", ""),
        (TRAINING, r#"{"event":"training_progress","data":{"progress":NaN}}"#, 400, "malformed_json", ""),
        ("/streams/a", "{", 400, "malformed_json", ""),
        ("/streams/a", "", 400, "malformed_json", ""),
        ("/api/v1/channels/nothing/events", "{}", 404, "unknown_channel", ""),
        ("/api/v1/channels/%2fa/events", "1", 404, "unknown_channel", ""),
        ("/streams/b", "1", 404, "unknown_channel", ""),
        ("/streams/training", "1", 404, "unknown_channel", ""),
        ("/streams/a%2f..%2fa", "1", 400, "bad_path", ""),
    ] {
        let (answered, answer) = server.send("POST", uri, body).await;
        assert_eq!((answered, answer["error"]["code"].as_str()), (status, Some(code)), "{uri} {body}");
        assert_eq!((&answer["success"], &answer["retry"]), (&Value::from(false), &Value::Null));
        if !message.is_empty() {
            assert_eq!(answer["error"]["message"], message, "{body}");
        }
    }
    for reader in &mut readers {
        assert_eq!(reader.ready(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_of_a_mebibyte_is_read_and_one_more_byte_is_not() {
    let server = Server::new();
    server.create("/a").await;
    let mut reader = server.open("/streams/a").await;
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let id = server.publish("/streams/a", text(1 << 20)).await;
    let told = reader.event().await;
    assert_eq!((told.id, told.data.len()), (Some(id.clone()), 1 << 20));
    for length in [(1 << 20) + 1, 2 << 20, 20 << 20] {
        let (status, answer) = server.send("POST", "/streams/a", text(length)).await;
        assert_eq!((status, &answer["error"]["code"]), (413, &Value::from("body_too_large")), "{length}");
        // The same without a length before it.
        let parts = text(length).into_bytes().chunks(8192).map(<[u8]>::to_vec).collect::<Vec<_>>();
        let parts = futures_util::stream::iter(parts.into_iter().map(Ok::<_, std::io::Error>));
        let (status, answer) = server.send("POST", "/streams/a", Body::from_stream(parts)).await;
        assert_eq!((status, &answer["error"]["code"]), (413, &Value::from("body_too_large")), "{length}");
    }
    assert_eq!(reader.ready(), []);
    // Resumed from memory, although it is longer than what a created channel keeps.
    let before = (id.parse::<u64>().expect("a number") - 1).to_string();
    assert_eq!(server.open_after("/streams/a", Some(&before)).await.event().await.data.len(), 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_told_to_nobody() {
    let server = Server::new();
    server.create("/a").await;
    let mut reader = server.open("/streams/a").await;
    let parts = [Ok("{\"a\":1}"), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))];
    let body = Body::from_stream(futures_util::stream::iter(parts));
    let (status, answer) = server.send("POST", "/streams/a", body).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &Value::from("incomplete_body")));
    assert_eq!(reader.ready(), []);
}

#[tokio::test(start_paused = true)]
async fn bodies_that_come_slowly_take_no_more_memory_than_there_is() {
    let server = Server::new();
    server.create("/a").await;
    let large = "x".repeat((1 << 20) - 10);
    let unfinished = || {
        let first = futures_util::stream::iter([Ok::<_, std::io::Error>(large.clone())]);
        Body::from_stream(first.chain(futures_util::stream::pending()))
    };
    let mut sendings = Vec::new();
    for _ in 0..64 {
        let mut sending = Box::pin(send(&server.app, server.request("POST", "/streams/a", unfinished())));
        assert!(futures_util::poll!(&mut sending).is_pending());
        sendings.push(sending);
    }
    let (status, headers, answer) =
        json(send(&server.app, server.request("POST", "/streams/a", large.clone())).await).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (503, &Value::from("server_busy")));
    assert_eq!((&headers["retry-after"], &answer["retry"]["delayMs"]), (&"1".parse().expect("ok"), &Value::from(1000)));
    sendings.clear();
    server.publish("/streams/a", "1").await;
}

#[tokio::test(start_paused = true)]
async fn one_token_publishes_so_much_a_minute_and_another_has_its_own() {
    let server = Server::of(Fixture::with(|config| config.limits.publishes_per_minute = 60));
    for n in 0..60 {
        server.train(n).await;
    }
    let (status, headers, answer) = json(send(&server.app, server.request("POST", TRAINING, training(1))).await).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (429, &Value::from("rate_limited")));
    assert_eq!(headers["retry-after"], "2");
    assert!(answer["retry"]["delayMs"].as_u64().is_some_and(|ms| (1000..=1001).contains(&ms)), "{answer}");
    let other = Server { token: server.fixture.token(Scope::Publish), ..server };
    other.train(1).await;
    tokio::time::advance(Duration::from_millis(1001)).await;
    other.train(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_tells_twenty_a_second_is_never_refused() {
    let server = Server::new();
    let mut reader = server.open("/api/v1/sse/training").await;
    reader.event().await;
    for n in 0..20 * 60 * 5 {
        server.train(n % 101).await;
        assert_eq!(reader.named("training_progress").await.json()["data"]["progress"], n % 101);
        tokio::time::advance(Duration::from_millis(50)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_told_with_when_to_come_back_and_publishes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::stored(&folder).await;
    let storage = server.fixture.services.storage.clone().expect("a database");
    let mut reader = server.open("/api/v1/sse/training").await;
    reader.event().await;
    storage.refuse_writes(true).await;
    for (method, uri, body) in
        [("POST", TRAINING, training(1)), ("POST", "/api/v1/channels", r#"{"path":"/a"}"#.to_owned())]
    {
        let (status, headers, answer) = json(send(&server.app, server.request(method, uri, body)).await).await;
        assert_eq!((status.as_u16(), &answer["error"]["code"]), (503, &Value::from("storage_unavailable")), "{uri}");
        assert_eq!(
            (&headers["retry-after"], &answer["retry"]["shouldReconnect"]),
            (&"5".parse().expect("ok"), &Value::from(true))
        );
    }
    assert_eq!(reader.ready(), []);
    storage.refuse_writes(false).await;
    let id = server.train(2).await;
    let told = reader.named("training_progress").await;
    assert_eq!((told.id.as_ref(), &told.json()["data"]["progress"]), (Some(&id), &Value::from(2)));
}
