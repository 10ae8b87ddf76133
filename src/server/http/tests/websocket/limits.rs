//! Bad input and too much of it: a clear answer, nothing lost, nobody else disturbed.

use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{Bytes, protocol::frame::coding::CloseCode};

use super::{
    super::bystander::{self, Bystanders},
    raw_frame::raw,
    *,
};

const MAX: usize = 64 * 1024;

impl Client {
    /// Writes bytes past the library, which would not write them.
    async fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.expect("written");
    }
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_answered_and_the_socket_goes_on() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    let mut client = Client::open(&app).await;
    client.subscribe(&["ticker:BTC"]).await;
    client.frame().await;
    for (message, code) in [
        (Message::text("hello"), "invalid_json"),
        (Message::text(""), "invalid_json"),
        (Message::text("[]"), "bad_message"),
        (Message::text(r#"{"op":"subscribe","channels":"ticker:BTC"}"#), "bad_message"),
        (Message::text(r#"{"op":"subscribe"}"#), "missing_channels"),
        (Message::text(r#"{"op":"shutdown"}"#), "unknown_op"),
        (Message::text(r#"{"op":"subscribe","channels":["ticker:BTC\r\nX: y"]}"#), "unknown_channel"),
        (Message::binary(&b"\0\x01\x02"[..]), "binary_not_supported"),
        (Message::binary(br#"{"op":"ping"}"#.to_vec()), "binary_not_supported"),
    ] {
        client.0.send(message.clone()).await.expect("sent");
        assert_eq!(client.error().await, code, "{message:?}");
    }
    fixture.post(ticker("BTC", 1.0));
    assert_eq!(client.frame().await["type"], "ticker");
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn fragments_are_one_message() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    let mut client = Client::open(&app).await;
    // With a ping between two fragments.
    for frame in [raw(0x01, br#"{"op":"#), raw(0x89, b"x"), raw(0x00, br#""pi"#), raw(0x80, br#"ng"}"#)] {
        client.write(&frame).await;
    }
    assert_eq!(client.frame().await["type"], "pong");
    // In single bytes, with empty ones between them.
    let text = br#"{"op":"ping"}"#;
    client.write(&raw(0x01, b"")).await;
    for byte in text {
        client.write(&[raw(0x00, &[*byte]), raw(0x00, b"")].concat()).await;
    }
    client.write(&raw(0x80, b"")).await;
    assert_eq!(client.frame().await["type"], "pong");
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_of_64_kib_is_read_and_a_longer_one_is_not() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    let mut client = Client::open(&app).await;
    let text = |len: usize| {
        let ping = r#"{"op":"ping"}"#;
        ping.to_owned() + &" ".repeat(len - ping.len())
    };
    client.say(&text(MAX)).await;
    assert_eq!(client.frame().await["type"], "pong");
    let (half, too_long) = (text(MAX / 2), text(MAX + 1));
    let fragments = [raw(0x01, half.as_bytes()), raw(0x00, half.as_bytes()), raw(0x80, b" ")].concat();
    let endless = [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    for (name, bytes) in [
        ("one frame", raw(0x81, too_long.as_bytes())),
        ("binary", raw(0x82, too_long.as_bytes())),
        ("fragments", fragments),
        ("only the head of a frame", raw(0x81, too_long.as_bytes())[..14].to_vec()),
        ("a length that nobody has", endless.to_vec()),
    ] {
        let mut client = Client::open(&app).await;
        client.write(&bytes).await;
        assert_eq!(client.error().await, "frame_too_large", "{name}");
        let close = client.close().await;
        assert_eq!((close.code, close.reason.as_str()), (CloseCode::Size, "frame_too_large"), "{name}");
    }
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_in_the_middle_of_a_long_message_hears_why_it_is_refused() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    let mut client = Client::dial_with(&app, PEER, 1024, &[]).await.expect("a socket");
    client.frame().await;
    // The connection takes a kilobyte at a time: this is written only if it is read.
    let message = raw(0x81, &vec![b' '; 4 << 20]);
    timeout(LIMIT, client.write(&message)).await.expect("the rest is read, too");
    assert_eq!(client.error().await, "frame_too_large");
    assert_eq!(client.close().await.code, CloseCode::Size);
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_frame_or_no_text_ends_the_socket_with_a_code() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    let mut unmasked = raw(0x81, b"{}");
    unmasked[1] &= 0x7f;
    for (name, bytes, code, error) in [
        ("no UTF-8", raw(0x81, b"\xff\xfe"), CloseCode::Invalid, "invalid_utf8"),
        ("half a character", [raw(0x01, b"\xe2\x82"), raw(0x80, b"")].concat(), CloseCode::Invalid, "invalid_utf8"),
        ("not masked", unmasked, CloseCode::Protocol, "protocol_error"),
        ("compressed", raw(0xc1, b"{}"), CloseCode::Protocol, "protocol_error"),
        ("an opcode that is not there", raw(0x83, b"{}"), CloseCode::Protocol, "protocol_error"),
        ("a fragment of nothing", raw(0x80, b"{}"), CloseCode::Protocol, "protocol_error"),
        ("a ping in fragments", raw(0x09, b""), CloseCode::Protocol, "protocol_error"),
        ("a ping too long", raw(0x89, &[0; 126]), CloseCode::Protocol, "protocol_error"),
    ] {
        let mut client = Client::open(&app).await;
        client.write(&bytes).await;
        assert_eq!(client.error().await, error, "{name}");
        let close = client.close().await;
        assert_eq!((close.code, close.reason.as_str()), (code, error), "{name}");
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(fixture.services.hub.streams(), bystander::STREAMS, "nobody is counted who is gone");
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn sixty_messages_a_minute_are_heard() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    let mut client = Client::open(&app).await;
    for n in 0..60 {
        // What makes no sense counts, too.
        client.say(if n % 2 == 0 { r#"{"op":"ping"}"# } else { "?" }).await;
        assert_eq!(client.frame().await["type"], if n % 2 == 0 { "pong" } else { "error" });
    }
    client.say(r#"{"op":"subscribe","channels":["news"]}"#).await;
    let error = client.frame().await;
    assert_eq!(error["data"]["code"], "rate_limited");
    let wait = error["data"]["retry"]["delayMs"].as_u64().expect("a wait");
    assert!((59_000..=60_001).contains(&wait), "{wait}");
    tokio::time::sleep(Duration::from_millis(wait)).await;
    client.say(r#"{"op":"subscribe","channels":["news"]}"#).await;
    let subscribed = client.frame().await;
    assert_eq!(subscribed["data"]["subscriptions"], 1, "the refused one was not heard: {subscribed}");
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_stop_talking_is_sent_away() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    let mut client = Client::open(&app).await;
    for _ in 0..200 {
        client.write(&raw(0x81, br#"{"op":"ping"}"#)).await;
    }
    let mut codes = Vec::new();
    for _ in 0..121 {
        let frame = client.frame().await;
        codes.push(frame["data"]["code"].as_str().unwrap_or("none").to_owned());
    }
    let count = |code: &str| codes.iter().filter(|other| *other == code).count();
    assert_eq!((count("none"), count("rate_limited"), count("too_many_messages")), (60, 60, 1));
    assert_eq!(code_and_wait(&client.close().await), (1008, 30_000));
    let mut client = Client::open(&app).await;
    for _ in 0..700 {
        client.write(&raw(0x89, b"")).await;
    }
    assert_eq!(client.error().await, "too_many_messages", "pings, too");
    assert_eq!(code_and_wait(&client.close().await), (1008, 30_000));
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_never_end_are_not_read_for_ever() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    for (name, begin, part) in [
        ("nothing, again and again", raw(0x01, b""), raw(0x00, b"").repeat(10_000)),
        ("a byte, and then nothing", raw(0x01, b"{"), raw(0x00, b"").repeat(10_000)),
        ("long messages that are refused", vec![], raw(0x81, &vec![b' '; 60_000])),
    ] {
        let mut client = Client::open(&app).await;
        client.write(&begin).await;
        // As much as two minutes may have. It is taken, whether it is looked at or not.
        for _ in 0..200 {
            client.write(&part).await;
        }
        let mut last = client.error().await;
        while last != "too_many_messages" {
            last = client.error().await;
        }
        assert_eq!(code_and_wait(&client.close().await), (1008, 30_000), "{name}");
    }
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn sixty_messages_of_64_kib_are_heard() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    let mut client = Client::open(&app).await;
    let ping = r#"{"op":"ping"}"#;
    let long = ping.to_owned() + &" ".repeat(MAX - ping.len());
    for _ in 0..60 {
        client.say(&long).await;
        assert_eq!(client.frame().await["type"], "pong");
    }
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn fifty_channels_are_followed() {
    let symbols: Vec<Symbol> = (0..60).map(|n| Symbol::parse(&format!("C{n}")).expect("a symbol")).collect();
    let fixture = Fixture::following(&symbols, |_| {});
    for symbol in &symbols {
        fixture.post(ticker(symbol.as_str(), 1.0));
    }
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    let mut client = Client::open(&app).await;
    let names: Vec<String> = symbols.iter().map(|symbol| format!("ticker:{symbol}")).collect();
    client.subscribe(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let subscribed = client.frame().await;
    assert_eq!(subscribed["data"]["channels"], serde_json::json!(names[..50]), "in the asked order");
    let error = client.frame().await;
    assert_eq!(error["data"]["code"], "too_many_subscriptions");
    assert_eq!(error["data"]["channels"], serde_json::json!(names[50..]));
    let mut snapshots = std::collections::BTreeSet::new();
    while snapshots.len() < 50 {
        snapshots.insert(client.frame().await["channel"].as_str().expect("a channel").to_owned());
    }
    assert!(client.is_quiet().await);
    client.say(r#"{"op":"unsubscribe","channels":["ticker:C7"]}"#).await;
    assert_eq!(client.frame().await["data"]["subscriptions"], 49);
    client.subscribe(&["ticker:C3", "ticker:C55", "news"]).await;
    assert_eq!(
        client.frame().await["data"]["channels"],
        serde_json::json!(["ticker:C3", "ticker:C55"]),
        "one has room"
    );
    assert_eq!(client.frame().await["channel"], "news");
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn a_list_of_ten_thousand_names_has_a_short_answer() {
    let mut client = Client::open(&app(&Fixture::new())).await;
    let names: Vec<String> = (0..9000).map(|n| n.to_string()).collect();
    client.subscribe(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let error = client.frame().await;
    assert_eq!(error["data"]["code"], "unknown_channel");
    assert_eq!(error["data"]["channels"].as_array().map(Vec::len), Some(200));
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered() {
    let mut client = Client::open(&app(&Fixture::new())).await;
    client.0.send(Message::Ping(Bytes::from_static(b"are you there"))).await.expect("sent");
    assert_eq!(
        client.0.next().await.expect("a frame").expect("no error"),
        Message::Pong(Bytes::from_static(b"are you there"))
    );
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_sockets_of_one_address_leave_room_for_others() {
    let fixture = Fixture::with(|config| config.limits.connections_total = 200);
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    let (mut open, mut codes, mut statuses) = (Vec::new(), Vec::new(), std::collections::BTreeMap::new());
    for n in 0..10_000 {
        match Client::dial_with(&app, &format!("192.0.2.1:{}", n + 1), BUFFER, &[]).await {
            Ok(mut client) if n < 100 => {
                assert_eq!(client.frame().await["type"], "connected");
                open.push(client);
            }
            Ok(mut client) => codes.push(code_and_wait(&client.close().await)),
            Err(tungstenite::Error::Http(response)) => {
                *statuses.entry(response.status().as_u16()).or_insert(0) += 1;
            }
            Err(error) => panic!("{error}"),
        }
        if n % 1000 == 0 {
            bystanders.tell(&fixture).await;
        }
    }
    assert!(codes.iter().all(|code| *code == (4002, 5000)), "{codes:?}");
    assert_eq!(statuses.keys().copied().collect::<Vec<u16>>(), [429], "asked too often: {statuses:?}");
    assert_eq!(100 + codes.len() + statuses[&429], 10_000);
    let mut other = Client::dial(&app, "192.0.2.2:1").await;
    assert_eq!(other.frame().await["type"], "connected");
    bystanders.missed_nothing(&fixture).await;
}
