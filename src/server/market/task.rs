//! The task that owns the market.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    aggregate::Rules,
    board::MarketBoard,
    coalesce::Coalescer,
    freshness::AgeLimits,
    spark::SparkSeries,
    state::{Change, MarketState, SymbolIndex},
};
use crate::{
    model::{
        number::{Fraction, Percent, Price},
        symbol::Symbol,
        ticker::Ticker,
        venue::Venue,
    },
    server::{
        clock::Clock, config::MarketConfig, demand::DemandWatch, metrics::market::MarketMetrics,
        venues::event::MarketEvent,
    },
    wire::{page::SPARK_STEP_MS, rest::PriceSource},
};

/// How often ages are looked at, and sparklines put up.
const SWEEP: Duration = Duration::from_millis(500);
/// Events taken from the channel at once.
const BATCH: usize = 256;

/// Room for events between the venues and the market. When it is full, the sockets wait.
pub const EVENT_CAPACITY: usize = 4096;
/// Room for loaded sparklines. When it is full, the loader waits.
pub const SPARK_CAPACITY: usize = 8;

/// What the task listens to.
#[derive(Debug)]
pub struct Inputs {
    pub events: mpsc::Receiver<MarketEvent>,
    /// From the [`SparkLoader`](super::spark_loader::SparkLoader).
    pub sparks: mpsc::Receiver<SparkSeries>,
    /// What is followed beside the board's symbols.
    pub demand: DemandWatch,
}

/// Owns the state of the market. Started once; ended by its token. Writes the board and tells `publish` (the hub)
/// of every ticker that changed.
///
/// A change leaves at once, further ones of the same symbol within the coalescing window as one at its end; the loss
/// of a venue waits for no window. Ages are looked at twice a second. Sparklines are kept of configured symbols only: the
/// others are on no page.
pub struct MarketTask<P> {
    state: MarketState,
    board: Arc<MarketBoard>,
    publish: P,
    clock: Clock,
    coalescer: Coalescer,
    /// What is followed beside the board's symbols.
    on_demand: BTreeSet<Symbol>,
    series: HashMap<Symbol, SparkSeries>,
    /// When each symbol lost its last venue.
    lost_at: HashMap<Symbol, Instant>,
    reload: Arc<Notify>,
    metrics: MarketMetrics,
}

impl<P: FnMut(&Arc<Ticker>) + Send> MarketTask<P> {
    /// A market of the board's symbols and `venues`. `reload` is set off after an outage that left a hole in the
    /// sparklines.
    pub fn new(
        config: &MarketConfig,
        venues: &[Venue],
        board: Arc<MarketBoard>,
        clock: Clock,
        reload: Arc<Notify>,
        metrics: MarketMetrics,
        publish: P,
    ) -> Self {
        let symbols = board.symbols();
        Self {
            state: MarketState::new(symbols, venues, rules(config)),
            coalescer: Coalescer::new(Duration::from_millis(config.coalesce_ms), symbols.len()),
            board,
            publish,
            clock,
            on_demand: BTreeSet::new(),
            series: HashMap::new(),
            lost_at: HashMap::new(),
            reload,
            metrics,
        }
    }

