//! What kinds of messages a venue sends, for the monitors.

use super::connector::SessionEvent;

/// The kind of a message that was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageKind {
    Ticker,
    Subscribed,
    Refused,
    Throttled,
    GoingAway,
    Notice,
    /// A sign of life, by the venue's own words or by the protocol's.
    Heartbeat,
    /// Understood, and of no use here.
    Other,
}

impl MessageKind {
    /// In the order of their numbers.
    pub(super) const ALL: [Self; 8] = [
        Self::Ticker,
        Self::Subscribed,
        Self::Refused,
        Self::Throttled,
        Self::GoingAway,
        Self::Notice,
        Self::Heartbeat,
        Self::Other,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ticker => "ticker",
            Self::Subscribed => "subscribed",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::GoingAway => "going_away",
            Self::Notice => "notice",
            Self::Heartbeat => "heartbeat",
            Self::Other => "other",
        }
    }

    /// The kind of what was said. `None` for what is counted elsewhere: tickers, and frames that are of no use.
    pub(super) const fn of(event: &SessionEvent) -> Option<Self> {
        match event {
            SessionEvent::Quote(_) | SessionEvent::BadQuote(_) => None,
            SessionEvent::Subscribed(_) => Some(Self::Subscribed),
            SessionEvent::Refused { .. } => Some(Self::Refused),
            SessionEvent::Throttled => Some(Self::Throttled),
            SessionEvent::GoingAway => Some(Self::GoingAway),
            SessionEvent::Notice(_) => Some(Self::Notice),
            SessionEvent::Pong => Some(Self::Heartbeat),
            SessionEvent::Send(_) | SessionEvent::Ignored => Some(Self::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_stands_at_its_number() {
        for (number, kind) in MessageKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number, "{kind:?}");
        }
    }
}
