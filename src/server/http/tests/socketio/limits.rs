//! Limits: what is over them is refused with a clear word, and nobody else notices.

use std::collections::BTreeMap;

use super::*;
use crate::model::symbol::Symbol;

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

#[tokio::test(start_paused = true)]
async fn sessions_count_as_streams_whatever_carries_them() {
    let fixture = Fixture::with(|config| {
        config.limits.connections_per_address = 2;
        config.limits.connections_total = 3;
    });
    let app = app(&fixture);
    let stream = send(&app, from("192.0.2.1:1", "/api/realtime/BTC")).await;
    let opened = send(&app, from("192.0.2.1:2", OPEN)).await;
    assert_eq!(opened.status(), StatusCode::OK);
    let (status, headers, body) = json(send(&app, from("192.0.2.1:3", OPEN)).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &Value::from("too_many_streams")));
    assert_eq!((&headers["retry-after"], &body["retry"]["delayMs"]), (&"5".parse().expect("a value"), &5000.into()));
    let other = send(&app, from("192.0.2.2:1", OPEN)).await;
    assert_eq!(other.status(), StatusCode::OK);
    let (status, _, body) = json(send(&app, from("192.0.2.3:1", OPEN)).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &Value::from("server_full")));
    let refused = Socket::connect(dial(&app, BUFFER), "EIO=4&transport=websocket", &[]).await;
    assert!(matches!(refused, Err(tungstenite::Error::Http(answer)) if answer.status() == 503));
    drop(stream);
    assert_eq!(send(&app, from("192.0.2.1:4", OPEN)).await.status(), StatusCode::OK, "there is room again");
    // None of them enters the namespace.
    streams(&fixture, 0).await;
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_sessions_of_one_address_leave_room_for_others() {
    let fixture = Fixture::with(|config| config.limits.connections_total = 200);
    let app = app(&fixture);
    let mut statuses = BTreeMap::new();
    for port in 1..=10_000 {
        let response = send(&app, from(&format!("192.0.2.1:{port}"), OPEN)).await;
        assert_eq!(response.headers().contains_key("retry-after"), response.status() != StatusCode::OK);
        *statuses.entry(response.status().as_u16()).or_insert(0) += 1;
    }
    assert_eq!(statuses[&200], 100);
    assert_eq!(statuses[&503] + statuses[&429], 9_900, "no room, and then asked too often: {statuses:?}");
    let mut socket = Socket::enter(&app).await;
    socket.say(&subscribe(&["BTC"])).await;
    fixture.post(ticker("BTC", 1.0));
    assert_eq!(socket.told().await, ["subscribed BTCUSDT", "BTCUSDT 1"]);
    streams(&fixture, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_socket_follows_a_hundred_symbols() {
    let symbols: Vec<Symbol> = (0..120).map(|n| Symbol::parse(&format!("A{n:03}")).expect("a symbol")).collect();
    let fixture = Fixture::following(&symbols, |_| {});
    for symbol in &symbols {
        fixture.post(ticker(symbol.as_str(), 1.0));
    }
    let mut socket = Socket::enter(&app(&fixture)).await;
    let pairs: Vec<String> = symbols.iter().map(Symbol::pair).collect();
    let named: Vec<&str> = pairs.iter().map(String::as_str).collect();
    socket.say(&subscribe(&named)).await;
    let told = socket.told().await;
    assert_eq!(told[0], format!("subscribed {}", named[..100].join(" ")));
    assert_eq!(told[1], format!("subscribe_error too_many_symbols {}", named[100..].join(" ")));
    assert_eq!(told.len(), 102, "and the price of each");
    socket.say(&unsubscribe(&named[..20])).await;
    socket.say(&subscribe(&named[100..])).await;
    let told = socket.told().await;
    assert_eq!(told[1], format!("subscribed {}", named[100..].join(" ")), "there is room again");
}

#[tokio::test(start_paused = true)]
async fn events_over_sixty_a_minute_are_not_heard() {
    let fixture = Fixture::new();
    let mut socket = Socket::enter(&app(&fixture)).await;
    for n in 0..60 {
        socket.say(&subscribe(&[["BTC", "ETH"][n % 2]])).await;
    }
    assert_eq!(socket.told().await.len(), 60);
    socket.say(&subscribe(&["SOL"])).await;
    let (name, error) = read_event(&socket.packet().await);
    assert_eq!((name.as_str(), &error["code"]), ("subscribe_error", &Value::from("rate_limited")));
    assert!(error["retry"]["delayMs"].as_u64().is_some_and(|ms| (59_000..=60_001).contains(&ms)), "{error}");
    socket.say(&unsubscribe(&["BTC"])).await;
    socket.say(r#"42["anything"]"#).await;
    assert_eq!(socket.told().await, ["unsubscribe_error rate_limited", "stream_error rate_limited"]);
    assert_eq!(fixture.services.hub.subscriptions().len(), 2);
    timeout(Duration::from_mins(1), socket.rest()).await.expect_err("it is not sent away for that");
    socket.say(&subscribe(&["SOL"])).await;
    assert_eq!(socket.told().await, ["subscribed SOLUSDT"]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_stop_is_sent_away() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut other = Socket::enter(&app).await;
    other.say(&subscribe(&["BTC"])).await;
    assert_eq!(other.told().await, ["subscribed BTCUSDT"]);
    let mut socket = Socket::enter(&app).await;
    for _ in 0..300 {
        socket.say(&subscribe(&["BTC"])).await;
    }
    let rest = socket.rest().await;
    assert_eq!(rest[120..122], ["stream_error too_many_events", "41"], "60 heard, 60 refused: {rest:?}");
    assert!(rest[122..].iter().all(|packet| packet == "1"), "nothing after it but the end: {rest:?}");
    streams(&fixture, 1).await;
    let mut polling = Polling::enter(&app).await;
    let flood = vec![subscribe(&["BTC"]); 300].join("\u{1e}");
    polling.say(flood).await;
    let told = polling.told().await;
    assert_eq!(told[120..], ["stream_error too_many_events", "41"]);
    streams(&fixture, 1).await;
    fixture.post(ticker("BTC", 1.0));
    assert_eq!(other.told().await, ["BTCUSDT 1"]);
}

#[tokio::test(start_paused = true)]
async fn too_many_bytes_end_the_session() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut socket = Socket::enter(&app).await;
    // Packets that are no events, which nothing else counts.
    while socket.0.send(Message::text("3")).await.is_ok() {}
    streams(&fixture, 0).await;
    let polling = Polling::enter(&app).await;
    let pongs = vec!["3"; 20_000].join("\u{1e}");
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(polling.post(pongs.clone()).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 429, 400], "then there is no session");
    streams(&fixture, 0).await;
}

#[tokio::test(start_paused = true)]
async fn requests_of_a_session_are_counted() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let polling = Polling::enter(&app).await;
    let mut refused = 0;
    for _ in 0..3_100 {
        let response = polling.post("3").await;
        refused += usize::from(response.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!((90..=110).contains(&refused), "{refused}");
    let (status, headers, body) = json(polling.post("3").await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (429, &Value::from("rate_limited")));
    assert_eq!(
        (&headers["retry-after"], &body["retry"]["shouldReconnect"]),
        (&"1".parse().expect("a value"), &true.into())
    );
}
