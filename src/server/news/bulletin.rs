//! What readers are told: entries of the log, encoded once.

use serde::Serialize;
use tracing::error;

use crate::{
    model::{article::Article, story::StoryHead, time::UnixMs},
    server::event::{EventDraft, EventKind, Facets},
    wire::news::{ArticleBody, StoryUpdate},
};

/// A new article.
pub(super) fn news(article: &Article, now: UnixMs) -> Option<EventDraft> {
    draft(EventKind::News, &ArticleBody::of(article, now), of_article(article))
}

/// A story is breaking ([`EventKind::Breaking`]), or what was said of it has changed ([`EventKind::BreakingUpdate`]).
/// `article` is the story's best one. `None` where the story was never told as breaking.
pub(super) fn breaking(kind: EventKind, story: &StoryHead, article: &Article, now: UnixMs) -> Option<EventDraft> {
    let verdict = story.breaking.as_ref()?;
    let facets = Facets { breaking: true, ..of_article(article) };
    draft(kind, &ArticleBody::of(article, now).with(verdict), facets)
}

/// A known story gained a source, or the prices after it became known.
pub(super) fn story_update(story: &StoryHead) -> Option<EventDraft> {
    draft(EventKind::StoryUpdate, &StoryUpdate::of(story), of_story(story))
}

/// A story as it is now, for the pages.
pub(super) fn story(story: &StoryHead) -> Option<EventDraft> {
    draft(EventKind::Story, story, of_story(story))
}

fn draft(kind: EventKind, body: &impl Serialize, facets: Facets) -> Option<EventDraft> {
    let data = serde_json::to_string(body)
        .inspect_err(|error| error!(%error, kind = kind.as_str(), "news can't be encoded"))
        .ok()?;
    Some(EventDraft { kind, data, facets })
}

fn of_article(article: &Article) -> Facets {
    Facets {
        sources: vec![article.source_key.clone()],
        category: article.category.clone(),
        tickers: article.tickers.clone(),
        text: text(&article.title, &article.description),
        breaking: article.is_breaking,
    }
}

fn of_story(story: &StoryHead) -> Facets {
    Facets {
        sources: story.sources.iter().map(|source| source.key.clone()).collect(),
        category: story.category.clone(),
        tickers: story.tickers.clone(),
        text: text(&story.title, &story.description),
        breaking: story.is_breaking(),
    }
}

fn text(title: &str, description: &str) -> String {
    format!("{title}\n{description}")
}
