//! What the hub and one reader's stream share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    bits::{AtomicBits, Bits},
    channel::Channel,
    log::EventLog,
};
use crate::server::{clock::millis, metrics::clients::Presence, uptake::Uptake};

/// Between two pings of a session. Not a setting, as the silence that ends a session is measured in it.
pub const PING_INTERVAL: Duration = Duration::from_secs(30);

/// A comment at least every 15 s, with room for the tick that sends it.
const KEEP_ALIVE_MS: u64 = 14_000;
/// A ping of a socket.
const PING_MS: u64 = PING_INTERVAL.as_secs() * 1000;
/// How much earlier than due a heartbeat may leave: half a tick, so that it is never more than that off.
const EARLY_MS: u64 = 250;

/// The times that all readers share, in milliseconds since the hub was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeline {
    origin: Instant,
    heartbeat_ms: u64,
    stall: Duration,
}

impl Timeline {
    pub(super) fn new(origin: Instant, heartbeat: Duration, stall: Duration) -> Self {
        Self { origin, heartbeat_ms: millis(heartbeat).max(1), stall }
    }

    /// Now; never 0.
    pub(super) fn now_ms(&self) -> u64 {
        millis(self.origin.elapsed()).saturating_add(1)
    }
}

/// What a reader has to be told beside tickers and the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Signal {
    Heartbeat = 1,
    KeepAlive = 2,
    Close = 4,
}

/// How a reader is kept alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// A heartbeat now and then, and a comment that keeps proxies from closing.
    Stream,
    /// A ping now and then, which does both.
    Session,
}

/// What a reader is, beside what it reads.
pub(super) struct Traits {
    pub(super) followed: Option<Arc<EventLog>>,
    pub(super) label: Option<Box<str>>,
    pub(super) care: Care,
    pub(super) presence: Presence,
    pub(super) uptake: Option<Arc<Uptake>>,
}

/// A reader's side that others write to. It never holds a message.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) id: u64,
    /// What it follows; a position is an index into this. They hold the reader, too, until it is forgotten: then this is
    /// `None`, and it joins nothing any more.
    pub(super) channels: Mutex<Option<Vec<Option<Arc<Channel>>>>>,
    /// The log that it follows or may follow. Whoever forgets the reader takes it out of there: that ends the circle.
    pub(super) followed: Option<Arc<EventLog>>,
    /// What it calls itself, on a channel.
    pub(super) label: Option<Box<str>>,
    /// Its place in the figures for monitors, as long as it lives.
    pub(super) presence: Presence,
    /// What the connection takes that it sits on, where that is known.
    uptake: Option<Arc<Uptake>>,
    tickers: AtomicBits,
    statuses: AtomicBits,
    /// The log has grown.
    log: AtomicBool,
    signals: AtomicU8,
    waker: AtomicWaker,
    /// Since when the reader has been woken without looking; 0 while it is not.
    woken_ms: AtomicU64,
    heartbeat_ms: u64,
    next_heartbeat_ms: AtomicU64,
    next_keep_alive_ms: AtomicU64,
}

impl Reader {
    /// A reader that wants a snapshot of every channel, and to look at the log.
    pub(super) fn new(id: u64, channels: &[Arc<Channel>], timeline: &Timeline, traits: Traits) -> Self {
        let Traits { followed, label, care, presence, uptake } = traits;
        let now = timeline.now_ms();
        let (heartbeat_ms, keep_alive_ms) = match care {
            Care::Stream => (timeline.heartbeat_ms, KEEP_ALIVE_MS),
            Care::Session => (PING_MS, u64::MAX),
        };
        let tickers = AtomicBits::default();
        for position in 0..channels.len() {
            tickers.set(position);
        }
        Self {
            id,
            channels: Mutex::new(Some(channels.iter().cloned().map(Some).collect())),
            followed,
            label,
            presence,
            uptake,
            tickers,
            statuses: AtomicBits::default(),
            log: AtomicBool::new(true),
            signals: AtomicU8::new(0),
            waker: AtomicWaker::new(),
            woken_ms: AtomicU64::new(0),
            heartbeat_ms,
            next_heartbeat_ms: AtomicU64::new(now.saturating_add(heartbeat_ms)),
            next_keep_alive_ms: AtomicU64::new(now.saturating_add(keep_alive_ms)),
        }
    }

