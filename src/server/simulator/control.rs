//! The control interface: faults and pins on demand.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /control` | – | the seed, the symbols, every exchange's faults, pins and open sockets |
//! | `POST /control/{venue}` | `{"fault":"stall","symbol":"BTC","seconds":30}` | the exchange's state; symbol and seconds are optional |
//! | `POST /control/{venue}/clear` | – | the exchange's state: no faults and no pins |
//! | `GET /control/{venue}/requests` | – | how many requests its sockets heard, pings aside, and the last 100 of them |
//! | `POST /control/{venue}/price` | `{"symbol":"BTC","price":70000}` | the exchange's state, once the price is in force |
//!
//! | fault | what happens |
//! |---|---|
//! | `disconnect` | open sockets are cut without a close frame, once; with `seconds`, none is accepted meanwhile |
//! | `refuse` | new sockets and REST get 503; open sockets go on |
//! | `stall` | no data on any socket (or of one symbol); acknowledgements, pings and pongs go on |
//! | `stall_symbol` | the same for one symbol, which must be named |
//! | `delist` | one symbol, which must be named, is in no list, has no data, and new subscriptions to it are treated as those to any unknown one |
//! | `garbage` | some twenty kinds of broken frames instead of data (or of one symbol's); one of them has 20 MB |
//! | `outlier` | prices (or one symbol's) are 10 % too high, in frames, REST and candles alike |
//! | `delay` | every frame of a socket leaves two seconds later, in order |
//! | `half_open` | open sockets are neither read nor written nor closed; new ones likewise; REST goes on. When it ends, they are cut |
//! | `shutdown_notice` | Binance `serverShutdown`, closed after 10 s; OKX notice 64008, closed after 60 s; Bybit is cut at once. `seconds` is the time to the close |
//! | `region_block` | REST and new sockets get 451 (Binance) or 403 |
//! | `rate_limit` | Binance 429 with `Retry-After`, and 1008 for the next message on a socket; Bybit `retCode` 10006, and 403 for new sockets; OKX 50011, and 60014 for requests on a socket |
//!
//! Faults hold for `seconds`, or until they are cleared; several hold together; the same one again replaces the first.
//! A symbol that is named with a fault that concerns whole connections is ignored.
//!
//! An unknown exchange is `404`, an unknown fault or symbol `400`, each with `{"error":…,"known":[…]}`.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::model::symbol::Symbol;

use super::{Simulator, distortion::Effect, exchange::Exchange, faults::Fault, path::LEAF_MS};

/// What an outlier's price is multiplied by.
const OUTLIER: f64 = 1.1;
/// Longest time that a fault can be asked for, in seconds: a year.
const MAX_SECONDS: f64 = 31_536_000.0;

pub fn router() -> Router<Simulator> {
    Router::new()
        .route("/control", get(state))
        .route("/control/{venue}", get(venue_state).post(start))
        .route("/control/{venue}/clear", post(clear))
        .route("/control/{venue}/requests", get(requests))
        .route("/control/{venue}/price", post(pin))
}

/// A request that can't be followed.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("unknown venue {0:?}")]
    UnknownVenue(String),
    #[error("unknown fault {0:?}")]
    UnknownFault(String),
    #[error("unknown symbol {0:?}")]
    UnknownSymbol(String),
    #[error("this fault needs a symbol")]
    SymbolMissing,
    #[error("seconds must be above 0 and at most a year")]
    BadSeconds,
    #[error("a price is a finite number above 0")]
    BadPrice,
    #[error("the body is not what is wanted: {0}")]
    BadBody(#[from] serde_json::Error),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let known: Vec<&str> = match self {
            Self::UnknownVenue(_) => Exchange::ALL.iter().map(|venue| venue.as_str()).collect(),
            Self::UnknownFault(_) => Fault::ALL.iter().map(|fault| fault.as_str()).collect(),
            _ => Vec::new(),
        };
        let status =
            if matches!(self, Self::UnknownVenue(_)) { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
        (status, Json(json!({ "error": self.to_string(), "known": known }))).into_response()
    }
}

#[derive(Deserialize)]
struct FaultRequest {
    fault: String,
    symbol: Option<String>,
    seconds: Option<f64>,
}

#[derive(Deserialize)]
struct PriceRequest {
    symbol: String,
    price: Value,
}

fn venue_of(text: &str) -> Result<Exchange, Refusal> {
    Exchange::parse(text).ok_or_else(|| Refusal::UnknownVenue(text.to_owned()))
}

fn symbol_of(simulator: &Simulator, venue: Exchange, text: &str) -> Result<Symbol, Refusal> {
    let unknown = || Refusal::UnknownSymbol(text.to_owned());
    let symbol = Symbol::parse(text).map_err(|_| unknown())?;
    if simulator.market().lists(venue, symbol) { Ok(symbol) } else { Err(unknown()) }
}

