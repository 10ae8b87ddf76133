//! The market: every asset on every exchange, the time, and what is laid over the prices.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use parking_lot::{Mutex, RwLock};

use crate::{model::symbol::Symbol, server::clock::Clock};

use super::{
    book::Level,
    decimal,
    distortion::{Distortions, Effect},
    exchange::Exchange,
    listing::{Asset, Listing},
    path::{DAY_MS, LEAF_MS, floor},
    series::{Series, Trade, Window},
    shocks::Shocks,
};

/// The last 24 hours of a series, its best prices and its last trade.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticker {
    /// End of the window, ms since the epoch.
    pub time: i64,
    pub day: Window,
    pub bid: Level,
    pub ask: Level,
    pub last: Trade,
}

/// Every asset on every exchange.
#[derive(Debug)]
pub struct Market {
    clock: Clock,
    venues: [Side; 3],
}

#[derive(Debug)]
struct Side {
    series: Vec<Series>,
    by_pair: HashMap<String, usize>,
    by_dashed: HashMap<String, usize>,
    distortions: RwLock<Arc<Distortions>>,
    /// The newest ticker of each series, so that all readers of one moment share the work.
    tickers: Vec<Mutex<Option<Arc<Ticker>>>>,
}

impl Market {
    /// Symbols that are named twice are listed once. `more` are listed at some exchanges only.
    pub fn new(seed: u64, mut symbols: Vec<Symbol>, more: &[(Symbol, &[Exchange])], clock: Clock) -> Self {
        let mut known = HashSet::new();
        symbols.retain(|symbol| known.insert(*symbol));
        let venues = Exchange::ALL.map(|exchange| {
            let here = more.iter().filter(|(symbol, at)| !known.contains(symbol) && at.contains(&exchange));
            let all: Vec<Symbol> = symbols.iter().chain(here.map(|(symbol, _)| symbol)).copied().collect();
            Side::new(exchange, &all, seed)
        });
        Self { clock, venues }
    }

    /// The same market, moved by the news.
    #[must_use]
    pub fn moved_by(self, shocks: Shocks) -> Self {
        let shocks = Arc::new(shocks);
        for side in &self.venues {
            *side.distortions.write() = Arc::new(Distortions::of_news(Arc::clone(&shocks)));
        }
        self
    }

    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// The end of the newest moment that has figures, ms since the epoch.
    pub fn now(&self) -> i64 {
        floor(self.clock.wall().0)
    }

    fn side(&self, exchange: Exchange) -> &Side {
        let [binance, bybit, okx] = &self.venues;
        match exchange {
            Exchange::Binance => binance,
            Exchange::Bybit => bybit,
            Exchange::Okx => okx,
        }
    }

    /// Every series of an exchange, in the order of the settings.
    pub fn series(&self, exchange: Exchange) -> &[Series] {
        &self.side(exchange).series
    }

    /// The series of `BTCUSDT`.
    pub fn by_pair(&self, exchange: Exchange, pair: &str) -> Option<&Series> {
        let side = self.side(exchange);
        side.by_pair.get(pair).and_then(|&index| side.series.get(index))
    }

    /// The series of `BTC-USDT`.
    pub fn by_dashed(&self, exchange: Exchange, dashed: &str) -> Option<&Series> {
        let side = self.side(exchange);
        side.by_dashed.get(dashed).and_then(|&index| side.series.get(index))
    }

    /// Whether the asset is listed.
    pub fn lists(&self, exchange: Exchange, symbol: Symbol) -> bool {
        self.series(exchange).iter().any(|series| series.listing.symbol() == symbol)
    }

    /// The asset's price on the first exchange at `time` (ms), in USDT. `None` where it is not listed.
    pub fn price(&self, symbol: Symbol, time: i64) -> Option<f64> {
        let exchange = Exchange::Binance;
        let series = self.by_pair(exchange, &symbol.pair())?;
        let steps = series.price(&self.distortions(exchange), floor(time));
        Some(decimal::value(steps, series.listing.price_decimals))
    }

    /// What is laid over the exchange's prices.
    pub fn distortions(&self, exchange: Exchange) -> Arc<Distortions> {
        Arc::clone(&self.side(exchange).distortions.read())
    }

    /// Lays an effect over prices from now on; it shows from the next quarter of a second.
    pub fn distort(&self, exchange: Exchange, symbol: Option<Symbol>, effect: Effect, lasts_ms: Option<i64>) {
        let from = self.now();
        let to = lasts_ms.map(|ms| floor(from.saturating_add(ms).saturating_add(LEAF_MS)));
        let mut all = self.side(exchange).distortions.write();
        Arc::make_mut(&mut all).start(symbol, effect, from, to);
    }

