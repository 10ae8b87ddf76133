//! Updates of one symbol leave at once, and those that follow within a window leave as one at its end.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::state::SymbolIndex;

/// The open windows. All are equally long, so the queue is in the order of their ends. At most one per symbol.
#[derive(Debug)]
pub(super) struct Coalescer {
    window: Duration,
    symbols: Vec<Window>,
    ends: VecDeque<(Instant, SymbolIndex)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Window {
    Closed,
    Open,
    /// Something waits for the end.
    Waiting,
}

impl Coalescer {
    pub(super) fn new(window: Duration, symbols: usize) -> Self {
        Self { window, symbols: vec![Window::Closed; symbols], ends: VecDeque::with_capacity(symbols) }
    }

    /// A symbol changed. Returns whether it may leave now; otherwise it leaves when [`due`](Self::due) says so.
    pub(super) fn touch(&mut self, index: SymbolIndex, now: Instant) -> bool {
        if self.defer(index) {
            return false;
        }
        if let Some(window) = self.symbols.get_mut(index.get())
            && !self.window.is_zero()
        {
            *window = Window::Open;
            self.ends.push_back((now + self.window, index));
        }
        true
    }

    /// Whether a change of the symbol waits for the end of its window already.
    pub(super) fn waits(&self, index: SymbolIndex) -> bool {
        self.symbols.get(index.get()) == Some(&Window::Waiting)
    }

    /// Whether a symbol has an open window. If so, it leaves when that ends.
    pub(super) fn defer(&mut self, index: SymbolIndex) -> bool {
        match self.symbols.get_mut(index.get()) {
            Some(Window::Closed) | None => false,
            Some(window) => {
                *window = Window::Waiting;
                true
            }
        }
    }

    /// A position has a new symbol, or none: what was of the old one is forgotten.
    pub(super) fn renew(&mut self, index: SymbolIndex) {
        self.ends.retain(|(_, open)| *open != index);
        if self.symbols.len() <= index.get() {
            self.symbols.resize(index.get() + 1, Window::Closed);
        }
        if let Some(window) = self.symbols.get_mut(index.get()) {
            *window = Window::Closed;
        }
    }

    /// A symbol left out of turn: what waited went with it.
    pub(super) fn left(&mut self, index: SymbolIndex) {
        if let Some(window @ Window::Waiting) = self.symbols.get_mut(index.get()) {
            *window = Window::Open;
        }
    }

    /// When the next window ends.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.ends.front().map(|(end, _)| *end)
    }

    /// Closes windows that have ended by `now`. Returns the next symbol whose change waited; its window starts anew.
    pub(super) fn due(&mut self, now: Instant) -> Option<SymbolIndex> {
        while let Some((_, index)) = self.ends.pop_front_if(|(end, _)| *end <= now) {
            let Some(window) = self.symbols.get_mut(index.get()) else { continue };
            if *window == Window::Waiting {
                *window = Window::Open;
                self.ends.push_back((now + self.window, index));
                return Some(index);
            }
            *window = Window::Closed;
        }
        None
    }
}
