//! A story: every article about one event.

use serde::{Deserialize, Serialize};

use super::{
    symbol::Symbol,
    time::{UnixMs, rfc3339},
};

/// What is known of a story as a whole. Its articles, the timeline, are kept beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoryHead {
    /// The same for as long as the story is kept.
    pub id: String,
    /// The title of the best source: the best tier, then the highest trust, then the earliest.
    pub title: String,
    /// The link of that source's article.
    pub link: String,
    /// The lead of that article; may be empty.
    pub description: String,
    pub category: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// The assets it is about, most often named first.
    pub tickers: Vec<Symbol>,
    /// Every source that reported it, in the order of their first reports.
    pub sources: Vec<StorySource>,
    /// How many articles it has.
    pub articles: u32,
    #[serde(with = "rfc3339")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub first_seen: UnixMs,
    /// When it last gained an article.
    #[serde(with = "rfc3339")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub last_seen: UnixMs,
    /// Unlike anything of the week before: 0 to 1, at its first report.
    #[serde(default)]
    pub novelty: f64,
    pub breaking: Option<Breaking>,
    /// One for each of its followed assets, at most three.
    pub reaction: Vec<Reaction>,
}

/// Who reported a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StorySource {
    pub key: String,
    pub name: String,
}

/// A story with its timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    pub head: StoryHead,
    /// Oldest first; the newest [`MAX_TIMELINE`] of them.
    pub timeline: Vec<super::article::Article>,
}

/// Most articles of one timeline that are shown.
pub const MAX_TIMELINE: usize = 200;

/// Why a story is breaking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Breaking {
    /// From 0 to 1.
    pub score: f64,
    /// In words: `4 sources in 12 min`.
    pub reasons: Vec<String>,
    pub state: BreakingState,
    /// When it was first said.
    #[serde(with = "rfc3339")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub since: UnixMs,
}

/// How a story that was told as breaking stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum BreakingState {
    Breaking,
    /// More is known for it than when it was first told.
    Upgraded,
    /// Its sources took it back.
    Retracted,
}

/// How the price of an asset moved after a story's first report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    pub symbol: Symbol,
    /// The time of the first report.
    #[serde(with = "rfc3339")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub at: UnixMs,
    /// The price then, in USDT. `None` where it is not known.
    pub price: Option<f64>,
    /// The moves since, as a percentage of that price. `None` before the time has come, and where the price then is not
    /// known.
    pub after5m: Option<f64>,
    pub after15m: Option<f64>,
    pub after60m: Option<f64>,
}

impl StoryHead {
    /// Told as breaking and not taken back.
    pub fn is_breaking(&self) -> bool {
        self.breaking.as_ref().is_some_and(|breaking| breaking.state != BreakingState::Retracted)
    }
}

impl Reaction {
    /// The newest move that is known, with its minutes.
    pub fn latest(&self) -> Option<(u32, f64)> {
        let moves = [(60, self.after60m), (15, self.after15m), (5, self.after5m)];
        moves.into_iter().find_map(|(minutes, moved)| moved.map(|moved| (minutes, moved)))
    }
}
