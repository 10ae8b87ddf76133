//! The state of every feed: written by the fetcher, read by the pages, the endpoints and the monitors.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::{
    model::time::UnixMs,
    server::news::{record::FeedRecord, source::Source},
    wire::news::{SourceState, SourceStatus},
};

/// What is told of the feeds.
#[derive(Debug, Default)]
pub struct SourceBoard {
    entries: Vec<Mutex<Entry>>,
}

#[derive(Debug)]
struct Entry {
    source: Arc<Source>,
    record: FeedRecord,
    state: SourceState,
    rejected: u64,
}

impl SourceBoard {
    pub(super) fn new(feeds: impl IntoIterator<Item = (Arc<Source>, FeedRecord, SourceState)>) -> Self {
        let entry = |(source, record, state)| Mutex::new(Entry { source, record, state, rejected: 0 });
        Self { entries: feeds.into_iter().map(entry).collect() }
    }

    /// Every feed, in the order of the settings.
    pub fn statuses(&self) -> Vec<SourceStatus> {
        self.entries.iter().map(|entry| entry.lock().status()).collect()
    }

    /// Items that were of no use, of all feeds since the start.
    pub fn rejected(&self) -> u64 {
        self.entries.iter().map(|entry| entry.lock().rejected).sum()
    }

    /// Posts what is known of feed number `place` after a fetch.
    pub(super) fn post(&self, place: usize, record: FeedRecord, state: SourceState, rejected: u32) {
        if let Some(entry) = self.entries.get(place) {
            let mut entry = entry.lock();
            (entry.record, entry.state) = (record, state);
            entry.rejected += u64::from(rejected);
        }
    }
}

impl Entry {
    fn status(&self) -> SourceStatus {
        let (source, record) = (&self.source, &self.record);
        let time = |at: Option<UnixMs>| at.map(UnixMs::to_rfc3339);
        SourceStatus {
            key: source.key.clone(),
            name: source.name.clone(),
            category: source.category.clone(),
            tier: source.tier,
            trust: source.trust,
            url: source.url.clone(),
            state: self.state,
            moved_to: record.moved_to.clone(),
            last_fetch: time(record.last_fetch),
            last_success: time(record.last_success),
            last_error: record.last_error.clone(),
            failures: record.failures,
            items: record.items,
            rejected: self.rejected,
            next_fetch: time(record.next_fetch),
        }
    }
}
