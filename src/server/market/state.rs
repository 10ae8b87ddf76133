//! What the market knows, and which events may change it.

use std::collections::HashMap;

use tokio::time::Instant;

use super::{
    aggregate::{Aggregate, Figures, Received, Rules, VenueView, aggregate},
    ticker,
};
use crate::{
    model::{symbol::Symbol, ticker::Ticker, venue::Venue},
    server::{
        clock::Stamp,
        venues::event::{MarketEvent, Origin, Quote, VenueIndex},
    },
};

/// How far a venue's clock may be ahead of ours, in milliseconds. A time beyond that is bad data: believed, one
/// forged frame would make every later one look old.
pub const MAX_AHEAD_MS: i64 = 600_000;

/// Position of a symbol: in the configured order, then wherever there is room. That of a symbol that was forgotten is given
/// to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SymbolIndex(usize);

impl SymbolIndex {
    pub const fn get(self) -> usize {
        self.0
    }
}

/// What an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Nothing,
    /// One symbol.
    Symbol(SymbolIndex),
    /// A venue came up: every symbol.
    LinkUp,
    /// A venue was lost: every symbol, and at once.
    LinkLost,
}

/// The last word of every venue on every symbol that is followed. Other symbols and venues are ignored.
#[derive(Debug)]
pub struct MarketState {
    rules: Rules,
    venues: Vec<Venue>,
    index: HashMap<Symbol, SymbolIndex>,
    /// `None` is room for another.
    symbols: Vec<Option<SymbolState>>,
    /// Which venues are connected.
    links: Vec<bool>,
}

#[derive(Debug)]
struct SymbolState {
    symbol: Symbol,
    /// One per venue.
    views: Vec<VenueView>,
    /// The figures that stay when no venue is left.
    last: Option<Figures>,
}

impl MarketState {
    pub fn new(symbols: &[Symbol], venues: &[Venue], rules: Rules) -> Self {
        let mut state = Self {
            rules,
            venues: venues.to_vec(),
            index: HashMap::new(),
            symbols: Vec::with_capacity(symbols.len()),
            links: vec![false; venues.len()],
        };
        for symbol in symbols {
            state.follow(*symbol);
        }
        state
    }

    /// Takes a symbol in, of which nothing is known yet. One that is followed stays as it is.
    pub fn follow(&mut self, symbol: Symbol) -> SymbolIndex {
        if let Some(known) = self.index.get(&symbol) {
            return *known;
        }
        let views = self.links.iter().map(|up| VenueView { connected: *up, ..VenueView::default() }).collect();
        let state = Some(SymbolState { symbol, views, last: None });
        let room = self.symbols.iter().position(Option::is_none).unwrap_or(self.symbols.len());
        match self.symbols.get_mut(room) {
            Some(place) => *place = state,
            None => self.symbols.push(state),
        }
        self.index.insert(symbol, SymbolIndex(room));
        SymbolIndex(room)
    }

    /// Forgets a symbol with all that is known of it. Returns its position, which is free from now on.
    pub fn forget(&mut self, symbol: Symbol) -> Option<SymbolIndex> {
        let index = self.index.remove(&symbol)?;
        *self.symbols.get_mut(index.0)? = None;
        Some(index)
    }

    fn at(&self, index: SymbolIndex) -> Option<&SymbolState> {
        self.symbols.get(index.0)?.as_ref()
    }

    fn at_mut(&mut self, index: SymbolIndex) -> Option<&mut SymbolState> {
        self.symbols.get_mut(index.0)?.as_mut()
    }

    /// Every position, those included that are free: nothing is found there.
    pub fn indices(&self) -> impl Iterator<Item = SymbolIndex> + use<> {
        (0..self.symbols.len()).map(SymbolIndex)
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &MarketEvent) -> Change {
        match *event {
            MarketEvent::Quote { venue, ref quote, origin, at } => self.quote(venue, quote, origin, at),
            MarketEvent::BadQuote { venue, symbol, .. } => self.bad_quote(venue, symbol),
            MarketEvent::Link { venue, up, .. } => self.link(venue, up),
        }
    }

