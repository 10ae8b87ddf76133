//! The control interface of the feeds: items and faults on demand.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /control/news` | – | the mode; every outlet with its path, format, items, requests and fault |
//! | `POST /control/news` | `{"source":"ledger_wire","title":"…"}` and more, see below | what was published |
//! | `POST /control/news/fault` | `{"source":"ledger_wire","fault":"slow","seconds":30}` | the outlet's state; seconds are optional |
//! | `POST /control/news/clear` | `{"source":"ledger_wire"}`, or nothing for all | the state |
//! | `POST /control/news/mode` | `{"mode":"quiet"}` or `playing` | the state. Prices move as they would have |
//!
//! An item may have `description`, `link`, `guid`, `author`, `imageUrl`; `pubDate`: now where it is missing, none where it
//! is null or empty, as it stands where it is no date; `count`: so many, numbered, up to 10,000, of which all have the
//! `guid` and `link` that are named, or each its own; `raw`: stands in the feed as it is instead of all the rest.
//! A feed holds the newest 40, or all that were published at once.
//!
//! | fault | what a request for the feed gets |
//! |---|---|
//! | `slow` | the feed, over a minute |
//! | `dead` | nothing; 503 when the fault ends |
//! | `gone` | 410 |
//! | `malformed` | tags that do not close, or JSON without quotes |
//! | `html` | 200 and a login page |
//! | `huge` | 20 MB of items |
//! | `bomb` | entities that unfold to gigabytes, or JSON that nests without end |
//! | `gzip_bomb` | 1 GiB of blanks, which is a megabyte for who takes gzip |
//! | `redirect_loop` | 302 to itself |
//! | `redirect_private` | 302 to an address of the link-local network |
//! | `wrong_encoding` | Latin-1 that calls itself UTF-8 |
//! | `rate_limit` | 429 with `Retry-After` |
//! | `server_error` | 500 |
//! | `empty` | 200 and nothing |
//! | `nested` | a hundred thousand elements inside each other |
//! | `endless` | items without end, fifty a second |
//! | `truncated` | half of the feed, then the connection breaks |
//!
//! An unknown source is `404`, an unknown fault or a bad value `400`, each with `{"error":…,"known":[…]}`.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    News, NewsMode, Simulator,
    faults::FeedFault,
    item::{Date, Item},
    outlets::{OUTLETS, Outlet, by_key},
    shelf::MOST_AT_ONCE,
    telling::address,
};
use crate::model::time::UnixMs;

/// Longest time that a fault can be asked for, in seconds: a year.
const MAX_SECONDS: f64 = 31_536_000.0;

pub fn router() -> Router<Simulator> {
    Router::new()
        .route("/control/news", get(state).post(publish))
        .route("/control/news/fault", post(fault))
        .route("/control/news/clear", post(clear))
        .route("/control/news/mode", post(mode))
}

/// A request that can't be followed.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("unknown source {0:?}")]
    UnknownSource(String),
    #[error("unknown fault {0:?}")]
    UnknownFault(String),
    #[error("unknown mode {0:?}")]
    UnknownMode(String),
    #[error("seconds must be above 0 and at most a year")]
    BadSeconds,
    #[error("count must be from 1 to {MOST_AT_ONCE}")]
    BadCount,
    #[error("the body is not what is wanted: {0}")]
    BadBody(#[from] serde_json::Error),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let known: Vec<&str> = match self {
            Self::UnknownSource(_) => OUTLETS.iter().map(|outlet| outlet.key).collect(),
            Self::UnknownFault(_) => FeedFault::ALL.iter().map(|fault| fault.as_str()).collect(),
            Self::UnknownMode(_) => vec!["playing", "quiet"],
            _ => Vec::new(),
        };
        let status =
            if matches!(self, Self::UnknownSource(_)) { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
        (status, Json(json!({ "error": self.to_string(), "known": known }))).into_response()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ItemRequest {
    source: String,
    title: String,
    #[serde(default)]
    description: String,
    link: Option<String>,
    guid: Option<String>,
    author: Option<String>,
    image_url: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub_date: PubDate,
    count: Option<usize>,
    raw: Option<String>,
}

#[derive(Deserialize)]
struct FaultRequest {
    source: String,
    fault: String,
    seconds: Option<f64>,
}

#[derive(Deserialize, Default)]
struct ClearRequest {
    source: Option<String>,
}

#[derive(Deserialize)]
struct ModeRequest {
    mode: String,
}

/// The date that is asked for.
#[derive(Default)]
enum PubDate {
    #[default]
    Now,
    Text(String),
    None,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PubDate, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()).map_or(PubDate::None, PubDate::Text))
}

