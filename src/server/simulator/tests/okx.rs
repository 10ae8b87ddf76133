use super::*;
use crate::server::simulator::testing::Ended;

const NAMES: [&str; 16] = [
    "askPx",
    "askSz",
    "bidPx",
    "bidSz",
    "high24h",
    "instId",
    "instType",
    "last",
    "lastSz",
    "low24h",
    "open24h",
    "sodUtc0",
    "sodUtc8",
    "ts",
    "vol24h",
    "volCcy24h",
];

#[tokio::test(start_paused = true)]
async fn tickers_are_acknowledged_one_by_one_pushed_at_once_and_then_on_events() {
    let world = World::start();
    let mut socket = world.okx("public", "tickers", &["BTC-USDT", "NOPE-USDT", "ETH-USDT"]).await;
    let mut acks = Vec::new();
    let mut first = Vec::new();
    for _ in 0..5 {
        let frame = socket.json().await;
        if frame["event"].is_string() { acks.push(frame) } else { first.push(frame) }
    }
    assert_eq!(
        acks.iter().map(|a| a["event"].as_str().unwrap()).collect::<Vec<_>>(),
        ["subscribe", "error", "subscribe"]
    );
    assert_eq!(acks[0]["arg"], json!({ "channel": "tickers", "instId": "BTC-USDT" }));
    assert!(acks[0]["connId"].is_string());
    assert_eq!(acks[1]["code"], "60018");
    assert_eq!(
        acks[1]["msg"],
        "Wrong URL or channel:tickers,instId:NOPE-USDT doesn't exist. Please use the correct URL, channel and \
         parameters referring to API document."
    );
    assert_eq!(first.len(), 2, "the present state of both");

    let frames = data(&socket.texts(10 * SECOND).await, |f| f["data"].is_array());
    let mut newest = std::collections::HashMap::new();
    for frame in first.iter().chain(&frames) {
        let d = &frame["data"][0];
        assert_eq!(frame["arg"]["instId"], d["instId"]);
        assert_eq!(d.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), NAMES);
        assert!(d.as_object().unwrap().values().all(Value::is_string), "everything is text");
        let f = |name: &str| figure(&d[name]);
        assert!((f("low24h")..=f("high24h")).contains(&(f("volCcy24h") / f("vol24h"))), "a mean price");
        assert!(f("high24h") >= f("last").max(f("open24h")) && f("low24h") <= f("last").min(f("open24h")));
        assert!(f("bidPx") < f("askPx"));
        let ts: i64 = d["ts"].as_str().unwrap().parse().unwrap();
        let before = newest.insert(d["instId"].to_string(), ts);
        assert!(before.is_none_or(|before| ts - before >= 100), "at most one in 100 ms");
    }
    assert!((20..=80).contains(&frames.len()), "{}", frames.len());
}

#[tokio::test(start_paused = true)]
async fn candles_and_all_trades_live_on_the_business_socket() {
    let world = World::start();
    let mut socket = world.okx("public", "candle1m", &["BTC-USDT"]).await;
    let refusal = socket.json().await;
    assert_eq!(refusal["code"], "60018");
    assert!(
        refusal["msg"].as_str().unwrap().starts_with("Subscribe failed, wrong URL or channel:candle1m,instId:BTC-USDT")
    );
    let mut socket = world.okx("business", "tickers", &["BTC-USDT"]).await;
    assert_eq!(socket.json().await["code"], "60018");

    let mut socket = world.okx("business", "candle1m", &["BTC-USDT"]).await;
    let frames = data(&socket.texts(63 * SECOND).await, |f| f["data"].is_array());
    assert!(frames.iter().all(|f| f["data"][0].as_array().unwrap().len() == 9));
    let closed: Vec<&Value> = frames.iter().map(|f| &f["data"][0]).filter(|row| row[8] == "1").collect();
    assert_eq!(closed.len(), 1);
    assert_eq!(closed[0][0], NOON.to_string());
    assert!((55..=70).contains(&frames.len()), "about one a second: {}", frames.len());

    let mut socket = world.okx("business", "trades-all", &["BTC-USDT"]).await;
    let trades = data(&socket.texts(10 * SECOND).await, |f| f["data"].is_array());
    assert!(trades.len() > 5);
}

