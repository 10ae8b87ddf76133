use super::{
    super::bybit::Bybit,
    Read::{Candles, Heard, Listing, Ping, Subscribe, Tickers},
    Row, check, heard, subscribed, symbols,
};
use crate::{model::candle::Interval, server::venues::connector::Connector as _};

const ATOM: &str =
    "ATOM 4.166 open 4.315 high 4.5379 low 4.028 volume 836887.238 turnover 3512005.8668082 at 1749185744750";
const BTC: &str = "BTC 21109.77 open 20704.93 high 21426.99 low 20575 volume 6780.866843 turnover 141946527.22907117 \
                   at 1673853746003";
const BTC_LINEAR: &str = "BTC 17216 open 16926.5 high 17281.5 low 16915 volume 91705.276 turnover 1570383121.943499 \
                          at 1673272861686";
const BTC_REST: &str = "BTC 20533.13 open 20393.48 high 21128.12 low 20318.89 volume 11801.27771 \
                        turnover 243765620.65899867 at 1673859087947";
const WITHOUT_NOPE: &str = r#"send {"req_id":"2","op":"subscribe","args":["tickers.BTCUSDT","tickers.ETHUSDT","tickers.BNBUSDT","tickers.DOGEUSDT","tickers.ATOMUSDT","tickers.NKNUSDT","tickers.NMRUSDT"]}"#;
const ALL: &str = "subscribed [BTC, ETH, BNB, DOGE, ATOM, NKN, NMR, NOPE]";
/// The samples answer the requests of others; ours is the first.
const OUR_REQUEST: &[(&str, &str)] = &[("\"10001\"", "\"1\"")];

const TABLE: &[Row] = &[
    ("ws_ticker_spot_snapshot_2025.json", Heard, &[], &[ATOM]),
    ("ws_ticker_spot_snapshot_doc.json", Heard, &[], &[BTC]),
    ("ws_ticker_linear_snapshot.json", Heard, &[], &[BTC_LINEAR]),
    ("ws_public_trade_spot.json", Heard, &[], &["ignored"]),
    ("ws_public_trade_doc.json", Heard, &[], &["ignored"]),
    ("ws_orderbook1_spot_snapshot.json", Heard, &[], &["ignored"]),
    ("ws_subscribe_request.json", Subscribe, &[], &["same"]),
    ("ws_subscribe_request_ccxt.json", Heard, &[], &["ignored"]),
    // Without the number: the answer to the oldest request.
    ("ws_subscribe_ack_spot.json", Heard, &[], &[ALL]),
    ("ws_subscribe_ack_spot_with_req_id.json", Heard, OUR_REQUEST, &[ALL]),
    ("ws_subscribe_ack_linear.json", Heard, &[], &[ALL]),
    (
        "ws_error_args_size.json",
        Heard,
        &[],
        &[
            r#"send {"req_id":"2","op":"subscribe","args":["tickers.BTCUSDT","tickers.ETHUSDT","tickers.BNBUSDT","tickers.DOGEUSDT"]}"#,
            r#"send {"req_id":"3","op":"subscribe","args":["tickers.ATOMUSDT","tickers.NKNUSDT","tickers.NMRUSDT","tickers.NOPEUSDT"]}"#,
        ],
    ),
    (
        "ws_error_invalid_symbol_spot.json",
        Heard,
        &[],
        &["refused [NOPE]: Invalid symbol :[tickers.NOPEUSDT]", WITHOUT_NOPE],
    ),
    (
        "ws_error_handler_not_found_linear.json",
        Heard,
        &[("e1", "1"), ("orderbook.50.", "tickers.")],
        &["refused [NOPE]: error:handler not found,topic:tickers.NOPEUSDT", WITHOUT_NOPE],
    ),
    (
        "ws_error_already_subscribed.json",
        Heard,
        &[("e6", "1"), ("orderbook.1.ETH", "tickers.NOPE")],
        &["subscribed [NOPE]", WITHOUT_NOPE],
    ),
    ("ws_error_invalid_op.json", Heard, &[], &["notice error:invalid op"]),
    ("ws_ping_request.json", Ping, &[], &["same"]),
    ("ws_pong_spot.json", Heard, &[], &["pong"]),
    ("ws_pong_with_req_id.json", Heard, &[], &["pong"]),
    ("ws_pong_private.json", Heard, &[], &["pong"]),
    ("rest_tickers_spot.json", Tickers(200), &[], &[BTC_REST]),
    (
        "rest_kline.json",
        Candles(200),
        &[],
        &["1670605200000 17071.5 17071.5 17061 17071 4177", "1670608800000 17071 17073 17027 17055.5 268611"],
    ),
    ("rest_instruments_info_spot.json", Listing(200), &[], &["BTC"]),
    ("rest_error_rate_limit.json", Listing(200), &[], &["too many requests, to be repeated after 5 s"]),
    ("rest_time.json", Candles(200), &[], &["the answer can't be read"]),
    ("rest_error_invalid_symbol.json", Candles(200), &[], &["unknown symbol"]),
    ("rest_error_rate_limit.json", Tickers(200), &[], &["too many requests, to be repeated after 5 s"]),
];

