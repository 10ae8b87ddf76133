//! What is known of one feed, and what a fetch changes of it.

use std::{sync::Arc, time::Duration};

use rand::{Rng as _, SeedableRng as _, rngs::SmallRng};
use tokio::time::Instant;
use url::Url;

use super::{
    client::FeedAnswer,
    fetch_error::FetchError,
    guard::Exception,
    schedule::{self, Situation},
};
use crate::{
    model::time::UnixMs,
    server::{
        clock::Stamp,
        news::{record::FeedRecord, source::Source},
    },
    wire::news::SourceState,
};

/// A feed that fails for so long is dead.
const DEAD_AFTER_MS: i64 = 24 * 60 * 60 * 1000;

/// Where a permanent redirect led is forgotten after so many failures in a row there: the configured address is asked
/// again.
const MOVED_FAILURES: u32 = 3;

/// The statuses of what is gone.
const GONE: [FetchError; 2] = [FetchError::Status(404), FetchError::Status(410)];

/// One feed.
#[derive(Debug)]
pub(super) struct Feed {
    /// Its number on the board.
    pub place: usize,
    pub source: Arc<Source>,
    pub exception: Exception,
    /// What to remember of it.
    pub record: FeedRecord,
    /// What its last content asked for. Not remembered over a restart: the next content says it again.
    ttl: Option<Duration>,
    /// The same of its last answer.
    max_age: Option<Duration>,
    /// The first failure of the present row.
    failing_since: Option<UnixMs>,
    rng: SmallRng,
}

/// A fetch that went well.
#[derive(Debug)]
pub(super) struct Success<'a> {
    pub answer: &'a FeedAnswer,
    pub moved_to: Option<&'a Url>,
    /// `None` where nothing changed.
    pub content: Option<Content>,
}

/// What a feed that changed holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content {
    pub items: u32,
    pub ttl: Option<Duration>,
}

impl Feed {
    /// A `record` of another address is of no use.
    pub(super) fn new(place: usize, source: Arc<Source>, record: Option<FeedRecord>, seed: u64) -> Self {
        let record =
            record.filter(|record| record.key == source.key && record.url == source.url).unwrap_or_else(|| {
                FeedRecord { key: source.key.clone(), url: source.url.clone(), ..FeedRecord::default() }
            });
        // When the row of failures began is not remembered: after the last success, if there was one.
        let since = record.last_success.or(record.last_fetch);
        Self {
            place,
            exception: Exception::of(&source),
            failing_since: since.filter(|_| record.failures > 0),
            source,
            record,
            ttl: None,
            max_age: None,
            rng: SmallRng::seed_from_u64(seed),
        }
    }

    pub(super) fn state(&self) -> SourceState {
        let Some(last_fetch) = self.record.last_fetch else { return SourceState::Pending };
        if self.record.failures == 0 {
            return SourceState::Ok;
        }
        let error = self.record.last_error.as_deref().unwrap_or_default();
        let gone = GONE.iter().any(|gone| gone.to_string() == error);
        let long = self.failing_since.is_some_and(|since| last_fetch.since(since) >= DEAD_AFTER_MS);
        if gone || long { SourceState::Dead } else { SourceState::Failing }
    }

    /// Where to go.
    ///
    /// # Errors
    /// If the configured address is none.
    pub(super) fn url(&self) -> Result<Url, FetchError> {
        let moved_to = self.record.moved_to.as_deref().and_then(|url| Url::parse(url).ok());
        moved_to.map_or_else(|| Url::parse(&self.source.url).map_err(|_| FetchError::UnusableAddress), Ok)
    }

    /// When to go there first after the start: when it was due anyway, or else at some moment of `spread`.
    pub(super) fn first_fetch(&mut self, now: Stamp, spread: Duration) -> Instant {
        let due = self.record.next_fetch.map_or(0, |due| due.since(now.wall));
        // A clock that was set back must not put a feed off for years.
        let wait = u64::try_from(due).map(Duration::from_millis).ok().filter(|wait| *wait <= schedule::LONGEST);
        let wait = wait.filter(|wait| !wait.is_zero());
        now.mono + wait.unwrap_or_else(|| spread.mul_f64(self.rng.random_range(0.0..1.0)))
    }

    /// Notes a fetch that went well. Returns the wait for the next.
    pub(super) fn succeeded(&mut self, at: UnixMs, interval: Duration, success: &Success<'_>) -> Duration {
        let Success { answer, moved_to, content } = success;
        if let Some(moved_to) = moved_to {
            self.record.moved_to = Some(moved_to.as_str().to_owned()).filter(|to| *to != self.source.url);
        }
        if let Some(Content { items, ttl }) = content {
            (self.record.items, self.ttl) = (*items, *ttl);
            self.record.etag.clone_from(&answer.etag);
            self.record.last_modified.clone_from(&answer.last_modified);
        }
        self.max_age = schedule::max_age(answer.cache_control.as_deref(), answer.age.as_deref());
        self.record.last_success = Some(at);
        self.record.last_error = None;
        self.record.failures = 0;
        self.failing_since = None;
        self.next(at, interval, Duration::ZERO)
    }

    /// Notes a fetch that failed. Returns the wait for the next. `retry_after` is as the server said it.
    pub(super) fn failed(
        &mut self,
        at: UnixMs,
        interval: Duration,
        error: &FetchError,
        retry_after: Option<&str>,
    ) -> Duration {
        self.record.last_error = Some(error.to_string());
        self.record.failures = self.record.failures.saturating_add(1);
        self.failing_since.get_or_insert(at);
        if GONE.contains(error) || self.record.failures >= MOVED_FAILURES {
            self.forget_move();
        }
        let asked = retry_after.and_then(|text| schedule::retry_after(text, at));
        self.next(at, interval, asked.unwrap_or_default())
    }

    /// What was read at one address says nothing about another.
    fn forget_move(&mut self) {
        if self.record.moved_to.take().is_some() {
            (self.record.etag, self.record.last_modified) = (None, None);
        }
    }

    fn next(&mut self, at: UnixMs, interval: Duration, refused_for: Duration) -> Duration {
        self.record.last_fetch = Some(at);
        let situation = Situation {
            failures: self.record.failures,
            dead: self.state() == SourceState::Dead,
            asked: schedule::asked(self.ttl, self.max_age).max(refused_for),
        };
        let wait = schedule::wait(interval, situation, &mut self.rng);
        let ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        self.record.next_fetch = Some(UnixMs(at.0.saturating_add(ms)));
        wait
    }
}
