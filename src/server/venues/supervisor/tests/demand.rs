//! Symbols that come and go while the connection stands.

use super::*;
use crate::server::venues::peer::symbols;

const BYBIT_OK: &str = r#"{"success":true,"ret_msg":"subscribe","req_id":"1","op":"subscribe"}"#;

/// A Binance venue that follows BTC and delivers it.
async fn binance() -> (Stage, Peer) {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(&binance_ticker("BTC")).await;
    assert!(stage.link(SECOND).await);
    (stage, peer)
}

/// What the client says within the next five seconds.
async fn heard(peer: &mut Peer) -> Vec<String> {
    peer.repeat(&binance_ticker("BTC"), SECOND, 5 * SECOND).await
}

#[tokio::test(start_paused = true)]
async fn what_is_in_demand_is_subscribed_in_one_request_and_left_in_one() {
    let (stage, mut peer) = binance().await;
    stage.demand(&["PEPE", "SHIB"]);
    let said = heard(&mut peer).await;
    assert_eq!(said, [r#"{"method":"SUBSCRIBE","params":["pepeusdt@ticker","shibusdt@ticker"],"id":2}"#]);
    stage.demand(&["SHIB", "WIF"]);
    let said = heard(&mut peer).await;
    assert_eq!(
        said,
        [
            r#"{"method":"UNSUBSCRIBE","params":["pepeusdt@ticker"],"id":3}"#,
            r#"{"method":"SUBSCRIBE","params":["wifusdt@ticker"],"id":4}"#
        ]
    );
    stage.demand(&["SHIB", "WIF", "BTC"]);
    assert_eq!(heard(&mut peer).await, [""; 0], "BTC is followed anyway");
    stage.demand(&[]);
    let said = heard(&mut peer).await;
    assert_eq!(said, [r#"{"method":"UNSUBSCRIBE","params":["shibusdt@ticker","wifusdt@ticker"],"id":5}"#]);
}

#[tokio::test(start_paused = true)]
async fn what_came_and_went_between_two_looks_is_never_said() {
    let (stage, mut peer) = binance().await;
    stage.demand(&["PEPE"]);
    stage.demand(&["SHIB", "WIF"]);
    stage.demand(&["WIF"]);
    let said = heard(&mut peer).await;
    assert_eq!(said, [r#"{"method":"SUBSCRIBE","params":["wifusdt@ticker"],"id":2}"#]);
}

#[tokio::test(start_paused = true)]
async fn late_frames_of_a_symbol_that_was_left_are_of_no_use() {
    let (mut stage, mut peer) = binance().await;
    stage.demand(&["PEPE"]);
    heard(&mut peer).await;
    sleep(SECOND).await;
    stage.so_far();
    peer.say(&binance_ticker("PEPE")).await;
    sleep(SECOND).await;
    assert_eq!(stage.so_far(), (vec![], 1));
    stage.demand(&[]);
    heard(&mut peer).await;
    sleep(SECOND).await;
    stage.so_far();
    peer.say(&binance_ticker("PEPE")).await;
    sleep(SECOND).await;
    assert_eq!(stage.so_far(), (vec![], 0));
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_subscribes_what_is_wanted_then() {
    let (mut stage, mut peer) = binance().await;
    stage.demand(&["PEPE", "SHIB"]);
    heard(&mut peer).await;
    drop(peer);
    stage.demand(&["SHIB", "WIF"]);
    let (_peer, said) = stage.peer(SOON).await;
    let expected = r#"{"method":"SUBSCRIBE","params":["btcusdt@ticker","shibusdt@ticker","wifusdt@ticker"],"id":1}"#;
    assert_eq!(said, expected);
}

#[tokio::test(start_paused = true)]
async fn a_change_over_takes_the_demand_along() {
    let (mut stage, mut old) = binance().await;
    stage.demand(&["PEPE"]);
    old.repeat(&binance_ticker("BTC"), SECOND, 12 * SECOND).await;
    old.say(r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#).await;
    let (mut new, said) = stage.peer(SECOND).await;
    assert!(said.contains("btcusdt@ticker") && said.contains("pepeusdt@ticker"), "{said}");
    // Until the new one delivers, both follow.
    stage.demand(&["PEPE", "SHIB"]);
    let (at_old, at_new) = tokio::join!(old.hear(), new.hear());
    assert!(at_old.unwrap().contains("shibusdt") && at_new.unwrap().contains("shibusdt"));
}

#[tokio::test(start_paused = true)]
async fn a_symbol_in_demand_that_stops_or_never_starts_is_named_and_asked_for_again() {
    let (stage, mut peer) = binance().await;
    stage.demand(&["PEPE"]);
    let said = peer.repeat(&binance_ticker("BTC"), SECOND, 20 * SECOND).await;
    assert_eq!(said.len(), 3, "subscribed, and once anew: {said:?}");
    assert_eq!(stage.status().silent, symbols(&["PEPE"]));
    peer.say(&binance_ticker("PEPE")).await;
    sleep(SECOND).await;
    assert_eq!(stage.status().silent, []);
    peer.repeat(&binance_ticker("BTC"), SECOND, 40 * SECOND).await;
    assert_eq!(stage.status().silent, symbols(&["PEPE"]), "it stopped");
    stage.demand(&[]);
    heard(&mut peer).await;
    assert_eq!(stage.status().silent, [], "nobody waits for it now");
    let said = peer.repeat(&binance_ticker("BTC"), SECOND, Duration::from_mins(20)).await;
    assert_eq!(said, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_refuses_one_names_it_and_goes_on_with_the_others() {
    let mut stage = Stage::new(&Bybit, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(BYBIT_OK).await;
    peer.say(BYBIT_BTC).await;
    assert!(stage.link(SECOND).await);
    stage.demand(&["NOPE", "PEPE"]);
    assert!(peer.hear().await.unwrap().contains(r#""args":["tickers.NOPEUSDT","tickers.PEPEUSDT"]"#));
    peer.say(r#"{"success":false,"ret_msg":"Invalid symbol :[tickers.NOPEUSDT]","req_id":"2","op":"subscribe"}"#).await;
    let again = peer.hear().await.unwrap();
    assert_eq!(again, r#"{"req_id":"3","op":"subscribe","args":["tickers.PEPEUSDT"]}"#);
    assert_eq!(stage.status().refused, symbols(&["NOPE"]));
    let said = peer.repeat(BYBIT_BTC, SECOND, 10 * SECOND).await;
    assert_eq!(said, [""; 0], "it is not asked for again as long as it is only wanted");
    stage.demand(&["PEPE"]);
    assert!(peer.hear().await.unwrap().contains(r#""op":"unsubscribe","args":["tickers.NOPEUSDT"]"#));
    assert_eq!(stage.status().refused, []);
}

#[tokio::test(start_paused = true)]
async fn many_at_once_keep_to_the_size_of_a_request() {
    let mut stage = Stage::new(&Bybit, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(BYBIT_BTC).await;
    assert!(stage.link(SECOND).await);
    let names: Vec<String> = (0..35).map(|n| format!("N{n}")).collect();
    stage.demand(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let said = peer.repeat(BYBIT_BTC, SECOND, 5 * SECOND).await;
    let sizes: Vec<usize> = said.iter().map(|frame| frame.matches("tickers.").count()).collect();
    assert_eq!(sizes, [10, 10, 10, 5]);
}

#[tokio::test(start_paused = true)]
async fn one_connection_takes_no_more_than_the_venue_allows() {
    let rules = crate::server::venues::connector::Rules { streams: 3, ..Binance.rules() };
    let mut stage = Stage::with_rules(&Binance, &["BTC", "ETH"], rules, 1);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(&binance_ticker("BTC")).await;
    assert!(stage.link(SECOND).await);
    stage.demand(&["PEPE", "SHIB", "WIF"]);
    let said = heard(&mut peer).await;
    assert_eq!(said, [r#"{"method":"SUBSCRIBE","params":["pepeusdt@ticker"],"id":2}"#]);
}

#[tokio::test(start_paused = true)]
async fn constant_change_leaves_the_venue_s_budget_for_what_matters() {
    let mut stage = Stage::new(&Okx, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(OKX_BTC).await;
    assert!(stage.link(SECOND).await);
    let start = Instant::now();
    let (mut requests, mut n) = (Vec::new(), 0);
    while start.elapsed() < Duration::from_mins(50) {
        n += 1;
        stage.demand(&[&format!("N{n}"), &format!("N{}", n + 1)]);
        let said = peer.repeat(OKX_BTC, SECOND, SECOND).await;
        requests.extend(said.into_iter().filter(|said| said != "ping").map(|said| (start.elapsed(), said)));
        stage.so_far();
    }
    // The bucket of twenty, one every 18 s, and one more as changes come in twos.
    assert!((150..=20 + 50 * 60 / 18 + 2).contains(&requests.len()), "{}", requests.len());
    let gaps = requests.windows(2).map(|pair| pair[1].0.as_secs() - pair[0].0.as_secs());
    assert!(gaps.max().unwrap() <= 38, "changes are waited for, not forgotten");
    // A connection that comes now has its budget whole.
    drop(peer);
    let (_, said) = stage.peer(SOON).await;
    assert!(said.contains("BTC-USDT") && said.contains(&format!("\"N{n}-USDT\"")), "{said}");
}
