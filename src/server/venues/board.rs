//! What is told of the venues: written by their supervisors and connections, read by the status page and the monitors.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    event::VenueIndex,
    garbage::BadFrame,
    message_kind::MessageKind,
    meter::{HighWater, Rate},
};
use crate::{
    model::{symbol::Symbol, time::UnixMs, venue::Venue},
    server::clock::Stamp,
    wire::status::{ConnectionState, VenueStatus},
};

/// Repeated trouble of one kind is logged at most this often.
const LOG_EVERY: Duration = Duration::from_mins(1);

/// The state of every enabled venue.
#[derive(Debug)]
pub struct VenueBoard {
    venues: Vec<Mutex<Entry>>,
}

/// What one venue has said since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueCounts {
    pub venue: Venue,
    /// Messages that were understood, by their kind.
    pub messages: Vec<(&'static str, u64)>,
    /// Frames that could not be used, by what was wrong with them.
    pub bad_frames: Vec<(&'static str, u64)>,
}

#[derive(Debug)]
struct Entry {
    venue: Venue,
    state: ConnectionState,
    detail: Option<String>,
    endpoint: Option<String>,
    connected_since: Option<UnixMs>,
    last_message_at: Option<UnixMs>,
    next_attempt: Option<Instant>,
    connections: u64,
    messages: [u64; MessageKind::ALL.len()],
    bad_frames: [u64; BadFrame::ALL.len()],
    refused: Vec<Symbol>,
    silent: Vec<Symbol>,
    rate: Rate,
    /// Venue time minus our time at arrival, which is the skew minus the delay of that message. The greatest of the last
    /// minute had the least delay, so it is the best lower bound of the skew.
    skew: HighWater,
    /// When bad frames of each kind, and notices, were logged last, and how many came since.
    logged: [(Option<Instant>, u64); BadFrame::ALL.len() + 1],
}

impl VenueBoard {
    pub(super) fn new(venues: impl IntoIterator<Item = Venue>, now: Instant) -> Arc<Self> {
        Arc::new(Self { venues: venues.into_iter().map(|venue| Mutex::new(Entry::new(venue, now))).collect() })
    }

    /// The state of each venue at `now`, in the registry's order.
    pub fn snapshot(&self, now: Stamp) -> Vec<VenueStatus> {
        self.venues.iter().map(|entry| entry.lock().status(now)).collect()
    }

    /// What each venue has said, in the registry's order.
    pub fn counts(&self) -> Vec<VenueCounts> {
        self.venues.iter().map(|entry| entry.lock().counts()).collect()
    }
}

impl Entry {
    fn new(venue: Venue, now: Instant) -> Self {
        Self {
            venue,
            state: ConnectionState::Connecting,
            detail: None,
            endpoint: None,
            connected_since: None,
            last_message_at: None,
            next_attempt: None,
            connections: 0,
            messages: [0; MessageKind::ALL.len()],
            bad_frames: [0; BadFrame::ALL.len()],
            refused: Vec::new(),
            silent: Vec::new(),
            rate: Rate::new(now),
            skew: HighWater::new(now),
            logged: [(None, 0); BadFrame::ALL.len() + 1],
        }
    }

    fn status(&self, now: Stamp) -> VenueStatus {
        let next_attempt_at = self.next_attempt.map(|at| {
            let wait = at.saturating_duration_since(now.mono).as_millis();
            UnixMs(now.wall.0.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX)))
        });
        VenueStatus {
            venue: self.venue,
            state: self.state,
            detail: self.detail.clone(),
            endpoint: self.endpoint.clone(),
            connected_since: self.connected_since,
            last_message_at: self.last_message_at,
            next_attempt_at,
            reconnects: self.connections.saturating_sub(1),
            bad_frames: self.bad_frames.iter().sum(),
            clock_skew_ms: self.skew.get(now.mono),
            messages_per_second: self.rate.per_second(now.mono),
            refused: self.refused.clone(),
            silent: self.silent.clone(),
        }
    }

    fn counts(&self) -> VenueCounts {
        VenueCounts {
            venue: self.venue,
            messages: MessageKind::ALL.iter().map(|kind| kind.as_str()).zip(self.messages).collect(),
            bad_frames: BadFrame::ALL.iter().map(|kind| kind.key()).zip(self.bad_frames).collect(),
        }
    }

    fn heard(&mut self, kind: MessageKind) {
        if let Some(count) = self.messages.get_mut(kind as usize) {
            *count += 1;
        }
    }
}

/// One venue's place on the board.
#[derive(Debug, Clone)]
pub(super) struct BoardEntry {
    board: Arc<VenueBoard>,
    venue: VenueIndex,
}

impl BoardEntry {
    pub(super) const fn new(board: Arc<VenueBoard>, venue: VenueIndex) -> Self {
        Self { board, venue }
    }

    fn write<T: Default>(&self, change: impl FnOnce(&mut Entry) -> T) -> T {
        self.board.venues.get(usize::from(self.venue.0)).map(|entry| change(&mut entry.lock())).unwrap_or_default()
    }

