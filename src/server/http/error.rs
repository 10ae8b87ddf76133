//! Every HTTP error of the API: a status, a code for programs, words for people, and when to come back.

use std::borrow::Cow;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use thiserror::Error;

use crate::{
    model::symbol::{MAX_SYMBOL_LEN, Symbol, SymbolError},
    server::{
        access::Scope,
        hub::{MAX_SYMBOLS_PER_READER, limits::Refusal},
        storage::error::StorageError,
    },
    wire::error::{ErrorBody, Retry},
};

/// What can go wrong with a request. The texts carry nothing of the inside, and nothing of the request but a symbol.
/// `known` is what may be asked for instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HttpError {
    #[error("a symbol is 1 to {MAX_SYMBOL_LEN} letters or digits, alone or as a pair such as BTC-USDT")]
    MalformedSymbol,
    #[error("{0} is not followed here; GET /symbols lists what is")]
    UnknownSymbol(Symbol),
    #[error("prices are quoted in USDT only; GET /symbols lists the pairs")]
    OtherQuote,
    #[error("symbols is empty; name at least one, such as symbols=BTC,ETH")]
    NoSymbols,
    #[error("at most {MAX_SYMBOLS_PER_READER} symbols on one stream")]
    TooManySymbols,
    #[error("maxHz is a number from 0.1 to 50: tickers a second of one symbol")]
    BadMaxHz,
    #[error("there is no such source; {}", list(known))]
    UnknownSource { known: Vec<String> },
    #[error("there is no such event; {}", list(known))]
    UnknownEvent { known: Vec<String> },
    #[error("breaking is `only` or `false`")]
    BadBreaking,
    #[error("a keyword is one or more words, at most {} of them on one stream", super::event_query::MAX_KEYWORDS)]
    BadKeywords,
    #[error("limit is a whole number from 1 to {}", super::news_query::MAX_LIMIT)]
    BadLimit,
    #[error("before is the nextCursor of an earlier answer")]
    BadCursor,
    #[error("q is at most {} characters", super::news_query::MAX_TEXT)]
    BadText,
    #[error("the path is not UTF-8 text")]
    BadPath,
    #[error("a request names a path that begins with a slash")]
    BadTarget,
    #[error("there is nothing at this address")]
    NotFound,
    #[error("this address answers other methods; see the Allow header")]
    MethodNotAllowed,
    #[error("the query is longer than {} bytes", super::query::MAX_QUERY_LEN)]
    UriTooLong,
    #[error("the body is larger than {most} bytes")]
    BodyTooLarge { most: usize },
    #[error("the body did not come in time")]
    BodyTooSlow,
    #[error("this needs a token with the scope `{needed}`: `Authorization: Bearer …` or `?token=…`")]
    Unauthorized { needed: Scope },
    #[error("the token is not in the form that is read: `Authorization: Bearer …` or `?token=…`, and only one")]
    BadToken,
    #[error("the token is wrong, or was revoked")]
    WrongToken,
    #[error("the token has expired")]
    ExpiredToken,
    #[error("the scope of the token is not enough: this needs `{needed}`")]
    Forbidden { needed: Scope },
    #[error("too many wrong tokens from this address")]
    TooManyWrongTokens { retry_after_ms: u64 },
    #[error("more requests than one address or one token may make")]
    RateLimited { retry_after_ms: u64 },
    #[error("more requests from all together than the server answers")]
    Busy { retry_after_ms: u64 },
    #[error("there is no price yet")]
    NoPriceYet,
    #[error("the server is starting and has no prices yet")]
    Starting,
    #[error("this address has as many open streams as it may")]
    AddressFull,
    #[error("this token has as many open streams as it may")]
    TokenFull,
    #[error("the server has as many open streams as it serves")]
    ServerFull,
    #[error("this address has as many open connections as it may")]
    AddressHasTooManySockets,
    #[error("the server has as many open connections as it serves")]
    TooManySockets,
    #[error("the server is going down")]
    GoingDown,
    #[error("the stored news can't be read at the moment")]
    StorageUnavailable,
}

/// `known are: a, b`
fn list(known: &[String]) -> String {
    if known.is_empty() { "none is followed here".to_owned() } else { format!("known are: {}", known.join(", ")) }
}