fn outlet_of(source: &str) -> Result<(usize, &'static Outlet), Refusal> {
    let place = by_key(source);
    place.and_then(|place| Some((place, OUTLETS.get(place)?))).ok_or_else(|| Refusal::UnknownSource(source.to_owned()))
}

/// The date of an item that is published at `now` (ms).
fn date_of(asked: PubDate, now: i64) -> Date {
    match asked {
        PubDate::Now => Date::At(now),
        PubDate::None => Date::None,
        PubDate::Text(text) => UnixMs::parse_rfc3339(&text).map_or(Date::Text(text), |at| Date::At(at.0)),
    }
}

async fn publish(State(simulator): State<Simulator>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let request: ItemRequest = serde_json::from_slice(&body)?;
    let (place, outlet) = outlet_of(&request.source)?;
    let count = request.count.unwrap_or(1);
    if !(1..=MOST_AT_ONCE).contains(&count) {
        return Err(Refusal::BadCount);
    }
    let market = simulator.market();
    let now = market.clock().wall().0;
    let date = date_of(request.pub_date, now);
    let items = simulator.news().now(market, |shelves| {
        let mut items = Vec::with_capacity(count);
        for number in 1..=count {
            let title = if count == 1 { request.title.clone() } else { format!("{} #{number}", request.title) };
            // The same title may be published twice within a millisecond.
            let serial = shelves.serial();
            let (link, guid) = address(outlet, &format!("{title} {serial}"), now);
            items.push(Item {
                guid: request.guid.clone().unwrap_or(guid),
                link: request.link.clone().unwrap_or(link),
                title,
                description: request.description.clone(),
                author: request.author.clone(),
                image: request.image_url.clone(),
                date: date.clone(),
                raw: request.raw.clone(),
            });
        }
        shelves.publish(place, items.clone(), now);
        items
    });
    let published: Vec<Value> = items
        .iter()
        .map(|item| json!({ "id": item.guid, "link": item.link, "title": item.title, "pubDate": item.date.rfc3339() }))
        .collect();
    Ok(Json(json!({ "source": outlet.key, "count": published.len(), "published": published })))
}

async fn fault(State(simulator): State<Simulator>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let request: FaultRequest = serde_json::from_slice(&body)?;
    let (place, outlet) = outlet_of(&request.source)?;
    let fault = FeedFault::parse(&request.fault).ok_or(Refusal::UnknownFault(request.fault))?;
    let lasts = request.seconds.map(seconds).transpose()?;
    simulator.news().faults.start(place, fault, lasts);
    Ok(Json(describe(&simulator, place, outlet)))
}

fn seconds(seconds: f64) -> Result<Duration, Refusal> {
    if seconds > 0.0 && seconds <= MAX_SECONDS {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(Refusal::BadSeconds)
    }
}

async fn clear(State(simulator): State<Simulator>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let request: ClearRequest = if body.is_empty() { ClearRequest::default() } else { serde_json::from_slice(&body)? };
    let place = request.source.map(|source| outlet_of(&source)).transpose()?.map(|(place, _)| place);
    simulator.news().faults.clear(place);
    Ok(Json(overview(&simulator)))
}

async fn mode(State(simulator): State<Simulator>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let request: ModeRequest = serde_json::from_slice(&body)?;
    let mode = NewsMode::parse(&request.mode).ok_or(Refusal::UnknownMode(request.mode))?;
    simulator.news().now(simulator.market(), |shelves| shelves.set_mode(mode));
    Ok(Json(overview(&simulator)))
}

async fn state(State(simulator): State<Simulator>) -> Json<Value> {
    Json(overview(&simulator))
}

fn overview(simulator: &Simulator) -> Value {
    let mode = simulator.news().now(simulator.market(), |shelves| shelves.mode);
    let outlets: Vec<Value> =
        OUTLETS.iter().enumerate().map(|(place, outlet)| describe(simulator, place, outlet)).collect();
    json!({ "mode": mode.as_str(), "outlets": outlets })
}

fn describe(simulator: &Simulator, place: usize, outlet: &Outlet) -> Value {
    let news = simulator.news();
    let items = news.now(simulator.market(), |shelves| shelves.shelf(place).map_or(0, |shelf| shelf.items.len()));
    let now = Instant::now();
    let fault = news.faults.of(place).map(|active| {
        let left = active.until.map(|until| until.saturating_duration_since(now).as_secs_f64());
        json!({ "fault": active.fault.as_str(), "secondsLeft": left })
    });
    json!({
        "source": outlet.key, "name": outlet.name, "path": outlet.path(), "format": outlet.format.as_str(),
        "items": items, "requests": News::counted(&news.requests, place),
        "notModified": News::counted(&news.unchanged, place), "fault": fault,
    })
}
