//! Before there is a socket: the document, and requests that are not in order.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A request in order, to which each test does something.
const IN_ORDER: [(&str, &str); 5] = [
    ("host", "localhost"),
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "WebSocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", KEY),
];

/// The answer to a request that is written out.
async fn answer(app: &Router, line: &str, headers: &[(&str, &str)]) -> String {
    let mut connection = connection(app, PEER, BUFFER);
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    connection.write_all(format!("{line}\r\n{}\r\n", headers.concat()).as_bytes()).await.expect("written");
    let mut text = Vec::new();
    loop {
        let so_far = String::from_utf8_lossy(&text);
        if let Some((head, body)) = so_far.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if line.starts_with("HEAD") || body.len() >= length.parse().expect("a number") {
                return so_far.into_owned();
            }
        }
        assert_ne!(connection.read_buf(&mut text).await.expect("read"), 0, "no answer");
    }
}

/// The headers of a request in order, with one of them another or none.
fn with(name: &'static str, value: Option<&'static str>) -> Vec<(&'static str, &'static str)> {
    let rest = IN_ORDER.into_iter().filter(|(other, _)| *other != name);
    rest.chain(value.map(|value| (name, value))).collect()
}

#[tokio::test(start_paused = true)]
async fn without_an_upgrade_there_is_a_document() {
    let fixture = Fixture::with(|config| config.server.public_url = Some("https://ticker.example.org".to_owned()));
    let (status, headers, body) = json(get(&app(&fixture), "/api/ws").await).await;
    assert_eq!((status, &headers["cache-control"]), (StatusCode::OK, &"no-store".parse().expect("a header")));
    let expected = serde_json::json!({
        "url": "wss://ticker.example.org/api/ws",
        "protocol": "market-pulse.v1",
        "channels": ["ticker:BTC", "ticker:ETH", "ticker:SOL", "news", "breaking", "training",
            "backtest", "alerts", "dashboard"],
        "sse": "/api/sse",
        "socketio": "/socket.io/",
        "docs": "/docs",
        "limits": {
            "maxFrameBytes": 65536, "maxSubscriptions": 50, "messagesPerMinute": 60,
            "connectionsPerAddress": 100, "connectionsPerToken": 1000, "connectionsPerMinute": 600, "connectionsTotal": 10000, "pingIntervalS": 30, "stallS": 30,
        },
    });
    assert_eq!(body, expected);
    let request = Request::post("/api/ws").body(Body::empty()).expect("a request");
    assert_eq!(send(&app(&fixture), request).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(start_paused = true)]
async fn the_document_is_limited_as_rest_is_and_sockets_are_not() {
    let fixture = Fixture::with(|config| config.limits.requests_per_minute = 2);
    let app = app(&fixture);
    for expected in [200, 200, 429] {
        assert_eq!(send(&app, from(PEER, "/api/ws")).await.status().as_u16(), expected);
    }
    assert_eq!(send(&app, from(PEER, "/symbols")).await.status(), StatusCode::TOO_MANY_REQUESTS, "one budget");
    Client::open(&app).await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_in_order_is_answered_as_the_standard_says() {
    let app = app(&Fixture::new());
    for headers in
        [IN_ORDER.to_vec(), with("connection", Some("upgrade")), with("sec-websocket-protocol", Some("chat"))]
    {
        let text = answer(&app, "GET /api/ws HTTP/1.1", &headers).await;
        assert!(text.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{headers:?}: {text}");
        let head = text.to_ascii_lowercase();
        assert!(head.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{text}");
        assert!(!head.contains("sec-websocket-protocol") && !head.contains("sec-websocket-extensions"), "{text}");
    }
    let text = answer(&app, "GET /api/ws HTTP/1.1", &with("sec-websocket-protocol", Some("x, market-pulse.v1"))).await;
    assert!(text.to_ascii_lowercase().contains("\r\nsec-websocket-protocol: market-pulse.v1\r\n"), "{text}");
    let text =
        answer(&app, "GET /api/ws HTTP/1.1", &with("sec-websocket-extensions", Some("permessage-deflate"))).await;
    assert!(!text.to_ascii_lowercase().contains("permessage-deflate"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_not_in_order_is_refused() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    for (name, value, status, code) in [
        ("sec-websocket-version", Some("8"), 426, "unsupported_websocket_version"),
        ("sec-websocket-version", Some("13, 8"), 426, "unsupported_websocket_version"),
        ("sec-websocket-version", None, 400, "bad_handshake"),
        ("sec-websocket-key", None, 400, "bad_handshake"),
        ("sec-websocket-key", Some("short=="), 400, "bad_handshake"),
        ("sec-websocket-key", Some("dGhlIHNhbXBsZSBub25jZ!=="), 400, "bad_handshake"),
        ("connection", None, 400, "bad_handshake"),
        ("connection", Some("close"), 400, "bad_handshake"),
    ] {
        let text = answer(&app, "GET /api/ws HTTP/1.1", &with(name, value)).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {value:?}: {text}");
        assert!(text.contains(&format!("\"code\":\"{code}\"")), "{name}: {value:?}: {text}");
        let says_version = text.to_ascii_lowercase().contains("\r\nsec-websocket-version: 13\r\n");
        assert_eq!(says_version, status == 426, "{text}");
    }
    for line in ["HEAD /api/ws HTTP/1.1", "GET /api/ws HTTP/1.0"] {
        let text = answer(&app, line, &IN_ORDER).await;
        assert!(text[..12].ends_with(" 400"), "{line}: {text}");
    }
    for (name, value) in [("upgrade", None), ("upgrade", Some("h2c"))] {
        let text = answer(&app, "GET /api/ws HTTP/1.1", &with(name, value)).await;
        assert!(text.starts_with("HTTP/1.1 200 "), "it asks for no socket: {text}");
    }
    assert_eq!(fixture.services.hub.streams(), 0);
}

#[tokio::test(start_paused = true)]
async fn pages_of_other_sites_are_let_in_as_configured() {
    let any = app(&Fixture::new());
    let fixture = Fixture::with(|config| config.server.cors_origins = vec!["https://example.org".to_owned()]);
    let listed = app(&fixture);
    for (origin, at_listed) in [
        (None, true),
        (Some("https://example.org"), true),
        (Some("https://evil.example"), false),
        (Some("null"), false),
    ] {
        let headers: Vec<(&'static str, &str)> = origin.map(|origin| ("origin", origin)).into_iter().collect();
        assert!(Client::dial_with(&any, PEER, BUFFER, &headers).await.is_ok(), "{origin:?}");
        match Client::dial_with(&listed, PEER, BUFFER, &headers).await {
            Ok(_) => assert!(at_listed, "{origin:?}"),
            Err(tungstenite::Error::Http(response)) => {
                assert_eq!((response.status(), at_listed), (StatusCode::FORBIDDEN, false), "{origin:?}");
            }
            Err(error) => panic!("{origin:?}: {error}"),
        }
    }
    let headers = [&IN_ORDER[..], &[("origin", "https://x.example")]].concat();
    let refused = answer(&listed, "GET /api/ws HTTP/1.1", &headers).await;
    assert!(refused.contains("\"code\":\"origin_not_allowed\""));
}
