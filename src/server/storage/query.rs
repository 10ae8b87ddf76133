//! What is asked of the database.

use crate::model::{article::Article, symbol::Symbol, time::UnixMs};

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

/// Some stories, newest first by the time of their last article.
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

/// A place in a list that new entries don't move: text that a client gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub at: UnixMs,
    pub id: String,
}

/// The answer to an [`ArticleQuery`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ArticlePage {
    pub articles: Vec<Article>,
    /// Under the filters, on all pages.
    pub total: u64,
    pub next: Option<Cursor>,
}

/// What is known of an article that came again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownArticle {
    pub title: String,
    pub story_id: String,
}
