use tokio::time::{Instant, sleep};

use super::*;
use crate::server::simulator::testing::{Ended, get};

const VENUES: [&str; 3] = ["binance", "bybit", "okx"];

/// A socket that gets tickers of BTC and ETH.
async fn tickers(world: &World, venue: &str) -> Socket {
    match venue {
        "binance" => world.binance(&["btcusdt@ticker", "ethusdt@ticker"]).await,
        "bybit" => world.bybit(&["tickers.BTCUSDT", "tickers.ETHUSDT"]).await,
        _ => world.okx("public", "tickers", &["BTC-USDT", "ETH-USDT"]).await,
    }
}

fn row(frame: &Value) -> Option<&Value> {
    match &frame["data"] {
        Value::Array(rows) => rows.first(),
        Value::Object(_) => Some(&frame["data"]),
        _ => None,
    }
}

/// Symbol and last price of a ticker.
fn price(frame: &Value) -> Option<(String, f64)> {
    let row = row(frame)?;
    let symbol = row.get("s").or_else(|| row.get("symbol")).or_else(|| row.get("instId"))?.as_str()?.replace('-', "");
    let price = row.get("c").or_else(|| row.get("lastPrice")).or_else(|| row.get("last"))?;
    Some((symbol, figure(price)))
}

async fn prices(socket: &mut Socket, time: Duration) -> Vec<(String, f64)> {
    data(&socket.texts(time).await, |_| true).iter().filter_map(price).collect()
}

fn rest(venue: &str) -> &'static str {
    match venue {
        "binance" => "/binance/api/v3/ticker/24hr?symbol=BTCUSDT",
        "bybit" => "/bybit/v5/market/tickers?category=spot&symbol=BTCUSDT",
        _ => "/okx/api/v5/market/ticker?instId=BTC-USDT",
    }
}

fn path(venue: &str) -> &'static str {
    match venue {
        "binance" => "/binance/stream",
        "bybit" => "/bybit/v5/public/spot",
        _ => "/okx/ws/v5/public",
    }
}

