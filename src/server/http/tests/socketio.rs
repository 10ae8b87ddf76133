//! Socket.IO by hand: the packets that its clients send and get, over polling and over web sockets, without sockets.

mod hostile;
mod limits;
mod on_demand;
mod prices;
mod slow;
mod tokens;
mod transports;

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::DuplexStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

use super::*;
use crate::server::market::fixture::ticker;

/// Bytes that wait in a connection's direction before the writer has to wait.
const BUFFER: usize = 256 * 1024;
/// Longer than prices are held back for each other.
const MOMENT: Duration = Duration::from_millis(60);

/// A connection to the server.
fn dial(app: &Router, buffer: usize) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(buffer);
    let service = TowerToHyperService::new(app.clone());
    tokio::spawn(async move {
        // A connection that the other end drops is part of many tests.
        let _ended = http1::Builder::new().serve_connection(TokioIo::new(theirs), service).with_upgrades().await;
    });
    ours
}

/// `42["name",{…}]`
fn read_event(packet: &str) -> (String, Value) {
    let json = packet.strip_prefix("42").unwrap_or_else(|| panic!("no event: {packet}"));
    let mut parts: Vec<Value> = serde_json::from_str(json).expect("a list");
    assert_eq!(parts.len(), 2, "{packet}");
    let data = parts.remove(1);
    (parts[0].as_str().expect("a name").to_owned(), data)
}

/// In short: `BTCUSDT 1`, or the name of the event and what it names.
fn brief(packet: &str) -> String {
    if !packet.starts_with("42") {
        return packet.to_owned();
    }
    let (name, data) = read_event(packet);
    if name == "price_update" {
        return format!("{} {}", data["symbol"].as_str().expect("a pair"), data["price"].as_f64().expect("a price"));
    }
    let named = data["symbols"].as_array().into_iter().flatten().map(|s| s.as_str().expect("text"));
    let words = data["code"].as_str().into_iter().chain(named);
    [name.as_str()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

fn subscribe(symbols: &[&str]) -> String {
    format!("42{}", serde_json::json!(["subscribe", {"symbols": symbols}]))
}

fn unsubscribe(symbols: &[&str]) -> String {
    format!("42{}", serde_json::json!(["unsubscribe", {"symbols": symbols}]))
}

/// A session that polls.
struct Polling {
    app: Router,
    sid: String,
    /// Packets that were read and not yet looked at.
    read: VecDeque<String>,
}

impl Polling {
    /// A session that has not entered the namespace.
    async fn open(app: &Router) -> Self {
        let response = get(app, "/socket.io/?EIO=4&transport=polling").await;
        assert_eq!(response.status(), StatusCode::OK);
        let body = text(response).await;
        let open: Value = serde_json::from_str(body.strip_prefix('0').expect("an open packet")).expect("JSON");
        let sid = open["sid"].as_str().expect("an id").to_owned();
        Self { app: app.clone(), sid, read: VecDeque::new() }
    }

    /// One that has been greeted.
    async fn enter(app: &Router) -> Self {
        let mut polling = Self::open(app).await;
        polling.say("40").await;
        assert!(polling.packet().await.starts_with("40{\"sid\":"));
        assert_eq!(brief(&polling.packet().await), "connected");
        polling
    }

    fn uri(&self) -> String {
        format!("/socket.io/?EIO=4&transport=polling&sid={}", self.sid)
    }

    async fn post(&self, body: impl Into<Body>) -> Response {
        send(&self.app, Request::post(self.uri()).body(body.into()).expect("a request")).await
    }

    async fn say(&self, packet: impl Into<Body>) {
        let response = self.post(packet).await;
        assert_eq!((response.status(), text(response).await.as_str()), (StatusCode::OK, "ok"));
    }

    /// The next packet that is no ping. Pings are answered.
    async fn packet(&mut self) -> String {
        loop {
            if let Some(packet) = self.read.pop_front() {
                if packet == "2" {
                    self.say("3").await;
                    continue;
                }
                return packet;
            }
            let response = get(&self.app, &self.uri()).await;
            assert_eq!(response.status(), StatusCode::OK);
            self.read.extend(text(response).await.split('\u{1e}').map(str::to_owned));
        }
    }

    /// What can be had within a moment.
    async fn told(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Ok(packet) = timeout(MOMENT * 2, self.packet()).await {
            told.push(brief(&packet));
        }
        told
    }
}

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// A session over a WebSocket.
struct Socket(WebSocketStream<DuplexStream>);

impl Socket {
    /// A session that has not entered the namespace.
    async fn open(app: &Router) -> Self {
        let mut socket = Self::connect(dial(app, BUFFER), "EIO=4&transport=websocket", &[]).await.expect("a socket");
        assert!(socket.raw().await.expect("a packet").starts_with("0{\"sid\":"));
        socket
    }

    /// One that has been greeted.
    async fn enter(app: &Router) -> Self {
        Self::open(app).await.greeted().await
    }

    /// A session over this connection, which has been greeted.
    async fn over(stream: DuplexStream) -> Self {
        let mut socket = Self::connect(stream, "EIO=4&transport=websocket", &[]).await.expect("a socket");
        assert!(socket.raw().await.expect("a packet").starts_with("0{\"sid\":"));
        socket.greeted().await
    }

    async fn greeted(mut self) -> Self {
        self.say("40").await;
        assert!(self.packet().await.starts_with("40{\"sid\":"));
        assert_eq!(brief(&self.packet().await), "connected");
        self
    }

    async fn connect(
        stream: DuplexStream,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let mut request = format!("ws://localhost/socket.io/?{query}").into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        client_async(request, stream).await.map(|(socket, _)| Self(socket))
    }

    async fn say(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.expect("sent");
    }

    /// The next packet, whatever it is. `None` at the end.
    async fn raw(&mut self) -> Option<String> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next packet that is no ping, up to the end. Pings are answered.
    async fn packet_or_end(&mut self) -> Option<String> {
        loop {
            let packet = self.raw().await?;
            if packet != "2" {
                return Some(packet);
            }
            // It may be the last that came.
            let _answered = self.0.send(Message::text("3")).await;
        }
    }

    async fn packet(&mut self) -> String {
        self.packet_or_end().await.expect("a packet")
    }

    /// What can be had within a moment.
    async fn told(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Ok(packet) = timeout(MOMENT * 2, self.packet()).await {
            told.push(brief(&packet));
        }
        told
    }

    /// Stays for so long, and is told nothing.
    async fn idle(&mut self, how_long: Duration) {
        let told = timeout(how_long, self.packet()).await;
        assert!(told.is_err(), "{told:?}");
    }

    /// Everything up to the end.
    async fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(packet) = self.packet_or_end().await {
            rest.push(brief(&packet));
        }
        rest
    }
}

/// Waits until so many streams are open.
async fn streams(fixture: &Fixture, count: usize) {
    for _ in 0..100 {
        if fixture.services.hub.streams() == count {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
    panic!("{} streams are open, not {count}", fixture.services.hub.streams());
}
