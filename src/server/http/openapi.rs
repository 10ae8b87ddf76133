//! `GET /api/openapi.json`: the API, described for programs. Made of what stands beside each endpoint and of the very
//! types that are sent, so it can't say something else.
//!
//! OpenAPI 3.1 knows no streams. What comes on one is told as `x-events` of its endpoint, what is said to a socket as
//! `x-commands`: `[{"name","description","schema","example"}]`.

mod answers;
pub(super) mod channels;
mod errors;
pub(super) mod event;
mod parameters;
mod rest;
pub(super) mod samples;
mod schemas;
mod streams;
mod tree;

use std::{collections::HashSet, sync::LazyLock};

use axum::response::Response;
use axum::{body::Body, response::IntoResponse};
use bytes::Bytes;
use http::{HeaderMap, header};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};

pub use self::{
    answers::Refused,
    parameters::{
        ChannelParameters, EngineParameters, EventParameters, InPathChannel, InPathCreated, InPathSymbol,
        LastEventIdHeader, LastEventIdParameter, NewChannel, NewsParameters, RealtimeParameters, RealtimeSymbols,
        RemovedPath,
    },
};
use self::{
    event::{Event, Shapes, Stream},
    samples::Samples,
};
use super::{
    channels::{manage, publish, stream},
    docs, health, live, metrics, news, price, ready, realtime, rss, socketio, sources, sse, stats, symbols,
    validator::{REVALIDATE, Validator},
    websocket,
};
use crate::wire::{error::ErrorBody, json::Json};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Market Pulse",
        description = "Live market prices of several exchanges and the news that moves them: one price per asset that anyone can \
                       audit, streams that lose nothing over a disconnection, and channels for programs of your own.\n\n\
                       JSON is UTF-8. Times are RFC 3339 in UTC where they are text, and milliseconds since the Unix epoch \
                       where they are numbers. `null` is unknown, and an unknown figure is never `0`; a field that may be `null` may be missing, too. Prices are in USDT. Fields, events \
                       and types that are not listed here are for newer clients and are to be ignored.\n\n\
                       Reading needs no token unless the server is configured otherwise (`access.read`); publishing always does. \
                       A token is shown as `Authorization: Bearer …`, or as `?token=…` where no header can be sent, and never by a \
                       cookie: another site can't make a visitor's browser use one. Any site may read from a browser; only \
                       those that `server.cors_origins` names may publish.\n\n\
                       Limits are counted for each address, and for each token where one is shown: 300 requests a minute and 100 open \
                       streams of an address by default. What waiting mends is answered with `Retry-After` and with a `retry` \
                       object.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "prices", description = "Prices"),
        (name = "streams", description = "Streams"),
        (name = "channels", description = "Channels"),
        (name = "sockets", description = "Sockets"),
        (name = "news", description = "News"),
        (name = "operations", description = "Operations"),
    ),
    paths(
        price::price,
        symbols::symbols,
        stats::stats,
        realtime::one,
        realtime::many,
        sse::sse,
        stream::named,
        manage::status,
        publish::event,
        manage::list,
        manage::create,
        manage::remove,
        stream::created,
        publish::message,
        websocket::receive,
        socketio::receive,
        socketio::hear,
        news::articles,
        news::stories,
        news::breaking,
        sources::sources,
        rss::rss,
        health::health,
        ready::ready,
        live::live,
        metrics::metrics,
        openapi,
        docs::docs,
    ),
    components(responses(Refused)),
    modifiers(&Tokens),
)]
struct Description;

/// How a token is shown.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let mut header = Http::new(HttpAuthScheme::Bearer);
        header.description = Some("`Authorization: Bearer mp_…`, as `market-pulse token create` prints it.".to_owned());
        let parameter = "The same in the address, for an `EventSource` or `WebSocket` of a browser. Prefer the header: \
                         addresses end up in the logs of proxies.";
        components.add_security_scheme("bearer", SecurityScheme::Http(header));
        let parameter = ApiKeyValue::with_description("token", parameter);
        components.add_security_scheme("token", SecurityScheme::ApiKey(ApiKey::Query(parameter)));
    }
}

static DOCUMENT: LazyLock<Json> = LazyLock::new(|| {
    let mut document = Json::of(&Description::openapi());
    match complete(&mut document) {
        Some(twice) if twice.is_empty() => {}
        Some(twice) => tracing::error!(?twice, "two shapes of the API have one name"),
        None => tracing::error!("the description of the API has no examples"),
    }
    document
});

static ENCODED: LazyLock<(Bytes, Validator)> = LazyLock::new(|| {
    let text = format!("{}\n", DOCUMENT.pretty());
    let validator = Validator::of(&text);
    (Bytes::from(text), validator)
});

/// The description itself.
pub fn document() -> &'static Json {
    &DOCUMENT
}

