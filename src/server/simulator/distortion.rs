//! What is laid over the path of a price: pins and outliers, remembered so that the history stays consistent.

use std::{collections::VecDeque, sync::Arc};

use crate::model::symbol::Symbol;

use super::shocks::Shocks;

/// How many distortions that have ended an exchange remembers. Older ones vanish from its history.
const REMEMBERED: usize = 256;

/// What happens to a price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// It stands at this value, in USDT.
    Pin(f64),
    /// It is multiplied.
    Scale(f64),
}

/// An effect in time.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    /// `None` is every symbol.
    symbol: Option<Symbol>,
    effect: Effect,
    /// First ms that it holds for.
    from: i64,
    /// First ms that it does not hold for; `None` until further notice.
    to: Option<i64>,
}

impl Stretch {
    fn holds(&self, symbol: Symbol, time: i64) -> bool {
        self.symbol.is_none_or(|own| own == symbol) && self.from <= time && self.to.is_none_or(|to| time < to)
    }
}

/// What is laid over a price at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distortion {
    pub pin: Option<f64>,
    pub scale: f64,
}

impl Distortion {
    /// The price that is seen instead of `price`.
    pub fn apply(&self, price: f64) -> f64 {
        self.pin.unwrap_or(price) * self.scale
    }
}

/// All distortions of one exchange.
#[derive(Debug, Clone, Default)]
pub struct Distortions {
    stretches: VecDeque<Stretch>,
    /// What the news do to prices that are not pinned.
    shocks: Option<Arc<Shocks>>,
}

impl Distortions {
    /// None but those of the news.
    pub fn of_news(shocks: Arc<Shocks>) -> Self {
        Self { stretches: VecDeque::new(), shocks: Some(shocks) }
    }

    /// Starts an effect at `from` (ms), which may end by itself at `to`. A new pin ends the symbol's earlier one.
    pub fn start(&mut self, symbol: Option<Symbol>, effect: Effect, from: i64, to: Option<i64>) {
        if matches!(effect, Effect::Pin(_)) {
            self.end(from, |own, effect| own == symbol && matches!(effect, Effect::Pin(_)));
        }
        self.stretches.push_back(Stretch { symbol, effect, from, to });
        if self.stretches.len() > REMEMBERED {
            self.stretches.pop_front();
        }
    }

    /// Ends at `time` (ms) every effect that `which` names and that has not ended.
    pub fn end(&mut self, time: i64, which: impl Fn(Option<Symbol>, Effect) -> bool) {
        for stretch in &mut self.stretches {
            if stretch.to.is_none_or(|to| to > time) && which(stretch.symbol, stretch.effect) {
                stretch.to = Some(time);
            }
        }
        self.stretches.retain(|stretch| stretch.to.is_none_or(|to| to > stretch.from));
    }

    /// What is laid over the symbol's price at `time` (ms).
    pub fn at(&self, symbol: Symbol, time: i64) -> Distortion {
        let mut sum = Distortion { pin: None, scale: 1.0 };
        for stretch in self.stretches.iter().filter(|stretch| stretch.holds(symbol, time)) {
            match stretch.effect {
                Effect::Pin(price) => sum.pin = Some(price),
                Effect::Scale(factor) => sum.scale *= factor,
            }
        }
        // A pinned price stands still, whatever the news.
        if let (None, Some(shocks)) = (sum.pin, &self.shocks) {
            sum.scale *= shocks.factor(symbol, time);
        }
        sum
    }

    /// `from..to` cut into pieces within which the distortion of the symbol does not change.
    pub fn pieces(&self, symbol: Symbol, from: i64, to: i64) -> Vec<(i64, i64)> {
        let mut cuts: Vec<i64> = self
            .stretches
            .iter()
            .filter(|stretch| stretch.symbol.is_none_or(|own| own == symbol))
            .flat_map(|stretch| [Some(stretch.from), stretch.to])
            .flatten()
            .filter(|&cut| from < cut && cut < to)
            .collect();
        cuts.extend(self.shocks.iter().flat_map(|shocks| shocks.cuts(symbol, from, to)));
        cuts.extend([from, to]);
        cuts.sort_unstable();
        cuts.dedup();
        cuts.iter().copied().zip(cuts.iter().copied().skip(1)).collect()
    }

    /// Whether nothing but news is laid over the symbol's price within `from..to` (ms): then it never changes again.
    pub fn is_settled(&self, symbol: Symbol, from: i64, to: i64) -> bool {
        self.shocks.is_some()
            && self.stretches.iter().all(|stretch| {
                let concerns = stretch.symbol.is_none_or(|own| own == symbol);
                !concerns || stretch.from >= to || stretch.to.is_some_and(|end| end <= from)
            })
    }

    /// The pins that hold at `time` (ms).
    pub fn pins(&self, time: i64) -> Vec<(Symbol, f64)> {
        self.stretches
            .iter()
            .filter_map(|stretch| match (stretch.symbol, stretch.effect) {
                (Some(symbol), Effect::Pin(price)) if stretch.holds(symbol, time) => Some((symbol, price)),
                _ => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(text: &str) -> Symbol {
        Symbol::parse(text).expect("a symbol")
    }

    #[test]
    fn a_pin_holds_until_the_next_or_until_it_is_ended() {
        let (btc, eth) = (symbol("BTC"), symbol("ETH"));
        let mut all = Distortions::default();
        all.start(Some(btc), Effect::Pin(100.0), 1000, None);
        all.start(Some(btc), Effect::Pin(200.0), 2000, None);
        let cents = |all: &Distortions, s, t| (all.at(s, t).apply(1.0) * 100.0).round().to_string();
        assert_eq!(
            [999, 1000, 1999, 2000, 99_999].map(|t| cents(&all, btc, t)),
            ["100", "10000", "10000", "20000", "20000"]
        );
        assert_eq!(cents(&all, eth, 1500), "100");
        assert_eq!(all.pins(2500), [(btc, 200.0)]);
        all.end(3000, |_, _| true);
        assert_eq!([2999, 3000].map(|t| cents(&all, btc, t)), ["20000", "100"]);
        assert_eq!(all.pieces(btc, 0, 5000), [(0, 1000), (1000, 2000), (2000, 3000), (3000, 5000)]);
        assert_eq!(all.pieces(eth, 0, 5000), [(0, 5000)]);
    }

    #[test]
    fn a_scale_ends_by_itself_and_lies_over_a_pin() {
        let btc = symbol("BTC");
        let mut all = Distortions::default();
        all.start(Some(btc), Effect::Pin(100.0), 0, None);
        all.start(None, Effect::Scale(1.5), 1000, Some(2000));
        assert_eq!([999, 1000, 2000].map(|t| all.at(btc, t).apply(7.0).to_string()), ["100", "150", "100"]);
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut all = Distortions::default();
        for i in 0..1000 {
            all.start(Some(symbol("BTC")), Effect::Pin(1.0), i * 1000, None);
        }
        assert_eq!(all.stretches.len(), REMEMBERED);
    }
}
