//! From the market to every reader: encode once, latest value wins, a slow reader delays nobody.
//!
//! Every symbol has a channel with its newest frames as shared bytes. A reader registers with the channels it wants
//! and holds positions, not a queue: a publication sets one bit in each reader of that symbol and wakes those that had
//! it clear; the reader then takes the newest frame from the channel. So a publication costs one encoding and
//! O(readers of the symbol), and a slow reader costs what a fast one does.
//!
//! News is a [`log`]: nothing of it may be left out, so a reader holds its place in it, and is given what follows from
//! memory or from the store.
//!
//! Heartbeats, keep-alives and the search for stalled readers come from one shared tick ([`Hub::run`]).

mod bits;
mod channel;
mod encode;
mod ending;
pub mod events;
pub mod filter;
pub mod limits;
pub mod log;
mod pulse;
mod reader;
mod resume;
mod ring;
pub mod stream;
mod tickers;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use self::{
    channel::{Channel, PriceForm},
    events::EventWish,
    filter::EventFilter,
    limits::{Ceilings, ConnectionLimits, Permit, Refusal},
    log::{EventLog, LogSetup, Since},
    reader::{Reader, Timeline},
    resume::LogCursor,
    stream::{FrameStream, Voice},
    tickers::TickerCursor,
};
use super::{
    client::Client,
    clock::{Clock, Stamp},
    config::LimitsConfig,
};
use crate::model::{symbol::Symbol, ticker::Ticker};

/// Symbols that one reader may follow.
pub const MAX_SYMBOLS_PER_READER: usize = 100;

/// Parts that a set of readers is kept in, so that no lock is held for more than a part of them.
const SHARDS: usize = 16;

/// What a reader wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// Followed symbols without duplicates, at most [`MAX_SYMBOLS_PER_READER`], in the reader's order.
    pub symbols: Vec<Symbol>,
    /// The least time between two tickers of one symbol; zero for all of them.
    pub pace: Duration,
}

/// All channels and all readers.
#[derive(Debug)]
pub struct Hub {
    index: HashMap<Symbol, usize>,
    channels: Vec<Channel>,
    readers: [Mutex<HashMap<u64, Arc<Reader>>>; SHARDS],
    limits: Arc<ConnectionLimits>,
    /// Id of the last ticker message.
    last_id: AtomicU64,
    last_reader: AtomicU64,
    clock: Clock,
    started: Stamp,
    timeline: Timeline,
    log: Arc<EventLog>,
    shutdown: CancellationToken,
}

impl Hub {
    /// A hub for `symbols` and a log. Ends every stream when `shutdown` is cancelled, as long as [`run`](Self::run) runs.
    pub fn new(
        symbols: &[Symbol],
        limits: &LimitsConfig,
        heartbeat: Duration,
        clock: Clock,
        log: LogSetup,
        shutdown: CancellationToken,
    ) -> Self {
        let started = clock.now();
        let timeline = Timeline::new(started.mono, heartbeat, Duration::from_secs(limits.stall_s));
        Self {
            index: symbols.iter().enumerate().map(|(i, symbol)| (*symbol, i)).collect(),
            channels: symbols.iter().map(|symbol| Channel::new(*symbol)).collect(),
            readers: std::array::from_fn(|_| Mutex::default()),
            limits: Arc::new(ConnectionLimits::new(Ceilings {
                total: limits.connections_total,
                per_address: limits.connections_per_address,
                per_token: limits.connections_per_token,
            })),
            // Microseconds of the wall clock: ids grow over restarts, too, as long as fewer than a million a second are
            // given out, and stay below 2^53 until the year 2255.
            last_id: AtomicU64::new(u64::try_from(started.wall.0.max(0)).unwrap_or_default().saturating_mul(1000)),
            last_reader: AtomicU64::new(0),
            clock,
            started,
            timeline,
            log: Arc::new(EventLog::new(log, clock, timeline)),
            shutdown,
        }
    }

    /// Sends a ticker to everybody who follows its symbol, and a status message where a freshness changed.
    pub fn publish(&self, ticker: &Ticker) {
        if let Some(channel) = self.index.get(&ticker.symbol).and_then(|i| self.channels.get(*i)) {
            channel.publish(ticker, &self.last_id, self.timeline.now_ms());
        }
    }

    /// The log: where news is written.
    pub const fn log(&self) -> &Arc<EventLog> {
        &self.log
    }

    /// Opens a stream of tickers for a reader, who is counted as `client`.
    ///
    /// # Errors
    /// [`Refusal`] where a limit is reached, a symbol is not followed, or the server is going down.
    pub fn connect(self: &Arc<Self>, client: impl Into<Client>, wish: &Wish) -> Result<FrameStream, Refusal> {
        self.open_messages(client.into(), wish, None)
    }

