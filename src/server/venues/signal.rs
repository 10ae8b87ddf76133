//! What a connection tells its supervisor, and the ways it can end.

use std::{fmt, time::Duration};

use super::{garbage::BadFrame, handshake::OpenError, silence::FIRST_DATA};

/// A socket that delivered and has said nothing of use for this long is dead, whatever its pongs say.
pub(super) const DATA_SILENCE: Duration = Duration::from_secs(25);

/// What a connection tells its supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signal {
    /// The socket is open and the subscriptions are on their way.
    Open,
    /// The first quote is about to leave for the market.
    Delivering,
    /// Quotes have come for a while: the connection is good.
    Steady,
    /// This connection will end soon: its place has to be taken.
    GoingAway,
    Ended(End),
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// We ended it.
    Stopped,
    NotOpened(OpenError),
    Closed {
        code: u16,
        reason: String,
    },
    Lost(String),
    /// Open, subscribed, and no data ever.
    NeverDelivered,
    /// Open, and no data any more.
    FellSilent,
    /// Too much that can't be used; the kind of the last one.
    Garbage(BadFrame),
    /// The peer takes no bytes.
    Stuck,
    /// The venue delivers none of our symbols.
    AllRefused,
    /// The task failed by our own fault.
    Failed,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("stopped"),
            Self::NotOpened(error) => error.fmt(f),
            Self::Closed { code, reason } if reason.is_empty() => write!(f, "closed by the venue ({code})"),
            Self::Closed { code, reason } => write!(f, "closed by the venue ({code} {reason:?})"),
            Self::Lost(why) => write!(f, "connection lost: {why}"),
            Self::NeverDelivered => write!(f, "no data within {} s of subscribing", FIRST_DATA.as_secs()),
            Self::FellSilent => write!(f, "no data for {} s", DATA_SILENCE.as_secs()),
            Self::Garbage(kind) => write!(f, "garbage: {kind}"),
            Self::Stuck => f.write_str("the venue takes no bytes"),
            Self::AllRefused => f.write_str("every symbol was refused"),
            Self::Failed => f.write_str("internal failure"),
        }
    }
}
