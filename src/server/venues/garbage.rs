//! Frames that can't be used: named, counted, and reason enough to drop a socket when they persist.

use std::{collections::VecDeque, fmt, time::Duration};

use tokio::time::Instant;

use super::connector::DecodeError;

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum BadFrame {
    NotJson,
    Shape,
    /// A ticker whose figures can't be used.
    Figures,
    TooLarge,
    NotUtf8,
    /// None of the venues sends binary frames.
    Binary,
}

impl BadFrame {
    /// In the order of their numbers.
    pub(super) const ALL: [Self; 6] =
        [Self::NotJson, Self::Shape, Self::Figures, Self::TooLarge, Self::NotUtf8, Self::Binary];

    /// For the monitors.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::Shape => "shape",
            Self::Figures => "figures",
            Self::TooLarge => "too_large",
            Self::NotUtf8 => "not_utf8",
            Self::Binary => "binary",
        }
    }
}

impl From<DecodeError> for BadFrame {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::NotJson => Self::NotJson,
            DecodeError::Shape => Self::Shape,
        }
    }
}

impl fmt::Display for BadFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotJson => "not JSON",
            Self::Shape => "JSON of an impossible shape",
            Self::Figures => "figures that can't be used",
            Self::TooLarge => "over the size limit",
            Self::NotUtf8 => "not UTF-8",
            Self::Binary => "binary",
        })
    }
}

/// The time that is looked back on.
const SPAN: Duration = Duration::from_secs(10);

/// Fewer bad frames than this in the span are an accident.
const MIN_BAD: u32 = 20;

/// The good and bad frames of one socket over the last ten seconds, by second.
#[derive(Debug)]
pub(super) struct GarbageWatch {
    since: Instant,
    /// Second since the start, good, bad.
    seconds: VecDeque<(u64, u32, u32)>,
}

impl GarbageWatch {
    pub(super) const fn new(now: Instant) -> Self {
        Self { since: now, seconds: VecDeque::new() }
    }

    pub(super) fn good(&mut self, now: Instant) {
        let (_, good, _) = self.second(now);
        *good = good.saturating_add(1);
    }

    /// Counts a bad frame. Returns whether garbage persists: at least 20 bad frames, and more bad than good ones, in
    /// the last ten seconds.
    pub(super) fn bad(&mut self, now: Instant) -> bool {
        let (_, _, bad) = self.second(now);
        *bad = bad.saturating_add(1);
        let sum =
            |(good, bad): (u32, u32), (_, g, b): &(u64, u32, u32)| (good.saturating_add(*g), bad.saturating_add(*b));
        let (good, bad) = self.seconds.iter().fold((0, 0), sum);
        bad >= MIN_BAD && bad > good
    }

    fn second(&mut self, now: Instant) -> &mut (u64, u32, u32) {
        let second = now.saturating_duration_since(self.since).as_secs();
        while self.seconds.front().is_some_and(|(first, ..)| first + SPAN.as_secs() <= second) {
            self.seconds.pop_front();
        }
        if self.seconds.back().is_none_or(|(last, ..)| *last != second) {
            self.seconds.push_back((second, 0, 0));
        }
        let last = self.seconds.len().saturating_sub(1);
        #[expect(clippy::indexing_slicing, reason = "the line above made sure that there is a last one")]
        &mut self.seconds[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_persists_when_most_frames_are_bad() {
        let start = Instant::now();
        let mut watch = GarbageWatch::new(start);
        assert!((0..19).all(|_| !watch.bad(start)), "nineteen are an accident");
        assert!(watch.bad(start), "twenty are not");
    }

    #[test]
    fn a_few_bad_among_many_good_are_borne() {
        let mut now = Instant::now();
        let mut watch = GarbageWatch::new(now);
        for _ in 0..1000 {
            now += Duration::from_millis(50);
            watch.good(now);
            watch.good(now);
            assert!(!watch.bad(now));
        }
        assert!(watch.seconds.len() <= 10);
    }

    #[test]
    fn old_garbage_is_forgotten() {
        let start = Instant::now();
        let mut watch = GarbageWatch::new(start);
        for _ in 0..19 {
            watch.bad(start);
        }
        assert!(!watch.bad(start + Duration::from_secs(11)));
    }
}
