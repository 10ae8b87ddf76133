//! Venues that say no: to a region, to a rate, to a symbol.

use super::*;
use crate::server::venues::peer::symbols;

#[tokio::test(start_paused = true)]
async fn a_blocked_region_is_named_and_not_stormed() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let start = Instant::now();
    let mut attempts = Vec::new();
    while start.elapsed() < Duration::from_hours(1) {
        let arrival = stage.arrival(Duration::from_mins(7)).await;
        attempts.push((arrival.at - start, arrival.host.clone()));
        arrival.refuse("451 Unavailable For Legal Reasons").await;
        sleep(Duration::from_millis(10)).await;
        let status = stage.status();
        assert_eq!(status.state, ConnectionState::RegionBlocked);
        assert_eq!(status.detail.as_deref(), Some("region refused (HTTP 451)"));
    }
    assert!(attempts[2].0 < Duration::from_mins(1), "every server gets its chance soon: {attempts:?}");
    assert_eq!(attempts[2].1, "data-stream.binance.vision");
    assert!(attempts.len() <= 3 * 16, "{}", attempts.len());
}

#[tokio::test(start_paused = true)]
async fn a_region_that_opens_again_is_found() {
    let mut stage = Stage::new(&Bybit, &["BTC"]);
    stage.arrival(SECOND).await.refuse("403 Forbidden").await;
    let start = Instant::now();
    let mut peer = stage.arrival(Duration::from_mins(6)).await.accept().await;
    assert!(start.elapsed() >= Duration::from_secs(239));
    peer.say(BYBIT_BTC).await;
    peer.hear().await.unwrap();
    assert!(stage.link(SECOND).await);
    sleep(SECOND).await;
    assert_eq!(stage.status().state, ConnectionState::Connected);
    assert_eq!(stage.status().detail, None);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_heeded() {
    let mut stage = Stage::new(&Okx, &["BTC"]);
    let first = stage.arrival(SECOND).await;
    let at = first.at;
    first.refuse("429 Too Many Requests\r\nRetry-After: 90").await;
    let second = stage.arrival(Duration::from_mins(3)).await;
    assert!(second.at - at >= Duration::from_secs(90));
}

#[tokio::test(start_paused = true)]
async fn a_refused_symbol_is_told_and_the_others_are_asked_for_again() {
    let mut stage = Stage::new(&Bybit, &["BTC", "NOPE", "ETH"]);
    let (mut peer, first) = stage.peer(SECOND).await;
    assert!(first.contains("NOPE"));
    peer.say(r#"{"success":false,"ret_msg":"Invalid symbol :[tickers.NOPEUSDT]","req_id":"1","op":"subscribe"}"#).await;
    let again = peer.hear().await.unwrap();
    assert_eq!(again, r#"{"req_id":"2","op":"subscribe","args":["tickers.BTCUSDT","tickers.ETHUSDT"]}"#);
    peer.say(BYBIT_BTC).await;
    assert!(stage.link(SECOND).await);
    assert_eq!(stage.status().refused, symbols(&["NOPE"]));
    peer.repeat(BYBIT_BTC, SECOND, 20 * SECOND).await;
    assert_eq!(stage.status().silent, symbols(&["ETH"]), "a refused one is not waited for");
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_has_none_of_the_symbols_is_asked_rarely() {
    let mut stage = Stage::new(&Okx, &["NOPE"]);
    let start = Instant::now();
    let mut attempts = 0;
    while start.elapsed() < Duration::from_hours(1) {
        let mut peer = stage.arrival(Duration::from_mins(7)).await.accept().await;
        attempts += 1;
        peer.say(
            r#"{"event":"error","msg":"Wrong URL or channel:tickers,instId:NOPE-USDT doesn't exist.","code":"60018"}"#,
        )
        .await;
        while peer.hear().await.is_some() {}
    }
    assert!((9..=16).contains(&attempts), "{attempts}");
    sleep(SECOND).await;
    assert_eq!(stage.status().detail.as_deref(), Some("every symbol was refused"));
    assert_eq!(stage.status().refused, symbols(&["NOPE"]));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_request_is_repeated_later() {
    let mut stage = Stage::new(&Okx, &["BTC", "ETH"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    let start = Instant::now();
    peer.say(r#"{"event":"subscribe","arg":{"channel":"tickers","instId":"BTC-USDT"},"connId":"x"}"#).await;
    for _ in 0..5 {
        peer.say(r#"{"event":"error","msg":"Requests too frequent","code":"60014","connId":"x"}"#).await;
    }
    let again = peer.hear().await.unwrap();
    assert_eq!(again, r#"{"id":"2","op":"subscribe","args":[{"channel":"tickers","instId":"ETH-USDT"}]}"#);
    assert!(start.elapsed() >= 3 * SECOND, "{:?}", start.elapsed());
    let more = tokio::time::timeout(5 * SECOND, peer.hear()).await;
    assert!(more.is_err(), "asked once: {more:?}");
}