    /// A channel has something new. Wakes only a reader that did not know.
    pub(super) fn tell(&self, position: usize, status: bool, now_ms: u64) {
        let news = self.tickers.set(position) | (status && self.statuses.set(position));
        if news {
            self.wake(now_ms);
        }
    }

    /// The log has something new. Wakes only a reader that did not know.
    pub(super) fn tell_log(&self, now_ms: u64) {
        if !self.log.swap(true, Ordering::AcqRel) {
            self.wake(now_ms);
        }
    }

    pub(super) fn signal(&self, signal: Signal, now_ms: u64) {
        self.signals.fetch_or(signal as u8, Ordering::AcqRel);
        self.wake(now_ms);
    }

    fn wake(&self, now_ms: u64) {
        // Only the first waking counts: a failure means that the reader has been waited for already.
        let _ = self.woken_ms.compare_exchange(0, now_ms, Ordering::AcqRel, Ordering::Relaxed);
        self.waker.wake();
    }

    /// The reader looks, and will be woken by what comes from here on.
    pub(super) fn look(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
        self.woken_ms.store(0, Ordering::Release);
    }

    /// The reader can take nothing, and will be woken all the same. It has not looked: the search for stalled readers
    /// goes on.
    pub(super) fn wait(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    /// A position is to be looked at. Wakes nobody: for the reader's own task.
    pub(super) fn want(&self, position: usize) {
        self.tickers.set(position);
    }

    /// The log is to be looked at. Wakes nobody: for the reader's own task.
    pub(super) fn want_log(&self) {
        self.log.store(true, Ordering::Release);
    }

    /// Whether a signal was given; takes it back. Mostly there is none, and looking is cheaper than taking.
    pub(super) fn take(&self, signal: Signal) -> bool {
        let signal = signal as u8;
        let is_given = |signals: u8| signals & signal != 0;
        is_given(self.signals.load(Ordering::Acquire)) && is_given(self.signals.fetch_and(!signal, Ordering::AcqRel))
    }

    /// Whether any signal was given.
    pub(super) fn has_signals(&self) -> bool {
        self.signals.load(Ordering::Acquire) != 0
    }

    /// Whether the log has grown since this was last asked.
    pub(super) fn take_log(&self) -> bool {
        self.log.swap(false, Ordering::AcqRel)
    }

    pub(super) fn take_statuses(&self) -> Bits {
        self.statuses.take()
    }

    pub(super) fn has_tickers(&self) -> bool {
        !self.tickers.is_empty()
    }

    pub(super) fn take_tickers(&self) -> Bits {
        self.tickers.take()
    }

    /// What the shared tick does for a reader. Returns `false` if it has stalled: its connection is about to be given up, or
    /// it was woken, and has not looked for too long, while its connection took nothing.
    pub(super) fn tick(&self, timeline: &Timeline, now_ms: u64) -> bool {
        let woken = self.woken_ms.load(Ordering::Acquire);
        let is_late = woken != 0 && now_ms.saturating_sub(woken) >= millis(timeline.stall);
        let stalled = match &self.uptake {
            Some(uptake) => uptake.is_stalled() || is_late && !uptake.is_within(timeline.stall),
            None => is_late,
        };
        if stalled {
            return false;
        }
        if due(&self.next_heartbeat_ms, self.heartbeat_ms, now_ms.saturating_add(EARLY_MS)) {
            self.signal(Signal::Heartbeat, now_ms);
        }
        if due(&self.next_keep_alive_ms, KEEP_ALIVE_MS, now_ms) {
            self.signal(Signal::KeepAlive, now_ms);
        }
        true
    }
}

/// Whether a recurring time has come; if so, moves it on past now. Only the tick writes these.
fn due(next: &AtomicU64, every_ms: u64, now_ms: u64) -> bool {
    let planned = next.load(Ordering::Relaxed);
    if now_ms < planned {
        return false;
    }
    let missed = (now_ms - planned) / every_ms;
    next.store(planned + (missed + 1) * every_ms, Ordering::Relaxed);
    true
}