    /// Runs until `shutdown`. Goes on without venues: that everything gets stale is news, too.
    pub async fn run(mut self, mut inputs: Inputs, shutdown: CancellationToken) {
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        let (mut events_open, mut sparks_open, mut demand_open) = (true, true, true);
        loop {
            let window_end = self.coalescer.next_end();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                _ = sweep.tick() => self.sweep(),
                () = sleep_until(window_end.unwrap_or_else(Instant::now)), if window_end.is_some() => self.close_windows(),
                changed = inputs.demand.changed(), if demand_open => match changed {
                    Ok(()) => self.meet(&mut inputs.demand),
                    Err(_) => demand_open = false,
                },
                series = inputs.sparks.recv(), if sparks_open => match series {
                    Some(series) => self.take_series(series),
                    None => sparks_open = false,
                },
                count = inputs.events.recv_many(&mut batch, BATCH), if events_open => {
                    events_open = count > 0;
                    // A symbol is in demand before a venue is asked for it, so its first quote finds it followed.
                    if inputs.demand.has_changed().unwrap_or(false) {
                        self.meet(&mut inputs.demand);
                    }
                    for event in batch.drain(..) {
                        self.take(&event);
                    }
                }
            }
        }
    }

    /// Follows what is in demand, and forgets what no longer is.
    fn meet(&mut self, demand: &mut DemandWatch) {
        let demand = Arc::clone(&demand.borrow_and_update());
        let gone: Vec<Symbol> = self.on_demand.iter().copied().filter(|symbol| !demand.contains_key(symbol)).collect();
        for symbol in gone {
            self.on_demand.remove(&symbol);
            if let Some(index) = self.state.forget(symbol) {
                self.coalescer.renew(index);
            }
        }
        for symbol in demand.keys().copied().filter(|symbol| !self.board.is_configured(*symbol)) {
            if self.on_demand.insert(symbol) {
                let index = self.state.follow(symbol);
                self.coalescer.renew(index);
            }
        }
    }

    fn take(&mut self, event: &MarketEvent) {
        match self.state.apply(event) {
            Change::Nothing => {}
            Change::Symbol(index) => self.touch(index),
            Change::LinkUp => self.state.indices().for_each(|index| self.touch(index)),
            Change::LinkLost => self.state.indices().for_each(|index| self.post_now(index)),
        }
    }

    fn touch(&mut self, index: SymbolIndex) {
        let now = Instant::now();
        if self.coalescer.waits(index) {
            self.metrics.coalesced.inc();
        }
        if self.coalescer.touch(index, now) {
            self.post(index, now);
        }
    }

    fn post_now(&mut self, index: SymbolIndex) {
        self.coalescer.left(index);
        self.post(index, Instant::now());
    }

    fn close_windows(&mut self) {
        let now = Instant::now();
        while let Some(index) = self.coalescer.due(now) {
            self.post(index, now);
        }
    }

    fn sweep(&mut self) {
        let now = Instant::now();
        for index in self.state.indices() {
            // An open window looks at the ages when it ends. A closed one stays closed while nothing changed, so that
            // the sweep delays no event.
            if !self.coalescer.defer(index) && self.post(index, now) {
                self.coalescer.touch(index, now);
            }
        }
        for spark in self.series.values_mut().filter_map(SparkSeries::take_changed) {
            self.board.post_spark(spark);
        }
    }

    /// Puts a ticker up and tells of it, if it differs from the one that is up. Returns whether it did.
    fn post(&mut self, index: SymbolIndex, now: Instant) -> bool {
        let started = Instant::now();
        let ticker = self.state.ticker(index, now);
        self.metrics.aggregate.since(started);
        let Some(ticker) = ticker else { return false };
        let before = self.board.ticker(ticker.symbol);
        if before.as_deref() == Some(&ticker) {
            return false;
        }
        let source = match ticker.sources {
            0 => PriceSource::Cache,
            _ if self.state.streamed(index) => PriceSource::Stream,
            _ => PriceSource::Api,
        };
        self.follow(&ticker, now);
        let ticker = Arc::new(ticker);
        self.board.post(Arc::clone(&ticker), source);
        (self.publish)(&ticker);
        true
    }

    /// Continues the sparkline.
    fn follow(&mut self, ticker: &Ticker, now: Instant) {
        if !self.board.is_configured(ticker.symbol) {
            return;
        }
        if ticker.sources == 0 {
            self.lost_at.entry(ticker.symbol).or_insert(now);
            return;
        }
        if let Some(lost_at) = self.lost_at.remove(&ticker.symbol)
            && now.duration_since(lost_at).as_millis() >= u128::from(SPARK_STEP_MS.unsigned_abs())
        {
            self.reload.notify_one();
        }
        let Some(price) = Price::new(ticker.price) else { return };
        let wall = self.clock.wall();
        self.series
            .entry(ticker.symbol)
            .or_insert_with(|| SparkSeries::new(ticker.symbol, price, wall))
            .push(price, wall);
    }

    /// A loaded series replaces the one that grew from live prices, and ends with the price of now.
    fn take_series(&mut self, mut series: SparkSeries) {
        let symbol = series.symbol();
        if !self.board.is_configured(symbol) {
            return;
        }
        let live = self.board.ticker(symbol).filter(|ticker| ticker.sources > 0);
        if let Some(price) = live.and_then(|ticker| Price::new(ticker.price)) {
            series.push(price, self.clock.wall());
        }
        self.series.insert(symbol, series);
    }
}

/// The rules that the settings ask for.
pub fn rules(config: &MarketConfig) -> Rules {
    Rules {
        ages: AgeLimits { quiet_after: config.quiet_after(), stale_after: config.stale_after() },
        outlier: limit(config.outlier_pct),
        outlier_return: limit(config.outlier_return_pct),
    }
}

/// The settings are checked, so the default is never taken.
fn limit(percent: f64) -> Fraction {
    Percent::new(percent).map(Fraction::from).unwrap_or_default()
}

#[cfg(test)]
mod tests;
