//! The frames of a socket for the description of the API, made of the types that are sent.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::{close::End, info, protocol::Fault};
use crate::{
    server::{
        channels::builtin::BuiltIn,
        config::LimitsConfig,
        http::openapi::{
            channels,
            event::{Event, Shapes, Stream, constant, shape, text},
            samples::{NOW, Samples, gap},
        },
        hub::session::{LogChannel, ticker_channel},
    },
    wire::{
        json::Json,
        news::{ArticleBody, StoryUpdate},
        socket::{ChannelList, Connected, Frame, PROTOCOL, Pong, SocketError, SocketInfo},
    },
};

/// A place in the log.
const PLACE: &str = "1763640000000142";

/// What is said on a socket, in both directions.
pub fn stream(samples: &Samples, shapes: &mut Shapes) -> Option<Stream> {
    let (events, commands) = (frames(samples, shapes)?, commands(samples));
    Some(Stream { method: "get", path: "/api/ws", content: None, events, commands })
}

/// The document, as a server with the default settings answers it.
pub fn information(samples: &Samples) -> SocketInfo<'static> {
    SocketInfo {
        url: "ws://127.0.0.1:3000/api/ws".to_owned(),
        protocol: PROTOCOL,
        channels: names(samples),
        sse: "/api/sse",
        socketio: "/socket.io/",
        docs: "/docs",
        limits: info::limits(&LimitsConfig::default()),
    }
}

fn names(samples: &Samples) -> Vec<String> {
    let tickers = [samples.btc, samples.eth].map(ticker_channel);
    let others = LogChannel::ALL.map(LogChannel::name).into_iter().chain(BuiltIn::ALL.map(BuiltIn::as_str));
    tickers.into_iter().chain(others.map(str::to_owned)).collect()
}

/// What a client says.
fn commands(samples: &Samples) -> Vec<Event> {
    let list = || {
        let names = Json::object([("type", Json::word("string"))]);
        Json::object([
            ("type", Json::word("array")),
            ("items", names),
            ("minItems", Json::Number(1.0)),
            ("description", Json::word("Names as in `channels` of `connected`; symbols in any notation.")),
        ])
    };
    let names = |names: &[&str]| Json::List(names.iter().map(|name| Json::word(*name)).collect());
    let ticker = ticker_channel(samples.btc);
    let mut subscribe = shape([("op", constant("subscribe")), ("channels", list())]);
    if let Some(properties) = subscribe.at_mut(&["properties"]) {
        let about = "An `id` of the log of these channels, which go on from there: nothing is missing and nothing comes twice. \
                     `news` and `breaking` are of one log, each named channel has its own; a message names channels of one log \
                     only.";
        properties.set("lastEventId", text(about));
    }
    vec![
        Event {
            name: "subscribe",
            about: "Answered with `subscribed`, then at once with the newest ticker of each symbol.",
            schema: subscribe,
            example: Json::object([
                ("op", Json::word("subscribe")),
                ("channels", names(&[&ticker, "news", "breaking"])),
                ("lastEventId", Json::word(PLACE)),
            ]),
        },
        Event {
            name: "unsubscribe",
            about: "Answered with `unsubscribed`, also for what was not followed.",
            schema: shape([("op", constant("unsubscribe")), ("channels", list())]),
            example: Json::object([("op", Json::word("unsubscribe")), ("channels", names(&[&ticker]))]),
        },
        Event {
            name: "ping",
            about: "Answered with `pong`. The server also sends WebSocket pings.",
            schema: shape([("op", constant("ping"))]),
            example: Json::object([("op", Json::word("ping"))]),
        },
    ]
}

/// What the server says.
fn frames(samples: &Samples, shapes: &mut Shapes) -> Option<Vec<Event>> {
    let named = channels::bare(samples, shapes)?;
    let ticker = ticker_channel(samples.btc);
    let (ticker, news, breaking) = (Some(ticker.as_str()), Some("news"), Some("breaking"));
    let article = ArticleBody::of(&samples.article, NOW);
    let flash = article.clone().with(&samples.breaking);
    let greeting = Connected {
        client_id: "c-17",
        timestamp: NOW.to_rfc3339(),
        protocol: PROTOCOL,
        channels: names(samples),
        limits: info::limits(&LimitsConfig::default()),
    };
    let listed =
        |subscriptions| ChannelList { channels: ticker.into_iter().map(str::to_owned).collect(), subscriptions };
    let error = SocketError {
        code: "unknown_channel",
        message: Fault::UnknownChannels(vec![]).to_string().into(),
        retry: None,
        channels: Some(vec!["ticker:XYZ".to_owned()]),
    };
    let mut frame = Frames { shapes, all: vec![] };
    frame.add("connected", "The first frame.", None, None, &greeting);
    frame.add(
        "subscribed",
        "What is followed now; up to its `id` nothing of the log is missing.",
        ticker,
        Some(PLACE),
        &listed(1),
    );
    frame.add("unsubscribed", "What is followed no more.", ticker, None, &listed(0));
    frame.add(
        "ticker",
        "The whole ticker. A slow client gets the newest, never a backlog.",
        ticker,
        None,
        &samples.ticker,
    );
    frame.add("news", "An article.", news, Some(PLACE), &article);
    frame.add(
        "story_update",
        "A known story gained a source, or prices after it are known.",
        news,
        Some(PLACE),
        &StoryUpdate::of(&samples.story),
    );
    frame.add("breaking", "An article whose story is breaking; once for each story.", breaking, Some(PLACE), &flash);
    frame.add("breaking_update", "The verdict changed: `upgraded` or `retracted`.", breaking, Some(PLACE), &flash);
    for (kind, about, data, example) in named {
        frame.put(kind.as_str(), about, kind.channel(), Some("42"), data, &example.written());
    }
    frame.add("gap", "What was missed can't be replayed.", news, Some(PLACE), &gap());
    frame.add("pong", "The answer to `ping`.", None, None, &Pong { timestamp: NOW.to_rfc3339() });
    frame.add("error", "What could not be done, and why. The codes are below.", Some("ticker:XYZ"), None, &error);
    Some(frame.all)
}

