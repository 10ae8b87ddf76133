//! The ticker that is published, made of an aggregate: digits are cut here and nowhere else.

use super::{
    aggregate::{Aggregate, Figures, Part, VenueView},
    rounding,
};
use crate::model::{
    number::{Percent, Price},
    symbol::{QUOTE, Symbol},
    ticker::{Ticker, VenueQuote},
    venue::Venue,
};

/// The ticker of `symbol`. `figures` are those of the aggregate, or the last known ones where it has none.
pub(super) fn build(
    symbol: Symbol,
    names: &[Venue],
    views: &[VenueView],
    aggregate: &Aggregate,
    figures: &Figures,
) -> Ticker {
    let venues: Vec<VenueQuote> =
        names.iter().zip(views).zip(&aggregate.parts).map(|((name, view), part)| quote(*name, view, part)).collect();
    let price = between_used(rounding::price(figures.price), &venues);
    let change = figures.open.and_then(Price::new).zip(Price::new(price)).and_then(|(open, price)| {
        Some((rounding::price(price.get() - open.get()), rounding::percent(Percent::change(open, price)?.get())))
    });
    Ticker {
        symbol,
        quote: QUOTE.to_owned(),
        price,
        change24h: change.map(|(change, _)| change),
        change_percent24h: change.map(|(_, percent)| percent),
        high24h: figures.high.map(rounding::price),
        low24h: figures.low.map(rounding::price),
        volume24h: figures.volume.map(rounding::volume),
        volume_quote24h: figures.volume_quote.map(rounding::volume),
        timestamp: figures.timestamp,
        received_at: figures.received_at,
        sources: aggregate.sources,
        freshness: aggregate.freshness,
        agree: aggregate.agree,
        dispersion: aggregate.dispersion.map(rounding::share),
        venues,
    }
}

fn quote(venue: Venue, view: &VenueView, part: &Part) -> VenueQuote {
    let received = view.received.as_ref();
    VenueQuote {
        venue,
        price: received.map(|r| rounding::price(r.quote.last.get())),
        weight: part.weight,
        volume24h: received.map(|r| rounding::volume(r.quote.volume.get())),
        timestamp: received.map(|r| r.quote.time),
        received_at: received.map(|r| r.at.wall),
        freshness: part.freshness,
        used: part.used,
        reason: part.reason,
    }
}

/// Keeps a rounded price between the rounded prices of the venues used.
fn between_used(price: f64, venues: &[VenueQuote]) -> f64 {
    let used = || venues.iter().filter(|v| v.used).filter_map(|v| v.price);
    match (used().reduce(f64::min), used().reduce(f64::max)) {
        (Some(lowest), Some(highest)) => price.clamp(lowest, highest),
        _ => price,
    }
}
