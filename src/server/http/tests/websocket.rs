//! The WebSocket as a client sees it, over connections in memory.

mod ends;
mod handshake;
mod limits;
mod named;
mod on_demand;
mod tokens;

use std::{net::SocketAddr, time::Duration};

use axum::Extension;
use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::DuplexStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::CloseFrame},
};

use super::*;
use crate::{
    model::symbol::Symbol,
    server::{
        event::{EventDraft, EventKind, Facets},
        market::fixture::ticker,
        services::fixture::WALL,
    },
    wire::error::Retry,
};

/// Bytes that wait in each direction of a connection.
const BUFFER: usize = 256 * 1024;
const PEER: &str = "192.0.2.1:1000";
/// Longest wait for a frame.
const LIMIT: Duration = Duration::from_secs(20);

/// A connection to the API from `peer`.
fn connection(app: &Router, peer: &str, buffer: usize) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(buffer);
    let peer: SocketAddr = peer.parse().expect("an address");
    let service = TowerToHyperService::new(app.clone().layer(Extension(ConnectInfo(peer))));
    tokio::spawn(async move {
        // A connection that the other end drops is part of some tests.
        let _ended = http1::Builder::new().serve_connection(TokioIo::new(theirs), service).with_upgrades().await;
    });
    ours
}

/// A client that speaks WebSocket.
struct Client(WebSocketStream<DuplexStream>);

impl Client {
    /// One that has been greeted.
    async fn open(app: &Router) -> Self {
        let mut client = Self::dial(app, PEER).await;
        assert_eq!(client.frame().await["type"], "connected");
        client
    }

    async fn dial(app: &Router, peer: &str) -> Self {
        Self::dial_with(app, peer, BUFFER, &[]).await.expect("a socket")
    }

    async fn dial_with(
        app: &Router,
        peer: &str,
        buffer: usize,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let mut request = "ws://localhost/api/ws".into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().expect("a header"));
        }
        let (socket, response) = client_async(request, connection(app, peer, buffer)).await?;
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        Ok(Self(socket))
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("sent");
    }

    async fn subscribe(&mut self, channels: &[&str]) {
        self.say(&serde_json::json!({ "op": "subscribe", "channels": channels }).to_string()).await;
    }

    /// The next text, whatever else comes before it.
    async fn frame(&mut self) -> Value {
        let deadline = Instant::now() + LIMIT;
        loop {
            match timeout_at(deadline, self.0.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no text: {other:?}"),
            }
        }
    }

    /// The next text is an error of this code.
    async fn error(&mut self) -> String {
        let frame = self.frame().await;
        assert_eq!(frame["type"], "error", "{frame}");
        frame["data"]["code"].as_str().expect("a code").to_owned()
    }

    /// Reads to the end.
    async fn close(&mut self) -> CloseFrame {
        let mut last = None;
        while let Some(message) = timeout(2 * LIMIT, self.0.next()).await.expect("an end in time") {
            if let Message::Close(frame) = message.expect("a clean end") {
                last = frame;
            }
        }
        last.expect("a close frame with a code")
    }

    /// Nothing comes.
    async fn is_quiet(&mut self) -> bool {
        timeout(Duration::from_secs(5), self.0.next()).await.is_err()
    }
}

/// The code of a close frame, and when it says to come back.
fn code_and_wait(frame: &CloseFrame) -> (u16, u64) {
    let retry: Retry = serde_json::from_str(&frame.reason).expect("a retry object");
    assert_eq!(retry, Retry::after_ms(retry.delay_ms));
    (frame.code.into(), retry.delay_ms)
}

/// Writes entries into the log, numbered from `from`.
async fn publish(fixture: &Fixture, from: u64, kinds: &[EventKind]) {
    let mut turn = fixture.services.hub.log().turn().await;
    let drafts = kinds.iter().zip(from..).map(|(kind, n)| EventDraft {
        kind: *kind,
        data: format!("{{\"n\":{n}}}"),
        facets: Facets::default(),
    });
    let events = turn.stamp(drafts.collect());
    turn.publish(events);
}

/// `news 3`: the type and the number of an entry.
fn brief(frame: &Value) -> String {
    format!("{} {}", frame["type"].as_str().expect("a type"), frame["data"]["n"])
}

