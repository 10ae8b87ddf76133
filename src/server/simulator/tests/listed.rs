//! What is listed beside the assets of the settings, and what no longer is.

use super::*;
use crate::server::simulator::testing::get;

/// The paths of each exchange's list, and how an asset is found in it.
const LISTS: [(&str, &str, &str); 3] = [
    ("binance", "/binance/api/v3/exchangeInfo", "USDT"),
    ("bybit", "/bybit/v5/market/instruments-info?category=spot", "USDT"),
    ("okx", "/okx/api/v5/public/instruments?instType=SPOT", "-USDT"),
];

async fn lists(world: &World, exchange: usize, base: &str) -> bool {
    let (_, path, quote) = LISTS[exchange];
    get(&world.router, path).await.json().to_string().contains(&format!("\"{base}{quote}\""))
}

async fn requests(world: &World, venue: &str) -> (u64, Vec<Value>) {
    let body = get(&world.router, &format!("/control/{venue}/requests")).await.json();
    (body["count"].as_u64().unwrap(), body["last"].as_array().unwrap().clone())
}

/// Market data of one asset, whichever exchange said it.
async fn data_of(socket: &mut Socket, base: &str) -> usize {
    let is_of = |value: &Value| {
        let text = value.to_string();
        text.contains(base) && (text.contains("lastPrice") || text.contains("\"last\"") || text.contains("24hrTicker"))
    };
    data(&socket.texts(5 * SECOND).await, is_of).len()
}

#[tokio::test(start_paused = true)]
async fn not_everything_is_listed_everywhere() {
    let world = World::start();
    for (base, at) in ALSO_LISTED {
        for (n, exchange) in Exchange::ALL.into_iter().enumerate() {
            assert_eq!(lists(&world, n, base).await, at.contains(&exchange), "{base} at {exchange}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_listed_besides_is_played_when_it_is_asked_for() {
    let world = World::start();
    let mut sockets = [
        world.binance(&["aaveusdt@ticker"]).await,
        world.bybit(&["tickers.AAVEUSDT"]).await,
        world.okx("public", "tickers", &["AAVE-USDT"]).await,
    ];
    for socket in &mut sockets {
        assert!(data_of(socket, "AAVE").await >= 3);
    }
    let mut elsewhere = world.okx("public", "tickers", &["KAS-USDT"]).await;
    let said = elsewhere.texts(2 * SECOND).await;
    assert!(said.iter().any(|text| text.contains("60018")), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_delisted_asset_is_in_no_list_has_no_data_and_is_unknown_to_new_subscribers() {
    let world = World::start();
    let mut before = [
        world.binance(&["aaveusdt@ticker", "btcusdt@ticker"]).await,
        world.bybit(&["tickers.AAVEUSDT", "tickers.BTCUSDT"]).await,
        world.okx("public", "tickers", &["AAVE-USDT", "BTC-USDT"]).await,
    ];
    assert_eq!(world.control("okx", &json!({ "fault": "delist" })).await.status, 400, "which one?");
    for (n, (venue, ..)) in LISTS.into_iter().enumerate() {
        world.fault(venue, &json!({ "fault": "delist", "symbol": "AAVE" })).await;
        before[n].texts(SECOND).await;
        assert_eq!(data_of(&mut before[n], "AAVE").await, 0, "{venue}");
        assert!(data_of(&mut before[n], "BTC").await > 0, "{venue}");
        assert!(!lists(&world, n, "AAVE").await && lists(&world, n, "BTC").await, "{venue}");
    }
    let ticker = get(&world.router, "/binance/api/v3/ticker/24hr?symbol=AAVEUSDT").await.json();
    assert_eq!(ticker["code"], -1121);
    let mut bybit = world.bybit(&["tickers.AAVEUSDT", "tickers.ETHUSDT"]).await;
    assert!(bybit.texts(SECOND).await[0].contains("Invalid symbol :[tickers.AAVEUSDT]"), "all or nothing");
    let mut okx = world.okx("public", "tickers", &["AAVE-USDT", "ETH-USDT"]).await;
    let said = okx.texts(2 * SECOND).await;
    assert!(said.iter().any(|text| text.contains("60018") && text.contains("AAVE-USDT")), "{said:?}");
    assert!(said.iter().any(|text| text.contains("\"ETH-USDT\"") && text.contains("\"last\"")), "the other is served");
    let mut binance = world.binance(&[]).await;
    binance.send(r#"{"method":"SUBSCRIBE","params":["aaveusdt@ticker"],"id":1}"#).await;
    assert_eq!(binance.texts(5 * SECOND).await, [r#"{"id":1,"result":null}"#], "acknowledged and silent");
    for (venue, ..) in LISTS {
        assert_eq!(world.control(&format!("{venue}/clear"), &json!({})).await.status, 200);
    }
    assert!(data_of(&mut before[0], "AAVE").await > 0);
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_and_the_newest_kept() {
    let world = World::start();
    let mut bybit = world.bybit(&["tickers.BTCUSDT"]).await;
    bybit.send(r#"{"op":"ping"}"#).await;
    bybit.texts(SECOND).await;
    let (count, last) = requests(&world, "bybit").await;
    assert_eq!(count, 1, "pings aside");
    assert!(last[0].as_str().unwrap().contains("tickers.BTCUSDT"));
    for n in 0..150 {
        bybit.send(&json!({ "op": "subscribe", "args": [format!("tickers.N{n}USDT")] }).to_string()).await;
    }
    bybit.texts(SECOND).await;
    let (count, last) = requests(&world, "bybit").await;
    assert_eq!((count, last.len()), (151, 100));
    assert!(last[99].as_str().unwrap().contains("N149"));
    assert_eq!(requests(&world, "okx").await, (0, vec![]));
    assert_eq!(get(&world.router, "/control/nasdaq/requests").await.status, 404);
}
