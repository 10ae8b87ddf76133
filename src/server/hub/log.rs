//! The log: entries that must reach every reader, in order, once.
//!
//! Whoever writes takes a turn, gives its entries their places, stores them, and publishes them. Nobody else has a
//! turn meanwhile, so places are given in the order in which entries are sent. A turn that ends unpublished gives its
//! places back: nothing was sent.
//!
//! The newest entries are in memory, encoded once; older ones are read from an [`EventStore`]. A reader holds its
//! position and nothing else, so one that is slow or stuck costs what any other does.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::future::BoxFuture;
use parking_lot::{Mutex, RwLock};
use thiserror::Error;
use tokio::{
    sync::{OwnedMutexGuard, Semaphore},
    time::Instant,
};
use tokio_util::task::AbortOnDropHandle;

pub use super::ring::Bounds;
use super::{
    SHARDS,
    reader::{Reader, Timeline},
    ring::{BOUNDS, Entry, Following, Ring},
    shard,
};
use crate::server::{
    clock::Clock,
    event::{EventDraft, LogEvent, LogRange},
    metrics::hub::HubMetrics,
};

/// Entries that one reader asks the store for at a time, and then holds.
pub(super) const PAGE: usize = 32;
/// Entries that are read into memory at the start.
const WARM: usize = 512;
/// Readers that ask the store at once; others wait their turn.
pub(super) const READS: usize = 8;

/// Where entries are that have left the memory.
pub trait EventStore: Send + Sync + 'static {
    /// The entries after the position `after`, oldest first, at most `limit`. Those that were pruned are left out.
    fn read(&self, after: u64, limit: usize) -> BoxFuture<'static, Result<Vec<LogEvent>, EventStoreError>>;
}

/// The store could not answer; it may later.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the log can't be read: {0}")]
pub struct EventStoreError(pub String);

/// A store that holds nothing: what has left the memory is gone.
struct NoStore;

impl EventStore for NoStore {
    fn read(&self, _: u64, _: usize) -> BoxFuture<'static, Result<Vec<LogEvent>, EventStoreError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// What a log starts with.
pub struct LogSetup {
    /// Positions before this one are of another log.
    first: u64,
    last: u64,
    /// The newest entries.
    recent: Vec<LogEvent>,
    store: Arc<dyn EventStore>,
    /// Of what is kept in memory.
    bounds: Bounds,
}

impl LogSetup {
    /// A new log of which only the newest entries are kept, in memory. It starts at the microseconds of the wall clock,
    /// so that positions of an earlier one are recognised.
    pub fn in_memory(clock: Clock) -> Self {
        Self::kept_in(start(clock), start(clock), Arc::new(NoStore))
    }

    /// A new log of which only the newest entries are kept, in memory, and that starts at `first`.
    pub fn starting(first: u64) -> Self {
        Self::kept_in(first, first, Arc::new(NoStore))
    }

    /// A log that goes on after `last`, of which nothing is in memory yet. Positions before `first` are of a log that
    /// was thrown away.
    pub fn kept_in(first: u64, last: u64, store: Arc<dyn EventStore>) -> Self {
        Self { first, last, recent: Vec::new(), store, bounds: BOUNDS }
    }

    /// With other bounds of what is kept in memory.
    #[must_use]
    pub const fn within(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// A log that goes on where `store` ends. Positions before `first` are of a log that was thrown away.
    ///
    /// # Errors
    /// Where the store can't be read.
    pub async fn stored(range: LogRange, first: u64, store: Arc<dyn EventStore>) -> Result<Self, EventStoreError> {
        let mut after = range.last.saturating_sub(u64::try_from(WARM).unwrap_or_default()).max(range.after);
        let mut recent = Vec::new();
        while after < range.last {
            let read = store.read(after, WARM).await?;
            let Some(newest) = read.last() else { break };
            after = newest.id;
            recent.extend(read);
        }
        Ok(Self { first, last: range.last, recent, store, bounds: BOUNDS })
    }

    /// With less memory.
    #[cfg(test)]
    pub(super) const fn keeping(mut self, entries: usize) -> Self {
        self.bounds.entries = entries;
        self
    }
}

/// Where a log starts that is new now: at the microseconds of the wall clock.
pub fn start(clock: Clock) -> u64 {
    u64::try_from(clock.wall().0.max(0)).unwrap_or_default().saturating_mul(1000)
}

/// Where a reader wants to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With what is published from now on.
    Now,
    /// After the entry that it read last.
    After(u64),
    /// After an entry whose id says nothing here.
    Unknown,
}

/// The log and those who follow it.
pub struct EventLog {
    first: u64,
    ring: RwLock<Ring>,
    turn: Arc<tokio::sync::Mutex<()>>,
    store: Arc<dyn EventStore>,
    reads: Arc<Semaphore>,
    readers: [Mutex<HashMap<u64, Arc<Reader>>>; SHARDS],
    closed: AtomicBool,
    clock: Clock,
    timeline: Timeline,
    metrics: HubMetrics,
}

impl std::fmt::Debug for EventLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLog").field("first", &self.first).field("tip", &self.tip()).finish_non_exhaustive()
    }
}

/// The exclusive right to write. Dropping it without publishing gives its places back.
#[must_use = "a turn that is not published sends nothing"]
pub struct LogTurn {
    log: Arc<EventLog>,
    last: u64,
    _guard: OwnedMutexGuard<()>,
}

