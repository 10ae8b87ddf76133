//! The messages of `/api/realtime` and the events of `/api/sse`.

use super::{
    event::{Event, Shapes, Stream, constant, event, shape},
    samples::{NOW, Samples, gap, stream_error},
};
use crate::wire::{
    event_stream::{self, Price, StreamConfig, StreamError},
    json::Json,
    news::{ArticleBody, Gap, StoryUpdate},
    realtime::{Connected, Heartbeat, RealtimeMessage, StatusChange},
};

const SSE: &str = "text/event-stream";

pub fn all(samples: &Samples, shapes: &mut Shapes) -> Vec<Stream> {
    let realtime = |path, shapes: &mut Shapes| Stream {
        method: "get",
        path,
        content: Some(SSE),
        events: messages(samples, shapes),
        commands: vec![],
    };
    let one = realtime("/api/realtime/{symbol}", shapes);
    let many = realtime("/api/realtime", shapes);
    let events = Stream {
        method: "get",
        path: "/api/sse",
        content: Some(SSE),
        events: events(samples, shapes),
        commands: vec![],
    };
    vec![one, many, events]
}

/// Messages without a name: it is their `type`.
fn messages(samples: &Samples, shapes: &mut Shapes) -> Vec<Event> {
    let flat = |name, shape: Json| {
        let mark = self::shape([("type", constant(name))]);
        Json::object([("allOf", Json::List(vec![mark, shape]))])
    };
    let message = |name, data: Json| shape([("type", constant(name)), ("data", data)]);
    let connected = Connected {
        symbol: samples.btc,
        symbols: vec![samples.btc],
        client_id: "c-17".to_owned(),
        timestamp: NOW.to_rfc3339(),
    };
    let heartbeat = Heartbeat { timestamp: NOW.to_rfc3339(), last_id: "41".to_owned() };
    let all: [(&'static str, &'static str, Json, RealtimeMessage); 7] = [
        (
            "connected",
            "The first message: what the stream is of. The current ticker of each asset follows at once.",
            flat("connected", shapes.of::<Connected>()),
            RealtimeMessage::Connected(connected),
        ),
        (
            "ticker",
            "The newest state of one asset. A slow reader gets the newest, never a backlog. It has an `id`.",
            message("ticker", shapes.of::<crate::model::ticker::Ticker>()),
            RealtimeMessage::Ticker { data: Box::new(samples.ticker.clone()) },
        ),
        (
            "status",
            "The freshness of an asset, or of one of its venues, changed.",
            message("status", shapes.of::<StatusChange>()),
            RealtimeMessage::Status { data: StatusChange::of(&samples.ticker) },
        ),
        (
            "story",
            "With `news=1`: a story is new or has changed. Its `id` is its place in the log.",
            message("story", shapes.of::<crate::model::story::StoryHead>()),
            RealtimeMessage::Story { data: Box::new(samples.story.clone()) },
        ),
        (
            "gap",
            "With `news=1`: stories were missed that can't be replayed.",
            message("gap", shapes.of::<Gap>()),
            RealtimeMessage::Gap { data: gap() },
        ),
        (
            "heartbeat",
            "Every 30 s, whether or not there is anything else to say.",
            flat("heartbeat", shapes.of::<Heartbeat>()),
            RealtimeMessage::Heartbeat(heartbeat),
        ),
        (
            "stream_error",
            "The last message of a stream that the server ends: `going_down` or `too_slow`, and when to come back.",
            message("stream_error", shapes.of::<StreamError>()),
            RealtimeMessage::StreamError { data: stream_error() },
        ),
    ];
    let described = |(name, about, schema, example)| Event { name, about, schema, example: Json::of(&example) };
    all.into_iter().map(described).collect()
}

/// Events with a name.
fn events(samples: &Samples, shapes: &mut Shapes) -> Vec<Event> {
    let config = StreamConfig {
        symbols: vec![samples.btc, samples.eth],
        events: ["news", "breaking", "breaking_update", "story_update", "price"].map(Into::into).to_vec(),
        ..StreamConfig::default()
    };
    let connected = event_stream::Connected {
        message: "connected to the news and price stream",
        client_id: "c-17",
        timestamp: NOW.to_rfc3339(),
        config: &config,
    };
    let heartbeat = event_stream::Heartbeat { timestamp: NOW.to_rfc3339(), last_id: "1763640000000142".to_owned() };
    let article = ArticleBody::of(&samples.article, NOW);
    let upgraded = crate::model::story::Breaking {
        score: 0.94,
        state: crate::model::story::BreakingState::Upgraded,
        ..samples.breaking.clone()
    };
    vec![
        event(shapes, "connected", "The first event: what was asked for, as it was understood.", &connected),
        event(
            shapes,
            "news",
            "An article. The `id` of this event and the next three is its place in the log.",
            &article,
        ),
        event(
            shapes,
            "breaking",
            "An article whose story is breaking, with the reasons; once for each story.",
            &article.clone().with(&samples.breaking),
        ),
        event(
            shapes,
            "breaking_update",
            "The verdict changed: `upgraded`, or `retracted` by its sources.",
            &article.clone().with(&upgraded),
        ),
        event(
            shapes,
            "story_update",
            "A known story gained a source, or prices after its first report are known.",
            &StoryUpdate::of(&samples.story),
        ),
        event(
            shapes,
            "price",
            "The price of an asset, at most one a second unless `maxHz` asks for more. It has no `id`: only the newest counts.",
            &Price::from(&samples.ticker),
        ),
        event(shapes, "heartbeat", "Every 30 s, with the place in the log up to which nothing is missing.", &heartbeat),
        event(shapes, "gap", "What was missed can't be replayed: it is too old, or of another log.", &gap()),
        event(
            shapes,
            "stream_error",
            "The last event of a stream that the server ends: `going_down` or `too_slow`, and when to come back.",
            &stream_error(),
        ),
    ]
}
