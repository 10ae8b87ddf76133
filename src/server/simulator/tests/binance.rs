use std::collections::BTreeMap;

use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use tokio::time::{Instant, advance, sleep};
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::server::simulator::testing::{Ended, get};

fn closed(code: u16, reason: &str) -> Ended {
    Ended::Closed { code, reason: reason.to_owned() }
}

fn check_ticker(t: &Value) {
    let f = |name: &str| figure(&t[name]);
    assert_eq!(t["e"], "24hrTicker");
    assert_close(f("c") - f("o"), f("p"), 1e-9);
    assert_close((f("c") - f("o")) / f("o") * 100.0, f("P"), 0.000_500_1);
    assert_close(f("q") / f("v"), f("w"), 1e-7 * f("w").max(1.0));
    assert_eq!(t["C"].as_i64().unwrap() - t["O"].as_i64().unwrap(), 86_400_000);
    assert_eq!(t["L"].as_i64().unwrap() - t["F"].as_i64().unwrap() + 1, t["n"].as_i64().unwrap());
    assert!((0..290).contains(&(t["E"].as_i64().unwrap() - t["C"].as_i64().unwrap())));
    assert!(f("h") >= f("c").max(f("o")) && f("l") <= f("c").min(f("o")), "{t}");
    assert!((f("l")..=f("h")).contains(&f("w")), "{t}");
    assert!(f("b") < f("a"));
    let mut names: Vec<&str> = t.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let all = [
        "A", "B", "C", "E", "F", "L", "O", "P", "Q", "a", "b", "c", "e", "h", "l", "n", "o", "p", "q", "s", "v", "w",
        "x",
    ];
    assert_eq!(names, all);
}

