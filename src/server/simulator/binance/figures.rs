//! Binance's objects.

use serde_json::{Value, json};

use crate::server::simulator::{
    book::Level,
    decimal,
    listing::Listing,
    market::Ticker,
    path::{DAY_MS, LEAF_MS},
    series::{QUOTE_DECIMALS, Trade, Window},
};

/// Decimals of every figure.
const SHOWN: u32 = 8;

pub fn price(listing: &Listing, units: i128) -> String {
    decimal::padded(units, listing.price_decimals, SHOWN)
}

pub fn quantity(listing: &Listing, lots: u64) -> String {
    decimal::padded(i128::from(lots), listing.lot_decimals, SHOWN)
}

fn quote(units: i128) -> String {
    decimal::padded(units, QUOTE_DECIMALS, SHOWN)
}

/// Change in percent with three decimals.
fn percent(window: &Window) -> String {
    let text = format!("{:.3}", decimal::value(window.close - window.open, 0) / decimal::value(window.open, 0) * 100.0);
    if text == "-0.000" { "0.000".to_owned() } else { text }
}

/// Mean price: quote volume by base volume.
fn mean(listing: &Listing, window: &Window) -> String {
    if window.lots == 0 {
        return price(listing, window.close);
    }
    let base = decimal::value(i128::from(window.lots), listing.lot_decimals);
    let units = decimal::units(decimal::value(window.quote, QUOTE_DECIMALS) / base, SHOWN);
    decimal::fixed(units, SHOWN)
}

/// Numbers of the first and the last trade; -1 where there are none.
fn trade_range(window: &Window) -> (Value, Value) {
    if window.trades == 0 {
        return (json!(-1), json!(-1));
    }
    (json!(window.first_trade), json!(window.first_trade + window.trades - 1))
}

/// Number of the last change of the book at `time` (ms).
pub const fn update_id(time: i64) -> i64 {
    time / LEAF_MS * 40
}

pub fn ws_ticker(listing: &Listing, ticker: &Ticker, event: i64) -> Value {
    let day = &ticker.day;
    let (first, last) = trade_range(day);
    json!({
        "e": "24hrTicker", "E": event, "s": listing.pair,
        "p": price(listing, day.close - day.open), "P": percent(day), "w": mean(listing, day),
        "x": price(listing, day.open), "c": price(listing, day.close), "Q": quantity(listing, ticker.last.lots),
        "b": price(listing, ticker.bid.price), "B": quantity(listing, ticker.bid.lots),
        "a": price(listing, ticker.ask.price), "A": quantity(listing, ticker.ask.lots),
        "o": price(listing, day.open), "h": price(listing, day.high), "l": price(listing, day.low),
        "v": quantity(listing, day.lots), "q": quote(day.quote),
        "O": ticker.time - DAY_MS, "C": ticker.time, "F": first, "L": last, "n": day.trades,
    })
}

pub fn ws_mini_ticker(listing: &Listing, day: &Window, event: i64) -> Value {
    json!({
        "e": "24hrMiniTicker", "E": event, "s": listing.pair,
        "c": price(listing, day.close), "o": price(listing, day.open),
        "h": price(listing, day.high), "l": price(listing, day.low),
        "v": quantity(listing, day.lots), "q": quote(day.quote),
    })
}

pub fn ws_window_ticker(listing: &Listing, name: &str, window: &Window, event: i64) -> Value {
    let (first, last) = trade_range(window);
    json!({
        "e": name, "E": event, "s": listing.pair,
        "p": price(listing, window.close - window.open), "P": percent(window), "w": mean(listing, window),
        "o": price(listing, window.open), "h": price(listing, window.high),
        "l": price(listing, window.low), "c": price(listing, window.close),
        "v": quantity(listing, window.lots), "q": quote(window.quote),
        "O": window.from, "C": window.to, "F": first, "L": last, "n": window.trades,
    })
}

pub fn ws_trade(listing: &Listing, trade: &Trade, event: i64) -> Value {
    json!({
        "e": "trade", "E": event, "s": listing.pair, "t": trade.id, "p": price(listing, trade.price),
        "q": quantity(listing, trade.lots), "T": trade.time, "m": trade.buyer_is_maker, "M": true,
    })
}

pub fn ws_agg_trade(listing: &Listing, trade: &Trade, event: i64) -> Value {
    json!({
        "e": "aggTrade", "E": event, "s": listing.pair, "a": trade.id, "p": price(listing, trade.price),
        "q": quantity(listing, trade.lots), "f": trade.id, "l": trade.id, "T": trade.time,
        "m": trade.buyer_is_maker, "M": true,
    })
}

pub fn ws_book_ticker(listing: &Listing, bid: Level, ask: Level, time: i64) -> Value {
    json!({
        "u": update_id(time), "s": listing.pair,
        "b": price(listing, bid.price), "B": quantity(listing, bid.lots),
        "a": price(listing, ask.price), "A": quantity(listing, ask.lots),
    })
}

pub fn levels(listing: &Listing, levels: &[Level]) -> Value {
    levels.iter().map(|level| json!([price(listing, level.price), quantity(listing, level.lots)])).collect()
}

