//! The few things that only a real connection shows.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::SinkExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    task::JoinHandle,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

use super::*;
use crate::server::{
    http::serve::{self, Bounds},
    hub::limits::Ceilings,
    market::fixture::ticker,
};

/// Bounds that no test meets by chance.
pub(super) fn bounds() -> Bounds {
    Bounds {
        sockets: Ceilings { total: 1000, per_address: 1000, per_token: 0 },
        trusted_proxies: vec![],
        head: Duration::from_mins(1),
        idle: Duration::from_mins(1),
        stall: Duration::from_mins(1),
    }
}

/// A server, and what runs until its last connection has ended.
pub(super) fn serve(fixture: &Fixture, router: Router, bounds: Bounds) -> (SocketAddr, JoinHandle<()>) {
    let listener = serve::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = listener.local_addr().expect("bound");
    let counts = fixture.services.metrics.connections.clone();
    (address, tokio::spawn(serve::serve(listener, router, bounds, counts, fixture.shutdown.clone())))
}

pub(super) async fn request(address: SocketAddr, path: &str) -> TcpStream {
    request_with(address, path, "").await
}

/// With more header lines, each with its end.
pub(super) async fn request_with(address: SocketAddr, path: &str, headers: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.expect("a connection");
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
    socket.write_all(head.as_bytes()).await.expect("written");
    socket
}

/// Reads until `until` has been seen.
pub(super) async fn read_until(socket: &mut TcpStream, until: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains(until) {
        let count = socket.read(&mut buffer).await.expect("read");
        assert_ne!(count, 0, "the connection ended before {until}: {text}");
        text.push_str(std::str::from_utf8(&buffer[..count]).expect("UTF-8"));
    }
    text
}

#[tokio::test]
async fn a_stream_runs_over_a_connection_and_a_shutdown_ends_both() {
    let fixture = Fixture::with(|config| config.limits.connections_per_address = 1);
    fixture.post(ticker("BTC", 1.0));
    let (address, server) = serve(&fixture, app(&fixture), bounds());
    let mut socket = request(address, "/api/realtime/BTC").await;
    let text = read_until(&mut socket, "\"price\":1.0").await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.contains("retry: 2000\n\ndata: {\"type\":\"connected\""), "{text}");
    fixture.post(ticker("BTC", 2.0));
    read_until(&mut socket, "\"price\":2.0").await;
    let mut second = request(address, "/api/realtime/BTC").await;
    let refused = read_until(&mut second, "too_many_streams").await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "counted by the peer's address: {refused}");
    drop(second);
    fixture.shutdown.cancel();
    let mut rest = String::new();
    socket.read_to_string(&mut rest).await.expect("a clean end");
    assert!(rest.ends_with("0\r\n\r\n"), "the last chunk: {rest}");
    server.await.expect("no panic");
}

#[tokio::test]
async fn a_shutdown_ends_idle_connections_and_waits_for_answers_under_way() {
    let fixture = Fixture::new();
    let (asked, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (asked, finish) = (Arc::clone(&asked), Arc::clone(&finish));
        move || async move {
            asked.notify_one();
            finish.notified().await;
            "done"
        }
    };
    let (address, server) = serve(&fixture, app(&fixture).route("/slow", axum::routing::get(slow)), bounds());
    let mut idle = request(address, "/live").await;
    read_until(&mut idle, "true").await;
    let mut waiting = request(address, "/slow").await;
    asked.notified().await;
    fixture.shutdown.cancel();
    assert_eq!(idle.read(&mut [0; 16]).await.expect("a clean end"), 0);
    assert!(!server.is_finished(), "one answer is under way");
    finish.notify_one();
    let mut text = String::new();
    waiting.read_to_string(&mut text).await.expect("a clean end");
    assert!(text.ends_with("done") && text.contains("connection: close"), "{text}");
    server.await.expect("no panic");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_reader_that_takes_nothing_loses_its_connection() {
    let fixture = Fixture::new();
    let bounds = Bounds { stall: Duration::from_millis(300), ..bounds() };
    let (address, _server) = serve(&fixture, app(&fixture), bounds);
    let mut socket = request(address, "/api/realtime/BTC").await;
    read_until(&mut socket, "connected").await;
    assert_eq!(fixture.services.hub.streams(), 1);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let mut price = 0.0;
    while fixture.services.hub.streams() > 0 {
        assert!(tokio::time::Instant::now() < deadline, "the stalled connection is still there");
        price += 1.0;
        fixture.post(ticker("BTC", price));
        tokio::task::yield_now().await;
    }
    drop(socket);
}

#[tokio::test]
async fn a_client_in_the_middle_of_a_long_message_is_not_reset_before_it_hears_why() {
    let fixture = Fixture::new();
    let (address, _server) = serve(&fixture, app(&fixture), bounds());
    let (socket, _) = connect_async(format!("ws://{address}/api/ws")).await.expect("a socket");
    let (mut sink, mut stream) = socket.split();
    // Longer than all buffers on the way.
    let saying = sink.send(Message::text(" ".repeat(16 << 20)));
    let hearing = async {
        let (mut texts, mut close) = (Vec::new(), None);
        while let Some(message) = stream.next().await {
            match message.expect("no reset") {
                Message::Text(text) => texts.push(text.to_string()),
                Message::Close(frame) => close = frame,
                other => panic!("{other:?}"),
            }
        }
        (texts, close)
    };
    let (said, (texts, close)) = futures_util::future::join(saying, hearing).await;
    said.expect("the rest was taken");
    assert!(texts.len() == 2 && texts[1].contains("\"code\":\"frame_too_large\""), "{texts:?}");
    assert_eq!(close.map(|frame| frame.code), Some(CloseCode::Size));
}

#[tokio::test]
async fn a_socket_that_takes_nothing_loses_its_connection() {
    let fixture = Fixture::new();
    let (address, _server) = serve(&fixture, app(&fixture), Bounds { stall: Duration::from_millis(300), ..bounds() });
    let (mut socket, _) = connect_async(format!("ws://{address}/api/ws")).await.expect("a socket");
    socket.send(Message::text(r#"{"op":"subscribe","channels":["ticker:BTC"]}"#)).await.expect("sent");
    for _ in 0..2 {
        socket.next().await.expect("a frame").expect("no error");
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let mut price = 0.0;
    while fixture.services.hub.streams() > 0 {
        assert!(tokio::time::Instant::now() < deadline, "the stalled connection is still there");
        price += 1.0;
        fixture.post(ticker("BTC", price));
        tokio::task::yield_now().await;
    }
    drop(socket);
}
