//! What a reader of `GET /api/sse` asks for.

use std::{sync::Arc, time::Duration};

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::{
    error::HttpError,
    news_query::NewsFilter,
    query::{pace, parts},
};
use crate::{
    model::symbol::Symbol,
    server::{
        event::EventKind,
        hub::{
            MAX_SYMBOLS_PER_READER,
            events::EventWish,
            filter::{EventFilter, Keyword},
        },
        services::Services,
    },
    wire::event_stream::StreamConfig,
};

/// Keywords of one reader.
pub(super) const MAX_KEYWORDS: usize = 50;

/// The least time between two prices of one asset, unless `maxHz` asks for another.
const PRICE_PACE: Duration = Duration::from_secs(1);
const PRICE: &str = "price";
/// What is in the log, and may be asked for.
const KINDS: [EventKind; 4] = [EventKind::News, EventKind::Breaking, EventKind::BreakingUpdate, EventKind::StoryUpdate];
/// These come to everybody. Naming them changes nothing.
const ALWAYS: [&str; 4] = ["connected", "heartbeat", "gap", "stream_error"];

/// The parameters of a stream of events. Unknown ones are for other versions and are ignored.
pub(super) struct EventQuery(pub(super) EventWish);

#[derive(Default)]
struct Asked {
    news: NewsFilter,
    keywords: Vec<String>,
    /// `None` where the parameter is missing or empty: all of them.
    events: Option<Vec<String>>,
    breaking: Option<bool>,
    pace: Option<Duration>,
}

impl Asked {
    fn parse(query: &str, services: &Services) -> Result<Self, HttpError> {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if asked.news.take(&name, &value, services)? {
                continue;
            }
            match name.as_ref() {
                "keywords" => asked.keywords.extend(parts(&value).map(str::to_owned)),
                "events" => {
                    for event in parts(&value) {
                        asked.events.get_or_insert_default().push(known_event(event)?);
                    }
                }
                "breaking" => {
                    asked.breaking = match value.trim() {
                        "" => None,
                        "only" => Some(true),
                        "false" => Some(false),
                        _ => return Err(HttpError::BadBreaking),
                    };
                }
                "maxHz" => asked.pace = Some(pace(&value)?),
                _ => {}
            }
        }
        Ok(asked)
    }

    fn wants(&self, event: &str) -> bool {
        self.events.as_ref().is_none_or(|events| events.iter().any(|asked| asked == event))
    }

    fn wish(self, strip: &[Symbol]) -> Result<EventWish, HttpError> {
        let keywords: Option<Vec<Keyword>> = self.keywords.iter().map(|text| Keyword::parse(text)).collect();
        let keywords = keywords.filter(|keywords| keywords.len() <= MAX_KEYWORDS).ok_or(HttpError::BadKeywords)?;
        // Whoever hears that a story is breaking hears, too, that it is not.
        let wants = |kind: EventKind| {
            self.wants(kind.as_str()) || kind == EventKind::BreakingUpdate && self.wants(EventKind::Breaking.as_str())
        };
        let kinds: Vec<EventKind> = KINDS.into_iter().filter(|kind| wants(*kind)).collect();
        let prices = match &self.news.symbols {
            _ if !self.wants(PRICE) => Vec::new(),
            symbols if symbols.is_empty() => strip.iter().copied().take(MAX_SYMBOLS_PER_READER).collect(),
            symbols => symbols.clone(),
        };
        if self.news.symbols.len() > MAX_SYMBOLS_PER_READER {
            return Err(HttpError::TooManySymbols);
        }
        let names = kinds.iter().map(|kind| kind.as_str()).chain(self.wants(PRICE).then_some(PRICE));
        let NewsFilter { sources, categories, symbols } = self.news;
        let config = StreamConfig {
            sources: sources.clone(),
            categories: categories.clone(),
            keywords: self.keywords,
            symbols: if symbols.is_empty() { prices.clone() } else { symbols.clone() },
            events: names.map(Into::into).collect(),
        };
        let filter = EventFilter { kinds, sources, categories, keywords, symbols, breaking: self.breaking };
        Ok(EventWish { filter, prices, pace: self.pace.unwrap_or(PRICE_PACE), config })
    }
}

fn known_event(name: &str) -> Result<String, HttpError> {
    let choices = || KINDS.iter().map(|kind| kind.as_str()).chain([PRICE]);
    if choices().chain(ALWAYS).any(|known| known == name) {
        Ok(name.to_owned())
    } else {
        Err(HttpError::UnknownEvent { known: choices().map(str::to_owned).collect() })
    }
}

impl FromRequestParts<Arc<Services>> for EventQuery {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, HttpError> {
        let asked = Asked::parse(parts.uri.query().unwrap_or_default(), services)?;
        asked.wish(&services.site.strip).map(Self)
    }
}