async fn start(
    State(simulator): State<Simulator>,
    Path(venue): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let venue = venue_of(&venue)?;
    let request: FaultRequest = serde_json::from_slice(&body)?;
    let fault = Fault::parse(&request.fault).ok_or(Refusal::UnknownFault(request.fault))?;
    let symbol = request.symbol.map(|text| symbol_of(&simulator, venue, &text)).transpose()?;
    if matches!(fault, Fault::StallSymbol | Fault::Delist) && symbol.is_none() {
        return Err(Refusal::SymbolMissing);
    }
    // The other faults concern connections, which have no symbol.
    let by_symbol = [Fault::Stall, Fault::StallSymbol, Fault::Delist, Fault::Garbage, Fault::Outlier].contains(&fault);
    let symbol = symbol.filter(|_| by_symbol);
    let lasts = request.seconds.map(seconds).transpose()?;
    if fault == Fault::Outlier {
        let lasts_ms = lasts.map(|lasts| i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX));
        // The same outlier again replaces the earlier one: factors must not pile up.
        simulator.market().restore(venue, |own, effect| own == symbol && matches!(effect, Effect::Scale(_)));
        simulator.market().distort(venue, symbol, Effect::Scale(OUTLIER), lasts_ms);
    }
    simulator.faults().start(venue, fault, symbol, lasts);
    if fault == Fault::Outlier {
        until_in_force(&simulator).await;
    }
    Ok(Json(describe(&simulator, venue)))
}

async fn clear(State(simulator): State<Simulator>, Path(venue): Path<String>) -> Result<Json<Value>, Refusal> {
    let venue = venue_of(&venue)?;
    simulator.faults().clear(venue);
    simulator.market().restore(venue, |_, _| true);
    until_in_force(&simulator).await;
    Ok(Json(describe(&simulator, venue)))
}

async fn pin(
    State(simulator): State<Simulator>,
    Path(venue): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let venue = venue_of(&venue)?;
    let request: PriceRequest = serde_json::from_slice(&body)?;
    let symbol = symbol_of(&simulator, venue, &request.symbol)?;
    let price = request.price.as_f64().or_else(|| request.price.as_str()?.parse().ok());
    // A trillion: more could not be printed with eight decimals.
    let price = price.filter(|price| price.is_finite() && *price > 0.0 && *price < 1e12).ok_or(Refusal::BadPrice)?;
    simulator.market().distort(venue, Some(symbol), Effect::Pin(price), None);
    until_in_force(&simulator).await;
    Ok(Json(describe(&simulator, venue)))
}

fn seconds(seconds: f64) -> Result<Duration, Refusal> {
    if seconds > 0.0 && seconds <= MAX_SECONDS {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(Refusal::BadSeconds)
    }
}

/// Prices change at the next quarter of a second: waits for it, so that who asked sees the change at once.
async fn until_in_force(simulator: &Simulator) {
    let wall = simulator.stamp().wall.0;
    sleep(Duration::from_millis((LEAF_MS - wall.rem_euclid(LEAF_MS)).unsigned_abs())).await;
}

async fn state(State(simulator): State<Simulator>) -> Json<Value> {
    let venues: serde_json::Map<String, Value> =
        Exchange::ALL.into_iter().map(|venue| (venue.to_string(), describe(&simulator, venue))).collect();
    let symbols: Vec<Symbol> =
        simulator.market().series(Exchange::Binance).iter().map(|series| series.listing.symbol()).collect();
    Json(json!({ "seed": simulator.seed(), "symbols": symbols, "venues": venues }))
}

async fn venue_state(State(simulator): State<Simulator>, Path(venue): Path<String>) -> Result<Json<Value>, Refusal> {
    Ok(Json(describe(&simulator, venue_of(&venue)?)))
}

async fn requests(State(simulator): State<Simulator>, Path(venue): Path<String>) -> Result<Json<Value>, Refusal> {
    let (count, last) = simulator.requests(venue_of(&venue)?);
    Ok(Json(json!({ "count": count, "last": last })))
}

fn describe(simulator: &Simulator, venue: Exchange) -> Value {
    let now = Instant::now();
    let faults: Vec<Value> = simulator
        .faults()
        .active(venue)
        .iter()
        .map(|active| {
            let left = active.until.map(|until| until.saturating_duration_since(now).as_secs_f64());
            json!({ "fault": active.fault.as_str(), "symbol": active.symbol, "secondsLeft": left })
        })
        .collect();
    let pins: serde_json::Map<String, Value> = simulator
        .market()
        .distortions(venue)
        .pins(simulator.market().now())
        .into_iter()
        .map(|(symbol, price)| (symbol.to_string(), price.into()))
        .collect();
    json!({ "venue": venue.as_str(), "faults": faults, "pins": pins, "sockets": simulator.open_sockets(venue) })
}
