//! Market data over REST.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use crate::server::simulator::{
    Simulator, client, exchange::Exchange, faults::Fault, gate::Refused, path::MINUTE_MS, series::Series, span::Span,
};

use super::{
    figures, info,
    refusal::{Fail, over, restricted, too_much},
    session::BOOK_DEPTH,
};

const USED_WEIGHT: HeaderName = HeaderName::from_static("x-mbx-used-weight-1m");
/// `Retry-After` under the rate limit fault, in seconds.
const FAULT_RETRY_AFTER: u64 = 5;

type Params = HashMap<String, String>;

/// `GET /api/v3/…`
pub async fn answer(
    State(simulator): State<Simulator>,
    client: client::Peer,
    Path(endpoint): Path<String>,
    Query(params): Query<Params>,
) -> Response {
    if let Err(refused) = simulator.admit(Exchange::Binance) {
        return match refused {
            Refused::Region => restricted(),
            Refused::Unavailable | Refused::TooMany { .. } => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        };
    }
    let Some(weight) = weight(&endpoint, &params) else {
        return (StatusCode::NOT_FOUND, "Invalid request path").into_response();
    };
    let spent = simulator.inner.binance.weight.spend(client.0, weight);
    let used = [(USED_WEIGHT, spent.used.to_string())];
    if simulator.faults().has(Exchange::Binance, Fault::RateLimit) {
        return (used, too_much(FAULT_RETRY_AFTER)).into_response();
    }
    if spent.is_over() {
        return (used, over(&simulator, spent)).into_response();
    }
    let query = Request { simulator: &simulator, params: &params, now: simulator.market().now() };
    match query.answer(&endpoint) {
        Ok(body) => (used, Json(body)).into_response(),
        Err(fail) => {
            let body = json!({ "code": fail.code, "msg": fail.msg });
            (StatusCode::BAD_REQUEST, used, Json(body)).into_response()
        }
    }
}

/// Futures are not played here: a client that loads all markets finds none.
pub async fn no_derivatives(State(simulator): State<Simulator>) -> Response {
    let time = simulator.stamp().wall;
    Json(json!({ "timezone": "UTC", "serverTime": time, "rateLimits": [], "exchangeFilters": [], "symbols": [] }))
        .into_response()
}

/// The weight of a request; `None` where there is no such endpoint.
fn weight(endpoint: &str, params: &Params) -> Option<u32> {
    let symbols = params.get("symbols").map(|list| list.matches(',').count() + 1);
    let single = params.contains_key("symbol");
    Some(match endpoint {
        "ping" | "time" => 1,
        "exchangeInfo" => 20,
        "ticker/24hr" => match symbols {
            _ if single => 2,
            Some(1..=20) => 2,
            Some(21..=100) => 40,
            _ => 80,
        },
        "ticker/price" | "ticker/bookTicker" => {
            if single {
                2
            } else {
                4
            }
        }
        "klines" | "uiKlines" | "avgPrice" => 2,
        "trades" => 25,
        "aggTrades" => 4,
        "depth" => match params.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(100_u32) {
            0..=100 => 5,
            101..=500 => 25,
            501..=1000 => 50,
            _ => 250,
        },
        _ => return None,
    })
}

/// A request and what it needs to be answered.
struct Request<'a> {
    simulator: &'a Simulator,
    params: &'a Params,
    now: i64,
}

impl<'a> Request<'a> {
    fn answer(&self, endpoint: &str) -> Result<Value, Fail> {
        match endpoint {
            "time" => Ok(json!({ "serverTime": self.simulator.stamp().wall })),
            "exchangeInfo" => {
                let (series, _) = self.series()?;
                Ok(info::exchange_info(&series, self.simulator.stamp().wall.0))
            }
            "ticker/24hr" => self.tickers(),
            "ticker/price" => self.rows(|series, ticker| {
                Some(json!({ "symbol": series.listing.pair, "price": figures::price(&series.listing, ticker.day.close) }))
            }),
            "ticker/bookTicker" => {
                self.rows(|series, ticker| Some(figures::rest_book_ticker(&series.listing, ticker)))
            }
            "klines" | "uiKlines" => self.klines(),
            "avgPrice" => {
                let series = self.one()?;
                let over = self.simulator.market().distortions(Exchange::Binance);
                let window = series.window(&over, self.now - 5 * MINUTE_MS, self.now);
                Ok(window.map_or(Value::Null, |window| figures::rest_avg_price(&series.listing, &window)))
            }
            "trades" => self.trades(),
            "aggTrades" => self.agg_trades(),
            "depth" => self.depth(),
            // ping
            _ => Ok(json!({})),
        }
    }

