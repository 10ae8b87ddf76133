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
mod envelope;
pub mod events;
pub mod filter;
mod ids;
pub mod limits;
pub mod log;
mod pulse;
mod reader;
mod resume;
mod ring;
pub mod session;
pub mod stream;
mod texts;
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
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::{
    channel::Channel,
    events::EventWish,
    filter::EventFilter,
    ids::Ids,
    limits::{Ceilings, ConnectionLimits, Permit, Refusal},
    log::{EventLog, LogSetup, READS, Since},
    reader::{Care, Reader, Timeline},
    resume::LogCursor,
    session::Session,
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

/// All channels and all readers.
#[derive(Debug)]
pub struct Hub {
    index: HashMap<Symbol, usize>,
    channels: Vec<Channel>,
    readers: [Mutex<HashMap<u64, Arc<Reader>>>; SHARDS],
    limits: Arc<ConnectionLimits>,
    /// Of ticker messages.
    ids: Ids,
    last_reader: AtomicU64,
    clock: Clock,
    started: Stamp,
    timeline: Timeline,
    log: Arc<EventLog>,
    /// Readers of all channels' logs that ask the store.
    channel_reads: Arc<Semaphore>,
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
                per_token: limits.connections_per_token(),
            })),
            ids: Ids::new(started, log.is_shared().then_some(clock)),
            last_reader: AtomicU64::new(0),
            clock,
            started,
            timeline,
            log: Arc::new(EventLog::new(log, Arc::new(Semaphore::new(READS)), clock, timeline)),
            channel_reads: Arc::new(Semaphore::new(READS)),
            shutdown,
        }
    }

    /// A log of its own, for a channel. Whoever follows it is woken by nothing else.
    pub fn log_of_channel(&self, setup: LogSetup) -> Arc<EventLog> {
        Arc::new(EventLog::new(setup, Arc::clone(&self.channel_reads), self.clock, self.timeline))
    }

    /// Sends a ticker to everybody who follows its symbol, and a status message where a freshness changed. Returns its id;
    /// `None` for a symbol that is not followed.
    pub fn publish(&self, ticker: &Ticker) -> Option<u64> {
        self.send(ticker, None)
    }

    /// The same with the id that another node gave the ticker. It is kept unless the symbol has had a greater one here.
    pub fn relay(&self, ticker: &Ticker, id: u64) -> Option<u64> {
        self.send(ticker, Some(id))
    }

    fn send(&self, ticker: &Ticker, id: Option<u64>) -> Option<u64> {
        let channel = self.index.get(&ticker.symbol).and_then(|i| self.channels.get(*i))?;
        channel.publish(ticker, id, &self.ids, self.timeline.now_ms())
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
        let channels = self.channels_of(&wish.prices)?;
        let (reader, permit) = self.admit(client.into(), &channels, Some(&self.log), None, Care::Stream)?;
        let log = LogCursor::new(Arc::clone(&self.log), wish.filter, since);
        let hello = events::hello(&self.client_id(reader.id), &wish.config, self.clock.wall(), log.position());
        let tickers = TickerCursor::new(Arc::clone(self), Arc::clone(&reader), &channels, wish.pace);
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
        let (reader, permit) = self.admit(client.into(), &[], Some(log), label, Care::Stream)?;
        let cursor = LogCursor::new(Arc::clone(log), EventFilter::everything(), since);
        let (voice, hello) = match form {
            ChannelForm::Plain => (Voice::Plain, Some(envelope::plain_hello(cursor.position()))),
            ChannelForm::Named { channel, .. } => {
                let label = reader.label.as_deref().unwrap_or_default();
                (Voice::Envelopes, envelope::hello(channel, label, self.clock.wall(), cursor.position()))
            }
        };
        let tickers = TickerCursor::new(Arc::clone(self), Arc::clone(&reader), &[], Duration::ZERO);
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
        let channels = self.channels_of(&wish.symbols)?;
        let (reader, permit) = self.admit(client, &channels, since.map(|_| &self.log), None, Care::Stream)?;
        let log = since.map(|since| LogCursor::new(Arc::clone(&self.log), EventFilter::stories(), since));
        let position = log.as_ref().and_then(LogCursor::position);
        let hello = encode::hello(&self.client_id(reader.id), &wish.symbols, self.clock.wall(), position);
        let tickers = TickerCursor::new(Arc::clone(self), Arc::clone(&reader), &channels, wish.pace);
        Ok(FrameStream::new(Arc::clone(self), Voice::Messages, hello, tickers, log, reader, permit))
    }

    /// Opens a session for a reader, who is counted as `client`: it follows nothing yet.
    ///
    /// # Errors
    /// [`Refusal`] where a limit is reached, or the server is going down.
    pub fn session(self: &Arc<Self>, client: impl Into<Client>) -> Result<Session, Refusal> {
        let (reader, permit) = self.admit(client.into(), &[], Some(&self.log), None, Care::Session)?;
        Ok(Session::new(Arc::clone(self), reader, permit))
    }

    fn channels_of(&self, symbols: &[Symbol]) -> Result<Vec<usize>, Refusal> {
        if symbols.len() > MAX_SYMBOLS_PER_READER {
            return Err(Refusal::TooManySymbols);
        }
        symbols.iter().map(|symbol| self.channel_of(*symbol)).collect()
    }

    fn channel_of(&self, symbol: Symbol) -> Result<usize, Refusal> {
        self.index.get(&symbol).copied().ok_or(Refusal::UnknownSymbol)
    }

    /// Lets a reader in, if there is room, and tells it of everything from here on.
    fn admit(
        &self,
        client: Client,
        channels: &[usize],
        log: Option<&Arc<EventLog>>,
        label: Option<Box<str>>,
        care: Care,
    ) -> Result<(Arc<Reader>, Permit), Refusal> {
        if self.shutdown.is_cancelled() {
            return Err(Refusal::GoingDown);
        }
        let permit = self.limits.acquire(client)?;
        let reader = Reader::new(self.next_id(), channels, log.cloned(), label, &self.timeline, care);
        let reader = Arc::new(reader);
        self.register(&reader, channels);
        // A session joins the log when it asks for it.
        if let Some(log) = log.filter(|_| care == Care::Stream) {
            log.add(&reader);
        }
        Ok((reader, permit))
    }

    /// A name for a reader.
    fn client_id(&self, id: u64) -> String {
        format!("{:x}-{id}", self.started.wall.0)
    }

    fn next_id(&self) -> u64 {
        self.last_reader.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn register(&self, reader: &Arc<Reader>, channels: &[usize]) {
        if let Some(shard) = shard(&self.readers, reader.id) {
            shard.lock().insert(reader.id, Arc::clone(reader));
        }
        for (position, channel) in channels.iter().enumerate() {
            if let Some(channel) = self.channels.get(*channel) {
                channel.add(reader, position);
            }
        }
    }

    /// Tells a reader of one more channel from here on. Not one that is forgotten: nobody would take it out again.
    fn join(&self, reader: &Arc<Reader>, position: usize, channel: usize) {
        let mut known = reader.channels.lock();
        let Some(channels) = known.as_mut() else { return };
        if channels.len() <= position {
            channels.resize(position + 1, None);
        }
        if let Some(slot) = channels.get_mut(position) {
            *slot = Some(channel);
        }
        if let Some(channel) = self.channels.get(channel) {
            channel.add(reader, position);
        }
    }

    /// Tells a reader no more of the channel at a position.
    fn leave(&self, reader: &Reader, position: usize) {
        let mut known = reader.channels.lock();
        let channel = known.as_mut().and_then(|channels| channels.get_mut(position)).and_then(Option::take);
        if let Some(channel) = channel.and_then(|i| self.channels.get(i)) {
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
        for channel in channels.into_iter().flatten().filter_map(|i| self.channels.get(i)) {
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
        self.channels.iter().map(|c| (c.symbol(), c.readers())).filter(|(_, readers)| *readers > 0).collect()
    }
}

/// The part of a sharded set that an id belongs to.
fn shard<T>(shards: &[T; SHARDS], id: u64) -> Option<&T> {
    shards.get(usize::try_from(id).unwrap_or_default() % SHARDS)
}

#[cfg(test)]
mod tests;
