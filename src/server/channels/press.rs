//! Who writes to the channels: one task, so that places are given in the order in which events are stored and sent.

pub mod elsewhere;

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{CREATED_BOUNDS, Channel, ChannelError, Channels, memory::Memory, path::ChannelPath, room::Room};
use crate::{
    model::time::UnixMs,
    server::{
        event::{EventDraft, LogEvent},
        hub::log::{self, LogTurn},
        storage::{
            Storage,
            channels::{ChannelEvents, KeptChannel},
            error::StorageError,
        },
    },
};

/// Orders that are looked at together.
const MAX_TOGETHER: usize = 1024;

pub(in crate::server) type Reply<T> = oneshot::Sender<Result<T, ChannelError>>;

/// What the press is asked to do. Whoever asked may be gone by the time of the answer.
pub(in crate::server) enum Order {
    Publish(Publication),
    Create {
        path: ChannelPath,
        reply: Reply<Arc<Channel>>,
    },
    Remove {
        path: ChannelPath,
        reply: Reply<()>,
    },
    /// Takes in what other nodes have been told.
    CatchUp {
        reply: Reply<()>,
    },
}

/// Something that is to be told on a channel.
pub(in crate::server) struct Publication {
    pub(in crate::server) channel: Arc<Channel>,
    pub(in crate::server) draft: EventDraft,
    pub(in crate::server) reply: Reply<u64>,
    /// Given back with the publication.
    pub(in crate::server) room: Room,
}

/// The one who writes.
pub struct Press {
    channels: Arc<Channels>,
    inbox: mpsc::Receiver<Order>,
    storage: Option<Storage>,
    memory: Memory,
    /// A new channel starts here at the earliest: ids of a removed one are never given out again.
    floor: u64,
    /// Bytes that the events of all channels may take on the disk.
    max_bytes: u64,
    /// Bytes that were stored since it was last looked whether they are too many.
    stored: u64,
}

/// What is to be told on one channel.
struct Sheet {
    channel: Arc<Channel>,
    drafts: Vec<EventDraft>,
    /// Of each draft.
    replies: Vec<Reply<u64>>,
}

/// What is told on one channel in one go.
struct Edition {
    channel: Arc<Channel>,
    turn: LogTurn,
    events: Vec<LogEvent>,
    /// Of each event.
    replies: Vec<Reply<u64>>,
}

impl Press {
    pub(super) fn new(
        channels: Arc<Channels>,
        inbox: mpsc::Receiver<Order>,
        storage: Option<Storage>,
        max_bytes: u64,
    ) -> Self {
        Self { channels, inbox, storage, memory: Memory::default(), floor: 0, max_bytes, stored: 0 }
    }

    /// Works until the token is cancelled, and then does what was asked until then.
    pub async fn run(mut self, token: CancellationToken) {
        loop {
            let orders = self.orders(&token).await;
            if orders.is_empty() {
                return;
            }
            self.carry_out(orders).await;
        }
    }

