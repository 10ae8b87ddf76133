//! Readers that are slow, over real connections: they are left in peace as long as they read, and get what is new.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, sleep, timeout},
};

use super::{
    bystander::{self, Bystanders},
    socket::{bounds, read_until, request, serve},
    *,
};
use crate::server::{http::serve::Bounds, market::fixture::ticker};

const STALL: Duration = Duration::from_secs(1);
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server with a short patience, which posts prices without end, and a bystander who gets them.
struct Scene {
    fixture: Fixture,
    address: SocketAddr,
    bystander: TcpStream,
    others: Bystanders<TcpStream>,
    price: f64,
}

impl Scene {
    async fn new() -> Self {
        let fixture = Fixture::with(|config| config.limits.stall_s = STALL.as_secs());
        let (address, _server) = serve(&fixture, app(&fixture), Bounds { stall: STALL, ..bounds() });
        let mut bystander = request(address, "/api/realtime/ETH").await;
        read_until(&mut bystander, "connected").await;
        let others = Bystanders::at(address).await;
        Self { fixture, address, bystander, others, price: 0.0 }
    }

    /// A stream over a connection as over a network: its segments are short, and the reader's side holds little.
    async fn reader(&self, path: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(8192).expect("set");
        socket2::SockRef::from(&socket).set_tcp_mss(1400).expect("set");
        let mut stream = socket.connect(self.address).await.expect("a connection");
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("written");
        stream
    }

    /// One more price than the reader has, each handed to its connection.
    async fn post(&mut self) {
        self.price += 1.0;
        self.fixture.post(ticker("BTC", self.price));
        tokio::task::yield_now().await;
    }

    /// Posts until nothing more is taken: the newest price waits in the hub.
    async fn fill(&mut self) {
        self.others.tell(&self.fixture).await;
        for _ in 0..3000 {
            self.post().await;
        }
    }

    async fn bystander_is_untouched(&mut self) {
        self.fixture.post(ticker("ETH", self.price));
        read_until(&mut self.bystander, &format!("\"price\":{:.1}", self.price)).await;
        self.others.missed_nothing(&self.fixture).await;
    }
}

/// Streams that are open beside those of the bystanders.
fn others(fixture: &Fixture) -> usize {
    fixture.services.hub.streams() - 1 - bystander::STREAMS
}

#[tokio::test]
async fn a_reader_that_comes_late_has_no_backlog_before_the_newest() {
    let mut scene = Scene::new().await;
    let mut reader = scene.reader("/api/realtime/BTC").await;
    read_until(&mut reader, "connected").await;
    scene.fill().await;
    let newest = format!("\"price\":{:.1}", scene.price);
    let text = timeout(PATIENCE, read_until(&mut reader, &newest)).await.expect("the newest");
    let old = text.matches("\"type\":\"ticker\"").count() - 1;
    assert!(old <= MOST_OLD, "{old} of {} prices came before the newest, {} bytes", scene.price, text.len());
    scene.bystander_is_untouched().await;
}

/// Messages that a reader may have to read before it has the newest: what its own side and the way to it hold.
const MOST_OLD: usize = 120;

#[tokio::test]
async fn a_slow_reader_that_reads_is_not_dropped() {
    let mut scene = Scene::new().await;
    let mut reader = scene.reader("/api/realtime/BTC").await;
    read_until(&mut reader, "connected").await;
    scene.fill().await;
    let end = Instant::now() + STALL * 4;
    // Far less in a stall limit than made room in a connection that was full.
    let mut taken = [0; 4096];
    while Instant::now() < end {
        reader.read_exact(&mut taken).await.expect("the connection stands");
        sleep(STALL / 10).await;
        for _ in 0..30 {
            scene.post().await;
        }
    }
    assert_eq!(others(&scene.fixture), 1);
    let newest = format!("\"price\":{:.1}", scene.price);
    timeout(PATIENCE, read_until(&mut reader, &newest)).await.expect("the newest");
    scene.bystander_is_untouched().await;
}

#[tokio::test]
async fn a_reader_of_single_bytes_is_left_in_peace_while_it_keeps_up() {
    let mut scene = Scene::new().await;
    let mut reader = scene.reader("/api/realtime/BTC").await;
    read_until(&mut reader, "connected").await;
    scene.post().await;
    let mut read = Vec::new();
    for _ in 0..4 {
        sleep(STALL * 3 / 2).await;
        read.push(reader.read_u8().await.expect("a byte"));
        scene.post().await;
    }
    assert_eq!(others(&scene.fixture), 1, "what it has not read yet waits on its side");
    let rest = read_until(&mut reader, &format!("\"price\":{:.1}", scene.price)).await;
    let text = String::from_utf8(read).expect("ASCII") + &rest;
    for price in 1..=4 {
        assert!(text.contains(&format!("\"price\":{price}.0")), "{price}: {text}");
    }
    scene.bystander_is_untouched().await;
}

/// A peer's kernel takes nothing more until its reader has made room for a whole segment, or half of what it holds: of
/// somebody who reads a byte now and then nothing is seen here.
#[tokio::test]
async fn a_reader_of_single_bytes_that_falls_behind_costs_nobody_anything() {
    let mut scene = Scene::new().await;
    let mut reader = scene.reader("/api/realtime/BTC").await;
    read_until(&mut reader, "connected").await;
    scene.fill().await;
    let deadline = Instant::now() + PATIENCE;
    while others(&scene.fixture) > 0 {
        assert!(Instant::now() < deadline, "its place is still taken");
        // What is left to be read after the end is no matter.
        let _byte = reader.read_u8().await;
        sleep(STALL / 2).await;
        scene.post().await;
        scene.bystander_is_untouched().await;
    }
}