    /// The same with the heads of stories that changed since then. Ids are places in the log, and tickers have none.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_page(
        self: &Arc<Self>,
        client: impl Into<Client>,
        wish: &Wish,
        since: Since,
    ) -> Result<FrameStream, Refusal> {
        self.open_messages(client.into(), wish, Some(since))
    }

    /// Opens a stream of named events: what the log holds since then, and prices.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_events(
        self: &Arc<Self>,
        client: impl Into<Client>,
        wish: EventWish,
        since: Since,
    ) -> Result<FrameStream, Refusal> {
        let (reader, permit) = self.admit(client.into(), &wish.prices, true)?;
        let log = LogCursor::new(Arc::clone(&self.log), wish.filter, since);
        let hello = events::hello(&self.client_id(&reader), &wish.config, self.clock.wall(), log.position());
        let tickers = TickerCursor::new(Arc::clone(self), Arc::clone(&reader), PriceForm::Event, wish.pace);
        let hello = hello.unwrap_or_default();
        Ok(FrameStream::new(Arc::clone(self), Voice::Events, hello, tickers, Some(log), reader, permit))
    }

    fn open_messages(
        self: &Arc<Self>,
        client: Client,
        wish: &Wish,
        since: Option<Since>,
    ) -> Result<FrameStream, Refusal> {
        let (reader, permit) = self.admit(client, &wish.symbols, since.is_some())?;
        let log = since.map(|since| LogCursor::new(Arc::clone(&self.log), EventFilter::stories(), since));
        let form = if log.is_some() { PriceForm::TickerWithoutId } else { PriceForm::Ticker };
        let position = log.as_ref().and_then(LogCursor::position);
        let hello = encode::hello(&self.client_id(&reader), &wish.symbols, self.clock.wall(), position);
        let tickers = TickerCursor::new(Arc::clone(self), Arc::clone(&reader), form, wish.pace);
        Ok(FrameStream::new(Arc::clone(self), Voice::Messages, hello, tickers, log, reader, permit))
    }

    /// Lets a reader in, if there is room, and tells it of everything from here on.
    fn admit(&self, client: Client, symbols: &[Symbol], log: bool) -> Result<(Arc<Reader>, Permit), Refusal> {
        if self.shutdown.is_cancelled() {
            return Err(Refusal::GoingDown);
        }
        if symbols.len() > MAX_SYMBOLS_PER_READER {
            return Err(Refusal::TooManySymbols);
        }
        let channels: Option<Vec<usize>> = symbols.iter().map(|s| self.index.get(s).copied()).collect();
        let channels = channels.ok_or(Refusal::UnknownSymbol)?;
        let permit = self.limits.acquire(client)?;
        let id = self.last_reader.fetch_add(1, Ordering::Relaxed) + 1;
        let reader = Arc::new(Reader::new(id, channels, &self.timeline));
        self.register(&reader);
        if log {
            self.log.add(&reader);
        }
        Ok((reader, permit))
    }

    fn client_id(&self, reader: &Reader) -> String {
        format!("{:x}-{}", self.started.wall.0, reader.id)
    }

    fn register(&self, reader: &Arc<Reader>) {
        if let Some(shard) = shard(&self.readers, reader.id) {
            shard.lock().insert(reader.id, Arc::clone(reader));
        }
        for (position, channel) in reader.channels.iter().enumerate() {
            if let Some(channel) = self.channels.get(*channel) {
                channel.add(reader, position);
            }
        }
    }

    /// Forgets a reader. Does nothing the second time.
    fn unregister(&self, reader: &Reader) {
        let known = shard(&self.readers, reader.id).is_some_and(|shard| shard.lock().remove(&reader.id).is_some());
        if !known {
            return;
        }
        for channel in reader.channels.iter().filter_map(|i| self.channels.get(*i)) {
            channel.remove(reader.id);
        }
        self.log.remove(reader.id);
    }

    /// Open streams, those included whose reader has stalled and whose connection is not yet gone.
    pub fn streams(&self) -> usize {
        self.limits.open()
    }

    /// How many readers each symbol has, without those that have none.
    pub fn subscriptions(&self) -> Vec<(Symbol, usize)> {
        self.channels.iter().map(|c| (c.symbol(), c.readers())).filter(|(_, readers)| *readers > 0).collect()
    }
}

/// The part of a sharded set that an id belongs to.
fn shard<T>(shards: &[T; SHARDS], id: u64) -> Option<&T> {
    shards.get(usize::try_from(id).unwrap_or_default() % SHARDS)
}

#[cfg(test)]
mod tests;
