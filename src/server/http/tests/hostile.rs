//! Strangers who mean no good, over real connections. Each gets a clear answer or the end of its connection, and the
//! stream of a bystander goes on.

use std::{net::SocketAddr, time::Duration};

use axum::{body::Bytes, middleware::from_fn_with_state, routing::post};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::{
    bystander::Bystanders,
    socket::{bounds, read_until, request, serve},
    *,
};
use crate::server::{
    http::{
        body::{BodyBounds, bound_body},
        serve::Bounds,
    },
    hub::limits::Ceilings,
    market::fixture::ticker,
};

/// Asks for a WebSocket.
const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const PATIENCE: Duration = Duration::from_millis(300);

/// A server under attack, with somebody who reads prices meanwhile, and some who may miss nothing.
struct Scene {
    fixture: Fixture,
    address: SocketAddr,
    bystander: TcpStream,
    others: Bystanders<TcpStream>,
    price: f64,
}

impl Scene {
    async fn new(bounds: Bounds) -> Self {
        let fixture = Fixture::new();
        // A body that is told back, with little room and patience for it.
        let echo = |body: Bytes| async move { body };
        let bodies = BodyBounds { most: 1000, patience: PATIENCE };
        let router = app(&fixture).route("/echo", post(echo)).layer(from_fn_with_state(bodies, bound_body));
        let (address, _server) = serve(&fixture, router, bounds);
        let mut bystander = request(address, "/api/realtime/BTC").await;
        read_until(&mut bystander, "connected").await;
        let mut others = Bystanders::at(address).await;
        others.tell(&fixture).await;
        Self { fixture, address, bystander, others, price: 0.0 }
    }

    /// Sends bytes and reads all that comes until the connection ends.
    async fn send(&self, bytes: &[u8]) -> String {
        let mut socket = TcpStream::connect(self.address).await.expect("a connection");
        // Where the server had enough, the rest can't be sent; what it said is there all the same.
        let _sent = socket.write_all(bytes).await;
        rest(&mut socket).await
    }

    async fn bystander_is_untouched(&mut self) {
        self.price += 1.0;
        self.fixture.post(ticker("BTC", self.price));
        read_until(&mut self.bystander, &format!("\"price\":{:.1}", self.price)).await;
        self.others.missed_nothing(&self.fixture).await;
    }
}

