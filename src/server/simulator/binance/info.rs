//! `exchangeInfo`: what a client needs to load the markets.

use serde_json::{Value, json};

use crate::{
    model::symbol::QUOTE,
    server::simulator::{decimal, listing::Listing, series::Series},
};

/// The whole answer.
pub fn exchange_info(series: &[&Series], time: i64) -> Value {
    json!({
        "timezone": "UTC",
        "serverTime": time,
        "rateLimits": [
            { "rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000 },
            { "rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100 },
            { "rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000 },
            { "rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300_000 },
        ],
        "exchangeFilters": [],
        "symbols": series.iter().map(|series| symbol(&series.listing)).collect::<Vec<_>>(),
    })
}

fn symbol(listing: &Listing) -> Value {
    json!({
        "symbol": listing.pair,
        "status": "TRADING",
        "baseAsset": listing.symbol(),
        "baseAssetPrecision": 8,
        "quoteAsset": QUOTE,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"],
        "icebergAllowed": true,
        "ocoAllowed": true,
        "otoAllowed": true,
        "opoAllowed": true,
        "quoteOrderQtyMarketAllowed": true,
        "allowTrailingStop": true,
        "cancelReplaceAllowed": true,
        "amendAllowed": true,
        "pegInstructionsAllowed": true,
        "isSpotTradingAllowed": true,
        "isMarginTradingAllowed": false,
        "filters": filters(listing),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"],
    })
}

fn filters(listing: &Listing) -> Value {
    let tick = decimal::padded(1, listing.price_decimals, 8);
    let lot = decimal::padded(1, listing.lot_decimals, 8);
    json!([
        { "filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick },
        { "filterType": "LOT_SIZE", "minQty": lot, "maxQty": "9000000000.00000000", "stepSize": lot },
        { "filterType": "ICEBERG_PARTS", "limit": 50 },
        { "filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "900000000.00000000", "stepSize": "0.00000000" },
        { "filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000,
          "minTrailingBelowDelta": 10, "maxTrailingBelowDelta": 2000 },
        { "filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2",
          "askMultiplierUp": "5", "askMultiplierDown": "0.2", "avgPriceMins": 5 },
        { "filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": true,
          "maxNotional": "9000000.00000000", "applyMaxToMarket": false, "avgPriceMins": 5 },
        { "filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200 },
        { "filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5 },
    ])
}
