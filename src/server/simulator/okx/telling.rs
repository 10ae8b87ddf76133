//! What the channels tell as the market moves on.

use serde_json::{Value, json};

use crate::server::simulator::{Simulator, exchange::Exchange, path::SECOND_MS, series::Series, socket::Outbox};

use super::{channel::Channel, figures};

/// Levels of `books`.
pub const BOOK_DEPTH: usize = 400;

/// A channel that is subscribed to.
pub struct Subscription {
    /// As it was sent.
    pub arg: Value,
    pub channel: Channel,
    /// `BTC-USDT`
    pub instrument: String,
    /// When something was said of it last, market time in ms; `None` before the first time.
    pub sent: Option<i64>,
}

/// Tells what is new of a channel since `from`, up to `to`. The first telling shows the present state, but for trades.
/// Says whether something was told that no fault holds back.
pub fn tell(simulator: &Simulator, subscription: &mut Subscription, (from, to): (i64, i64), out: &mut Outbox) -> bool {
    let Some(series) = simulator.market().by_dashed(Exchange::Okx, &subscription.instrument) else { return false };
    let frames = match subscription.channel {
        Channel::Tickers | Channel::Trades | Channel::AllTrades | Channel::Best | Channel::Books5 => {
            events(simulator, series, subscription, (from, to))
        }
        Channel::Books => book_step(simulator, series, subscription, to),
        Channel::Candles(span) => {
            let over = simulator.market().distortions(Exchange::Okx);
            let mut rows = Vec::new();
            let start = span.start_of(from);
            if span.next(start) <= to {
                rows.extend(series.window(&over, start, span.next(start)).map(|candle| (candle, true)));
            }
            let second = from.div_euclid(SECOND_MS) != to.div_euclid(SECOND_MS);
            if second || subscription.sent.is_none() {
                rows.extend(series.open_candle(&over, span, to).map(|candle| (candle, false)));
            }
            let frame = |(candle, closed)| json!({ "data": [figures::candle(&series.listing, &candle, closed)] });
            rows.into_iter().map(frame).collect()
        }
    };
    if frames.is_empty() {
        return false;
    }
    subscription.sent = Some(to);
    let symbol = Some(series.listing.symbol());
    for mut frame in frames {
        if let Some(frame) = frame.as_object_mut() {
            frame.insert("arg".to_owned(), subscription.arg.clone());
        }
        out.data(symbol, frame.to_string());
    }
    !simulator.faults().stalls(Exchange::Okx, symbol)
}

/// Channels that speak when there was a trade or the best prices changed.
fn events(simulator: &Simulator, series: &Series, subscription: &Subscription, (from, to): (i64, i64)) -> Vec<Value> {
    let market = simulator.market();
    let over = market.distortions(Exchange::Okx);
    let listing = &series.listing;
    let is_first = subscription.sent.is_none();
    let changed = |depth| is_first || series.book(&over, from, depth) != series.book(&over, to, depth);
    match subscription.channel {
        Channel::Tickers => {
            let traded = series.next_trade(from) != series.next_trade(to);
            match market.ticker(series, to) {
                Some(ticker) if traded || changed(1) => {
                    vec![json!({ "data": [figures::ticker(series, &over, &ticker)] })]
                }
                _ => Vec::new(),
            }
        }
        Channel::Best if changed(1) => {
            vec![json!({ "data": [figures::book(listing, &series.book(&over, to, 1), to)] })]
        }
        Channel::Books5 if changed(5) => {
            let mut data = figures::book(listing, &series.book(&over, to, 5), to);
            if let Some(data) = data.as_object_mut() {
                data.insert("instId".to_owned(), listing.dashed.clone().into());
            }
            vec![json!({ "data": [data] })]
        }
        Channel::Trades => {
            let frame = |trade| json!({ "data": [figures::trade(listing, &trade)] });
            series.trades(&over, from, to).into_iter().map(frame).collect()
        }
        Channel::AllTrades => {
            let frame = |trade| json!({ "data": [figures::single_trade(listing, &trade)] });
            series.trades(&over, from, to).into_iter().map(frame).collect()
        }
        _ => Vec::new(),
    }
}

fn book_step(simulator: &Simulator, series: &Series, subscription: &Subscription, to: i64) -> Vec<Value> {
    let over = simulator.market().distortions(Exchange::Okx);
    let listing = &series.listing;
    let book = series.book(&over, to, BOOK_DEPTH);
    let Some(before) = subscription.sent else {
        return vec![json!({ "action": "snapshot", "data": [figures::book_step(listing, &book, &book, to, None)] })];
    };
    let change = series.book(&over, before, BOOK_DEPTH).change_to(&book);
    if change.bids.is_empty() && change.asks.is_empty() {
        return Vec::new();
    }
    vec![json!({ "action": "update", "data": [figures::book_step(listing, &change, &book, to, Some(before))] })]
}
