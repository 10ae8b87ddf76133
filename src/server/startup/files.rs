//! Room for open files: every connection is one, and many systems give a program no more than 1024 unless it asks.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

use crate::server::config::LimitsConfig;

/// For everything that is no client's connection: venues, feeds, the database, the pages' files.
const OTHERS: u64 = 1024;

/// Asks for as many open files as the settings may need, and says so where the system allows fewer.
pub(super) fn make_room(limits: &LimitsConfig) {
    let sockets = u64::try_from(limits.sockets_total()).unwrap_or(u64::MAX);
    let needed = sockets.saturating_add(OTHERS);
    let now = getrlimit(Resource::Nofile);
    let Some(wanted) = raised(now, needed) else { return };
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..now });
    let allowed = if raised.is_ok() { Some(wanted) } else { now.current };
    if allowed.is_some_and(|allowed| allowed < needed) {
        warn!(allowed, needed, "the system allows fewer open files than there may be connections: see `ulimit -n`");
    }
}

/// What the limit should become; `None` where it suffices.
fn raised(now: Rlimit, needed: u64) -> Option<u64> {
    let current = now.current.filter(|current| *current < needed)?;
    Some(now.maximum.map_or(needed, |most| most.min(needed)).max(current))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_raised_as_far_as_it_is_needed_and_allowed() {
        for (current, maximum, expected) in [
            (Some(1024), Some(524_288), Some(21_024)),
            (Some(1024), None, Some(21_024)),
            (Some(1024), Some(4096), Some(4096)),
            (Some(1024), Some(1024), Some(1024)),
            (Some(65_536), Some(65_536), None),
            (None, None, None),
        ] {
            assert_eq!(raised(Rlimit { current, maximum }, 21_024), expected, "{current:?} of {maximum:?}");
        }
    }
}
