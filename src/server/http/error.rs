//! Every HTTP error of the API: a status, a code for programs, words for people, and when to come back.

use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use thiserror::Error;

use super::websocket::handshake;
use crate::{
    model::symbol::{MAX_SYMBOL_LEN, Symbol, SymbolError},
    server::{
        access::Scope,
        channels::{
            ChannelError,
            path::BadChannelPath,
            publication::{BadPublication, MAX_DEPTH},
            schema::Misfit,
        },
        clock::millis,
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
    #[error("{0} is not known here; GET /symbols lists what is supported")]
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
    #[error("there is no such channel")]
    UnknownChannel,
    #[error("client_id is 1 to {} of A-Z a-z 0-9 _ . -", super::channels::client_id::MAX_CLIENT_ID)]
    BadClientId,
    #[error(transparent)]
    BadChannelPath(BadChannelPath),
    #[error("the body is no JSON, or is nested deeper than {MAX_DEPTH} levels")]
    MalformedJson,
    #[error("{0}")]
    Misfit(Misfit),
    #[error("the body ended before its end")]
    IncompleteBody,
    #[error("there is a channel at this path already")]
    ChannelExists,
    #[error("there are as many channels as there may be; remove one first")]
    TooManyChannels,
    #[error("too much is being published at the moment")]
    TooMuchPublished,
    #[error("nothing can be stored at the moment, so nothing was published")]
    NotStored,
    #[error("the nodes of this market don't reach each other at the moment, so nothing was done")]
    ChannelsAway,
    #[error("the answer of the other nodes was lost: whether it was done is not known")]
    Unconfirmed,
    #[error("the path is no UTF-8 text, or leads elsewhere by `.` or `..`")]
    BadPath,
    #[error("a request names a path that begins with a slash")]
    BadTarget,
    #[error("there is nothing at this address")]
    NotFound,
    #[error("this address answers other methods; see the Allow header")]
    MethodNotAllowed,
    #[error("the query is longer than {} bytes", super::query::MAX_QUERY_LEN)]
    UriTooLong,
    #[error("the head of the request is too large: its headers, or their number")]
    HeadTooLarge,
    #[error("this is no request of HTTP/1.1")]
    MalformedRequest,
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
    #[error("the server is starting and does not know yet what the venues list")]
    ListingsNotLoaded,
    #[error("the server follows as many symbols as it may; try again in a minute, or ask for one that is followed")]
    TooManyFollowed,
    #[error("as many further symbols are followed for this client as may be; leave others, and try again in a minute")]
    TooManyFollowedForClient,
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
    #[error("the metrics can't be read at the moment")]
    MetricsUnavailable,
    #[error("this address answers requests from the server's own machine only")]
    LocalOnly,
    #[error("sockets from pages of this origin are not accepted here")]
    OriginRefused,
    #[error(
        "this is no handshake of a WebSocket: it is a GET over HTTP/1.1 with Connection, Upgrade and Sec-WebSocket-Key"
    )]
    BadHandshake,
    #[error("WebSockets are spoken here in version 13 only")]
    OtherWebSocketVersion,
    #[error("Engine.IO is spoken here in version 4 only: by Socket.IO clients of version 3 and newer")]
    OtherEngineVersion,
    #[error("transport is polling or websocket")]
    UnknownTransport,
    #[error("there is no such session; open another")]
    UnknownSession,
    #[error("a session is opened by GET")]
    BadEngineMethod,
    #[error("this is no request of Engine.IO")]
    BadEngineRequest,
}

/// Until a symbol that nobody wants any more may have made room, in milliseconds: it stays for twice as long.
pub(super) const FOLLOWED_DELAY_MS: u64 = 30_000;

/// Until a server that starts may know more, in milliseconds.
pub(super) const STARTING_DELAY_MS: u64 = 1000;

/// What a client that has to wait is told, in milliseconds. Rounded up: who comes back in time is not refused again.
pub(super) fn wait_ms(wait: Duration) -> u64 {
    millis(wait).saturating_add(1)
}

/// `known are: a, b`
fn list(known: &[String]) -> String {
    if known.is_empty() { "none is followed here".to_owned() } else { format!("known are: {}", known.join(", ")) }
}

