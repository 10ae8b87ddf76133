use super::{
    super::okx::Okx,
    Read::{Candles, Heard, Listing, Subscribe, Tickers},
    Row, check, heard, subscribed, symbols,
};
use crate::{
    model::candle::Interval,
    server::venues::connector::{Connector as _, SessionEvent},
};

const BTC: &str = "BTC 115450 open 113625.5 high 116400 low 112900 volume 7715.62528481 turnover 887468830.390342 \
                   at 1761583471970";
const BTC_REST: &str = "BTC 83766.8 open 84180.1 high 85258.8 low 83174.7 volume 5449.95415651 \
                        turnover 458903124.05636084 at 1790358564077";

const TABLE: &[Row] = &[
    ("ws_tickers_spot_2025.json", Heard, &[], &[BTC]),
    ("ws_trades_spot.json", Heard, &[], &["ignored"]),
    ("ws_candle1m_business.json", Heard, &[], &["ignored"]),
    ("ws_subscribe_request.json", Subscribe, &[], &["same"]),
    ("ws_subscribe_request_ccxt.json", Heard, &[], &["ignored"]),
    ("ws_subscribe_ack.json", Heard, &[], &["subscribed [BTC]"]),
    ("ws_subscribe_ack_with_id.json", Heard, &[], &["subscribed [BTC]"]),
    ("ws_unsubscribe_ack.json", Heard, &[], &["ignored"]),
    (
        "ws_error_60018_unknown_instrument.json",
        Heard,
        &[],
        &["refused [NMR]: Wrong URL or channel:tickers,instId:NMR-USDT doesn't exist. Please use the correct URL, \
           channel and parameters referring to API document."],
    ),
    (
        "ws_error_60018_wrong_path.json",
        Heard,
        &[("channel:candle1m", "channel:tickers")],
        &["refused [BTC]: Subscribe failed, wrong URL or channel:tickers,instId:BTC-USDT doesn't exist. Please use \
           the correct URL, channel and parameters referring to API document."],
    ),
    (
        "ws_error_60012_doc.json",
        Heard,
        &[],
        &[
            r#"notice Invalid request: {"op": "subscribe", "argss":[{ "channel" : "tickers", "instId" : "LTC-USD-200327"}]}"#,
        ],
    ),
    ("ws_error_60014.json", Heard, &[], &["throttled"]),
    ("ws_notice_64008.json", Heard, &[], &["going away"]),
    // A description of text frames, tried below.
    ("ws_ping_pong.json", Heard, &[], &["ignored"]),
    ("rest_ticker_doc.json", Tickers(200), &[], &[]),
    ("rest_tickers_spot_shape.json", Tickers(200), &[], &[BTC_REST]),
    (
        "rest_candles_doc.json",
        Candles(200),
        // Both rows of the sample have one time; the first one is the newer.
        &[("\"1597026383085\",\n   \"3.721\"", "\"1597026443085\",\n   \"3.721\"")],
        &["1597026383085 3.731 3.799 3.494 3.72 24912403", "1597026443085 3.721 3.743 3.677 3.708 8422410"],
    ),
    ("rest_instruments_spot.json", Listing(200), &[], &["the answer can't be read"]),
    (
        "rest_instruments_spot.json",
        Listing(200),
        &[("\"quoteCcy\": \"USD\"", "\"quoteCcy\": \"USDT\"")],
        &["BTC", "ETH"],
    ),
    ("rest_time.json", Candles(200), &[], &["the answer can't be read"]),
    ("rest_error_50011.json", Tickers(429), &[], &["too many requests, to be repeated after 2 s"]),
    ("rest_error_51001.json", Candles(200), &[], &["unknown symbol"]),
];

#[test]
fn every_sample_says_what_the_table_says() {
    check(&Okx, TABLE);
}

#[test]
fn ping_and_pong_are_bare_words() {
    let sample: serde_json::Value = serde_json::from_str(&super::sample(&Okx, "ws_ping_pong.json")).unwrap();
    let mut session = Okx.session();
    assert_eq!(session.ping().as_deref(), sample["client_text"].as_str());
    assert_eq!(heard(&mut *session, sample["server_text"].as_str().unwrap()), ["pong"]);
}

