//! What subscribers are told.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_subscription_to_the_byte() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 43_250.5));
    let mut socket = Socket::open(&app(&fixture)).await;
    socket.say("40").await;
    assert!(socket.packet().await.starts_with("40{\"sid\":\""));
    assert_eq!(
        socket.packet().await,
        r#"42["connected",{"message":"connected to the price stream; subscribe to symbols","client_id":"19aa122be00-1"}]"#
    );
    socket.say(r#"42["subscribe",{"symbols":["BTCUSDT","ETHUSDT"]}]"#).await;
    assert_eq!(
        socket.packet().await,
        r#"42["subscribed",{"symbols":["BTCUSDT","ETHUSDT"],"message":"Subscribed to 2 symbols"}]"#
    );
    assert_eq!(
        socket.packet().await,
        r#"42["price_update",{"symbol":"BTCUSDT","price":43250.5,"volume":1.5,"high":null,"low":null,"change":null,"changePercent":null,"timestamp":"2025-11-20T12:00:00.000Z","freshness":"live"}]"#,
        "at once; ETH has no price yet"
    );
    fixture.post(ticker("ETH", 2_500.0));
    fixture.post(ticker("SOL", 100.0));
    fixture.post(ticker("BTC", 43_251.0));
    assert_eq!(socket.told().await, ["BTCUSDT 43251", "ETHUSDT 2500"], "SOL is none of its business");
    socket.say(r#"42["unsubscribe",{"symbols":["BTCUSDT"]}]"#).await;
    assert_eq!(
        socket.packet().await,
        r#"42["unsubscribed",{"symbols":["BTCUSDT"],"message":"Unsubscribed from 1 symbols"}]"#
    );
    fixture.post(ticker("BTC", 1.0));
    fixture.post(ticker("ETH", 2.0));
    assert_eq!(socket.told().await, ["ETHUSDT 2"]);
}

#[tokio::test(start_paused = true)]
async fn symbols_are_understood_in_any_notation_and_answered_as_pairs() {
    let fixture = Fixture::new();
    let mut socket = Socket::enter(&app(&fixture)).await;
    socket.say(&subscribe(&["eth", "BTC", "btc-usdt", "Btc/Usdt", " SOL_USDT "])).await;
    assert_eq!(socket.told().await, ["subscribed ETHUSDT BTCUSDT SOLUSDT"]);
    socket.say(&unsubscribe(&["sol", "BTC"])).await;
    assert_eq!(socket.told().await, ["unsubscribed SOLUSDT BTCUSDT"]);
}

#[tokio::test(start_paused = true)]
async fn unknown_symbols_are_named_and_the_others_work() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 1.0));
    let mut socket = Socket::enter(&app(&fixture)).await;
    socket.say(&subscribe(&["XYZUSDT", "BTCUSDT", "BTC-EUR", "no symbol at all", ""])).await;
    assert_eq!(
        socket.told().await,
        ["subscribed BTCUSDT", "subscribe_error unknown_symbol XYZUSDT BTC-EUR no symbol at all ", "BTCUSDT 1"]
    );
    socket.say(&subscribe(&["XYZUSDT"])).await;
    let (name, error) = read_event(&socket.packet().await);
    assert_eq!(name, "subscribe_error", "nothing was subscribed to, so nothing else is said");
    let expected = serde_json::json!({
        "symbols": ["XYZUSDT"], "code": "unknown_symbol", "retry": null,
        "message": "no such symbols are known here; GET /symbols lists those that are",
    });
    assert_eq!(error, expected);
    socket.say(&unsubscribe(&["XYZUSDT", "ETH"])).await;
    assert_eq!(socket.told().await, ["unsubscribed ETHUSDT", "unsubscribe_error unknown_symbol XYZUSDT"]);
    fixture.post(ticker("BTC", 2.0));
    assert_eq!(socket.told().await, ["BTCUSDT 2"]);
}

