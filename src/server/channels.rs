//! Channels: what jobs, traders and programs tell each other through this server.
//!
//! Four are built in, with events that a [`schema`] describes; others are created by a path, and carry any JSON. Each
//! has a log of its own in the hub, so its readers come back, fall behind and are kept alive as those of the news, and
//! are woken by nothing else.
//!
//! One task writes ([`press`]): it gives what was published its place, stores it, and sends it. Whatever waits while it
//! stores is stored together afterwards, so many publishers are hardly slower than one. What was answered is on the
//! disk. The dashboard is of now, and only in memory: [`dashboard`] feeds it while somebody listens.
//!
//! Where many nodes serve one market, places are given by the Redis at which they meet, and the writer is another one:
//! `relay::channels`. It does here what was decided there ([`press::elsewhere`]).

pub mod builtin;
pub mod dashboard;
mod memory;
pub mod path;
pub mod press;
pub mod publication;
pub mod room;
pub mod schema;
mod store;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::RwLock;
use thiserror::Error;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, timeout, timeout_at},
};

use self::{
    builtin::BuiltIn,
    path::ChannelPath,
    press::{Order, Press, Publication},
    room::{Room, Rooms},
    store::ChannelStore,
};
use super::{
    access::TokenId,
    clock::Clock,
    event::EventDraft,
    hub::{
        Hub,
        log::{self, Bounds, EventLog, LogSetup},
    },
    storage::{Storage, channels::KeptChannel, error::StorageError},
};
use crate::model::time::UnixMs;

/// What a built-in channel keeps in memory. Older events are read from the disk.
const BUILT_IN_BOUNDS: Bounds = Bounds { entries: 2048, bytes: 8 << 20 };
/// There may be a thousand of these.
const CREATED_BOUNDS: Bounds = Bounds { entries: 64, bytes: 256 << 10 };
/// About two minutes of what the server itself tells.
const DASHBOARD_BOUNDS: Bounds = Bounds { entries: 256, bytes: 4 << 20 };
/// Orders that wait for the press. Further ones are refused.
const MAX_WAITING: usize = 4096;
/// After the start, how long readers are held back until this node has met the others.
const MEETING: Duration = Duration::from_secs(3);
/// How long it may take to take in what other nodes have been told.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// One channel.
#[derive(Debug)]
pub struct Channel {
    /// `training`, or the path of a created one.
    name: Box<str>,
    created_at: UnixMs,
    log: Arc<EventLog>,
    /// Its key in the database; `None` where it is only in memory.
    key: Option<i64>,
    /// Of this process; never given out twice.
    number: u64,
    /// A commit failed, and what of it is on the disk has yet to be looked up.
    unsure: AtomicBool,
}

impl Channel {
    /// `training`, or the path of a created one.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn created_at(&self) -> UnixMs {
        self.created_at
    }

    /// What is told on it.
    pub const fn log(&self) -> &Arc<EventLog> {
        &self.log
    }
}

/// Why something is not published, created or removed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChannelError {
    #[error("there is no such channel")]
    Unknown,
    #[error("there is a channel at this path already")]
    Exists,
    #[error("there are as many channels as there may be")]
    TooMany,
    /// Too much waits to be stored. Worth another try later.
    #[error("too much is being published")]
    Busy,
    #[error("the server is going down")]
    GoingDown,
    /// The nodes can't agree on it now, so nothing was done. Worth another try later.
    #[error("the nodes of this market don't reach each other")]
    Away,
    /// Whether it was done is not known.
    #[error("the answer of the other nodes was lost")]
    Unconfirmed,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Every channel.
#[derive(Debug)]
pub struct Channels {
    built_in: [(BuiltIn, Arc<Channel>); 4],
    created: RwLock<HashMap<Box<str>, Arc<Channel>>>,
    /// Most channels that may be created.
    max_created: usize,
    orders: mpsc::Sender<Order>,
    rooms: Rooms,
    makes: Makes,
    /// Whether this node has all that other nodes had when it came; `true` where there are none.
    met: watch::Sender<bool>,
    /// Readers are not held back any more.
    meets_until: Instant,
}

/// What a channel is made of.
#[derive(Debug)]
struct Makes {
    hub: Arc<Hub>,
    storage: Option<Storage>,
    clock: Clock,
    /// Other nodes write to the channels, too.
    shared: bool,
    last_number: AtomicU64,
}

