//! Fetches of feeds, and what became of them.

use std::fmt;

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// What a fetch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FetchOutcome {
    /// A feed.
    Read,
    /// Nothing new since the last time.
    Unchanged,
    /// An answer with another status.
    Status,
    Timeout,
    TooLarge,
    NotAFeed,
    /// An address that is not asked, or a redirect to one.
    Refused,
    /// Redirects that lead nowhere.
    Redirect,
    /// No connection, or one that broke off.
    Network,
}

impl FetchOutcome {
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::Unchanged,
        Self::Status,
        Self::Timeout,
        Self::TooLarge,
        Self::NotAFeed,
        Self::Refused,
        Self::Redirect,
        Self::Network,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Unchanged => "unchanged",
            Self::Status => "status",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::NotAFeed => "not_a_feed",
            Self::Refused => "refused",
            Self::Redirect => "redirect",
            Self::Network => "network",
        }
    }
}

impl EncodeLabelValue for FetchOutcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        self.as_str().encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Fetch {
    feed: String,
    outcome: FetchOutcome,
}

/// What the fetcher counts. The feeds are those of the settings, so there are as few series as feeds and outcomes.
#[derive(Debug, Clone, Default)]
pub struct FeedMetrics {
    fetches: Family<Fetch, Counter>,
}

impl FeedMetrics {
    /// Counts a fetch of the feed with this key.
    pub fn fetched(&self, feed: &str, outcome: FetchOutcome) {
        self.fetches.get_or_create(&Fetch { feed: feed.to_owned(), outcome }).inc();
    }

    /// Makes the series of a feed's good outcomes before the first fetch: a rate needs something to start from.
    pub fn follow(&self, feed: &str) {
        for outcome in [FetchOutcome::Read, FetchOutcome::Unchanged] {
            drop(self.fetches.get_or_create(&Fetch { feed: feed.to_owned(), outcome }));
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("feed_fetches", "Fetches of a feed, by what they came to", self.fetches.clone());
    }
}

/// What the news desk counts.
#[derive(Debug, Clone, Default)]
pub struct NewsMetrics {
    /// Articles that were not known before.
    pub articles: Counter,
    /// Stories that were not known before.
    pub stories: Counter,
}

impl NewsMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("articles", "Articles that were new and are kept", self.articles.clone());
        registry.register("stories", "Stories that were new and are kept", self.stories.clone());
    }
}
