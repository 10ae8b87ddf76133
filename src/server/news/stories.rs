//! Finds the story that an article belongs to.

use std::sync::Arc;

use crate::model::{symbol::Symbol, time::UnixMs};

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
