//! The life of a venue's connections: when to try, where, and when one takes the place of another.

use std::{mem, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use rand::{RngCore as _, SeedableRng as _, rngs::SmallRng};
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::{
    backoff::{Backoff, jittered},
    budget::Budget,
    connection::{self, Plan},
    context::VenueContext,
    handshake::{OpenError, endpoint},
    rest::REGION_WAIT,
    signal::{End, Signal},
};
use crate::wire::status::ConnectionState;

/// The wait after a refusal that only people can mend: every server refuses the region, or every symbol is unknown.
pub(super) const PATIENCE: Duration = REGION_WAIT;

/// Waits of minutes differ by up to this share.
const PATIENCE_JITTER: f64 = 0.2;

/// One venue's supervisor. It owns the connections' tasks and ends with `shutdown`.
pub(super) struct Supervisor {
    context: Arc<VenueContext>,
    /// Alternatives, tried in turn; at least one.
    urls: Vec<String>,
    url: usize,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    /// Woken after each connection but the first.
    reconnected: Arc<Notify>,
    rng: SmallRng,
    backoff: Backoff,
    attempts: Budget,
    /// Region refusals since data flowed last, or since the last long wait.
    region_refusals: usize,
    last_id: u64,
    opened_before: bool,
    /// The connection that delivers, or is to.
    current: Option<Link>,
    /// The one that is to take its place.
    successor: Option<Link>,
    /// When the next attempt is due: for `current` if there is none, else for `successor`.
    attempt_at: Option<Instant>,
    signals: mpsc::Receiver<(u64, Signal)>,
    signal_sender: mpsc::Sender<(u64, Signal)>,
}

/// A connection as its supervisor sees it.
struct Link {
    id: u64,
    endpoint: String,
    stop: CancellationToken,
    delivering: bool,
    steady: bool,
    leaving: bool,
}

impl Supervisor {
    pub(super) fn new(
        context: Arc<VenueContext>,
        urls: Vec<String>,
        tasks: TaskTracker,
        shutdown: CancellationToken,
        reconnected: Arc<Notify>,
        seed: u64,
    ) -> Self {
        // A connection sends a handful of signals in its life.
        let (signal_sender, signals) = mpsc::channel(32);
        Self {
            attempts: Budget::new(context.rules.attempts),
            context,
            urls,
            url: 0,
            tasks,
            shutdown,
            reconnected,
            rng: SmallRng::seed_from_u64(seed),
            backoff: Backoff::default(),
            region_refusals: 0,
            last_id: 0,
            opened_before: false,
            current: None,
            successor: None,
            attempt_at: None,
            signals,
            signal_sender,
        }
    }

    /// Keeps the venue connected until the shutdown.
    pub(super) async fn run(mut self) {
        self.attempt_at = Some(Instant::now());
        let shutdown = self.shutdown.clone();
        loop {
            let due = self.attempt_at;
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some((id, signal)) = self.signals.recv() => tokio::select! {
                    // A market that takes no more events must not hold up the end.
                    () = shutdown.cancelled() => break,
                    () = self.on_signal(id, signal) => {}
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.attempt(),
            }
        }
        // The connections hear the same token and end by themselves.
        self.context.board.stopped();
        info!(venue = %self.context.venue, state = "stopped", "venue stopped");
    }

    /// Starts a connection, if the budget allows it now.
    fn attempt(&mut self) {
        let now = Instant::now();
        let ready = self.attempts.ready_at(now);
        if ready > now {
            self.attempt_at = Some(ready);
            return;
        }
        self.attempt_at = None;
        self.attempts.spend(now);
        let Some(url) = self.urls.get(self.url % self.urls.len().max(1)).cloned() else { return };
        self.last_id += 1;
        let stop = self.shutdown.child_token();
        let link = Link {
            id: self.last_id,
            endpoint: endpoint(&url),
            stop: stop.clone(),
            delivering: false,
            steady: false,
            leaving: false,
        };
        info!(venue = %self.context.venue, state = "connecting", endpoint = %link.endpoint, "connecting");
        let (seed, signals) = (self.rng.next_u64(), self.signal_sender.clone());
        self.spawn(Plan { id: link.id, url, seed, stop, signals });
        if self.current.is_none() {
            self.context.board.connecting(link.endpoint.clone());
            self.current = Some(link);
        } else {
            self.successor = Some(link);
        }
    }

    fn spawn(&self, plan: Plan) {
        let context = Arc::clone(&self.context);
        let (id, signals) = (plan.id, plan.signals.clone());
        self.tasks.spawn(async move {
            // A connection that fails by our own fault ends like any other: it is reported and made again.
            let end = AssertUnwindSafe(connection::run(context, plan)).catch_unwind().await.unwrap_or(End::Failed);
            let _ = signals.send((id, Signal::Ended(end))).await;
        });
    }

    async fn on_signal(&mut self, id: u64, signal: Signal) {
        match signal {
            Signal::Open => self.on_open(),
            Signal::Delivering => self.on_delivering(id),
            Signal::Steady => {
                // One that was sent away early proves nothing: the next may be, too.
                if let Some(link) = self.link(id).filter(|link| !link.leaving) {
                    link.steady = true;
                    self.backoff.reset();
                }
            }
            Signal::GoingAway => {
                if let Some(link) = self.link(id) {
                    link.leaving = true;
                    self.replace_if_leaving();
                }
            }
            Signal::Ended(end) => self.on_end(id, &end).await,
        }
    }

    fn link(&mut self, id: u64) -> Option<&mut Link> {
        [self.current.as_mut(), self.successor.as_mut()].into_iter().flatten().find(|link| link.id == id)
    }

    fn on_open(&mut self) {
        if self.opened_before {
            self.reconnected.notify_one();
        }
        self.opened_before = true;
    }

    fn on_delivering(&mut self, id: u64) {
        let Some(link) = self.link(id) else { return };
        link.delivering = true;
        self.region_refusals = 0;
        if self.successor.as_ref().is_some_and(|next| next.id == id)
            && let Some(old) = mem::replace(&mut self.current, self.successor.take())
        {
            old.stop.cancel();
            info!(venue = %self.context.venue, "changed over to the next connection");
        }
        if let Some(current) = &self.current {
            let endpoint = current.endpoint.clone();
            info!(venue = %self.context.venue, state = "connected", %endpoint, "data flows");
            self.context.board.connected(endpoint, self.context.clock.wall());
        }
        self.replace_if_leaving();
    }

    /// Sees to it that a current connection which ends soon gets a successor: at once if it was a good one, else with
    /// the patience that a server deserves which sends everybody away.
    fn replace_if_leaving(&mut self) {
        let Some(current) = self.current.as_ref().filter(|link| link.leaving) else { return };
        if self.successor.is_some() || self.attempt_at.is_some() {
            return;
        }
        let wait = if current.steady { Duration::ZERO } else { self.backoff.next(&mut self.rng) };
        self.attempt_at = Some(Instant::now() + wait);
    }

    async fn on_end(&mut self, id: u64, end: &End) {
        let ended = if self.current.as_ref().is_some_and(|link| link.id == id) {
            self.current.take()
        } else if self.successor.as_ref().is_some_and(|link| link.id == id) {
            self.successor.take()
        } else {
            None
        };
        self.context.gate.lower(id).await;
        // One that was replaced, or that ends with the server, is no news.
        let Some(ended) = ended.filter(|_| *end != End::Stopped || !self.shutdown.is_cancelled()) else { return };
        let wait = self.wait_after(end, ended.delivering);
        if self.current.is_none() {
            self.current = self.successor.take();
        }
        let state = if matches!(end, End::NotOpened(OpenError::Region { .. })) {
            ConnectionState::RegionBlocked
        } else {
            ConnectionState::Waiting
        };
        if let Some(current) = &self.current {
            // A successor could not be had yet, or the old one ended before the new one delivered.
            warn!(venue = %self.context.venue, endpoint = %ended.endpoint, detail = %end, "connection ended");
            if !current.delivering {
                self.context.board.connecting(current.endpoint.clone());
            } else if current.leaving && self.attempt_at.is_none() {
                self.attempt_at = Some(Instant::now() + wait);
            }
            return;
        }
        let now = Instant::now();
        // An attempt that was already due for a successor stays due.
        let at = self.attempt_at.map_or(now + wait, |due| due.min(now + wait));
        self.attempt_at = Some(at);
        let (endpoint, next_attempt_ms) = (&ended.endpoint, at.saturating_duration_since(now).as_millis());
        let (venue, word) = (self.context.venue, state.as_str());
        warn!(%venue, state = word, %endpoint, detail = %end, %next_attempt_ms, "venue down");
        self.context.board.waiting(state, end.to_string(), at);
    }

    /// How long to wait after this end; also turns to the next server where this one is of no use.
    fn wait_after(&mut self, end: &End, delivered: bool) -> Duration {
        if !delivered {
            self.url = (self.url + 1) % self.urls.len().max(1);
        }
        let usual = self.backoff.next(&mut self.rng);
        match end {
            End::NotOpened(OpenError::Region { .. }) => {
                self.region_refusals += 1;
                if self.region_refusals < self.urls.len() {
                    return usual;
                }
                self.region_refusals = 0;
                jittered(PATIENCE, PATIENCE_JITTER, &mut self.rng)
            }
            End::NotOpened(OpenError::RateLimited { retry_after, .. }) => usual + *retry_after,
            End::AllRefused => jittered(PATIENCE, PATIENCE_JITTER, &mut self.rng),
            _ => usual,
        }
    }
}

#[cfg(test)]
mod tests;
