//! Feeds that say exactly what the bench wants, when it wants it.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{Path, State},
    http::header,
    response::IntoResponse,
    routing::get,
};
use market_pulse::model::time::UnixMs;
use parking_lot::Mutex;
use tokio::net::TcpListener;

/// An item, and when the server first took it.
struct Item {
    title: String,
    mark: u32,
    at: UnixMs,
    fetched: Option<Instant>,
}

type Feeds = Arc<Vec<Mutex<Vec<Item>>>>;

/// A host of RSS feeds.
pub struct FeedHost {
    addr: SocketAddr,
    feeds: Feeds,
}

impl FeedHost {
    pub async fn start(count: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("a bound socket");
        let feeds: Feeds = Arc::new((0..count).map(|_| Mutex::default()).collect());
        let router = Router::new().route("/feed/{n}", get(feed)).with_state(Arc::clone(&feeds));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { addr, feeds }
    }

    /// As the settings name them.
    pub fn setting(&self) -> String {
        let feed = |n| format!("bench{n}|Bench {n}|general|http://{}/feed/{n}", self.addr);
        (0..self.feeds.len()).map(feed).collect::<Vec<_>>().join(",")
    }

    /// Publishes an item that is told by its mark.
    pub fn publish(&self, feed: usize, mark: u32, title: String) {
        if let Some(feed) = self.feeds.get(feed) {
            feed.lock().push(Item { title, mark, at: now(), fetched: None });
        }
    }

    /// When the fetch was answered that saw an item first.
    pub fn fetched(&self, mark: u32) -> Option<Instant> {
        self.feeds.iter().find_map(|feed| feed.lock().iter().find(|item| item.mark == mark)?.fetched)
    }
}

async fn feed(State(feeds): State<Feeds>, Path(n): Path<usize>) -> impl IntoResponse {
    let mut body = format!("<rss version=\"2.0\"><channel><title>Bench {n}</title><link>https://bench.example/</link>");
    if let Some(feed) = feeds.get(n) {
        for item in feed.lock().iter_mut().rev().take(20) {
            item.fetched.get_or_insert_with(Instant::now);
            let Item { title, mark, .. } = item;
            // Not what RSS wants, but what readers take.
            let date = item.at.to_rfc3339();
            // Writing to a string can't fail.
            let _ = write!(
                body,
                "<item><title>{title} mark-{mark}.</title><link>https://bench.example/{n}/{mark}</link><guid>{n}-{mark}</guid>\
                 <pubDate>{date}</pubDate><description>The desk of bench {n} reports: {title}.</description></item>"
            );
        }
    }
    body.push_str("</channel></rss>");
    ([(header::CONTENT_TYPE, "application/rss+xml")], body)
}

pub fn now() -> UnixMs {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    UnixMs(i64::try_from(since_epoch.as_millis()).expect("before the year 292 million"))
}