impl EventLog {
    /// `reads`: whoever asks a store takes one.
    pub(super) fn new(
        setup: LogSetup,
        reads: Arc<Semaphore>,
        clock: Clock,
        timeline: Timeline,
        metrics: HubMetrics,
    ) -> Self {
        let LogSetup { first, last, recent, store, bounds } = setup;
        let recent = recent.into_iter().filter(|event| event.id <= last);
        let before = recent.clone().next().map_or(last, |event| event.id.saturating_sub(1));
        let mut ring = Ring::new(before, bounds);
        for event in recent {
            ring.push(Entry::of(event));
        }
        // The store may have ended before `last`: what is missing is then asked for, and its absence told.
        let ring = if ring.tip() == last { ring } else { Ring::new(last, bounds) };
        Self {
            first,
            ring: RwLock::new(ring),
            turn: Arc::default(),
            store,
            reads,
            readers: std::array::from_fn(|_| Mutex::default()),
            closed: AtomicBool::new(false),
            clock,
            timeline,
            metrics,
        }
    }

    /// Waits until nobody else writes.
    pub async fn turn(self: &Arc<Self>) -> LogTurn {
        let guard = Arc::clone(&self.turn).lock_owned().await;
        LogTurn { log: Arc::clone(self), last: self.tip(), _guard: guard }
    }

    /// The position of the newest entry that was published.
    pub fn tip(&self) -> u64 {
        self.ring.read().tip()
    }

    /// How many readers follow the log.
    pub fn readers(&self) -> usize {
        self.readers.iter().map(|shard| shard.lock().len()).sum()
    }

    /// What the readers call themselves, in no order; without those that have no name.
    pub fn labels(&self) -> Vec<Box<str>> {
        let of_shard = |shard: &Mutex<HashMap<u64, Arc<Reader>>>| -> Vec<Box<str>> {
            shard.lock().values().filter_map(|reader| reader.label.clone()).collect()
        };
        self.readers.iter().flat_map(of_shard).collect()
    }

    /// What the entries in memory take, in bytes.
    pub fn memory(&self) -> usize {
        self.ring.read().bytes()
    }

    /// Gives up what is in memory. Readers that have not seen it ask the store.
    pub fn give_up_memory(&self) {
        self.ring.write().clear();
    }

    /// Nothing comes any more: streams end when their readers have what there is.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.tell_readers();
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// What is counted of it.
    pub(super) const fn metrics(&self) -> &HubMetrics {
        &self.metrics
    }

    /// Whether a position may have been given out by this log.
    pub(super) const fn is_ours(&self, position: u64) -> bool {
        position >= self.first
    }

    pub(super) fn after(&self, position: u64) -> Following {
        self.ring.read().after(position)
    }

    /// Asks the store for what follows a position, up to the entry `upto`. Runs by itself: a reader that is stuck holds
    /// up no other.
    pub(super) fn fetch(&self, after: u64, upto: u64) -> AbortOnDropHandle<Result<Vec<Entry>, EventStoreError>> {
        let (reads, store) = (Arc::clone(&self.reads), Arc::clone(&self.store));
        AbortOnDropHandle::new(tokio::spawn(async move {
            let _one_of_few = reads.acquire_owned().await.map_err(|error| EventStoreError(error.to_string()))?;
            let events = store.read(after, PAGE).await?;
            // What is stored but not yet published may still be given back.
            Ok(events.into_iter().filter(|event| event.id > after && event.id <= upto).map(Entry::of).collect())
        }))
    }

    pub(super) fn add(&self, reader: &Arc<Reader>) {
        if let Some(shard) = shard(&self.readers, reader.id) {
            shard.lock().insert(reader.id, Arc::clone(reader));
        }
    }

    pub(super) fn remove(&self, id: u64) {
        if let Some(shard) = shard(&self.readers, id) {
            shard.lock().remove(&id);
        }
    }

    fn send(&self, events: Vec<LogEvent>) {
        let started = Instant::now();
        // Encoded before anybody is locked out.
        let entries: Vec<Entry> = events.into_iter().map(Entry::of).collect();
        if entries.is_empty() {
            return;
        }
        let mut ring = self.ring.write();
        for entry in entries {
            let id = entry.id;
            if !ring.push(entry) {
                tracing::error!(
                    id,
                    tip = ring.tip(),
                    "an entry of the log was published out of its turn and is not sent"
                );
            }
        }
        drop(ring);
        self.tell_readers();
        self.metrics.event_fan_out.since(started);
    }

    fn tell_readers(&self) {
        let now_ms = self.timeline.now_ms();
        for shard in &self.readers {
            for reader in shard.lock().values() {
                reader.tell_log(now_ms);
            }
        }
    }
}

impl LogTurn {
    /// Gives entries their places, one after the other, and the time of now.
    pub fn stamp(&mut self, drafts: Vec<EventDraft>) -> Vec<LogEvent> {
        let at = self.log.clock.wall();
        let stamped = drafts.into_iter().map(|draft| {
            self.last += 1;
            LogEvent { id: self.last, at, draft }
        });
        stamped.collect()
    }

    /// Goes on after `last` where the store turns out to hold entries up to it: of a turn whose end was never told.
    /// They are sent with the next ones.
    pub fn go_on_after(&mut self, last: u64) {
        self.last = self.last.max(last);
    }

    /// Sends what was stamped in this turn, all of it, after it was stored.
    pub fn publish(self, events: Vec<LogEvent>) {
        self.log.send(events);
    }
}
