//! What is written together or not at all.

use serde::{Deserialize, Serialize};

use crate::{
    model::{article::Article, story::StoryHead},
    server::{event::LogEvent, news::record::FeedRecord},
};

/// One transaction.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Inserted; one that is known is replaced.
    pub articles: Vec<Article>,
    /// Inserted or replaced.
    pub stories: Vec<StoryHead>,
    /// Appended to the log; ids grow.
    pub events: Vec<LogEvent>,
    /// Inserted or replaced.
    pub feeds: Vec<FeedRecord>,
}
