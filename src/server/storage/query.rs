//! What is asked of the database.

pub use super::cursor::Cursor;

use crate::model::{article::Article, story::StoryHead, symbol::Symbol, time::UnixMs};

/// Some articles, newest first by [`Article::at`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ArticleQuery {
    /// At most so many; 1 to 100.
    pub limit: usize,
    /// Any of these keys; empty for all.
    pub sources: Vec<String>,
    pub categories: Vec<String>,
    pub symbols: Vec<Symbol>,
    /// Words that title or description hold, as a person types them; empty for all.
    pub text: String,
    /// From [`ArticlePage::next`].
    pub before: Option<Cursor>,
}

/// Some stories, newest first by the time of their first report: one that grows stays where it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoryQuery {
    /// At most so many; 1 to 100.
    pub limit: usize,
    /// Any of these keys; empty for all.
    pub sources: Vec<String>,
    pub categories: Vec<String>,
    pub symbols: Vec<Symbol>,
    /// Words that the title or description of one of its articles hold.
    pub text: String,
    /// Only stories that are breaking and not taken back, told since then.
    pub breaking_since: Option<UnixMs>,
    pub before: Option<Cursor>,
}

/// The answer to an [`ArticleQuery`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ArticlePage {
    pub articles: Vec<Article>,
    /// Under the filters, on all pages.
    pub total: u64,
    pub next: Option<Cursor>,
}

/// The answer to a [`StoryQuery`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoryPageRows {
    pub stories: Vec<StoryHead>,
    /// Under the filters, on all pages.
    pub total: u64,
    pub next: Option<Cursor>,
}

/// What is known of an article that came again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownArticle {
    /// Empty where the article is no longer kept.
    pub title: String,
    /// Empty where the article is no longer kept.
    pub story_id: String,
    /// Whether the article is still there. Where it is not, it was told once and has aged out: there is nothing to do.
    pub kept: bool,
}

/// An article, as far as the index of stories needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowArticle {
    pub id: String,
    pub source_key: String,
    pub title: String,
    /// May be empty.
    pub description: String,
    pub tickers: Vec<Symbol>,
    /// [`Article::at`]
    pub at: UnixMs,
    pub story_id: String,
}

impl WindowArticle {
    /// The place after which the next window starts.
    pub fn cursor(&self) -> Cursor {
        Cursor { at: self.at, id: self.id.clone() }
    }
}