#[tokio::test(start_paused = true)]
async fn trades_are_told_one_by_one() {
    let world = World::start();
    let mut socket = world.okx("public", "trades", &["BTC-USDT"]).await;
    let trades = data(&socket.texts(20 * SECOND).await, |f| f["data"].is_array());
    let ids: Vec<u64> = trades.iter().map(|f| f["data"][0]["tradeId"].as_str().unwrap().parse().unwrap()).collect();
    assert!(ids.len() > 10 && ids.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    let trade = &trades[0]["data"][0];
    assert!(trade["seqId"].is_i64() && trade["count"] == "1" && trades[0]["data"].as_array().unwrap().len() == 1);
}

#[tokio::test(start_paused = true)]
async fn books_are_chained_by_their_sequence() {
    let world = World::start();
    let mut socket = world.okx("public", "books", &["BTC-USDT"]).await;
    let frames = data(&socket.texts(10 * SECOND).await, |f| f["data"].is_array());
    assert_eq!((&frames[0]["action"], &frames[0]["data"][0]["prevSeqId"]), (&json!("snapshot"), &json!(-1)));
    assert_eq!(frames[0]["data"][0]["bids"].as_array().unwrap().len(), 400);
    assert!(frames.len() > 10);
    for pair in frames.windows(2) {
        assert_eq!(pair[1]["action"], "update");
        assert_eq!(pair[1]["data"][0]["prevSeqId"], pair[0]["data"][0]["seqId"]);
        assert!(pair[1]["data"][0]["checksum"].is_i64());
    }
    for (channel, depth) in [("books5", 5), ("bbo-tbt", 1)] {
        let mut socket = world.okx("public", channel, &["BTC-USDT"]).await;
        let frames = data(&socket.texts(5 * SECOND).await, |f| f["data"].is_array());
        assert!(frames.len() > 2 && frames.iter().all(|f| f["data"][0]["asks"].as_array().unwrap().len() == depth));
    }
}

#[tokio::test(start_paused = true)]
async fn requests_carry_their_id_back_and_bad_ones_are_named() {
    let world = World::start();
    let mut socket = world.socket("/okx/ws/v5/public").await;
    socket.send(r#"{"id":"1512","op":"subscribe","args":[{"channel":"trades","instId":"BTC-USDT"}]}"#).await;
    assert_eq!(socket.json().await["id"], "1512");
    socket.send(r#"{"op":"unsubscribe","args":[{"channel":"trades","instId":"BTC-USDT"}]}"#).await;
    let ack = data(&socket.texts(SECOND).await, |f| f["event"] == "unsubscribe");
    assert_eq!(ack.len(), 1);
    assert!(data(&socket.texts(5 * SECOND).await, |f| f["data"].is_array()).is_empty());
    for bad in [r#"{"op":"subscribe","argss":[]}"#, r#"{"op":"dance","args":[{}]}"#, "hello"] {
        socket.send(bad).await;
        let refusal = socket.json().await;
        assert_eq!((&refusal["event"], &refusal["code"]), (&json!("error"), &json!("60012")), "{bad}");
    }
    // The same again is acknowledged again.
    for _ in 0..2 {
        socket.send(r#"{"op":"subscribe","args":[{"channel":"trades","instId":"ETH-USDT"}]}"#).await;
    }
    assert_eq!(data(&socket.texts(SECOND).await, |f| f["event"] == "subscribe").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_socket_is_closed_after_30_seconds_unless_it_pings() {
    let world = World::start();
    let mut idle = world.socket("/okx/ws/v5/public").await;
    let closed = Some(Ended::Closed { code: 4004, reason: "No data received in 30s".to_owned() });
    assert_eq!(idle.ended(29 * SECOND).await, None);
    assert_eq!(idle.ended(2 * SECOND).await, closed);

    let mut socket = world.socket("/okx/ws/v5/public").await;
    for _ in 0..5 {
        tokio::time::sleep(25 * SECOND).await;
        socket.send("ping").await;
        assert_eq!(socket.text().await, "pong");
    }
    let mut subscribed = world.okx("public", "tickers", &["BTC-USDT"]).await;
    assert_eq!(subscribed.ended(100 * SECOND).await, None, "data keeps it alive");
    world.fault("okx", &json!({ "fault": "stall" })).await;
    assert_eq!(subscribed.ended(40 * SECOND).await, closed, "data that is held back does not");
}

#[tokio::test(start_paused = true)]
async fn an_hour_has_480_requests() {
    let world = World::start();
    let mut socket = world.socket("/okx/ws/v5/public").await;
    for i in 0..500 {
        let op = if i % 2 == 0 { "subscribe" } else { "unsubscribe" };
        let args = json!([{ "channel": "trades", "instId": "1INCH-USDT" }]);
        socket.send(&json!({ "op": op, "args": args, "id": i.to_string() }).to_string()).await;
    }
    let answers = data(&socket.texts(5 * SECOND).await, |f| f["event"].is_string());
    let refused = answers.iter().filter(|a| a["code"] == "60014").count();
    assert_eq!((answers.len(), refused), (500, 20));
    assert_eq!(answers.last().unwrap()["msg"], "Requests too frequent");
    tokio::time::sleep(20 * SECOND).await;
    socket.send(r#"{"op":"subscribe","args":[{"channel":"trades","instId":"BTC-USDT"}]}"#).await;
    assert_eq!(socket.json().await["event"], "subscribe", "the budget fills up again");
}