#[tokio::test(start_paused = true)]
async fn the_first_frames_to_the_byte() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 43_250.5));
    let mut client = Client::dial(&app(&fixture), PEER).await;
    let mut texts = Vec::new();
    for message in [r#"{"op":"subscribe","channels":["ticker:btc-usdt"]}"#, r#"{"op":"ping"}"#] {
        client.say(message).await;
    }
    for _ in 0..4 {
        texts.push(client.0.next().await.expect("a frame").expect("no error").into_text().expect("a text"));
    }
    assert_eq!(
        texts[0],
        "{\"type\":\"connected\",\"data\":{\"clientId\":\"19aa122be00-1\",\"timestamp\":\"2025-11-20T12:00:00.000Z\",\
         \"protocol\":\"market-pulse.v1\",\"channels\":[\"ticker:BTC\",\"ticker:ETH\",\"ticker:SOL\",\"news\",\
         \"breaking\",\"training\",\"backtest\",\"alerts\",\"dashboard\"],\"limits\":{\"maxFrameBytes\":65536,\"maxSubscriptions\":50,\"messagesPerMinute\":60,\
         \"connectionsPerAddress\":100,\"connectionsPerToken\":1000,\"connectionsPerMinute\":600,\
         \"connectionsTotal\":10000,\"pingIntervalS\":30,\"stallS\":30}}}"
    );
    assert_eq!(
        texts[1],
        "{\"type\":\"subscribed\",\"channel\":\"ticker:BTC\",\"data\":{\"channels\":[\"ticker:BTC\"],\"subscriptions\":1}}"
    );
    assert_eq!(
        texts[2],
        "{\"type\":\"ticker\",\"channel\":\"ticker:BTC\",\"data\":{\"symbol\":\"BTC\",\"quote\":\"USDT\",\
         \"price\":43250.5,\"change24h\":null,\"changePercent24h\":null,\"high24h\":null,\"low24h\":null,\
         \"volume24h\":1.5,\"volumeQuote24h\":null,\"timestamp\":1763640000000,\"receivedAt\":1763640000000,\
         \"sources\":1,\"freshness\":\"live\",\"agree\":true,\"dispersion\":null,\"venues\":[{\"venue\":\"binance\",\
         \"price\":43250.5,\"weight\":1.0,\"volume24h\":1.5,\"timestamp\":1763640000000,\
         \"receivedAt\":1763640000000,\"freshness\":\"live\",\"used\":true,\"reason\":null}]}}",
        "the answer first, then the snapshot"
    );
    assert_eq!(texts[3], "{\"type\":\"pong\",\"data\":{\"timestamp\":\"2025-11-20T12:00:00.000Z\"}}");
    assert_eq!(WALL.to_rfc3339(), "2025-11-20T12:00:00.000Z");
}