impl HttpError {
    /// The refusal of a client that has spent what it may.
    pub(super) fn rate_limited(wait: Duration) -> Self {
        Self::RateLimited { retry_after_ms: wait_ms(wait) }
    }

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
            | Self::BadClientId
            | Self::BadChannelPath(_)
            | Self::MalformedJson
            | Self::IncompleteBody
            | Self::BadPath
            | Self::BadTarget
            | Self::MalformedRequest
            | Self::BadHandshake
            | Self::OtherEngineVersion
            | Self::UnknownTransport
            | Self::UnknownSession
            | Self::BadEngineMethod
            | Self::BadEngineRequest => StatusCode::BAD_REQUEST,
            Self::OtherWebSocketVersion => StatusCode::UPGRADE_REQUIRED,
            Self::Misfit(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::ChannelExists => StatusCode::CONFLICT,
            Self::TooManyChannels => StatusCode::INSUFFICIENT_STORAGE,
            Self::UnknownSymbol(_) | Self::OtherQuote | Self::UnknownChannel | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unauthorized { .. } | Self::BadToken | Self::WrongToken | Self::ExpiredToken => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden { .. } | Self::OriginRefused | Self::LocalOnly => StatusCode::FORBIDDEN,
            Self::RateLimited { .. } | Self::TooManyWrongTokens { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NoPriceYet
            | Self::Starting
            | Self::ListingsNotLoaded
            | Self::TooManyFollowed
            | Self::TooManyFollowedForClient
            | Self::AddressFull
            | Self::TokenFull
            | Self::ServerFull
            | Self::Busy { .. }
            | Self::AddressHasTooManySockets
            | Self::TooManySockets
            | Self::GoingDown
            | Self::TooMuchPublished
            | Self::NotStored
            | Self::ChannelsAway
            | Self::Unconfirmed
            | Self::StorageUnavailable
            | Self::MetricsUnavailable => StatusCode::SERVICE_UNAVAILABLE,
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
            Self::UnknownChannel => "unknown_channel",
            Self::BadClientId => "bad_client_id",
            Self::BadPath | Self::BadChannelPath(_) => "bad_path",
            Self::MalformedJson => "malformed_json",
            Self::Misfit(_) => "invalid_event",
            Self::IncompleteBody => "incomplete_body",
            Self::ChannelExists => "channel_exists",
            Self::TooManyChannels => "too_many_channels",
            Self::BadTarget => "bad_target",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::UriTooLong => "uri_too_long",
            Self::HeadTooLarge => "head_too_large",
            Self::MalformedRequest => "malformed_request",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::BodyTooSlow => "body_too_slow",
            Self::Unauthorized { .. } | Self::BadToken | Self::WrongToken | Self::ExpiredToken => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::RateLimited { .. } | Self::TooManyWrongTokens { .. } => "rate_limited",
            Self::NoPriceYet => "no_price_yet",
            Self::Starting | Self::ListingsNotLoaded => "starting",
            Self::TooManyFollowed | Self::TooManyFollowedForClient => "too_many_followed",
            Self::AddressFull | Self::TokenFull => "too_many_streams",
            Self::Busy { .. } | Self::TooMuchPublished => "server_busy",
            Self::ServerFull => "server_full",
            Self::AddressHasTooManySockets | Self::TooManySockets => "too_many_connections",
            Self::GoingDown => "going_down",
            Self::StorageUnavailable | Self::NotStored => "storage_unavailable",
            Self::ChannelsAway => "channels_unavailable",
            Self::Unconfirmed => "unconfirmed",
            Self::MetricsUnavailable => "metrics_unavailable",
            Self::LocalOnly => "local_only",
            Self::OriginRefused => "origin_not_allowed",
            Self::BadHandshake => "bad_handshake",
            Self::OtherWebSocketVersion => "unsupported_websocket_version",
            Self::OtherEngineVersion => "unsupported_engine_version",
            Self::UnknownTransport => "unknown_transport",
            Self::UnknownSession => "unknown_session",
            Self::BadEngineMethod => "bad_handshake_method",
            Self::BadEngineRequest => "bad_engine_request",
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
            Self::NoPriceYet | Self::Starting | Self::ListingsNotLoaded | Self::TooMuchPublished => {
                Some(STARTING_DELAY_MS)
            }
            Self::TooManyFollowed | Self::TooManyFollowedForClient => Some(FOLLOWED_DELAY_MS),
            Self::AddressFull
            | Self::TokenFull
            | Self::ServerFull
            | Self::AddressHasTooManySockets
            | Self::TooManySockets
            | Self::GoingDown
            | Self::NotStored
            | Self::ChannelsAway
            | Self::Unconfirmed
            | Self::StorageUnavailable
            | Self::MetricsUnavailable => Some(5000),
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

impl From<ChannelError> for HttpError {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Unknown => Self::UnknownChannel,
            ChannelError::Exists => Self::ChannelExists,
            ChannelError::TooMany => Self::TooManyChannels,
            ChannelError::Busy => Self::TooMuchPublished,
            ChannelError::GoingDown => Self::GoingDown,
            ChannelError::Away => Self::ChannelsAway,
            ChannelError::Unconfirmed => Self::Unconfirmed,
            ChannelError::Storage(_) => Self::NotStored,
        }
    }
}

impl From<BadPublication> for HttpError {
    fn from(error: BadPublication) -> Self {
        match error {
            BadPublication::Malformed => Self::MalformedJson,
            BadPublication::Misfit(misfit) => Self::Misfit(misfit),
        }
    }
}

impl From<BadChannelPath> for HttpError {
    fn from(error: BadChannelPath) -> Self {
        Self::BadChannelPath(error)
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
            Refusal::Removed => Self::UnknownChannel,
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
        if self == Self::OtherWebSocketVersion {
            headers.insert(header::SEC_WEBSOCKET_VERSION, handshake::VERSION);
            headers.insert(header::UPGRADE, handshake::WEBSOCKET);
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
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
