use super::*;
use crate::server::simulator::testing::Ended;

const NAMES: [&str; 9] = [
    "highPrice24h",
    "lastPrice",
    "lowPrice24h",
    "prevPrice24h",
    "price24hPcnt",
    "symbol",
    "turnover24h",
    "usdIndexPrice",
    "volume24h",
];

#[tokio::test(start_paused = true)]
async fn spot_tickers_are_snapshots_that_agree_with_themselves() {
    let world = World::start();
    let mut socket = world.bybit(&["tickers.BTCUSDT", "tickers.1INCHUSDT"]).await;
    let frames = data(&socket.texts(10 * SECOND).await, |f| f["topic"].is_string());
    assert!((12..=2 * 10 * 20).contains(&frames.len()), "at most 20 a second: {}", frames.len());
    let mut newest = 0;
    for frame in &frames {
        assert_eq!(frame["type"], "snapshot");
        let d = &frame["data"];
        let names: Vec<&str> = d.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, NAMES);
        let f = |name: &str| figure(&d[name]);
        let change = (f("lastPrice") - f("prevPrice24h")) / f("prevPrice24h");
        assert_close(change, f("price24hPcnt"), 0.000_050_1);
        assert!(f("highPrice24h") >= f("lastPrice").max(f("prevPrice24h")));
        assert!(f("lowPrice24h") <= f("lastPrice").min(f("prevPrice24h")));
        assert!((f("lowPrice24h")..=f("highPrice24h")).contains(&(f("turnover24h") / f("volume24h"))));
        assert!(frame["cs"].is_i64() && frame["ts"].as_i64().unwrap() >= newest);
        newest = frame["ts"].as_i64().unwrap();
        assert_eq!(frame["topic"], format!("tickers.{}", d["symbol"].as_str().unwrap()));
    }
    let inch = frames.iter().find(|f| f["data"]["symbol"] == "1INCHUSDT").unwrap();
    assert_eq!(inch["data"]["usdIndexPrice"], "", "no collateral");
}

