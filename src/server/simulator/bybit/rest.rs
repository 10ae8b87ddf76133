//! Market data over REST. Errors ride on status 200.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use crate::server::simulator::{
    Simulator, client, exchange::Exchange, faults::Fault, gate::Refused, series::Series, span::Span,
};

use super::{figures, session::BOOK_DEPTH};

const LIMIT: HeaderName = HeaderName::from_static("x-bapi-limit");
const LIMIT_STATUS: HeaderName = HeaderName::from_static("x-bapi-limit-status");
const LIMIT_RESET: HeaderName = HeaderName::from_static("x-bapi-limit-reset-timestamp");

type Params = HashMap<String, String>;

/// A refusal: `retCode` and `retMsg`.
type Fail = (i32, &'static str);

const UNKNOWN_SYMBOL: Fail = (10001, "Not supported symbols");

/// `GET /v5/market/…`
pub async fn answer(
    State(simulator): State<Simulator>,
    client: client::Peer,
    Path(endpoint): Path<String>,
    Query(params): Query<Params>,
) -> Response {
    match simulator.admit(Exchange::Bybit) {
        Ok(()) => {}
        Err(Refused::Region) => return super::region_blocked(),
        Err(Refused::Unavailable | Refused::TooMany { .. }) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
    let spent = simulator.inner.bybit.requests.spend(client.0, 1);
    if spent.is_over() {
        return super::too_frequent();
    }
    let now = simulator.stamp().wall.0;
    let limited = simulator.faults().has(Exchange::Bybit, Fault::RateLimit);
    let left = if limited { 0 } else { spent.left() };
    let reset = now + i64::try_from(spent.renews_in.as_millis()).unwrap_or(0);
    let headers =
        [(LIMIT, spent.limit.to_string()), (LIMIT_STATUS, left.to_string()), (LIMIT_RESET, reset.to_string())];
    let answer = if limited {
        Err((10006, "Too many visits!"))
    } else {
        let request = Request { simulator: &simulator, params: &params, now: simulator.market().now() };
        match request.answer(&endpoint) {
            Some(answer) => answer,
            None => return (StatusCode::NOT_FOUND, "404 page not found").into_response(),
        }
    };
    let (code, message, result) = match answer {
        Ok(result) => (0, "OK", result),
        Err((code, message)) => (code, message, json!({})),
    };
    let body = json!({ "retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": now });
    (headers, Json(body)).into_response()
}

struct Request<'a> {
    simulator: &'a Simulator,
    params: &'a Params,
    now: i64,
}

impl<'a> Request<'a> {
    /// `None` where there is no such endpoint.
    fn answer(&self, endpoint: &str) -> Option<Result<Value, Fail>> {
        Some(match endpoint {
            "time" => Ok(self.time()),
            "tickers" => self.tickers(),
            "kline" => self.kline(),
            "instruments-info" => self.instruments(),
            "recent-trade" => self.trades(),
            "orderbook" => self.book(),
            _ => return None,
        })
    }

    fn param(&self, name: &str) -> Option<&'a str> {
        self.params.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The category, where it is one that exists.
    fn category(&self) -> Result<&'a str, Fail> {
        match self.param("category") {
            Some(category @ ("spot" | "linear" | "inverse" | "option")) => Ok(category),
            _ => Err((10001, "params error: Category is invalid")),
        }
    }

    /// The listed pair that `symbol` names. Only spot is played here.
    fn one(&self) -> Result<&'a Series, Fail> {
        // Without a category Bybit looks among the linear contracts.
        let pair = self.param("symbol").ok_or((10001, "params error: Symbol Invalid"))?;
        let is_spot = self.param("category") == Some("spot");
        let series = self.simulator.market().by_pair(Exchange::Bybit, pair);
        series.filter(|series| is_spot && self.is_traded(series)).ok_or(UNKNOWN_SYMBOL)
    }

    fn is_traded(&self, series: &Series) -> bool {
        self.simulator.trades(Exchange::Bybit, series.listing.symbol())
    }

    fn integer(&self, name: &str) -> Result<Option<i64>, Fail> {
        let parse = |text: &str| text.parse().ok().filter(|n| *n >= 0).ok_or((10001, "params error"));
        self.param(name).map(parse).transpose()
    }

    fn limit(&self, default: usize, max: usize) -> Result<usize, Fail> {
        let limit = self.integer("limit")?.map_or(default, |limit| usize::try_from(limit).unwrap_or(max));
        Ok(limit.clamp(1, max))
    }

    fn time(&self) -> Value {
        let ms = self.simulator.stamp().wall.0;
        json!({ "timeSecond": (ms / 1000).to_string(), "timeNano": (i128::from(ms) * 1_000_000).to_string() })
    }

    fn list(&self, category: &str, row: impl Fn(&Series) -> Option<Value>) -> Value {
        let all = self.simulator.market().series(Exchange::Bybit);
        let traded = all.iter().filter(|series| self.is_traded(series));
        let rows: Vec<Value> = if category == "spot" { traded.filter_map(row).collect() } else { Vec::new() };
        json!({ "category": category, "list": rows })
    }

    fn tickers(&self) -> Result<Value, Fail> {
        let category = self.category()?;
        let row = |series: &Series| {
            let ticker = self.simulator.market().ticker(series, self.now)?;
            Some(figures::rest_ticker(&series.listing, &ticker))
        };
        if self.param("symbol").is_some() {
            let series = self.one()?;
            return Ok(json!({ "category": category, "list": [row(series)] }));
        }
        Ok(self.list(category, row))
    }

    fn instruments(&self) -> Result<Value, Fail> {
        let category = self.category()?;
        let wanted = self.param("symbol");
        let mut result = self.list(category, |series| {
            wanted.is_none_or(|pair| pair == series.listing.pair).then(|| figures::instrument(&series.listing))
        });
        if let (true, Some(result)) = (category != "spot", result.as_object_mut()) {
            result.insert("nextPageCursor".to_owned(), "".into());
        }
        Ok(result)
    }

    fn kline(&self) -> Result<Value, Fail> {
        let series = self.one()?;
        let span = self.param("interval").and_then(Span::of_bybit).ok_or((10001, "Invalid period!"))?;
        let limit = self.limit(200, 1000)?;
        let end = self.integer("end")?;
        let last = end.unwrap_or(i64::MAX).min(self.now);
        let back = span.before(last, i64::try_from(limit).unwrap_or(1000) - 1);
        let start = match (self.integer("start")?, end) {
            // Between both, the newest are given.
            (Some(start), Some(_)) => start.max(back),
            (Some(start), None) => start,
            (None, _) => back,
        };
        let over = self.simulator.market().distortions(Exchange::Bybit);
        let candles = series.candles(&over, span, (start, last), self.now, limit);
        let rows: Vec<Value> =
            candles.iter().rev().map(|candle| figures::rest_candle(&series.listing, candle)).collect();
        Ok(json!({ "category": "spot", "symbol": series.listing.pair, "list": rows }))
    }

    fn trades(&self) -> Result<Value, Fail> {
        let category = self.category()?;
        if category != "spot" && self.param("symbol").is_none() {
            return Ok(json!({ "category": category, "list": [] }));
        }
        let series = self.one()?;
        // Spot gives 60 at most.
        let limit = self.limit(60, 60)? as u64;
        let over = self.simulator.market().distortions(Exchange::Bybit);
        let trades = series.last_trades(&over, self.now, limit);
        let rows: Vec<Value> = trades.iter().rev().map(|trade| figures::rest_trade(&series.listing, trade)).collect();
        Ok(json!({ "category": "spot", "list": rows }))
    }

    fn book(&self) -> Result<Value, Fail> {
        let series = self.one()?;
        let depth = self.limit(1, BOOK_DEPTH)?;
        let over = self.simulator.market().distortions(Exchange::Bybit);
        let book = series.book(&over, self.now, depth);
        let mut result = figures::book(&series.listing, &book.bids, &book.asks, self.now);
        if let Some(result) = result.as_object_mut() {
            result.insert("ts".to_owned(), self.now.into());
            result.insert("cts".to_owned(), (self.now - 3).into());
        }
        Ok(result)
    }
}