struct Frames<'a> {
    shapes: &'a mut Shapes,
    all: Vec<Event>,
}

impl Frames<'_> {
    fn add<T: Serialize + ToSchema>(
        &mut self,
        name: &'static str,
        about: &'static str,
        channel: Option<&str>,
        id: Option<&str>,
        data: &T,
    ) {
        let shape = self.shapes.of::<T>();
        self.put(name, about, channel, id, shape, data);
    }

    fn put(
        &mut self,
        name: &'static str,
        about: &'static str,
        channel: Option<&str>,
        id: Option<&str>,
        shape_of_data: Json,
        data: &impl Serialize,
    ) {
        let mut schema = shape([("type", constant(name)), ("data", shape_of_data)]);
        if let Some(properties) = schema.at_mut(&["properties"]) {
            if channel.is_some() {
                properties.set("channel", text("Where it concerns one channel."));
            }
            if id.is_some() {
                properties.set("id", text("A place in the log: `lastEventId` of who comes back."));
            }
        }
        let example = Json::of(&Frame { r#type: name, channel, id, data });
        self.all.push(Event { name, about, schema, example });
    }
}

/// `{"code","message","retry","ends"}` of every error that a socket may be told.
pub fn faults() -> Json {
    let none = Vec::new;
    let all = [
        Fault::NoJson,
        Fault::BadMessage,
        Fault::NoChannels,
        Fault::UnknownOp,
        Fault::Binary,
        Fault::UnknownChannels(none()),
        Fault::TooManySubscriptions(none()),
        Fault::TooManyFollowed(none()),
        Fault::MixedPlaces,
        Fault::Starting(none()),
        Fault::RateLimited(Duration::ZERO),
        Fault::Abuse,
        Fault::TooLarge,
        Fault::NoUtf8,
        Fault::Protocol,
    ];
    let told = |fault: Fault| {
        let frame = fault.frame().and_then(|frame| serde_json::from_str::<Json>(&frame).ok());
        let waits = frame.is_some_and(|frame| *frame.at(&["data", "retry"]) != Json::Null);
        let ends = matches!(fault, Fault::Abuse | Fault::TooLarge | Fault::NoUtf8 | Fault::Protocol);
        Json::object([
            ("code", Json::word(fault.code())),
            ("message", Json::word(fault.to_string())),
            ("retry", Json::Bool(waits)),
            ("ends", Json::Bool(ends)),
        ])
    };
    Json::List(all.into_iter().map(told).collect())
}

/// `{"code","description"}` of every way in which the server closes a socket.
pub fn closes() -> Json {
    let all = [
        (End::Restart(0), "The server goes down; the waits of its clients are spread over five seconds."),
        (End::Fault(Fault::Protocol), "No WebSocket frame of a client."),
        (End::Fault(Fault::NoUtf8), "Text that is not UTF-8."),
        (End::Fault(Fault::Abuse), "Said far more than it may, or pings without end."),
        (End::Fault(Fault::TooLarge), "A message that is too long."),
        (End::Denied(None), "The token is not good, or there is none where one is needed, or it has ended since."),
        (End::ClientFull, "This address, or this token, has as many streams as it may."),
        (End::ServerFull, "The server has as many streams as it serves."),
        (End::TooSlow, "The client took nothing, or answered nothing, for too long."),
    ];
    let told = |(end, about): (End, &str)| {
        let code = end.close_frame().map(|frame| u16::from(frame.code))?;
        Some(Json::object([("code", Json::of(&code)), ("description", Json::word(about))]))
    };
    Json::List(all.into_iter().filter_map(told).collect())
}

#[cfg(test)]
mod tests {
    use super::{super::protocol::Request, *};

    #[test]
    fn the_examples_of_a_client_are_understood() {
        let samples = Samples::new().expect("samples");
        for command in commands(&samples) {
            let text = serde_json::to_string(&command.example.written()).expect("JSON");
            let request = Request::parse(&text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            let name = match request {
                Request::Subscribe { .. } => "subscribe",
                Request::Unsubscribe { .. } => "unsubscribe",
                Request::Ping => "ping",
            };
            assert_eq!(name, command.name);
        }
    }

    #[test]
    fn every_code_of_a_fault_is_described() {
        let source = include_str!("protocol.rs");
        let (_, rest) = source.split_once("fn code(&self)").expect("the codes");
        let (body, _) = rest.split_once("\n    }\n").expect("its end");
        let codes: Vec<&str> = body.split('"').skip(1).step_by(2).collect();
        let faults = faults();
        let described: Vec<&str> = faults.items().iter().map(|fault| fault.text_of("code")).collect();
        assert_eq!(described, codes);
    }

    #[test]
    fn every_close_code_is_described() {
        let source = include_str!("close.rs");
        let (_, rest) = source.split_once("let (code, retry) = match self").expect("the codes");
        let (body, _) = rest.split_once("};").expect("its end");
        let codes = body.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 4);
        let mut codes: Vec<u16> = codes.map(|code| code.parse().expect("a number")).collect();
        codes.sort_unstable();
        codes.dedup();
        let described = closes();
        let code = |close: &Json| match close.get("code") {
            Json::Number(code) => code.to_string(),
            _ => String::new(),
        };
        assert_eq!(
            described.items().iter().map(code).collect::<Vec<_>>(),
            codes.iter().map(ToString::to_string).collect::<Vec<_>>()
        );
    }
}