#[test]
fn every_sample_says_what_the_table_says() {
    check(&Bybit, TABLE);
}

#[test]
fn requests_are_what_the_venue_documents() {
    let many: Vec<String> = (0..23).map(|n| format!("C{n}")).collect();
    let many = symbols(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let sizes: Vec<usize> =
        Bybit.session().subscribe(&many).iter().map(|frame| frame.matches("tickers.").count()).collect();
    assert_eq!(sizes, [10, 10, 3], "spot takes ten topics in a request");
    let btc = symbols(&["BTC"])[0];
    let mut session = Bybit.session();
    assert_eq!(session.unsubscribe(&[btc]), [r#"{"req_id":"1","op":"unsubscribe","args":["tickers.BTCUSDT"]}"#]);
    assert_eq!(session.ping().as_deref(), Some(r#"{"req_id":"2","op":"ping"}"#));
    assert_eq!(Bybit.tickers_request(&[btc]).path_and_query, "/v5/market/tickers?category=spot");
    for (interval, word) in Interval::ALL.into_iter().zip(["1", "5", "15", "60", "240", "D"]) {
        let query = format!("/v5/market/kline?category=spot&symbol=BTCUSDT&interval={word}&limit=300");
        assert_eq!(Bybit.candles_request(btc, interval, 300).path_and_query, query);
    }
}

#[test]
fn a_delta_changes_only_what_it_names() {
    let mut session = subscribed(&Bybit);
    let before = r#"{"topic":"tickers.BTCUSDT","ts":5,"type":"delta","data":{"symbol":"BTCUSDT","volume24h":"7"}}"#;
    assert_eq!(heard(&mut *session, before), ["bad quote BTC"], "nothing is known to change");
    heard(&mut *session, &super::sample(&Bybit, "ws_ticker_spot_snapshot_doc.json"));
    let delta = r#"{"topic":"tickers.BTCUSDT","ts":1673853746103,"type":"delta","data":{"highPrice24h":"21427"}}"#;
    let expected = BTC.replace("21426.99", "21427").replace("746003", "746103");
    assert_eq!(heard(&mut *session, delta), std::slice::from_ref(&expected));
    let bad =
        r#"{"topic":"tickers.BTCUSDT","ts":1673853746203,"type":"delta","data":{"lastPrice":"-1","volume24h":"1"}}"#;
    assert_eq!(heard(&mut *session, bad), ["bad quote BTC"]);
    let still = r#"{"topic":"tickers.BTCUSDT","ts":1673853746103,"type":"delta","data":{}}"#;
    let partial = r#"{"topic":"tickers.BTCUSDT","ts":1673853746103,"type":"snapshot","data":{"volume24h":"1"}}"#;
    assert_eq!(heard(&mut *session, partial), ["bad quote BTC"], "a snapshot stands for itself");
    assert_eq!(heard(&mut *session, still), [expected], "a bad frame leaves no trace");
}

#[test]
fn a_request_that_is_refused_without_a_name_is_halved_until_the_culprit_is_alone() {
    let mut session = Bybit.session();
    let mut waiting = session.subscribe(&symbols(&["BTC", "ETH", "NOPE"]));
    let (mut refused, mut requests) = (Vec::new(), 0);
    while let Some(frame) = waiting.pop() {
        requests += 1;
        let id: serde_json::Value = serde_json::from_str(&frame).unwrap();
        let ok = !frame.contains("NOPE");
        let words = if ok { "subscribe" } else { "no" };
        let answer = format!(r#"{{"success":{ok},"ret_msg":"{words}","req_id":{},"op":"subscribe"}}"#, id["req_id"]);
        for said in heard(&mut *session, &answer) {
            if let Some(frame) = said.strip_prefix("send ") {
                waiting.push(frame.to_owned());
            } else if said.starts_with("refused") {
                refused.push(said);
            }
        }
    }
    assert_eq!(refused, ["refused [NOPE]: no"]);
    assert_eq!(requests, 5);
}

#[test]
fn errors_on_status_200_and_pages_of_the_firewall_are_named() {
    for (status, body, expected) in [
        (
            403,
            "<html>The Amazon CloudFront distribution is configured to block access</html>",
            "region refused (HTTP 403)",
        ),
        (403, "access too frequent", "too many requests, to be repeated after 600 s"),
        (200, r#"{"retCode":10009,"retMsg":"IP banned"}"#, "region refused (HTTP 200)"),
        (200, r#"{"retCode":10016,"retMsg":"Server error"}"#, "the venue can't answer (HTTP 200)"),
        (200, r#"{"retCode":10001,"retMsg":"Params error"}"#, "request refused (HTTP 200)"),
        (200, r#"{"retCode":0,"result":[]}"#, "the answer can't be read"),
        (200, "[]", "the answer can't be read"),
    ] {
        assert_eq!(super::tickers(&Bybit, status, body), [expected], "{body}");
    }
}
