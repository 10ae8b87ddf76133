//! Does here what was decided elsewhere: one of many nodes is told of everything by the Redis at which they meet, and
//! gives nothing a place of its own.
//!
//! Everything may be done again after it failed: what is here already is passed over.

use super::{
    Arc, CREATED_BOUNDS, Channel, ChannelPath, Channels, Edition, EventDraft, LogEvent, Ordering, Press, StorageError,
    keep_adopted,
};
use crate::{model::time::UnixMs, server::channels::ChannelError};

/// Entries that are read at a time to be told late.
const LATE: usize = 256;

/// What was told on one channel.
#[derive(Debug)]
pub(in crate::server) struct Told {
    pub(in crate::server) channel: Arc<Channel>,
    /// With their places, which grow.
    pub(in crate::server) events: Vec<LogEvent>,
}

impl Press {
    pub(in crate::server) const fn channels(&self) -> &Arc<Channels> {
        &self.channels
    }

    /// Most channels that may be created.
    pub(in crate::server) fn max_created(&self) -> usize {
        self.channels.max_created
    }

    /// Where a new channel starts at the earliest.
    pub(in crate::server) const fn floor(&self) -> u64 {
        self.floor
    }

    /// Whether what is told on this channel is kept.
    pub(in crate::server) const fn keeps(&self, channel: &Channel) -> bool {
        self.storage.is_some() && channel.key.is_some()
    }

    /// Entries of a channel after `after`, as they are kept.
    ///
    /// # Errors
    /// Where they can't be read.
    pub(in crate::server) async fn kept(
        &self,
        channel: &Channel,
        after: u64,
        limit: usize,
    ) -> Result<Vec<LogEvent>, StorageError> {
        match (&self.storage, channel.key) {
            (Some(storage), Some(key)) => storage.channel_events(key, after, limit).await,
            _ => Ok(Vec::new()),
        }
    }

    /// Stores all of it at once, then tells it.
    ///
    /// # Errors
    /// Where nothing can be stored: then nothing was told.
    pub(in crate::server) async fn tell(&mut self, told: Vec<Told>) -> Result<(), StorageError> {
        let (mut kept, mut in_memory) = (Vec::new(), Vec::new());
        for Told { channel, events } in told {
            self.tell_late(&channel).await?;
            let turn = channel.log.turn().await;
            let tip = channel.log.tip();
            let events: Vec<LogEvent> = events.into_iter().filter(|event| event.id > tip).collect();
            if events.is_empty() || channel.log.is_closed() {
                continue;
            }
            let edition = Edition { channel, turn, events, replies: Vec::new() };
            if edition.channel.key.is_some() { kept.push(edition) } else { in_memory.push(edition) }
        }
        match self.store(kept).await {
            Ok(stored) => {
                self.send(stored);
                self.send(in_memory);
                self.keep_small().await;
                Ok(())
            }
            Err((unstored, error)) => {
                for Edition { channel, .. } in unstored {
                    // It may be on the disk all the same.
                    channel.unsure.store(true, Ordering::Relaxed);
                }
                Err(error)
            }
        }
    }

    /// Tells of what was stored and not told, as the end of that was never heard of.
    async fn tell_late(&mut self, channel: &Arc<Channel>) -> Result<(), StorageError> {
        let (Some(storage), Some(key)) = (&self.storage, channel.key) else { return Ok(()) };
        if !channel.unsure.load(Ordering::Relaxed) {
            return Ok(());
        }
        let last = storage.channel_range(key).await?.last;
        while channel.log.tip() < last {
            let late = storage.channel_events(key, channel.log.tip(), LATE).await?;
            if late.is_empty() {
                channel.log.skip_to(last);
                break;
            }
            channel.log.turn().await.publish(late);
        }
        channel.unsure.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Tells something that has its place at this node only. Returns the id.
    pub(in crate::server) async fn tell_here(&mut self, channel: &Arc<Channel>, draft: EventDraft) -> Option<u64> {
        let mut turn = channel.log.turn().await;
        let events = turn.stamp(vec![draft]);
        let id = events.first().map(|event| event.id);
        turn.publish(events);
        id
    }

    /// Adds a channel whose log starts at `first`.
    ///
    /// # Errors
    /// Where it can't be stored.
    pub(in crate::server) async fn adopt(
        &mut self,
        path: &ChannelPath,
        first: u64,
        created_at: UnixMs,
    ) -> Result<(), StorageError> {
        let channels = Arc::clone(&self.channels);
        let channel = match &self.storage {
            Some(storage) => {
                let kept = keep_adopted(storage, path.as_str(), first, created_at).await?;
                channels.makes.kept(&kept, CREATED_BOUNDS)
            }
            None => channels.makes.in_memory(path.as_str(), first, created_at, CREATED_BOUNDS),
        };
        channels.created.write().insert(path.as_str().into(), channel);
        Ok(())
    }

    /// Removes a created channel. Its readers get what there is, and then the end.
    ///
    /// # Errors
    /// Where that can't be stored.
    pub(in crate::server) async fn forget(&mut self, path: &ChannelPath) -> Result<(), StorageError> {
        match self.remove(path).await {
            Err(ChannelError::Storage(error)) => Err(error),
            // It is not here.
            _ => Ok(()),
        }
    }

    /// Throws the log of a channel away for one that started at `first`. Readers are told so.
    ///
    /// # Errors
    /// Where that can't be stored.
    pub(in crate::server) async fn replace(&mut self, channel: &Channel, first: u64) -> Result<(), StorageError> {
        if let (Some(storage), Some(key)) = (&self.storage, channel.key) {
            storage.replace_channel(key, first).await?;
        }
        channel.unsure.store(false, Ordering::Relaxed);
        channel.log.replace(first, first);
        self.memory.forget(channel);
        Ok(())
    }

    /// Goes on after `last`. Readers are told of what they lose.
    ///
    /// # Errors
    /// Where that can't be stored.
    pub(in crate::server) async fn skip(&mut self, channel: &Channel, last: u64) -> Result<(), StorageError> {
        if let (Some(storage), Some(key)) = (&self.storage, channel.key) {
            storage.skip_channel(key, last).await?;
        }
        channel.log.skip_to(last);
        Ok(())
    }
}