impl HttpError {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::MalformedSymbol
            | Self::NoSymbols
            | Self::TooManySymbols
            | Self::BadMaxHz
            | Self::UnknownSource { .. }
            | Self::UnknownEvent { .. }
            | Self::BadBreaking
            | Self::BadKeywords
            | Self::BadLimit
            | Self::BadCursor
            | Self::BadText
            | Self::BadPath
            | Self::BadTarget => StatusCode::BAD_REQUEST,
            Self::UnknownSymbol(_) | Self::OtherQuote | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unauthorized { .. } | Self::BadToken | Self::WrongToken | Self::ExpiredToken => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::RateLimited { .. } | Self::TooManyWrongTokens { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NoPriceYet
            | Self::Starting
            | Self::AddressFull
            | Self::TokenFull
            | Self::ServerFull
            | Self::Busy { .. }
            | Self::AddressHasTooManySockets
            | Self::TooManySockets
            | Self::GoingDown
            | Self::StorageUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Part of the public contract, as are the statuses.
    fn code(&self) -> &'static str {
        match self {
            Self::MalformedSymbol => "malformed_symbol",
            Self::UnknownSymbol(_) | Self::OtherQuote => "unknown_symbol",
            Self::NoSymbols => "missing_symbols",
            Self::TooManySymbols => "too_many_symbols",
            Self::BadMaxHz => "bad_max_hz",
            Self::UnknownSource { .. } => "unknown_source",
            Self::UnknownEvent { .. } => "unknown_event",
            Self::BadBreaking => "bad_breaking",
            Self::BadKeywords => "bad_keywords",
            Self::BadLimit => "bad_limit",
            Self::BadCursor => "bad_cursor",
            Self::BadText => "bad_text",
            Self::BadPath => "bad_path",
            Self::BadTarget => "bad_target",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::UriTooLong => "uri_too_long",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::BodyTooSlow => "body_too_slow",
            Self::Unauthorized { .. } | Self::BadToken | Self::WrongToken | Self::ExpiredToken => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::RateLimited { .. } | Self::TooManyWrongTokens { .. } => "rate_limited",
            Self::NoPriceYet => "no_price_yet",
            Self::Starting => "starting",
            Self::AddressFull | Self::TokenFull => "too_many_streams",
            Self::Busy { .. } => "server_busy",
            Self::ServerFull => "server_full",
            Self::AddressHasTooManySockets | Self::TooManySockets => "too_many_connections",
            Self::GoingDown => "going_down",
            Self::StorageUnavailable => "storage_unavailable",
        }
    }

    /// What the answer holds.
    pub(super) fn body(&self) -> ErrorBody {
        let message: Cow<'static, str> = self.to_string().into();
        ErrorBody::new(self.code(), message, self.delay_ms().map(Retry::after_ms))
    }

    /// The value of `Retry-After`, in whole seconds, where waiting helps.
    pub(super) fn retry_after_s(&self) -> Option<u64> {
        self.delay_ms().map(|delay_ms| delay_ms.div_ceil(1000))
    }

    /// How long to wait, in milliseconds, where waiting helps.
    fn delay_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms }
            | Self::TooManyWrongTokens { retry_after_ms }
            | Self::Busy { retry_after_ms } => Some(*retry_after_ms),
            Self::NoPriceYet | Self::Starting => Some(1000),
            Self::AddressFull
            | Self::TokenFull
            | Self::ServerFull
            | Self::AddressHasTooManySockets
            | Self::TooManySockets
            | Self::GoingDown
            | Self::StorageUnavailable => Some(5000),
            _ => None,
        }
    }

    /// What the answer says of the token. <https://www.rfc-editor.org/rfc/rfc6750#section-3>
    fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::Unauthorized { .. } => Some("Bearer"),
            Self::BadToken => Some("Bearer error=\"invalid_request\""),
            Self::WrongToken | Self::ExpiredToken => Some("Bearer error=\"invalid_token\""),
            Self::Forbidden { .. } => Some("Bearer error=\"insufficient_scope\""),
            _ => None,
        }
    }
}

impl From<SymbolError> for HttpError {
    fn from(error: SymbolError) -> Self {
        match error {
            SymbolError::Malformed => Self::MalformedSymbol,
            SymbolError::OtherQuote => Self::OtherQuote,
        }
    }
}

/// The storage says in `/health` what is wrong with it.
impl From<StorageError> for HttpError {
    fn from(_: StorageError) -> Self {
        Self::StorageUnavailable
    }
}

impl From<Refusal> for HttpError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ServerFull => Self::ServerFull,
            Refusal::AddressFull => Self::AddressFull,
            Refusal::TokenFull => Self::TokenFull,
            Refusal::GoingDown => Self::GoingDown,
            Refusal::TooManySymbols => Self::TooManySymbols,
            // The endpoint has looked the symbols up before.
            Refusal::UnknownSymbol => Self::NotFound,
        }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Answers what no route is for.
pub(super) async fn not_found() -> HttpError {
    HttpError::NotFound
}

/// Answers a method that a route does not have. The router adds `Allow`.
pub(super) async fn method_not_allowed() -> HttpError {
    HttpError::MethodNotAllowed
}