    /// Waits for orders. Once the token is cancelled no further ones are taken, and when all are out there is none. Nothing
    /// is lost where this is not waited for to its end.
    pub(in crate::server) async fn orders(&mut self, token: &CancellationToken) -> Vec<Order> {
        let mut orders = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = token.cancelled(), if !self.inbox.is_closed() => self.inbox.close(),
                _ = self.inbox.recv_many(&mut orders, MAX_TOGETHER) => return orders,
            }
        }
    }

    async fn carry_out(&mut self, orders: Vec<Order>) {
        let mut together = Vec::new();
        for order in orders {
            match order {
                Order::Publish(publication) => together.push(publication),
                Order::Create { path, reply } => {
                    self.publish(mem::take(&mut together)).await;
                    answer(reply, self.create(path).await);
                }
                Order::Remove { path, reply } => {
                    self.publish(mem::take(&mut together)).await;
                    answer(reply, self.remove(&path).await);
                }
                // There are no others.
                Order::CatchUp { reply } => answer(reply, Ok(())),
            }
        }
        self.publish(together).await;
        self.keep_small().await;
    }

    /// Gives what is published its places, stores all of it at once, then sends it.
    async fn publish(&mut self, publications: Vec<Publication>) {
        let mut by_channel: BTreeMap<u64, Sheet> = BTreeMap::new();
        // Held until everything is stored.
        let mut rooms = Vec::with_capacity(publications.len());
        for Publication { channel, draft, reply, room } in publications {
            if channel.log.is_closed() {
                answer(reply, Err(ChannelError::Unknown));
                continue;
            }
            let number = channel.number;
            let new = || Sheet { channel, drafts: Vec::new(), replies: Vec::new() };
            let sheet = by_channel.entry(number).or_insert_with(new);
            sheet.drafts.push(draft);
            sheet.replies.push(reply);
            rooms.push(room);
        }
        let (mut kept, mut in_memory) = (Vec::new(), Vec::new());
        for Sheet { channel, drafts, replies } in by_channel.into_values() {
            match self.turn(&channel).await {
                Ok(mut turn) => {
                    let events = turn.stamp(drafts);
                    let edition = Edition { channel, turn, events, replies };
                    if edition.channel.key.is_some() { kept.push(edition) } else { in_memory.push(edition) }
                }
                Err(error) => refuse(replies, &error),
            }
        }
        self.send(in_memory);
        let stored = self.store(kept).await;
        drop(rooms);
        match stored {
            Ok(stored) => self.send(stored),
            Err((unstored, error)) => {
                for Edition { channel, replies, .. } in unstored {
                    // It may be on the disk all the same.
                    channel.unsure.store(true, Ordering::Relaxed);
                    refuse(replies, &error);
                }
            }
        }
    }

    /// The turn of a channel, after what is on the disk.
    async fn turn(&self, channel: &Channel) -> Result<LogTurn, StorageError> {
        let mut turn = channel.log.turn().await;
        if let (Some(storage), Some(key)) = (&self.storage, channel.key)
            && channel.unsure.load(Ordering::Relaxed)
        {
            turn.go_on_after(storage.channel_range(key).await?.last);
            channel.unsure.store(false, Ordering::Relaxed);
        }
        Ok(turn)
    }

    async fn store(&mut self, mut editions: Vec<Edition>) -> Result<Vec<Edition>, (Vec<Edition>, StorageError)> {
        let Some(storage) = &self.storage else { return Ok(editions) };
        if editions.is_empty() {
            return Ok(editions);
        }
        let taken = editions.iter_mut().filter_map(|edition| {
            let events = mem::take(&mut edition.events);
            edition.channel.key.map(|key| ChannelEvents { key, events })
        });
        match storage.tell_channels(taken.collect()).await {
            Ok(batch) => {
                // In the order in which they were given.
                for (edition, ChannelEvents { events, .. }) in editions.iter_mut().zip(batch) {
                    self.stored += events.iter().map(|event| event.draft.data.len() as u64).sum::<u64>();
                    edition.events = events;
                }
                Ok(editions)
            }
            Err(error) => Err((editions, error)),
        }
    }

    fn send(&mut self, editions: Vec<Edition>) {
        for Edition { channel, turn, events, replies } in editions {
            let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
            turn.publish(events);
            if channel.name.starts_with('/') {
                self.memory.note(&channel);
            }
            for (reply, id) in replies.into_iter().zip(ids) {
                answer(reply, Ok(id));
            }
        }
    }

    async fn create(&mut self, path: ChannelPath) -> Result<Arc<Channel>, ChannelError> {
        let channels = Arc::clone(&self.channels);
        {
            let created = channels.created.read();
            if created.contains_key(path.as_str()) {
                return Err(ChannelError::Exists);
            }
            if created.len() >= channels.max_created {
                return Err(ChannelError::TooMany);
            }
        }
        let first = log::start(channels.makes.clock).max(self.floor);
        let channel = match &self.storage {
            Some(storage) => {
                let kept = keep(storage, path.as_str(), first).await?;
                channels.makes.kept(&kept, CREATED_BOUNDS)
            }
            None => channels.makes.in_memory(path.as_str(), first, channels.makes.clock.wall(), CREATED_BOUNDS),
        };
        channels.created.write().insert(path.as_str().into(), Arc::clone(&channel));
        Ok(channel)
    }

    async fn remove(&mut self, path: &ChannelPath) -> Result<(), ChannelError> {
        let channel = self.channels.created(path).ok_or(ChannelError::Unknown)?;
        if let (Some(storage), Some(key)) = (&self.storage, channel.key) {
            storage.remove_channel(key).await?;
        }
        self.channels.created.write().remove(path.as_str());
        channel.log.close();
        self.memory.forget(&channel);
        self.floor = self.floor.max(channel.log.tip().saturating_add(1));
        Ok(())
    }

    /// Looks whether too much is stored, each time that much was.
    async fn keep_small(&mut self) {
        if self.stored < self.max_bytes / 4 {
            return;
        }
        self.stored = 0;
        let Some(storage) = &self.storage else { return };
        match storage.prune_channels(self.max_bytes).await {
            Ok(0) => {}
            Ok(events) => info!(events, "events of channels were thrown away: they took too much"),
            Err(error) => warn!(%error, "old events of channels can't be thrown away"),
        }
    }
}

/// Adds a channel to the database. One that is there although nobody was told so is taken over.
async fn keep(storage: &Storage, name: &str, first: u64) -> Result<KeptChannel, StorageError> {
    match storage.create_channel(name.to_owned(), first).await {
        Err(error @ StorageError::Unstorable { .. }) => {
            let all = storage.channels().await?;
            all.into_iter().find(|kept| kept.name == name).ok_or(error)
        }
        created => created,
    }
}

/// Adds a channel that was created elsewhere. One of this name that is there although nobody knows it gives way.
async fn keep_adopted(
    storage: &Storage,
    name: &str,
    first: u64,
    created_at: UnixMs,
) -> Result<KeptChannel, StorageError> {
    match storage.adopt_channel(name.to_owned(), created_at, first).await {
        Err(StorageError::Unstorable { .. }) => {
            for unknown in storage.channels().await?.into_iter().filter(|kept| kept.name == name) {
                storage.remove_channel(unknown.key).await?;
            }
            storage.adopt_channel(name.to_owned(), created_at, first).await
        }
        created => created,
    }
}

fn refuse(replies: Vec<Reply<u64>>, error: &StorageError) {
    for reply in replies {
        answer(reply, Err(ChannelError::Storage(error.clone())));
    }
}

/// Whoever asked may have gone: then there is nobody to tell.
pub(in crate::server) fn answer<T>(reply: Reply<T>, answer: Result<T, ChannelError>) {
    let _ = reply.send(answer);
}