    /// A socket is being opened. `detail` is kept: it says why the last one ended.
    pub(super) fn connecting(&self, endpoint: String) {
        self.write(|entry| {
            entry.state = ConnectionState::Connecting;
            entry.endpoint = Some(endpoint);
            entry.next_attempt = None;
        });
    }

    /// A connection was made, and nothing is known of its subscriptions yet.
    pub(super) fn opened(&self) {
        self.write(|entry| {
            entry.connections += 1;
            entry.refused.clear();
            entry.silent.clear();
        });
    }

    /// Data flows from `endpoint`.
    pub(super) fn connected(&self, endpoint: String, since: UnixMs) {
        self.write(|entry| {
            entry.state = ConnectionState::Connected;
            entry.detail = None;
            entry.endpoint = Some(endpoint);
            entry.connected_since = Some(since);
            entry.next_attempt = None;
        });
    }

    /// Nothing is connected; the next attempt is at `next_attempt`.
    pub(super) fn waiting(&self, state: ConnectionState, detail: String, next_attempt: Instant) {
        self.write(|entry| {
            entry.state = state;
            entry.detail = Some(detail);
            entry.connected_since = None;
            entry.next_attempt = Some(next_attempt);
        });
    }

    pub(super) fn stopped(&self) {
        self.write(|entry| {
            entry.state = ConnectionState::Stopped;
            entry.connected_since = None;
            entry.next_attempt = None;
        });
    }

    /// Data came, made by the venue at `made_at` by its clock.
    pub(super) fn message(&self, made_at: UnixMs, at: Stamp) {
        self.write(|entry| {
            entry.heard(MessageKind::Ticker);
            entry.last_message_at = Some(at.wall);
            entry.rate.count(at.mono);
            entry.skew.note(made_at.since(at.wall), at.mono);
        });
    }

    /// A message of this kind came. Tickers are told of by [`message`](Self::message).
    pub(super) fn heard(&self, kind: MessageKind) {
        self.write(|entry| entry.heard(kind));
    }

    /// Counts a bad frame. Returns how many of its kind came since the last line in the log, if one is due.
    pub(super) fn bad_frame(&self, kind: BadFrame, now: Instant) -> Option<u64> {
        self.write(|entry| {
            if let Some(count) = entry.bad_frames.get_mut(kind as usize) {
                *count += 1;
            }
            entry.log_due(kind as usize, now)
        })
    }

    /// Returns how many notices came since the last line in the log, if one is due.
    pub(super) fn notice(&self, now: Instant) -> Option<u64> {
        self.write(|entry| entry.log_due(BadFrame::ALL.len(), now))
    }

    pub(super) fn refused(&self, symbols: &[Symbol]) {
        self.write(|entry| {
            entry.refused.extend(symbols);
            entry.refused.sort_unstable();
            entry.refused.dedup();
        });
    }

    /// These are no longer asked for.
    pub(super) fn left(&self, symbols: &[Symbol]) {
        self.write(|entry| {
            entry.refused.retain(|symbol| !symbols.contains(symbol));
            entry.silent.retain(|symbol| !symbols.contains(symbol));
        });
    }

    pub(super) fn silent(&self, symbols: Vec<Symbol>) {
        self.write(|entry| entry.silent = symbols);
    }
}

impl Entry {
    fn log_due(&mut self, kind: usize, now: Instant) -> Option<u64> {
        let (last, count) = self.logged.get_mut(kind)?;
        *count += 1;
        let due = last.is_none_or(|at| now.saturating_duration_since(at) >= LOG_EVERY);
        due.then(|| {
            *last = Some(now);
            std::mem::take(count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn trouble_is_counted_always_and_logged_once_a_minute_and_kind() {
        let start = Instant::now();
        let board = VenueBoard::new([Venue::new("okx").unwrap()], start);
        let entry = BoardEntry::new(Arc::clone(&board), VenueIndex(0));
        let mut logged = Vec::new();
        for second in 0..=60 {
            let now = start + Duration::from_secs(second);
            logged.extend(entry.bad_frame(BadFrame::NotJson, now));
            logged.extend(entry.bad_frame(BadFrame::Figures, now));
        }
        assert_eq!(logged, [1, 1, 60, 60]);
        let now = Stamp { wall: UnixMs(0), mono: start };
        assert_eq!(board.snapshot(now)[0].bad_frames, 122);
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_is_shown_on_the_wall_clock() {
        let start = Instant::now();
        let board = VenueBoard::new([Venue::new("okx").unwrap()], start);
        let entry = BoardEntry::new(Arc::clone(&board), VenueIndex(0));
        entry.waiting(ConnectionState::Waiting, "lost".to_owned(), start + Duration::from_secs(3));
        let status = &board.snapshot(Stamp { wall: UnixMs(1000), mono: start })[0];
        assert_eq!(status.next_attempt_at, Some(UnixMs(4000)));
        assert_eq!((status.state, status.detail.as_deref()), (ConnectionState::Waiting, Some("lost")));
    }
}
