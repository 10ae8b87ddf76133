//! From the market to every reader: encode once, latest value wins, a slow reader delays nobody.
//!
//! Every symbol has a channel with its newest frames as shared bytes. A reader registers with the channels it wants
//! and holds positions, not a queue: a publication sets one bit in each reader of that symbol and wakes those that had
//! it clear; the reader then takes the newest frame from the channel. So a publication costs one encoding and
//! O(readers of the symbol), and a slow reader costs what a fast one does. Channels of symbols that are not configured
//! are opened and closed by [`follows`](super::follows).
//!
//! News is a [`log`]: nothing of it may be left out, so a reader holds its place in it, and is given what follows from
//! memory or from the store. Every channel that programs publish on has such a log of its own, with its own readers.
//!
//! Heartbeats, keep-alives and the search for stalled readers come from one shared tick ([`Hub::run`]).

mod bits;
mod channel;
mod channels;
mod encode;
mod ending;
mod envelope;
pub mod events;
pub mod filter;
pub mod limits;
pub mod log;
mod pulse;
mod reader;
mod resume;
mod ring;
pub mod session;
pub mod stream;
mod tally;
mod texts;
mod tickers;

pub use self::envelope::event as enveloped;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;

use self::{
    channel::Channel,
    channels::Channels,
    events::EventWish,
    filter::EventFilter,
    limits::{Ceilings, ConnectionLimits, Permit, Refusal},
    log::{EventLog, LogSetup, READS, Since},
    reader::{Care, Reader, Timeline, Traits},
    resume::LogCursor,
    session::Session,
    stream::{FrameStream, Voice},
    tickers::TickerCursor,
};
use super::{
    client::Client,
    clock::{Clock, Stamp},
    config::LimitsConfig,
    metrics::{Metrics, clients::Protocol},
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

/// What a reader of a channel wants.
#[derive(Debug)]
pub struct ChannelWish<'a> {
    /// The channel's own log.
    pub log: &'a Arc<EventLog>,
    pub form: ChannelForm,
}

/// How the events of a channel are sent.
#[derive(Debug)]
pub enum ChannelForm {
    /// Named events in an envelope.
    Named {
        channel: &'static str,
        /// What the reader calls itself; made by the hub where it is missing.
        label: Option<Box<str>>,
    },
    /// Messages as they were published.
    Plain,
}

/// How a reader comes in.
struct Entry<'a> {
    protocol: Protocol,
    /// The log that it follows, or may follow later.
    log: Option<&'a Arc<EventLog>>,
    label: Option<Box<str>>,
    care: Care,
}

/// A reader that was let in, its channels, and its room.
type Admitted = (Arc<Reader>, Vec<Arc<Channel>>, Permit);

impl Entry<'_> {
    const fn to(protocol: Protocol) -> Self {
        Self { protocol, log: None, label: None, care: Care::Stream }
    }
}

