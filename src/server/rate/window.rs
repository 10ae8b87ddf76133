//! So many in any minute, to the letter.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{MINUTE, make_room};
use crate::server::client::Account;

/// Requests that are remembered together: they leave the minute with the last of them.
const STEP: Duration = Duration::from_secs(1);

/// Counts the requests of many clients. Never are there more than so many within a minute; a client that has spent all at
/// once waits a minute, one that asks evenly is never refused.
#[derive(Debug)]
pub(super) struct WindowLimiter {
    per_minute: usize,
    /// Bounded: clients that have not asked for a minute are forgotten first, then all.
    heard: Mutex<HashMap<Account, Heard>>,
}

/// What one client has asked for in the last minute: at most one entry for each [`STEP`] of it, and one.
#[derive(Debug, Default)]
struct Heard(VecDeque<Few>);

/// Requests of one [`STEP`].
#[derive(Debug, Clone, Copy)]
struct Few {
    first: Instant,
    last: Instant,
    count: usize,
}

impl Heard {
    /// Forgets what is a minute old.
    fn forget(&mut self, now: Instant) {
        while self.0.front().is_some_and(|few| now.duration_since(few.last) >= MINUTE) {
            self.0.pop_front();
        }
    }

    fn check(&self, per_minute: usize, now: Instant) -> Result<(), Duration> {
        let recent = self.0.iter().filter(|few| now.duration_since(few.last) < MINUTE);
        let mut oldest = None;
        let mut count = 0;
        for few in recent {
            oldest.get_or_insert(few.last);
            count += few.count;
        }
        match oldest {
            Some(oldest) if count >= per_minute => Err(MINUTE.saturating_sub(now.duration_since(oldest))),
            _ => Ok(()),
        }
    }

    fn add(&mut self, now: Instant) {
        match self.0.back_mut() {
            Some(few) if now.duration_since(few.first) < STEP => {
                few.last = now;
                few.count += 1;
            }
            _ => self.0.push_back(Few { first: now, last: now, count: 1 }),
        }
    }
}

impl WindowLimiter {
    /// 0 lets everything through.
    pub(super) fn new(per_minute: u32) -> Self {
        Self { per_minute: usize::try_from(per_minute).unwrap_or(usize::MAX), heard: Mutex::default() }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait, where there were as many as may be.
    pub(super) fn take(&self, whose: Account, now: Instant) -> Result<(), Duration> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let mut all = self.heard.lock();
        make_room(&mut all, &whose, |heard| heard.0.back().is_some_and(|few| now.duration_since(few.last) < MINUTE));
        let heard = all.entry(whose).or_default();
        heard.forget(now);
        heard.check(self.per_minute, now)?;
        heard.add(now);
        Ok(())
    }

    /// What [`take`](Self::take) would say, without counting.
    ///
    /// # Errors
    /// How long to wait, where there were as many as may be.
    pub(super) fn peek(&self, whose: Account, now: Instant) -> Result<(), Duration> {
        if self.per_minute == 0 {
            return Ok(());
        }
        self.heard.lock().get(&whose).map_or(Ok(()), |heard| heard.check(self.per_minute, now))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::server::{client::Client, rate::MAX_CLIENTS};

    fn account(n: u32) -> Account {
        Client::from(Ipv4Addr::from(n)).address()
    }

    #[test]
    fn no_minute_has_more() {
        let limiter = WindowLimiter::new(300);
        let start = Instant::now();
        // Whatever the rhythm: all at once, evenly, and in bursts.
        for (whose, gap_ms) in [(1, 0), (2, 1), (3, 150), (4, 700)] {
            let mut taken = Vec::new();
            for n in 0..400_000 / (gap_ms + 1) {
                let at = start + Duration::from_millis(if gap_ms == 0 { n / 10 } else { n * gap_ms });
                if limiter.take(account(whose), at).is_ok() {
                    taken.push(at);
                }
            }
            let worst = taken
                .iter()
                .enumerate()
                .map(|(n, from)| taken[n..].iter().take_while(|at| at.duration_since(*from) < MINUTE).count());
            assert!(worst.max().is_some_and(|most| most <= 300), "every {gap_ms} ms");
        }
    }

    #[test]
    fn who_asks_evenly_is_never_refused() {
        let limiter = WindowLimiter::new(300);
        let start = Instant::now();
        for n in 0..3000 {
            assert_eq!(limiter.take(account(1), start + Duration::from_millis(n * 204)), Ok(()), "{n}");
        }
    }

    #[test]
    fn the_wait_is_until_there_is_room() {
        let limiter = WindowLimiter::new(2);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!([limiter.take(account(1), at(0)), limiter.take(account(1), at(10))], [Ok(()), Ok(())]);
        for refused in [limiter.take(account(1), at(20)), limiter.peek(account(1), at(20))] {
            assert_eq!(refused, Err(Duration::from_secs(40)));
        }
        assert_eq!(limiter.take(account(2), at(20)), Ok(()), "another has its own");
        assert_eq!(limiter.peek(account(1), at(60)), Ok(()));
        assert_eq!(limiter.take(account(1), at(60)), Ok(()));
        assert_eq!(limiter.take(account(1), at(60)), Err(Duration::from_secs(10)));
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = WindowLimiter::new(1000);
        let start = Instant::now();
        for n in 0..u32::try_from(MAX_CLIENTS).expect("small") * 2 + 5 {
            assert_eq!(limiter.take(account(n), start), Ok(()));
        }
        assert!(limiter.heard.lock().len() <= MAX_CLIENTS);
        for n in 0..100_000 {
            let _counted = limiter.take(account(1), start + Duration::from_millis(n * 10));
        }
        assert!(limiter.heard.lock()[&account(1)].0.len() <= 61);
    }
}
