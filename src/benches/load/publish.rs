//! A publication to a thousand readers of a named channel: from before the request until each has the event.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::{interval, timeout},
};

use super::{
    percentile,
    process::{Process, Settings},
    report,
};

const READERS: u32 = 1000;
const EVENTS: u32 = 200;
const EVENT_EVERY: Duration = Duration::from_millis(50);
/// Readers that are timed; the others only read.
const TIMED: u32 = 20;
const LATEST: Duration = Duration::from_millis(20);

pub async fn run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let token = Process::token(folder.path());
    let simulator = Process::simulate().await;
    let data_dir = folder.path().to_string_lossy();
    let server = Process::serve(&Settings::simulated(&simulator).with("SERVER__DATA_DIR", &data_dir)).await;
    server.ready().await;
    let (arrivals, mut arrived) = unbounded_channel();
    for n in 0..READERS {
        tokio::spawn(follow(server.addr, (n < TIMED).then(|| arrivals.clone())));
    }
    server.streams(READERS as usize).await;

    let mut publisher = TcpStream::connect(server.addr).await.expect("the server accepts");
    let mut sent = Vec::new();
    let mut tick = interval(EVENT_EVERY);
    for n in 0..EVENTS {
        tick.tick().await;
        let body = format!(
            r#"{{"event":"training_progress","data":{{"task_id":"mark-{n}.","progress":50,"status":"running"}}}}"#
        );
        sent.push(Instant::now());
        publish(&mut publisher, &token, &body).await;
    }
    let expected = (TIMED * EVENTS) as usize;
    let mut delays = Vec::new();
    while delays.len() < expected {
        let Ok(Some((n, at))) = timeout(Duration::from_secs(10), arrived.recv()).await else { break };
        if let Some(start) = usize::try_from(n).ok().and_then(|n| sent.get(n)) {
            delays.push(at.saturating_duration_since(*start));
        }
    }
    println!("publish to {READERS} readers: {} of {expected} timed deliveries arrived", delays.len());
    report("publish to readers, stored first, median", percentile(&mut delays, 50), LATEST);
    report("publish to readers, stored first, p99", percentile(&mut delays, 99), LATEST);
}

/// Over one connection that stays: the answer is short and read whole.
async fn publish(connection: &mut TcpStream, token: &str, body: &str) {
    let request = format!(
        "POST /api/v1/channels/training/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = [0; 4096];
    let length = connection.read(&mut answer).await.expect("the server answers");
    assert!(answer.get(..length).is_some_and(|answer| answer.starts_with(b"HTTP/1.1 202")), "it is published");
}

/// Reads the channel and reports each marked event with its time of arrival.
async fn follow(server: SocketAddr, arrivals: Option<UnboundedSender<(u32, Instant)>>) {
    let mut socket = TcpStream::connect(server).await.expect("the server accepts");
    let request = "GET /api/v1/sse/training HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.write_all(request.as_bytes()).await.expect("the server reads");
    let mut lines = BufReader::new(socket).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let at = Instant::now();
        let marked = || line.split_once("mark-")?.1.split_once('.')?.0.parse().ok();
        if let Some(arrivals) = &arrivals
            && let Some(mark) = marked()
            && arrivals.send((mark, at)).is_err()
        {
            return;
        }
    }
}