#[test]
fn requests_are_what_the_venue_documents() {
    let btc = symbols(&["BTC"])[0];
    let unsubscribe = r#"{"id":"1","op":"unsubscribe","args":[{"channel":"tickers","instId":"BTC-USDT"}]}"#;
    assert_eq!(Okx.session().unsubscribe(&[btc]), [unsubscribe]);
    assert_eq!(Okx.tickers_request(&[btc]).path_and_query, "/api/v5/market/tickers?instType=SPOT");
    for (interval, bar) in Interval::ALL.into_iter().zip(["1m", "5m", "15m", "1H", "4H", "1Dutc"]) {
        let query = format!("/api/v5/market/candles?instId=BTC-USDT&bar={bar}&limit=300");
        assert_eq!(Okx.candles_request(btc, interval, 9999).path_and_query, query);
    }
}

#[test]
fn a_request_that_is_refused_as_a_whole_is_halved() {
    let mut session = Okx.session();
    session.subscribe(&symbols(&["BTC", "ETH"]));
    let whole = r#"{"id":"1","event":"error","code":"60012","msg":"Illegal request"}"#;
    let said = heard(&mut *session, whole);
    assert!(said.len() == 2 && said.iter().all(|frame| frame.starts_with("send ")), "{said:?}");
    let mut out = Vec::new();
    session.decode(&whole.replace("\"1\"", "\"3\""), &mut out).unwrap();
    let reason = "Illegal request".to_owned();
    assert_eq!(out, [SessionEvent::Refused { symbols: symbols(&["ETH"]), reason }]);
}

#[test]
fn what_was_acknowledged_is_not_refused_with_the_rest() {
    let mut session = Okx.session();
    session.subscribe(&symbols(&["BTC", "ETH"]));
    heard(&mut *session, r#"{"event":"subscribe","arg":{"channel":"tickers","instId":"BTC-USDT"},"connId":"x"}"#);
    let rest = r#"{"id":"1","event":"error","code":"60012","msg":"no"}"#;
    assert_eq!(heard(&mut *session, rest), ["refused [ETH]: no"]);
}

#[test]
fn a_ticker_without_rows_is_a_bad_quote_and_several_rows_are_several_quotes() {
    let mut session = subscribed(&Okx);
    for data in ["[]", "{}", "\"x\"", "[[1]]", "[null]"] {
        let frame = format!(r#"{{"arg":{{"channel":"tickers","instId":"BTC-USDT"}},"data":{data}}}"#);
        assert_eq!(heard(&mut *session, &frame), ["bad quote BTC"], "{data}");
    }
    let row = |ts| format!(r#"{{"instId":"BTC-USDT","last":"1","vol24h":"2","open24h":"","ts":"{ts}"}}"#);
    let frame = format!(r#"{{"arg":{{"channel":"tickers","instId":"BTC-USDT"}},"data":[{},{}]}}"#, row(7), row(8));
    assert_eq!(heard(&mut *session, &frame), ["BTC 1 volume 2 at 7", "BTC 1 volume 2 at 8"]);
}

#[test]
fn errors_on_any_status_are_named() {
    for (status, body, expected) in [
        (200, r#"{"code":"50011","msg":"Rate limit reached."}"#, "too many requests, to be repeated after 2 s"),
        (503, r#"{"code":"50001","msg":"Service temporarily unavailable"}"#, "the venue can't answer (HTTP 503)"),
        (400, r#"{"code":"51000","msg":"Parameter error"}"#, "request refused (HTTP 400)"),
        (200, r#"{"code":"51000","msg":"Parameter error"}"#, "request refused (HTTP 200)"),
        (403, "<html>", "region refused (HTTP 403)"),
        (200, r#"{"code":"0","msg":""}"#, "the answer can't be read"),
    ] {
        assert_eq!(super::tickers(&Okx, status, body), [expected], "{body}");
    }
}
