//! What a request for news asks for.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::{
    error::HttpError,
    query::{add_symbols, parts},
};
use crate::{
    model::{symbol::Symbol, time::UnixMs},
    server::{
        services::Services,
        storage::{
            cursor::Cursor,
            query::{ArticleQuery, StoryQuery},
        },
    },
    wire::news::SourceStatus,
};

/// Most entries of one answer.
pub(super) const MAX_LIMIT: usize = 100;
const DEFAULT_LIMIT: usize = 20;
/// Longest search, in characters.
pub(super) const MAX_TEXT: usize = 200;

/// What lists and streams of news are filtered by: comma-separated, under the name of one or of many. Empty is all.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct NewsFilter {
    /// Keys of followed sources, as the settings write them.
    pub(super) sources: Vec<String>,
    /// As the settings write those that feeds have.
    pub(super) categories: Vec<String>,
    pub(super) symbols: Vec<Symbol>,
}

impl NewsFilter {
    /// Refuses symbols that news is never searched for: those that are not configured.
    fn only_configured(&self, services: &Services) -> Result<(), HttpError> {
        let stranger = self.symbols.iter().find(|symbol| !services.market.is_configured(**symbol));
        stranger.map_or(Ok(()), |symbol| Err(HttpError::UnknownSymbol(*symbol)))
    }

    /// Takes one parameter in. Returns whether it was one of these.
    pub(super) fn take(&mut self, name: &str, value: &str, services: &Services) -> Result<bool, HttpError> {
        match name {
            "source" | "sources" => {
                let known = known(services, |feed| feed.key);
                for key in parts(value) {
                    match known.iter().find(|known| known.eq_ignore_ascii_case(key)) {
                        Some(key) => add(&mut self.sources, key),
                        None => return Err(HttpError::UnknownSource { known }),
                    }
                }
            }
            "category" | "categories" => {
                let known = known(services, |feed| feed.category);
                for category in parts(value) {
                    // Old news may be of one that no feed has now.
                    let found = known.iter().find(|known| known.eq_ignore_ascii_case(category));
                    add(&mut self.categories, found.map_or(category, String::as_str));
                }
            }
            "symbol" | "symbols" => add_symbols(&mut self.symbols, value, services)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// What the followed feeds have of something.
fn known(services: &Services, of: impl FnMut(SourceStatus) -> String) -> Vec<String> {
    services.feeds.statuses().into_iter().map(of).collect()
}

fn add(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

/// The parameters of a list. Unknown ones are ignored.
pub(super) struct NewsQuery {
    filter: NewsFilter,
    limit: usize,
    /// From `q`.
    text: String,
    before: Option<Cursor>,
}

impl NewsQuery {
    fn parse(query: &str, services: &Services) -> Result<Self, HttpError> {
        let mut parsed =
            Self { filter: NewsFilter::default(), limit: DEFAULT_LIMIT, text: String::new(), before: None };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if parsed.filter.take(&name, &value, services)? {
                continue;
            }
            match name.as_ref() {
                "limit" => {
                    let limit = value.trim().parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                    parsed.limit = limit.ok_or(HttpError::BadLimit)?;
                }
                "q" if value.chars().count() > MAX_TEXT => return Err(HttpError::BadText),
                "q" => value.trim().clone_into(&mut parsed.text),
                "before" if value.is_empty() => {}
                "before" => parsed.before = Some(Cursor::parse(&value).ok_or(HttpError::BadCursor)?),
                _ => {}
            }
        }
        parsed.filter.only_configured(services)?;
        Ok(parsed)
    }

    pub(super) fn articles(self) -> ArticleQuery {
        let NewsFilter { sources, categories, symbols } = self.filter;
        ArticleQuery { limit: self.limit, sources, categories, symbols, text: self.text, before: self.before }
    }

    /// All stories, or those that are breaking and were told since then.
    pub(super) fn stories(self, breaking_since: Option<UnixMs>) -> StoryQuery {
        let NewsFilter { sources, categories, symbols } = self.filter;
        let Self { limit, text, before, .. } = self;
        StoryQuery { limit, sources, categories, symbols, text, breaking_since, before }
    }
}

impl FromRequestParts<Arc<Services>> for NewsQuery {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, HttpError> {
        Self::parse(parts.uri.query().unwrap_or_default(), services)
    }
}
