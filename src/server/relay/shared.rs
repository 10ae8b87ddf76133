//! What the tasks of a node tell each other.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tracing::{info, warn};

use super::{
    lease::Lease,
    link::{Link, LinkError, Place, Standing},
};

/// The state of a node.
pub(super) struct Shared {
    /// Its name: another one after every start.
    pub(super) node: String,
    state: Mutex<State>,
    /// The log may be written, by whoever leads.
    open: AtomicBool,
    /// Editions can't be stored here: others should lead.
    stuck: AtomicBool,
    /// The news must start again from what is stored.
    begin_again: AtomicBool,
    /// This node's own market is at work.
    own_prices: AtomicBool,
    /// This node fetches the news.
    own_news: AtomicBool,
    /// The named channels are the same here as everywhere, and may be written.
    channels_open: AtomicBool,
    link: watch::Sender<Option<Link>>,
    place: watch::Sender<Place>,
    /// Where the shared log ended when this was last asked.
    known_tip: AtomicU64,
    /// Attempts to append to the shared log since the start.
    attempts: AtomicU64,
    /// The role may have to change.
    pub(super) changed: Notify,
    /// The lease may be had.
    pub(super) vacant: Notify,
    /// The shared log may have grown.
    pub(super) grew: Notify,
    /// Readers of other nodes may want other symbols.
    pub(super) wanted: Notify,
    /// Something may have been done to a named channel.
    pub(super) published: Notify,
    pub(super) counters: RelayCounters,
}

#[derive(Debug)]
struct State {
    lease: Option<Lease>,
    /// The node that leads, as Redis says.
    leader: Option<String>,
    /// Why Redis is of no use; `None` while it answers, and before the first attempt.
    trouble: Option<LinkError>,
    /// When a question was asked whose answer was that nothing is missing here of the log.
    in_step: Option<Instant>,
}

