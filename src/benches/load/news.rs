//! The news under load: 50 feeds, a full database and many readers.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc::UnboundedSender,
};

use super::{
    archive,
    feeds::FeedHost,
    percentile,
    process::{Process, Settings},
    report, titles,
};

const FEEDS: usize = 50;
const ARTICLES: usize = 100_000;
const READERS: usize = 1000;
/// Items that are timed from the fetch to the readers.
const ITEMS: u32 = 60;
const ITEM_EVERY: Duration = Duration::from_millis(250);
/// Requests for the first page of the news.
const PAGES: usize = 300;
/// Readers whose deliveries are timed; the others only read.
const TIMED: usize = 20;

pub async fn run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let filled = Instant::now();
    archive::fill(folder.path(), ARTICLES).await;
    println!("news: {ARTICLES} articles stored in {:.1} s", filled.elapsed().as_secs_f64());

    let host = FeedHost::start(FEEDS).await;
    let simulator = Process::simulate().await;
    let server = Process::serve(&Settings::simulated(&simulator).with_news(&host.setting(), folder.path())).await;
    server.ready().await;
    let (arrivals, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    for n in 0..READERS {
        tokio::spawn(follow(server.addr, (n < TIMED).then(|| arrivals.clone())));
    }
    server.streams(READERS).await;
    // Until the stories are put together again, fetches wait.
    host.publish(0, 0, titles::title(ARTICLES, 0));
    while arrived.recv().await.is_some_and(|(mark, _)| mark != 0) {}

    let mut tick = tokio::time::interval(ITEM_EVERY);
    for mark in 1..=ITEMS {
        tick.tick().await;
        let n = usize::try_from(mark).expect("a small number");
        host.publish(n % FEEDS, mark, titles::title(ARTICLES + n, 0));
    }
    let mut delays = Vec::new();
    let expected = TIMED * usize::try_from(ITEMS).expect("a small number");
    while delays.len() < expected {
        let Ok(Some((mark, at))) = tokio::time::timeout(Duration::from_secs(10), arrived.recv()).await else { break };
        if mark > 0
            && let Some(fetched) = host.fetched(mark)
        {
            delays.push(at.saturating_duration_since(fetched));
        }
    }
    println!("fetch to stream: {} of {expected} deliveries arrived", delays.len());
    report("fetch to stream, median", percentile(&mut delays, 50), Duration::from_secs(1));
    report("fetch to stream, p99", percentile(&mut delays, 99), Duration::from_secs(1));

    let mut waits = Vec::with_capacity(PAGES);
    for _ in 0..PAGES {
        let start = Instant::now();
        let body = server.get("/api/news").await;
        waits.push(start.elapsed());
        assert!(body.contains("\"articles\":[{"), "the news is there");
    }
    report("first page of /api/news, median", percentile(&mut waits, 50), Duration::from_millis(5));
    let resident = server.resident_kib();
    let verdict = if resident < 150 * 1024 { "within" } else { "OVER" };
    println!(
        "resident memory, {FEEDS} feeds, {ARTICLES} stored articles, {READERS} clients: {} MiB ({verdict} 150 MiB)",
        resident.div_ceil(1024)
    );
}

/// Reads the stream of news and reports each marked article with its time of arrival.
async fn follow(server: SocketAddr, arrivals: Option<UnboundedSender<(u32, Instant)>>) {
    let mut socket = TcpStream::connect(server).await.expect("the server accepts");
    let request = "GET /api/sse HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.write_all(request.as_bytes()).await.expect("the server reads");
    let mut lines = BufReader::new(socket).lines();
    let mut is_news = false;
    while let Ok(Some(line)) = lines.next_line().await {
        let at = Instant::now();
        if let Some(event) = line.strip_prefix("event: ") {
            is_news = event == "news";
        }
        let marked = || line.split_once(" mark-")?.1.split_once('.')?.0.parse().ok();
        if is_news
            && let Some(arrivals) = &arrivals
            && let Some(mark) = marked()
            && arrivals.send((mark, at)).is_err()
        {
            return;
        }
    }
}
