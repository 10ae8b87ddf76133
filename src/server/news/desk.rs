//! What the pages ask of the news, from memory.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::wire::news::NewsSnapshot;

/// The newest stories. The task of the news writes it, every page reads it.
#[derive(Debug, Default)]
pub struct NewsDesk {
    snapshot: ArcSwap<NewsSnapshot>,
}

impl NewsDesk {
    pub fn snapshot(&self) -> Arc<NewsSnapshot> {
        self.snapshot.load_full()
    }

    pub fn post(&self, snapshot: NewsSnapshot) {
        self.snapshot.store(Arc::new(snapshot));
    }
}