#[tokio::test(start_paused = true)]
async fn to_subscribe_again_is_to_ask_again() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 1.0));
    let mut socket = Socket::enter(&app(&fixture)).await;
    for _ in 0..2 {
        socket.say(&subscribe(&["BTC"])).await;
        assert_eq!(socket.told().await, ["subscribed BTCUSDT", "BTCUSDT 1"]);
    }
    assert_eq!(fixture.services.hub.subscriptions()[0].1, 1, "counted once");
    fixture.post(ticker("BTC", 2.0));
    assert_eq!(socket.told().await, ["BTCUSDT 2"], "and told once");
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_an_acknowledgment_gets_one() {
    let fixture = Fixture::new();
    let mut socket = Socket::enter(&app(&fixture)).await;
    socket.say(r#"427["subscribe",{"symbols":["BTC","XYZ"]}]"#).await;
    let mut packets = Vec::new();
    for _ in 0..3 {
        packets.push(socket.packet().await);
    }
    assert_eq!(
        packets[..2].iter().map(|p| brief(p)).collect::<Vec<_>>(),
        ["subscribed BTCUSDT", "subscribe_error unknown_symbol XYZ"]
    );
    let acknowledged: Value =
        serde_json::from_str(packets[2].strip_prefix("437").expect("of this event")).expect("JSON");
    assert_eq!(acknowledged[0]["symbols"], serde_json::json!(["BTCUSDT"]));
    assert_eq!(acknowledged[0]["message"], "Subscribed to 1 symbols");
    assert_eq!(acknowledged[0]["errors"][0]["symbols"], serde_json::json!(["XYZ"]));
    socket.say(r#"428["unsubscribe"]"#).await;
    assert_eq!(brief(&socket.packet().await), "unsubscribe_error missing_symbols");
    assert!(socket.packet().await.starts_with("438[{\"symbols\":[],"));
}

#[tokio::test(start_paused = true)]
async fn everybody_is_counted_alike() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let stream = get(&app, "/api/realtime?symbols=BTC,SOL").await;
    let mut sockets = [Socket::enter(&app).await, Socket::enter(&app).await];
    for socket in &mut sockets {
        socket.say(&subscribe(&["BTC", "ETH"])).await;
        assert_eq!(socket.told().await, ["subscribed BTCUSDT ETHUSDT"]);
    }
    let mut polling = Polling::enter(&app).await;
    polling.say(subscribe(&["ETH"])).await;
    assert_eq!(polling.told().await, ["subscribed ETHUSDT"]);
    tokio::time::advance(Duration::from_secs(100)).await;
    let (status, headers, body) = json(get(&app, "/stats").await).await;
    assert_eq!((status, &headers["cache-control"]), (StatusCode::OK, &"no-store".parse().expect("a value")));
    let uptime = fixture.services.uptime_s();
    let expected = serde_json::json!({"success": true, "data": {
        "service": "market-pulse", "version": "0.1.0", "port": 3000, "active_streams": 4,
        "active_symbols": ["BTCUSDT", "ETHUSDT", "SOLUSDT"], "total_subscriptions": 7,
        "subscriptions_by_symbol": {"BTCUSDT": 3, "ETHUSDT": 3, "SOLUSDT": 1},
        "uptime": format!("0h {}m {}s", uptime / 60, uptime % 60), "uptime_seconds": uptime,
        "timestamp": fixture.services.clock.wall().to_rfc3339(),
    }});
    assert_eq!(body, expected);
    let (_, _, body) = json(get(&app, "/health").await).await;
    assert_eq!((&body["metrics"]["active_streams"], &body["metrics"]["total_subscriptions"]), (&4.into(), &7.into()));
    drop((stream, sockets));
    polling.say("41").await;
    streams(&fixture, 0).await;
    let (_, _, body) = json(get(&app, "/stats").await).await;
    assert_eq!(body["data"]["subscriptions_by_symbol"], serde_json::json!({}));
    assert_eq!(body["data"]["active_symbols"], serde_json::json!([]));
}

#[tokio::test(start_paused = true)]
async fn prices_that_come_together_leave_together() {
    let fixture = Fixture::new();
    let mut socket = Socket::enter(&app(&fixture)).await;
    socket.say(&subscribe(&["BTC", "ETH"])).await;
    assert_eq!(socket.told().await, ["subscribed BTCUSDT ETHUSDT"]);
    let start = tokio::time::Instant::now();
    fixture.post(ticker("BTC", 1.0));
    assert_eq!(brief(&socket.packet().await), "BTCUSDT 1");
    assert_eq!(start.elapsed(), Duration::ZERO, "the first at once");
    for n in 2..=4 {
        sleep(Duration::from_millis(10)).await;
        fixture.post(ticker("BTC", f64::from(n)));
        fixture.post(ticker("ETH", f64::from(n)));
    }
    assert_eq!(brief(&socket.packet().await), "BTCUSDT 4");
    assert_eq!(brief(&socket.packet().await), "ETHUSDT 4");
    assert!(start.elapsed() <= Duration::from_millis(52), "within the window: {:?}", start.elapsed());
}
