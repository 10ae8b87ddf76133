//! Subscription requests that wait for their answer, and how symbols are spread over requests.

use std::collections::VecDeque;

use crate::model::symbol::Symbol;

/// Most requests that are remembered. A venue that answers none of so many is found out by the watchdogs.
const MAX_OPEN: usize = 64;

/// Requests by number, oldest first.
#[derive(Debug, Default)]
pub(super) struct OpenRequests {
    last_id: i64,
    open: VecDeque<(i64, Vec<Symbol>)>,
}

impl OpenRequests {
    /// The number of a request that expects no answer of interest. Counts from 1.
    pub(super) const fn number(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    /// Remembers a request for these symbols and numbers it.
    pub(super) fn open(&mut self, symbols: &[Symbol]) -> i64 {
        let id = self.number();
        if self.open.len() == MAX_OPEN {
            self.open.pop_front();
        }
        self.open.push_back((id, symbols.to_vec()));
        id
    }

    /// The symbols of this request, which is answered now.
    pub(super) fn close(&mut self, id: i64) -> Option<Vec<Symbol>> {
        let at = self.open.iter().position(|(open, _)| *open == id)?;
        self.open.remove(at).map(|(_, symbols)| symbols)
    }

    /// The symbols of the oldest request: for venues that answer in order, without the number.
    pub(super) fn close_oldest(&mut self) -> Option<Vec<Symbol>> {
        self.open.pop_front().map(|(_, symbols)| symbols)
    }

    /// Takes one symbol out of whatever request holds it: for venues that answer by topic.
    pub(super) fn answered(&mut self, symbol: Symbol) {
        for (_, symbols) in &mut self.open {
            symbols.retain(|s| *s != symbol);
        }
        self.open.retain(|(_, symbols)| !symbols.is_empty());
    }
}

/// `symbols` in groups of at most `args`, each at most `bytes` long when a symbol takes `arg_bytes` at most.
pub(super) fn in_requests(
    symbols: &[Symbol],
    args: usize,
    bytes: usize,
    arg_bytes: usize,
) -> impl Iterator<Item = &[Symbol]> {
    symbols.chunks(args.min(bytes / arg_bytes).max(1))
}

/// Two smaller requests in place of one that was refused as a whole without naming the culprit; `None` for a request
/// of one symbol, which is the culprit itself.
pub(super) fn halves(symbols: &[Symbol]) -> Option<[&[Symbol]; 2]> {
    (symbols.len() > 1).then(|| symbols.split_at(symbols.len() / 2).into())
}
