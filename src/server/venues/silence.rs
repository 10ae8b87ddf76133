//! The watch over each symbol of a connection: an acknowledgement is not data, and a socket that delivers others says
//! nothing of this one.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use crate::model::symbol::Symbol;

/// A subscription that has not delivered anything for this long is silent.
pub(super) const FIRST_DATA: Duration = Duration::from_secs(15);

/// One that has delivered before is silent after this long. Longer, because a quiet pair says nothing for a while:
/// OKX sends only on a trade or a change of the best bid or ask.
pub(super) const LATER_DATA: Duration = Duration::from_secs(30);

/// A silent symbol is subscribed again at most this often.
pub(super) const RETRY: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy)]
struct Watched {
    acknowledged: bool,
    /// The last data, or the subscription.
    since: Instant,
    delivered: bool,
    silent: bool,
    retried: Option<Instant>,
}

/// The symbols of one connection and when each was last heard of.
#[derive(Debug, Default)]
pub(super) struct SilenceWatch {
    symbols: HashMap<Symbol, Watched>,
}

/// What a look at the watch found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Silence {
    /// Symbols that fell silent since the last look, and whether the venue had acknowledged them.
    pub(super) fell: Vec<(Symbol, bool)>,
    /// Silent symbols that may be subscribed again now.
    pub(super) retry: Vec<Symbol>,
}

impl SilenceWatch {
    pub(super) fn subscribed(&mut self, symbols: &[Symbol], now: Instant) {
        for symbol in symbols {
            self.symbols.entry(*symbol).or_insert(Watched {
                acknowledged: false,
                since: now,
                delivered: false,
                silent: false,
                retried: None,
            });
        }
    }

    pub(super) fn acknowledged(&mut self, symbols: &[Symbol]) {
        for symbol in symbols {
            if let Some(watched) = self.symbols.get_mut(symbol) {
                watched.acknowledged = true;
            }
        }
    }

    /// The venue will not deliver these: nothing to wait for. Returns those that were waited for.
    pub(super) fn refused(&mut self, symbols: &[Symbol]) -> Vec<Symbol> {
        symbols.iter().copied().filter(|symbol| self.symbols.remove(symbol).is_some()).collect()
    }

    /// Whether every subscription was refused.
    pub(super) fn nothing_left(&self) -> bool {
        self.symbols.is_empty()
    }

    /// Data came. Returns whether the symbol was silent before.
    pub(super) fn heard(&mut self, symbol: Symbol, now: Instant) -> bool {
        let Some(watched) = self.symbols.get_mut(&symbol) else { return false };
        watched.since = now;
        watched.delivered = true;
        std::mem::take(&mut watched.silent)
    }

    /// The symbols that were neither acknowledged nor heard of, in the order of their names.
    pub(super) fn open(&self) -> Vec<Symbol> {
        self.sorted(|watched| !watched.acknowledged && !watched.delivered)
    }

    /// The silent symbols, in the order of their names.
    pub(super) fn silent(&self) -> Vec<Symbol> {
        self.sorted(|watched| watched.silent)
    }

    fn sorted(&self, keep: impl Fn(&Watched) -> bool) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = self.symbols.iter().filter(|(_, w)| keep(w)).map(|(s, _)| *s).collect();
        symbols.sort_unstable();
        symbols
    }

    /// Finds who fell silent, and who is to be asked again.
    pub(super) fn look(&mut self, now: Instant) -> Silence {
        let mut found = Silence::default();
        for (symbol, watched) in &mut self.symbols {
            let limit = if watched.delivered { LATER_DATA } else { FIRST_DATA };
            if now.saturating_duration_since(watched.since) < limit {
                continue;
            }
            if !watched.silent {
                watched.silent = true;
                found.fell.push((*symbol, watched.acknowledged));
            }
            if watched.retried.is_none_or(|at| now.saturating_duration_since(at) >= RETRY) {
                watched.retried = Some(now);
                found.retry.push(*symbol);
            }
        }
        found.fell.sort_unstable();
        found.retry.sort_unstable();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(names: &[&str]) -> Vec<Symbol> {
        names.iter().map(|name| Symbol::parse(name).unwrap()).collect()
    }

    #[test]
    fn an_acknowledged_symbol_that_never_delivers_is_named_once_and_retried_gently() {
        let all = symbols(&["BTC", "ETH"]);
        let start = Instant::now();
        let mut watch = SilenceWatch::default();
        watch.subscribed(&all, start);
        watch.acknowledged(&all);
        let (mut fell, mut retried) = (Vec::new(), 0);
        for second in 0..200 {
            let now = start + Duration::from_secs(second);
            watch.heard(all[0], now);
            let found = watch.look(now);
            fell.extend(found.fell.into_iter().map(|(symbol, acked)| (second, symbol, acked)));
            retried += found.retry.len();
        }
        assert_eq!(fell, [(15, all[1], true)]);
        assert_eq!(retried, 4, "at 15, 75, 135 and 195 s");
        assert_eq!(watch.silent(), [all[1]]);
        assert!(watch.heard(all[1], start + Duration::from_secs(200)), "it was silent");
        assert!(watch.silent().is_empty());
    }

    #[test]
    fn one_that_stops_is_found_later_than_one_that_never_began() {
        let all = symbols(&["BTC"]);
        let start = Instant::now();
        let mut watch = SilenceWatch::default();
        watch.subscribed(&all, start);
        assert_eq!(watch.open(), all);
        watch.heard(all[0], start);
        assert!(watch.open().is_empty(), "data comes before its acknowledgement at times");
        assert_eq!(watch.look(start + Duration::from_secs(29)), Silence::default());
        assert_eq!(watch.look(start + Duration::from_secs(30)).fell, [(all[0], false)]);
    }

    #[test]
    fn a_refused_symbol_is_not_waited_for() {
        let all = symbols(&["BTC"]);
        let start = Instant::now();
        let mut watch = SilenceWatch::default();
        watch.subscribed(&all, start);
        assert_eq!(watch.refused(&all), all);
        assert!(watch.refused(&all).is_empty());
        assert!(watch.nothing_left());
        assert_eq!(watch.look(start + Duration::from_secs(99)), Silence::default());
    }
}
