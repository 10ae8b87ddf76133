//! Readers that are slow: they are left in peace as long as they read, and get what is new.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::SinkExt as _;
use hyper::server::conn::http1;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf, duplex},
    net::{TcpSocket, TcpStream},
    task::yield_now,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::{client_async, tungstenite::Message};
use tokio_util::sync::CancellationToken;

use super::{
    bystander::{self, Bystanders},
    socket::{bounds, read_until, request, serve},
    *,
};
use crate::server::{
    http::{conversation::Conversation, stall::StallGuard},
    market::fixture::ticker,
};

const STALL: Duration = Duration::from_secs(30);
/// What a connection in memory holds, in bytes.
const HELD: usize = 64 * 1024;
/// Prices that are more than any connection holds.
const MANY: usize = 3000;

/// A connection as the kernel keeps it: one that was full takes more only after a third of it was taken.
#[derive(Default)]
struct Wire {
    request: VecDeque<u8>,
    outstanding: VecDeque<u8>,
    is_full: bool,
    writer: Option<Waker>,
    is_gone: bool,
}

/// The server's end of it.
struct Served(Arc<Mutex<Wire>>);

impl AsyncRead for Served {
    /// The request, and nothing after it.
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut wire = self.0.lock();
        if wire.request.is_empty() {
            return Poll::Pending;
        }
        let count = buf.remaining().min(wire.request.len());
        let bytes: Vec<u8> = wire.request.drain(..count).collect();
        buf.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Served {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut wire = self.0.lock();
        if wire.is_full {
            wire.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = buf.len().min(HELD - wire.outstanding.len());
        wire.outstanding.extend(&buf[..count]);
        wire.is_full = wire.outstanding.len() == HELD;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.lock().is_gone = true;
    }
}

/// Serves a connection.
fn hold<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(app: &Router, guarded: StallGuard<S>) {
    let conversation = Conversation {
        router: app.clone(),
        http: http1::Builder::new(),
        head: STALL,
        silent: Counter::default(),
        shutdown: CancellationToken::new(),
    };
    tokio::spawn(conversation.hold(guarded, ([192, 0, 2, 1], 1000).into()));
}

/// A reader at the other end.
struct Reader(Arc<Mutex<Wire>>);

impl Reader {
    /// Of a stream that has begun.
    async fn open(app: &Router, path: &str) -> Self {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes().into();
        let wire = Arc::new(Mutex::new(Wire { request, ..Wire::default() }));
        let gauged = Arc::clone(&wire);
        let outstanding = move || u32::try_from(gauged.lock().outstanding.len()).ok();
        hold(app, StallGuard::new(Served(Arc::clone(&wire)), STALL, ()).measured_by(outstanding));
        let reader = Self(wire);
        reader.read_until("connected").await;
        reader
    }

    /// At most so many bytes.
    fn take(&self, most: usize) -> String {
        let mut wire = self.0.lock();
        let count = most.min(wire.outstanding.len());
        let taken: Vec<u8> = wire.outstanding.drain(..count).collect();
        if wire.is_full && wire.outstanding.len() <= HELD - HELD / 3 {
            wire.is_full = false;
            if let Some(writer) = wire.writer.take() {
                writer.wake();
            }
        }
        String::from_utf8(taken).expect("ASCII")
    }

    async fn read_until(&self, until: &str) -> String {
        let mut text = String::new();
        for _ in 0..10_000 {
            text += &self.take(usize::MAX);
            if text.contains(until) {
                return text;
            }
            yield_now().await;
        }
        panic!("no {until}: {text}");
    }

    fn is_full(&self) -> bool {
        self.0.lock().is_full
    }

    fn is_gone(&self) -> bool {
        self.0.lock().is_gone
    }
}

/// A server that posts prices without end.
struct Scene {
    fixture: Fixture,
    app: Router,
    price: f64,
}

impl Scene {
    fn new() -> Self {
        let fixture = Fixture::with(|config| config.limits.stall_s = STALL.as_secs());
        let app = app(&fixture);
        Self { fixture, app, price: 0.0 }
    }

    /// One more price than the reader has, handed to its connection.
    async fn post(&mut self) {
        self.price += 1.0;
        self.fixture.post(ticker("BTC", self.price));
        yield_now().await;
    }

    /// Posts until nothing more is taken: the newest price waits in the hub.
    async fn fill(&mut self) {
        for _ in 0..MANY {
            self.post().await;
        }
    }

    fn newest(&self) -> String {
        format!("\"price\":{:.1}", self.price)
    }

    /// Posts until nobody gets it any more.
    async fn until_dropped(&mut self) {
        self.fill().await;
        let blocked = Instant::now();
        while !self.fixture.services.hub.subscriptions().is_empty() {
            assert!(blocked.elapsed() < 2 * STALL, "it is still followed");
            self.post().await;
            sleep(Duration::from_millis(100)).await;
        }
        assert!(blocked.elapsed() >= STALL, "{:?}", blocked.elapsed());
    }