    /// Ends from now on every effect that `which` names.
    pub fn restore(&self, exchange: Exchange, which: impl Fn(Option<Symbol>, Effect) -> bool) {
        let now = self.now();
        let mut all = self.side(exchange).distortions.write();
        Arc::make_mut(&mut all).end(now, which);
    }

    /// The ticker of a series at `now` (ms, a whole quarter of a second).
    pub fn ticker(&self, series: &Series, now: i64) -> Option<Arc<Ticker>> {
        let side = self.side(series.listing.exchange);
        let slot = side.tickers.get(series.listing.number)?;
        if let Some(known) = slot.lock().as_ref().filter(|known| known.time == now) {
            return Some(Arc::clone(known));
        }
        let over = self.distortions(series.listing.exchange);
        let day = series.window(&over, now - DAY_MS, now)?;
        let last = series.last_trades(&over, now, 1).first().copied()?;
        let book = series.book(&over, now, 1);
        let (bid, ask) = (book.bids.first().copied()?, book.asks.first().copied()?);
        let ticker = Arc::new(Ticker { time: now, day, bid, ask, last });
        *slot.lock() = Some(Arc::clone(&ticker));
        Some(ticker)
    }
}

impl Side {
    fn new(exchange: Exchange, symbols: &[Symbol], seed: u64) -> Self {
        let series: Vec<Series> = symbols
            .iter()
            .enumerate()
            .map(|(number, symbol)| Series::new(Listing::new(exchange, Asset::of(*symbol, seed), number, seed), seed))
            .collect();
        let index = |name: fn(&Listing) -> &String| {
            series.iter().enumerate().map(|(i, series)| (name(&series.listing).clone(), i)).collect()
        };
        Self {
            by_pair: index(|listing| &listing.pair),
            by_dashed: index(|listing| &listing.dashed),
            distortions: RwLock::default(),
            tickers: series.iter().map(|_| Mutex::new(None)).collect(),
            series,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{asset::default_symbols, time::UnixMs},
        server::simulator::listing::also_listed,
    };

    fn market(seed: u64) -> Market {
        Market::new(seed, default_symbols(), &also_listed(), Clock::following(UnixMs(1_795_176_000_000)))
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_seed_gives_the_same_market() {
        let (a, b, other) = (market(1), market(1), market(2));
        for exchange in Exchange::ALL {
            for (x, y) in a.series(exchange).iter().zip(b.series(exchange)) {
                let ticker = a.ticker(x, a.now()).expect("a ticker");
                assert_eq!(Some(&ticker), b.ticker(y, b.now()).as_ref());
                let z = other.by_pair(exchange, &x.listing.pair).expect("listed");
                assert_ne!(Some(ticker), other.ticker(z, other.now()));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_order_of_the_settings_does_not_matter() {
        let mut symbols = default_symbols();
        let count = market(1).series(Exchange::Okx).len();
        symbols.reverse();
        symbols.push(symbols[0]);
        let (a, b) = (market(1), Market::new(1, symbols, &also_listed(), Clock::following(UnixMs(1_795_176_000_000))));
        assert_eq!(b.series(Exchange::Okx).len(), count);
        let ticker = |m: &Market| m.ticker(m.by_pair(Exchange::Okx, "SOLUSDT").expect("listed"), m.now());
        assert_eq!(ticker(&a), ticker(&b));
    }

    #[tokio::test(start_paused = true)]
    async fn tickers_are_consistent_and_move() {
        let market = market(1);
        let mut changed = 0;
        for exchange in Exchange::ALL {
            for series in market.series(exchange) {
                let now = market.now();
                let ticker = market.ticker(series, now).expect("a ticker");
                let day = &ticker.day;
                assert!(day.low <= day.close && day.close <= day.high, "{ticker:?}");
                assert_eq!(ticker.last.price, day.close);
                assert_eq!(ticker.last.id, day.first_trade + day.trades - 1);
                assert!(ticker.bid.price < ticker.ask.price);
                assert!(ticker.bid.price <= day.close && day.close <= ticker.ask.price);
                let later = market.ticker(series, now + 30_000).expect("a ticker");
                assert!(later.last.id >= ticker.last.id);
                changed += usize::from(later.day.close != day.close);
            }
        }
        assert!(changed > 60, "{changed} of about 100 prices changed in half a minute");
    }
}
