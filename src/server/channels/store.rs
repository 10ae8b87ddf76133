//! The log of one channel, in the database.

use futures_util::{FutureExt, future::BoxFuture};

use crate::server::{
    event::LogEvent,
    hub::log::{EventStore, EventStoreError},
    storage::Storage,
};

pub(super) struct ChannelStore {
    pub(super) storage: Storage,
    pub(super) key: i64,
}

impl EventStore for ChannelStore {
    fn read(&self, after: u64, limit: usize) -> BoxFuture<'static, Result<Vec<LogEvent>, EventStoreError>> {
        let (storage, key) = (self.storage.clone(), self.key);
        let read = async move { storage.channel_events(key, after, limit).await };
        read.map(|read| read.map_err(|error| EventStoreError(error.to_string()))).boxed()
    }
}
