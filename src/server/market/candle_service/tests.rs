use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::{FutureExt, future::join_all};

use super::*;
use crate::model::{ticker::Ticker, time::UnixMs};

/// Answers after 100 ms with one candle that began at the epoch, or with nothing.
#[derive(Default)]
struct Source {
    asked: AtomicUsize,
    broken: AtomicBool,
}

impl CandleSource for Source {
    fn candles(&self, _: Symbol, _: Interval, limit: usize) -> BoxFuture<'_, Vec<(Venue, Vec<Candle>)>> {
        async move {
            assert_eq!(limit, MAX_CANDLES);
            tokio::time::sleep(Duration::from_millis(100)).await;
            let n = self.asked.fetch_add(1, Ordering::SeqCst);
            if self.broken.load(Ordering::SeqCst) {
                return Vec::new();
            }
            let price = f64::from(u32::try_from(n + 1).expect("small"));
            let candle =
                Candle { open_time: UnixMs(0), open: price, high: price, low: price, close: price, volume: 1.0 };
            vec![(Venue::new("binance").expect("a key"), vec![candle])]
        }
        .boxed()
    }
}

fn service() -> (Arc<Source>, CandleService) {
    let source = Arc::new(Source::default());
    let board = Arc::new(MarketBoard::new(&[btc()]));
    (Arc::clone(&source), CandleService::new(source, board, Clock::following(UnixMs(1000))))
}

fn btc() -> Symbol {
    Symbol::parse("BTC").expect("a symbol")
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_cause_one_question() {
    let (source, service) = service();
    let answers = join_all((0..50).map(|_| service.candles(btc(), Interval::OneDay))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|candles| candles.len() == 1)));
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
    service.candles(btc(), Interval::OneHour).await.expect("candles");
    assert_eq!(source.asked.load(Ordering::SeqCst), 2, "another interval is another question");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_a_while() {
    let (source, service) = service();
    service.candles(btc(), Interval::OneDay).await.expect("candles");
    tokio::time::advance(Duration::from_millis(29_999)).await;
    service.candles(btc(), Interval::OneDay).await.expect("candles");
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_millis(1)).await;
    let candles = service.candles(btc(), Interval::OneDay).await.expect("candles");
    assert_eq!((source.asked.load(Ordering::SeqCst), candles[0].close.to_string()), (2, "2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_not_asked_about_at_once_and_old_candles_bridge_it() {
    let (source, service) = service();
    source.broken.store(true, Ordering::SeqCst);
    let answers = join_all((0..50).map(|_| service.candles(btc(), Interval::OneDay))).await;
    assert!(answers.iter().all(|answer| *answer == Err(CandleError::Unavailable)));
    assert_eq!(source.asked.load(Ordering::SeqCst), 1, "the other 49 take the same no");
    source.broken.store(false, Ordering::SeqCst);
    tokio::time::advance(PAUSE_AFTER_FAILURE).await;
    service.candles(btc(), Interval::OneDay).await.expect("candles");
    source.broken.store(true, Ordering::SeqCst);
    tokio::time::advance(MAX_AGE).await;
    service.candles(btc(), Interval::OneDay).await.expect("the old candles");
    tokio::time::advance(MAX_STALE).await;
    assert_eq!(service.candles(btc(), Interval::OneDay).await, Err(CandleError::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn the_cache_is_bounded() {
    let (_, service) = service();
    for n in 0..MAX_SERIES + 10 {
        let symbol = Symbol::parse(&format!("A{n}")).expect("a symbol");
        service.candles(symbol, Interval::OneDay).await.expect("candles");
    }
    assert_eq!(service.cache.lock().len(), MAX_SERIES);
}

#[tokio::test(start_paused = true)]
async fn the_open_candle_follows_the_live_price() {
    let (_, service) = service();
    let ticker = crate::server::market::fixture::ticker("BTC", 7.5);
    service.board.post(Arc::new(ticker.clone()), crate::wire::rest::PriceSource::Stream);
    let candles = service.candles(btc(), Interval::OneDay).await.expect("candles");
    assert_eq!((candles[0].close.to_string(), candles[0].high.to_string()), ("7.5".to_owned(), "7.5".to_owned()));
    service.board.post(Arc::new(Ticker { sources: 0, ..ticker }), crate::wire::rest::PriceSource::Cache);
    let candles = service.candles(btc(), Interval::OneDay).await.expect("candles");
    assert_eq!(candles[0].close.to_string(), "1", "a price that is not of now moves nothing");
}
