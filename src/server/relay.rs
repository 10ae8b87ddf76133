//! Many nodes that serve one market. They meet in a Redis; without one nothing of this runs.
//!
//! One node leads: it connects to the venues, fetches the feeds, and tells the others once. They put up its tickers and
//! store its editions, so that every node answers alike, and a client may go on at any of them where it was.
//!
//! | room | does |
//! |---|---|
//! | [`session`] | one connection to Redis after the other, and what is said over each: attendance, prices, calls |
//! | [`link`], [`keys`], [`scripts`] | what Redis is asked; what must happen in one go is a script |
//! | [`inbox`] | what Redis tells unasked |
//! | [`lease`] | the right to lead. Every leader has a fence, a number that grows; a write with an older one is refused |
//! | [`outlet`], [`mirror`], [`aging`] | prices: what the leader tells, what a follower shows of it, and for how long |
//! | [`wants`] | symbols on demand: what readers of followers want, told to the leader |
//! | [`press`], [`journal`], [`restore`] | news: into the shared log, out of it, and back into it after Redis forgot |
//! | [`channels`] | named channels: what is published, created and removed at any node |
//! | [`roles`] | what is started and stopped as the role changes |
//! | [`shared`], [`message`] | what these tell each other; what nodes tell each other |
//!
//! Redis may go away, be emptied or come back with an older state. Nodes then go on with what they have, mark it as what
//! it is, connect to the venues themselves after a while, keep no news until they can keep it together, and refuse what
//! is published. When it is back they first give back what it has forgotten of the log; only then somebody writes on.

mod aging;
mod channels;
mod inbox;
mod journal;
mod keys;
mod lease;
mod link;
mod message;
mod mirror;
mod outlet;
mod press;
mod restore;
mod roles;
mod scripts;
mod session;
mod shared;
mod wants;

use std::{sync::Arc, time::Duration};

use rand::{Rng as _, RngCore as _, SeedableRng as _, rngs::SmallRng};
use redis::Client;
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::info;

use self::{
    channels::SharedChannels, journal::Journal, keys::Keys, mirror::Mirror, outlet::Around, roles::Roles,
    scripts::Scripts, session::Session, shared::Shared, wants::Wants,
};
pub use self::{outlet::Outlet, roles::Sides, shared::RelayCounters};
use super::{
    channels::press::Press,
    clock::Clock,
    config::RedisConfig,
    follows::Follows,
    hub::Hub,
    market::board::MarketBoard,
    news::stand::Newsstand,
    services::{FeedReports, VenueReports},
    storage::Storage,
    venues::board::VenueCounts,
};
use crate::wire::{
    news::SourceStatus,
    status::{ConnectionState, VenueStatus},
};

/// What a node is made of.
pub struct RelaySetup<'a> {
    pub config: &'a RedisConfig,
    /// From which age a figure is not live any more.
    pub quiet_after: Duration,
    pub board: Arc<MarketBoard>,
    pub hub: Arc<Hub>,
    /// What readers want beside the configured symbols.
    pub follows: Arc<Follows>,
    /// Where this node's own market says what it makes.
    pub outlet: Arc<Outlet>,
    pub sides: Arc<dyn Sides>,
    /// Whether this node would fetch news if it led.
    pub fetches_news: bool,
    /// Of this node's own venues and feeds.
    pub venues: Arc<dyn VenueReports>,
    pub feeds: Arc<dyn FeedReports>,
    /// Where the log is kept, and who shows what is new in it. `None` keeps none.
    pub log: Option<(Storage, Arc<Newsstand>)>,
    /// Who writes to the named channels.
    pub channels: Press,
    /// How long what was told on them is of use.
    pub keep_channels: Duration,
    pub clock: Clock,
    /// Of everything that is drawn by chance, the name of the node excepted.
    pub seed: u64,
    /// Ends every task.
    pub token: CancellationToken,
    pub tasks: &'a TaskTracker,
}

/// A node among others.
pub struct Relay {
    shared: Arc<Shared>,
    mirror: Arc<Mirror>,
    venues: Arc<dyn VenueReports>,
    feeds: Arc<dyn FeedReports>,
    keeps_log: bool,
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Leader,
    Follower,
    /// It has its own prices, as no leader is heard.
    Alone,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Leader, Self::Follower, Self::Alone];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Follower => "follower",
            Self::Alone => "alone",
        }
    }
}

/// How a node stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeReport {
    pub node: String,
    pub role: Role,
    /// The node that leads, as far as is known.
    pub leader: Option<String>,
    /// What is not as it should be.
    pub trouble: Option<String>,
}

impl NodeReport {
    /// In words: `leader`, `follower of 3f2a`, `alone: Redis can't be reached`.
    pub fn words(&self) -> String {
        let role = match (self.role, &self.leader) {
            (Role::Follower, Some(leader)) => format!("follower of {leader}"),
            (role, _) => role.as_str().to_owned(),
        };
        match &self.trouble {
            Some(trouble) => format!("{role}: {trouble}"),
            None => role,
        }
    }
}

