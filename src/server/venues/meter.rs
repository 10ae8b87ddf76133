//! Sliding figures of bounded size: a rate over ten seconds and a maximum over a minute.

use std::collections::VecDeque;

use tokio::time::Instant;

/// Seconds that a rate looks back on.
const RATE_SPAN_S: u64 = 10;

/// Seconds that a maximum looks back on.
const HIGH_WATER_SPAN_S: u64 = 60;

/// Events a second, over the last ten whole seconds.
#[derive(Debug)]
pub(super) struct Rate {
    since: Instant,
    /// Second since the start, events in it.
    seconds: VecDeque<(u64, u32)>,
}

impl Rate {
    pub(super) const fn new(now: Instant) -> Self {
        Self { since: now, seconds: VecDeque::new() }
    }

    pub(super) fn count(&mut self, now: Instant) {
        let second = second(self.since, now);
        match self.seconds.back_mut() {
            Some((last, count)) if *last == second => *count = count.saturating_add(1),
            _ => self.seconds.push_back((second, 1)),
        }
        while self.seconds.front().is_some_and(|(first, _)| first + RATE_SPAN_S < second) {
            self.seconds.pop_front();
        }
    }

    /// Zero before the first whole second has passed.
    pub(super) fn per_second(&self, now: Instant) -> f64 {
        let second = second(self.since, now);
        let span = second.min(RATE_SPAN_S);
        let within = self.seconds.iter().filter(|(at, _)| *at < second && at + span >= second);
        let count: u32 = within.map(|(_, count)| *count).fold(0, u32::saturating_add);
        let span = u32::try_from(span).map_or(f64::INFINITY, f64::from);
        if span > 0.0 { f64::from(count) / span } else { 0.0 }
    }
}

/// The greatest value of the last minute.
#[derive(Debug)]
pub(super) struct HighWater {
    since: Instant,
    /// Second since the start, greatest value in it. Values fall from front to back: a smaller one before a greater
    /// one can never be the maximum again.
    seconds: VecDeque<(u64, i64)>,
}

impl HighWater {
    pub(super) const fn new(now: Instant) -> Self {
        Self { since: now, seconds: VecDeque::new() }
    }

    pub(super) fn note(&mut self, value: i64, now: Instant) {
        let second = second(self.since, now);
        while self.seconds.back().is_some_and(|(_, known)| *known <= value) {
            self.seconds.pop_back();
        }
        if self.seconds.back().is_none_or(|(last, _)| *last != second) {
            self.seconds.push_back((second, value));
        }
        while self.seconds.front().is_some_and(|(first, _)| first + HIGH_WATER_SPAN_S < second) {
            self.seconds.pop_front();
        }
    }

    /// `None` without a value in the last minute.
    pub(super) fn get(&self, now: Instant) -> Option<i64> {
        let second = second(self.since, now);
        self.seconds.iter().find(|(at, _)| at + HIGH_WATER_SPAN_S >= second).map(|(_, value)| *value)
    }
}

fn second(since: Instant, now: Instant) -> u64 {
    now.saturating_duration_since(since).as_secs()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_is_of_the_last_ten_seconds() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        assert!(rate.per_second(start).abs() < f64::EPSILON);
        for tick in 0..80 {
            rate.count(start + Duration::from_millis(tick * 250));
        }
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!((rate.per_second(at(20)) - 4.0).abs() < 1e-9);
        assert!((rate.per_second(at(25)) - 2.0).abs() < 1e-9);
        assert!(rate.per_second(at(31)).abs() < f64::EPSILON);
        assert!(rate.seconds.len() <= 12);
    }

    proptest! {
        #[test]
        fn the_high_water_is_the_greatest_of_the_minute(notes in prop::collection::vec((0_u64..20, -1000_i64..1000), 1..200)) {
            let start = Instant::now();
            let mut water = HighWater::new(start);
            let (mut all, mut now_s) = (Vec::new(), 0);
            for (wait_s, value) in notes {
                now_s += wait_s;
                let now = start + Duration::from_secs(now_s);
                water.note(value, now);
                all.push((now_s, value));
                let greatest = all.iter().filter(|(at, _)| at + 60 >= now_s).map(|(_, value)| *value).max();
                prop_assert_eq!(water.get(now), greatest);
                prop_assert!(water.seconds.len() <= 62);
            }
            prop_assert_eq!(water.get(start + Duration::from_secs(now_s + 61)), None);
        }
    }
}
