//! Several venues in, one price out. A pure function of what is known of each venue and of the time.
//!
//! - A venue is *usable* while it is connected, its last frame was sound and its quote is not stale.
//! - With three or more usable venues, one that is further from their median than the outlier limit is left out
//!   until it is back within the return limit. Below three there is no majority, so every mark is lifted; two that
//!   differ by more than the outlier limit of the lower one both stay, and do not agree.
//! - Weight = 24 h base volume × age penalty ([`AgeLimits::penalty`]), as a share of the sum and rounded to 6
//!   decimals. Where no venue used reports a volume, the penalties alone are the weights.
//! - Price = Σ weight × price with those very weights, so that anyone can check it from what is published.
//! - Open = the same mean over the venues used that know their open. High = max, low = min, volumes = sums.

use smallvec::SmallVec;
use tokio::time::Instant;

use super::{freshness::AgeLimits, rounding};
use crate::{
    model::{
        freshness::Freshness,
        number::{Fraction, Price},
        ticker::Reason,
        time::UnixMs,
    },
    server::{
        clock::Stamp,
        venues::event::{Origin, Quote},
    },
};

/// One value per venue, in the registry's order. No allocation for up to four venues.
pub type PerVenue<T> = SmallVec<[T; 4]>;

/// How many usable venues make a majority possible.
const QUORUM: usize = 3;

/// The limits that decide which venues are used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    pub ages: AgeLimits,
    /// A venue further than this from the median of three or more is left out.
    pub outlier: Fraction,
    /// …until it is back within this.
    pub outlier_return: Fraction,
}

/// A quote with its arrival.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Received {
    pub quote: Quote,
    pub at: Stamp,
    pub origin: Origin,
}

/// What is known of one symbol at one venue.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VenueView {
    pub received: Option<Received>,
    pub connected: bool,
    /// The last frame could not be used.
    pub bad: bool,
    /// The venue was left out as an outlier when last looked at.
    pub outlier: bool,
}

/// One venue's part in an [`Aggregate`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    pub freshness: Freshness,
    pub used: bool,
    /// Why not, while it is not used.
    pub reason: Option<Reason>,
    /// Share of the price, 0–1, to 6 decimals.
    pub weight: f64,
    /// To be remembered in the [`VenueView`] for the next time.
    pub outlier: bool,
}

/// The figures of the venues used. Prices in the quote currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    pub price: f64,
    pub open: Option<f64>,
    pub high: Option<f64>,
    pub low: Option<f64>,
    /// In the base asset.
    pub volume: Option<f64>,
    /// In the quote currency; `None` unless every venue used reports it.
    pub volume_quote: Option<f64>,
    /// Newest venue time used.
    pub timestamp: UnixMs,
    /// When that reached us.
    pub received_at: UnixMs,
    /// Whether any quote used came over a stream.
    pub streamed: bool,
}

/// The state of one symbol over all venues.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// `None` while no venue is used.
    pub figures: Option<Figures>,
    pub sources: u8,
    pub freshness: Freshness,
    /// `false` while venues contradict each other and there is no majority.
    pub agree: bool,
    /// (highest − lowest) / price; `None` below two venues used.
    pub dispersion: Option<f64>,
    pub parts: PerVenue<Part>,
}

/// Makes one price of `venues`.
pub fn aggregate(venues: &[VenueView], rules: &Rules, now: Instant) -> Aggregate {
    let mut parts: PerVenue<Part> = venues.iter().map(|venue| standing(venue, &rules.ages, now)).collect();
    let agree = judge(venues, &mut parts, rules);
    weigh(venues, &mut parts, &rules.ages, now);
    let figures = figures(venues, &parts);
    let used = parts.iter().filter(|part| part.used);
    let freshness = used.clone().map(|part| part.freshness).max().unwrap_or_else(|| unused(&parts));
    let sources = u8::try_from(used.count()).unwrap_or(u8::MAX);
    let dispersion = figures.and_then(|f| dispersion(venues, &parts, f.price));
    Aggregate { figures, sources, freshness, agree, dispersion, parts }
}

/// Whether a venue can be used, before the venues are compared.
fn standing(venue: &VenueView, ages: &AgeLimits, now: Instant) -> Part {
    let age = venue.received.map(|r| now.saturating_duration_since(r.at.mono));
    let freshness = ages.freshness(venue.connected, age);
    let reason = match (freshness, venue.received) {
        (Freshness::Down, _) => Some(Reason::Down),
        _ if venue.bad => Some(Reason::BadData),
        (_, None) => Some(Reason::NoData),
        (Freshness::Stale, _) => Some(Reason::Stale),
        _ => None,
    };
    Part { freshness, used: reason.is_none(), reason, weight: 0.0, outlier: venue.outlier }
}

/// Freshness of a symbol that no venue is used for.
fn unused(parts: &[Part]) -> Freshness {
    let all_down = parts.iter().all(|part| part.freshness == Freshness::Down);
    if all_down { Freshness::Down } else { Freshness::Stale }
}

