//! Silence, garbage and sockets that are not what they seem.

use tokio_tungstenite::tungstenite::protocol::frame::{
    Frame,
    coding::{Data, OpCode},
};

use super::*;
use crate::{
    model::{
        candle::{Candle, Interval},
        symbol::Symbol,
        venue::{Venue, VenueInfo},
    },
    server::venues::{
        connector::{DecodeError, RestRequest, Rules, Session, SessionEvent},
        event::Quote,
        peer::symbols,
        rest_error::{Answer, RestError},
    },
};

/// Protocol pings go on while the data stops.
async fn pings_only(peer: &mut Peer) -> Instant {
    let mut tick = tokio::time::interval(5 * SECOND);
    loop {
        tokio::select! {
            _ = tick.tick() => if peer.socket.send(Message::Ping("1".into())).await.is_err() { break },
            said = peer.hear() => if said.is_none() { break },
        }
    }
    Instant::now()
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_delivered_and_falls_silent_is_dead_within_thirty_seconds() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.repeat(&binance_ticker("BTC"), SECOND, 12 * SECOND).await;
    let stalled = Instant::now();
    let silent_for = pings_only(&mut peer).await - stalled;
    assert!(silent_for < Duration::from_secs(30) && silent_for > Duration::from_secs(20), "{silent_for:?}");
    sleep(Duration::from_millis(1)).await;
    assert_eq!(stage.so_far().0, [true, false]);
    assert_eq!(stage.status().detail.as_deref(), Some("no data for 25 s"));
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_acknowledges_and_never_delivers_is_dead_within_thirty_seconds() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    let opened = Instant::now();
    peer.say(r#"{"result":null,"id":1}"#).await;
    let dead = pings_only(&mut peer).await;
    assert!(dead - opened < Duration::from_secs(16), "{:?}", dead - opened);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(stage.so_far(), (vec![], 0), "it was never up");
    assert_eq!(stage.status().detail.as_deref(), Some("no data within 15 s of subscribing"));
    let next = stage.arrival(SOON).await;
    assert_eq!(next.port, 443, "the next server is tried");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_answers_the_upgrade_is_given_up() {
    let mut stage = Stage::new(&Okx, &["BTC"]);
    let first = stage.arrival(SECOND).await;
    let second = stage.arrival(SOON).await;
    let waited = second.at - first.at;
    assert!(waited >= Duration::from_secs(10) && waited < Duration::from_secs(11), "{waited:?}");
    assert_eq!((first.host.as_str(), second.host.as_str()), ("ws.okx.com", "wseea.okx.com"));
}

#[tokio::test(start_paused = true)]
async fn a_symbol_that_never_delivers_is_named_and_asked_for_again_gently() {
    let mut stage = Stage::new(&Binance, &["BTC", "ETH"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(r#"{"result":null,"id":1}"#).await;
    let heard = peer.repeat(&binance_ticker("BTC"), SECOND, 16 * SECOND).await;
    assert_eq!(stage.status().silent, symbols(&["ETH"]));
    assert_eq!(
        heard,
        [
            r#"{"method":"UNSUBSCRIBE","params":["ethusdt@ticker"],"id":2}"#,
            r#"{"method":"SUBSCRIBE","params":["ethusdt@ticker"],"id":3}"#
        ]
    );
    let heard = peer.repeat(&binance_ticker("BTC"), SECOND, Duration::from_secs(181)).await;
    assert_eq!(heard.len(), 4, "after one minute and after two more: {heard:?}");
    peer.say(&binance_ticker("ETH")).await;
    sleep(SECOND).await;
    assert!(stage.status().silent.is_empty());
    assert_eq!(stage.so_far().0, [true], "the socket lives on");
}

#[tokio::test(start_paused = true)]
async fn a_symbol_that_stops_is_named_too() {
    let mut stage = Stage::new(&Binance, &["BTC", "ETH"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(&binance_ticker("ETH")).await;
    peer.repeat(&binance_ticker("BTC"), SECOND, Duration::from_secs(31)).await;
    assert_eq!(stage.status().silent, symbols(&["ETH"]));
}

#[tokio::test(start_paused = true)]
async fn persistent_garbage_ends_the_socket_and_reaches_nobody() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(&binance_ticker("BTC")).await;
    let heard = peer.repeat("}garbage{", Duration::from_millis(100), Duration::from_mins(1)).await;
    assert!(heard.is_empty());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(stage.so_far(), (vec![true, false], 1));
    let status = stage.status();
    assert_eq!((status.bad_frames, status.detail.as_deref()), (20, Some("garbage: not JSON")));
}

#[tokio::test(start_paused = true)]
async fn a_little_garbage_is_counted_and_borne() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    for _ in 0..60 {
        peer.say(&binance_ticker("BTC")).await;
        peer.say(&binance_ticker("BTC")).await;
        peer.say("}garbage{").await;
        peer.say(r#"{"unknown":"but valid"}"#).await;
        sleep(SECOND).await;
    }
    assert_eq!(stage.so_far(), (vec![true], 120));
    assert_eq!((stage.status().bad_frames, stage.unknown_messages()), (60, 60));
}

#[tokio::test(start_paused = true)]
async fn figures_that_can_t_be_used_are_told_by_symbol() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(&binance_ticker("BTC")).await;
    peer.say(&binance_ticker("BTC").replace(r#""c":"10""#, r#""c":"NaN""#)).await;
    let far_ahead = binance_ticker("BTC").replace(r#""E":1763"#, r#""E":9763"#);
    peer.say(&far_ahead).await;
    sleep(SECOND).await;
    let mut bad = 0;
    while let Ok(event) = stage.events.try_recv() {
        if let MarketEvent::BadQuote { symbol, .. } = event {
            assert_eq!(symbol, symbols(&["BTC"])[0]);
            bad += 1;
        }
    }
    assert_eq!((bad, stage.status().bad_frames), (2, 2), "no number, and a time that can't be");
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_twenty_megabytes_is_refused_unread() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    peer.say(&binance_ticker("BTC")).await;
    assert!(stage.link(SECOND).await);
    let huge = "x".repeat(20 << 20);
    assert!(!peer.say(&huge).await, "nobody takes it");
    assert!(!stage.link(SECOND).await);
    sleep(Duration::from_millis(1)).await;
    let status = stage.status();
    assert_eq!((status.bad_frames, status.detail.as_deref()), (1, Some("garbage: over the size limit")));
    stage.peer(SOON).await;
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_no_text_ends_the_socket() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    let frame = Frame::message(vec![0xff, 0xfe, 0x80], OpCode::Data(Data::Text), true);
    peer.socket.send(Message::Frame(frame)).await.unwrap();
    assert_eq!(peer.hear().await, None);
    sleep(Duration::from_millis(1)).await;
    let status = stage.status();
    assert_eq!((status.bad_frames, status.detail.as_deref()), (1, Some("garbage: not UTF-8")));
    stage.peer(SOON).await;
}

#[tokio::test(start_paused = true)]
async fn binary_frames_are_garbage() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut peer, _) = stage.peer(SECOND).await;
    for _ in 0..20 {
        let _ = peer.socket.send(Message::Binary(vec![1, 2, 3].into())).await;
    }
    assert_eq!(peer.hear().await, None);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(stage.status().detail.as_deref(), Some("garbage: binary"));
}

/// Binance, with a fault of our own: its sessions fail at the first frame.
#[derive(Debug)]
struct Faulty;

struct FaultySession;

impl Session for FaultySession {
    fn subscribe(&mut self, _: &[Symbol]) -> Vec<String> {
        vec!["subscribe".to_owned()]
    }

    fn unsubscribe(&mut self, _: &[Symbol]) -> Vec<String> {
        Vec::new()
    }

    fn ping(&mut self) -> Option<String> {
        None
    }

    fn decode(&mut self, _: &str, _: &mut Vec<SessionEvent>) -> Result<(), DecodeError> {
        panic!("a fault on purpose")
    }
}

impl Connector for Faulty {
    fn info(&self) -> VenueInfo {
        Binance.info()
    }

    fn venue(&self) -> Venue {
        Binance.venue()
    }

    fn ws_urls(&self) -> &'static [&'static str] {
        Binance.ws_urls()
    }

    fn rest_urls(&self) -> &'static [&'static str] {
        Binance.rest_urls()
    }

    fn rules(&self) -> Rules {
        Binance.rules()
    }

    fn session(&self) -> Box<dyn Session> {
        Box::new(FaultySession)
    }

    fn tickers_request(&self, symbols: &[Symbol]) -> RestRequest {
        Binance.tickers_request(symbols)
    }

    fn parse_tickers(&self, body: &[u8], symbols: &[Symbol]) -> Result<Vec<Quote>, RestError> {
        Binance.parse_tickers(body, symbols)
    }

    fn listing_request(&self) -> RestRequest {
        Binance.listing_request()
    }

    fn parse_listing(&self, body: &[u8]) -> Result<Vec<Symbol>, RestError> {
        Binance.parse_listing(body)
    }

    fn candles_request(&self, symbol: Symbol, interval: Interval, limit: u16) -> RestRequest {
        Binance.candles_request(symbol, interval, limit)
    }

    fn parse_candles(&self, body: &[u8]) -> Result<Vec<Candle>, RestError> {
        Binance.parse_candles(body)
    }

    fn refusal(&self, answer: &Answer<'_>) -> Option<RestError> {
        Binance.refusal(answer)
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_our_own_ends_one_connection_and_not_the_venue() {
    let mut stage = Stage::new(&Faulty, &["BTC"]);
    for _ in 0..3 {
        let (mut peer, _) = stage.peer(SOON).await;
        peer.say(&binance_ticker("BTC")).await;
        assert_eq!(peer.hear().await, None);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(stage.status().detail.as_deref(), Some("internal failure"));
    }
}