#[tokio::test(start_paused = true)]
async fn requests_are_answered_in_spot_wording_with_their_own_id() {
    let world = World::start();
    let mut socket = world.socket("/bybit/v5/public/spot").await;
    socket.send(r#"{"op":"ping","req_id":"100001"}"#).await;
    let pong = socket.json().await;
    assert_eq!((&pong["op"], &pong["ret_msg"], &pong["success"]), (&json!("ping"), &json!("pong"), &json!(true)));
    assert_eq!(pong["req_id"], "100001");
    socket.send(r#"{"op":"subscribe","req_id":1,"args":["publicTrade.BTCUSDT"]}"#).await;
    let ack = socket.json().await;
    assert_eq!((&ack["op"], &ack["ret_msg"], &ack["req_id"]), (&json!("subscribe"), &json!("subscribe"), &json!(1)));
    assert!(ack["conn_id"].is_string());
    socket.send(r#"{"op":"unsubscribe","args":["publicTrade.BTCUSDT"]}"#).await;
    let mut answer = socket.json().await;
    while answer["topic"].is_string() {
        answer = socket.json().await;
    }
    assert_eq!(answer.get("req_id"), None, "none was sent: {answer}");
    assert_eq!(answer["op"], "unsubscribe");

    socket.send(r#"{"op":"dance"}"#).await;
    let answer = socket.json().await;
    assert_eq!((&answer["success"], &answer["ret_msg"]), (&json!(false), &json!("error:invalid op")));
    socket.send("hello").await;
    let answer = socket.json().await;
    let message = answer["ret_msg"].as_str().unwrap();
    assert!(
        message.starts_with("Failed to decode incoming data:readObjectStart: expect { or n, but found h"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_is_refused_as_a_whole() {
    let world = World::start();
    let eleven: Vec<String> = world
        .simulator
        .market()
        .series(crate::server::simulator::exchange::Exchange::Bybit)
        .iter()
        .take(11)
        .map(|s| format!("tickers.{}", s.listing.pair))
        .collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
    for (topics, message) in [
        (eleven.clone(), "args size >10"),
        (vec!["tickers.BTCUSDT", "tickers.NOPEUSDT"], "Invalid symbol :[tickers.NOPEUSDT]"),
        (vec!["tickers.BTCUSDT", "tickers.ethusdt"], "Invalid symbol :[tickers.ethusdt]"),
        (vec!["tickers.BTCUSDT", "tickers.BTCUSDT"], "error:already subscribed,topic:tickers.BTCUSDT"),
        (vec!["weather.BTCUSDT"], "error:handler not found,topic:weather.BTCUSDT"),
    ] {
        let mut socket = world.bybit(&topics).await;
        let refusal = socket.json().await;
        assert_eq!((&refusal["success"], &refusal["ret_msg"]), (&json!(false), &json!(message)));
        assert_eq!(socket.texts(3 * SECOND).await, Vec::<String>::new(), "{topics:?} brought data");
        // The socket stays, and ten topics are fine.
        socket.send(&json!({ "op": "subscribe", "args": eleven[..10] }).to_string()).await;
        assert_eq!(socket.json().await["success"], true);
        assert!(data(&socket.texts(2 * SECOND).await, |f| f["topic"].is_string()).len() >= 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_refused_and_the_first_goes_on() {
    let world = World::start();
    let mut socket = world.bybit(&["tickers.BTCUSDT"]).await;
    socket.send(r#"{"op":"subscribe","args":["tickers.BTCUSDT"],"req_id":"e6"}"#).await;
    let frames = data(&socket.texts(5 * SECOND).await, |_| true);
    let refusal = frames.iter().find(|f| f["req_id"] == "e6").unwrap();
    assert_eq!(refusal["ret_msg"], "error:already subscribed,topic:tickers.BTCUSDT");
    assert!(frames.last().unwrap()["topic"].is_string());
}

#[tokio::test(start_paused = true)]
async fn books_start_with_a_snapshot_and_the_best_repeats() {
    let world = World::start();
    let mut socket =
        world.bybit(&["orderbook.50.BTCUSDT", "orderbook.1.BTCUSDT", "publicTrade.BTCUSDT", "kline.1.BTCUSDT"]).await;
    let frames = data(&socket.texts(65 * SECOND).await, |f| f["topic"].is_string());
    let of = |topic: &'static str| frames.iter().filter(move |f| f["topic"] == topic);
    let kinds: Vec<&Value> = of("orderbook.50.BTCUSDT").map(|f| &f["type"]).collect();
    assert_eq!(kinds[0], "snapshot");
    assert!(kinds.len() > 50 && kinds[1..].iter().all(|kind| *kind == "delta"));
    let updates: Vec<i64> = of("orderbook.50.BTCUSDT").map(|f| f["data"]["u"].as_i64().unwrap()).collect();
    assert!(updates.windows(2).all(|pair| pair[0] < pair[1]));
    let best: Vec<&Value> = of("orderbook.1.BTCUSDT").collect();
    assert!(best.iter().all(|f| f["type"] == "snapshot" && f["data"]["b"].as_array().unwrap().len() == 1));
    assert!(best.windows(2).all(|pair| pair[1]["ts"].as_i64().unwrap() - pair[0]["ts"].as_i64().unwrap() <= 3250));
    let trade = &of("publicTrade.BTCUSDT").next().unwrap()["data"][0];
    assert!(trade["i"].is_string() && trade["T"].is_i64() && (trade["S"] == "Buy" || trade["S"] == "Sell"));
    let closed: Vec<&Value> = of("kline.1.BTCUSDT").filter(|f| f["data"][0]["confirm"] == true).collect();
    assert_eq!(closed.len(), 1);
    assert_eq!(closed[0]["data"][0]["start"], NOON);
}

#[tokio::test(start_paused = true)]
async fn the_server_never_pings_and_cuts_the_idle_without_a_word() {
    let world = World::start();
    let mut socket = world.socket("/bybit/v5/public/spot").await;
    let mut pings = 0;
    let end = tokio::time::timeout(700 * SECOND, async {
        use futures_util::StreamExt;
        while let Some(Ok(message)) = socket.0.next().await {
            pings += usize::from(message.is_ping());
        }
    });
    assert!(end.await.is_ok(), "cut after ten minutes");
    assert_eq!(pings, 0);

    let mut socket = world.socket("/bybit/v5/public/spot").await;
    for _ in 0..40 {
        socket.send(r#"{"op":"ping"}"#).await;
        tokio::time::sleep(20 * SECOND).await;
    }
    assert_eq!(socket.ended(SECOND).await, None, "pings keep it alive");
    world.fault("bybit", &json!({ "fault": "shutdown_notice" })).await;
    assert_eq!(socket.ended(SECOND).await, Some(Ended::Cut), "Bybit gives no notice");
}
