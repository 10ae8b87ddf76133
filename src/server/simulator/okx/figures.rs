//! OKX's objects: everything is text, but for sequence numbers and checksums.

use serde_json::{Value, json};

use crate::{
    model::symbol::QUOTE,
    server::simulator::{
        book::{Book, Level},
        decimal,
        distortion::Distortions,
        listing::Listing,
        market::Ticker,
        path::{DAY_MS, HOUR_MS, LEAF_MS},
        series::{LISTED_MS, QUOTE_DECIMALS, Series, Trade, Window},
        span::Span,
    },
};

use super::checksum;

pub fn price(listing: &Listing, units: i128) -> String {
    decimal::trimmed(units, listing.price_decimals)
}

pub fn quantity(listing: &Listing, lots: u64) -> String {
    decimal::trimmed(i128::from(lots), listing.lot_decimals)
}

fn quote(units: i128) -> String {
    decimal::trimmed(units, QUOTE_DECIMALS)
}

/// Number of the book's state at `time` (ms).
pub const fn sequence(time: i64) -> i64 {
    81_000_000_000 + time / LEAF_MS
}

pub fn ticker(series: &Series, over: &Distortions, ticker: &Ticker) -> Value {
    let listing = &series.listing;
    let day = &ticker.day;
    let opened = |shift| {
        let start = Span::Fixed { ms: DAY_MS, shift }.start_of(ticker.time - LEAF_MS);
        let open = series.window(over, start, start + LEAF_MS).map_or(day.open, |window| window.open);
        price(listing, open)
    };
    json!({
        "instType": "SPOT", "instId": listing.dashed,
        "last": price(listing, day.close), "lastSz": quantity(listing, ticker.last.lots),
        "askPx": price(listing, ticker.ask.price), "askSz": quantity(listing, ticker.ask.lots),
        "bidPx": price(listing, ticker.bid.price), "bidSz": quantity(listing, ticker.bid.lots),
        "open24h": price(listing, day.open), "high24h": price(listing, day.high), "low24h": price(listing, day.low),
        "sodUtc0": opened(0), "sodUtc8": opened(-8 * HOUR_MS),
        "volCcy24h": quote(day.quote), "vol24h": quantity(listing, day.lots),
        "ts": ticker.time.to_string(),
    })
}

const fn side(trade: &Trade) -> &'static str {
    if trade.buyer_is_maker { "sell" } else { "buy" }
}

pub fn trade(listing: &Listing, trade: &Trade) -> Value {
    json!({
        "instId": listing.dashed, "tradeId": trade.id.to_string(), "px": price(listing, trade.price),
        "sz": quantity(listing, trade.lots), "side": side(trade), "ts": trade.time.to_string(),
        "count": "1", "source": "0", "seqId": sequence(trade.time),
    })
}

/// A trade as REST and `trades-all` tell it: not gathered, so without a count.
pub fn single_trade(listing: &Listing, trade: &Trade) -> Value {
    json!({
        "instId": listing.dashed, "tradeId": trade.id.to_string(), "px": price(listing, trade.price),
        "sz": quantity(listing, trade.lots), "side": side(trade), "ts": trade.time.to_string(), "source": "0",
    })
}

pub fn candle(listing: &Listing, candle: &Window, closed: bool) -> Value {
    let turnover = quote(candle.quote);
    json!([
        candle.from.to_string(),
        price(listing, candle.open),
        price(listing, candle.high),
        price(listing, candle.low),
        price(listing, candle.close),
        quantity(listing, candle.lots),
        turnover,
        turnover,
        if closed { "1" } else { "0" },
    ])
}

/// Price, size, a field of the past, number of orders.
fn levels(listing: &Listing, levels: &[Level]) -> Value {
    let row = |level: &Level| {
        let orders = if level.lots == 0 { 0 } else { 1 + level.lots % 7 };
        json!([price(listing, level.price), quantity(listing, level.lots), "0", orders.to_string()])
    };
    levels.iter().map(row).collect()
}

/// A part of a book, told alone.
pub fn book(listing: &Listing, shown: &Book, time: i64) -> Value {
    json!({
        "asks": levels(listing, &shown.asks), "bids": levels(listing, &shown.bids),
        "ts": time.to_string(), "seqId": sequence(time),
    })
}

/// A frame of `books`: what is `shown`, and the checksum of the whole book that the client holds after it.
pub fn book_step(listing: &Listing, shown: &Book, whole: &Book, time: i64, before: Option<i64>) -> Value {
    json!({
        "asks": levels(listing, &shown.asks), "bids": levels(listing, &shown.bids),
        "ts": time.to_string(), "checksum": checksum::of(listing, whole),
        "seqId": sequence(time), "prevSeqId": before.map_or(-1, sequence),
    })
}

pub fn instrument(listing: &Listing) -> Value {
    let step = |decimals| decimal::fixed(1, decimals);
    let smallest = decimal::units_ceil(1.0 / listing.asset.price, listing.lot_decimals).max(1);
    json!({
        "alias": "", "auctionEndTime": "", "baseCcy": listing.symbol(), "category": "1", "contTdSwTime": "",
        "ctMult": "", "ctType": "", "ctVal": "", "ctValCcy": "", "expTime": "", "futureSettlement": false,
        "groupId": "1", "instFamily": "", "instId": listing.dashed, "instIdCode": listing.number + 1,
        "instType": "SPOT", "lever": "", "listTime": LISTED_MS.to_string(), "lotSz": step(listing.lot_decimals),
        "maxIcebergSz": "9999999999.0000000000000000", "maxLmtAmt": "20000000", "maxLmtSz": "9999999999",
        "maxMktAmt": "1000000", "maxMktSz": "1000000", "maxStopSz": "1000000",
        "maxTriggerSz": "9999999999.0000000000000000", "maxTwapSz": "9999999999.0000000000000000",
        "minSz": decimal::trimmed(smallest, listing.lot_decimals), "openType": "", "optType": "", "quoteCcy": QUOTE,
        "ruleType": "normal", "settleCcy": "", "state": "live", "stk": "", "tickSz": step(listing.price_decimals),
        "tradeQuoteCcyList": [QUOTE], "uly": "",
    })
}