    /// Streams that are open beside those of the bystanders.
    fn streams(&self) -> usize {
        self.fixture.services.hub.streams() - bystander::STREAMS
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_that_reads_is_not_dropped() {
    let mut scene = Scene::new();
    let mut others = Bystanders::of(&scene.app).await;
    let reader = Reader::open(&scene.app, "/api/realtime/BTC").await;
    scene.fill().await;
    assert!(reader.is_full());
    // In four times the limit, less than makes room.
    for _ in 0..40 {
        reader.take(HELD / 3 / 50);
        sleep(STALL / 10).await;
        for _ in 0..30 {
            scene.post().await;
        }
        assert!(reader.is_full() && !reader.is_gone());
        others.missed_nothing(&scene.fixture).await;
    }
    assert_eq!(scene.streams(), 1);
    let text = reader.read_until(&scene.newest()).await;
    assert!(text.len() < 2 * HELD, "the newest comes next: {} bytes", text.len());
    others.missed_nothing(&scene.fixture).await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_keeps_up_is_left_in_peace_however_seldom_there_is_something() {
    let mut scene = Scene::new();
    let mut others = Bystanders::of(&scene.app).await;
    let reader = Reader::open(&scene.app, "/api/realtime/BTC").await;
    for _ in 0..10 {
        scene.post().await;
        reader.read_until(&scene.newest()).await;
        // Signs of life come meanwhile.
        for _ in 0..STALL.as_secs() * 3 / 2 {
            sleep(Duration::from_secs(1)).await;
            reader.take(usize::MAX);
        }
        others.missed_nothing(&scene.fixture).await;
    }
    assert_eq!((scene.streams(), reader.is_gone()), (1, false));
}

/// A peer's kernel takes nothing more until its reader has made room for a whole segment, or half of what it holds: of
/// somebody who reads a byte now and then nothing is seen here.
#[tokio::test(start_paused = true)]
async fn a_reader_of_whom_nothing_is_seen_loses_its_place_and_costs_nobody_anything() {
    let mut scene = Scene::new();
    let mut others = Bystanders::of(&scene.app).await;
    let reader = Reader::open(&scene.app, "/api/realtime/BTC").await;
    scene.fill().await;
    assert!(reader.is_full());
    for tenth in 0..15 {
        if tenth < 9 {
            assert_eq!((scene.streams(), reader.is_gone()), (1, false), "{tenth} tenths of the limit");
        }
        sleep(STALL / 10).await;
        scene.post().await;
        others.missed_nothing(&scene.fixture).await;
    }
    assert_eq!((scene.streams(), reader.is_gone()), (0, true));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_read_again_just_as_it_is_dropped_says_why() {
    let mut scene = Scene::new();
    let reader = Reader::open(&scene.app, "/api/realtime/BTC").await;
    scene.until_dropped().await;
    let text = reader.read_until("0\r\n\r\n").await;
    assert!(text.contains("\"code\":\"too_slow\""), "the end of {}", text.len());
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_is_read_again_just_as_it_is_dropped_says_why() {
    let mut scene = Scene::new();
    let (theirs, ours) = duplex(HELD);
    hold(&scene.app, StallGuard::new(ours, STALL, ()));
    let (mut socket, _) = client_async("ws://localhost/api/ws", theirs).await.expect("a socket");
    let wish = r#"{"op":"subscribe","channels":["ticker:BTC"]}"#;
    socket.send(Message::text(wish)).await.expect("sent");
    scene.until_dropped().await;
    let mut close = None;
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Close(frame) = message {
            close = frame;
        }
    }
    assert_eq!(u16::from(close.expect("a close frame").code), 4008);
}

/// Messages that a reader may have to read before it has the newest: what its own side and the way to it hold.
const MOST_OLD: usize = 120;
/// Ends a test that hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// A stream over a connection as over a network: its segments are short, and the reader's side holds little.
async fn distant_reader(address: SocketAddr, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(8192).expect("set");
    socket2::SockRef::from(&socket).set_tcp_mss(1400).expect("set");
    let mut stream = socket.connect(address).await.expect("a connection");
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("written");
    stream
}

/// Over a real connection: how much waits in it is for the kernel to say.
#[tokio::test]
async fn a_reader_that_comes_late_has_no_backlog_before_the_newest() {
    let mut scene = Scene::new();
    let (address, _server) = serve(&scene.fixture, scene.app.clone(), bounds());
    let mut bystander = request(address, "/api/realtime/ETH").await;
    read_until(&mut bystander, "connected").await;
    let mut reader = distant_reader(address, "/api/realtime/BTC").await;
    read_until(&mut reader, "connected").await;
    scene.fill().await;
    let newest = scene.newest();
    let text = timeout(PATIENCE, read_until(&mut reader, &newest)).await.expect("the newest");
    let old = text.matches("\"type\":\"ticker\"").count() - 1;
    assert!(old <= MOST_OLD, "{old} of {} prices came before the newest, {} bytes", scene.price, text.len());
    scene.fixture.post(ticker("ETH", scene.price));
    timeout(PATIENCE, read_until(&mut bystander, &newest)).await.expect("its price");
}