/// Starts a node. Its tasks end on the token.
///
/// # Errors
/// In words, where the address can't be used. They don't repeat it.
pub fn start(setup: RelaySetup<'_>) -> Result<Arc<Relay>, String> {
    let RelaySetup { config, quiet_after, board, hub, follows, outlet, sides, fetches_news, .. } = setup;
    let RelaySetup { venues, feeds, log, channels, keep_channels, clock, seed, token, tasks, .. } = setup;
    let client = Client::open(config.url.reveal().clone()).map_err(|_| "redis.url can't be used".to_owned())?;
    let mut rng = SmallRng::seed_from_u64(seed);
    // So long that no two nodes have one name, which would make them share the lease.
    let shared = Shared::new(format!("{:012x}", rand::random::<u64>() >> 16));
    info!(node = shared.node, redis = %config.url, prefix = config.prefix, "one node of many");
    let mirror = Arc::new(Mirror::new(Arc::clone(&board), Arc::clone(&hub), clock, quiet_after));
    let (storage, stand) = log.unzip();
    if let (Some(storage), Some(stand)) = (&storage, stand) {
        let journal = Journal::new(Arc::clone(&shared), storage.clone(), Arc::clone(hub.log()), stand);
        tasks.spawn(journal.run(token.clone()));
    }
    let channels = SharedChannels::new(Arc::clone(&shared), channels, clock, keep_channels);
    tasks.spawn(channels.run(token.clone()));
    let relay = Relay {
        shared: Arc::clone(&shared),
        mirror: Arc::clone(&mirror),
        venues: Arc::clone(&venues),
        feeds: Arc::clone(&feeds),
        keeps_log: storage.is_some(),
    };
    let roles = Roles {
        shared: Arc::clone(&shared),
        mirror: Arc::clone(&mirror),
        outlet: Arc::clone(&outlet),
        sides,
        storage: storage.filter(|_| fetches_news),
        clock,
        // Nodes that lose the leader together don't come to the venues together.
        grace: Duration::from_secs(config.grace_s).mul_f64(rng.random_range(1.0..=1.2)),
        prices: None,
        news: None,
    };
    tasks.spawn(roles.run(token.clone()));
    let session = Session {
        client,
        keys: Arc::new(Keys::new(&config.prefix)),
        scripts: Arc::new(Scripts::new()),
        shared,
        mirror,
        outlet,
        around: Around { board, venues, feeds, clock },
        wants: Wants::new(follows),
        fetches_news,
        seed: rng.next_u64(),
    };
    tasks.spawn(session.run(token));
    Ok(Arc::new(relay))
}

impl Relay {
    /// How this node stands.
    pub fn report(&self) -> NodeReport {
        let now = Instant::now();
        let shared = &self.shared;
        let leads = shared.lease(now).is_some();
        let role = match (leads, shared.own_prices()) {
            (true, _) => Role::Leader,
            (false, true) => Role::Alone,
            (false, false) => Role::Follower,
        };
        let trouble = if let Some(trouble) = shared.trouble() {
            Some(trouble.to_string())
        } else if shared.link().is_none() {
            Some("not yet connected to Redis".to_owned())
        } else if shared.is_stuck() {
            Some("news can't be stored here".to_owned())
        } else if !leads && !self.mirror.is_heard(now) {
            Some("no leading node is heard".to_owned())
        } else if self.keeps_log && !shared.is_in_step() {
            Some("the shared log is not yet followed".to_owned())
        } else if self.keeps_log && leads && !shared.is_open() {
            Some("news waits until the nodes have given back what Redis has forgotten".to_owned())
        } else if !shared.are_channels_open() {
            Some("nothing is published on channels until the nodes have met".to_owned())
        } else {
            None
        };
        NodeReport { node: shared.node.clone(), role, leader: shared.leader(), trouble }
    }

    /// Whether Redis can be asked.
    pub fn is_connected(&self) -> bool {
        self.shared.link().is_some()
    }

    /// Entries of the shared log that this node has not taken yet, as far as it knows. 0 where it keeps none.
    pub fn log_lag(&self) -> u64 {
        if self.keeps_log { self.shared.log_lag() } else { 0 }
    }

    /// What has happened since the start.
    pub fn counters(&self) -> &RelayCounters {
        &self.shared.counters
    }
}

impl VenueReports for Relay {
    /// Of the venues that this node's prices come from: its own or the leader's. Where no leader is heard and this node
    /// has none of its own yet, none of them is connected.
    fn reports(&self) -> Vec<VenueStatus> {
        let told = self.mirror.reports.venues.load();
        if self.shared.own_prices() || told.is_empty() {
            return self.venues.reports();
        }
        let mut told = told.to_vec();
        if !self.mirror.is_heard(Instant::now()) {
            for venue in &mut told {
                venue.state = ConnectionState::Waiting;
                venue.detail = Some("no word of the leading node".to_owned());
                venue.connected_since = None;
                venue.next_attempt_at = None;
                venue.messages_per_second = 0.0;
            }
        }
        told
    }

    /// Of this node's own connections: what another node has heard is counted there.
    fn counts(&self) -> Vec<VenueCounts> {
        self.venues.counts()
    }
}

impl FeedReports for Relay {
    /// Of the feeds as whoever fetched them last says.
    fn statuses(&self) -> Vec<SourceStatus> {
        let told = self.mirror.reports.feeds.load();
        if self.shared.own_news() || told.is_empty() { self.feeds.statuses() } else { told.to_vec() }
    }
}

#[cfg(test)]
pub(in crate::server) mod fixture;
#[cfg(test)]
mod tests;