/// What is there until the connection ends, one way or another.
async fn rest(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = socket.read(&mut buffer).await {
        bytes.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn status(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let mut scene = Scene::new(Bounds { head: PATIENCE, idle: PATIENCE * 2, ..bounds() }).await;
    for begun in ["", "G", "GET /symbols HTTP/1.1\r\n", "GET /symbols HTTP/1.1\r\nhost: localhost\r\n"] {
        assert_eq!(scene.send(begun.as_bytes()).await, "", "{begun:?}");
    }
    // Neither does it help to send another line now and then.
    let (mut reader, mut writer) = TcpStream::connect(scene.address).await.expect("a connection").into_split();
    let dripping = tokio::spawn(async move {
        let mut line: &[u8] = b"GET /symbols HTTP/1.1\r\n";
        while writer.write_all(line).await.is_ok() {
            tokio::time::sleep(PATIENCE / 10).await;
            line = b"x: y\r\n";
        }
    });
    assert!(matches!(reader.read(&mut [0; 64]).await, Ok(0) | Err(_)), "no answer, and the end");
    dripping.await.expect("no more can be sent");
    // Nor to be polite first.
    for begun in ["", "GET /symb"] {
        let mut socket = request(scene.address, "/live").await;
        read_until(&mut socket, "true").await;
        socket.write_all(begun.as_bytes()).await.expect("written");
        assert_eq!(rest(&mut socket).await, "");
    }
    scene.bystander_is_untouched().await;
}

#[tokio::test]
async fn a_connection_that_has_asked_may_idle_for_longer() {
    let scene = Scene::new(Bounds { head: PATIENCE, ..bounds() }).await;
    let mut polite = request(scene.address, "/live").await;
    read_until(&mut polite, "true").await;
    // One that says nothing is cut off; the other began before it, and is still there.
    assert_eq!(scene.send(b"").await, "");
    assert_eq!(status(&live(&mut polite).await), "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up() {
    let mut scene = Scene::new(bounds()).await;
    for begun in ["content-length: 10\r\n\r\nabc", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"] {
        let mut socket = TcpStream::connect(scene.address).await.expect("a connection");
        let head = format!("POST /echo HTTP/1.1\r\nhost: localhost\r\n{begun}");
        socket.write_all(head.as_bytes()).await.expect("written");
        let answer = rest(&mut socket).await;
        assert_eq!(status(&answer), "HTTP/1.1 408 Request Timeout", "{answer}");
        assert!(answer.contains(r#""code":"body_too_slow""#), "{answer}");
    }
    // Nobody waits for a body that nobody asked for.
    let answer = scene.send(b"POST /symbols HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nabc").await;
    assert_eq!(status(&answer), "HTTP/1.1 405 Method Not Allowed", "{answer}");
    scene.bystander_is_untouched().await;
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let mut scene = Scene::new(bounds()).await;
    let head = |lines: &str| format!("GET /symbols HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n");
    let many = (0..200).fold(String::new(), |lines, n| format!("{lines}x-{n}: y\r\n"));
    let forged = format!("x-forwarded-for: {}\r\n", vec!["198.51.100.7"; 10_000].join(", "));
    for (request, expected) in [
        (head(&format!("x: {}\r\n", "y".repeat(20_000))), "HTTP/1.1 431 Request Header Fields Too Large"),
        (head(&many), "HTTP/1.1 431 Request Header Fields Too Large"),
        (head(&forged), "HTTP/1.1 431 Request Header Fields Too Large"),
        (
            format!("GET /symbols?q={} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(100_000)),
            "HTTP/1.1 414 URI Too Long",
        ),
        (
            format!("GET /api/ws?q={} HTTP/1.1\r\nhost: localhost\r\n{UPGRADE}\r\n", "a".repeat(100_000)),
            "HTTP/1.1 414 URI Too Long",
        ),
        (
            format!("GET /api/v1/sse/training?client_id={} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(100_000)),
            "HTTP/1.1 414 URI Too Long",
        ),
        (
            format!("POST /streams/a?q={} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(100_000)),
            "HTTP/1.1 414 URI Too Long",
        ),
        (
            format!("GET /socket.io/?EIO=4&transport=polling&q={} HTTP/1.1\r\n\r\n", "a".repeat(100_000)),
            "HTTP/1.1 414 URI Too Long",
        ),
        (
            format!("GET /api/ws?q={} HTTP/1.1\r\nhost: localhost\r\n{UPGRADE}\r\n", "a".repeat(3_000)),
            "HTTP/1.1 414 URI Too Long",
        ),
        (
            format!("GET /symbols?q={} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", "a".repeat(10_000)),
            "HTTP/1.1 414 URI Too Long",
        ),
        (
            format!("POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4000\r\n\r\n{}", "a".repeat(4000)),
            "HTTP/1.1 413 Payload Too Large",
        ),
    ] {
        let mut socket = TcpStream::connect(scene.address).await.expect("a connection");
        let _sent = socket.write_all(request.as_bytes()).await;
        let answer = read_until(&mut socket, "\"retry\":null}").await;
        let name = request.get(..60).expect("longer");
        assert_eq!(status(&answer), expected, "{name} …");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{name} …: {head}");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert!(body["success"] == false && body["error"]["code"].is_string(), "{name} …: {body}");
    }
    scene.bystander_is_untouched().await;
}

/// The head of the answer.
async fn read_head(socket: &mut TcpStream) -> String {
    read_until(socket, "\r\n\r\n").await
}

#[tokio::test]
async fn what_is_no_request_is_no_trouble() {
    let mut scene = Scene::new(bounds()).await;
    for garbage in [
        &b"GET /symbols\r\n\r\n"[..],
        b"GET /symbols HTTP/9.9\r\nhost: localhost\r\n\r\n",
        b"GET /sym bols HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
        b"\x00\x00\x00\x00\r\n\r\n",
        b"GET /symbols HTTP/1.1\r\nhost : localhost\r\n\r\n",
        b"GET /symbols HTTP/1.1\r\nx: a\x00b\r\n\r\n",
        b"GET /symbols HTTP/1.1\r\nx: a\r\n folded\r\n\r\n",
        b"POST /echo HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\ncontent-length: +3\r\n\r\nabc",
        b"POST /echo HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"POST /echo HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        b"POST /echo HTTP/1.1\r\ntransfer-encoding: chunked, identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\ntransfer-encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    ] {
        let answer = scene.send(garbage).await;
        let name = String::from_utf8_lossy(garbage);
        let is_told = status(&answer) == "HTTP/1.1 400 Bad Request" && !answer.contains("content-length: 0\r\n");
        assert!(answer.is_empty() || is_told, "{name:?}: {answer}");
        scene.bystander_is_untouched().await;
    }
}

#[tokio::test]
async fn a_request_without_a_path_is_told_so() {
    let mut scene = Scene::new(bounds()).await;
    for line in ["GET symbols", "GET localhost:80", "CONNECT localhost:80", "OPTIONS *"] {
        let mut socket = TcpStream::connect(scene.address).await.expect("a connection");
        let request = format!("{line} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        socket.write_all(request.as_bytes()).await.expect("written");
        let answer = read_until(&mut socket, "\"retry\":null}").await;
        assert_eq!(status(&answer), "HTTP/1.1 400 Bad Request", "{line}: {answer}");
        assert!(answer.contains(r#""code":"bad_target""#), "{line}: {answer}");
    }
    let mut absolute = TcpStream::connect(scene.address).await.expect("a connection");
    absolute.write_all(b"GET http://other.example/live HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("written");
    assert_eq!(status(&read_head(&mut absolute).await), "HTTP/1.1 200 OK");
    scene.bystander_is_untouched().await;
}

#[tokio::test]
async fn one_request_is_never_taken_for_two() {
    let mut scene = Scene::new(bounds()).await;
    let hidden = "GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for head in [
        "content-length: 4\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 4",
        "transfer-encoding: chunked",
    ] {
        let both = format!("POST /echo HTTP/1.1\r\nhost: localhost\r\n{head}\r\n\r\n0\r\n\r\n{hidden}");
        let answer = scene.send(both.as_bytes()).await;
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head}: {answer}");
        assert!(answer.contains("connection: close"), "{head}: {answer}");
    }
    scene.bystander_is_untouched().await;
}

/// A connection from another address of this machine.
async fn connect_from(address: [u8; 4], server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((address, 0).into()).expect("an address of this machine");
    socket.connect(server).await.expect("a connection")
}

async fn live(socket: &mut TcpStream) -> String {
    socket.write_all(b"GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("written");
    read_head(socket).await
}

#[tokio::test]
async fn one_address_can_not_take_every_connection() {
    let sockets = Ceilings { total: 100, per_address: 20, per_token: 0 };
    let mut scene = Scene::new(Bounds { sockets, ..bounds() }).await;
    let mut held = Vec::new();
    for _ in 0..50 {
        held.push(connect_from([127, 0, 0, 2], scene.address).await);
    }
    let mut answers = Vec::new();
    for (n, socket) in held.iter_mut().enumerate() {
        if n < 20 {
            answers.push(live(socket).await);
        } else {
            // Told before it asked for anything.
            answers.push(rest(socket).await);
        }
    }
    let (served, refused) = answers.split_at(20);
    assert!(served.iter().all(|answer| status(answer) == "HTTP/1.1 200 OK"), "{served:?}");
    for answer in refused {
        assert_eq!(status(answer), "HTTP/1.1 503 Service Unavailable");
        assert!(answer.contains("\r\nretry-after: 5\r\n") && answer.contains("\"too_many_connections\""), "{answer}");
    }
    let mut other = connect_from([127, 0, 0, 3], scene.address).await;
    assert_eq!(status(&live(&mut other).await), "HTTP/1.1 200 OK", "another address");
    scene.bystander_is_untouched().await;
    // Whoever leaves makes room.
    held.truncate(19);
    let mut late = loop {
        let mut late = connect_from([127, 0, 0, 2], scene.address).await;
        let answer = live(&mut late).await;
        if status(&answer) == "HTTP/1.1 200 OK" {
            break late;
        }
    };
    assert_eq!(status(&live(&mut late).await), "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_proxy_may_bring_everybody_but_not_more_than_all() {
    let sockets = Ceilings { total: 34, per_address: 4, per_token: 0 };
    let trusted_proxies = vec!["127.0.0.2/32".parse().expect("a network")];
    let mut scene = Scene::new(Bounds { sockets, trusted_proxies, ..bounds() }).await;
    let mut held = Vec::new();
    for _ in 0..30 {
        let mut socket = connect_from([127, 0, 0, 2], scene.address).await;
        assert_eq!(status(&live(&mut socket).await), "HTTP/1.1 200 OK");
        held.push(socket);
    }
    let mut one_more = connect_from([127, 0, 0, 2], scene.address).await;
    assert_eq!(status(&rest(&mut one_more).await), "HTTP/1.1 503 Service Unavailable");
    scene.bystander_is_untouched().await;
}
