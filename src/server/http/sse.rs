//! `GET /api/sse`: news, breaking news and prices as named server-sent events.
//!
//! | parameter | meaning |
//! |---|---|
//! | `sources` | keys as in `GET /api/sources`, in any case; an unknown one is refused |
//! | `categories` | in any case |
//! | `keywords` | whole words of title or description, in any case; `interest rate` are two in a row; at most 50 |
//! | `symbols` | news about these assets only, and their prices; the prices of the strip where it is missing |
//! | `events` | `news`, `breaking`, `breaking_update`, `story_update`, `price`; all where it is missing |
//! | `breaking` | `only` or `false`: news of breaking stories only, or of the others only |
//! | `maxHz` | 0.1–50: at most so many prices a second of each asset; 1 where it is missing |
//! | `lastEventId` | where to go on, unless the header `Last-Event-ID` says it |
//!
//! A symbol that is not configured, but that a venue lists, has prices as long as a stream wants them and a minute longer;
//! news is not searched for it.
//!
//! Lists are comma-separated; an empty one is as good as none. AND between the parameters, OR inside one. Prices have
//! neither source, category nor words: only `symbols`, `events` and `maxHz` concern them. `connected`, `heartbeat`,
//! `gap` and `stream_error` come to everybody, and `breaking_update` to whoever asks for `breaking`.
//!
//! Ids are places in the log of the news. `connected` and `heartbeat` carry the reader's own, so a reader is never
//! further back than it must be, whatever its filter left out; prices carry none. A reader that comes back gets what it
//! missed in order, once, before anything new, over a restart of the server, too. Where that is not possible one `gap`
//! tells so: `expired` where events are no longer kept, `restarted` where the id is not of this log or can't be read.
//! A replayed event is what it was when it was first sent, `timeAgo` included.

use std::sync::Arc;

use axum::{extract::State, response::Response};

use super::{
    address::Counted, error::HttpError, event_query::EventQuery, lapse::Admission, last_event_id::LastEventId,
    query::want, realtime::respond,
};
use crate::server::services::Services;

/// News, breaking news and prices, as server-sent events with a name.
///
/// Different parameters are all fulfilled, the items of one are alternatives. Prices have neither source, category nor
/// words: only `symbols`, `events` and `maxHz` concern them. `connected`, `heartbeat`, `gap` and `stream_error` come to
/// everybody.
///
/// News is never lost: who comes back with its last id gets what it missed in order, once, before anything new, over a
/// restart of the server, too.
#[utoipa::path(
    get, path = "/api/sse", tag = "streams", operation_id = "events",
    params(super::openapi::EventParameters, super::openapi::LastEventIdHeader),
    responses(
        (status = 200, description = "Each `event:` has a name, and its `data:` the shape of that name.",
         content_type = "text/event-stream", body = String),
        (status = "default", response = super::openapi::Refused),
    ),
)]
pub(super) async fn sse(
    State(services): State<Arc<Services>>,
    Counted(client): Counted,
    admission: Admission,
    LastEventId(since): LastEventId,
    EventQuery(wish): EventQuery,
) -> Result<Response, HttpError> {
    let interests = want(&services, &wish.prices, client)?;
    Ok(respond(services.hub.connect_events(client, wish, since)?.keeping(interests), admission))
}