/// Adds what no macro knows: streams, examples, errors, and who may read. Returns names that two shapes have.
fn complete(document: &mut Json) -> Option<Vec<String>> {
    let samples = Samples::new()?;
    let mut shapes = Shapes::default();
    let mut all = streams::all(&samples, &mut shapes);
    all.push(channels::stream(&samples, &mut shapes)?);
    all.push(websocket::description::stream(&samples, &mut shapes)?);
    all.push(socketio::description::stream(&samples, &mut shapes));
    for stream in &all {
        add_stream(document, stream)?;
    }
    let socket = document.at_mut(&["paths", "/api/ws", "get"])?;
    socket.set("x-errors", websocket::description::faults());
    socket.set("x-close-codes", websocket::description::closes());

    document.at_mut(&["paths", "/socket.io/", "get"])?.set("x-errors", socketio::description::faults());

    let publications = channels::publications(&samples, &mut shapes)?;
    let content = ["paths", "/api/v1/channels/{channel}/events", "post", "requestBody", "content", "application/json"];
    put_examples(document.at_mut(&content)?, &publications);
    for answer in rest::answers(&samples)? {
        let place = ["paths", answer.path, answer.method, "responses", answer.status, "content", "application/json"];
        document.at_mut(&place)?.set("example", answer.example);
    }
    let message = Json::object([("text", Json::word("any JSON"))]);
    document
        .at_mut(&["paths", "/streams/{path}", "post", "requestBody", "content", "application/json"])?
        .set("example", message);

    let refused = document.at_mut(&["components", "responses", "Refused"])?;
    refused.set("x-errors", errors::table(&samples));
    let examples = errors::examples(&samples).map(|(name, value)| (name, Json::object([("value", value)])));
    refused.at_mut(&["content", "application/json"])?.set("examples", Json::object(examples));
    let_read(document);
    say_what_succeeded(document);
    shapes.of::<ErrorBody>();
    let twice = shapes.put_into(document);
    leave_out_unused(document);
    Some(twice)
}

/// What comes on a stream, and what is said to it.
fn add_stream(document: &mut Json, stream: &Stream) -> Option<()> {
    let operation = document.at_mut(&["paths", stream.path, stream.method])?;
    let list = |events: &[Event]| Json::List(events.iter().map(Event::described).collect());
    if let Some(content) = stream.content {
        put_examples(operation.at_mut(&["responses", "200", "content", content])?, &stream.events);
    }
    operation.set("x-events", list(&stream.events));
    if !stream.commands.is_empty() {
        operation.set("x-commands", list(&stream.commands));
    }
    Some(())
}

/// Any of these is the content, and each of them is an example of it.
fn put_examples(content: &mut Json, events: &[Event]) {
    let mut choices: Vec<Json> = Vec::new();
    let mut examples: Vec<(String, Json)> = Vec::new();
    for event in events {
        if !choices.contains(&event.schema) {
            choices.push(event.schema.clone());
        }
        let times = examples.iter().filter(|(name, _)| name.starts_with(event.name)).count();
        let name = if times == 0 { event.name.to_owned() } else { format!("{}_{}", event.name, times + 1) };
        let example = Json::object([("summary", Json::word(event.about)), ("value", event.example.clone())]);
        examples.push((name, example));
    }
    content.set("schema", Json::object([("anyOf", Json::List(choices))]));
    content.set("examples", Json::Object(examples));
}

/// Endpoints that say nothing of tokens are read without one, or with any; probes look at none.
fn let_read(document: &mut Json) {
    const PROBES: [&str; 3] = ["/health", "/ready", "/live"];
    let token = |scheme| Json::object([(scheme, Json::List(vec![Json::word("read")]))]);
    let Some(Json::Object(paths)) = document.at_mut(&["paths"]) else { return };
    for (path, item) in paths {
        let Json::Object(operations) = item else { continue };
        for (_, operation) in operations {
            if *operation.get("security") == Json::Null {
                let probe = PROBES.contains(&path.as_str());
                let anybody = vec![Json::object([]), token("bearer"), token("token")];
                operation.set("security", Json::List(if probe { vec![] } else { anybody }));
            }
        }
    }
}

/// Every answer has a description; "OK" where there is no more to say.
fn say_what_succeeded(document: &mut Json) {
    let Some(Json::Object(paths)) = document.at_mut(&["paths"]) else { return };
    let operations =
        paths.iter_mut().filter_map(|(_, item)| if let Json::Object(all) = item { Some(all) } else { None });
    for (_, operation) in operations.flatten() {
        let Some(Json::Object(responses)) = operation.at_mut(&["responses"]) else { continue };
        for (_, response) in responses {
            if response.get("$ref").text().is_none() && response.text_of("description").is_empty() {
                response.set("description", Json::word("OK"));
            }
        }
    }
}

/// Shapes that others hold a copy of are not told for themselves.
fn leave_out_unused(document: &mut Json) {
    let mut used = HashSet::new();
    let mut open = vec![document.get("paths"), document.at(&["components", "responses"])];
    while let Some(json) = open.pop() {
        if let Some(name) = json.get("$ref").text().and_then(|path| path.strip_prefix("#/components/schemas/"))
            && used.insert(name.to_owned())
        {
            open.push(document.at(&["components", "schemas", name]));
        }
        open.extend(json.fields().iter().map(|(_, value)| value));
        open.extend(json.items());
    }
    if let Some(Json::Object(schemas)) = document.at_mut(&["components", "schemas"]) {
        schemas.retain(|(name, _)| used.contains(name));
    }
}

/// This description, for programs.
///
/// OpenAPI 3.1. What comes on a stream is told as `x-events` of its endpoint, what is said to a socket as `x-commands`.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "operations",
    responses(
        (status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object),
        (status = "default", response = Refused),
    ),
)]
pub(super) async fn openapi(headers: HeaderMap) -> Response {
    let (text, validator) = &*ENCODED;
    validator.answer(&headers, REVALIDATE, || {
        ([(header::CONTENT_TYPE, "application/json")], Body::from(text.clone())).into_response()
    })
}

#[cfg(test)]
mod tests;
