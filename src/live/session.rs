//! The life of the page's connection, as decisions: what happened goes in, what to do comes out.
//!
//! No I/O, no clock and no hidden randomness, so every course of events can be replayed in a test. The browser's side
//! feeds it, carries out its [`Orders`], and shows its [`Link`].

use super::{
    backoff::{Backoff, CAP_MS},
    link::Link,
};

/// A stream that has not delivered its first message after this long has failed.
pub const CONNECT_LIMIT_MS: u64 = 10_000;
/// A stream that says nothing for this long is dead, whatever the socket says: the server's heartbeat comes every 30 s.
pub const SILENCE_LIMIT_MS: u64 = 45_000;
/// A stream that was lost sooner than this counts as a failed try, so that one that is cut again and again is left alone.
pub const STEADY_MS: u64 = 10_000;
/// A page that nobody looked at for this long closes its stream.
pub const HIDDEN_LIMIT_MS: u64 = 60_000;
/// After so many failed tries in a row the page asks for the figures too.
pub const POLL_AFTER_FAILURES: u32 = 3;
/// How often it asks.
pub const POLL_EVERY_MS: u64 = 5_000;
/// A question without an answer after this long has failed.
pub const POLL_LIMIT_MS: u64 = 15_000;
/// An answer older than this no longer carries the page.
pub const ANSWER_LIMIT_MS: u64 = 12_000;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Time passed. Expected about once a second.
    Tick,
    /// The stream's head arrived; no message yet.
    Opened,
    /// A readable message arrived.
    Message,
    /// The server said that it ends the stream, and asked the page to come back no sooner than after so long.
    Ending {
        after_ms: u64,
    },
    /// The stream ended or could not be opened. It is closed by the time this is said.
    Failed,
    /// The page went out of sight.
    Hidden,
    /// The page came into sight.
    Visible,
    /// The device has a network again.
    Online,
    PollAnswered,
    PollFailed,
}

/// What to do now. The default is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Orders {
    pub stream: Option<StreamOrder>,
    /// Ask for all tickers once.
    pub poll: bool,
}

/// What to do with the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamOrder {
    Open,
    Close,
}

/// Times are milliseconds of a monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    /// None; the next is due at `until`.
    Waiting {
        until: u64,
    },
    /// Ordered, or open and without a message so far.
    Trying {
        since: u64,
    },
    Live {
        since: u64,
        heard: u64,
    },
    /// None, and none due before the page is seen again.
    Paused,
}

/// The decisions for one tab.
#[derive(Debug, Clone)]
pub struct Session {
    stream: Stream,
    backoff: Backoff,
    /// Tries in a row that failed.
    failures: u32,
    /// The least wait that the server asked for when it announced the end of the stream. Pages that lose one server at
    /// one moment are each asked for another, so that they don't all come back at once.
    asked_ms: u64,
    /// Whether any stream has ever delivered.
    ever_live: bool,
    hidden_since: Option<u64>,
    poll: Poll,
    now: u64,
}

#[derive(Debug, Clone, Default)]
struct Poll {
    /// When the next question is due.
    due: u64,
    /// When the question was sent that is on its way.
    sent: Option<u64>,
    answered: Option<u64>,
    /// The last question failed.
    failing: bool,
}

impl Session {
    /// A session whose first step opens the stream. The seed is for the jitter of the backoff.
    pub const fn new(seed: u64) -> Self {
        Self {
            stream: Stream::Waiting { until: 0 },
            backoff: Backoff::seeded(seed),
            failures: 0,
            asked_ms: 0,
            ever_live: false,
            hidden_since: None,
            poll: Poll { due: 0, sent: None, answered: None, failing: false },
            now: 0,
        }
    }

    /// Takes in what happened at `now_ms` of a monotonic clock. Deadlines are looked at with every input.
    pub fn step(&mut self, now_ms: u64, input: Input) -> Orders {
        self.now = self.now.max(now_ms);
        let now = self.now;
        match input {
            Input::Tick => {}
            Input::Opened => {
                if let Stream::Trying { since } = &mut self.stream {
                    *since = now;
                }
            }
            Input::Message => self.hear(),
            Input::Ending { after_ms } => {
                if self.is_open() {
                    self.asked_ms = after_ms.min(CAP_MS);
                }
            }
            Input::Failed => {
                if self.is_open() {
                    self.fall();
                }
            }
            Input::Hidden => {
                self.hidden_since.get_or_insert(now);
            }
            Input::Visible => {
                self.hidden_since = None;
                if self.stream == Stream::Paused {
                    self.stream = Stream::Waiting { until: now };
                    self.poll.due = now;
                }
                self.hurry();
            }
            Input::Online => self.hurry(),
            Input::PollAnswered => {
                self.poll.sent = None;
                self.poll.answered = Some(now);
                // The server is back: the stream need not wait for its turn.
                if std::mem::take(&mut self.poll.failing) {
                    self.hurry();
                }
            }
            Input::PollFailed => {
                self.poll.sent = None;
                self.poll.failing = true;
            }
        }
        Orders { stream: self.stream_order(), poll: self.poll_order() }
    }

