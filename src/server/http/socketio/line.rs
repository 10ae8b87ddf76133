//! One session of Engine.IO, whatever carries it: what its requests, its connection and the task that feeds it share.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use socketioxide::{extract::SocketRef, socket::Sid};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::{
    super::{
        allowance::Allowance,
        websocket::budget::{Budget, Spent},
    },
    flow::Flow,
};
use crate::server::{access::TokenId, follows::Interests, hub::session::Session};

/// Bytes that one session may send in a minute, and at once: four of the longest messages. It bounds, too, how many
/// packets come that are no events, which nobody counts.
const BYTES_PER_MINUTE: u32 = 256 * 1024;
/// Requests that one session may make in a minute, and at once. A client that polls makes one for each round of prices.
const REQUESTS_PER_MINUTE: u32 = 3000;

/// A session. The library holds it as long as the session lives, and with it the place that it takes among the streams.
pub(super) struct Line {
    /// What the hub knows of it.
    session: Mutex<Session>,
    /// In the symbols that it follows. Locked after the session where both are.
    interests: Mutex<Interests>,
    pub(super) flow: Flow,
    /// Cancelled when the client has left the namespace, which it enters once at most.
    pub(super) left: CancellationToken,
    budget: Mutex<Budget>,
    bytes: Arc<Allowance>,
    requests: Allowance,
    /// Of a session that began with polling.
    sid: OnceLock<Sid>,
    /// A WebSocket was asked for in place of polling.
    upgrading: AtomicBool,
    number: u64,
    token: Option<TokenId>,
    lines: Weak<Lines>,
}

impl Line {
    /// What a session of the library was opened with.
    pub(super) fn of(socket: &SocketRef) -> Option<Arc<Self>> {
        let line = socket.req_parts().extensions.get::<Arc<Self>>();
        if line.is_none() {
            error!("a session of Socket.IO has no line");
        }
        line.cloned()
    }

    /// Counts an event of the client.
    ///
    /// # Errors
    /// [`Spent`]
    pub(super) fn count_event(&self) -> Result<(), Spent> {
        self.budget.lock().message(Instant::now())
    }

    /// Counts bytes of the client.
    ///
    /// # Errors
    /// How long the client should have waited.
    pub(super) fn heard(&self, bytes: usize, now: Instant) -> Result<(), Duration> {
        self.bytes.take(bytes, now)
    }

    /// The bytes that the client may send, whatever carries them.
    pub(super) const fn bytes(&self) -> &Arc<Allowance> {
        &self.bytes
    }

    /// Counts a request of the client.
    ///
    /// # Errors
    /// How long the client should have waited.
    pub(super) fn asked(&self, now: Instant) -> Result<(), Duration> {
        self.requests.take(1, now)
    }

    /// What the hub knows of it. Held for a moment only.
    pub(super) fn session(&self) -> parking_lot::MutexGuard<'_, Session> {
        self.session.lock()
    }

    /// The symbols that are followed at the venues for it. Held for a moment only.
    pub(super) fn interests(&self) -> parking_lot::MutexGuard<'_, Interests> {
        self.interests.lock()
    }

    /// Follows nothing any more. It is still counted as a stream.
    pub(super) fn retire(&self) {
        self.session().retire();
        self.interests().clear();
    }

    /// Unlike that of any other session.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// What it was opened with.
    pub(super) const fn token(&self) -> Option<TokenId> {
        self.token
    }

    pub(super) fn sid(&self) -> Option<Sid> {
        self.sid.get().copied()
    }

    /// Whether this is the first that asks for a WebSocket in place of polling.
    pub(super) fn begin_upgrade(&self) -> bool {
        !self.upgrading.swap(true, Ordering::AcqRel)
    }

    /// By this id its requests name it from here on.
    pub(super) fn name(self: &Arc<Self>, sid: Sid) {
        if self.sid.set(sid).is_ok()
            && let Some(lines) = self.lines.upgrade()
        {
            lines.by_sid.lock().insert(sid, Arc::downgrade(self));
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Some(lines) = self.lines.upgrade() else { return };
        lines.all.lock().remove(&self.number);
        if let Some(sid) = self.sid.get() {
            lines.by_sid.lock().remove(sid);
        }
    }
}

/// All sessions: as many as there are streams at most.
#[derive(Default)]
pub(super) struct Lines {
    all: Mutex<HashMap<u64, Weak<Line>>>,
    by_sid: Mutex<HashMap<Sid, Weak<Line>>>,
}

impl Lines {
    /// A line for a session of the hub and its interests, with the token that it was opened with.
    pub(super) fn open(self: &Arc<Self>, session: Session, interests: Interests, token: Option<TokenId>) -> Arc<Line> {
        let now = Instant::now();
        let number = session.number();
        let line = Arc::new(Line {
            session: Mutex::new(session),
            interests: Mutex::new(interests),
            flow: Flow::default(),
            left: CancellationToken::new(),
            budget: Mutex::new(Budget::new(now)),
            bytes: Arc::new(Allowance::per_minute(BYTES_PER_MINUTE, now)),
            requests: Allowance::per_minute(REQUESTS_PER_MINUTE, now),
            sid: OnceLock::new(),
            upgrading: AtomicBool::new(false),
            number,
            token,
            lines: Arc::downgrade(self),
        });
        self.all.lock().insert(number, Arc::downgrade(&line));
        line
    }

    /// The line of a session that began with polling.
    pub(super) fn find(&self, sid: Sid) -> Option<Arc<Line>> {
        self.by_sid.lock().get(&sid).and_then(Weak::upgrade)
    }

    pub(super) fn all(&self) -> Vec<Arc<Line>> {
        self.all.lock().values().filter_map(Weak::upgrade).collect()
    }
}
