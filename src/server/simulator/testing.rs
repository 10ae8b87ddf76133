//! A network in memory: dial a router without a socket, so that a paused clock moves everything.

use std::{convert::Infallible, future::pending, io};

use axum::{Router, body::Body};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{Request, StatusCode};
use serde_json::Value;
use tokio::{
    io::DuplexStream,
    sync::mpsc,
    time::{Duration, Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, protocol::CloseFrame},
};
use tower::ServiceExt;

/// Bytes that fit between both ends before the writer waits.
const CAPACITY: usize = 256 * 1024;

/// A server in memory. Lives in a task that ends with the runtime of the test.
#[derive(Debug, Clone)]
pub struct Net {
    dialed: mpsc::Sender<DuplexStream>,
}

struct Listener(mpsc::Receiver<DuplexStream>);

impl axum::serve::Listener for Listener {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.0.recv().await {
            Some(stream) => (stream, ()),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(())
    }
}

impl Net {
    /// Serves the router until the test ends.
    pub fn serve(router: Router) -> Self {
        let (dialed, accepted) = mpsc::channel(64);
        tokio::spawn(async move { axum::serve(Listener(accepted), router).await });
        Self { dialed }
    }

    /// A new connection: the client's end.
    pub async fn dial(&self) -> io::Result<DuplexStream> {
        let (client, server) = tokio::io::duplex(CAPACITY);
        self.dialed.send(server).await.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
        Ok(client)
    }

    /// A WebSocket at `path` (with its query), or the status and body of the refusal.
    pub async fn websocket(&self, path: &str) -> Result<Socket, (StatusCode, String)> {
        let stream = self.dial().await.expect("a listener");
        match client_async(format!("ws://simulator{path}"), stream).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tungstenite::Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                Err((response.status(), String::from_utf8_lossy(body).into_owned()))
            }
            Err(other) => panic!("{path}: {other}"),
        }
    }
}

/// A client's WebSocket.
#[derive(Debug)]
pub struct Socket(pub WebSocketStream<DuplexStream>);

/// How a socket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    Closed {
        code: u16,
        reason: String,
    },
    /// Without a close frame.
    Cut,
}

impl Socket {
    pub async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("an open socket");
    }

    /// The next message that is no ping; `None` at the end.
    pub async fn message(&mut self) -> Option<Message> {
        loop {
            match self.0.next().await? {
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(message) => return Some(message),
                Err(_) => return None,
            }
        }
    }

    /// The next text.
    pub async fn text(&mut self) -> String {
        match timeout(Duration::from_secs(30), self.message()).await {
            Ok(Some(Message::Text(text))) => text.to_string(),
            other => panic!("no text but {other:?}"),
        }
    }

    /// The next text as JSON.
    pub async fn json(&mut self) -> Value {
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The texts of the next `time`.
    pub async fn texts(&mut self, time: Duration) -> Vec<String> {
        let end = Instant::now() + time;
        let mut texts = Vec::new();
        while let Ok(Some(message)) = timeout_at(end, self.message()).await {
            if let Message::Text(text) = message {
                texts.push(text.to_string());
            }
        }
        texts
    }

    /// Reads on until the end, for at most `time`.
    pub async fn ended(&mut self, time: Duration) -> Option<Ended> {
        let end = Instant::now() + time;
        loop {
            match timeout_at(end, self.message()).await {
                Err(_) => return None,
                Ok(None) => return Some(Ended::Cut),
                Ok(Some(Message::Close(frame))) => {
                    let CloseFrame { code, reason } = frame?;
                    return Some(Ended::Closed { code: code.into(), reason: reason.to_string() });
                }
                Ok(Some(_)) => {}
            }
        }
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}

/// One request to a router.
pub async fn request(router: &Router, method: &str, path: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).body(Body::from(body.to_owned())).expect("a request");
    let answer: Result<_, Infallible> = router.clone().oneshot(request).await;
    let (parts, body) = answer.expect("infallible").into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    Answer { status: parts.status, headers: parts.headers, body }
}

pub async fn get(router: &Router, path: &str) -> Answer {
    request(router, "GET", path, "").await
}
