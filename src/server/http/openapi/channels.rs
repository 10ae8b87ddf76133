//! The events of the named channels. What checks them when they are published also describes them here.

use std::collections::BTreeMap;

use super::{
    event::{Event, Shapes, Stream, constant, shape, text},
    samples::{NOW, Samples, gap, stream_error},
};
use crate::{
    model::venue::Venue,
    server::{
        channels::{
            builtin::BuiltIn,
            schema::{MAX_FIGURES, Shape, fields},
        },
        event::EventKind,
        hub::enveloped,
    },
    wire::{
        channels::{
            Connected, DashboardData, DashboardUpdate, FreshnessCounts, MarketFigures, Mover, Ping, ServerFigures,
            VenueHealth,
        },
        event_stream::StreamError,
        json::Json,
        news::Gap,
        status::ConnectionState,
    },
};

/// The events of all named channels together: which of them come says the channel.
pub fn stream(samples: &Samples, shapes: &mut Shapes) -> Option<Stream> {
    let mut events = Vec::new();
    let connected = Connected { client_id: "job-7", channel: "training", message: "connected to the channel training" };
    events.push(told("connected", "The first event.", shapes.of::<Connected>(), &Json::of(&connected))?);
    for kind in kinds() {
        let mut data = shape_of(kind, shapes);
        if kind == EventKind::DashboardUpdate {
            // What the server itself tells is one of these.
            data = Json::object([("anyOf", Json::List(vec![shapes.of::<DashboardUpdate<'_>>(), data]))]);
        }
        let about = about(kind);
        for example in examples(kind, samples)? {
            events.push(told(kind.as_str(), about, data.clone(), &example)?);
        }
    }
    let ping = Ping { timestamp: NOW.to_rfc3339() };
    events.push(told("ping", "Every 30 s.", shapes.of::<Ping>(), &Json::of(&ping))?);
    let lost = "What was missed can't be replayed: it is too old, or of another log.";
    events.push(told("gap", lost, shapes.of::<Gap>(), &Json::of(&gap()))?);
    let ended = "The last event of a stream that the server ends: `going_down` or `too_slow`, and when to come back.";
    events.push(told("stream_error", ended, shapes.of::<StreamError>(), &Json::of(&stream_error()))?);
    let content = Some("text/event-stream");
    Some(Stream { method: "get", path: "/api/v1/sse/{channel}", content, events, commands: vec![] })
}

/// What is published on the named channels.
pub fn publications(samples: &Samples, shapes: &mut Shapes) -> Option<Vec<Event>> {
    let mut all = Vec::new();
    for kind in kinds() {
        let schema = shape([("event", constant(kind.as_str())), ("data", shape_of(kind, shapes))]);
        let example = examples(kind, samples)?.into_iter().next()?;
        let example = Json::object([("event", Json::word(kind.as_str())), ("data", example)]);
        all.push(Event { name: kind.as_str(), about: about(kind), schema, example });
    }
    Some(all)
}

/// The data of each kind of event, as it comes where there is no envelope: its shape, and an example.
pub fn bare(samples: &Samples, shapes: &mut Shapes) -> Option<Vec<(EventKind, &'static str, Json, Json)>> {
    let mut all = Vec::new();
    for kind in kinds() {
        let example = examples(kind, samples)?.into_iter().next()?;
        all.push((kind, about(kind), shape_of(kind, shapes), example));
    }
    Some(all)
}

fn kinds() -> impl Iterator<Item = EventKind> {
    BuiltIn::ALL.into_iter().flat_map(|channel| channel.kinds().iter().copied())
}

/// An event in its envelope, as the streams write it.
fn told(name: &'static str, about: &'static str, data: Json, example: &Json) -> Option<Event> {
    let written = enveloped(Some(42), name, &serde_json::to_string(&example.written()).ok()?, NOW);
    let line = written.lines().find_map(|line| line.strip_prefix("data: "))?;
    let timestamp = text("RFC 3339: when it was told.");
    let schema = shape([("event", constant(name)), ("data", data), ("timestamp", timestamp)]);
    Some(Event { name, about, schema, example: serde_json::from_str(line).ok()? })
}

const fn about(kind: EventKind) -> &'static str {
    match kind {
        EventKind::TrainingProgress => "On `training`: how far a training is.",
        EventKind::BacktestProgress => "On `backtest`: how far a backtest is.",
        EventKind::RiskAlert => "On `alerts`: a limit of risk was passed.",
        EventKind::PriceAlert => "On `alerts`: a price went where somebody waits for it.",
        EventKind::NewsAlert => "On `alerts`: news that somebody waits for.",
        EventKind::FeedAlert => "On `alerts`: a feed fails, or works again.",
        EventKind::DashboardUpdate => {
            "On `dashboard`: the server itself tells `market` and `metrics` once a second while somebody listens; others may \
             publish all four types."
        }
        _ => "",
    }
}

const fn name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::TrainingProgress => "TrainingProgress",
        EventKind::BacktestProgress => "BacktestProgress",
        EventKind::DashboardUpdate => "DashboardEvent",
        _ => "Alert",
    }
}

/// The shape of an event's data, from the table that it is checked by.
fn shape_of(kind: EventKind, shapes: &mut Shapes) -> Json {
    let table = fields(kind);
    let required = table.iter().filter(|field| field.required).map(|field| Json::word(field.name)).collect();
    let properties = table.iter().map(|field| {
        let mut schema = of_field(field.shape, !field.required);
        let meaning = meaning(field.name);
        if !meaning.is_empty() {
            schema.set("description", Json::word(meaning));
        }
        (field.name.to_owned(), schema)
    });
    let schema = Json::object([
        ("type", Json::word("object")),
        ("required", Json::List(required)),
        ("properties", Json::Object(properties.collect())),
    ]);
    shapes.named(name(kind), schema)
}

fn of_field(shape: Shape, optional: bool) -> Json {
    let kind = |name: &str| {
        let word = Json::word(name);
        ("type", if optional { Json::List(vec![word, Json::word("null")]) } else { word })
    };
    let count = |count: usize| Json::of(&count);
    match shape {
        Shape::Text { least: 0, most } => Json::object([kind("string"), ("maxLength", count(most))]),
        Shape::Text { least, most } => {
            Json::object([kind("string"), ("minLength", count(least)), ("maxLength", count(most))])
        }
        Shape::Number { least, most } => {
            Json::object([kind("number"), ("minimum", Json::Number(least)), ("maximum", Json::Number(most))])
        }
        Shape::Figure => Json::object([kind("number")]),
        Shape::OneOf(known) => {
            let values = known.iter().map(|value| Json::word(*value));
            let null = optional.then_some(Json::Null);
            Json::object([kind("string"), ("enum", Json::List(values.chain(null).collect()))])
        }
        Shape::Figures => {
            let figure = Json::object([("type", Json::List(vec![Json::word("number"), Json::word("null")]))]);
            Json::object([kind("object"), ("maxProperties", count(MAX_FIGURES)), ("additionalProperties", figure)])
        }
        Shape::Object => Json::object([kind("object")]),
    }
}

fn meaning(field: &str) -> &'static str {
    match field {
        "task_id" | "backtest_id" => "The same in every event of one job.",
        "progress" => "In percent.",
        "metrics" => "Figures by name, such as `loss` and `accuracy`.",
        "results" => "Figures by name, such as `total_return`, `sharpe_ratio` and `max_drawdown`.",
        "current_date" => "How far the backtest is in the past that it plays.",
        "message" => "For people.",
        "severity" => "How bad it is.",
        "status" => "Where the job is.",
        "update_type" => "What the data is about.",
        "alert_type" => "A word of the publisher's choice.",
        "metric_name" => "What was measured.",
        "metric_value" => "What it was.",
        "threshold" => "What it should not have passed.",
        "entity_type" | "entity_id" => "What the alert is about.",
        "data" => "As the type says: `MarketFigures`, `ServerFigures`, or what somebody else publishes.",
        _ => "",
    }
}

/// What is told in the examples. Those of the dashboard are made of what the server itself tells.
fn examples(kind: EventKind, samples: &Samples) -> Option<Vec<Json>> {
    let text = match kind {
        EventKind::TrainingProgress => {
            r#"{"task_id":"lstm-7","progress":45.5,"status":"running","message":"epoch 9 of 20",
                "metrics":{"loss":0.31,"accuracy":0.87}}"#
        }
        EventKind::BacktestProgress => {
            r#"{"backtest_id":"carry-3","progress":60,"status":"running","message":"2024 is done",
                "current_date":"2025-01-01","results":{"total_return":0.124,"sharpe_ratio":1.31,"max_drawdown":-0.08}}"#
        }
        EventKind::RiskAlert => {
            r#"{"alert_type":"drawdown","severity":"high","message":"the drawdown is over its limit",
                "metric_name":"drawdown","metric_value":0.12,"threshold":0.1,"entity_type":"portfolio","entity_id":"main"}"#
        }
        EventKind::PriceAlert => {
            r#"{"alert_type":"above","severity":"medium","message":"BTC is above 43,000 USDT",
                "metric_name":"price","metric_value":43250.5,"threshold":43000,"entity_type":"symbol","entity_id":"BTC"}"#
        }
        EventKind::NewsAlert => {
            r#"{"alert_type":"keyword","severity":"low","message":"an article names the ETF",
                "entity_type":"article","entity_id":"c1f0a94d2b76"}"#
        }
        EventKind::FeedAlert => {
            r#"{"alert_type":"feed_failing","severity":"medium","message":"three fetches in a row failed",
                "metric_name":"failures","metric_value":3,"threshold":3,"entity_type":"feed","entity_id":"coindesk"}"#
        }
        EventKind::DashboardUpdate => return dashboard(samples),
        _ => return None,
    };
    Some(vec![serde_json::from_str(text).ok()?])
}

