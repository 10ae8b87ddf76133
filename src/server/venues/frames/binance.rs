use super::{
    super::binance::Binance,
    Read::{Candles, Heard, Listing, Subscribe, Ticker, Tickers},
    Row, check, heard, subscribed, symbols,
};
use crate::{
    model::candle::Interval,
    server::venues::connector::{Connector as _, SessionEvent},
};

const RATE: &str = "too many requests, to be repeated after 60 s";
const DOGE: &str = "DOGE 0.0001436 open 0.00014069 high 0.0001455 low 0.00013851 volume 20014582 turnover 2839.62578157 at 1569805259092";
const BNB: &str = "BNB 0.0025 open 0.001 high 0.0025 low 0.001 volume 10000 turnover 18 at 1672515782136";
const BNB_REST: &str = "BNB 4.000002 open 99 high 100 low 0.1 volume 8913.3 turnover 15.3 at 1499869899040";

const TABLE: &[Row] = &[
    ("ws_ticker_combined.json", Heard, &[("DOGEBNB", "DOGEUSDT")], &[DOGE]),
    ("ws_mini_ticker.json", Heard, &[("BNBBTC", "BNBUSDT")], &[BNB]),
    ("ws_mini_ticker_arr.json", Heard, &[("BNBBTC", "BNBUSDT")], &["ignored"]),
    ("ws_rolling_ticker_1h.json", Heard, &[("BNBBTC", "BNBUSDT")], &["ignored"]),
    ("ws_book_ticker_combined.json", Heard, &[], &["ignored"]),
    ("ws_trade.json", Heard, &[("BNBBTC", "BNBUSDT")], &["ignored"]),
    ("ws_trade_combined_2019.json", Heard, &[("BNBBTC", "BNBUSDT")], &["ignored"]),
    ("ws_agg_trade_combined.json", Heard, &[], &["ignored"]),
    ("ws_kline_1m_combined.json", Heard, &[], &["ignored"]),
    ("ws_subscribe_request.json", Subscribe, &[], &["same"]),
    ("ws_subscribe_ack.json", Heard, &[], &["subscribed [BTC, ETH, BNB, DOGE, ATOM, NKN, NMR, NOPE]"]),
    ("ws_unsubscribe_request.json", Heard, &[], &["ignored"]),
    ("ws_list_subscriptions_request.json", Heard, &[], &["ignored"]),
    ("ws_list_subscriptions_reply.json", Heard, &[], &["ignored"]),
    ("ws_set_property_request.json", Heard, &[], &["ignored"]),
    (
        "ws_error_invalid_stream.json",
        Heard,
        &[],
        &[
            r#"send {"method":"SUBSCRIBE","params":["btcusdt@ticker","ethusdt@ticker","bnbusdt@ticker","dogeusdt@ticker"],"id":2}"#,
            r#"send {"method":"SUBSCRIBE","params":["atomusdt@ticker","nknusdt@ticker","nmrusdt@ticker","nopeusdt@ticker"],"id":3}"#,
        ],
    ),
    (
        "ws_error_unknown_method.json",
        Heard,
        &[],
        &["notice Invalid request: unknown variant `NOT_A_METHOD`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, \
           `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"],
    ),
    ("ws_error_too_many_subscriptions.json", Heard, &[], &["notice Too many subscriptions"]),
    ("ws_error_documented_shape.json", Heard, &[], &["notice Invalid JSON: expected value at line 1 column 1"]),
    ("ws_server_shutdown_raw.json", Heard, &[], &["going away"]),
    ("ws_server_shutdown_combined.json", Heard, &[], &["going away"]),
    // A description of protocol frames, which the socket answers.
    ("ws_ping_pong_frames.json", Heard, &[], &["ignored"]),
    ("rest_ticker_24hr_full.json", Ticker, &[("BNBBTC", "BNBUSDT")], &[BNB_REST]),
    ("rest_ticker_24hr_mini_array.json", Tickers(200), &[("BNBBTC", "BNBUSDT")], &[BNB_REST]),
    ("rest_klines.json", Candles(200), &[], &["1499040000000 0.0163479 0.8 0.015758 0.015771 148976.11427815"]),
    ("rest_error_418.json", Tickers(418), &[], &[RATE]),
    ("rest_error_429.json", Tickers(429), &[], &[RATE]),
    ("rest_error_451.json", Tickers(451), &[], &["region refused (HTTP 451)"]),
    ("rest_error_invalid_symbol.json", Candles(400), &[], &["unknown symbol"]),
    ("rest_exchange_info_doc.json", Listing(200), &[], &["the answer can't be read"]),
    ("rest_exchange_info_doc.json", Listing(200), &[("\"quoteAsset\": \"BTC\"", "\"quoteAsset\": \"USDT\"")], &["ETH"]),
    (
        "rest_exchange_info_doc.json",
        Listing(200),
        &[("\"quoteAsset\": \"BTC\"", "\"quoteAsset\": \"USDT\""), ("TRADING", "BREAK")],
        &["the answer can't be read"],
    ),
    ("rest_time.json", Candles(200), &[], &["the answer can't be read"]),
];

