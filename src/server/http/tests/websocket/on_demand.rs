//! Symbols that are not configured.

use super::{
    super::on_demand::{fixture, is_followed},
    *,
};

#[tokio::test(start_paused = true)]
async fn a_listed_symbol_is_followed_from_subscribe_to_a_minute_after_unsubscribe() {
    let fixture = fixture();
    let mut client = Client::open(&app(&fixture)).await;
    client.subscribe(&["ticker:l7usdt", "ticker:NOPE"]).await;
    assert_eq!(client.frame().await["data"]["channels"], serde_json::json!(["ticker:L7"]));
    assert_eq!(client.error().await, "unknown_channel");
    assert!(client.is_quiet().await, "no price yet");
    fixture.post(ticker("L7", 2.5));
    let frame = client.frame().await;
    assert_eq!((&frame["channel"], &frame["data"]["price"]), (&"ticker:L7".into(), &2.5.into()));
    client.subscribe(&["ticker:L7"]).await;
    assert_eq!(client.frame().await["data"]["subscriptions"], 1);
    assert_eq!(client.frame().await["data"]["price"], 2.5);
    tokio::time::sleep(Duration::from_mins(1)).await;
    client.say(r#"{"op":"unsubscribe","channels":["ticker:L7"]}"#).await;
    assert_eq!(client.frame().await["data"]["subscriptions"], 0);
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(is_followed(&fixture, "L7"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!is_followed(&fixture, "L7"));
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_ends_lets_go_of_its_symbols() {
    let fixture = fixture();
    let mut client = Client::open(&app(&fixture)).await;
    client.subscribe(&["ticker:L7", "ticker:L8"]).await;
    client.frame().await;
    drop(client);
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert!(!is_followed(&fixture, "L7") && !is_followed(&fixture, "L8"));
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limits_the_rest_works_and_room_is_made() {
    let fixture = fixture();
    let app = app(&fixture);
    let mut client = Client::open(&app).await;
    let channels: Vec<String> = (0..7).map(|n| format!("ticker:L{n}")).chain(["ticker:BTC".to_owned()]).collect();
    client.subscribe(&channels.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let subscribed = client.frame().await;
    assert_eq!(subscribed["data"]["subscriptions"], 6, "{subscribed}");
    let error = client.frame().await;
    assert_eq!(
        (&error["data"]["code"], &error["data"]["retry"]["delayMs"]),
        (&"too_many_followed".into(), &30_000.into())
    );
    assert_eq!(error["data"]["channels"], serde_json::json!(["ticker:L5", "ticker:L6"]));
    let mut other = Client::dial(&app, "192.0.2.2:1000").await;
    other.frame().await;
    other.subscribe(&["ticker:L0", "ticker:L5"]).await;
    assert_eq!(other.frame().await["data"]["subscriptions"], 2, "nobody else is disturbed");
    client.say(r#"{"op":"unsubscribe","channels":["ticker:L1","ticker:L2"]}"#).await;
    client.frame().await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    client.subscribe(&["ticker:L6"]).await;
    assert_eq!(client.frame().await["type"], "subscribed");
}

#[tokio::test(start_paused = true)]
async fn at_the_start_a_client_is_told_to_come_again() {
    let fixture = Fixture::starting();
    let mut client = Client::open(&app(&fixture)).await;
    client.subscribe(&["ticker:L7", "ticker:BTC", "ticker:B*C"]).await;
    assert_eq!(client.frame().await["data"]["channels"], serde_json::json!(["ticker:BTC"]));
    assert_eq!(client.error().await, "unknown_channel");
    let error = client.frame().await;
    assert_eq!((&error["data"]["code"], &error["channel"]), (&"starting".into(), &"ticker:L7".into()));
    assert_eq!(error["data"]["retry"]["delayMs"], 1000);
}