/// What has happened since the start.
#[derive(Debug, Default)]
pub struct RelayCounters {
    /// Connections to Redis that were made.
    pub connections: AtomicU64,
    /// How often this node began to lead.
    pub takeovers: AtomicU64,
    /// Writes that Redis refused because another node leads.
    pub fenced: AtomicU64,
    /// Tickers that were told to others, and heard from them.
    pub tickers_told: AtomicU64,
    pub tickers_heard: AtomicU64,
    /// Editions of the news that were appended to the shared log, taken from it, and given back to it.
    pub editions_appended: AtomicU64,
    pub editions_taken: AtomicU64,
    pub editions_restored: AtomicU64,
    /// Symbols that readers of other nodes wanted and this one, leading, could not follow: not listed, or too many.
    pub wants_refused: AtomicU64,
    /// Messages that were of no use.
    pub undecodable: AtomicU64,
    /// How often this node's log took the place of another.
    pub logs_replaced: AtomicU64,
    /// What was published on named channels: here and told to all nodes, taken in from all of them, given back to Redis,
    /// and refused because the nodes could not agree on it.
    pub publications_shared: AtomicU64,
    pub publications_taken: AtomicU64,
    pub publications_restored: AtomicU64,
    pub publications_refused: AtomicU64,
    /// How often the log of a named channel gave way to another one.
    pub channels_replaced: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl Shared {
    pub(super) fn new(node: String) -> Arc<Self> {
        Arc::new(Self {
            node,
            state: Mutex::new(State { lease: None, leader: None, trouble: None, in_step: None }),
            open: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
            begin_again: AtomicBool::new(false),
            own_prices: AtomicBool::new(false),
            own_news: AtomicBool::new(false),
            channels_open: AtomicBool::new(false),
            link: watch::Sender::new(None),
            place: watch::Sender::default(),
            known_tip: AtomicU64::new(0),
            attempts: AtomicU64::new(0),
            changed: Notify::new(),
            vacant: Notify::new(),
            grew: Notify::new(),
            wanted: Notify::new(),
            published: Notify::new(),
            counters: RelayCounters::default(),
        })
    }

    /// A connection was made.
    pub(super) fn connected(&self, link: Link) {
        count(&self.counters.connections, 1);
        self.state.lock().trouble = None;
        info!("connected to Redis");
        self.link.send_replace(Some(link));
    }

    /// There is no connection. Said once for each reason.
    pub(super) fn disconnected(&self, error: LinkError) {
        self.link.send_replace(None);
        let mut state = self.state.lock();
        if state.trouble.as_ref() != Some(&error) {
            warn!(%error, "without Redis this node goes on with what it has");
        }
        state.trouble = Some(error);
        state.in_step = None;
        drop(state);
        self.open.store(false, Ordering::Release);
        self.channels_open.store(false, Ordering::Release);
        self.changed.notify_one();
    }

    pub(super) fn trouble(&self) -> Option<LinkError> {
        self.state.lock().trouble.clone()
    }

    /// The connection of now.
    pub(super) fn link(&self) -> Option<Link> {
        self.link.borrow().clone()
    }

    pub(super) fn links(&self) -> watch::Receiver<Option<Link>> {
        self.link.subscribe()
    }

    /// Takes in what Redis said, asked at `asked`. Returns whether this node leads.
    pub(super) fn stand(&self, standing: Standing, asked: Instant) -> bool {
        self.known_tip.store(standing.log.map_or(0, |log| log.tip), Ordering::Release);
        let mut state = self.state.lock();
        let leads = standing.leader.as_deref() == Some(&*self.node);
        let before = state.lease;
        state.lease = leads.then(|| Lease::granted(before, standing.fence, asked));
        let began = leads && before.is_none_or(|before| before.fence != standing.fence);
        if began {
            count(&self.counters.takeovers, 1);
            info!(fence = standing.fence, "this node leads");
        } else if !leads && before.is_some() {
            info!(leader = standing.leader.as_deref().unwrap_or("nobody"), "this node leads no more");
        } else if state.leader != standing.leader
            && let Some(leader) = &standing.leader
            && !leads
        {
            info!(leader, "this node follows");
        }
        let opened = self.open.swap(standing.open, Ordering::AcqRel) != standing.open;
        let changed = began || before.is_some() != leads || opened;
        state.leader = standing.leader;
        drop(state);
        if began {
            // What the leader before wrote last must be here before this one writes.
            self.grew.notify_one();
        }
        if changed {
            self.changed.notify_one();
        }
        leads
    }

    /// The lease, while it may be acted on.
    pub(super) fn lease(&self, now: Instant) -> Option<Lease> {
        self.state.lock().lease.filter(|lease| lease.holds(now))
    }

    /// Redis refused a write with this fence.
    pub(super) fn fenced(&self, fence: u64) {
        count(&self.counters.fenced, 1);
        let mut state = self.state.lock();
        if state.lease.is_some_and(|lease| lease.fence == fence) {
            warn!(fence, "another node leads; what this one would have written is left out");
            state.lease = None;
        }
        drop(state);
        self.changed.notify_one();
    }

    pub(super) fn leader(&self) -> Option<String> {
        self.state.lock().leader.clone()
    }

    /// Whether this node has everything of the log that was there when it got the lease, and may write on.
    pub(super) fn may_write(&self, lease: &Lease) -> bool {
        self.is_open() && self.state.lock().in_step.is_some_and(|asked| asked > lease.since)
    }

    /// Nothing was missing here when this was asked over this connection. Says nothing where that is not the one of now.
    pub(super) fn in_step(&self, asked: Instant, over: &Link) {
        let mut state = self.state.lock();
        // Looked at under the lock: whoever ends a connection first takes it away, and then this back.
        if self.link.borrow().as_ref().is_some_and(|link| link.is(over)) {
            state.in_step = Some(asked);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Something of the log can't be had.
    pub(super) fn out_of_step(&self) {
        self.state.lock().in_step = None;
    }

    /// Whether nothing was missing when that was last asked over the connection of now.
    pub(super) fn is_in_step(&self) -> bool {
        self.state.lock().in_step.is_some()
    }

    /// Whether editions can be stored here.
    pub(super) fn set_stuck(&self, stuck: bool) {
        self.stuck.store(stuck, Ordering::Release);
    }

    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Acquire)
    }

    /// The name of an attempt to append to the shared log. No two of this node have the same, whichever of its presses
    /// makes them: Redis takes two of one name for the same attempt.
    pub(super) fn name_attempt(&self) -> String {
        format!("{}-{}", self.node, self.attempts.fetch_add(1, Ordering::Relaxed))
    }

    /// The news must start again from what is stored.
    pub(super) fn begin_again(&self) {
        self.begin_again.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    pub(super) fn take_begin_again(&self) -> bool {
        self.begin_again.swap(false, Ordering::AcqRel)
    }

    pub(super) fn set_own_prices(&self, at_work: bool) {
        self.own_prices.store(at_work, Ordering::Release);
    }

    pub(super) fn own_prices(&self) -> bool {
        self.own_prices.load(Ordering::Acquire)
    }

    pub(super) fn set_own_news(&self, at_work: bool) {
        self.own_news.store(at_work, Ordering::Release);
    }

    pub(super) fn own_news(&self) -> bool {
        self.own_news.load(Ordering::Acquire)
    }

    /// Whether the log may be written, by whoever leads.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Whether the named channels are followed, and may be written.
    pub(super) fn set_channels_open(&self, open: bool) {
        self.channels_open.store(open, Ordering::Release);
    }

    pub(super) fn are_channels_open(&self) -> bool {
        self.channels_open.load(Ordering::Acquire)
    }

    /// What this node has of the log.
    pub(super) fn place(&self) -> Place {
        *self.place.borrow()
    }

    /// Entries of the shared log that are not here yet, as far as is known.
    pub(super) fn log_lag(&self) -> u64 {
        self.known_tip.load(Ordering::Acquire).saturating_sub(self.place().last)
    }

    pub(super) fn places(&self) -> watch::Receiver<Place> {
        self.place.subscribe()
    }

    pub(super) fn set_place(&self, place: Place) {
        self.place.send_replace(place);
    }
}