#[tokio::test(start_paused = true)]
async fn disconnect_cuts_open_sockets_once() {
    let world = World::start();
    for venue in VENUES {
        let mut socket = tickers(&world, venue).await;
        let mut other = tickers(&world, VENUES[(VENUES.iter().position(|v| *v == venue).unwrap() + 1) % 3]).await;
        world.fault(venue, &json!({ "fault": "disconnect" })).await;
        assert_eq!(socket.ended(SECOND).await, Some(Ended::Cut), "{venue}");
        assert_eq!(other.ended(3 * SECOND).await, None, "the others live on");
        assert!(!prices(&mut tickers(&world, venue).await, 3 * SECOND).await.is_empty(), "{venue} is back at once");

        world.fault(venue, &json!({ "fault": "disconnect", "seconds": 5 })).await;
        assert_eq!(world.net.websocket(path(venue)).await.err().map(|e| e.0.as_u16()), Some(503), "{venue}");
        sleep(5 * SECOND).await;
        world.socket(path(venue)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn refuse_keeps_new_ones_out_and_open_ones_in() {
    let world = World::start();
    for venue in VENUES {
        let mut socket = tickers(&world, venue).await;
        world.fault(venue, &json!({ "fault": "refuse" })).await;
        assert_eq!(world.net.websocket(path(venue)).await.err().map(|e| e.0.as_u16()), Some(503), "{venue}");
        assert_eq!(get(&world.router, rest(venue)).await.status, 503, "{venue}");
        // A connection has no symbol: the fault is the same with one.
        world.fault(&format!("{venue}/clear"), &json!({})).await;
        world.fault(venue, &json!({ "fault": "refuse", "symbol": "BTC" })).await;
        assert_eq!(get(&world.router, rest(venue)).await.status, 503, "{venue}");
        assert!(!prices(&mut socket, 3 * SECOND).await.is_empty(), "{venue}");
        world.fault(&format!("{venue}/clear"), &json!({})).await;
        world.socket(path(venue)).await;
        assert_eq!(get(&world.router, rest(venue)).await.status, 200, "{venue}");
    }
}

#[tokio::test(start_paused = true)]
async fn stall_stops_data_but_no_answers() {
    let world = World::start();
    for venue in VENUES {
        let mut socket = tickers(&world, venue).await;
        assert!(!prices(&mut socket, 3 * SECOND).await.is_empty(), "{venue}");
        world.fault(venue, &json!({ "fault": "stall", "seconds": 20 })).await;
        assert_eq!(prices(&mut socket, 10 * SECOND).await, [], "{venue}");
        let (ask, answer) = match venue {
            "binance" => (r#"{"method":"LIST_SUBSCRIPTIONS","id":9}"#, "btcusdt@ticker"),
            "bybit" => (r#"{"op":"ping"}"#, "pong"),
            _ => ("ping", "pong"),
        };
        socket.send(ask).await;
        assert!(socket.text().await.contains(answer), "{venue}");
        // New sockets are acknowledged and get nothing.
        assert_eq!(prices(&mut tickers(&world, venue).await, 5 * SECOND).await, [], "{venue}");
        sleep(6 * SECOND).await;
        assert!(!prices(&mut socket, 3 * SECOND).await.is_empty(), "{venue} recovers by itself");
    }
}

#[tokio::test(start_paused = true)]
async fn stall_symbol_stops_one() {
    let world = World::start();
    for venue in VENUES {
        let mut socket = tickers(&world, venue).await;
        prices(&mut socket, 2 * SECOND).await;
        world.fault(venue, &json!({ "fault": "stall_symbol", "symbol": "eth-usdt" })).await;
        let seen = prices(&mut socket, 5 * SECOND).await;
        assert!(seen.iter().all(|(symbol, _)| symbol == "BTCUSDT") && seen.len() >= 4, "{venue}: {seen:?}");
        let missing = world.control(venue, &json!({ "fault": "stall_symbol" })).await;
        assert_eq!(missing.status, 400);
    }
}

/// Whether it is a ticker of a known symbol with a possible price.
fn is_sane(frame: &Value) -> bool {
    let possible = |v: &Value| v.as_str().is_some_and(|t| t.parse::<f64>().is_ok_and(|x| x.is_finite() && x > 1.0));
    let rows = row(frame).and_then(Value::as_object);
    rows.is_some_and(|row| row.values().any(possible)) && frame.to_string().contains("USDT")
}

#[tokio::test(start_paused = true)]
async fn garbage_replaces_data_and_leaves_answers_alone() {
    let world = World::start();
    for venue in VENUES {
        let mut socket = tickers(&world, venue).await;
        prices(&mut socket, 2 * SECOND).await;
        world.fault(venue, &json!({ "fault": "garbage" })).await;
        // What was sent before the fault.
        socket.texts(Duration::from_millis(10)).await;
        let mut kinds = std::collections::HashSet::new();
        let mut sane = 0;
        let end = Instant::now() + 4 * SECOND;
        while let Ok(Some(message)) = tokio::time::timeout_at(end, socket.message()).await {
            let bytes = message.into_data();
            sane += usize::from(serde_json::from_slice(&bytes).is_ok_and(|frame| is_sane(&frame)));
            kinds.insert(bytes);
        }
        assert_eq!(sane, 0, "{venue}");
        assert!(kinds.len() >= 7, "{venue}: {} kinds", kinds.len());
    }
}

#[tokio::test(start_paused = true)]
async fn an_outlier_is_a_tenth_off_for_its_time_and_its_venue() {
    let world = World::start();
    let before: Vec<f64> = {
        let mut all = Vec::new();
        for venue in VENUES {
            all.push(btc(&world, venue).await);
        }
        all
    };
    world.fault("bybit", &json!({ "fault": "outlier", "symbol": "BTC", "seconds": 30 })).await;
    for (venue, (before, factor)) in VENUES.into_iter().zip(before.iter().zip([1.0, 1.1, 1.0])) {
        assert_close(btc(&world, venue).await / before, factor, 0.005);
    }
    let mut socket = tickers(&world, "bybit").await;
    let seen = prices(&mut socket, 3 * SECOND).await;
    let of = |symbol: &str| seen.iter().find(|(s, _)| s == symbol).unwrap().1;
    assert_close(of("BTCUSDT") / before[1], 1.1, 0.005);
    let eth = figure(&get(&world.router, "/okx/api/v5/market/ticker?instId=ETH-USDT").await.json()["data"][0]["last"]);
    assert_close(of("ETHUSDT") / eth, 1.0, 0.005);
    // Asked for again, it does not pile up.
    world.fault("bybit", &json!({ "fault": "outlier", "symbol": "BTC", "seconds": 30 })).await;
    assert_close(btc(&world, "bybit").await / before[1], 1.1, 0.005);
    sleep(31 * SECOND).await;
    assert_close(btc(&world, "bybit").await / before[1], 1.0, 0.01);
}

async fn btc(world: &World, venue: &str) -> f64 {
    let body = get(&world.router, rest(venue)).await.json();
    match venue {
        "binance" => figure(&body["lastPrice"]),
        "bybit" => figure(&body["result"]["list"][0]["lastPrice"]),
        _ => figure(&body["data"][0]["last"]),
    }
}

#[tokio::test(start_paused = true)]
async fn a_pinned_price_holds_until_it_is_cleared() {
    let world = World::start();
    for venue in VENUES {
        let before = btc(&world, venue).await;
        let pinned = world.control(&format!("{venue}/price"), &json!({ "symbol": "BTCUSDT", "price": 12_345.5 })).await;
        assert_eq!(pinned.json()["pins"], json!({ "BTC": 12_345.5 }));
        let mut socket = tickers(&world, venue).await;
        let seen = prices(&mut socket, 5 * SECOND).await;
        let btc_seen: Vec<f64> = seen.iter().filter(|(s, _)| s == "BTCUSDT").map(|(_, p)| *p).collect();
        assert!(!btc_seen.is_empty() && btc_seen.iter().all(|p| (p - 12_345.5).abs() < 1e-9), "{venue}: {btc_seen:?}");
        assert_close(btc(&world, venue).await, 12_345.5, 1e-9);
        // The identities hold over the jump too.
        let day = get(&world.router, rest("binance")).await.json();
        assert!(figure(&day["lowPrice"]) <= figure(&day["lastPrice"]));
        world.control(&format!("{venue}/price"), &json!({ "symbol": "BTC", "price": "20000" })).await;
        assert_close(btc(&world, venue).await, 20_000.0, 1e-9);
        world.fault(&format!("{venue}/clear"), &json!({})).await;
        assert_close(btc(&world, venue).await / before, 1.0, 0.01);
    }
}

#[tokio::test(start_paused = true)]
async fn delayed_frames_come_two_seconds_later_and_in_order() {
    let world = World::start();
    let mut socket = world.okx("public", "trades", &["BTC-USDT"]).await;
    world.fault("okx", &json!({ "fault": "delay" })).await;
    socket.texts(3 * SECOND).await;
    let mut ids = Vec::new();
    let end = Instant::now() + 20 * SECOND;
    while let Ok(text) = tokio::time::timeout_at(end, socket.text()).await {
        let frame: Value = serde_json::from_str(&text).unwrap();
        let trade = &frame["data"][0];
        let age = world.simulator.stamp().wall.0 - trade["ts"].as_str().unwrap().parse::<i64>().unwrap();
        assert!((2000..2600).contains(&age), "{age} ms old");
        ids.push(trade["tradeId"].as_str().unwrap().parse::<u64>().unwrap());
        if ids.len() == 10 {
            // The end of the delay lets nothing overtake.
            world.fault("okx/clear", &json!({})).await;
        }
        if ids.len() > 10 {
            break;
        }
    }
    ids.extend(
        data(&socket.texts(10 * SECOND).await, |_| true)
            .iter()
            .map(|f| f["data"][0]["tradeId"].as_str().unwrap().parse::<u64>().unwrap()),
    );
    assert!(ids.len() > 20 && ids.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn half_open_sockets_are_silent_and_not_closed() {
    let world = World::start();
    for venue in VENUES {
        let mut socket = tickers(&world, venue).await;
        prices(&mut socket, 2 * SECOND).await;
        world.fault(venue, &json!({ "fault": "half_open" })).await;
        socket.texts(SECOND).await;
        socket.send(if venue == "okx" { "ping" } else { r#"{"op":"ping","method":"LIST_SUBSCRIPTIONS"}"# }).await;
        assert_eq!(socket.ended(100 * SECOND).await, None, "{venue}: no word and no end");
        let mut fresh = world.net.websocket(path(venue)).await.expect("accepted");
        fresh.send(if venue == "okx" { "ping" } else { r#"{"op":"ping","method":"LIST_SUBSCRIPTIONS"}"# }).await;
        assert_eq!(fresh.texts(5 * SECOND).await, Vec::<String>::new(), "{venue}");
        world.fault(&format!("{venue}/clear"), &json!({})).await;
        assert_eq!(socket.ended(SECOND).await, Some(Ended::Cut), "{venue}");
        assert!(!prices(&mut tickers(&world, venue).await, 3 * SECOND).await.is_empty(), "{venue}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_is_announced_in_each_exchanges_words() {
    let world = World::start();
    let mut combined = tickers(&world, "binance").await;
    let mut raw = world.socket("/binance/ws").await;
    let start = Instant::now();
    world.fault("binance", &json!({ "fault": "shutdown_notice" })).await;
    let notice = data(&combined.texts(SECOND).await, |f| f["stream"] == "!serverShutdown");
    assert_eq!(notice[0]["data"]["e"], "serverShutdown");
    let notice = raw.json().await;
    assert!(notice["e"] == "serverShutdown" && notice["E"].is_i64());
    assert!(!prices(&mut combined, 2 * SECOND).await.is_empty(), "data goes on");
    assert!(matches!(combined.ended(20 * SECOND).await, Some(Ended::Closed { .. })));
    assert!(start.elapsed() >= 10 * SECOND);

    let mut socket = tickers(&world, "okx").await;
    let start = Instant::now();
    world.fault("okx", &json!({ "fault": "shutdown_notice" })).await;
    let notice = data(&socket.texts(SECOND).await, |f| f["event"] == "notice");
    assert_eq!(notice[0]["code"], "64008");
    assert!(
        notice[0]["msg"].as_str().unwrap().starts_with("The connection will soon be closed for a service upgrade.")
    );
    assert!(matches!(socket.ended(70 * SECOND).await, Some(Ended::Closed { .. })));
    assert!(start.elapsed() >= 60 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_blocked_region_is_told_so() {
    let world = World::start();
    for (venue, status) in [("binance", 451), ("bybit", 403), ("okx", 403)] {
        world.fault(venue, &json!({ "fault": "region_block" })).await;
        let answer = get(&world.router, rest(venue)).await;
        assert_eq!(answer.status.as_u16(), status, "{venue}");
        assert_eq!(world.net.websocket(path(venue)).await.err().map(|e| e.0.as_u16()), Some(status), "{venue}");
        if venue == "binance" {
            assert_eq!(answer.json()["code"], 0);
            assert!(
                answer.json()["msg"].as_str().unwrap().starts_with("Service unavailable from a restricted location")
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_told_so() {
    let world = World::start();
    let mut okx = world.socket("/okx/ws/v5/public").await;
    let mut binance = world.socket("/binance/ws").await;
    for venue in VENUES {
        world.fault(venue, &json!({ "fault": "rate_limit" })).await;
    }
    let answer = get(&world.router, rest("binance")).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_i64()), (429, Some(-1003)));
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    let answer = get(&world.router, rest("bybit")).await;
    assert_eq!((answer.status.as_u16(), answer.json()["retCode"].as_i64()), (200, Some(10006)));
    assert_eq!(answer.json()["retMsg"], "Too many visits!");
    let answer = get(&world.router, rest("okx")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (429, &json!("50011")));

    binance.send(r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#).await;
    let closed = Ended::Closed { code: 1008, reason: "Too many requests".to_owned() };
    assert_eq!(binance.ended(SECOND).await, Some(closed));
    okx.send(r#"{"op":"subscribe","args":[{"channel":"tickers","instId":"BTC-USDT"}]}"#).await;
    assert_eq!(okx.json().await["code"], "60014");
    assert_eq!(world.net.websocket(path("bybit")).await.err().map(|e| e.0.as_u16()), Some(403));
}

#[tokio::test(start_paused = true)]
async fn several_faults_hold_together_and_the_state_shows_them() {
    let world = World::start();
    world.fault("okx", &json!({ "fault": "delay", "seconds": 10 })).await;
    world.fault("okx", &json!({ "fault": "stall_symbol", "symbol": "ETH" })).await;
    let state = get(&world.router, "/control").await.json();
    let okx = &state["venues"]["okx"];
    assert_eq!(okx["faults"][0]["fault"], "delay");
    assert!(okx["faults"][0]["secondsLeft"].as_f64().unwrap() > 9.0);
    assert_eq!((&okx["faults"][1]["symbol"], &okx["faults"][1]["secondsLeft"]), (&json!("ETH"), &Value::Null));
    assert_eq!(state["venues"]["binance"]["faults"], json!([]));
    let mut socket = tickers(&world, "okx").await;
    assert_eq!(prices(&mut socket, Duration::from_millis(1900)).await, []);
    let seen = prices(&mut socket, 5 * SECOND).await;
    assert!(!seen.is_empty() && seen.iter().all(|(symbol, _)| symbol == "BTCUSDT"));
    assert_eq!(get(&world.router, "/control/okx").await.json()["sockets"], 1);
    sleep(10 * SECOND).await;
    assert_eq!(get(&world.router, "/control/okx").await.json()["faults"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_control_interface_does_not_know_it_says() {
    let world = World::start();
    for (path, body, status, word) in [
        ("kraken", json!({ "fault": "stall" }), 404, "kraken"),
        ("kraken/clear", json!({}), 404, "kraken"),
        ("binance", json!({ "fault": "earthquake" }), 400, "earthquake"),
        ("binance", json!({ "fault": "stall", "symbol": "NOPE" }), 400, "NOPE"),
        ("binance", json!({ "fault": "stall", "seconds": -1 }), 400, "seconds"),
        ("binance", json!({ "fault": "stall", "seconds": 1e300 }), 400, "seconds"),
        ("binance", json!({}), 400, "fault"),
        ("binance/price", json!({ "symbol": "BTC", "price": 0 }), 400, "price"),
        ("binance/price", json!({ "symbol": "BTC", "price": "NaN" }), 400, "price"),
        ("binance/price", json!({ "symbol": "NOPE", "price": 1 }), 400, "NOPE"),
    ] {
        let answer = world.control(path, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {body}");
        assert!(answer.json()["error"].as_str().unwrap().contains(word), "{path} {body}: {:?}", answer.body);
    }
    let known = world.control("binance", &json!({ "fault": "earthquake" })).await.json()["known"].clone();
    assert_eq!(known.as_array().unwrap().len(), 12);
}
