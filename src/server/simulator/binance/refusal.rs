//! How Binance says no.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde_json::json;

use crate::server::simulator::{Simulator, budget::Spent};

/// Whoever goes on after so much more than the limit is banned.
const BANNED_AFTER: u32 = 600;

/// An error with its status 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fail {
    pub code: i32,
    pub msg: String,
}

impl Fail {
    pub fn new(code: i32, msg: impl Into<String>) -> Self {
        Self { code, msg: msg.into() }
    }

    pub fn missing(name: &str) -> Self {
        Self::new(-1102, format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed."))
    }

    pub fn illegal(name: &str, range: &str) -> Self {
        Self::new(-1100, format!("Illegal characters found in parameter '{name}'; legal range is '{range}'."))
    }

    pub fn invalid_symbol() -> Self {
        Self::new(-1121, "Invalid symbol.")
    }
}

/// The answer to a country that is not served.
pub fn restricted() -> Response {
    let msg = "Service unavailable from a restricted location according to 'b. Eligibility' in \
               https://www.binance.com/en/terms. Please contact customer service if you believe you received this \
               message in error.";
    (StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS, Json(json!({ "code": 0, "msg": msg }))).into_response()
}

/// 429, and when to come back.
pub fn too_much(retry_after: u64) -> Response {
    let msg = "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. Please use WebSocket \
               Streams for live updates to avoid polling the API.";
    (
        StatusCode::TOO_MANY_REQUESTS,
        [(header::RETRY_AFTER, retry_after.to_string())],
        Json(json!({ "code": -1003, "msg": msg })),
    )
        .into_response()
}

/// The answer to one who has spent more than the weight of a minute: 429, and 418 for whoever does not stop.
pub fn over(simulator: &Simulator, spent: Spent) -> Response {
    if spent.used <= spent.limit + BANNED_AFTER {
        return too_much(spent.retry_after());
    }
    let until = simulator.stamp().wall.0 + i64::try_from(spent.renews_in.as_millis()).unwrap_or(0);
    let msg = format!(
        "Way too much request weight used; IP banned until {until}. Please use WebSocket Streams for live updates to \
         avoid bans."
    );
    (
        StatusCode::IM_A_TEAPOT,
        [(header::RETRY_AFTER, spent.retry_after().to_string())],
        Json(json!({ "code": -1003, "msg": msg })),
    )
        .into_response()
}
