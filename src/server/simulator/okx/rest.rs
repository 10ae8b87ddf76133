//! Market data over REST.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::server::simulator::{
    Simulator, budget::Budget, client, exchange::Exchange, faults::Fault, series::Series, span::Span,
};

use super::{Limits, figures, telling::BOOK_DEPTH};

/// `candles` reaches this many candles back; `history-candles` has no end.
const RECENT_CANDLES: i64 = 1440;
const MAX_CANDLES: usize = 300;

type Params = HashMap<String, String>;

/// A refusal: status, `code`, `msg`.
type Fail = (StatusCode, &'static str, String);

fn bad(name: &str) -> Fail {
    (StatusCode::BAD_REQUEST, "51000", format!("Parameter {name} error"))
}

fn empty(name: &str) -> Fail {
    (StatusCode::BAD_REQUEST, "50014", format!("Parameter {name} can not be empty."))
}

fn unknown_instrument() -> Fail {
    (StatusCode::OK, "51001", "Instrument ID, Instrument ID code or Spread ID doesn't exist.".to_owned())
}

/// `GET /api/v5/…`
pub async fn answer(
    State(simulator): State<Simulator>,
    client: client::Peer,
    Path(endpoint): Path<String>,
    Query(params): Query<Params>,
) -> Response {
    if let Err(refused) = simulator.admit(Exchange::Okx) {
        return super::refuse(refused);
    }
    let Some(budget) = budget(&simulator.inner.okx, &endpoint) else {
        return envelope(Err((StatusCode::NOT_FOUND, "404", "Not Found".to_owned())));
    };
    let limited = simulator.faults().has(Exchange::Okx, Fault::RateLimit);
    if budget.spend(client.0, 1).is_over() || limited {
        return envelope(Err((StatusCode::TOO_MANY_REQUESTS, "50011", "Too Many Requests".to_owned())));
    }
    let request = Request { simulator: &simulator, params: &params, now: simulator.market().now() };
    envelope(request.answer(&endpoint))
}

fn envelope(answer: Result<Value, Fail>) -> Response {
    let (status, code, msg, data) = match answer {
        Ok(data) => (StatusCode::OK, "0", String::new(), data),
        Err((status, code, msg)) => (status, code, msg, json!([])),
    };
    (status, Json(json!({ "code": code, "msg": msg, "data": data }))).into_response()
}

/// What an endpoint costs; `None` where there is none.
fn budget<'a>(limits: &'a Limits, endpoint: &str) -> Option<&'a Budget> {
    Some(match endpoint {
        "public/time" => &limits.time,
        "public/instruments"
        | "market/tickers"
        | "market/ticker"
        | "market/history-candles"
        | "market/history-trades" => &limits.scarce,
        "market/candles" | "market/books" => &limits.plenty,
        "market/trades" => &limits.trades,
        _ => return None,
    })
}

struct Request<'a> {
    simulator: &'a Simulator,
    params: &'a Params,
    now: i64,
}

impl<'a> Request<'a> {
    fn answer(&self, endpoint: &str) -> Result<Value, Fail> {
        match endpoint {
            "public/instruments" => self.rows(|series| Some(figures::instrument(&series.listing))),
            "market/tickers" => self.rows(|series| self.ticker(series)),
            "market/ticker" => Ok(json!([self.ticker(self.one()?)])),
            "market/candles" => self.candles(Some(RECENT_CANDLES)),
            "market/history-candles" => self.candles(None),
            "market/trades" | "market/history-trades" => self.trades(),
            "market/books" => self.book(),
            // public/time
            _ => Ok(json!([{ "ts": self.simulator.stamp().wall.0.to_string() }])),
        }
    }