#[test]
fn every_sample_says_what_the_table_says() {
    check(&Binance, TABLE);
}

#[test]
fn an_untouched_sample_of_another_pair_is_ignored() {
    let text = super::sample(&Binance, "ws_ticker_combined.json");
    assert_eq!(heard(&mut *subscribed(&Binance), &text), ["ignored"]);
}

#[test]
fn requests_are_what_the_venue_documents() {
    let [btc, inch] = symbols(&["BTC", "1INCH"])[..] else { panic!("two") };
    let mut session = Binance.session();
    assert_eq!(
        session.subscribe(&[btc, inch]),
        [r#"{"method":"SUBSCRIBE","params":["btcusdt@ticker","1inchusdt@ticker"],"id":1}"#]
    );
    assert_eq!(session.unsubscribe(&[btc]), [r#"{"method":"UNSUBSCRIBE","params":["btcusdt@ticker"],"id":2}"#]);
    assert_eq!(session.ping(), None);
    assert_eq!(
        Binance.tickers_request(&[btc, inch]).path_and_query,
        "/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22,%221INCHUSDT%22%5D"
    );
    assert_eq!(Binance.tickers_request(&[btc; 101]).path_and_query, "/api/v3/ticker/24hr");
    assert_eq!(
        Binance.candles_request(btc, Interval::OneDay, 9999).path_and_query,
        "/api/v3/klines?symbol=BTCUSDT&interval=1d&limit=300"
    );
}

#[test]
fn an_error_answers_its_own_request_in_both_shapes() {
    for text in [r#"{"error":{"code":4,"msg":"Too many"},"id":2}"#, r#"{"code":4,"msg":"Too many","id":2}"#] {
        let mut session = Binance.session();
        session.subscribe(&symbols(&["BTC"]));
        session.subscribe(&symbols(&["ETH"]));
        let mut out = Vec::new();
        session.decode(text, &mut out).unwrap();
        assert_eq!(out, [SessionEvent::Refused { symbols: symbols(&["ETH"]), reason: "Too many".to_owned() }]);
        assert_eq!(heard(&mut *session, r#"{"result":null,"id":1}"#), ["subscribed [BTC]"]);
        assert_eq!(heard(&mut *session, r#"{"result":null,"id":1}"#), ["ignored"], "an answer is an answer once");
    }
}

#[test]
fn a_blocked_region_and_a_firewall_are_named() {
    for (status, expected) in [(403, "region refused (HTTP 403)"), (503, "the venue can't answer (HTTP 503)")] {
        assert_eq!(super::tickers(&Binance, status, "<html>"), [expected]);
    }
}