#[tokio::test(start_paused = true)]
async fn channels_are_followed_and_left() {
    let fixture = Fixture::new();
    let mut client = Client::open(&app(&fixture)).await;
    client.subscribe(&["ticker:eth", "news", "ticker:ETHUSDT", "ticker:BTC"]).await;
    let subscribed = client.frame().await;
    assert_eq!(subscribed["data"]["channels"], serde_json::json!(["ticker:ETH", "news", "ticker:BTC"]));
    assert_eq!(subscribed["data"]["subscriptions"], 3);
    assert!(subscribed["id"].is_string() && subscribed.get("channel").is_none(), "{subscribed}");
    fixture.post(ticker("SOL", 1.0));
    fixture.post(ticker("ETH", 2.0));
    let frame = client.frame().await;
    assert_eq!((&frame["channel"], &frame["data"]["price"]), (&"ticker:ETH".into(), &2.0.into()));
    client.say(r#"{"op":"unsubscribe","channels":["ticker:ETH","ticker:SOL","ticker:eth"]}"#).await;
    let unsubscribed = client.frame().await;
    let named = serde_json::json!(["ticker:ETH", "ticker:SOL"]);
    assert_eq!((&unsubscribed["type"], &unsubscribed["data"]["channels"]), (&"unsubscribed".into(), &named));
    assert_eq!(unsubscribed["data"]["subscriptions"], 2);
    fixture.post(ticker("ETH", 3.0));
    fixture.post(ticker("BTC", 4.0));
    assert_eq!(client.frame().await["data"]["price"], 4.0, "nothing of ETH");
    client.subscribe(&["ticker:BTC"]).await;
    assert_eq!(client.frame().await["data"]["subscriptions"], 2, "it was followed already");
    assert_eq!(client.frame().await["data"]["price"], 4.0, "its newest ticker was asked for again");
    assert!(client.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_is_named_and_the_rest_works() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 1.0));
    let mut client = Client::open(&app(&fixture)).await;
    client.subscribe(&["ticker:XYZ", "ticker:BTC", "weather", "ticker:BTC-EUR"]).await;
    assert_eq!(client.frame().await["data"]["channels"], serde_json::json!(["ticker:BTC"]));
    let error = client.frame().await;
    assert_eq!((&error["type"], &error["data"]["code"]), (&"error".into(), &"unknown_channel".into()));
    assert_eq!(error["data"]["channels"], serde_json::json!(["ticker:XYZ", "weather", "ticker:BTC-EUR"]));
    assert_eq!(error["data"]["retry"], Value::Null);
    assert_eq!(client.frame().await["type"], "ticker");
    for message in
        [r#"{"op":"subscribe","channels":["ticker:XYZ"]}"#, r#"{"op":"unsubscribe","channels":["ticker:XYZ"]}"#]
    {
        client.say(message).await;
        let error = client.frame().await;
        assert_eq!((&error["type"], &error["channel"]), (&"error".into(), &"ticker:XYZ".into()), "and nothing else");
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_wins_and_no_entry_is_left_out_or_told_twice() {
    let fixture = Fixture::new();
    let mut client = Client::open(&app(&fixture)).await;
    client.subscribe(&["ticker:BTC", "news", "breaking"]).await;
    client.frame().await;
    for price in 1..=500 {
        fixture.post(ticker("BTC", f64::from(price)));
    }
    let kinds =
        [EventKind::News, EventKind::Breaking, EventKind::Story, EventKind::StoryUpdate, EventKind::BreakingUpdate];
    publish(&fixture, 1, &kinds).await;
    let mut frames = Vec::new();
    for _ in 0..5 {
        frames.push(client.frame().await);
    }
    let told: Vec<String> = frames[..4].iter().map(brief).collect();
    assert_eq!(told, ["news 1", "breaking 2", "story_update 4", "breaking_update 5"]);
    let channels: Vec<&str> = frames.iter().filter_map(|frame| frame["channel"].as_str()).collect();
    assert_eq!(channels, ["news", "breaking", "news", "breaking", "ticker:BTC"]);
    assert_eq!((&frames[4]["data"]["price"], frames[4].get("id")), (&500.0.into(), None));
    assert!(client.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_misses_nothing_of_the_log() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut seen = Vec::new();
    let mut last_id: Option<Value> = None;
    for round in 0..5 {
        let mut client = Client::open(&app).await;
        let mut wish = serde_json::json!({ "op": "subscribe", "channels": ["news", "ticker:BTC", "breaking"] });
        if let Some(id) = &last_id {
            wish["lastEventId"] = id.clone();
        }
        client.say(&wish.to_string()).await;
        let subscribed = client.frame().await;
        last_id = Some(subscribed["id"].clone()).filter(Value::is_string).or(last_id);
        if round > 0 {
            publish(&fixture, round * 10, &[EventKind::News, EventKind::Breaking, EventKind::News]).await;
        }
        fixture.post(ticker("BTC", 1.0));
        // Some of it: the rest is on its way when the connection breaks.
        while seen.len() < usize::try_from(round).expect("small") * 4 {
            let frame = client.frame().await;
            if let Some(id) = frame.get("id") {
                last_id = Some(id.clone());
                seen.push(brief(&frame));
            }
            if frame["data"]["n"] == round * 10 + 2 {
                break;
            }
        }
        drop(client);
        publish(&fixture, round * 10 + 5, &[EventKind::Breaking]).await;
    }
    let all: Vec<String> = (0..5)
        .flat_map(|round| {
            let [a, b, c, d] = [0, 1, 2, 5].map(|n| round * 10 + n);
            let live = [format!("news {a}"), format!("breaking {b}"), format!("news {c}")];
            live.into_iter().filter(move |_| round > 0).chain([format!("breaking {d}")])
        })
        .collect();
    assert_eq!(seen, all[..seen.len()], "in order, once");
    assert!(seen.len() >= 12, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_replayed_is_told_as_a_gap() {
    let fixture = Fixture::new();
    publish(&fixture, 1, &[EventKind::News]).await;
    let mut client = Client::open(&app(&fixture)).await;
    client.say(r#"{"op":"subscribe","channels":["news","breaking"],"lastEventId":"x"}"#).await;
    let subscribed = client.frame().await;
    assert!(subscribed.get("id").is_none(), "a loss comes first: {subscribed}");
    for channel in ["news", "breaking"] {
        let gap = client.frame().await;
        assert_eq!((&gap["type"], &gap["channel"]), (&"gap".into(), &channel.into()));
        assert_eq!((&gap["data"]["from"], &gap["data"]["reason"]), (&"".into(), &"restarted".into()));
        assert_eq!(gap["data"]["to"], gap["id"]);
    }
    publish(&fixture, 2, &[EventKind::News]).await;
    assert_eq!(brief(&client.frame().await), "news 2");
}
