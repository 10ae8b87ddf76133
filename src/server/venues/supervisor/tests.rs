//! The life of connections under a paused clock, against a venue that is played by hand.

use std::time::Duration;

use futures_util::SinkExt as _;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    server::venues::{
        binance::Binance,
        bybit::Bybit,
        connector::{Allowance, Connector},
        event::{MarketEvent, Origin},
        okx::Okx,
        peer::{Peer, Stage, binance_ticker},
    },
    wire::status::ConnectionState,
};

mod changeover;
mod demand;
mod refusals;
mod trouble;

const SECOND: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(31);

const BYBIT_BTC: &str =
    r#"{"topic":"tickers.BTCUSDT","ts":1,"type":"snapshot","data":{"lastPrice":"1","volume24h":"2"}}"#;
const OKX_BTC: &str = r#"{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","last":"1","vol24h":"2","ts":"1"}]}"#;

/// Keeps a connection fed with BTC tickers until the client leaves it. Returns when that was.
fn feed(mut peer: Peer) -> tokio::task::JoinHandle<(Instant, Vec<String>)> {
    tokio::spawn(async move {
        let heard = peer.repeat(&binance_ticker("BTC"), SECOND, Duration::from_hours(1000)).await;
        (Instant::now(), heard)
    })
}

#[tokio::test(start_paused = true)]
async fn the_link_is_up_before_its_first_quote_and_never_before_data() {
    let mut stage = Stage::new(&Binance, &["BTC", "ETH"]);
    let arrival = stage.arrival(SECOND).await;
    assert_eq!((arrival.host.as_str(), arrival.port, arrival.tls), ("stream.binance.com", 9443, true));
    let mut peer = arrival.accept().await;
    let said = peer.hear().await.unwrap();
    assert_eq!(said, r#"{"method":"SUBSCRIBE","params":["btcusdt@ticker","ethusdt@ticker"],"id":1}"#);
    peer.say(r#"{"result":null,"id":1}"#).await;
    sleep(SECOND).await;
    assert!(stage.events.try_recv().is_err(), "an acknowledgement is not data");
    assert_eq!(stage.status().state, ConnectionState::Connecting);
    peer.say(&binance_ticker("BTC")).await;
    assert!(matches!(stage.events.recv().await, Some(MarketEvent::Link { up: true, .. })));
    let quote = stage.events.recv().await;
    assert!(matches!(quote, Some(MarketEvent::Quote { origin: Origin::Stream, .. })), "{quote:?}");
    sleep(SECOND).await;
    let status = stage.status();
    assert_eq!(status.state, ConnectionState::Connected);
    assert_eq!(status.endpoint.as_deref(), Some("wss://stream.binance.com:9443"));
    assert!(status.connected_since.is_some() && status.last_message_at.is_some());
    assert_eq!(status.reconnects, 0);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_told_at_once_and_made_again_with_all_its_subscriptions() {
    let mut stage = Stage::new(&Binance, &["BTC", "ETH"]);
    let (mut peer, first) = stage.peer(SECOND).await;
    peer.say(&binance_ticker("BTC")).await;
    assert!(stage.link(SECOND).await);
    let lost = Instant::now();
    drop(peer);
    assert!(!stage.link(SECOND).await);
    assert!(lost.elapsed() < Duration::from_millis(100));
    let (_peer, again) = stage.peer(SOON).await;
    assert_eq!(first, again);
    assert_eq!(stage.status().reconnects, 1);
    stage.reconnected.notified().await;
}

#[tokio::test(start_paused = true)]
async fn the_shutdown_ends_everything_within_a_second_or_two() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(&binance_ticker("BTC")).await;
    assert!(stage.link(SECOND).await);
    stage.shutdown.cancel();
    stage.tasks.close();
    tokio::time::timeout(2 * SECOND, stage.tasks.wait()).await.unwrap();
    assert_eq!(stage.status().state, ConnectionState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_busy_market_holds_the_socket_back_and_is_not_the_venue_s_silence() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (peer, _) = stage.peer(SECOND).await;
    let fed = feed(peer);
    // Long enough to fill the channel of 1024 and everything behind it, and then some.
    sleep(Duration::from_secs(2000)).await;
    let (links, quotes) = stage.so_far();
    assert_eq!((links, quotes), (vec![true], 1023));
    sleep(Duration::from_secs(20)).await;
    assert_eq!(stage.so_far().0, [] as [bool; 0], "it goes on where it was held");
    assert!(!fed.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_market_that_takes_nothing_does_not_hold_up_the_shutdown() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (peer, _) = stage.peer(SECOND).await;
    let fed = feed(peer);
    // Until the channel is full.
    sleep(Duration::from_secs(2000)).await;
    // The end of the link can't be told now, either.
    fed.abort();
    sleep(SECOND).await;
    stage.shutdown.cancel();
    stage.tasks.close();
    tokio::time::timeout(2 * SECOND, stage.tasks.wait()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn bybit_and_okx_are_pinged_every_twenty_seconds() {
    for (connector, ping, data) in
        [(&Bybit as &'static dyn Connector, r#""op":"ping""#, BYBIT_BTC), (&Okx, "ping", OKX_BTC)]
    {
        let mut stage = Stage::new(connector, &["BTC"]);
        let (mut peer, _) = stage.peer(SECOND).await;
        let heard = peer.repeat(data, SECOND, Duration::from_secs(101)).await;
        assert_eq!(heard.len(), 5, "{heard:?}");
        assert!(heard.iter().all(|said| said.contains(ping)), "{heard:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn pings_of_the_venue_are_answered_with_their_payload() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.socket.send(Message::Ping("1790134675605".into())).await.unwrap();
    let answer = futures_util::StreamExt::next(&mut peer.socket).await.unwrap().unwrap();
    assert_eq!(answer, Message::Pong("1790134675605".into()));
}

#[tokio::test(start_paused = true)]
async fn pongs_count_against_the_budget_of_messages() {
    let mut stage = Stage::new(&Binance, &["BTC", "ETH"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    let start = Instant::now();
    // With the subscription, these are the five messages of this second.
    for _ in 0..4 {
        peer.socket.send(Message::Ping("1".into())).await.unwrap();
    }
    peer.say(r#"{"error":{"code":2,"msg":"no"},"id":1}"#).await;
    assert!(peer.hear().await.unwrap().contains("btcusdt"), "the request in halves");
    assert!(start.elapsed() >= SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn waits_are_short_again_after_data_has_flowed_for_a_while_and_not_before() {
    for (flow, short) in [(12 * SECOND, true), (5 * SECOND, false)] {
        let mut waits = Vec::new();
        for seed in 0..8 {
            let mut stage = Stage::with_rules(&Okx, &["BTC"], Okx.rules(), seed);
            for _ in 0..10 {
                drop(stage.arrival(SOON).await);
            }
            let (mut peer, _) = stage.peer(SOON).await;
            peer.repeat(OKX_BTC, SECOND, flow).await;
            let lost = Instant::now();
            drop(peer);
            waits.push(stage.arrival(SOON).await.at - lost);
        }
        let longest = waits.iter().max().unwrap();
        assert_eq!(*longest < SECOND, short, "{waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_hangs_up_at_once_sees_no_storm() {
    let mut stage = Stage::new(&Okx, &["BTC"]);
    let start = Instant::now();
    let mut attempts = Vec::new();
    while start.elapsed() < Duration::from_mins(30) {
        let arrival = stage.arrival(SOON).await;
        attempts.push(arrival.at);
        drop(arrival);
    }
    // The waits grow to a mean of fifteen seconds.
    assert!(attempts.len() > 60 && attempts.len() < 200, "{}", attempts.len());
    let first_ten = attempts[9] - attempts[0];
    let next_ten = attempts[19] - attempts[9];
    assert!(first_ten < next_ten, "{first_ten:?} {next_ten:?}");
    assert_eq!(stage.so_far(), (vec![], 0));
    sleep(Duration::from_millis(1)).await;
    let status = stage.status();
    assert_eq!((status.state, status.reconnects), (ConnectionState::Waiting, 0));
    assert!(status.next_attempt_at.is_some() && status.detail.is_some());
}

#[tokio::test(start_paused = true)]
async fn attempts_keep_to_the_venue_s_budget_however_short_the_waits() {
    let mut rules = Binance.rules();
    rules.attempts = Allowance::new(4, Duration::from_mins(5));
    let mut stage = Stage::with_rules(&Binance, &["BTC"], rules, 3);
    let mut attempts = Vec::new();
    for _ in 0..40 {
        // Each connection proves itself good, so that the backoff starts anew, and is then lost.
        let (mut peer, _) = stage.peer(Duration::from_mins(5)).await;
        attempts.push(Instant::now());
        peer.repeat(&binance_ticker("BTC"), SECOND, Duration::from_secs(12)).await;
        stage.so_far();
    }
    for window in attempts.windows(5) {
        assert!(window[4] - window[0] > Duration::from_secs(299), "{window:?}");
    }
}
