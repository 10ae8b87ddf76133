use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    model::venue::Venue,
    server::{
        clock::Clock,
        config::VenueConfig,
        venues::{
            VenuesSetup,
            binance::Binance,
            bybit::Bybit,
            event::{MarketEvent, Origin},
            http_client::HttpAnswer,
            listings::Listings,
            okx::Okx,
            peer::{START, Shelf, network, symbols, unconnected},
        },
    },
};

const OKX_ROWS: &str = r#"{"code":"0","msg":"","data":[{"instId":"BTC-USDT","last":"10","vol24h":"5","ts":"1763640000000"},{"instId":"XYZ-USDT","last":"1","vol24h":"5","ts":"1"}]}"#;
const MINUTE: Duration = Duration::from_mins(1);

fn rest(connector: &'static dyn Connector, urls: &[&str], shelf: &Arc<Shelf>) -> Rest {
    let http = Arc::<Shelf>::clone(shelf);
    Rest::new(connector, urls.iter().map(|&url| url.to_owned()).collect(), http, 1)
}

#[tokio::test(start_paused = true)]
async fn servers_are_tried_in_turn_and_the_one_that_answers_is_kept() {
    let shelf = Arc::new(Shelf::default());
    shelf.put("http://b/prefix/api/v5/market/tickers?instType=SPOT", 200, OKX_ROWS);
    shelf.put("http://c", 503, "");
    let rest = rest(&Okx, &["http://a", "http://c/", "http://b/prefix/"], &shelf);
    let quotes = rest.tickers(&symbols(&["BTC"])).await.unwrap();
    assert_eq!(quotes.len(), 1, "only what is followed");
    assert_eq!(shelf.count(), 3);
    rest.tickers(&symbols(&["BTC"])).await.unwrap();
    assert_eq!(shelf.count(), 4, "straight to the good one");
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_silences_every_request_until_it_has_passed() {
    let shelf = Arc::new(Shelf::default());
    let limited = HttpAnswer { status: 429, retry_after: Some(MINUTE), body: Vec::new() };
    shelf.answers.lock().insert("http://a".to_owned(), Ok(limited));
    let rest = rest(&Binance, &["http://a", "http://b"], &shelf);
    let expected = Err(RestError::RateLimited { retry_after: MINUTE });
    for _ in 0..100 {
        assert_eq!(rest.tickers(&symbols(&["BTC"])).await, expected);
    }
    assert_eq!(shelf.count(), 1, "the other server shares the limit");
    tokio::time::advance(MINUTE).await;
    shelf.put("http://a", 200, "[]");
    assert_eq!(rest.tickers(&symbols(&["BTC"])).await, Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_blocked_region_is_believed_for_minutes() {
    let shelf = Arc::new(Shelf::default());
    shelf.put("http://", 451, "");
    let rest = rest(&Binance, &["http://a", "http://b"], &shelf);
    for _ in 0..10 {
        let answer = rest.candles(symbols(&["BTC"])[0], Interval::OneHour, 24).await;
        assert_eq!(answer, Err(RestError::RegionBlocked { status: 451 }));
    }
    assert_eq!(shelf.count(), 2, "each server once");
    tokio::time::advance(REGION_WAIT.mul_f64(1.2)).await;
    let _ = rest.candles(symbols(&["BTC"])[0], Interval::OneHour, 24).await;
    assert_eq!(shelf.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn one_unknown_symbol_does_not_cost_the_others_their_first_price() {
    let shelf = Arc::new(Shelf::default());
    shelf.put("http://a", 400, r#"{"code":-1121,"msg":"Invalid symbol."}"#);
    let row = |pair| format!(r#"{{"symbol":"{pair}","lastPrice":"10","volume":"5","closeTime":1763640000000}}"#);
    let url = |names: &[&str]| format!("http://a{}", Binance.tickers_request(&symbols(names)).path_and_query);
    shelf.put(&url(&["BTC", "ETH"]), 200, &format!("[{},{}]", row("BTCUSDT"), row("ETHUSDT")));
    shelf.put(&url(&["SOL"]), 200, &format!("[{}]", row("SOLUSDT")));
    let rest = rest(&Binance, &["http://a", "http://b"], &shelf);
    let quotes = rest.tickers(&symbols(&["BTC", "ETH", "NOPE", "SOL"])).await.unwrap();
    let names: Vec<String> = quotes.iter().map(|quote| quote.symbol.to_string()).collect();
    assert_eq!(names, ["BTC", "ETH", "SOL"]);
}

#[tokio::test(start_paused = true)]
async fn candles_are_asked_of_every_enabled_venue_and_come_in_the_registry_s_order() {
    let shelf = Arc::new(Shelf::default());
    shelf.put(
        "http://okx/api/v5/market/candles",
        200,
        r#"{"code":"0","data":[["60000","2","3","1","2","9","","","0"],["0","1","1","1","1","1","","","1"]]}"#,
    );
    shelf.put("http://bybit/v5/market/kline", 403, "<html>");
    let config = |key: &str, enabled| VenueConfig {
        venue: Venue::new(key).unwrap(),
        enabled,
        ws_urls: Vec::new(),
        rest_urls: vec![format!("http://{key}")],
    };
    let (dialer, _arrivals) = network();
    let (events, _market) = mpsc::channel(64);
    let (shutdown, tasks) = (CancellationToken::new(), tokio_util::task::TaskTracker::new());
    let venues = crate::server::venues::start(VenuesSetup {
        configs: &[config("okx", true), config("binance", false), config("bybit", true)],
        symbols: &symbols(&["BTC"]),
        demand: watch::Sender::default().subscribe(),
        listings: Arc::new(Listings::new(2)),
        dialer,
        http: Arc::<Shelf>::clone(&shelf),
        clock: Clock::following(START),
        seed: 1,
        events,
        shutdown: shutdown.clone(),
        tasks: &tasks,
    });
    let keys: Vec<String> = venues.infos().iter().map(|info| info.venue.to_string()).collect();
    assert_eq!(keys, ["bybit", "okx"]);
    let answers = venues.candles(symbols(&["BTC"])[0], Interval::OneMinute, 300).await;
    let [(bybit, refused), (okx, candles)] = &answers[..] else { panic!("two venues") };
    assert_eq!((bybit.as_str(), okx.as_str()), ("bybit", "okx"));
    assert_eq!(*refused, Err(RestError::RegionBlocked { status: 403 }));
    let starts: Vec<i64> = candles.as_ref().unwrap().iter().map(|candle| candle.open_time.0).collect();
    assert_eq!(starts, [0, 60_000]);
    shutdown.cancel();
    tasks.close();
    tokio::time::timeout(MINUTE, tasks.wait()).await.unwrap();
}

/// A loader on a venue of its own; what it sends, and the bell that wakes it.
fn loader(
    connector: &'static dyn Connector,
    shelf: &Arc<Shelf>,
) -> (mpsc::Receiver<MarketEvent>, Arc<Notify>, CancellationToken) {
    use crate::server::venues::loader;
    let (context, market) = unconnected(connector);
    let (wake, shutdown) = (Arc::new(Notify::new()), CancellationToken::new());
    let rest = Arc::new(rest(connector, &["http://a"], shelf));
    tokio::spawn(loader::run(context, rest, Arc::clone(&wake), shutdown.clone(), 1));
    (market, wake, shutdown)
}

#[tokio::test(start_paused = true)]
async fn first_prices_come_at_the_start_and_after_a_reconnection() {
    let shelf = Arc::new(Shelf::default());
    shelf.put("http://a", 200, OKX_ROWS);
    let (mut market, wake, _shutdown) = loader(&Okx, &shelf);
    let first = market.recv().await.unwrap();
    assert!(matches!(first, MarketEvent::Quote { origin: Origin::Rest, .. }), "{first:?}");
    wake.notify_one();
    assert!(market.recv().await.is_some());
    assert_eq!(shelf.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flapping_connection_does_not_make_a_storm_of_loads() {
    let shelf = Arc::new(Shelf::default());
    shelf.put("http://a", 200, OKX_ROWS);
    let (_market, wake, _shutdown) = loader(&Okx, &shelf);
    for _ in 0..600 {
        wake.notify_one();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(shelf.count() <= 7, "{} in a minute", shelf.count());
}

#[tokio::test(start_paused = true)]
async fn a_load_that_fails_is_tried_again_a_few_times_and_a_blocked_one_is_not() {
    for (status, body, tries) in [(500, "", 5), (403, "", 1), (200, "not JSON", 5)] {
        let shelf = Arc::new(Shelf::default());
        shelf.put("http://a", status, body);
        let (_market, _wake, _shutdown) = loader(&Bybit, &shelf);
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert_eq!(shelf.count(), tries, "{status}");
    }
}
