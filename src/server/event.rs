//! Entries of the log: what must reach every reader, in order, once. Plain values that storage keeps and the hub sends.

use crate::model::{symbol::Symbol, time::UnixMs};

/// What an entry tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// One article: [`crate::wire::news::ArticleBody`].
    News,
    /// One article whose story is breaking: `ArticleBody` with `breaking`.
    Breaking,
    /// The same when the verdict changed.
    BreakingUpdate,
    /// [`crate::wire::news::StoryUpdate`]
    StoryUpdate,
    /// The whole head of a story after a change, for the pages: [`crate::model::story::StoryHead`].
    Story,
    /// How far a training is. This one and the following are of the named channels:
    /// [`crate::server::channels::schema`].
    TrainingProgress,
    /// How far a backtest is.
    BacktestProgress,
    /// A limit of risk was passed.
    RiskAlert,
    /// A price went where somebody waits for it.
    PriceAlert,
    /// News that somebody waits for.
    NewsAlert,
    /// A feed fails, or works again.
    FeedAlert,
    /// The newest state of something on a dashboard.
    DashboardUpdate,
    /// A message without a name, of a channel that somebody created: any JSON.
    Message,
}

impl EventKind {
    pub const ALL: [Self; 13] = [
        Self::News,
        Self::Breaking,
        Self::BreakingUpdate,
        Self::StoryUpdate,
        Self::Story,
        Self::TrainingProgress,
        Self::BacktestProgress,
        Self::RiskAlert,
        Self::PriceAlert,
        Self::NewsAlert,
        Self::FeedAlert,
        Self::DashboardUpdate,
        Self::Message,
    ];

    /// The name of the event on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::News => "news",
            Self::Breaking => "breaking",
            Self::BreakingUpdate => "breaking_update",
            Self::StoryUpdate => "story_update",
            Self::Story => "story",
            Self::TrainingProgress => "training_progress",
            Self::BacktestProgress => "backtest_progress",
            Self::RiskAlert => "risk_alert",
            Self::PriceAlert => "price_alert",
            Self::NewsAlert => "news_alert",
            Self::FeedAlert => "feed_alert",
            Self::DashboardUpdate => "dashboard_update",
            Self::Message => "message",
        }
    }

    /// The name of the built-in channel that it is told on, in an envelope. `None` for the news, and for what is told on
    /// channels that somebody created.
    pub const fn channel(self) -> Option<&'static str> {
        match self {
            Self::TrainingProgress => Some("training"),
            Self::BacktestProgress => Some("backtest"),
            Self::RiskAlert | Self::PriceAlert | Self::NewsAlert | Self::FeedAlert => Some("alerts"),
            Self::DashboardUpdate => Some("dashboard"),
            Self::News | Self::Breaking | Self::BreakingUpdate | Self::StoryUpdate | Self::Story | Self::Message => {
                None
            }
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An entry before it has its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDraft {
    pub kind: EventKind,
    /// The body: JSON of one line.
    pub data: String,
    pub facets: Facets,
}

/// What filters ask of an entry.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facets {
    /// Keys of the sources that reported it.
    pub sources: Vec<String>,
    pub category: String,
    pub tickers: Vec<Symbol>,
    /// Title and description, for `keywords`.
    pub text: String,
    /// It is of a breaking story.
    pub breaking: bool,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEvent {
    /// Its place: one more than that of the entry before.
    pub id: u64,
    pub at: UnixMs,
    pub draft: EventDraft,
}

/// What a log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRange {
    /// Every entry after this one is still there.
    pub after: u64,
    /// The newest entry; equal to `after` where there is none. A new log starts at the microseconds of the wall clock,
    /// so positions of a log that was thrown away are recognised as older ones.
    pub last: u64,
}
