//! How much one client may say.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_mins(1);

/// Messages in any minute.
pub(in crate::server::http) const MESSAGES_PER_MINUTE: usize = 60;
/// Messages that are refused in a row before the client is sent away: as many again as it may say.
pub(in crate::server::http) const MAX_REFUSED: usize = MESSAGES_PER_MINUTE;
/// When to come back after that, in milliseconds.
pub(in crate::server::http) const ABUSE_MS: u64 = 30_000;
/// Pings and pongs that are answered or taken in a minute: one every 100 ms.
const CONTROLS_PER_MINUTE: u16 = 600;

/// Why something is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server::http) enum Spent {
    /// There is room again after this.
    Wait(Duration),
    /// It does not stop.
    Abuse,
}

/// What one client has said of late.
#[derive(Debug)]
pub(in crate::server::http) struct Budget {
    /// When each message of the last minute was heard; at most [`MESSAGES_PER_MINUTE`].
    heard: VecDeque<Instant>,
    /// Messages in a row that were not.
    refused: usize,
    controls: u16,
    controls_since: Instant,
}

impl Budget {
    pub(in crate::server::http) fn new(now: Instant) -> Self {
        Self { heard: VecDeque::new(), refused: 0, controls: 0, controls_since: now }
    }

    /// Counts a message. One that is refused takes no room.
    ///
    /// # Errors
    /// [`Spent`]
    pub(in crate::server::http) fn message(&mut self, now: Instant) -> Result<(), Spent> {
        while self.heard.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
            self.heard.pop_front();
        }
        match self.heard.front() {
            Some(first) if self.heard.len() >= MESSAGES_PER_MINUTE => {
                self.refused += 1;
                let wait = MINUTE.saturating_sub(now.duration_since(*first));
                Err(if self.refused > MAX_REFUSED { Spent::Abuse } else { Spent::Wait(wait) })
            }
            _ => {
                self.refused = 0;
                self.heard.push_back(now);
                Ok(())
            }
        }
    }

    /// Counts a ping or a pong.
    ///
    /// # Errors
    /// [`Spent::Abuse`]
    pub(in crate::server::http) fn control(&mut self, now: Instant) -> Result<(), Spent> {
        if now.duration_since(self.controls_since) >= MINUTE {
            (self.controls, self.controls_since) = (0, now);
        }
        self.controls = self.controls.saturating_add(1);
        if self.controls > CONTROLS_PER_MINUTE { Err(Spent::Abuse) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_minute_has_sixty_messages_and_no_more() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut budget = Budget::new(start);
        for n in 0..60 {
            assert_eq!(budget.message(at(n * 100)), Ok(()), "{n}");
        }
        assert_eq!(budget.message(at(10_000)), Err(Spent::Wait(Duration::from_secs(50))));
        assert_eq!(
            budget.message(at(59_999)),
            Err(Spent::Wait(Duration::from_millis(1))),
            "a refused one took no room"
        );
        assert_eq!(budget.message(at(60_000)), Ok(()), "the first is a minute old");
        assert_eq!(budget.message(at(60_050)), Err(Spent::Wait(Duration::from_millis(50))), "the second is not");
        assert_eq!(budget.heard.len(), 60);
    }

    #[test]
    fn who_does_not_stop_is_sent_away() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        let answers: Vec<_> = (0..121).map(|_| budget.message(now)).collect();
        assert!(answers[..60].iter().all(Result::is_ok));
        assert!(answers[60..120].iter().all(|answer| *answer == Err(Spent::Wait(MINUTE))));
        assert_eq!(answers[120], Err(Spent::Abuse));
    }

    #[test]
    fn refusals_in_a_row_are_forgotten_when_one_is_heard() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        for minute in 0..5 {
            let now = now + MINUTE * minute;
            let refused = (0..100).filter(|_| budget.message(now).is_err()).count();
            assert_eq!(refused, 40);
        }
    }

    #[test]
    fn pings_are_counted_by_themselves() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        for minute in 0..2 {
            for n in 0..600 {
                assert_eq!(budget.control(now + MINUTE * minute), Ok(()), "{n}");
            }
            assert_eq!(budget.control(now + MINUTE * minute), Err(Spent::Abuse));
        }
        assert_eq!(budget.message(now), Ok(()));
    }
}