    fn one(&self) -> Result<&'a Series, Fail> {
        let symbol = self.params.get("symbol").filter(|text| !text.is_empty());
        self.find(symbol.ok_or_else(|| Fail::missing("symbol"))?)
    }

    fn find(&self, pair: &str) -> Result<&'a Series, Fail> {
        let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        if pair.is_empty() || pair.len() > 20 || !pair.chars().all(legal) {
            return Err(Fail::illegal("symbol", "^[A-Z0-9-_.]{1,20}$"));
        }
        let series = self.simulator.market().by_pair(Exchange::Binance, pair).ok_or_else(Fail::invalid_symbol)?;
        if self.is_traded(series) { Ok(series) } else { Err(Fail::invalid_symbol()) }
    }

    fn is_traded(&self, series: &Series) -> bool {
        self.simulator.trades(Exchange::Binance, series.listing.symbol())
    }

    /// What `symbol` or `symbols` name, or everything; and whether one answer rather than a list is wanted.
    fn series(&self) -> Result<(Vec<&'a Series>, bool), Fail> {
        match (self.params.get("symbol"), self.params.get("symbols")) {
            (Some(_), Some(_)) => Err(Fail::new(-1128, "Combination of optional parameters invalid.")),
            (Some(_), None) => Ok((vec![self.one()?], true)),
            (None, Some(list)) => {
                let range = r#"^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$"#;
                let illegal = || Fail::illegal("symbols", range);
                if list.contains(char::is_whitespace) {
                    return Err(illegal());
                }
                let pairs: Vec<String> = serde_json::from_str(list).map_err(|_| illegal())?;
                Ok((pairs.iter().map(|pair| self.find(pair)).collect::<Result<_, _>>()?, false))
            }
            (None, None) => {
                let all = self.simulator.market().series(Exchange::Binance).iter();
                Ok((all.filter(|series| self.is_traded(series)).collect(), false))
            }
        }
    }

    fn rows(
        &self,
        row: impl Fn(&Series, &crate::server::simulator::market::Ticker) -> Option<Value>,
    ) -> Result<Value, Fail> {
        let (series, single) = self.series()?;
        let market = self.simulator.market();
        let mut rows = series.into_iter().filter_map(|series| row(series, market.ticker(series, self.now)?.as_ref()));
        if single { Ok(rows.next().unwrap_or_default()) } else { Ok(rows.collect()) }
    }

    fn tickers(&self) -> Result<Value, Fail> {
        let mini = match self.params.get("type").map(String::as_str) {
            None | Some("FULL") => false,
            Some("MINI") => true,
            Some(_) => return Err(Fail::new(-1139, "Invalid ticker type.")),
        };
        self.rows(|series, ticker| Some(figures::rest_ticker(&series.listing, ticker, mini)))
    }

    fn integer(&self, name: &str) -> Result<Option<i64>, Fail> {
        let illegal = || Fail::illegal(name, "^[0-9]{1,20}$");
        self.params.get(name).map(|text| text.parse().ok().filter(|n| *n >= 0).ok_or_else(illegal)).transpose()
    }

    fn limit(&self, default: usize, max: usize) -> Result<usize, Fail> {
        let limit = self.integer("limit")?.map_or(default, |limit| usize::try_from(limit).unwrap_or(max));
        if limit == 0 {
            return Err(Fail::new(-1130, "Data sent for parameter 'limit' is not valid."));
        }
        Ok(limit.min(max))
    }

    fn klines(&self) -> Result<Value, Fail> {
        let series = self.one()?;
        let interval = self.params.get("interval").ok_or_else(|| Fail::missing("interval"))?;
        let span = Span::of_binance(interval).ok_or_else(|| Fail::new(-1120, "Invalid interval."))?;
        let limit = self.limit(500, 1000)?;
        let end = self.integer("endTime")?.unwrap_or(i64::MAX).min(self.now);
        let back = i64::try_from(limit).unwrap_or(1000) - 1;
        let start = match self.integer("startTime")? {
            Some(start) => start,
            None => span.before(end, back),
        };
        let over = self.simulator.market().distortions(Exchange::Binance);
        let candles = series.candles(&over, span, (start, end), self.now, limit);
        Ok(candles.iter().map(|candle| figures::rest_kline(&series.listing, candle)).collect())
    }

    fn trades(&self) -> Result<Value, Fail> {
        let series = self.one()?;
        let limit = self.limit(500, 1000)? as u64;
        let over = self.simulator.market().distortions(Exchange::Binance);
        let trades = series.last_trades(&over, self.now, limit);
        Ok(trades.iter().map(|trade| figures::rest_trade(&series.listing, trade)).collect())
    }

    fn agg_trades(&self) -> Result<Value, Fail> {
        let series = self.one()?;
        let limit = self.limit(500, 1000)?;
        let over = self.simulator.market().distortions(Exchange::Binance);
        let next = series.next_trade(self.now);
        let count = limit as u64;
        let first = self.integer("fromId")?.map(i64::unsigned_abs);
        let trades = match (first, self.integer("startTime")?, self.integer("endTime")?) {
            (Some(first), _, _) => series.trades_numbered(&over, first, (first.saturating_add(count)).min(next)),
            (None, None, None) => series.trades_numbered(&over, next.saturating_sub(count), next),
            (None, start, end) => {
                // Times within a quarter of a second are found too: trades before the first are left out below.
                let end = end.unwrap_or(i64::MAX).min(self.now);
                let start = start.unwrap_or(end - 60 * MINUTE_MS).max(end - 24 * 60 * MINUTE_MS);
                let first = series.next_trade(start);
                let mut trades = series.trades_numbered(&over, first, (first + count + 64).min(next));
                trades.retain(|trade| (start..=end).contains(&trade.time));
                trades.truncate(limit);
                trades
            }
        };
        Ok(trades.iter().map(|trade| figures::rest_agg_trade(&series.listing, trade)).collect())
    }

    fn depth(&self) -> Result<Value, Fail> {
        let series = self.one()?;
        let limit = self.limit(100, 5000)?;
        let over = self.simulator.market().distortions(Exchange::Binance);
        let book = series.book(&over, self.now, limit.min(BOOK_DEPTH));
        Ok(json!({
            "lastUpdateId": figures::update_id(self.now),
            "bids": figures::levels(&series.listing, &book.bids),
            "asks": figures::levels(&series.listing, &book.asks),
        }))
    }
}
