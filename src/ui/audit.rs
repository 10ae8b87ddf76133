//! How a price is made, in figures and words that anyone can check. Pure.

use super::{format, sorted::sorted_by};
use crate::{
    model::{
        freshness::Freshness,
        ticker::{Reason, Ticker, VenueQuote},
        venue::Venue,
    },
    wire::page::SiteInfo,
};

/// What a mark says. Each has a shape of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    Live,
    Quiet,
    Stale,
    Down,
    /// There is data, but it takes no part in the price.
    LeftOut,
}

impl Mark {
    /// The class that draws the shape.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Quiet => "quiet",
            Self::Stale => "stale",
            Self::Down => "down",
            Self::LeftOut => "left-out",
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::LeftOut => "left out",
            other => other.class(),
        }
    }
}

impl From<Freshness> for Mark {
    fn from(freshness: Freshness) -> Self {
        match freshness {
            Freshness::Live => Self::Live,
            Freshness::Quiet => Self::Quiet,
            Freshness::Stale => Self::Stale,
            Freshness::Down => Self::Down,
        }
    }
}

impl From<&VenueQuote> for Mark {
    fn from(quote: &VenueQuote) -> Self {
        if quote.freshness.usable() && !quote.used { Self::LeftOut } else { quote.freshness.into() }
    }
}

/// The median of the venues that could be used: what outliers are measured against. `None` without any.
pub fn median(ticker: &Ticker) -> Option<f64> {
    let usable = |v: &&VenueQuote| v.freshness.usable() && matches!(v.reason, None | Some(Reason::Outlier));
    let prices = sorted_by(ticker.venues.iter().filter(usable).filter_map(|v| v.price), &f64::total_cmp);
    let middle = prices.len() / 2;
    if prices.len() % 2 == 1 {
        prices.get(middle).copied()
    } else {
        let (low, high) = (prices.get(middle.checked_sub(1)?)?, prices.get(middle)?);
        Some(f64::midpoint(*low, *high))
    }
}

/// How far `price` is from `median`, in percent with its sign.
pub fn distance_pct(price: Option<f64>, median: Option<f64>) -> Option<f64> {
    let (price, median) = (price?, median?);
    (median > 0.0).then(|| (price - median) / median * 100.0)
}

/// State of a venue in words, with the reason where it is not used.
pub fn state_words(quote: &VenueQuote, median: Option<f64>, site: &SiteInfo) -> String {
    match quote.reason {
        None => match quote.freshness {
            Freshness::Quiet => format!("quiet: no trade for {} s, connected", format::plain(site.quiet_after_s)),
            other => other.as_str().to_owned(),
        },
        Some(Reason::Outlier) => match distance_pct(quote.price, median) {
            Some(distance) => format!("left out: {:.2}% from the median", distance.abs()),
            None => "left out: too far from the median".to_owned(),
        },
        Some(Reason::Stale) => format!("stale: no data for {} s or more", format::plain(site.stale_after_s)),
        Some(Reason::Down) => "down: not connected".to_owned(),
        Some(Reason::NoData) => "no data for this asset yet".to_owned(),
        Some(Reason::BadData) => "left out: its last message could not be used".to_owned(),
    }
}

/// From the venue's clock to ours, in milliseconds. Negative where the venue's clock is ahead.
pub fn latency_ms(quote: &VenueQuote) -> Option<i64> {
    Some(quote.received_at?.since(quote.timestamp?))
}

/// One line of the arithmetic behind a price.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub venue: Venue,
    pub weight: f64,
    pub price: f64,
}

/// The terms whose products add up to the price: one for each venue used.
pub fn terms(ticker: &Ticker) -> Vec<Term> {
    let term = |v: &VenueQuote| Some(Term { venue: v.venue, weight: v.weight, price: v.price? });
    ticker.venues.iter().filter(|v| v.used).filter_map(term).collect()
}

/// The sum of the products. `None` without a venue.
pub fn sum(terms: &[Term]) -> Option<f64> {
    (!terms.is_empty()).then(|| terms.iter().map(|t| t.weight * t.price).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{symbol::Symbol, time::UnixMs};

    fn quote(key: &str, price: f64, weight: f64, reason: Option<Reason>) -> VenueQuote {
        let freshness = match reason {
            Some(Reason::Down) => Freshness::Down,
            Some(Reason::Stale) => Freshness::Stale,
            _ => Freshness::Live,
        };
        VenueQuote {
            venue: Venue::new(key).expect("key"),
            price: Some(price),
            weight,
            volume24h: Some(1.0),
            timestamp: Some(UnixMs(1_000)),
            received_at: Some(UnixMs(1_038)),
            freshness,
            used: reason.is_none(),
            reason,
        }
    }

    fn ticker(venues: Vec<VenueQuote>) -> Ticker {
        Ticker {
            symbol: Symbol::parse("BTC").expect("symbol"),
            quote: "USDT".to_owned(),
            price: 100.0,
            change24h: None,
            change_percent24h: None,
            high24h: None,
            low24h: None,
            volume24h: None,
            volume_quote24h: None,
            timestamp: UnixMs(1_000),
            received_at: UnixMs(1_038),
            sources: 2,
            freshness: Freshness::Live,
            agree: true,
            dispersion: None,
            venues,
        }
    }

    #[test]
    fn the_median_counts_outliers_but_not_the_dead() {
        let three = ticker(vec![
            quote("a", 100.0, 0.5, None),
            quote("b", 101.0, 0.5, None),
            quote("c", 110.0, 0.0, Some(Reason::Outlier)),
        ]);
        assert_eq!(median(&three), Some(101.0));
        let two = ticker(vec![
            quote("a", 100.0, 0.5, None),
            quote("b", 101.0, 0.5, None),
            quote("c", 1.0, 0.0, Some(Reason::Down)),
        ]);
        assert_eq!(median(&two), Some(100.5));
        assert_eq!(median(&ticker(Vec::new())), None);
    }

    #[test]
    fn every_reason_has_words_and_a_mark() {
        let far = quote("c", 102.2, 0.0, Some(Reason::Outlier));
        assert_eq!(state_words(&far, Some(100.0), &SiteInfo::empty()), "left out: 2.20% from the median");
        assert_eq!(Mark::from(&far), Mark::LeftOut);
        for (reason, words, mark) in [
            (None, "live", Mark::Live),
            (Some(Reason::Down), "down: not connected", Mark::Down),
            (Some(Reason::Stale), "stale: no data for 60 s or more", Mark::Stale),
            (Some(Reason::NoData), "no data for this asset yet", Mark::LeftOut),
            (Some(Reason::BadData), "left out: its last message could not be used", Mark::LeftOut),
        ] {
            let quote = quote("a", 100.0, 0.0, reason);
            assert_eq!(state_words(&quote, None, &SiteInfo::empty()), words);
            assert_eq!(Mark::from(&quote), mark);
        }
    }

    #[test]
    fn the_arithmetic_adds_up() {
        let ticker = ticker(vec![
            quote("a", 100.0, 0.75, None),
            quote("b", 104.0, 0.25, None),
            quote("c", 200.0, 0.0, Some(Reason::Outlier)),
        ]);
        let terms = terms(&ticker);
        assert_eq!(terms.len(), 2);
        assert_eq!(sum(&terms), Some(101.0));
        assert_eq!(sum(&[]), None);
        assert_eq!(latency_ms(&ticker.venues[0]), Some(38));
        assert_eq!(distance_pct(Some(101.0), None), None);
    }
}
