//! Bybit's objects.

use serde_json::{Value, json};

use crate::server::simulator::{
    book::Level,
    decimal,
    listing::Listing,
    market::Ticker,
    path::LEAF_MS,
    series::{QUOTE_DECIMALS, Trade, Window},
};

/// An asset that serves as collateral has an index price; here, every one that trades this much a day.
const COLLATERAL_MILLIONS: f64 = 40.0;
/// Trade numbers on Bybit have nineteen digits.
const FIRST_TRADE: u64 = 2_290_000_000_000_000_000;

pub fn price(listing: &Listing, units: i128) -> String {
    decimal::trimmed(units, listing.price_decimals)
}

pub fn quantity(listing: &Listing, lots: u64) -> String {
    decimal::trimmed(i128::from(lots), listing.lot_decimals)
}

fn quote(units: i128) -> String {
    decimal::trimmed(units, QUOTE_DECIMALS)
}

/// The change as a fraction with four decimals.
fn fraction(window: &Window) -> String {
    let change = decimal::value(window.close - window.open, 0) / decimal::value(window.open, 0);
    let text = format!("{change:.4}");
    if text == "0.0000" || text == "-0.0000" { "0".to_owned() } else { text }
}

fn index_price(listing: &Listing, window: &Window) -> String {
    if listing.asset.daily_millions < COLLATERAL_MILLIONS {
        return String::new();
    }
    let usd = decimal::value(window.close, listing.price_decimals) * 1.000_2;
    decimal::trimmed(decimal::units(usd, 8), 8)
}

/// Orders messages within a symbol.
pub const fn sequence(time: i64) -> i64 {
    80_000_000_000 + time / LEAF_MS
}

/// The data of a ticker push.
pub fn ticker(listing: &Listing, day: &Window) -> Value {
    json!({
        "symbol": listing.pair,
        "lastPrice": price(listing, day.close), "highPrice24h": price(listing, day.high),
        "lowPrice24h": price(listing, day.low), "prevPrice24h": price(listing, day.open),
        "volume24h": quantity(listing, day.lots), "turnover24h": quote(day.quote),
        "price24hPcnt": fraction(day), "usdIndexPrice": index_price(listing, day),
    })
}

pub fn rest_ticker(listing: &Listing, ticker_now: &Ticker) -> Value {
    let mut row = ticker(listing, &ticker_now.day);
    let best = json!({
        "bid1Price": price(listing, ticker_now.bid.price), "bid1Size": quantity(listing, ticker_now.bid.lots),
        "ask1Price": price(listing, ticker_now.ask.price), "ask1Size": quantity(listing, ticker_now.ask.lots),
    });
    if let (Some(row), Value::Object(best)) = (row.as_object_mut(), best) {
        row.extend(best);
    }
    row
}

const fn side(trade: &Trade) -> &'static str {
    if trade.buyer_is_maker { "Sell" } else { "Buy" }
}

pub fn ws_trade(listing: &Listing, trade: &Trade) -> Value {
    json!({
        "T": trade.time, "s": listing.pair, "S": side(trade), "v": quantity(listing, trade.lots),
        "p": price(listing, trade.price), "i": (FIRST_TRADE + trade.id).to_string(), "BT": false, "RPI": false,
        "seq": sequence(trade.time),
    })
}

pub fn rest_trade(listing: &Listing, trade: &Trade) -> Value {
    json!({
        "execId": (FIRST_TRADE + trade.id).to_string(), "symbol": listing.pair, "price": price(listing, trade.price),
        "size": quantity(listing, trade.lots), "side": side(trade), "time": trade.time.to_string(),
        "isBlockTrade": false, "isRPITrade": false, "seq": sequence(trade.time).to_string(),
    })
}

pub fn levels(listing: &Listing, levels: &[Level]) -> Value {
    levels.iter().map(|level| json!([price(listing, level.price), quantity(listing, level.lots)])).collect()
}

pub fn book(listing: &Listing, bids: &[Level], asks: &[Level], time: i64) -> Value {
    json!({
        "s": listing.pair, "b": levels(listing, bids), "a": levels(listing, asks),
        "u": time / LEAF_MS, "seq": sequence(time),
    })
}

pub fn ws_candle(listing: &Listing, interval: &str, candle: &Window, closed: bool, time: i64) -> Value {
    json!({
        "start": candle.from, "end": candle.to - 1, "interval": interval,
        "open": price(listing, candle.open), "close": price(listing, candle.close),
        "high": price(listing, candle.high), "low": price(listing, candle.low),
        "volume": quantity(listing, candle.lots), "turnover": quote(candle.quote),
        "confirm": closed, "timestamp": time,
    })
}

pub fn rest_candle(listing: &Listing, candle: &Window) -> Value {
    json!([
        candle.from.to_string(),
        price(listing, candle.open),
        price(listing, candle.high),
        price(listing, candle.low),
        price(listing, candle.close),
        quantity(listing, candle.lots),
        quote(candle.quote),
    ])
}

pub fn instrument(listing: &Listing) -> Value {
    let step = |decimals| decimal::fixed(1, decimals);
    let lot = step(listing.lot_decimals);
    let dollar = decimal::units_ceil(1.0 / listing.asset.price, listing.lot_decimals).max(1);
    let million = decimal::units_ceil(1e6 / listing.asset.price, listing.lot_decimals).max(1);
    json!({
        "symbolId": listing.number + 1,
        "symbol": listing.pair,
        "baseCoin": listing.symbol(),
        "quoteCoin": crate::model::symbol::QUOTE,
        "innovation": "0",
        "status": "Trading",
        "marginTrading": "none",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": lot,
            "quotePrecision": step(QUOTE_DECIMALS),
            "minOrderQty": decimal::trimmed(dollar, listing.lot_decimals),
            "maxOrderQty": decimal::trimmed(million, listing.lot_decimals),
            "minOrderAmt": "5",
            "maxOrderAmt": "8000000",
            "maxLimitOrderQty": decimal::trimmed(million, listing.lot_decimals),
            "maxMarketOrderQty": decimal::trimmed((million / 2).max(1), listing.lot_decimals),
            "postOnlyMaxLimitOrderSize": decimal::trimmed(million, listing.lot_decimals),
        },
        "priceFilter": { "tickSize": step(listing.price_decimals) },
        "riskParameters": { "priceLimitRatioX": "0.005", "priceLimitRatioY": "0.01" },
        "symbolType": "",
    })
}
