//! A load client for the server: what a user waits for, measured from outside on this machine.
//!
//! Starts the release binary as its own process, so that its memory is its own, and prints one line a figure.
//! Run it with `make bench`, or one part of it: `cargo bench --features ssr --bench load -- crowd`. Parts are `latency`,
//! `page`, `news`, `publish`, `crowd` and `nodes`, which needs `redis-server`.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a bench speaks to its user and ends at the first surprise"
)]

#[path = "load/archive.rs"]
mod archive;
#[path = "load/client.rs"]
mod client;
#[path = "load/crowd.rs"]
mod crowd;
#[path = "load/feeds.rs"]
mod feeds;
#[path = "load/news.rs"]
mod news;
#[path = "load/nodes.rs"]
mod nodes;
#[path = "load/process.rs"]
mod process;
#[path = "load/publish.rs"]
mod publish;
#[path = "load/titles.rs"]
mod titles;
#[path = "load/venue.rs"]
mod venue;

use std::time::{Duration, Instant};

use process::{Process, Settings};

/// Readers of the stream.
const CLIENTS: usize = 100;
/// Frames that are timed through the server, each to every reader.
const FRAMES: usize = 400;
/// Time between two frames: 20 assets at one ticker a second each.
const FRAME_EVERY: Duration = Duration::from_millis(50);
/// Requests for the homepage.
const PAGES: usize = 300;

// One thread: the readers must not take both cores from the server that they measure.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("load: release binary on this machine, over loopback, {CLIENTS} stream clients");
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| only.is_empty() || only.iter().any(|name| name == part);
    if wanted("latency") {
        latency().await;
    }
    if wanted("page") {
        page_and_memory().await;
    }
    if wanted("news") {
        news::run().await;
    }
    if wanted("publish") {
        publish::run().await;
    }
    if wanted("crowd") {
        crowd::run().await;
    }
    if wanted("nodes") {
        nodes::run().await;
    }
}

/// From a venue's frame on the wire to the last byte of the message at each reader.
async fn latency() {
    let venue = venue::ScriptedVenue::start().await;
    let server = Process::serve(&Settings::only_binance(venue.addr())).await;
    venue.subscribed().await;
    for symbol in venue::SYMBOLS {
        venue.send(symbol, 1);
    }
    server.ready().await;

    let (arrivals, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..CLIENTS {
        tokio::spawn(client::follow(server.addr, arrivals.clone()));
    }
    server.streams(CLIENTS).await;

    let mut sent = Vec::with_capacity(FRAMES);
    let mut tick = tokio::time::interval(FRAME_EVERY);
    for (n, symbol) in (0..).zip(venue::SYMBOLS.iter().cycle().take(FRAMES)) {
        tick.tick().await;
        sent.push(Instant::now());
        venue.send(symbol, client::price_of(n));
    }
    let mut delays = Vec::with_capacity(FRAMES * CLIENTS);
    while delays.len() < FRAMES * CLIENTS {
        let Ok(Some((n, at))) = tokio::time::timeout(Duration::from_secs(10), arrived.recv()).await else { break };
        if let Some(start) = usize::try_from(n).ok().and_then(|n| sent.get(n)) {
            delays.push(at.saturating_duration_since(*start));
        }
    }
    println!("frame to stream: {} of {} deliveries arrived", delays.len(), FRAMES * CLIENTS);
    report("frame to stream, median", percentile(&mut delays, 50), Duration::from_millis(1));
    report("frame to stream, p99", percentile(&mut delays, 99), Duration::from_millis(5));
}

/// The homepage's first byte, and the memory of a server that follows 20 assets on three venues.
async fn page_and_memory() {
    let simulator = Process::simulate().await;
    let server = Process::serve(&Settings::simulated(&simulator)).await;
    server.ready().await;
    let (arrivals, _arrived) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..CLIENTS {
        tokio::spawn(client::follow(server.addr, arrivals.clone()));
    }
    server.streams(CLIENTS).await;

    let mut waits = Vec::with_capacity(PAGES);
    for _ in 0..PAGES {
        waits.push(client::first_byte(server.addr, "/").await);
    }
    report("homepage, first byte, median", percentile(&mut waits, 50), Duration::from_millis(5));

    let mut resident = 0;
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    for _ in 0..20 {
        tick.tick().await;
        resident = resident.max(server.resident_kib());
    }
    let verdict = if resident < 60 * 1024 { "within" } else { "OVER" };
    println!("resident memory, 20 assets, {CLIENTS} clients: {} MiB ({verdict} 60 MiB)", resident.div_ceil(1024));
}

fn percentile(values: &mut [Duration], percent: usize) -> Duration {
    values.sort_unstable();
    values.get((values.len() * percent / 100).min(values.len().saturating_sub(1))).copied().unwrap_or(Duration::MAX)
}

fn report(name: &str, value: Duration, target: Duration) {
    let verdict = if value < target { "within" } else { "OVER" };
    println!("{name}: {:.3} ms ({verdict} {} ms)", value.as_secs_f64() * 1e3, target.as_millis());
}