    /// What the page shows of its connection.
    pub fn link(&self) -> Link {
        match self.stream {
            Stream::Paused => Link::Paused,
            Stream::Live { .. } => Link::Live,
            Stream::Trying { .. } | Stream::Waiting { .. } if self.polls_carry() => Link::Polling,
            Stream::Trying { .. } | Stream::Waiting { .. } if !self.ever_live && self.failures == 0 => Link::Connecting,
            Stream::Trying { .. } => Link::Reconnecting { in_s: 0 },
            Stream::Waiting { until } => {
                let in_s = until.saturating_sub(self.now).div_ceil(1_000);
                Link::Reconnecting { in_s: u32::try_from(in_s).unwrap_or(u32::MAX) }
            }
        }
    }

    /// Whether a stream that counts as live has said nothing for longer than `limit_ms`, so that its figures can't be
    /// called live.
    pub const fn is_silent(&self, limit_ms: u64) -> bool {
        matches!(self.stream, Stream::Live { heard, .. } if self.now - heard > limit_ms)
    }

    /// How long until the next try, while there is one to wait for. A tick then is in time; the next one in a second
    /// may be late.
    pub const fn wait_ms(&self) -> Option<u64> {
        match self.stream {
            Stream::Waiting { until } => Some(until.saturating_sub(self.now)),
            Stream::Trying { .. } | Stream::Live { .. } | Stream::Paused => None,
        }
    }

    const fn is_open(&self) -> bool {
        matches!(self.stream, Stream::Trying { .. } | Stream::Live { .. })
    }

    const fn hear(&mut self) {
        let now = self.now;
        match &mut self.stream {
            Stream::Trying { .. } => {
                self.stream = Stream::Live { since: now, heard: now };
                self.ever_live = true;
                self.poll.answered = None;
            }
            Stream::Live { since, heard } => {
                *heard = now;
                if now - *since >= STEADY_MS {
                    self.failures = 0;
                }
            }
            Stream::Waiting { .. } | Stream::Paused => {}
        }
    }

    /// The stream is gone: the next comes after a wait.
    fn fall(&mut self) {
        let steady = matches!(self.stream, Stream::Live { since, .. } if self.now - since >= STEADY_MS);
        self.failures = if steady { 0 } else { self.failures.saturating_add(1) };
        let wait_ms = self.backoff.wait_ms(self.failures).max(std::mem::take(&mut self.asked_ms));
        self.stream = Stream::Waiting { until: self.now + wait_ms };
    }

    /// Ends a wait: there is a reason to try at once.
    const fn hurry(&mut self) {
        if let Stream::Waiting { until } = &mut self.stream {
            *until = self.now;
        }
    }

    fn stream_order(&mut self) -> Option<StreamOrder> {
        let now = self.now;
        if self.stream != Stream::Paused && self.hidden_since.is_some_and(|since| now - since >= HIDDEN_LIMIT_MS) {
            let open = self.is_open();
            self.stream = Stream::Paused;
            return open.then_some(StreamOrder::Close);
        }
        match self.stream {
            Stream::Trying { since } if now - since >= CONNECT_LIMIT_MS => {
                self.fall();
                Some(StreamOrder::Close)
            }
            Stream::Live { heard, .. } if now - heard >= SILENCE_LIMIT_MS => {
                self.fall();
                Some(StreamOrder::Close)
            }
            Stream::Waiting { until } if until <= now => {
                self.stream = Stream::Trying { since: now };
                Some(StreamOrder::Open)
            }
            Stream::Waiting { .. } | Stream::Trying { .. } | Stream::Live { .. } | Stream::Paused => None,
        }
    }

    const fn is_polling(&self) -> bool {
        self.failures >= POLL_AFTER_FAILURES && matches!(self.stream, Stream::Waiting { .. } | Stream::Trying { .. })
    }

    fn polls_carry(&self) -> bool {
        let recent = self.poll.answered.is_some_and(|at| self.now - at < ANSWER_LIMIT_MS);
        self.is_polling() && recent && !self.poll.failing
    }

    fn poll_order(&mut self) -> bool {
        let now = self.now;
        if self.poll.sent.is_some_and(|sent| now - sent >= POLL_LIMIT_MS) {
            self.poll.sent = None;
            self.poll.failing = true;
        }
        let ask = self.is_polling() && self.poll.sent.is_none() && self.poll.due <= now;
        if ask {
            self.poll.sent = Some(now);
            self.poll.due = now + POLL_EVERY_MS;
        }
        ask
    }
}

#[cfg(test)]
mod tests;
