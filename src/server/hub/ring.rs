//! The newest entries of the log, encoded and ready to be sent.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{encode, filter::words, texts};
use crate::{
    model::symbol::Symbol,
    server::event::{EventKind, LogEvent},
};

/// What is kept in memory at most, beside the newest entry, which always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub entries: usize,
    /// What the entries may take together, in bytes.
    pub bytes: usize,
}

pub(super) const BOUNDS: Bounds = Bounds { entries: 2048, bytes: 8 << 20 };

/// What an entry takes beside its texts, in bytes, about.
const ENTRY_BYTES: usize = 256;

/// An entry as readers see it: made once, shared by all of them.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) kind: EventKind,
    /// The whole event of the stream, id included.
    pub(super) frame: Bytes,
    /// Keys.
    pub(super) sources: Vec<String>,
    pub(super) category: String,
    pub(super) tickers: Vec<Symbol>,
    /// The words of title and description, as [`words`] makes them.
    pub(super) words: String,
    pub(super) breaking: bool,
    text: OnceLock<Option<Utf8Bytes>>,
}

impl Entry {
    pub(super) fn of(event: LogEvent) -> Self {
        let frame = encode::entry(&event);
        let facets = event.draft.facets;
        Self {
            id: event.id,
            kind: event.draft.kind,
            frame,
            sources: facets.sources,
            category: facets.category,
            tickers: facets.tickers,
            words: words(&facets.text),
            breaking: facets.breaking,
            text: OnceLock::new(),
        }
    }

    /// The entry as the text of a socket. Made by the first reader that wants it. `None` for kinds that no socket gets.
    pub(super) fn text(&self) -> Option<Utf8Bytes> {
        self.text.get_or_init(|| texts::entry(self.id, self.kind, &self.frame)).clone()
    }

    fn bytes(&self) -> usize {
        let sources: usize = self.sources.iter().map(String::len).sum();
        // The text is as long as the frame.
        2 * self.frame.len() + self.words.len() + self.category.len() + sources + ENTRY_BYTES
    }
}

/// What follows a position.
#[derive(Debug)]
pub(super) enum Following {
    Entry(Arc<Entry>),
    /// Nothing yet.
    Tip,
    /// Entries that have left the ring; all of them up to this one have.
    Older(u64),
    /// The position has not been given out: it is of another log.
    Beyond,
}

/// Entries without a hole, the last of which is the tip of the log.
#[derive(Debug)]
pub(super) struct Ring {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    bounds: Bounds,
    tip: u64,
}

impl Ring {
    /// An empty ring of a log that ends at `tip`.
    pub(super) const fn new(tip: u64, bounds: Bounds) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, bounds, tip }
    }

    pub(super) const fn tip(&self) -> u64 {
        self.tip
    }

    /// Adds the newest entry. Returns `false` for one that is not newer than the tip: it is left out.
    pub(super) fn push(&mut self, entry: Entry) -> bool {
        if entry.id <= self.tip {
            return false;
        }
        if entry.id != self.tip + 1 {
            // A hole can only be told from what was pruned by asking the store.
            self.entries.clear();
            self.bytes = 0;
        }
        self.tip = entry.id;
        self.bytes += entry.bytes();
        self.entries.push_back(Arc::new(entry));
        while self.entries.len() > 1 && (self.entries.len() > self.bounds.entries || self.bytes > self.bounds.bytes) {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.bytes();
        }
        true
    }

    /// What the entries take together, in bytes.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives all entries up.
    pub(super) fn clear(&mut self) {
        self.entries = VecDeque::new();
        self.bytes = 0;
    }

    pub(super) fn after(&self, position: u64) -> Following {
        if position > self.tip {
            return Following::Beyond;
        }
        if position == self.tip {
            return Following::Tip;
        }
        let before_first = self.entries.front().map_or(self.tip, |first| first.id - 1);
        let Some(index) = position.checked_sub(before_first) else { return Following::Older(before_first) };
        let entry = usize::try_from(index).ok().and_then(|index| self.entries.get(index));
        entry.map_or(Following::Older(before_first), |entry| Following::Entry(Arc::clone(entry)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::time::UnixMs,
        server::event::{EventDraft, Facets},
    };

    fn entry(id: u64, bytes: usize) -> Entry {
        let draft = EventDraft { kind: EventKind::News, data: "x".repeat(bytes), facets: Facets::default() };
        Entry::of(LogEvent { id, at: UnixMs(0), draft })
    }

    fn brief(ring: &Ring, position: u64) -> String {
        match ring.after(position) {
            Following::Entry(entry) => entry.id.to_string(),
            Following::Tip => "tip".to_owned(),
            Following::Older(upto) => format!("older {upto}"),
            Following::Beyond => "beyond".to_owned(),
        }
    }

    #[test]
    fn each_position_has_its_successor() {
        let mut ring = Ring::new(10, BOUNDS);
        assert_eq!([9, 10, 11].map(|p| brief(&ring, p)), ["older 10", "tip", "beyond"]);
        for id in 11..=13 {
            assert!(ring.push(entry(id, 1)));
        }
        let seen = [0, 9, 10, 11, 12, 13, 14].map(|p| brief(&ring, p));
        assert_eq!(seen, ["older 10", "older 10", "11", "12", "13", "tip", "beyond"]);
    }

    #[test]
    fn it_is_bounded_by_count_and_by_bytes() {
        let mut ring = Ring::new(0, BOUNDS);
        for id in 1..=5000 {
            ring.push(entry(id, 1));
        }
        assert_eq!(ring.entries.len(), BOUNDS.entries);
        assert_eq!((brief(&ring, 1), ring.tip()), (format!("older {}", 5000 - BOUNDS.entries), 5000));
        for id in 5001..=5020 {
            ring.push(entry(id, 1 << 20));
        }
        assert!(ring.bytes <= BOUNDS.bytes, "{}", ring.bytes);
        assert_eq!(ring.bytes, ring.entries.iter().map(|entry| entry.bytes()).sum::<usize>());
        ring.push(entry(5021, 9 << 20));
        let kept = (ring.entries.len(), [5019, 5020].map(|p| brief(&ring, p)));
        assert_eq!(kept, (1, ["older 5020".to_owned(), "5021".to_owned()]), "the newest stays, however long it is");
        ring.clear();
        assert_eq!((ring.bytes(), brief(&ring, 5020), ring.tip()), (0, "older 5021".to_owned(), 5021));
        ring.push(entry(5022, 1));
        assert_eq!([5020, 5021].map(|p| brief(&ring, p)), ["older 5021", "5022"]);
    }

    #[test]
    fn no_hole_and_nothing_twice() {
        let mut ring = Ring::new(0, BOUNDS);
        for id in [1, 2, 3] {
            ring.push(entry(id, 1));
        }
        assert!(!ring.push(entry(3, 1)), "known");
        assert!(ring.push(entry(9, 1)));
        assert_eq!([2, 3, 7, 8, 9].map(|p| brief(&ring, p)), ["older 8", "older 8", "older 8", "9", "tip"]);
    }
}
