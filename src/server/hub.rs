//! From the market to every reader: encode once, latest value wins, a slow reader delays nobody.
//!
//! Every symbol has a channel with its newest frames as shared bytes. A reader registers with the channels it wants
//! and holds positions, not a queue: a publication sets one bit in each reader of that symbol and wakes those that had
//! it clear; the reader then takes the newest frame from the channel. So a publication costs one encoding and
//! O(readers of the symbol), and a slow reader costs what a fast one does.
//!
//! Heartbeats, keep-alives and the search for stalled readers come from one shared tick ([`Hub::run`]).

mod bits;
mod channel;
mod encode;
pub mod limits;
mod pulse;
mod reader;
pub mod stream;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use self::{
    channel::Channel,
    limits::{ConnectionLimits, Refusal},
    reader::{Reader, Timeline},
    stream::TickerStream,
};
use super::{
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
    shutdown: CancellationToken,
}

impl Hub {
    /// A hub for `symbols`. Ends every stream when `shutdown` is cancelled, as long as [`run`](Self::run) runs.
    pub fn new(
        symbols: &[Symbol],
        limits: &LimitsConfig,
        heartbeat: Duration,
        clock: Clock,
        shutdown: CancellationToken,
    ) -> Self {
        let started = clock.now();
        Self {
            index: symbols.iter().enumerate().map(|(i, symbol)| (*symbol, i)).collect(),
            channels: symbols.iter().map(|symbol| Channel::new(*symbol)).collect(),
            readers: std::array::from_fn(|_| Mutex::default()),
            limits: Arc::new(ConnectionLimits::new(limits.connections_total, limits.connections_per_address)),
            // Microseconds of the wall clock: ids grow over restarts, too, as long as fewer than a million a second are
            // given out, and stay below 2^53 until the year 2255.
            last_id: AtomicU64::new(u64::try_from(started.wall.0.max(0)).unwrap_or_default().saturating_mul(1000)),
            last_reader: AtomicU64::new(0),
            clock,
            started,
            timeline: Timeline::new(started.mono, heartbeat, Duration::from_secs(limits.stall_s)),
            shutdown,
        }
    }

    /// Sends a ticker to everybody who follows its symbol, and a status message where a freshness changed.
    pub fn publish(&self, ticker: &Ticker) {
        if let Some(channel) = self.index.get(&ticker.symbol).and_then(|i| self.channels.get(*i)) {
            channel.publish(ticker, &self.last_id, self.timeline.now_ms());
        }
    }

    /// Opens a stream for a reader at `address`.
    ///
    /// # Errors
    /// [`Refusal`] where a limit is reached, a symbol is not followed, or the server is going down.
    pub fn connect(self: &Arc<Self>, address: IpAddr, wish: &Wish) -> Result<TickerStream, Refusal> {
        if self.shutdown.is_cancelled() {
            return Err(Refusal::GoingDown);
        }
        if wish.symbols.len() > MAX_SYMBOLS_PER_READER {
            return Err(Refusal::TooManySymbols);
        }
        let channels: Option<Vec<usize>> = wish.symbols.iter().map(|s| self.index.get(s).copied()).collect();
        let channels = channels.ok_or(Refusal::UnknownSymbol)?;
        let permit = self.limits.acquire(address)?;
        let id = self.last_reader.fetch_add(1, Ordering::Relaxed) + 1;
        let reader = Arc::new(Reader::new(id, channels, &self.timeline));
        self.register(&reader);
        let client_id = format!("{:x}-{id}", self.started.wall.0);
        let hello = encode::hello(&client_id, &wish.symbols, self.clock.wall());
        Ok(TickerStream::new(Arc::clone(self), reader, hello, wish.pace, permit))
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
