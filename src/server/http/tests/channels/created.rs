use super::{super::bystander::Bystanders, *};

#[tokio::test(start_paused = true)]
async fn a_channel_is_created_published_to_listed_and_removed() {
    let server = Server::new();
    let body = r#"{"path":"/notifications/user123"}"#;
    let response = send(&server.app, server.request("POST", "/api/v1/channels", body)).await;
    assert_eq!(response.headers()["location"], "/streams/notifications/user123");
    let (status, _, answer) = json(response).await;
    let start = answer["data"]["last_event_id"].as_str().expect("a place").to_owned();
    let mut channel = serde_json::json!({
        "path": "/notifications/user123",
        "stream": "/streams/notifications/user123",
        "connection_count": 0,
        "created_at": "2025-11-20T12:00:00.000Z",
        "last_event_id": start,
    });
    assert_eq!((status.as_u16(), answer), (201, serde_json::json!({ "success": true, "data": channel })));

    let mut reader = server.open("/streams/notifications/user123").await;
    assert_eq!(reader.text().await, format!("retry: 2000\nid: {start}\n: connected\n\n"));
    let (status, answer) = server.send("POST", "/streams/notifications/user123", "{ \"text\":\n\"hi\" }\n").await;
    let id = (start.parse::<u64>().expect("a number") + 1).to_string();
    let published = serde_json::json!({ "id": id, "channel": "/notifications/user123" });
    assert_eq!((status, answer), (202, serde_json::json!({ "success": true, "data": published })));
    assert_eq!(reader.text().await, format!("id: {id}\ndata: {{ \"text\": \"hi\" }}\n\n"));

    channel["connection_count"] = 1.into();
    channel["last_event_id"] = id.into();
    let (status, _, listed) = json(get(&server.app, "/api/v1/channels").await).await;
    let expected = serde_json::json!({
        "success": true,
        "data": { "built_in": ["training", "backtest", "alerts", "dashboard"], "channels": [channel] },
    });
    assert_eq!((status.as_u16(), listed), (200, expected));

    let (status, answer) = server.send("POST", "/api/v1/channels", body).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &Value::from("channel_exists")));

    let (status, answer) = server.send("DELETE", "/api/v1/channels", body).await;
    let removed = serde_json::json!({ "path": "/notifications/user123", "removed": true });
    assert_eq!((status, answer), (200, serde_json::json!({ "success": true, "data": removed })));
    let end = reader.event().await;
    assert_eq!((end.name.as_str(), &end.json()["code"]), ("stream_error", &Value::from("removed")));
    assert_eq!(end.json()["retry"]["shouldReconnect"], false);
    assert!(reader.has_ended().await);
    for (method, uri) in [
        ("GET", "/streams/notifications/user123"),
        ("POST", "/streams/notifications/user123"),
        ("DELETE", "/api/v1/channels?path=/notifications/user123"),
    ] {
        let (status, answer) = server.send(method, uri, "1").await;
        assert_eq!((status, &answer["error"]["code"]), (404, &Value::from("unknown_channel")), "{method} {uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_is_a_comment_and_every_message_is_somebodys() {
    let server = Server::new();
    server.create("/a").await;
    let mut reader = server.open("/streams/a").await;
    reader.text().await;
    let started = tokio::time::Instant::now();
    for _ in 0..6 {
        assert_eq!(reader.text().await, ": keep-alive\n\n");
    }
    assert!((83..=86).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn any_json_comes_as_it_was_published() {
    let server = Server::new();
    server.create("/a").await;
    let mut reader = server.open("/streams/a").await;
    for body in [
        "null",
        "true",
        "-0.50",
        "\"\"",
        "[]",
        "{}",
        "[1,{\"b\":1,\"a\":2}]",
        "\"\u{1f600}\"",
        "12345678901234567890123",
    ] {
        server.publish("/streams/a", body).await;
        assert_eq!(reader.event().await.data, body);
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_is_what_it_is_decoded_to() {
    let server = Server::new();
    for (path, stream) in [
        ("/", "/streams/"),
        ("/a b/\u{e9}", "/streams/a%20b/%C3%A9"),
        ("/what?x=1#y", "/streams/what%3Fx%3D1%23y"),
        ("/100%", "/streams/100%25"),
        ("/training", "/streams/training"),
        ("/streams/a/", "/streams/streams/a/"),
        (&format!("/{}", "\u{1f600}".repeat(199)), &format!("/streams/{}", "%F0%9F%98%80".repeat(199))),
    ] {
        let body = serde_json::json!({ "path": path }).to_string();
        let (status, answer) = server.send("POST", "/api/v1/channels", body).await;
        assert_eq!((status, &answer["data"]["stream"]), (201, &Value::from(stream)), "{path}");
        let mut reader = server.open(stream).await;
        server.publish(stream, "1").await;
        assert_eq!(reader.event().await.data, "1", "{path}");
    }
    let mut reader = server.open("/streams/%74raining").await;
    server.publish("/streams/training", "2").await;
    assert_eq!(reader.event().await.data, "2", "encoded or not, it is one channel");
    let (status, _) = server.send("DELETE", "/api/v1/channels?path=/a%20b/%C3%A9", Body::empty()).await;
    assert_eq!(status, 200);
    assert_eq!(get(&server.app, "/streams/a%20b/%C3%A9").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_path_is_refused() {
    let server = Server::new();
    for path in [
        "",
        "a",
        "/..",
        "/a/../b",
        "/a..",
        "//a",
        "/a//b",
        "/a\\b",
        "/a\nb",
        "/a\0",
        "/a%2f..",
        "/%2e%2e",
        "/a%5Cb",
        "/a%0Aid: 1",
        &format!("/{}", "x".repeat(200)),
    ] {
        for (method, uri, body) in [
            ("POST", "/api/v1/channels".to_owned(), serde_json::json!({ "path": path }).to_string()),
            ("DELETE", "/api/v1/channels".to_owned(), serde_json::json!({ "path": path }).to_string()),
            (
                "DELETE",
                format!(
                    "/api/v1/channels?{}",
                    url::form_urlencoded::Serializer::new(String::new()).append_pair("path", path).finish()
                ),
                String::new(),
            ),
        ] {
            let (status, answer) = server.send(method, &uri, body).await;
            assert_eq!((status, &answer["error"]["code"]), (400, &Value::from("bad_path")), "{method} {path:?}");
        }
    }
    for (body, status, code) in [
        ("", 400, "malformed_json"),
        ("{\"path\":", 400, "malformed_json"),
        ("{}", 422, "invalid_event"),
        ("[\"/a\"]", 422, "invalid_event"),
        ("{\"path\":5}", 422, "invalid_event"),
        ("{\"path\":null}", 422, "invalid_event"),
    ] {
        for method in ["POST", "DELETE"] {
            let (answered, answer) = server.send(method, "/api/v1/channels", body).await;
            assert_eq!((answered, answer["error"]["code"].as_str()), (status, Some(code)), "{method} {body}");
        }
    }
    assert!(server.fixture.services.channels.all_created().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_channels_and_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::stored(&folder).await;
    let mut bystanders = Bystanders::of(&server.app).await;
    for n in 0..1000 {
        server.create(&format!("/n/{n}")).await;
        if n % 100 == 0 {
            bystanders.tell(&server.fixture).await;
        }
    }
    let (status, answer) = server.send("POST", "/api/v1/channels", r#"{"path":"/more"}"#).await;
    assert_eq!((status, &answer["error"]["code"]), (507, &Value::from("too_many_channels")));
    assert_eq!(answer["retry"], Value::Null, "waiting does not help");
    let mut readers = [server.open("/streams/n/0").await, server.open("/streams/n/999").await];
    for n in [0, 999] {
        server.publish(&format!("/streams/n/{n}"), n.to_string()).await;
    }
    assert_eq!((readers[0].event().await.data, readers[1].event().await.data), ("0".to_owned(), "999".to_owned()));
    let (_, _, listed) = json(get(&server.app, "/api/v1/channels").await).await;
    let paths: Vec<_> =
        listed["data"]["channels"].as_array().expect("a list").iter().map(|c| c["path"].clone()).collect();
    assert!(paths.len() == 1000 && paths.is_sorted_by_key(|path| path.as_str().map(str::to_owned)));
    assert_eq!(server.send("DELETE", "/api/v1/channels?path=/n/500", "").await.0, 200);
    server.create("/more").await;
    bystanders.missed_nothing(&server.fixture).await;
    drop((readers, bystanders));
    server.fixture.shutdown.cancel();
    drop(server);
    tokio::task::yield_now().await;
    let again = Server::stored(&folder).await;
    assert_eq!(again.fixture.services.channels.count_created(), 1000);
    assert_eq!(get(&again.app, "/streams/more").await.status(), StatusCode::OK);
    assert_eq!(get(&again.app, "/streams/n/500").await.status(), StatusCode::NOT_FOUND);
}
