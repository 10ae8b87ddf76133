//! Readers: bare sockets, so that what is measured is the server.

use std::{
    cell::RefCell,
    future::poll_fn,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, ReadBuf},
    net::TcpStream,
    sync::mpsc::UnboundedSender,
};

/// Prices from here on mark timed frames.
const FIRST_MARK: u32 = 1000;

/// The price that marks the n-th timed frame.
pub fn price_of(n: u32) -> u32 {
    FIRST_MARK + n
}

/// A stream of all assets, asked for.
pub async fn open_realtime(server: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(server).await.expect("the server accepts");
    let symbols = super::venue::SYMBOLS.join(",");
    let request = format!("GET /api/realtime?symbols={symbols} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("the server reads");
    socket
}

thread_local! {
    /// What was read and is not looked at: one place for all readers of a thread, which stays in its cache.
    static SINK: RefCell<[u8; 32 * 1024]> = const { RefCell::new([0; 32 * 1024]) };
}

/// Reads to the end, and looks at nothing.
pub async fn take_everything(mut socket: TcpStream) {
    let mut read = |cx: &mut Context<'_>| {
        SINK.with_borrow_mut(|sink| {
            let mut sink = ReadBuf::new(sink);
            let read = ready!(Pin::new(&mut socket).poll_read(cx, &mut sink));
            Poll::Ready(read.is_ok() && !sink.filled().is_empty())
        })
    };
    while poll_fn(&mut read).await {}
}

/// Reads the stream of all assets and reports each timed frame with its time of arrival.
pub async fn follow(server: SocketAddr, arrivals: UnboundedSender<(u32, Instant)>) {
    let mut lines = BufReader::new(open_realtime(server).await).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let at = Instant::now();
        if let Some(n) = frame_number(&line)
            && arrivals.send((n, at)).is_err()
        {
            return;
        }
    }
}

fn frame_number(line: &str) -> Option<u32> {
    let (_, rest) = line.strip_prefix("data: {\"type\":\"ticker\"")?.split_once("\"price\":")?;
    let price: u32 = rest.split(['.', ',', '}']).next()?.parse().ok()?;
    price.checked_sub(FIRST_MARK)
}

/// Time from the start of a connection to the first byte of the answer.
pub async fn first_byte(server: SocketAddr, path: &str) -> Duration {
    let start = Instant::now();
    let mut socket = TcpStream::connect(server).await.expect("the server accepts");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("the server reads");
    let mut byte = [0];
    socket.read_exact(&mut byte).await.expect("the server answers");
    let wait = start.elapsed();
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).await.expect("the answer ends");
    assert!(rest.starts_with(b"TTP/1.1 200"), "the page is there");
    wait
}