/// What the channels start with.
pub struct ChannelsSetup {
    pub hub: Arc<Hub>,
    /// Where they are kept; `None` for memory only.
    pub storage: Option<Storage>,
    /// Those that [`load`] found there.
    pub kept: Vec<KeptChannel>,
    pub clock: Clock,
    /// Most channels that may be created.
    pub max_created: usize,
    /// Bytes that the events of all channels may take on the disk.
    pub max_bytes: u64,
    /// Other nodes write to the channels, too: not [`Press::run`] but the relay does what is asked.
    pub shared: bool,
}

/// The channels that are kept. Those that are built in are added where they are missing.
///
/// # Errors
/// Where the database can't be read or written.
pub async fn load(storage: &Storage, clock: Clock) -> Result<Vec<KeptChannel>, StorageError> {
    let mut kept = storage.channels().await?;
    for channel in BuiltIn::ALL.into_iter().filter(|channel| channel.is_kept()) {
        if !kept.iter().any(|kept| kept.name == channel.as_str()) {
            kept.push(storage.create_channel(channel.as_str().to_owned(), log::start(clock)).await?);
        }
    }
    Ok(kept)
}

impl Channels {
    /// The channels, and who writes to them: [`Press::run`] must run.
    pub fn open(setup: ChannelsSetup) -> (Arc<Self>, Press) {
        let ChannelsSetup { hub, storage, kept, clock, max_created, max_bytes, shared } = setup;
        let makes = Makes { hub, storage: storage.clone(), clock, shared, last_number: AtomicU64::new(0) };
        let find = |name: &str| kept.iter().find(|kept| kept.name == name);
        let built_in = BuiltIn::ALL.map(|channel| {
            let name = channel.as_str();
            let bounds = if channel.is_kept() { BUILT_IN_BOUNDS } else { DASHBOARD_BOUNDS };
            let kept = find(name).filter(|_| channel.is_kept());
            let new = || makes.in_memory(name, log::start(clock), clock.wall(), bounds);
            let made = kept.map_or_else(new, |kept| makes.kept(kept, bounds));
            (channel, made)
        });
        let created = kept.iter().filter(|kept| kept.name.starts_with('/'));
        let created = created.map(|kept| (kept.name.as_str().into(), makes.kept(kept, CREATED_BOUNDS))).collect();
        let (orders, inbox) = mpsc::channel(MAX_WAITING);
        let created = RwLock::new(created);
        let (rooms, met, meets_until) = (Rooms::default(), watch::Sender::new(!shared), Instant::now() + MEETING);
        let channels = Arc::new(Self { built_in, created, max_created, orders, rooms, makes, met, meets_until });
        let press = Press::new(Arc::clone(&channels), inbox, storage, max_bytes);
        (channels, press)
    }

    /// One of the built-in channels.
    pub fn built_in(&self, channel: BuiltIn) -> &Arc<Channel> {
        let [(_, training), (_, backtest), (_, alerts), (_, dashboard)] = &self.built_in;
        match channel {
            BuiltIn::Training => training,
            BuiltIn::Backtest => backtest,
            BuiltIn::Alerts => alerts,
            BuiltIn::Dashboard => dashboard,
        }
    }

    /// The created channel at a path.
    pub fn created(&self, path: &ChannelPath) -> Option<Arc<Channel>> {
        self.created.read().get(path.as_str()).cloned()
    }

    /// The same, also where another node was told of it a moment ago.
    pub async fn find(&self, path: &ChannelPath) -> Option<Arc<Channel>> {
        match self.created(path) {
            None if self.makes.shared => {
                self.catch_up().await;
                self.created(path)
            }
            found => found,
        }
    }

    /// Waits until this node has met the others: a reader with an id of theirs would be told before that it is of another
    /// log. Not for long, as they may be away, and not at all where there are none.
    pub async fn have_met(&self) {
        let mut met = self.met.subscribe();
        // Either way it is time to answer.
        let _ = timeout_at(self.meets_until, met.wait_for(|met| *met)).await;
    }

    /// This node has all that other nodes had when it came.
    pub(in crate::server) fn set_met(&self) {
        self.met.send_if_modified(|met| !std::mem::replace(met, true));
    }

    /// Waits until what other nodes were told until now is here, as far as that is to be had.
    pub async fn catch_up(&self) {
        if !self.makes.shared {
            return;
        }
        let caught_up = timeout(CATCH_UP_TIMEOUT, self.order(|reply| Order::CatchUp { reply })).await;
        if !matches!(caught_up, Ok(Ok(()))) {
            tracing::debug!("what other nodes have been told is not to be had now");
        }
    }

