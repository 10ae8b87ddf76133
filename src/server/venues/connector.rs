//! What a venue's words mean: where to connect, what to say, how to stay alive, and what its answers tell.
//!
//! A connector is words, not sockets: no I/O, no clock, no randomness. `connection` owns the socket and `supervisor`
//! owns its life. A new exchange is one file that implements [`Connector`] and one line in [`super::registry`].

use std::{fmt, time::Duration};

use thiserror::Error;

use super::{
    event::Quote,
    rest_error::{Answer, RestError},
};
use crate::model::{
    candle::{Candle, Interval},
    symbol::Symbol,
    venue::{Venue, VenueInfo},
};

/// An exchange, as far as words go.
pub trait Connector: Send + Sync + fmt::Debug {
    /// Its key, its name and its mark.
    fn info(&self) -> VenueInfo;

    /// Its key alone.
    fn venue(&self) -> Venue;

    /// The documented WebSocket addresses, up to and including the path, in the order they are tried.
    fn ws_urls(&self) -> &'static [&'static str];

    /// The documented REST origins, in the order they are tried.
    fn rest_urls(&self) -> &'static [&'static str];

    /// What the venue asks of its clients.
    fn rules(&self) -> Rules;

    /// The state of one new connection.
    fn session(&self) -> Box<dyn Session>;

    /// The request for the 24 h tickers of (at least) these symbols.
    fn tickers_request(&self, symbols: &[Symbol]) -> RestRequest;

    /// The quotes of `symbols` in the answer to [`Connector::tickers_request`]. A row that can't be used is left out.
    ///
    /// # Errors
    /// [`RestError::Malformed`] where the body has another shape.
    fn parse_tickers(&self, body: &[u8], symbols: &[Symbol]) -> Result<Vec<Quote>, RestError>;

    /// The request for everything that the venue lists.
    fn listing_request(&self) -> RestRequest;

    /// The symbols that trade against USDT now, in the answer to [`Connector::listing_request`]. One that can't be a symbol
    /// here is left out.
    ///
    /// # Errors
    /// [`RestError::Malformed`] where the body has another shape, or names none.
    fn parse_listing(&self, body: &[u8]) -> Result<Vec<Symbol>, RestError>;

    /// The request for the newest `limit` candles (at most [`MAX_CANDLES`]), the running one included.
    fn candles_request(&self, symbol: Symbol, interval: Interval, limit: u16) -> RestRequest;

    /// The candles in the answer to [`Connector::candles_request`], oldest first, each start once.
    ///
    /// # Errors
    /// [`RestError::Malformed`] where the body has another shape.
    fn parse_candles(&self, body: &[u8]) -> Result<Vec<Candle>, RestError>;

    /// The error in this answer, if it is one. Some venues send errors with status 200.
    fn refusal(&self, answer: &Answer<'_>) -> Option<RestError>;
}

/// Most candles of one request: the smallest of the venues' limits.
pub const MAX_CANDLES: u16 = 300;

/// One connection's side of the conversation.
pub trait Session: Send {
    /// The frames that subscribe these symbols, within the limits of one request.
    fn subscribe(&mut self, symbols: &[Symbol]) -> Vec<String>;

    /// The frames that end the subscription of these symbols. What the venue still says of them is ignored, until they are
    /// subscribed again.
    fn unsubscribe(&mut self, symbols: &[Symbol]) -> Vec<String>;

    /// The text that keeps the connection alive, where the client has to send one.
    fn ping(&mut self) -> Option<String>;

    /// Adds what this text frame says to `out`.
    ///
    /// # Errors
    /// [`DecodeError`] where the frame is none of the venue's language. A message that is only unknown is
    /// [`SessionEvent::Ignored`].
    fn decode(&mut self, text: &str, out: &mut Vec<SessionEvent>) -> Result<(), DecodeError>;
}

/// What a frame said.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionEvent {
    Quote(Quote),
    /// A ticker of this symbol whose figures can't be used.
    BadQuote(Symbol),
    /// The venue acknowledged these subscriptions. That is not data yet.
    Subscribed(Vec<Symbol>),
    /// The venue will not deliver these.
    Refused {
        symbols: Vec<Symbol>,
        reason: String,
    },
    /// Too many requests: the open ones were dropped and have to be sent again, later.
    Throttled,
    /// The venue is about to close this connection.
    GoingAway,
    /// The answer to [`Session::ping`].
    Pong,
    /// The session has to say this next.
    Send(String),
    /// Words for the log that need no action.
    Notice(String),
    /// Understood as a message, but of no use here.
    Ignored,
}

/// Why a frame is none of the venue's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    #[error("not JSON")]
    NotJson,
    #[error("JSON of an impossible shape")]
    Shape,
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_data() { Self::Shape } else { Self::NotJson }
    }
}

/// At most `count` in any span of `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub count: u32,
    pub window: Duration,
}

impl Allowance {
    pub const fn new(count: u32, window: Duration) -> Self {
        Self { count, window }
    }
}

/// What a venue asks of its clients. Each connector says where its numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Connection attempts.
    pub attempts: Allowance,
    /// Frames sent on one connection, pings and pongs included.
    pub messages: Allowance,
    /// Subscription requests sent on one connection.
    pub requests: Allowance,
    /// Topics in one subscription request.
    pub request_args: usize,
    /// Bytes of one subscription request.
    pub request_bytes: usize,
    /// Topics on one connection.
    pub streams: usize,
    /// How often the client has to send [`Session::ping`]. `None`: the venue pings, by protocol frames.
    pub ping: Option<Duration>,
    /// Age at which a connection is replaced, because the venue closes it soon after.
    pub change_over: Option<Duration>,
}

/// A GET request: a path, with a query where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestRequest {
    pub path_and_query: String,
}
