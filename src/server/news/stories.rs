//! Finds the story that an article belongs to.
//!
//! | room | does |
//! |---|---|
//! | `token`, `quantity`, `amount` | cut a text into words and amounts |
//! | `lexicon`, `term` | say what words mean: synonyms, acts, assets, places, institutions |
//! | `gist` | what one report says |
//! | `vocabulary` | how common each term is in the window, and who has it |
//! | `likeness` | how alike two reports are |
//! | `index` | decides |
//! | [`corpus`] | invented wires for tests and measurements |

mod amount;
#[doc(hidden)]
pub mod corpus;
mod gist;
mod index;
mod lexicon;
mod likeness;
mod quantity;
mod term;
#[cfg(test)]
mod tests;
mod token;
mod vocabulary;

use std::{sync::Arc, time::Duration};

use crate::model::{symbol::Symbol, time::UnixMs};

pub use index::StoryIndex;

/// An article, as far as stories are concerned.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The article's id.
    pub id: &'a str,
    pub source_key: &'a str,
    pub title: &'a str,
    /// The lead: the article's description; may be empty.
    pub lead: &'a str,
    pub tickers: &'a [Symbol],
    /// When it was published, or first seen.
    pub at: UnixMs,
}

/// Where an article was placed.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    pub story: Arc<str>,
    /// It joined a story that was there; otherwise the story is new.
    pub joined: bool,
    /// To the nearest article of that story, 0 to 1; for a new story, to the nearest of any.
    pub similarity: f64,
    /// Unlike anything of the week before, 0 to 1.
    pub novelty: f64,
}

/// How articles are made into stories.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StorySettings {
    /// An article joins a story from this similarity on, 0 to 1.
    pub join_from: f64,
    /// An article never joins a story whose last one is further away than this, in either direction.
    pub longest_gap: Duration,
    /// Most articles that are kept; the ones placed first go first.
    pub max_articles: usize,
}

impl Default for StorySettings {
    fn default() -> Self {
        Self { join_from: 0.5, longest_gap: Duration::from_hours(72), max_articles: 100_000 }
    }
}
