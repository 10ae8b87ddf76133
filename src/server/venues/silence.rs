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

/// A silent symbol is subscribed again at most this often, and all of them together at most this often, in one go.
pub(super) const RETRY: Duration = Duration::from_mins(1);

/// How often the wait before a symbol is subscribed again doubles. Most silent symbols are only quiet, and requests are
/// scarce.
const DOUBLINGS: u32 = 4;

#[derive(Debug, Clone, Copy)]
struct Watched {
    acknowledged: bool,
    /// The last data, or the subscription.
    since: Instant,
    delivered: bool,
    silent: bool,
    /// How often it was subscribed again since it was heard last, and when that was.
    retries: u32,
    retried: Option<Instant>,
}

/// The symbols of one connection and when each was last heard of.
#[derive(Debug, Default)]
pub(super) struct SilenceWatch {
    symbols: HashMap<Symbol, Watched>,
    /// When symbols were subscribed again last.
    retried: Option<Instant>,
}

impl SilenceWatch {
    pub(super) fn subscribed(&mut self, symbols: &[Symbol], now: Instant) {
        for symbol in symbols {
            self.symbols.entry(*symbol).or_insert(Watched {
                acknowledged: false,
                since: now,
                delivered: false,
                silent: false,
                retries: 0,
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

    /// These are no longer subscribed.
    pub(super) fn left(&mut self, symbols: &[Symbol]) {
        for symbol in symbols {
            self.symbols.remove(symbol);
        }
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
        watched.retries = 0;
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

    /// Finds symbols that fell silent since the last look, and whether the venue had acknowledged them.
    pub(super) fn look(&mut self, now: Instant) -> Vec<(Symbol, bool)> {
        let mut fell = Vec::new();
        for (symbol, watched) in self.symbols.iter_mut().filter(|(_, watched)| !watched.silent) {
            let limit = if watched.delivered { LATER_DATA } else { FIRST_DATA };
            if now.saturating_duration_since(watched.since) >= limit {
                watched.silent = true;
                fell.push((*symbol, watched.acknowledged));
            }
        }
        fell.sort_unstable();
        fell
    }

    /// Silent symbols that are to be subscribed again now, ever more rarely; they count as such.
    pub(super) fn retry(&mut self, now: Instant) -> Vec<Symbol> {
        if self.retried.is_some_and(|at| now.saturating_duration_since(at) < RETRY) {
            return Vec::new();
        }
        let due = |watched: &Watched| {
            let wait = RETRY * 2_u32.saturating_pow(watched.retries.saturating_sub(1).min(DOUBLINGS));
            watched.silent && watched.retried.is_none_or(|at| now.saturating_duration_since(at) >= wait)
        };
        let retry = self.sorted(due);
        if !retry.is_empty() {
            self.retried = Some(now);
        }
        for symbol in &retry {
            if let Some(watched) = self.symbols.get_mut(symbol) {
                watched.retries += 1;
                watched.retried = Some(now);
            }
        }
        retry
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
        let (mut fell, mut retried) = (Vec::new(), Vec::new());
        for second in 0..200 {
            let now = start + Duration::from_secs(second);
            watch.heard(all[0], now);
            fell.extend(watch.look(now).into_iter().map(|(symbol, acked)| (second, symbol, acked)));
            retried.extend(watch.retry(now).into_iter().map(|symbol| (second, symbol)));
        }
        assert_eq!(fell, [(15, all[1], true)]);
        assert_eq!(retried, [(15, all[1]), (75, all[1]), (195, all[1])]);
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
        assert_eq!(watch.look(start + Duration::from_secs(29)), []);
        assert_eq!(watch.look(start + Duration::from_secs(30)), [(all[0], false)]);
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
        assert_eq!(watch.look(start + Duration::from_secs(99)), []);
    }

    #[test]
    fn however_many_are_silent_they_are_asked_for_together_and_ever_more_rarely() {
        let all: Vec<Symbol> = (0..100).map(|n| Symbol::parse(&format!("N{n}")).unwrap()).collect();
        let start = Instant::now();
        let mut watch = SilenceWatch::default();
        let mut batches = Vec::new();
        for second in 0..3600 {
            let now = start + Duration::from_secs(second);
            if let Some(symbol) = usize::try_from(second).ok().and_then(|n| all.get(n)) {
                watch.subscribed(&[*symbol], now);
            }
            watch.look(now);
            let retry = watch.retry(now);
            if !retry.is_empty() {
                batches.push((second, retry.len()));
            }
        }
        assert!(batches.windows(2).all(|pair| pair[1].0 - pair[0].0 >= RETRY.as_secs()), "{batches:?}");
        let asked: usize = batches.iter().map(|(_, count)| count).sum();
        assert_eq!((batches.len(), asked), (18, 700), "each at 0, 1, 3, 7, 15, 31 and 47 minutes: {batches:?}");
    }

    #[test]
    fn one_that_was_left_is_neither_missed_nor_asked_for() {
        let all = symbols(&["BTC", "ETH"]);
        let start = Instant::now();
        let mut watch = SilenceWatch::default();
        watch.subscribed(&all, start);
        watch.left(&all[1..]);
        let later = start + FIRST_DATA;
        assert_eq!(watch.look(later), [(all[0], false)]);
        assert_eq!((watch.retry(later), watch.silent()), (all[..1].to_vec(), all[..1].to_vec()));
    }
}
