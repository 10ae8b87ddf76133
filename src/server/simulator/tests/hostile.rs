use proptest::prelude::*;

use super::*;
use crate::server::{
    clock::Stamp,
    simulator::{
        binance, bybit, okx,
        socket::{Control, Frame, Outbox, Protocol},
        testing::get,
    },
};

fn simulator() -> Simulator {
    let clock = Clock::following(UnixMs(NOON));
    Simulator::new(SimulatorSettings { seed: 1, symbols: default_symbols(), clock, news: NewsMode::Quiet })
}

/// Something like JSON.
fn value() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "",
        "subscribe",
        "SUBSCRIBE",
        "op",
        "btcusdt@ticker",
        "btcusdt@kline_1m",
        "tickers.BTCUSDT",
        "tickers.",
        "candle1m",
        "kline.1.BTCUSDT",
        "orderbook.50.BTCUSDT",
        "BTC-USDT",
        "tickers",
        "books",
        "\u{0}",
        "ß",
        "@",
        ".",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let name =
            prop::sample::select(vec!["op", "args", "method", "params", "id", "req_id", "channel", "instId", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Value>()),
        ]
    })
}

fn withstands(mut protocol: impl Protocol, texts: &[String], now: Stamp) {
    let mut out = Outbox::default();
    for (i, text) in texts.iter().enumerate() {
        protocol.on_text(text, now, &mut out);
        protocol.on_control(&Control::Binary(text.clone().into_bytes().into()), now, &mut out);
        protocol.on_tick(NOON + 250 * (1 + i64::try_from(i).expect("few")), now, &mut out);
        for frame in out.take() {
            if let Frame::Answer(text) | Frame::Data { text, .. } = frame
                && text != "pong"
            {
                serde_json::from_str::<Value>(&text).expect("every frame is JSON");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn nothing_that_a_client_says_breaks_a_session(
        values in prop::collection::vec(prop_oneof![value().prop_map(|v| v.to_string()), ".{0,60}"], 1..8),
    ) {
        let simulator = simulator();
        let now = simulator.stamp();
        withstands(binance::test_session(&simulator), &values, now);
        withstands(bybit::test_session(&simulator), &values, now);
        withstands(okx::test_session(&simulator, false), &values, now);
        withstands(okx::test_session(&simulator, true), &values, now);
    }
}

#[tokio::test(start_paused = true)]
async fn any_query_is_answered() {
    let router = simulator().router();
    let figures =
        ["0", "-1", "1", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "NaN", "", "1e5"];
    for figure in figures {
        for path in [
            format!("/binance/api/v3/klines?symbol=BTCUSDT&interval=1M&startTime={figure}&limit=3"),
            format!("/binance/api/v3/klines?symbol=BTCUSDT&interval=1w&endTime={figure}&limit=3"),
            format!("/binance/api/v3/klines?symbol=BTCUSDT&interval=1m&limit={figure}"),
            format!("/binance/api/v3/aggTrades?symbol=BTCUSDT&fromId={figure}"),
            format!("/binance/api/v3/aggTrades?symbol=BTCUSDT&startTime={figure}&endTime={figure}"),
            format!("/binance/api/v3/depth?symbol=BTCUSDT&limit={figure}"),
            format!("/bybit/v5/market/kline?category=spot&symbol=BTCUSDT&interval=M&start={figure}&limit=3"),
            format!("/bybit/v5/market/kline?category=spot&symbol=BTCUSDT&interval=1&end={figure}&limit={figure}"),
            format!("/bybit/v5/market/orderbook?category=spot&symbol=BTCUSDT&limit={figure}"),
            format!("/okx/api/v5/market/candles?instId=BTC-USDT&bar=1M&after={figure}&limit=3"),
            format!("/okx/api/v5/market/history-candles?instId=BTC-USDT&before={figure}&limit={figure}"),
            format!("/okx/api/v5/market/history-trades?instId=BTC-USDT&after={figure}&limit=3"),
        ] {
            let answer = get(&router, &path).await;
            assert!(matches!(answer.status.as_u16(), 200 | 400 | 429), "{path}: {}", answer.status);
            answer.json();
        }
        tokio::time::sleep(61 * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn any_symbol_can_be_listed() {
    let symbols = ["NEWCOIN", "1000SATS", "PEPE", "SHIB", "USDC", "X"].map(|s| s.parse().expect("a symbol")).to_vec();
    let clock = Clock::following(UnixMs(NOON));
    let router = Simulator::new(SimulatorSettings { seed: 9, symbols, clock, news: NewsMode::Quiet }).router();
    for row in get(&router, "/binance/api/v3/ticker/24hr").await.json().as_array().unwrap() {
        let f = |name: &str| figure(&row[name]);
        assert!(f("lastPrice") > 0.0 && f("volume") > 0.0 && f("bidPrice") > 0.0, "{row}");
        assert!((f("lowPrice")..=f("highPrice")).contains(&f("lastPrice")), "{row}");
        assert_close(f("priceChange") / f("openPrice") * 100.0, f("priceChangePercent"), 0.000_500_1);
    }
    let rows = get(&router, "/bybit/v5/market/tickers?category=spot").await.json();
    let rows = rows["result"]["list"].as_array().unwrap();
    let times = |pair: &str| rows.iter().filter(|row| row["symbol"] == pair).count();
    assert_eq!(
        (times("NEWCOINUSDT"), times("XUSDT"), times("PEPEUSDT")),
        (1, 1, 1),
        "what is listed anyway is listed once"
    );
    let rows = get(&router, "/okx/api/v5/market/tickers?instType=SPOT").await.json();
    assert!(rows["data"].as_array().unwrap().iter().all(|row| figure(&row["askPx"]) > figure(&row["bidPx"])));
}
