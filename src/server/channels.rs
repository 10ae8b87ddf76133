//! Channels: what jobs, traders and programs tell each other through this server.
//!
//! Four are built in, with events that a [`schema`] describes; others are created by a path, and carry any JSON. Each
//! has a log of its own in the hub, so its readers come back, fall behind and are kept alive as those of the news, and
//! are woken by nothing else.
//!
//! One task writes ([`press`]): it gives what was published its place, stores it, and sends it. Whatever waits while it
//! stores is stored together afterwards, so many publishers are hardly slower than one. What was answered is on the
//! disk. The dashboard is of now, and only in memory: [`dashboard`] feeds it while somebody listens.

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
};

use parking_lot::RwLock;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

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
}

/// What a channel is made of.
#[derive(Debug)]
struct Makes {
    hub: Arc<Hub>,
    storage: Option<Storage>,
    clock: Clock,
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
        let ChannelsSetup { hub, storage, kept, clock, max_created, max_bytes } = setup;
        let makes = Makes { hub, storage: storage.clone(), clock, last_number: AtomicU64::new(0) };
        let find = |name: &str| kept.iter().find(|kept| kept.name == name);
        let built_in = BuiltIn::ALL.map(|channel| {
            let name = channel.as_str();
            let bounds = if channel.is_kept() { BUILT_IN_BOUNDS } else { DASHBOARD_BOUNDS };
            let kept = find(name).filter(|_| channel.is_kept());
            let made = kept.map_or_else(|| makes.in_memory(name, log::start(clock), bounds), |k| makes.kept(k, bounds));
            (channel, made)
        });
        let created = kept.iter().filter(|kept| kept.name.starts_with('/'));
        let created = created.map(|kept| (kept.name.as_str().into(), makes.kept(kept, CREATED_BOUNDS))).collect();
        let (orders, inbox) = mpsc::channel(MAX_WAITING);
        let created = RwLock::new(created);
        let channels = Arc::new(Self { built_in, created, max_created, orders, rooms: Rooms::default(), makes });
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
    /// [`ChannelError::Unknown`] where the channel was removed, [`ChannelError::Busy`], [`ChannelError::GoingDown`], and
    /// [`ChannelError::Storage`] where nothing can be stored: then nothing was sent, either.
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
        let Some(storage) = &self.storage else { return self.in_memory(&kept.name, kept.first, bounds) };
        let store = ChannelStore { storage: storage.clone(), key: kept.key };
        let setup = LogSetup::kept_in(kept.first, kept.range.last, Arc::new(store)).within(bounds);
        self.channel(&kept.name, kept.created_at, Some(kept.key), setup)
    }

    fn in_memory(&self, name: &str, first: u64, bounds: Bounds) -> Arc<Channel> {
        self.channel(name, self.clock.wall(), None, LogSetup::starting(first).within(bounds))
    }

    fn channel(&self, name: &str, created_at: UnixMs, key: Option<i64>, setup: LogSetup) -> Arc<Channel> {
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