    fn view(&mut self, venue: VenueIndex, symbol: Symbol) -> Option<(SymbolIndex, &mut VenueView)> {
        let index = *self.index.get(&symbol)?;
        let view = self.at_mut(index)?.views.get_mut(usize::from(venue.0))?;
        Some((index, view))
    }

    fn quote(&mut self, venue: VenueIndex, quote: &Quote, origin: Origin, at: Stamp) -> Change {
        let quiet_after = self.rules.ages.quiet_after;
        let Some((index, view)) = self.view(venue, quote.symbol) else { return Change::Nothing };
        if quote.time.since(at.wall) > MAX_AHEAD_MS {
            return mark_bad(index, view);
        }
        if let Some(known) = &view.received {
            // A time that is still to come, although nothing newer was heard for long, was never true. Without this a
            // clock that once ran ahead by less than the limit would silence the venue until we catch up with it.
            let silent = at.mono.saturating_duration_since(known.at.mono) >= quiet_after;
            let refuted = origin == Origin::Stream && silent && known.quote.time > at.wall;
            if !refuted && !supersedes(quote, origin, known) {
                return Change::Nothing;
            }
        }
        view.received = Some(Received { quote: *quote, at, origin });
        view.bad = false;
        Change::Symbol(index)
    }

    fn bad_quote(&mut self, venue: VenueIndex, symbol: Symbol) -> Change {
        match self.view(venue, symbol) {
            Some((index, view)) => mark_bad(index, view),
            None => Change::Nothing,
        }
    }

    fn link(&mut self, venue: VenueIndex, up: bool) -> Change {
        let venue = usize::from(venue.0);
        let Some(link) = self.links.get_mut(venue).filter(|link| **link != up) else { return Change::Nothing };
        *link = up;
        for view in self.symbols.iter_mut().flatten().filter_map(|s| s.views.get_mut(venue)) {
            view.connected = up;
        }
        if up { Change::LinkUp } else { Change::LinkLost }
    }

    /// The state of one symbol at `now`. Remembers who is an outlier and the last figures.
    pub fn aggregate(&mut self, index: SymbolIndex, now: Instant) -> Option<Aggregate> {
        let state = self.symbols.get_mut(index.0)?.as_mut()?;
        let result = aggregate(&state.views, &self.rules, now);
        for (view, part) in state.views.iter_mut().zip(&result.parts) {
            view.outlier = part.outlier;
        }
        if result.figures.is_some() {
            state.last = result.figures;
        }
        Some(result)
    }

    /// The ticker of one symbol at `now`; `None` before the first price.
    pub fn ticker(&mut self, index: SymbolIndex, now: Instant) -> Option<Ticker> {
        let aggregate = self.aggregate(index, now)?;
        let state = self.at(index)?;
        let figures = state.last.as_ref()?;
        Some(ticker::build(state.symbol, &self.venues, &state.views, &aggregate, figures))
    }

    /// Whether the price of a symbol is or was made from streams, not only from REST answers.
    pub fn streamed(&self, index: SymbolIndex) -> bool {
        self.at(index).and_then(|s| s.last.as_ref()).is_some_and(|figures| figures.streamed)
    }
}

fn mark_bad(index: SymbolIndex, view: &mut VenueView) -> Change {
    if view.bad {
        return Change::Nothing;
    }
    view.bad = true;
    Change::Symbol(index)
}

/// Whether a quote may replace a known one: an older time never does, and an equal one only if the stream says so or
/// nothing but REST answers were known.
fn supersedes(quote: &Quote, origin: Origin, known: &Received) -> bool {
    match origin {
        Origin::Rest if known.origin == Origin::Stream => quote.time > known.quote.time,
        Origin::Rest | Origin::Stream => quote.time >= known.quote.time,
    }
}

#[cfg(test)]
mod tests;