    /// The channel of this name, if it is one that all nodes share.
    pub(in crate::server) fn shared(&self, name: &str) -> Option<Arc<Channel>> {
        let built_in = BuiltIn::parse(name).filter(|channel| channel.is_kept());
        built_in.map(|channel| Arc::clone(self.built_in(channel))).or_else(|| self.created.read().get(name).cloned())
    }

    /// Every channel that all nodes share.
    pub(in crate::server) fn all_shared(&self) -> Vec<Arc<Channel>> {
        let built_in = BuiltIn::ALL.into_iter().filter(|channel| channel.is_kept());
        built_in.map(|channel| Arc::clone(self.built_in(channel))).chain(self.all_created()).collect()
    }

    /// Nobody has anything of the channels that all nodes share that is not here. Said after each publication, so nothing
    /// is copied for it.
    pub(in crate::server) fn confirm_shared(&self) {
        let built_in = self.built_in.iter().filter(|(channel, _)| channel.is_kept()).map(|(_, channel)| channel);
        built_in.chain(self.created.read().values()).for_each(|channel| channel.log.confirm());
    }

    /// How many channels were created.
    pub fn count_created(&self) -> usize {
        self.created.read().len()
    }

    /// Every created channel, by path.
    pub fn all_created(&self) -> Vec<Arc<Channel>> {
        let mut all: Vec<_> = self.created.read().values().cloned().collect();
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Room for something that is about to be published with this token, or by the server itself.
    pub fn room(&self, token: Option<TokenId>) -> Room {
        self.rooms.empty(token)
    }

    /// Publishes something, and tells its id when it is stored. `room` is given back then.
    ///
    /// Whoever drops this before it returns does not know whether it was published.
    ///
    /// # Errors
    /// [`ChannelError::Unknown`] where the channel was removed, [`ChannelError::Busy`], [`ChannelError::GoingDown`],
    /// [`ChannelError::Storage`] where nothing can be stored: then nothing was sent, either; and where there are other
    /// nodes [`ChannelError::Away`] and [`ChannelError::Unconfirmed`].
    pub async fn publish(&self, channel: &Arc<Channel>, draft: EventDraft, room: Room) -> Result<u64, ChannelError> {
        let channel = Arc::clone(channel);
        self.order(|reply| Order::Publish(Publication { channel, draft, reply, room })).await
    }

    /// Creates a channel.
    ///
    /// # Errors
    /// [`ChannelError::Exists`], [`ChannelError::TooMany`], and as [`publish`](Self::publish).
    pub async fn create(&self, path: ChannelPath) -> Result<Arc<Channel>, ChannelError> {
        self.order(|reply| Order::Create { path, reply }).await
    }

    /// Removes a created channel and everything that was told on it. Its readers get what there is, and then the end.
    ///
    /// # Errors
    /// [`ChannelError::Unknown`], and as [`publish`](Self::publish).
    pub async fn remove(&self, path: ChannelPath) -> Result<(), ChannelError> {
        self.order(|reply| Order::Remove { path, reply }).await
    }

    async fn order<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<T, ChannelError>>) -> Order,
    ) -> Result<T, ChannelError> {
        let (reply, answer) = oneshot::channel();
        self.orders.try_send(order(reply)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => ChannelError::Busy,
            mpsc::error::TrySendError::Closed(_) => ChannelError::GoingDown,
        })?;
        answer.await.unwrap_or(Err(ChannelError::GoingDown))
    }
}

impl Makes {
    fn kept(&self, kept: &KeptChannel, bounds: Bounds) -> Arc<Channel> {
        let Some(storage) = &self.storage else {
            return self.in_memory(&kept.name, kept.first, kept.created_at, bounds);
        };
        let store = ChannelStore { storage: storage.clone(), key: kept.key };
        let setup = LogSetup::kept_in(kept.first, kept.range.last, Arc::new(store)).within(bounds);
        self.channel(&kept.name, kept.created_at, Some(kept.key), setup)
    }

    fn in_memory(&self, name: &str, first: u64, created_at: UnixMs, bounds: Bounds) -> Arc<Channel> {
        self.channel(name, created_at, None, LogSetup::starting(first).within(bounds))
    }

    fn channel(&self, name: &str, created_at: UnixMs, key: Option<i64>, setup: LogSetup) -> Arc<Channel> {
        // Each node has a dashboard of its own.
        let setup = if self.shared && name != BuiltIn::Dashboard.as_str() { setup.shared() } else { setup };
        Arc::new(Channel {
            name: name.into(),
            created_at,
            log: self.hub.log_of_channel(setup),
            key,
            number: self.last_number.fetch_add(1, Ordering::Relaxed) + 1,
            unsure: AtomicBool::new(false),
        })
    }
}
