//! The shapes of news: what the endpoints answer, and what the pages start with.

use serde::{Deserialize, Serialize};

use crate::model::{
    article::Article,
    story::{Breaking, Reaction, Story, StoryHead},
    symbol::Symbol,
    time::UnixMs,
    time_ago::time_ago,
};

/// An article as the endpoints and streams write it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ArticleBody<'a> {
    #[serde(flatten)]
    pub article: &'a Article,
    /// `5m ago`, at the moment of writing.
    pub time_ago: String,
    /// Only in `breaking` and `breaking_update`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaking: Option<&'a Breaking>,
}

impl<'a> ArticleBody<'a> {
    pub fn of(article: &'a Article, now: UnixMs) -> Self {
        Self { article, time_ago: time_ago(article.at(), now), breaking: None }
    }

    #[must_use]
    pub const fn with(mut self, breaking: &'a Breaking) -> Self {
        self.breaking = Some(breaking);
        self
    }
}

/// `GET /api/news`
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewsAnswer<'a> {
    pub articles: Vec<ArticleBody<'a>>,
    /// How many there are under the filters, on all pages.
    pub total_count: u64,
    /// Keys of the sources of these articles, sorted.
    pub sources: Vec<&'a str>,
    /// RFC 3339
    pub fetched_at: String,
    /// For `before`; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// `GET /api/news/stories` and `GET /api/breaking`
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoriesAnswer<'a> {
    pub stories: Vec<StoryReports<'a>>,
    /// How many there are under the filters, on all pages.
    pub total_count: u64,
    /// RFC 3339
    pub fetched_at: String,
    /// For `before`; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// A story with what its sources wrote.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StoryReports<'a> {
    #[serde(flatten)]
    pub head: &'a StoryHead,
    /// Oldest first.
    pub reports: Vec<ArticleBody<'a>>,
}

impl<'a> StoryReports<'a> {
    pub fn of(story: &'a Story, now: UnixMs) -> Self {
        Self { head: &story.head, reports: story.timeline.iter().map(|a| ArticleBody::of(a, now)).collect() }
    }
}

/// `GET /api/sources`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SourcesAnswer {
    pub sources: Vec<SourceStatus>,
    pub total_count: usize,
    /// RFC 3339
    pub fetched_at: String,
}

/// `story_update`: a known story gained a source, or the prices after it became known.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoryUpdate<'a> {
    pub story_id: &'a str,
    pub articles: u32,
    /// Keys.
    pub sources: Vec<&'a str>,
    pub title: &'a str,
    pub reaction: &'a [Reaction],
}

impl<'a> StoryUpdate<'a> {
    pub fn of(story: &'a StoryHead) -> Self {
        Self {
            story_id: &story.id,
            articles: story.articles,
            sources: story.sources.iter().map(|source| source.key.as_str()).collect(),
            title: &story.title,
            reaction: &story.reaction,
        }
    }
}

/// `gap`: events that were missed and can't be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Gap {
    /// The last event that the reader knows.
    pub from: String,
    /// The last event before those that follow.
    pub to: String,
    pub reason: GapReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum GapReason {
    /// They are older than events are kept.
    Expired,
    /// They were of another log: the data was replaced.
    Restarted,
}

/// Which stories a page asks for. Different conditions all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoriesQuery {
    /// At most so many; 1 to 100, anything else is the nearest of these.
    pub limit: u8,
    /// [`StoryPage::next_cursor`] of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Words that the title or description of one of its articles hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Key of a source that reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Symbol>,
}

/// Some stories of a longer list, newest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoryPage {
    pub stories: Vec<StoryHead>,
    /// How many there are under the filters, on all pages.
    pub total_count: u64,
    /// For the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

/// A story with its timeline, as its page gets it.
///
/// Unlike [`Story`] it keeps the two apart: reading one object as two keeps it in a form of its own first, and the code
/// for that would be a part of the browser's build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryBody {
    pub head: StoryHead,
    pub timeline: Vec<Article>,
}

impl From<Story> for StoryBody {
    fn from(Story { head, timeline }: Story) -> Self {
        Self { head, timeline }
    }
}

/// What a page shows of the stored news, read before it is rendered. Nothing of it where the news could not be read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FirstNews {
    /// The stories that the address asks for.
    pub stories: Option<StoryPage>,
    /// The story that the address names.
    pub story: Option<StoryBody>,
    /// The address names a story that is not there.
    pub unknown: bool,
}

/// The news that a page starts with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewsSnapshot {
    /// Newest first.
    pub stories: Vec<StoryHead>,
    /// The position in the log that `stories` is of: a stream that goes on from here misses nothing.
    pub last_event_id: u64,
    /// The feeds, for the filters; empty where news is off.
    pub sources: Vec<SourceName>,
}

/// What a filter needs to know of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceName {
    pub key: String,
    pub name: String,
    pub category: String,
}

/// The state of one feed: `GET /api/sources`, the status page, `/health`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SourceStatus {
    pub key: String,
    pub name: String,
    pub category: String,
    pub tier: u8,
    pub trust: f64,
    pub url: String,
    pub state: SourceState,
    /// Where a permanent redirect said the feed is now.
    pub moved_to: Option<String>,
    /// RFC 3339, like the other times.
    pub last_fetch: Option<String>,
    /// When it last answered with a feed, changed or not.
    pub last_success: Option<String>,
    /// One line: `HTTP 503`, `not a feed: HTML`.
    pub last_error: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// Items of the last answer.
    pub items: u32,
    /// Items that were of no use since the start: without a title or a usable link, or beyond the limits.
    pub rejected: u64,
    pub next_fetch: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum SourceState {
    /// Not fetched yet.
    Pending,
    Ok,
    /// The last fetch failed.
    Failing,
    /// Gone (HTTP 404, 410) or failing for a day.
    Dead,
}

impl SourceState {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Ok, Self::Failing, Self::Dead];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::Dead => "dead",
        }
    }
}
