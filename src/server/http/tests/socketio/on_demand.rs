//! Symbols that are not configured, and what is counted.

use super::{
    super::on_demand::{fixture, is_followed},
    *,
};
use crate::server::metrics::tests::told;

#[tokio::test(start_paused = true)]
async fn a_listed_symbol_is_followed_from_subscribe_to_a_minute_after_unsubscribe() {
    let fixture = fixture();
    let mut socket = Socket::enter(&app(&fixture)).await;
    socket.say(&subscribe(&["l7usdt", "NOPE"])).await;
    assert_eq!(socket.told().await, ["subscribed L7USDT", "subscribe_error unknown_symbol NOPE"], "no price yet");
    fixture.post(ticker("L7", 2.5));
    assert_eq!(socket.told().await, ["L7USDT 2.5"]);
    socket.idle(Duration::from_mins(1)).await;
    socket.say(&unsubscribe(&["L7"])).await;
    assert_eq!(socket.told().await, ["unsubscribed L7USDT"]);
    socket.idle(Duration::from_secs(55)).await;
    assert!(is_followed(&fixture, "L7"));
    socket.idle(Duration::from_secs(6)).await;
    assert!(!is_followed(&fixture, "L7"));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_or_leaves_the_namespace_lets_go_of_its_symbols() {
    let fixture = fixture();
    let app = app(&fixture);
    let (mut gone, mut polling) = (Socket::enter(&app).await, Polling::enter(&app).await);
    gone.say(&subscribe(&["L7"])).await;
    assert_eq!(gone.told().await, ["subscribed L7USDT"]);
    polling.say(subscribe(&["L8"])).await;
    assert_eq!(polling.told().await, ["subscribed L8USDT"]);
    drop(gone);
    polling.say("41").await;
    sleep(Duration::from_secs(70)).await;
    assert!(!is_followed(&fixture, "L7") && !is_followed(&fixture, "L8"));
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limits_the_rest_works_and_nobody_else_is_disturbed() {
    let fixture = fixture();
    let app = app(&fixture);
    let mut socket = Socket::enter(&app).await;
    socket.say(&subscribe(&["L0", "L1", "L2", "L3", "L4", "L5", "L6", "BTC"])).await;
    assert_eq!(
        socket.told().await,
        ["subscribed L0USDT L1USDT L2USDT L3USDT L4USDT BTCUSDT", "subscribe_error too_many_followed L5USDT L6USDT"]
    );
    socket.say(&subscribe(&["L9"])).await;
    let (name, error) = read_event(&socket.packet().await);
    assert_eq!((name.as_str(), &error["retry"]["delayMs"]), ("subscribe_error", &30_000.into()));
    let stream = send(&app, from("192.0.2.2:1", "/api/realtime/L9")).await;
    assert_eq!(stream.status(), StatusCode::OK, "somebody else has room");
    socket.say(&unsubscribe(&["L1"])).await;
    assert_eq!(socket.told().await, ["unsubscribed L1USDT"]);
    socket.idle(Duration::from_secs(61)).await;
    socket.say(&subscribe(&["L6"])).await;
    assert_eq!(socket.told().await, ["subscribed L6USDT"], "room is made");
}

#[tokio::test(start_paused = true)]
async fn at_the_start_a_client_is_told_to_come_again() {
    let fixture = Fixture::starting();
    let mut socket = Socket::enter(&app(&fixture)).await;
    socket.say(&subscribe(&["L7", "BTC", "B*C"])).await;
    assert_eq!(
        socket.told().await,
        ["subscribed BTCUSDT", "subscribe_error unknown_symbol B*C", "subscribe_error starting L7USDT"]
    );
}

#[tokio::test(start_paused = true)]
async fn sessions_and_what_they_take_are_counted() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut socket = Socket::enter(&app).await;
    socket.say(&subscribe(&["BTC", "ETH"])).await;
    assert_eq!(socket.told().await, ["subscribed BTCUSDT ETHUSDT"]);
    fixture.post(ticker("BTC", 1.0));
    fixture.post(ticker("ETH", 2.0));
    assert_eq!(socket.told().await, ["BTCUSDT 1", "ETHUSDT 2"]);
    let of = [("protocol", "socketio")];
    let reading = told(&fixture.services).await;
    assert_eq!(reading.get("market_pulse_clients", &of), Some(1.0));
    assert_eq!(reading.get("market_pulse_deliveries_total", &of), Some(2.0));
    drop(socket);
    streams(&fixture, 0).await;
    assert_eq!(told(&fixture.services).await.get("market_pulse_clients", &of), Some(0.0));
}
