//! What a follower shows: the leader's tickers, as long as the leader is heard, and honestly marked when it is not.
//!
//! While the leader is heard it vouches for every ticker that it told: it tells of each whose freshness changes. When it
//! falls silent nobody does, and nobody vouches for what an earlier leader told: the one that is heard may reach no venue.
//! Then a ticker counts for what its newest figure is worth by age: as it was told while that is live, and from then on
//! as of venues that are not connected. Ages are those at the leader when it told, plus what has
//! passed since on this node's own monotonic clock: no two wall clocks are compared.

use std::{collections::HashMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde::de::Error as _;
use tokio::time::Instant;
use tracing::warn;

use super::{
    aging::downed,
    link::{MAX_ID, Snapshot},
    message::{PriceMessage, Told},
    shared::{Shared, count},
};
use crate::{
    model::{symbol::Symbol, ticker::Ticker, time::UnixMs},
    server::{clock::Clock, hub::Hub, market::board::MarketBoard},
    wire::{news::SourceStatus, page::Spark, rest::PriceSource, status::VenueStatus},
};

/// The leader says that it is there once a second; after this long without a word it is silent.
pub(super) const SILENT_AFTER: Duration = Duration::from_millis(2500);

/// Bytes of what is told in one go. Some hundred tickers have less than one million.
const MAX_MESSAGE: usize = 16 << 20;

/// What the leader tells of its venues and feeds.
#[derive(Debug, Default)]
pub(super) struct ToldReports {
    pub(super) venues: ArcSwap<Vec<VenueStatus>>,
    pub(super) feeds: ArcSwap<Vec<SourceStatus>>,
}

/// Puts up what the leader tells.
pub(super) struct Mirror {
    board: Arc<MarketBoard>,
    hub: Arc<Hub>,
    clock: Clock,
    /// From which age a figure is not live any more.
    quiet_after: Duration,
    started: Instant,
    pub(super) reports: ToldReports,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What is told is put up. Not while this node's own market does that.
    on: bool,
    /// Of the newest leader that was heard.
    fence: u64,
    /// When the leader was heard last.
    heard: Option<Instant>,
    /// Since when it has been heard without a break.
    steady: Option<Instant>,
    entries: HashMap<Symbol, Entry>,
    /// What was on the board when this node's own market was last started and still is: it has said nothing of these.
    left_behind: HashMap<Symbol, Arc<Ticker>>,
    /// A message of no use was spoken of.
    warned: bool,
}

/// The newest ticker of a symbol that was told.
#[derive(Debug)]
struct Entry {
    fence: u64,
    id: u64,
    source: PriceSource,
    told: Arc<Ticker>,
    /// The age of its newest figure when it was heard.
    age: Duration,
    heard: Instant,
    /// What is on the board of it.
    posted: Option<Arc<Ticker>>,
}

impl Entry {
    fn age(&self, now: Instant) -> Duration {
        self.age + now.saturating_duration_since(self.heard)
    }
}

/// By whom something was told, and when.
#[derive(Clone, Copy)]
struct Telling {
    fence: u64,
    /// On the clock of the node that told.
    at: UnixMs,
    /// How long ago, as far as is known.
    before: Duration,
    now: Instant,
}

impl Mirror {
    pub(super) fn new(board: Arc<MarketBoard>, hub: Arc<Hub>, clock: Clock, quiet_after: Duration) -> Self {
        Self {
            board,
            hub,
            clock,
            quiet_after,
            started: Instant::now(),
            reports: ToldReports::default(),
            state: Mutex::new(State {
                on: true,
                fence: 0,
                heard: None,
                steady: None,
                entries: HashMap::new(),
                left_behind: HashMap::new(),
                warned: false,
            }),
        }
    }

    /// How long the leader has not been heard; since the start, where it never was.
    pub(super) fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.state.lock().heard.unwrap_or(self.started))
    }

    /// How long the leader has been heard without a break.
    pub(super) fn steadiness(&self, now: Instant) -> Duration {
        let state = self.state.lock();
        if is_silent(&state, now) {
            return Duration::ZERO;
        }
        state.steady.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// Whether the leader is heard.
    pub(super) fn is_heard(&self, now: Instant) -> bool {
        !is_silent(&self.state.lock(), now)
    }

    /// Takes in what was told before this node listened.
    pub(super) fn take_snapshot(&self, snapshot: &Snapshot, shared: &Shared) {
        if snapshot.node == shared.node {
            return;
        }
        let now = Instant::now();
        let before = Duration::from_micros(snapshot.age_us);
        let mut state = self.state.lock();
        let telling = Telling { fence: snapshot.fence, at: UnixMs(snapshot.at_ms), before, now };
        if before < SILENT_AFTER {
            self.note_heard(&mut state, telling);
        }
        for json in &snapshot.tickers {
            if let Some(told) = decoded::<Told>(json, shared, &mut state) {
                self.take(&mut state, telling, told, shared);
            }
        }
        for json in &snapshot.sparks {
            if let Some(spark) = decoded::<Spark>(json, shared, &mut state).filter(|_| state.on) {
                self.board.post_spark(spark);
            }
        }
        let venues = snapshot.venues.as_ref().and_then(|json| decoded(json, shared, &mut state));
        let feeds = snapshot.feeds.as_ref().and_then(|json| decoded(json, shared, &mut state));
        self.note_reports(venues, feeds);
    }

    /// Takes in what was told just now.
    pub(super) fn hear(&self, json: &str, shared: &Shared) {
        let now = Instant::now();
        let mut state = self.state.lock();
        let Some(message) = decoded::<PriceMessage>(json, shared, &mut state) else { return };
        let PriceMessage { node, fence, at, venues, feeds, tickers, sparks } = message;
        if node == shared.node {
            return;
        }
        let telling = Telling { fence, at, before: Duration::ZERO, now };
        self.note_heard(&mut state, telling);
        count(&shared.counters.tickers_heard, u64::try_from(tickers.len()).unwrap_or_default());
        for told in tickers {
            self.take(&mut state, telling, told, shared);
        }
        for spark in sparks {
            if state.on {
                self.board.post_spark(spark);
            }
        }
        drop(state);
        self.note_reports(venues, feeds);
    }

    /// This node's own market puts tickers up from here on. It begins with nothing, and knows nothing of those that are
    /// up, even where it made them itself when it was last at work.
    pub(super) fn pause(&self) {
        let mut state = self.state.lock();
        state.on = false;
        let places = self.board.places().into_iter();
        state.left_behind = places.filter_map(|symbol| Some((symbol, self.board.ticker(symbol)?))).collect();
    }

    /// It does so no more: what was told meanwhile is put up.
    pub(super) fn resume(&self) {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.on = true;
        state.left_behind.clear();
        let (silent, leader) = (is_silent(&state, now), state.fence);
        for entry in state.entries.values_mut() {
            entry.posted = None;
            let alone = silent || entry.fence < leader;
            self.put_up(entry, alone, now);
        }
    }

    /// Marks what nobody vouches for any more, and forgets what is not followed any more. While this node's own market is
    /// at work the tickers that it has made since it was started are left to it.
    pub(super) fn sweep(&self, own_market: bool) {
        let now = Instant::now();
        let mut state = self.state.lock();
        let (silent, leader) = (is_silent(&state, now), state.fence);
        let State { entries, left_behind, .. } = &mut *state;
        entries.retain(|symbol, _| self.board.has_place(*symbol));
        left_behind.retain(|symbol, left| self.board.ticker(*symbol).is_some_and(|up| Arc::ptr_eq(left, &up)));
        for symbol in self.board.places() {
            let Some(ticker) = self.board.ticker(symbol) else {
                // Its place was taken away and made again meanwhile.
                if let Some(entry) = entries.get_mut(&symbol).filter(|_| !own_market) {
                    entry.posted = None;
                    let alone = silent || entry.fence < leader;
                    self.put_up(entry, alone, now);
                }
                continue;
            };
            if ticker.sources == 0 {
                continue;
            }
            let entry = entries.get_mut(&symbol);
            let mirrored =
                entry.filter(|entry| entry.posted.as_ref().is_some_and(|posted| Arc::ptr_eq(posted, &ticker)));
            let is_left_behind = || left_behind.get(&symbol).is_some_and(|left| Arc::ptr_eq(left, &ticker));
            match mirrored {
                Some(entry) if silent || entry.fence < leader => self.put_up(entry, true, now),
                Some(_) => {}
                None if own_market && !is_left_behind() => {}
                None => {
                    // Left behind by this node's own market, so by this node's own clock.
                    let age = u64::try_from(self.clock.wall().since(ticker.received_at)).unwrap_or_default();
                    if Duration::from_millis(age) >= self.quiet_after {
                        self.post(&Arc::new(downed(&ticker)), PriceSource::Cache, None);
                    }
                }
            }
        }
    }

    fn note_heard(&self, state: &mut State, telling: Telling) {
        let Telling { fence, before, now, .. } = telling;
        let told = now.checked_sub(before).unwrap_or(now);
        if fence <= MAX_ID {
            state.fence = state.fence.max(fence);
        }
        if is_silent(state, now) {
            state.steady = Some(now);
            state.heard = Some(told);
            if state.on {
                // The leader vouches again for what it told and has not told anew.
                for entry in state.entries.values_mut().filter(|entry| entry.fence == fence) {
                    self.put_up(entry, false, now);
                }
            }
        } else {
            state.heard = state.heard.max(Some(told));
        }
    }

    fn take(&self, state: &mut State, telling: Telling, told: Told, shared: &Shared) {
        let Telling { fence: teller, at, before, now } = telling;
        let Told { id, fence, source, ticker } = told;
        let fence = fence.unwrap_or(teller);
        let newer = |known: &Entry| (fence, id) > (known.fence, known.id);
        if !self.board.has_place(ticker.symbol) || !state.entries.get(&ticker.symbol).is_none_or(newer) {
            return;
        }
        if id > MAX_ID || fence > MAX_ID {
            count(&shared.counters.undecodable, 1);
            return;
        }
        let symbol = ticker.symbol;
        let age = Duration::from_millis(u64::try_from(at.since(ticker.received_at)).unwrap_or_default());
        // What is up is replaced at once, or left to this node's own market.
        let posted = state.entries.remove(&symbol).and_then(|known| known.posted).filter(|_| !state.on);
        let mut entry = Entry { fence, id, source, told: Arc::new(ticker), age: age + before, heard: now, posted };
        if state.on {
            self.put_up(&mut entry, is_silent(state, now) || fence < state.fence, now);
        }
        state.entries.insert(symbol, entry);
    }

    /// Puts a ticker up as it is worth now, if that is not what is up. It is `alone` where nobody vouches for it.
    fn put_up(&self, entry: &mut Entry, alone: bool, now: Instant) {
        let down = alone && entry.told.sources > 0 && entry.age(now) >= self.quiet_after;
        let (ticker, source) = match (down, &entry.posted) {
            (true, Some(posted)) if posted.sources == 0 => return,
            (true, _) => (Arc::new(downed(&entry.told)), PriceSource::Cache),
            (false, Some(posted)) if Arc::ptr_eq(posted, &entry.told) => return,
            (false, _) => (Arc::clone(&entry.told), entry.source),
        };
        self.post(&ticker, source, (!down).then_some(entry.id));
        entry.posted = Some(ticker);
    }

    fn post(&self, ticker: &Arc<Ticker>, source: PriceSource, id: Option<u64>) {
        self.board.post(Arc::clone(ticker), source);
        match id {
            Some(id) => self.hub.relay(ticker, id),
            None => self.hub.publish(ticker),
        };
    }

    fn note_reports(&self, venues: Option<Vec<VenueStatus>>, feeds: Option<Vec<SourceStatus>>) {
        if let Some(venues) = venues {
            self.reports.venues.store(Arc::new(venues));
        }
        if let Some(feeds) = feeds {
            self.reports.feeds.store(Arc::new(feeds));
        }
    }
}

fn is_silent(state: &State, now: Instant) -> bool {
    state.heard.is_none_or(|heard| now.saturating_duration_since(heard) >= SILENT_AFTER)
}

/// What a node told. One that can't be read is counted, and spoken of once: a node of another version, perhaps.
fn decoded<T: serde::de::DeserializeOwned>(json: &str, shared: &Shared, state: &mut State) -> Option<T> {
    let read = if json.len() > MAX_MESSAGE {
        Err(serde_json::Error::custom(format!("{} bytes", json.len())))
    } else {
        serde_json::from_str(json)
    };
    read.inspect_err(|error| {
        count(&shared.counters.undecodable, 1);
        if !std::mem::replace(&mut state.warned, true) {
            warn!(%error, "what the leading node tells can't be read: is it of another version?");
        }
    })
    .ok()
}

#[cfg(test)]
mod tests;
