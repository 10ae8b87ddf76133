//! Where a row stands in time: one number that orders like the time, and that rows of one millisecond don't share.

use rusqlite::{Connection, OptionalExtension as _};

use super::{cursor::Cursor, error::Outcome};
use crate::model::time::UnixMs;

/// Bits that tell apart what is of one millisecond.
const BITS: u32 = 20;
/// Times that fit: from the year 1691 to 2248.
const LATEST_MS: i64 = (i64::MAX >> BITS) - 1;

/// The tables whose keys are places.
#[derive(Debug, Clone, Copy)]
pub(super) enum Placed {
    Articles,
    Stories,
}

impl Placed {
    const fn occupied(self) -> &'static str {
        match self {
            Self::Articles => "SELECT 1 FROM articles WHERE place = ?1",
            Self::Stories => "SELECT 1 FROM stories WHERE place = ?1",
        }
    }

    const fn place_of(self) -> &'static str {
        match self {
            Self::Articles => "SELECT place FROM articles WHERE id = ?1",
            Self::Stories => "SELECT place FROM stories WHERE id = ?1",
        }
    }
}

/// The first place of a moment. Times that don't fit are taken as the nearest that do.
pub(super) fn start_of(at: UnixMs) -> i64 {
    at.0.clamp(-LATEST_MS, LATEST_MS) << BITS
}

/// The first free place for a row. Deterministic: the same rows in the same order get the same places.
pub(super) fn free(connection: &Connection, table: Placed, at: UnixMs, id: &str) -> Outcome<i64> {
    let mut occupied = connection.prepare_cached(table.occupied())?;
    let mut place = wanted(at, id);
    while occupied.exists([place])? {
        place += 1;
    }
    Ok(place)
}

/// The place of a cursor: the row's own where it is still there and did not move, otherwise where it would be.
pub(super) fn of_cursor(connection: &Connection, table: Placed, cursor: &Cursor) -> Outcome<i64> {
    let mut place_of = connection.prepare_cached(table.place_of())?;
    let place: Option<i64> = place_of.query_row([&cursor.id], |row| row.get(0)).optional()?;
    let wanted = wanted(cursor.at, &cursor.id);
    Ok(place.filter(|place| place >> BITS == wanted >> BITS).unwrap_or(wanted))
}

/// Half of a millisecond's places are wanted by ids; the other half is there for those that find theirs taken.
fn wanted(at: UnixMs, id: &str) -> i64 {
    start_of(at) + i64::from(fnv1a(id.as_bytes()) >> (33 - BITS))
}

/// FNV-1a of 32 bits: places are stored, so this hash never changes.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_order_like_times() {
        let times = [i64::MIN, -8_000_000_000_000, -1, 0, 1, 1_763_640_000_000, 8_000_000_000_000, i64::MAX];
        for pair in times.windows(2) {
            let (earlier, later) = (UnixMs(pair[0]), UnixMs(pair[1]));
            for id in ["a", "b", "0123456789abcdef"] {
                assert!(start_of(earlier) <= wanted(earlier, id), "{earlier:?}");
                assert!(wanted(earlier, id) < start_of(later), "{earlier:?} {later:?}");
            }
        }
        assert_eq!(wanted(UnixMs(1_763_640_000_000), "a") >> BITS, 1_763_640_000_000);
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0x811c_9dc5);
        assert_eq!(fnv1a(b"a"), 0xe40c_292c);
        assert_eq!(fnv1a(b"foobar"), 0xbf9c_f968);
    }
}
