//! Somebody who reads in peace while others mean no good: whatever they do costs nobody an event.
//!
//! Prices would not show it, as the newest wins. So these follow a channel and the news, and what is told to them there
//! is numbered.

use std::{net::SocketAddr, time::Duration};

use axum::Extension;
use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::*;
use crate::server::{
    channels::{builtin::BuiltIn, publication},
    event::{EventDraft, EventKind, Facets},
};

/// Longest wait for an event.
const LIMIT: Duration = Duration::from_mins(1);
/// Where they sit. Nobody else comes from there.
const PEER: &str = "192.0.2.250:1";
/// Streams that they have open.
pub(super) const STREAMS: usize = 3;

/// A reader of `training`, one of the news, and a socket that follows the news: open before anything happens.
pub(super) struct Bystanders<S> {
    training: EventStream<S>,
    news: EventStream<S>,
    socket: WebSocketStream<S>,
    heard: Vec<u64>,
    /// How much was told to them.
    told: u64,
}

impl Bystanders<DuplexStream> {
    /// Over connections in memory.
    pub(super) async fn of(app: &Router) -> Self {
        let dial = || {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            let peer: SocketAddr = PEER.parse().expect("an address");
            let service = TowerToHyperService::new(app.clone().layer(Extension(ConnectInfo(peer))));
            tokio::spawn(async move {
                // It ends with the test.
                let _ended =
                    http1::Builder::new().serve_connection(TokioIo::new(theirs), service).with_upgrades().await;
            });
            ours
        };
        Self::over([dial(), dial(), dial()]).await
    }
}

impl Bystanders<TcpStream> {
    /// Over the network.
    pub(super) async fn at(address: SocketAddr) -> Self {
        let dial = async || TcpStream::connect(address).await.expect("a connection");
        Self::over([dial().await, dial().await, dial().await]).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Bystanders<S> {
    async fn over([training, news, socket]: [S; 3]) -> Self {
        let training = EventStream::open(training, "/api/v1/sse/training").await;
        let news = EventStream::open(news, "/api/sse?events=news").await;
        let (mut socket, _) = client_async("ws://localhost/api/ws", socket).await.expect("a socket");
        let wish = r#"{"op":"subscribe","channels":["news"]}"#;
        socket.send(Message::text(wish)).await.expect("sent");
        for kind in ["connected", "subscribed"] {
            let frame = timeout(LIMIT, socket.next()).await.expect("in time").expect("a frame").expect("no error");
            assert!(frame.to_text().expect("a text").contains(kind), "{frame}");
        }
        Self { training, news, socket, heard: Vec::new(), told: 0 }
    }

    /// Tells them one more thing, each in its way. They are in no hurry to read it.
    pub(super) async fn tell(&mut self, fixture: &Fixture) {
        self.told += 1;
        let n = self.told;
        let data = format!(r#"{{"task_id":"t","progress":1,"status":"running","bystander":{n}}}"#);
        let body = format!(r#"{{"event":"training_progress","data":{data}}}"#);
        let draft = publication::event(BuiltIn::Training, body.as_bytes()).expect("an event");
        let channels = &fixture.services.channels;
        channels.publish(channels.built_in(BuiltIn::Training), draft, channels.room(None)).await.expect("published");
        let mut turn = fixture.services.hub.log().turn().await;
        let data = format!(r#"{{"bystander":{n}}}"#);
        let events = turn.stamp(vec![EventDraft { kind: EventKind::News, data, facets: Facets::default() }]);
        turn.publish(events);
    }

    /// Each of them has everything, once and in order, and gets what comes next.
    pub(super) async fn missed_nothing(&mut self, fixture: &Fixture) {
        self.tell(fixture).await;
        let all: Vec<u64> = (1..=self.told).collect();
        assert_eq!(self.training.read_to(self.told).await, all, "of the channel");
        assert_eq!(self.news.read_to(self.told).await, all, "of the news");
        while self.heard.last() != Some(&self.told) {
            match timeout(LIMIT, self.socket.next()).await.expect("in time") {
                Some(Ok(Message::Text(text))) => self.heard.extend(numbers(&text)),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("no more for the socket: {other:?}"),
            }
        }
        assert_eq!(self.heard, all, "of the news, at the socket");
    }
}

/// A stream of events, as it comes over a connection.
struct EventStream<S> {
    stream: S,
    text: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin> EventStream<S> {
    /// One that was greeted.
    async fn open(mut stream: S, path: &str) -> Self {
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("written");
        let mut this = Self { stream, text: String::new() };
        this.read_until("event: connected").await;
        this
    }

    /// All numbers that came up to the one that was last told.
    async fn read_to(&mut self, last: u64) -> Vec<u64> {
        self.read_until(&format!("\"bystander\":{last}}}")).await;
        numbers(&self.text).collect()
    }

    async fn read_until(&mut self, until: &str) {
        let mut buffer = [0; 4096];
        while !self.text.contains(until) {
            let count = timeout(LIMIT, self.stream.read(&mut buffer)).await.expect("in time").expect("read");
            assert_ne!(count, 0, "the stream ended before {until}: {}", self.text);
            self.text.push_str(std::str::from_utf8(&buffer[..count]).expect("ASCII"));
        }
    }
}

/// The numbers of what was told, in the order in which they are in a text.
fn numbers(text: &str) -> impl Iterator<Item = u64> {
    let marks = text.split("\"bystander\":").skip(1);
    marks.map(|rest| rest.split_once('}').and_then(|(n, _)| n.parse().ok()).expect("a number"))
}
