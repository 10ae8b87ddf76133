//! Bad input: each is answered or ends its own session, and costs nobody else a price.

use tokio::io::AsyncWriteExt;

use super::{
    super::{
        bystander::{self, Bystanders},
        raw_frame::raw,
    },
    *,
};

/// Streams of a [`Bystander`].
const PEACEFUL: usize = 1 + bystander::STREAMS;

/// Somebody who must not notice anything, and others who may miss nothing.
struct Bystander(Socket, u32, Bystanders<DuplexStream>);

impl Bystander {
    async fn new(app: &Router) -> Self {
        let mut socket = Socket::enter(app).await;
        socket.say(&subscribe(&["BTC"])).await;
        assert_eq!(socket.told().await, ["subscribed BTCUSDT"]);
        Self(socket, 0, Bystanders::of(app).await)
    }

    async fn is_well(&mut self, fixture: &Fixture) {
        self.1 += 1;
        fixture.post(ticker("BTC", f64::from(self.1)));
        assert_eq!(self.0.told().await, [format!("BTCUSDT {}", self.1)]);
        self.2.missed_nothing(fixture).await;
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_none_of_engine_io_are_refused_as_it_does_it() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystander = Bystander::new(&app).await;
    let unknown = "AAAAAAAAAAAAAAAA";
    for (method, query, code, message, word) in [
        ("GET", "", 0, "Transport unknown", "unknown_transport"),
        ("GET", "?EIO=4&transport=carrier-pigeon", 0, "Transport unknown", "unknown_transport"),
        ("GET", "?EIO=3&transport=polling", 5, "Unsupported protocol version", "unsupported_engine_version"),
        ("GET", "?EIO=2&transport=websocket", 5, "Unsupported protocol version", "unsupported_engine_version"),
        ("GET", "?EIO=four&transport=polling", 5, "Unsupported protocol version", "unsupported_engine_version"),
        ("GET", "?transport=polling", 5, "Unsupported protocol version", "unsupported_engine_version"),
        ("GET", &format!("?EIO=4&transport=polling&sid={unknown}"), 1, "Session ID unknown", "unknown_session"),
        ("POST", &format!("?EIO=4&transport=polling&sid={unknown}"), 1, "Session ID unknown", "unknown_session"),
        ("GET", &format!("?EIO=4&transport=websocket&sid={unknown}"), 1, "Session ID unknown", "unknown_session"),
        ("GET", "?EIO=4&transport=polling&sid=%00%0d%0aSet-Cookie:1", 1, "Session ID unknown", "unknown_session"),
        ("POST", "?EIO=4&transport=polling", 2, "Bad handshake method", "bad_handshake_method"),
        ("DELETE", "?EIO=4&transport=polling", 2, "Bad handshake method", "bad_handshake_method"),
        ("GET", "?EIO=4&EIO=3&transport=polling", 3, "Bad request", "bad_engine_request"),
        ("GET", "?EIO=4&transport=polling&transport=websocket", 3, "Bad request", "bad_engine_request"),
    ] {
        let request = Request::builder().method(method).uri(format!("/socket.io/{query}"));
        let (status, headers, body) = json(send(&app, request.body(Body::empty()).expect("a request")).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{method} {query}");
        assert_eq!((&body["code"], &body["message"]), (&code.into(), &message.into()), "{method} {query}");
        assert_eq!(
            (&body["success"], &body["error"]["code"], &body["retry"]),
            (&false.into(), &word.into(), &Value::Null)
        );
        assert_eq!(headers["cache-control"], "no-store");
    }
    // No handshake of a WebSocket.
    let (status, _, body) = json(get(&app, "/socket.io/?EIO=4&transport=websocket").await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"], &body["code"]), (400, &"bad_handshake".into(), &3.into()));
    let long = format!("/socket.io/?EIO=4&transport=polling&t={}", "a".repeat(60_000));
    let (status, _, body) = json(send(&app, Request::get(long).body(Body::empty()).expect("a request")).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (414, &Value::from("uri_too_long")));
    for path in ["/socket.io/anything", "/socket.io-admin/?EIO=4&transport=polling", "/socket.io/..%2fhealth"] {
        assert_eq!(get(&app, path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(fixture.services.hub.streams(), PEACEFUL, "nothing was opened");
    bystander.is_well(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_session_can_t_be_told_is_refused_in_words() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystander = Bystander::new(&app).await;
    for packet in ["9", "2probe", "5", "\u{1e}", "\u{1e}40", "x"] {
        let polling = Polling::enter(&app).await;
        let (status, headers, body) = json(polling.post(packet.to_owned()).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (400, &"bad_engine_request".into()), "{packet:?}");
        assert_eq!((&body["code"], &headers["cache-control"]), (&3.into(), &"no-store".parse().expect("a value")));
    }
    bystander.is_well(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_event_is_acknowledged_all_the_same() {
    let app = app(&Fixture::new());
    let mut socket = Socket::enter(&app).await;
    socket.say(r#"427["nope",1]"#).await;
    assert_eq!(brief(&socket.packet().await), "stream_error unknown_event");
    let packet = socket.packet().await;
    let [answer]: [Value; 1] =
        serde_json::from_str(packet.strip_prefix("437").expect("an acknowledgment")).expect("JSON");
    assert_eq!((&answer["symbols"], &answer["errors"][0]["code"]), (&serde_json::json!([]), &"unknown_event".into()));
}

#[tokio::test(start_paused = true)]
async fn pages_of_other_sites_are_refused_as_configured() {
    let fixture = Fixture::with(|config| config.server.cors_origins = vec!["https://example.org".to_owned()]);
    let app = app(&fixture);
    for (origin, admitted) in [
        (None, true),
        (Some("https://example.org"), true),
        (Some("http://localhost"), true),
        (Some("https://evil.example"), false),
        (Some("https://example.org.evil.example"), false),
        (Some("null"), false),
    ] {
        let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
        let socket = Socket::connect(dial(&app, BUFFER), "EIO=4&transport=websocket", &headers).await;
        match socket {
            Ok(_) => assert!(admitted, "{origin:?}"),
            Err(tungstenite::Error::Http(answer)) => {
                assert!(!admitted && answer.status() == 403, "{origin:?}: {answer:?}");
            }
            Err(error) => panic!("{origin:?}: {error}"),
        }
        let mut request = Request::get("/socket.io/?EIO=4&transport=polling").header("host", "localhost");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let response = send(&app, request.body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), if admitted { StatusCode::OK } else { StatusCode::FORBIDDEN }, "{origin:?}");
        let readable = response.headers().get("access-control-allow-origin").is_some();
        assert_eq!(readable, origin == Some("https://example.org"), "{origin:?}");
        if !admitted {
            let (_, _, body) = json(response).await;
            assert_eq!((&body["code"], &body["error"]["code"]), (&4.into(), &"origin_not_allowed".into()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_site_may_ask_with_headers_of_its_own() {
    let fixture = Fixture::new();
    for path in ["/socket.io/", "/socket.io"] {
        let request = Request::options(format!("{path}?EIO=4&transport=polling"))
            .header("origin", "https://example.org")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let response = send(&app(&fixture), request.body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        let methods = response.headers()["access-control-allow-methods"].to_str().expect("text").to_owned();
        assert!(methods.split(", ").any(|method| method == "POST"), "{path}: {methods}");
    }
}

#[tokio::test(start_paused = true)]
async fn odd_events_are_answered_and_the_session_goes_on() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystander = Bystander::new(&app).await;
    let nested = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let many = serde_json::json!(["subscribe", {"symbols": vec!["NOPE"; 9_000]}]);
    for (event, answer) in [
        (r#"["subscribe"]"#.to_owned(), "subscribe_error missing_symbols"),
        (r#"["subscribe",null]"#.to_owned(), "subscribe_error missing_symbols"),
        (r#"["subscribe",7]"#.to_owned(), "subscribe_error missing_symbols"),
        (r#"["subscribe","BTCUSDT"]"#.to_owned(), "subscribe_error missing_symbols"),
        (r#"["subscribe",["BTCUSDT"]]"#.to_owned(), "subscribe_error missing_symbols"),
        (r#"["subscribe",{}]"#.to_owned(), "subscribe_error missing_symbols"),
        (r#"["subscribe",{"symbols":[]}]"#.to_owned(), "subscribe_error missing_symbols"),
        (r#"["subscribe",{"symbols":"BTCUSDT"}]"#.to_owned(), "subscribe_error bad_symbols"),
        (r#"["subscribe",{"symbols":[1,2]}]"#.to_owned(), "subscribe_error bad_symbols"),
        (r#"["subscribe",{"symbols":[["BTC"]]}]"#.to_owned(), "subscribe_error bad_symbols"),
        (format!(r#"["subscribe",{{"symbols":{nested}}}]"#), "subscribe_error missing_symbols"),
        (r#"["unsubscribe",{"symbols":{}}]"#.to_owned(), "unsubscribe_error bad_symbols"),
        (r#"["price_update",{"symbol":"BTCUSDT","price":1}]"#.to_owned(), "stream_error unknown_event"),
        (r#"["toString"]"#.to_owned(), "stream_error unknown_event"),
    ] {
        let mut socket = Socket::enter(&app).await;
        socket.say(&format!("42{event}")).await;
        assert_eq!(socket.told().await, [answer], "{event:.80}");
        socket.say(&subscribe(&["ETH"])).await;
        assert_eq!(socket.told().await, ["subscribed ETHUSDT"], "{event:.80}");
    }
    let mut socket = Socket::enter(&app).await;
    socket.say(&format!("42{many}")).await;
    let (_, error) = read_event(&socket.packet().await);
    assert_eq!(error["symbols"].as_array().map(Vec::len), Some(200), "an answer is short");
    let long = "A".repeat(60_000);
    socket.say(&subscribe(&[&long, "a\r\nevil: 1\u{0}<script>", "BTC"])).await;
    assert_eq!(
        socket.told().await,
        [
            "subscribed BTCUSDT".to_owned(),
            format!("subscribe_error unknown_symbol {} a\r\nevil: 1\u{0}<script>", &long[..64])
        ]
    );
    bystander.is_well(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn packets_that_can_t_be_read_end_their_session() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystander = Bystander::new(&app).await;
    let binary = |bytes: &'static [u8]| Message::Binary(bytes::Bytes::from_static(bytes));
    for packet in [
        Message::text(""),
        Message::text("x"),
        Message::text("9"),
        Message::text("é"),
        Message::text("0{}"),
        Message::text("49"),
        Message::text("4é"),
        Message::text("42"),
        Message::text("42{}"),
        Message::text("42[\"subscribe\",{\"symbols\":[\"BTC\"]}"),
        Message::text("42[1]"),
        Message::text("42[\"sub\\u0073cribe\",{}]"),
        Message::text("44{\"message\":\"mine\"}"),
        Message::text("451-[\"subscribe\",{\"_placeholder\":true,\"num\":0}]"),
        Message::text("4518446744073709551615-[\"subscribe\",{\"_placeholder\":true,\"num\":0}]"),
        binary(b""),
        binary(b"\x04subscribe"),
        Message::text("4".repeat(70_000)),
    ] {
        let mut socket = Socket::enter(&app).await;
        let said = format!("{packet:.60}");
        socket.0.send(packet).await.expect("sent");
        let rest = socket.rest().await;
        assert!(rest.is_empty() || rest == ["1"], "{said}: {rest:?}");
        drop(socket);
        streams(&fixture, PEACEFUL).await;
    }
    for (body, status) in [
        ("x", 400),
        ("\u{1e}", 400),
        ("b//////", 400),
        ("bAAAA", 200),
        ("40\u{1e}garbage", 400),
        ("451-[\"subscribe\",{\"_placeholder\":true,\"num\":0}]", 200),
    ] {
        let polling = Polling::enter(&app).await;
        assert_eq!(polling.post(body).await.status().as_u16(), status, "{body:?}");
        drop(polling);
        streams(&fixture, PEACEFUL).await;
    }
    bystander.is_well(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn bodies_that_are_too_long_or_never_end_are_refused() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystander = Bystander::new(&app).await;
    let polling = Polling::enter(&app).await;
    let whole = format!("4{}", "2".repeat(64 * 1024));
    let (status, _, body) = json(polling.post(whole).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (413, &Value::from("body_too_large")));
    assert_eq!(polling.post("3").await.status(), StatusCode::BAD_REQUEST, "its session is gone");
    streams(&fixture, PEACEFUL).await;
    let polling = Polling::enter(&app).await;
    let start = tokio::time::Instant::now();
    let endless = futures_util::stream::repeat(Ok::<_, std::convert::Infallible>(bytes::Bytes::from_static(b"4")))
        .then(|byte| async {
            sleep(Duration::from_secs(1)).await;
            byte
        });
    let (status, _, body) = json(polling.post(Body::from_stream(endless)).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (408, &Value::from("body_too_slow")));
    assert_eq!(start.elapsed().as_secs(), 10);
    streams(&fixture, PEACEFUL).await;
    bystander.is_well(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn other_namespaces_are_not_there() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut socket = Socket::enter(&app).await;
    socket.say("40/admin,").await;
    assert_eq!(socket.told().await, [r#"44/admin,{"message":"Invalid namespace"}"#]);
    socket.say(r#"42/admin,["subscribe",{"symbols":["BTC"]}]"#).await;
    socket.say("40").await;
    socket.say(&subscribe(&["BTC"])).await;
    assert_eq!(socket.told().await, ["subscribed BTCUSDT"], "and to enter again is to stay");
    // An event before its namespace was entered.
    let mut early = Socket::open(&app).await;
    early.say(&subscribe(&["BTC"])).await;
    assert_eq!(early.rest().await, ["1"]);
    streams(&fixture, 1).await;
}

#[tokio::test(start_paused = true)]
async fn polling_twice_at_once_ends_the_session() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut polling = Polling::enter(&app).await;
    assert_eq!(polling.told().await, [""; 0]);
    let uri = polling.uri();
    let (first, second) = tokio::join!(get(&app, &uri), get(&app, &uri));
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 400));
    streams(&fixture, 0).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_hears_for_another() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut ours = Polling::enter(&app).await;
    let theirs = Polling::enter(&app).await;
    theirs.say(subscribe(&["BTC"])).await;
    sleep(MOMENT).await;
    fixture.post(ticker("BTC", 1.0));
    assert_eq!(ours.told().await, [""; 0]);
    let mut guessed = theirs.sid.clone().into_bytes();
    guessed.reverse();
    let guessed = String::from_utf8(guessed).expect("ASCII");
    let response = get(&app, &format!("/socket.io/?EIO=4&transport=polling&sid={guessed}")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_packet_in_fragments_is_one_packet() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystander = Bystander::new(&app).await;
    let mut socket = Socket::enter(&app).await;
    let packet = subscribe(&["BTC"]);
    let (first, rest) = packet.as_bytes().split_at(3);
    // With a ping of the protocol below between two fragments, then in single bytes with empty ones between them.
    let mut frames = [raw(0x01, first), raw(0x89, b"x"), raw(0x80, rest), raw(0x01, b"")].concat();
    for byte in subscribe(&["ETH"]).as_bytes() {
        frames.extend([raw(0x00, &[*byte]), raw(0x00, b"")].concat());
    }
    frames.extend(raw(0x80, b""));
    socket.0.get_mut().write_all(&frames).await.expect("written");
    assert_eq!(socket.told().await, ["subscribed BTCUSDT", "subscribed ETHUSDT"]);
    drop(socket);
    for (name, frames) in [
        ("too long in all", [raw(0x01, b"4"), raw(0x00, &vec![b'2'; 40_000]), raw(0x80, &vec![b'2'; 40_000])].concat()),
        ("no text", [raw(0x01, b"42[\"\xe2"), raw(0x80, b"\xff\"]")].concat()),
        ("begun twice", [raw(0x01, b"42"), raw(0x81, b"[]")].concat()),
        ("never begun", raw(0x80, b"2")),
        ("without an end", [raw(0x01, b"4"), raw(0x00, b"").repeat(100_000)].concat()),
    ] {
        let mut socket = Socket::enter(&app).await;
        // What is not read any more can't be written.
        let _sent = socket.0.get_mut().write_all(&frames).await;
        let rest = socket.rest().await;
        assert!(rest.is_empty() || rest == ["1"], "{name}: {rest:?}");
        drop(socket);
        streams(&fixture, PEACEFUL).await;
    }
    bystander.is_well(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_refused_are_counted_all_the_same() {
    let fixture = Fixture::with(|config| config.limits.requests_per_minute = 20);
    let app = app(&fixture);
    let mut bystander = Bystander::new(&app).await;
    for query in ["", "?EIO=3&transport=polling", "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA"] {
        let from = |n: usize| {
            from(
                &format!("198.51.100.{}:1", query.len()),
                &format!("/socket.io/{query}#{n}").replace('#', if query.is_empty() { "?n=" } else { "&n=" }),
            )
        };
        let mut statuses = Vec::new();
        for n in 0..40 {
            statuses.push(send(&app, from(n)).await.status().as_u16());
        }
        assert!(statuses[..20].iter().all(|status| *status == 400), "{query}: {statuses:?}");
        assert!(statuses[20..].iter().all(|status| *status == 429), "{query}: {statuses:?}");
    }
    bystander.is_well(&fixture).await;
}