    fn param(&self, name: &str) -> Option<&'a str> {
        self.params.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    fn one(&self) -> Result<&'a Series, Fail> {
        let instrument = self.param("instId").ok_or_else(|| empty("instId"))?;
        let series = self.simulator.market().by_dashed(Exchange::Okx, instrument).ok_or_else(unknown_instrument)?;
        if self.is_traded(series) { Ok(series) } else { Err(unknown_instrument()) }
    }

    fn is_traded(&self, series: &Series) -> bool {
        self.simulator.trades(Exchange::Okx, series.listing.symbol())
    }

    fn rows(&self, row: impl Fn(&Series) -> Option<Value>) -> Result<Value, Fail> {
        match self.param("instType") {
            None => Err(empty("instType")),
            Some("SPOT") if self.param("instId").is_some() => Ok(json!([row(self.one()?)])),
            Some("SPOT") => {
                let all = self.simulator.market().series(Exchange::Okx).iter();
                Ok(all.filter(|series| self.is_traded(series)).filter_map(row).collect())
            }
            // Only spot is played here: of the rest there is none.
            Some("MARGIN" | "SWAP" | "FUTURES" | "OPTION" | "EVENTS") => Ok(json!([])),
            Some(_) => Err(bad("instType")),
        }
    }

    fn ticker(&self, series: &Series) -> Option<Value> {
        let market = self.simulator.market();
        let ticker = market.ticker(series, self.now)?;
        Some(figures::ticker(series, &market.distortions(Exchange::Okx), &ticker))
    }

    fn integer(&self, name: &str) -> Result<Option<i64>, Fail> {
        let parse = |text: &str| text.parse().ok().filter(|n| *n >= 0).ok_or_else(|| bad(name));
        self.param(name).map(parse).transpose()
    }

    fn limit(&self, name: &str, default: usize, max: usize) -> Result<usize, Fail> {
        let limit = self.integer(name)?.map_or(default, |limit| usize::try_from(limit).unwrap_or(max));
        Ok(limit.clamp(1, max))
    }

    /// Newest first, between `before` and `after`, both excluded.
    fn candles(&self, reach: Option<i64>) -> Result<Value, Fail> {
        let series = self.one()?;
        let span = Span::of_okx(self.param("bar").unwrap_or("1m")).ok_or_else(|| bad("bar"))?;
        let limit = self.limit("limit", 100, MAX_CANDLES)?;
        let end = self.integer("after")?.map_or(self.now, |after| after.saturating_sub(1).min(self.now));
        let back = span.before(end, i64::try_from(limit).unwrap_or(100) - 1);
        let oldest = reach.map_or(0, |reach| span.before(self.now, reach - 1));
        let start = self.integer("before")?.map_or(0, |before| before.saturating_add(1)).max(back).max(oldest);
        let over = self.simulator.market().distortions(Exchange::Okx);
        let candles = series.candles(&over, span, (start, end), self.now, limit);
        let row = |candle: &_| {
            let candle: &crate::server::simulator::series::Window = candle;
            figures::candle(&series.listing, candle, candle.to <= self.now)
        };
        Ok(candles.iter().rev().map(row).collect())
    }

    fn trades(&self) -> Result<Value, Fail> {
        let series = self.one()?;
        let limit = self.limit("limit", 100, 500)? as u64;
        let over = self.simulator.market().distortions(Exchange::Okx);
        let next = series.next_trade(self.now);
        // Only history-trades pages; by trade number, older than `after`.
        let end = self.integer("after")?.map_or(next, |after| after.unsigned_abs().min(next));
        let trades = series.trades_numbered(&over, end.saturating_sub(limit), end);
        Ok(trades.iter().rev().map(|trade| figures::single_trade(&series.listing, trade)).collect())
    }

    fn book(&self) -> Result<Value, Fail> {
        let series = self.one()?;
        let depth = self.limit("sz", 1, BOOK_DEPTH)?;
        let over = self.simulator.market().distortions(Exchange::Okx);
        Ok(json!([figures::book(&series.listing, &series.book(&over, self.now, depth), self.now)]))
    }
}
