//! What a request asks for, parsed once at the edge.
//!
//! A parameter that is given twice: lists add up, and of anything else the last one counts. Unknown parameters are for
//! other versions, and change nothing.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, Path, Request, rejection::PathRejection},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::request::Parts;

use super::error::HttpError;
use crate::{
    model::symbol::Symbol,
    server::{
        client::Client,
        follows::{Interests, Unfollowed},
        hub::{MAX_SYMBOLS_PER_READER, Wish},
        services::Services,
    },
};

/// Longest query that is read, in bytes: 100 symbols fit.
pub(super) const MAX_QUERY_LEN: usize = 2048;
/// Longest path that is looked at, in bytes: that of a channel, 200 characters of four bytes each, percent-encoded.
const MAX_PATH_LEN: usize = 2560;

const MAX_HZ: std::ops::RangeInclusive<f64> = 0.1..=50.0;

/// Refuses requests whose address is longer than any sensible one.
pub(super) async fn bound_uri(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if uri.query().map_or(0, str::len) > MAX_QUERY_LEN || uri.path().len() > MAX_PATH_LEN {
        return HttpError::UriTooLong.into_response();
    }
    next.run(request).await
}

/// A symbol from the path that can be asked for: `BTC`, `btcusdt`, `BTC-USDT`, `BTC%2FUSDT`.
pub(super) struct PathSymbol(pub(super) Symbol);

impl FromRequestParts<Arc<Services>> for PathSymbol {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, HttpError> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, services).await;
        let Path(text) = path.map_err(|_| HttpError::BadPath)?;
        known(&text, services).map(Self)
    }
}

/// The parts of a comma-separated list, without those that are empty.
pub(super) fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Adds the symbols of a list that can be asked for and are not there yet.
pub(super) fn add_symbols(symbols: &mut Vec<Symbol>, list: &str, services: &Services) -> Result<(), HttpError> {
    for text in parts(list) {
        let symbol = known(text, services)?;
        if !symbols.contains(&symbol) {
            symbols.push(symbol);
        }
    }
    Ok(())
}

/// Reads a symbol, and whether it is one that can be asked for.
fn known(text: &str, services: &Services) -> Result<Symbol, HttpError> {
    let symbol = Symbol::parse(text)?;
    services.follows.check(symbol).map_err(|why| unfollowed(symbol, why))?;
    Ok(symbol)
}

/// Sees to it that symbols are followed as long as the interests in them are held.
pub(super) fn want(services: &Services, symbols: &[Symbol], client: Client) -> Result<Interests, HttpError> {
    Interests::in_each(Arc::clone(&services.follows), client, symbols).map_err(|(symbol, why)| unfollowed(symbol, why))
}

fn unfollowed(symbol: Symbol, why: Unfollowed) -> HttpError {
    match why {
        Unfollowed::Unlisted => HttpError::UnknownSymbol(symbol),
        Unfollowed::NotKnownYet => HttpError::ListingsNotLoaded,
        Unfollowed::Full => HttpError::TooManyFollowed,
        Unfollowed::ClientFull => HttpError::TooManyFollowedForClient,
    }
}

/// The parameters of a stream. Unknown ones are for other versions and are ignored.
pub(super) struct StreamQuery {
    /// `symbols`, without duplicates. `None` where the parameter is missing.
    pub(super) symbols: Option<Vec<Symbol>>,
    /// From `maxHz`.
    pub(super) pace: Duration,
    /// Stories are asked for, too.
    pub(super) news: bool,
}

impl StreamQuery {
    fn parse(query: &str, services: &Services) -> Result<Self, HttpError> {
        let mut parsed = Self { symbols: None, pace: Duration::ZERO, news: false };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "symbols" => add_symbols(parsed.symbols.get_or_insert_default(), &value, services)?,
                "maxHz" => parsed.pace = pace(&value)?,
                "news" => parsed.news = value == "1" || value == "true",
                _ => {}
            }
        }
        match &parsed.symbols {
            Some(symbols) if symbols.is_empty() => Err(HttpError::NoSymbols),
            Some(symbols) if symbols.len() > MAX_SYMBOLS_PER_READER => Err(HttpError::TooManySymbols),
            _ => Ok(parsed),
        }
    }

    /// A stream of these symbols.
    pub(super) fn wish(self, symbols: Vec<Symbol>) -> Wish {
        Wish { symbols, pace: self.pace }
    }
}

/// The least time between two tickers of one symbol.
pub(super) fn pace(max_hz: &str) -> Result<Duration, HttpError> {
    let hz: f64 = max_hz.trim().parse().map_err(|_| HttpError::BadMaxHz)?;
    if MAX_HZ.contains(&hz) { Ok(Duration::from_secs_f64(1.0 / hz)) } else { Err(HttpError::BadMaxHz) }
}

impl FromRequestParts<Arc<Services>> for StreamQuery {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, HttpError> {
        Self::parse(parts.uri.query().unwrap_or_default(), services)
    }
}