fn dashboard(samples: &Samples) -> Option<Vec<Json>> {
    let ticker = &samples.ticker;
    let mover = Mover {
        symbol: samples.btc,
        price: ticker.price,
        change_percent_24h: ticker.change_percent24h?,
        freshness: ticker.freshness,
    };
    let market = MarketFigures {
        quote: crate::model::symbol::QUOTE,
        symbols: 20,
        with_price: 20,
        freshness: FreshnessCounts { live: 19, quiet: 1, ..FreshnessCounts::default() },
        volume_quote_24h: Some(2_840_000_000.0),
        gainers: vec![mover.clone()],
        losers: vec![Mover { symbol: samples.eth, price: 2_310.2, change_percent_24h: -0.42, ..mover }],
    };
    let venue = VenueHealth {
        venue: Venue::new("binance")?,
        state: ConnectionState::Connected,
        last_message_at: Some(NOW.to_rfc3339()),
        messages_per_second: 212.5,
        reconnects: 0,
    };
    let readers = [(BuiltIn::Dashboard, 1), (BuiltIn::Training, 2)];
    let server = ServerFigures {
        uptime_s: 8130,
        streams: 41,
        channels: readers.into_iter().map(|(channel, readers)| (channel.as_str(), readers)).collect::<BTreeMap<_, _>>(),
        created_channels: 1,
        venues: vec![venue],
    };
    let told = |data: DashboardData| Json::of(&DashboardUpdate { update_type: data.update_type(), data: &data });
    Some(vec![told(DashboardData::Market(market)), told(DashboardData::Metrics(server))])
}
