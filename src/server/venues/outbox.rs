//! What a connection has to say, within the venue's budget.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::{budget::Budget, connector::Rules};

/// Most requests that wait. Beyond, the newest are dropped: the watch over silent symbols asks again.
const MAX_WAITING: usize = 256;

/// How long requests are held back after the venue called them too frequent.
const HOLD: Duration = Duration::from_secs(3);

/// The frames that wait to be sent. Pings go first: they keep the connection alive.
#[derive(Debug)]
pub(super) struct Outbox {
    messages: Budget,
    requests: Budget,
    ping: Option<String>,
    waiting: VecDeque<String>,
    held_until: Option<Instant>,
}

impl Outbox {
    pub(super) const fn new(rules: &Rules) -> Self {
        Self {
            messages: Budget::new(rules.messages),
            requests: Budget::new(rules.requests),
            ping: None,
            waiting: VecDeque::new(),
            held_until: None,
        }
    }

    pub(super) fn request(&mut self, frame: String) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(frame);
        }
    }

    /// Whether no request waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn ping(&mut self, frame: String) {
        self.ping = Some(frame);
    }

    /// The socket answered a ping of the venue. A pong is never held back, but it counts.
    pub(super) fn ponged(&mut self, now: Instant) {
        self.messages.spend(now);
    }

    /// Holds requests back for a while. Returns whether they were not held back before.
    pub(super) fn hold(&mut self, now: Instant) -> bool {
        let fresh = self.held_until.is_none_or(|until| until <= now);
        self.held_until = Some(now + HOLD);
        fresh
    }

    /// The next frame that may be sent now; it counts as sent.
    pub(super) fn take(&mut self, now: Instant) -> Option<String> {
        if self.messages.ready_at(now) > now {
            return None;
        }
        let frame = self.ping.take().or_else(|| self.take_request(now))?;
        self.messages.spend(now);
        Some(frame)
    }

    fn take_request(&mut self, now: Instant) -> Option<String> {
        if self.held_until.is_some_and(|until| until > now) || self.requests.ready_at(now) > now {
            return None;
        }
        let frame = self.waiting.pop_front()?;
        self.requests.spend(now);
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::venues::{binance::Binance, connector::Connector as _};

    fn drain(outbox: &mut Outbox, now: Instant) -> usize {
        std::iter::from_fn(|| outbox.take(now)).count()
    }

    #[test]
    fn requests_leave_room_for_pongs() {
        let mut outbox = Outbox::new(&Binance.rules());
        let start = Instant::now();
        for n in 0..10 {
            outbox.request(n.to_string());
        }
        assert_eq!(drain(&mut outbox, start), 3);
        assert_eq!(drain(&mut outbox, start + Duration::from_millis(900)), 0);
        for _ in 0..4 {
            outbox.ponged(start + Duration::from_secs(2));
        }
        assert_eq!(drain(&mut outbox, start + Duration::from_millis(2100)), 1, "four pongs and one request are five");
        assert_eq!(drain(&mut outbox, start + Duration::from_millis(3200)), 3);
    }

    #[test]
    fn a_ping_goes_first_and_is_not_held_back() {
        let mut outbox = Outbox::new(&Binance.rules());
        let now = Instant::now();
        outbox.request("request".to_owned());
        outbox.ping("ping".to_owned());
        assert!(outbox.hold(now));
        assert!(!outbox.hold(now));
        assert_eq!(outbox.take(now).as_deref(), Some("ping"));
        assert_eq!(outbox.take(now), None);
        assert_eq!(outbox.take(now + HOLD).as_deref(), Some("request"));
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut outbox = Outbox::new(&Binance.rules());
        for n in 0..10_000 {
            outbox.request(n.to_string());
        }
        assert_eq!(outbox.waiting.len(), MAX_WAITING);
    }
}