/// All channels and all readers.
#[derive(Debug)]
pub struct Hub {
    channels: Channels,
    readers: [Mutex<HashMap<u64, Arc<Reader>>>; SHARDS],
    limits: Arc<ConnectionLimits>,
    /// Id of the last ticker message.
    last_id: AtomicU64,
    last_reader: AtomicU64,
    clock: Clock,
    started: Stamp,
    timeline: Timeline,
    log: Arc<EventLog>,
    /// Readers of all channels' logs that ask the store.
    channel_reads: Arc<Semaphore>,
    metrics: Metrics,
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
        metrics: &Metrics,
        shutdown: CancellationToken,
    ) -> Self {
        let started = clock.now();
        let timeline = Timeline::new(started.mono, heartbeat, Duration::from_secs(limits.stall_s));
        Self {
            channels: Channels::new(symbols),
            readers: std::array::from_fn(|_| Mutex::default()),
            limits: Arc::new(ConnectionLimits::new(Ceilings {
                total: limits.connections_total,
                per_address: limits.connections_per_address,
                per_token: limits.connections_per_token(),
            })),
            // Microseconds of the wall clock: ids grow over restarts, too, as long as fewer than a million a second are
            // given out, and stay below 2^53 until the year 2255.
            last_id: AtomicU64::new(u64::try_from(started.wall.0.max(0)).unwrap_or_default().saturating_mul(1000)),
            last_reader: AtomicU64::new(0),
            clock,
            started,
            timeline,
            log: Arc::new(EventLog::new(log, Arc::new(Semaphore::new(READS)), clock, timeline, metrics.hub.clone())),
            channel_reads: Arc::new(Semaphore::new(READS)),
            metrics: metrics.clone(),
            shutdown,
        }
    }

    /// A log of its own, for a channel. Whoever follows it is woken by nothing else.
    pub fn log_of_channel(&self, setup: LogSetup) -> Arc<EventLog> {
        let reads = Arc::clone(&self.channel_reads);
        Arc::new(EventLog::new(setup, reads, self.clock, self.timeline, self.metrics.hub.clone()))
    }

    /// Sends a ticker to everybody who follows its symbol, and a status message where a freshness changed.
    pub fn publish(&self, ticker: &Ticker) {
        if let Some(channel) = self.channels.get(ticker.symbol) {
            let started = Instant::now();
            channel.publish(ticker, &self.last_id, self.timeline.now_ms());
            self.metrics.hub.ticker_fan_out.since(started);
        }
    }

    /// Opens a channel for a symbol that is not configured. Nothing happens if it is open.
    pub fn open(&self, symbol: Symbol) {
        self.channels.open(symbol);
    }

    /// Closes a channel that [`open`](Self::open) opened. Returns whether it is closed: it stays open as long as a reader
    /// has it, and one of a configured symbol does for ever.
    pub fn close(&self, symbol: Symbol) -> bool {
        self.channels.close(symbol)
    }

    /// Cancelled when the server goes down.
    pub const fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
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
        let entry = Entry { log: Some(&self.log), ..Entry::to(Protocol::Sse) };
        let (reader, channels, permit) = self.admit(client.into(), &wish.prices, entry)?;
        let log = LogCursor::new(Arc::clone(&self.log), wish.filter, since);
        let hello = events::hello(&self.client_id(reader.id), &wish.config, self.clock.wall(), log.position());
        let tickers = TickerCursor::new(Arc::clone(&reader), channels, wish.pace);
        let hello = hello.unwrap_or_default();
        Ok(FrameStream::new(Arc::clone(self), Voice::Events, hello, tickers, Some(log), reader, permit))
    }

    /// Opens a stream of what is told on a channel since then.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), and [`Refusal::Removed`].
    pub fn connect_channel(
        self: &Arc<Self>,
        client: impl Into<Client>,
        wish: ChannelWish<'_>,
        since: Since,
    ) -> Result<FrameStream, Refusal> {
        let ChannelWish { log, form } = wish;
        let label = match &form {
            ChannelForm::Plain => None,
            ChannelForm::Named { label, .. } => {
                Some(label.clone().unwrap_or_else(|| self.client_id(self.next_id()).into()))
            }
        };
        let entry = Entry { log: Some(log), label, ..Entry::to(Protocol::Channel) };
        let (reader, _, permit) = self.admit(client.into(), &[], entry)?;
        let cursor = LogCursor::new(Arc::clone(log), EventFilter::everything(), since);
        let (voice, hello) = match form {
            ChannelForm::Plain => (Voice::Plain, Some(envelope::plain_hello(cursor.position()))),
            ChannelForm::Named { channel, .. } => {
                let label = reader.label.as_deref().unwrap_or_default();
                (Voice::Envelopes, envelope::hello(channel, label, self.clock.wall(), cursor.position()))
            }
        };
        let tickers = TickerCursor::new(Arc::clone(&reader), Vec::new(), Duration::ZERO);
        let stream =
            FrameStream::new(Arc::clone(self), voice, hello.unwrap_or_default(), tickers, Some(cursor), reader, permit);
        // Asked after the reader was made known: a channel that is removed from here on ends the stream.
        if log.is_closed() { Err(Refusal::Removed) } else { Ok(stream) }
    }

    fn open_messages(
        self: &Arc<Self>,
        client: Client,
        wish: &Wish,
        since: Option<Since>,
    ) -> Result<FrameStream, Refusal> {
        let protocol = if since.is_some() { Protocol::Page } else { Protocol::Sse };
        let entry = Entry { log: since.map(|_| &self.log), ..Entry::to(protocol) };
        let (reader, channels, permit) = self.admit(client, &wish.symbols, entry)?;
        let log = since.map(|since| LogCursor::new(Arc::clone(&self.log), EventFilter::stories(), since));
        let position = log.as_ref().and_then(LogCursor::position);
        let hello = encode::hello(&self.client_id(reader.id), &wish.symbols, self.clock.wall(), position);
        let tickers = TickerCursor::new(Arc::clone(&reader), channels, wish.pace);
        Ok(FrameStream::new(Arc::clone(self), Voice::Messages, hello, tickers, log, reader, permit))
    }

    /// Opens a session for a reader who speaks `protocol` and is counted as `client`: it follows nothing yet.
    ///
    /// # Errors
    /// [`Refusal`] where a limit is reached, or the server is going down.
    pub fn session(self: &Arc<Self>, client: impl Into<Client>, protocol: Protocol) -> Result<Session, Refusal> {
        let entry = Entry { log: Some(&self.log), care: Care::Session, ..Entry::to(protocol) };
        let (reader, _, permit) = self.admit(client.into(), &[], entry)?;
        Ok(Session::new(Arc::clone(self), reader, permit))
    }

    fn channels_of(&self, symbols: &[Symbol]) -> Result<Vec<Arc<Channel>>, Refusal> {
        if symbols.len() > MAX_SYMBOLS_PER_READER {
            return Err(Refusal::TooManySymbols);
        }
        symbols.iter().map(|symbol| self.channel_of(*symbol)).collect()
    }

    /// The channel of a symbol. As long as it is held it stays open.
    fn channel_of(&self, symbol: Symbol) -> Result<Arc<Channel>, Refusal> {
        self.channels.get(symbol).ok_or(Refusal::UnknownSymbol)
    }

    /// Lets a reader in, if there is room, and tells it of everything from here on. Returns its channels, too.
    fn admit(&self, client: Client, symbols: &[Symbol], entry: Entry<'_>) -> Result<Admitted, Refusal> {
        let Entry { protocol, log, label, care } = entry;
        let (channels, permit) = self
            .check(client, symbols)
            .inspect_err(|refusal| self.metrics.clients.refused(protocol, refusal.as_str()))?;
        let presence = self.metrics.clients.enter(protocol);
        let traits = Traits { followed: log.cloned(), label, care, presence };
        let reader = Arc::new(Reader::new(self.next_id(), &channels, &self.timeline, traits));
        self.register(&reader, &channels);
        // A session joins the log when it asks for it.
        if let Some(log) = log.filter(|_| care == Care::Stream) {
            log.add(&reader);
        }
        Ok((reader, channels, permit))
    }

    fn check(&self, client: Client, symbols: &[Symbol]) -> Result<(Vec<Arc<Channel>>, Permit), Refusal> {
        let channels = self.channels_of(symbols)?;
        if self.shutdown.is_cancelled() {
            return Err(Refusal::GoingDown);
        }
        Ok((channels, self.limits.acquire(client)?))
    }

    /// A name for a reader.
    fn client_id(&self, id: u64) -> String {
        format!("{:x}-{id}", self.started.wall.0)
    }

    fn next_id(&self) -> u64 {
        self.last_reader.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn register(&self, reader: &Arc<Reader>, channels: &[Arc<Channel>]) {
        if let Some(shard) = shard(&self.readers, reader.id) {
            shard.lock().insert(reader.id, Arc::clone(reader));
        }
        for (position, channel) in channels.iter().enumerate() {
            channel.add(reader, position);
        }
    }

    /// Tells a reader of one more channel from here on. Not one that is forgotten: nobody would take it out again.
    fn join(reader: &Arc<Reader>, position: usize, channel: Arc<Channel>) {
        let mut known = reader.channels.lock();
        let Some(channels) = known.as_mut() else { return };
        channel.add(reader, position);
        if channels.len() <= position {
            channels.resize(position + 1, None);
        }
        if let Some(slot) = channels.get_mut(position) {
            *slot = Some(channel);
        }
    }

    /// Tells a reader no more of the channel at a position.
    fn leave(reader: &Reader, position: usize) {
        let mut known = reader.channels.lock();
        let channel = known.as_mut().and_then(|channels| channels.get_mut(position)).and_then(Option::take);
        if let Some(channel) = channel {
            channel.remove(reader.id);
        }
    }

    /// Tells a reader of the log from here on. Not one that is forgotten.
    fn join_log(&self, reader: &Arc<Reader>) {
        let known = reader.channels.lock();
        if known.is_some() {
            self.log.add(reader);
        }
    }

    /// Forgets a reader. Does nothing the second time.
    fn unregister(&self, reader: &Reader) {
        let known = shard(&self.readers, reader.id).is_some_and(|shard| shard.lock().remove(&reader.id).is_some());
        if !known {
            return;
        }
        let channels = reader.channels.lock().take().unwrap_or_default();
        for channel in channels.into_iter().flatten() {
            channel.remove(reader.id);
        }
        if let Some(log) = &reader.followed {
            log.remove(reader.id);
        }
    }

    /// Open streams, those included whose reader has stalled and whose connection is not yet gone.
    pub fn streams(&self) -> usize {
        self.limits.open()
    }

    /// How many readers each symbol has, without those that have none.
    pub fn subscriptions(&self) -> Vec<(Symbol, usize)> {
        self.channels.subscriptions()
    }
}

/// The part of a sharded set that an id belongs to.
fn shard<T>(shards: &[T; SHARDS], id: u64) -> Option<&T> {
    shards.get(usize::try_from(id).unwrap_or_default() % SHARDS)
}

/// What a reader is told at the end of its stream, in each case.
#[cfg(test)]
pub(super) fn endings() -> [crate::wire::event_stream::StreamError; 3] {
    [ending::End::GoingDown, ending::End::TooSlow, ending::End::Removed].map(|end| end.told_to(0))
}

#[cfg(test)]
mod tests;