#[tokio::test(start_paused = true)]
async fn tickers_come_every_second_and_their_figures_agree() {
    let world = World::start();
    let mut socket = world.binance(&["btcusdt@ticker", "1inchusdt@ticker"]).await;
    let frames = data(&socket.texts(20 * SECOND).await, |f| f["data"]["e"] == "24hrTicker");
    assert!((38..=40).contains(&frames.len()), "20 seconds, two symbols: {}", frames.len());
    for frame in &frames {
        check_ticker(&frame["data"]);
        assert_eq!(frame["stream"], format!("{}@ticker", frame["data"]["s"].as_str().unwrap().to_lowercase()));
    }
    let prices: Vec<f64> =
        frames.iter().filter(|f| f["data"]["s"] == "BTCUSDT").map(|f| figure(&f["data"]["c"])).collect();
    assert!(
        prices.windows(2).filter(|pair| (pair[0] - pair[1]).abs() > 0.001).count() > 10,
        "the price moves: {prices:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn frames_carry_their_stream_by_path_and_by_property() {
    let world = World::start();
    let mut raw = world.socket("/binance/ws/btcusdt@ticker").await;
    assert_eq!(raw.json().await["e"], "24hrTicker");
    raw.send(r#"{"method":"GET_PROPERTY","params":["combined"],"id":1}"#).await;
    raw.send(r#"{"method":"SET_PROPERTY","params":["combined",true],"id":"a-2"}"#).await;
    assert_eq!(raw.json().await, json!({ "result": false, "id": 1 }));
    assert_eq!(raw.json().await, json!({ "result": null, "id": "a-2" }));
    assert_eq!(raw.json().await["stream"], "btcusdt@ticker");

    // Any path below /ws connects, and so do both without a stream.
    for path in ["/binance/ws", "/binance/ws/0", "/binance/stream"] {
        let mut socket = world.socket(path).await;
        socket.send(r#"{"method":"SUBSCRIBE","params":["ethusdt@miniTicker"],"id":7}"#).await;
        assert_eq!(socket.json().await, json!({ "result": null, "id": 7 }), "{path}");
        let frame = socket.json().await;
        let data = if path == "/binance/stream" { &frame["data"] } else { &frame };
        assert_eq!((&data["e"], &data["s"]), (&json!("24hrMiniTicker"), &json!("ETHUSDT")), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_streams_are_acknowledged_listed_and_silent() {
    let world = World::start();
    let mut socket = world.socket("/binance/ws").await;
    socket
        .send(r#"{"method":"SUBSCRIBE","params":["nopeusdt@ticker","BTCUSDT@ticker","btcusdt@nothing"],"id":1}"#)
        .await;
    assert_eq!(socket.json().await, json!({ "result": null, "id": 1 }));
    socket.send(r#"{"method":"LIST_SUBSCRIPTIONS","id":2}"#).await;
    let listed = json!({ "result": ["nopeusdt@ticker", "BTCUSDT@ticker", "btcusdt@nothing"], "id": 2 });
    assert_eq!(socket.json().await, listed);
    assert_eq!(socket.texts(30 * SECOND).await, Vec::<String>::new());
    socket.send(r#"{"method":"UNSUBSCRIBE","params":["nopeusdt@ticker"],"id":3}"#).await;
    assert_eq!(socket.json().await["id"], 3);
    socket.send(r#"{"method":"LIST_SUBSCRIPTIONS","id":4}"#).await;
    assert_eq!(socket.json().await["result"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn bad_requests_are_answered_as_binance_answers_them() {
    let world = World::start();
    let mut socket = world.socket("/binance/ws").await;
    socket.send(r#"{"method":"FOO","id":4}"#).await;
    let msg = "Invalid request: unknown variant `FOO`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, \
               `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`";
    assert_eq!(socket.json().await, json!({ "error": { "code": 2, "msg": msg }, "id": 4 }));
    socket.send(r#"{"method":"SUBSCRIBE","params":["@@@x###"],"id":1}"#).await;
    let invalid = json!({ "error": { "code": 2, "msg": "Invalid request: invalid stream" }, "id": 1 });
    assert_eq!(socket.json().await, invalid);
    assert!(matches!(socket.ended(SECOND).await, Some(Ended::Closed { .. })));

    let mut socket = world.socket("/binance/ws").await;
    socket.send("hello").await;
    assert_eq!(socket.ended(SECOND).await, Some(closed(1008, "Invalid request")));

    let mut socket = world.socket("/binance/ws").await;
    for id in 0..6 {
        socket.send(&json!({ "method": "LIST_SUBSCRIPTIONS", "id": id }).to_string()).await;
    }
    assert_eq!(socket.ended(SECOND).await, Some(closed(1008, "Too many requests")));

    let Err((status, body)) = world.net.websocket("/binance/nowhere").await else { panic!("refused") };
    assert_eq!((status, body.as_str()), (StatusCode::NOT_FOUND, "Invalid request path"));
}

#[tokio::test(start_paused = true)]
async fn five_messages_a_second_are_fine() {
    let world = World::start();
    let mut socket = world.socket("/binance/ws").await;
    for id in 0..20 {
        socket.send(&json!({ "method": "LIST_SUBSCRIPTIONS", "id": id }).to_string()).await;
        assert_eq!(socket.json().await["id"], id);
        sleep(SECOND / 4).await;
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_1024_streams_are_too_many() {
    let world = World::start();
    let mut socket = world.socket("/binance/ws").await;
    let names = |n| (0..n).map(|i| format!("x{i}@ticker")).collect::<Vec<_>>();
    socket.send(&json!({ "method": "SUBSCRIBE", "params": names(1024), "id": 1 }).to_string()).await;
    assert_eq!(socket.json().await, json!({ "result": null, "id": 1 }));
    socket.send(r#"{"method":"SUBSCRIBE","params":["onemore@ticker"],"id":2}"#).await;
    assert_eq!(socket.json().await, json!({ "error": { "code": 4, "msg": "Too many subscriptions" }, "id": 2 }));
}

#[tokio::test(start_paused = true)]
async fn the_server_pings_every_20_seconds_and_wants_its_payload_back() {
    let world = World::start();
    let start = Instant::now();
    let mut socket = world.socket("/binance/ws").await;
    // Reading answers pings by itself; a client that reads lives on.
    for n in 1..=5 {
        let Some(Ok(Message::Ping(payload))) = socket.0.next().await else { panic!("a ping") };
        let written: i64 = String::from_utf8(payload.to_vec()).unwrap().parse().unwrap();
        assert_close(start.elapsed().as_secs_f64(), 20.0 * f64::from(n), 0.3);
        assert!((written - (NOON + i64::from(n) * 20_000)).abs() < 1000);
    }
    assert_eq!(socket.ended(100 * SECOND).await, None);
}

#[tokio::test(start_paused = true)]
async fn without_pongs_the_connection_ends() {
    let world = World::start();
    let start = Instant::now();
    let mut socket = world.socket("/binance/ws").await;
    // Not reading is not ponging. The clock is moved in steps so that the server sees every moment.
    for _ in 0..81 {
        advance(SECOND).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(socket.ended(20 * SECOND).await, Some(closed(1008, "Pong timeout")));
    assert!(start.elapsed() >= 80 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_pong_that_answers_nothing_keeps_nothing_alive() {
    let world = World::start();
    let mut socket = world.socket("/binance/ws").await;
    for n in 0..9 {
        socket.0.feed(Message::Pong(b"hello".as_slice().into())).await.unwrap();
        for _ in 0..if n < 8 { 10 } else { 1 } {
            advance(SECOND).await;
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(socket.ended(20 * SECOND).await, Some(closed(1008, "Pong timeout")));
}

#[tokio::test(start_paused = true)]
async fn no_connection_lives_longer_than_a_day() {
    // Without an engine: a day of pings is enough.
    let world = World::still();
    let mut socket = world.socket("/binance/ws").await;
    let end = socket.ended(25 * 3600 * SECOND).await;
    assert!(matches!(end, Some(Ended::Closed { .. })), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn microseconds_on_request() {
    let world = World::start();
    let mut socket = world.socket("/binance/stream?streams=btcusdt@ticker/btcusdt@kline_1m&timeUnit=MICROSECOND").await;
    let frames = data(&socket.texts(5 * SECOND).await, |_| true);
    let ticker = frames.iter().find(|f| f["data"]["e"] == "24hrTicker").unwrap();
    assert_eq!(ticker["data"]["C"].as_i64().unwrap() - ticker["data"]["O"].as_i64().unwrap(), 86_400_000_000);
    let kline = frames.iter().find(|f| f["data"]["e"] == "kline").unwrap();
    assert_eq!(kline["data"]["k"]["t"], NOON * 1000);
}

#[tokio::test(start_paused = true)]
async fn trades_count_up_and_make_the_price_and_the_candle() {
    let world = World::start();
    let mut socket = world.binance(&["btcusdt@trade", "btcusdt@kline_1m", "btcusdt@ticker", "btcusdt@aggTrade"]).await;
    let frames = data(&socket.texts(70 * SECOND).await, |_| true);
    let of = |kind: &'static str| frames.iter().map(|f| &f["data"]).filter(move |f| f["e"] == kind);
    let trades: Vec<&Value> = of("trade").collect();
    let ids: Vec<u64> = trades.iter().map(|t| t["t"].as_u64().unwrap()).collect();
    assert!(ids.len() > 100 && ids.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    assert_eq!(of("aggTrade").count(), trades.len());

    let candle = &of("kline").find(|k| k["k"]["x"] == true).expect("a closed candle")["k"];
    let inside: Vec<&&Value> =
        trades.iter().filter(|t| (NOON..NOON + 60_000).contains(&t["T"].as_i64().unwrap())).collect();
    assert_eq!((candle["t"].as_i64(), candle["T"].as_i64()), (Some(NOON), Some(NOON + 59_999)));
    assert_eq!(candle["n"].as_u64().unwrap(), inside.len() as u64);
    assert_close(inside.iter().map(|t| figure(&t["q"])).sum(), figure(&candle["v"]), 1e-7);
    assert_eq!(candle["c"], inside.last().unwrap()["p"]);

    let ticker = of("24hrTicker").next_back().unwrap();
    let last = trades.iter().rev().find(|t| t["t"] == ticker["L"]).expect("the ticker's last trade was told");
    assert_eq!((&last["p"], &last["q"]), (&ticker["c"], &ticker["Q"]));
}

#[tokio::test(start_paused = true)]
async fn changes_of_the_book_lead_from_the_snapshot_to_the_book() {
    let world = World::start();
    let mut socket = world.binance(&["ethusdt@depth@100ms", "ethusdt@depth20@100ms", "ethusdt@bookTicker"]).await;
    let snapshot = get(&world.router, "/binance/api/v3/depth?symbol=ETHUSDT&limit=1000").await.json();
    let mut update = snapshot["lastUpdateId"].as_i64().unwrap();
    let mut bids: BTreeMap<String, String> = BTreeMap::new();
    let set = |bids: &mut BTreeMap<String, String>, rows: &Value| {
        for row in rows.as_array().unwrap() {
            let (price, size) = (format!("{:>20}", row[0].as_str().unwrap()), row[1].as_str().unwrap().to_owned());
            if figure(&row[1]) == 0.0 {
                bids.remove(&price)
            } else {
                bids.insert(price, size)
            };
        }
    };
    set(&mut bids, &snapshot["bids"]);
    let (mut steps, mut checks) = (0, 0);
    for frame in data(&socket.texts(10 * SECOND).await, |_| true) {
        let d = &frame["data"];
        if d["e"] == "depthUpdate" && d["u"].as_i64().unwrap() > update {
            assert_eq!(d["U"].as_i64().unwrap(), update + 1);
            update = d["u"].as_i64().unwrap();
            set(&mut bids, &d["b"]);
            steps += 1;
        } else if d["lastUpdateId"] == update {
            let best: Vec<(&String, &String)> = bids.iter().rev().take(20).collect();
            let told: Vec<(String, String)> = d["bids"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| (format!("{:>20}", row[0].as_str().unwrap()), row[1].as_str().unwrap().to_owned()))
                .collect();
            assert!(best.iter().zip(&told).all(|(a, b)| (a.0, a.1) == (&b.0, &b.1)), "{best:?} {told:?}");
            checks += 1;
        }
    }
    assert!(steps > 30 && checks > 30, "{steps} {checks}");
}

#[tokio::test(start_paused = true)]
async fn all_mini_tickers_are_those_that_changed() {
    let world = World::start();
    let mut socket = world.socket("/binance/ws/!miniTicker@arr").await;
    let frames = data(&socket.texts(10 * SECOND).await, Value::is_array);
    assert!(frames.len() >= 9);
    let rows = frames.iter().map(|f| f.as_array().unwrap().len());
    assert!(rows.clone().max() <= Some(listed(Exchange::Binance)) && rows.min() >= Some(1));
    assert_eq!(frames[0][0].as_object().unwrap().len(), 9);
}
