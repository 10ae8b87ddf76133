//! What clients say, and what is wrong with it. Pure.
//!
//! `{"op":"subscribe","channels":["ticker:BTC","news"],"lastEventId":"7"}` · `{"op":"unsubscribe","channels":[…]}` ·
//! `{"op":"ping"}`. Fields that are not known are for other versions and are ignored.

use std::{borrow::Cow, time::Duration};

use serde::Deserialize;
use serde_json::error::Category;
use thiserror::Error;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    super::{
        error::{FOLLOWED_DELAY_MS, STARTING_DELAY_MS, wait_ms},
        last_event_id,
        refused::{Reason, shortened},
    },
    answers::{answer, only},
    budget::{ABUSE_MS, MESSAGES_PER_MINUTE},
};
use crate::{
    server::hub::log::Since,
    wire::{
        error::Retry,
        socket::{Frame, SocketError},
    },
};

/// Longest message that is read, in bytes, all its fragments together.
pub(super) const MAX_MESSAGE: usize = 64 * 1024;
/// Channels that one socket follows at a time.
pub(super) const MAX_SUBSCRIPTIONS: usize = 50;

/// A message that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    Subscribe { channels: Vec<String>, since: Since },
    Unsubscribe { channels: Vec<String> },
    Ping,
}

/// What is wrong with a message. The code and, where waiting helps, the wait are told to the client.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Fault {
    #[error("a message is JSON")]
    NoJson,
    #[error("a message is an object with op, and perhaps channels (a list of texts) and lastEventId (a text)")]
    BadMessage,
    #[error("channels is missing or empty")]
    NoChannels,
    #[error("op is subscribe, unsubscribe or ping")]
    UnknownOp,
    #[error("a message is text, not binary")]
    Binary,
    #[error("there is no such channel; GET /api/ws lists those that there are")]
    UnknownChannels(Vec<String>),
    #[error("a socket follows at most {MAX_SUBSCRIPTIONS} channels at a time")]
    TooManySubscriptions(Vec<String>),
    #[error("as many further symbols are followed as may be, for this client or in all; try again later")]
    TooManyFollowed(Vec<String>),
    #[error(
        "lastEventId is a place of news and breaking together, or of one named channel: subscribe to each on its own"
    )]
    MixedPlaces,
    #[error("the server is starting and does not know yet what the venues list")]
    Starting(Vec<String>),
    #[error("at most {MESSAGES_PER_MINUTE} messages a minute; this one was not heard")]
    RateLimited(Duration),
    #[error("too much was said over the limits")]
    Abuse,
    #[error("a message is at most {MAX_MESSAGE} bytes")]
    TooLarge,
    #[error("text is UTF-8")]
    NoUtf8,
    #[error("this is no WebSocket frame of a client")]
    Protocol,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    op: Cow<'a, str>,
    channels: Option<Vec<String>>,
    last_event_id: Option<EventId>,
}

/// As it came in a frame, or as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum EventId {
    Text(String),
    Number(u64),
}

impl Request {
    /// # Errors
    /// [`Fault`]
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let message: Message<'_> = serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data => Fault::BadMessage,
            Category::Syntax | Category::Eof | Category::Io => Fault::NoJson,
        })?;
        if !text.trim_start().starts_with('{') {
            // A list of the fields' values would be taken for the object.
            return Err(Fault::BadMessage);
        }
        let channels = || message.channels.filter(|channels| !channels.is_empty()).ok_or(Fault::NoChannels);
        match message.op.as_ref() {
            "subscribe" => {
                let since = match message.last_event_id {
                    None => Since::Now,
                    Some(EventId::Text(id)) => last_event_id::read(id.as_bytes()),
                    Some(EventId::Number(id)) => last_event_id::read(id.to_string().as_bytes()),
                };
                Ok(Self::Subscribe { channels: channels()?, since })
            }
            "unsubscribe" => Ok(Self::Unsubscribe { channels: channels()? }),
            "ping" => Ok(Self::Ping),
            _ => Err(Fault::UnknownOp),
        }
    }
}

impl Fault {
    /// About channels that were asked for in vain.
    pub(super) fn refused((reason, names): (Reason, Vec<String>)) -> Self {
        match reason {
            Reason::Unknown => Self::UnknownChannels(names),
            Reason::Beyond => Self::TooManySubscriptions(names),
            Reason::Full => Self::TooManyFollowed(names),
            Reason::NotKnownYet => Self::Starting(names),
        }
    }

    /// Part of the public contract.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::NoJson => "invalid_json",
            Self::BadMessage => "bad_message",
            Self::NoChannels => "missing_channels",
            Self::UnknownOp => "unknown_op",
            Self::Binary => "binary_not_supported",
            Self::UnknownChannels(_) => "unknown_channel",
            Self::TooManySubscriptions(_) => "too_many_subscriptions",
            Self::TooManyFollowed(_) => "too_many_followed",
            Self::MixedPlaces => "mixed_last_event_id",
            Self::Starting(_) => "starting",
            Self::RateLimited(_) => "rate_limited",
            Self::Abuse => "too_many_messages",
            Self::TooLarge => "frame_too_large",
            Self::NoUtf8 => "invalid_utf8",
            Self::Protocol => "protocol_error",
        }
    }

    /// The frame that tells it.
    pub(super) fn frame(&self) -> Option<Utf8Bytes> {
        let channels = match self {
            Self::UnknownChannels(names)
            | Self::TooManySubscriptions(names)
            | Self::TooManyFollowed(names)
            | Self::Starting(names) => Some(shortened(names)),
            _ => None,
        };
        let retry = match self {
            Self::RateLimited(wait) => Some(Retry::after_ms(wait_ms(*wait))),
            Self::TooManyFollowed(_) => Some(Retry::after_ms(FOLLOWED_DELAY_MS)),
            Self::Starting(_) => Some(Retry::after_ms(STARTING_DELAY_MS)),
            Self::Abuse => Some(Retry::after_ms(ABUSE_MS)),
            _ => None,
        };
        let channel = channels.as_deref().and_then(only).map(str::to_owned);
        let error = SocketError { code: self.code(), message: self.to_string().into(), retry, channels };
        answer(&Frame { r#type: "error", channel: channel.as_deref(), id: None, data: error })
    }
}

#[cfg(test)]
mod tests;