/// Leaves outliers out. Returns whether the venues agree.
fn judge(venues: &[VenueView], parts: &mut [Part], rules: &Rules) -> bool {
    let mut prices: PerVenue<f64> = used(venues, parts).map(|(_, r)| r.quote.last.get()).collect();
    prices.sort_unstable_by(f64::total_cmp);
    if prices.len() < QUORUM {
        for part in parts {
            part.outlier = false;
        }
        return match prices.as_slice() {
            [low, high] => high - low <= rules.outlier.get() * low,
            _ => true,
        };
    }
    let median = median(&prices);
    let mut left = 0_usize;
    for (venue, part) in venues.iter().zip(parts.iter_mut()).filter(|(_, part)| part.used) {
        let limit = if part.outlier { rules.outlier_return } else { rules.outlier };
        let price = venue.received.map_or(median, |r| r.quote.last.get());
        part.outlier = (price - median).abs() > limit.get() * median;
        left += usize::from(!part.outlier);
    }
    // An even number of venues in two camps: the median lies between them and nobody is right.
    let majority = left > 0;
    for part in parts.iter_mut().filter(|part| part.used && part.outlier) {
        part.outlier = majority;
        if majority {
            part.used = false;
            part.reason = Some(Reason::Outlier);
        }
    }
    majority
}

/// Median of an ascending list; NaN if it is empty.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    let at = |i: usize| sorted.get(i).copied().unwrap_or(f64::NAN);
    if sorted.len() % 2 == 1 { at(middle) } else { at(middle.wrapping_sub(1)) / 2.0 + at(middle) / 2.0 }
}

/// Gives each venue used its share. The shares add up to 1 after rounding too: the greatest takes what is left.
fn weigh(venues: &[VenueView], parts: &mut [Part], ages: &AgeLimits, now: Instant) {
    let greatest = used(venues, parts).map(|(_, r)| r.quote.volume.get()).fold(0.0, f64::max);
    let mut sum = 0.0;
    for (venue, part) in venues.iter().zip(parts.iter_mut()).filter(|(_, part)| part.used) {
        let Some(received) = venue.received else { continue };
        // Relative to the greatest, so that no sum can overflow.
        let volume = if greatest > 0.0 { received.quote.volume.get() / greatest } else { 1.0 };
        part.weight = volume * ages.penalty(now.saturating_duration_since(received.at.mono));
        sum += part.weight;
    }
    let mut rounded = 0.0;
    let mut heaviest: Option<&mut Part> = None;
    for part in parts.iter_mut().filter(|part| part.used) {
        part.weight = rounding::share(part.weight / sum);
        rounded += part.weight;
        if heaviest.as_ref().is_none_or(|h| part.weight > h.weight) {
            heaviest = Some(part);
        }
    }
    if let Some(part) = heaviest {
        part.weight = rounding::share(part.weight + (1.0 - rounded));
    }
}

fn figures(venues: &[VenueView], parts: &[Part]) -> Option<Figures> {
    let mut newest: Option<&Received> = None;
    let (mut price, mut open, mut open_weight) = (0.0, 0.0, 0.0);
    let (mut lowest, mut highest) = (f64::INFINITY, 0.0_f64);
    let (mut low, mut high) = (None::<f64>, None::<f64>);
    let (mut volume, mut volume_quote, mut streamed) = (0.0, Some(0.0), false);
    for (part, received) in used(venues, parts) {
        let quote = &received.quote;
        let last = quote.last.get();
        price += part.weight * last;
        (lowest, highest) = (lowest.min(last), highest.max(last));
        if let Some(at) = quote.open {
            open += part.weight * at.get();
            open_weight += part.weight;
        }
        high = high.into_iter().chain(quote.high.map(Price::get)).reduce(f64::max);
        low = low.into_iter().chain(quote.low.map(Price::get)).reduce(f64::min);
        volume += quote.volume.get();
        volume_quote = volume_quote.zip(quote.volume_quote).map(|(sum, v)| sum + v.get());
        streamed |= received.origin == Origin::Stream;
        if newest.is_none_or(|n| (n.quote.time, n.at.wall) < (quote.time, received.at.wall)) {
            newest = Some(received);
        }
    }
    let newest = newest?;
    let finite = |value: f64| value.is_finite().then_some(value);
    Some(Figures {
        // Rounding of the sum must not push the mean past the prices that it was made from.
        price: price.clamp(lowest, highest),
        open: finite(open / open_weight).filter(|open| *open > 0.0),
        high,
        low,
        volume: finite(volume),
        volume_quote: volume_quote.and_then(finite),
        timestamp: newest.quote.time,
        received_at: newest.at.wall,
        streamed,
    })
}

fn dispersion(venues: &[VenueView], parts: &[Part], price: f64) -> Option<f64> {
    let prices: PerVenue<f64> = used(venues, parts).map(|(_, r)| r.quote.last.get()).collect();
    if prices.len() < 2 {
        return None;
    }
    let highest = prices.iter().copied().fold(0.0, f64::max);
    let lowest = prices.iter().copied().fold(f64::INFINITY, f64::min);
    Some((highest - lowest) / price).filter(|d| d.is_finite())
}

/// The venues used, with their quotes.
fn used<'a>(venues: &'a [VenueView], parts: &'a [Part]) -> impl Iterator<Item = (&'a Part, &'a Received)> + Clone {
    parts.iter().zip(venues).filter(|(part, _)| part.used).filter_map(|(part, v)| Some((part, v.received.as_ref()?)))
}

#[cfg(test)]
mod tests;