/// Base and quote volume that takers bought: more than half where the price rose.
fn bought(candle: &Window) -> (u64, i128) {
    let range = decimal::value((candle.high - candle.low).max(1), 0);
    let share = 0.5 + 0.25 * decimal::value(candle.close - candle.open, 0) / range;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a volume, between a quarter and three quarters"
    )]
    let lots = (candle.lots as f64 * share) as u64;
    (lots, decimal::units(decimal::value(candle.quote, 0) * share, 0))
}

pub fn ws_kline(listing: &Listing, interval: &str, candle: &Window, closed: bool, event: i64) -> Value {
    let (first, last) = trade_range(candle);
    let (bought_lots, bought_quote) = bought(candle);
    json!({
        "e": "kline", "E": event, "s": listing.pair,
        "k": {
            "t": candle.from, "T": candle.to - 1, "s": listing.pair, "i": interval, "f": first, "L": last,
            "o": price(listing, candle.open), "c": price(listing, candle.close),
            "h": price(listing, candle.high), "l": price(listing, candle.low),
            "v": quantity(listing, candle.lots), "n": candle.trades, "x": closed, "q": quote(candle.quote),
            "V": quantity(listing, bought_lots), "Q": quote(bought_quote), "B": "0",
        },
    })
}

pub fn rest_kline(listing: &Listing, candle: &Window) -> Value {
    let (bought_lots, bought_quote) = bought(candle);
    json!([
        candle.from,
        price(listing, candle.open),
        price(listing, candle.high),
        price(listing, candle.low),
        price(listing, candle.close),
        quantity(listing, candle.lots),
        candle.to - 1,
        quote(candle.quote),
        candle.trades,
        quantity(listing, bought_lots),
        quote(bought_quote),
        "0",
    ])
}

pub fn ws_avg_price(listing: &Listing, window: &Window, last: &Trade, event: i64) -> Value {
    json!({
        "e": "avgPrice", "E": event, "s": listing.pair, "i": "5m", "w": mean(listing, window), "T": last.time,
    })
}

pub fn rest_avg_price(listing: &Listing, window: &Window) -> Value {
    json!({ "mins": 5, "price": mean(listing, window), "closeTime": window.to })
}

pub fn rest_ticker(listing: &Listing, ticker: &Ticker, mini: bool) -> Value {
    let day = &ticker.day;
    let (first, last) = trade_range(day);
    let mut row = json!({
        "symbol": listing.pair,
        "openPrice": price(listing, day.open), "highPrice": price(listing, day.high),
        "lowPrice": price(listing, day.low), "lastPrice": price(listing, day.close),
        "volume": quantity(listing, day.lots), "quoteVolume": quote(day.quote),
        "openTime": ticker.time - DAY_MS, "closeTime": ticker.time,
        "firstId": first, "lastId": last, "count": day.trades,
    });
    let rest = json!({
        "priceChange": price(listing, day.close - day.open), "priceChangePercent": percent(day),
        "weightedAvgPrice": mean(listing, day), "prevClosePrice": price(listing, day.open),
        "lastQty": quantity(listing, ticker.last.lots),
        "bidPrice": price(listing, ticker.bid.price), "bidQty": quantity(listing, ticker.bid.lots),
        "askPrice": price(listing, ticker.ask.price), "askQty": quantity(listing, ticker.ask.lots),
    });
    if let (false, Some(row), Value::Object(rest)) = (mini, row.as_object_mut(), rest) {
        row.extend(rest);
    }
    row
}

pub fn rest_book_ticker(listing: &Listing, ticker: &Ticker) -> Value {
    json!({
        "symbol": listing.pair,
        "bidPrice": price(listing, ticker.bid.price), "bidQty": quantity(listing, ticker.bid.lots),
        "askPrice": price(listing, ticker.ask.price), "askQty": quantity(listing, ticker.ask.lots),
    })
}

pub fn rest_trade(listing: &Listing, trade: &Trade) -> Value {
    let quote = trade.price * i128::from(trade.lots);
    json!({
        "id": trade.id, "price": price(listing, trade.price), "qty": quantity(listing, trade.lots),
        "quoteQty": decimal::padded(quote, listing.price_decimals + listing.lot_decimals, SHOWN),
        "time": trade.time, "isBuyerMaker": trade.buyer_is_maker, "isBestMatch": true,
    })
}

pub fn rest_agg_trade(listing: &Listing, trade: &Trade) -> Value {
    json!({
        "a": trade.id, "p": price(listing, trade.price), "q": quantity(listing, trade.lots), "f": trade.id,
        "l": trade.id, "T": trade.time, "m": trade.buyer_is_maker, "M": true,
    })
}

/// Turns a frame's times into microseconds.
pub fn to_micro(frame: &mut Value) {
    let scale = |object: &mut Value, names: &[&str]| {
        for name in names {
            if let Some(field) = object.get_mut(*name)
                && let Some(ms) = field.as_i64()
            {
                *field = json!(ms * 1000);
            }
        }
    };
    if let Some(rows) = frame.as_array_mut() {
        rows.iter_mut().for_each(to_micro);
        return;
    }
    scale(frame, &["E", "T", "O", "C"]);
    if let Some(candle) = frame.get_mut("k") {
        scale(candle, &["t", "T"]);
    }
}
