//! The news of a whole server, from a feed to its readers, over a cut and over a restart.
//!
//! The database works on threads of its own, which tokio's paused clock does not wait for: these tests run on the real
//! clock and wait for what happens, never for a time.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use market_pulse::{
    model::symbol::Symbol,
    server::{
        access::Tokens,
        clock::Clock,
        config::{self, layers::Layers},
        http::router::api_router,
        news::feeds::{
            client::{FeedAnswer, FeedHttp, FeedRequest},
            fetch_error::FetchError,
        },
        simulator::{Simulator, SimulatorSettings, news::NewsMode},
        startup::{
            core::{Core, CoreSetup},
            venue_defaults,
        },
        storage::Storage,
    },
};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{
    metrics::told,
    net::MemoryNet,
    sse::{Event, Reader},
};

/// Longest wait for anything.
pub const LIMIT: Duration = Duration::from_secs(30);
pub const OUTLETS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

/// Feeds that a test fills.
#[derive(Default)]
pub struct PlayedFeeds(Mutex<BTreeMap<String, Vec<(String, String)>>>);

impl PlayedFeeds {
    /// Publishes an item at an outlet.
    pub fn publish(&self, outlet: &str, title: &str) {
        let at = now();
        self.0.lock().unwrap().entry(outlet.to_owned()).or_default().push((title.to_owned(), at));
    }

    fn text(&self, outlet: &str) -> String {
        let mut text = String::from("<rss version=\"2.0\"><channel><title>Played</title>");
        for (n, (title, at)) in self.0.lock().unwrap().get(outlet).into_iter().flatten().enumerate() {
            write!(
                text,
                "<item><title>{title}</title><link>https://{outlet}.example/{n}</link><pubDate>{at}</pubDate></item>"
            )
            .unwrap();
        }
        text + "</channel></rss>"
    }
}

/// Now, as feeds write it.
fn now() -> String {
    Clock::System.wall().to_rfc3339()
}

impl FeedHttp for PlayedFeeds {
    fn get(&self, request: FeedRequest) -> BoxFuture<'_, Result<FeedAnswer, FetchError>> {
        let outlet = request.url.path().trim_start_matches('/').to_owned();
        let answer = FeedAnswer {
            status: 200,
            content_type: Some("application/rss+xml".to_owned()),
            etag: None,
            last_modified: None,
            location: None,
            retry_after: None,
            cache_control: None,
            age: None,
            body: Bytes::from(self.text(&outlet)),
        };
        std::future::ready(Ok(answer)).boxed()
    }
}

/// A server over a folder and feeds that outlive it.
pub struct Newsroom {
    folder: TempDir,
    pub feeds: Arc<PlayedFeeds>,
    core: Core,
    pub api: axum::Router,
    token: CancellationToken,
}

impl Newsroom {
    pub async fn open() -> Self {
        let (folder, feeds) = (tempfile::tempdir().unwrap(), Arc::new(PlayedFeeds::default()));
        let (core, api, token) = start(folder.path(), &feeds).await;
        Self { folder, feeds, core, api, token }
    }

    /// Ends the server and starts another over the same folder.
    pub async fn restart(self) -> Self {
        let Self { folder, feeds, core, api, token } = self;
        token.cancel();
        tokio::time::timeout(LIMIT, core.tasks.wait()).await.expect("every task ends");
        // The database is free when nobody holds it any more.
        drop((core, api));
        let (core, api, token) = start(folder.path(), &feeds).await;
        Self { folder, feeds, core, api, token }
    }

    async fn get(&self, path: &str) -> Value {
        super::sse::get(&self.api, path).await
    }

    /// Asks until the answer is as it should be.
    pub async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            loop {
                let answer = self.get(path).await;
                if holds(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(LIMIT, asking).await.unwrap_or_else(|_| panic!("{path} never was as it should be"))
    }
}

async fn start(folder: &Path, feeds: &Arc<PlayedFeeds>) -> (Core, axum::Router, CancellationToken) {
    let (clock, token) = (Clock::System, CancellationToken::new());
    let symbols = ["BTC", "ETH", "SOL", "BNB"].iter().map(|s| Symbol::parse(s).unwrap()).collect();
    let simulator = Simulator::new(SimulatorSettings { seed: 7, symbols, clock, news: NewsMode::Quiet });
    let exchanges = simulator.router();
    tokio::spawn(simulator.clone().run(token.clone()));
    let urls = simulator.urls(([127, 0, 0, 1], 19_001).into());
    let named =
        OUTLETS.map(|key| format!("\"{key}|{}|general|https://{key}.example/{key}|1|0.9\"", key.to_uppercase()));
    let settings = format!(
        "[market]\nsymbols = [\"BTC\", \"ETH\", \"SOL\", \"BNB\"]\n[news]\ninterval_s = 1\nfeeds = [{}]",
        named.join(", ")
    );
    let layers = [("binance", urls.binance), ("bybit", urls.bybit), ("okx", urls.okx)]
        .into_iter()
        .fold(Layers::new(venue_defaults()).toml(&settings), |layers, (venue, urls)| {
            layers.venue_urls("test", venue, &urls.ws, &urls.rest)
        });
    let net = Arc::new(MemoryNet(exchanges));
    let storage = free_storage(folder, clock).await;
    let core = Core::start(CoreSetup {
        config: config::load(&layers).unwrap(),
        simulated: true,
        dialer: Arc::clone(&net) as _,
        http: net,
        storage: Some(storage),
        news: Some(Arc::clone(feeds) as _),
        tokens: Arc::new(Tokens::in_memory(clock, 30)),
        clock,
        seed: 11,
        token: token.clone(),
    })
    .await
    .unwrap();
    let api = api_router(Arc::clone(&core.services));
    (core, api, token)
}

/// Opens the database as soon as the one before has let it go: a request that was cut off may still hold it.
async fn free_storage(folder: &Path, clock: Clock) -> Storage {
    let opening = async {
        loop {
            match Storage::open(folder, clock) {
                Ok(storage) => return storage,
                Err(error) if error.to_string().contains("in use") => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    tokio::time::timeout(LIMIT, opening).await.expect("the database is free in the end")
}

const EXPLOIT: [&str; 4] = [
    "Solana lender Marrow drained of $41 million in flash loan exploit",
    "Marrow, a Solana lender, loses $41M to flash loan exploit",
    "$41 million gone as flash loan exploit hits Solana lender Marrow",
    "Flash loan attacker takes $41 million from Marrow on Solana",
];

/// Titles about one thing each.
pub const OTHERS: [&str; 6] = [
    "Harbor Bank opens a custody desk in Lisbon",
    "Validators of Ethereum vote to raise the gas limit",
    "Basel court rejects the appeal of Orchid Pay",
    "Miners in Texas power down ahead of a winter storm",
    "Kestrel Labs raises $80 million for its wallet",
    "Pension fund in Oslo buys tokenized bonds",
];

fn titles(events: &[Event]) -> Vec<String> {
    let news = events.iter().filter(|event| event.name == "news");
    news.map(|event| event.data["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_cut_off_for_a_while_and_by_a_restart_get_every_story_once() {
    let room = Newsroom::open().await;
    let mut reader = Reader::open(&room.api, "/api/sse?events=news,breaking,story_update").await;
    for (n, title) in OTHERS.iter().take(2).enumerate() {
        room.feeds.publish(OUTLETS[n], title);
    }
    let mut heard = reader.until(LIMIT, |events| titles(events).len() == 2).await;
    let last = heard.last().unwrap().id.expect("news has an id");
    drop(reader);

    // Nobody listens.
    for (n, title) in OTHERS.iter().enumerate().skip(2).take(2) {
        room.feeds.publish(OUTLETS[n], title);
    }
    room.until("/api/news", |answer| answer["totalCount"] == 4).await;
    let resumed = format!("/api/sse?events=news,breaking,story_update&lastEventId={last}");
    let mut reader = Reader::open(&room.api, &resumed).await;
    heard.extend(reader.until(LIMIT, |events| titles(events).len() == 2).await);
    let last = heard.last().unwrap().id.unwrap();
    drop(reader);

    let room = room.restart().await;
    for (n, title) in OTHERS.iter().enumerate().skip(4) {
        room.feeds.publish(OUTLETS[n % 4], title);
    }
    room.until("/api/news", |answer| answer["totalCount"] == 6).await;
    let resumed = format!("/api/sse?events=news,breaking,story_update&lastEventId={last}");
    let mut reader = Reader::open(&room.api, &resumed).await;
    heard.extend(reader.until(LIMIT, |events| titles(events).len() == 2).await);

    let mut got = titles(&heard);
    got.sort();
    let mut expected: Vec<String> = OTHERS.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(got, expected, "each once");
    assert!(heard.iter().all(|event| event.name != "gap"));
    let ids: Vec<u64> = heard.iter().filter(|event| event.name == "news").filter_map(|event| event.id).collect();
    assert!(ids.is_sorted(), "in order: {ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_is_one_story_that_is_breaking_once_over_a_restart() {
    let room = Newsroom::open().await;
    let mut reader = Reader::open(&room.api, "/api/sse?events=news,breaking,breaking_update,story_update").await;
    for (outlet, title) in OUTLETS.iter().zip(EXPLOIT).take(3) {
        room.feeds.publish(outlet, title);
    }
    let told = |events: &[Event]| events.iter().filter(|event| event.name == "breaking").count();
    let heard = reader.until(LIMIT, |events| told(events) == 1 && titles(events).len() == 3).await;
    let breaking = heard.iter().find(|event| event.name == "breaking").unwrap();
    assert!(breaking.data["breaking"]["score"].as_f64().unwrap() >= 0.6, "{}", breaking.data);
    assert!(!breaking.data["breaking"]["reasons"].as_array().unwrap().is_empty());
    let last = heard.iter().filter_map(|event| event.id).max().unwrap();
    drop(reader);

    let room = room.restart().await;
    room.feeds.publish(OUTLETS[3], EXPLOIT[3]);
    let stories = room.until("/api/news/stories", |answer| answer["stories"][0]["articles"] == 4).await;
    assert_eq!(stories["stories"].as_array().unwrap().len(), 1, "{stories}");
    let mut reader = Reader::open(&room.api, &format!("/api/sse?lastEventId={last}")).await;
    let fourth = |event: &Event| event.name == "story_update" && event.data["sources"].as_array().unwrap().len() == 4;
    let heard = reader.until(LIMIT, |events| events.iter().any(fourth)).await;
    assert_eq!(told(&heard), 0, "it was told before");
    let breaking = room.get("/api/breaking").await;
    assert!(breaking.to_string().contains("reasons"), "{breaking}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_carries_the_price_at_its_first_report() {
    let room = Newsroom::open().await;
    room.until("/price/SOL", |answer| answer["success"] == true).await;
    room.feeds.publish(OUTLETS[0], EXPLOIT[0]);
    let priced = |answer: &Value| answer["stories"][0]["reaction"][0]["price"].as_f64().is_some();
    let stories = room.until("/api/news/stories", priced).await;
    assert_eq!(stories["stories"][0]["reaction"][0]["symbol"], "SOL");
    let live = room.get("/price/SOL").await["data"]["price"].as_f64().unwrap();
    let noted = stories["stories"][0]["reaction"][0]["price"].as_f64().unwrap();
    assert!((noted / live - 1.0).abs() < 0.05, "{noted} is near {live}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_newsroom_does_is_told_to_the_monitors() {
    let room = Newsroom::open().await;
    let mut reader = Reader::open(&room.api, "/api/sse?events=news").await;
    for (n, title) in OTHERS.iter().enumerate() {
        room.feeds.publish(OUTLETS[n % 4], title);
    }
    let heard = reader.until(LIMIT, |events| titles(events).len() == OTHERS.len()).await;
    let first = heard.iter().find(|event| event.name == "news").and_then(|event| event.id).expect("news has an id");
    drop(reader);
    // Comes after everything: what was told before is counted by then.
    room.until("/api/sources", |answer| answer["sources"].as_array().unwrap().iter().all(|s| s["state"] == "ok")).await;
    let figures = told(&room.api).await;
    let counter = |name: &str, labels: &[(&str, &str)]| figures.sum(&format!("market_pulse_{name}"), labels);
    let [articles, stories] = ["articles_total", "stories_total"].map(|name| counter(name, &[]));
    assert_eq!((articles, counter("events_stored_total", &[("kind", "news")])), (6.0, 6.0));
    let listed = room.get("/api/news/stories").await["stories"].as_array().unwrap().len();
    assert_eq!(stories.to_string(), listed.to_string());
    assert!(counter("events_stored_total", &[("kind", "story")]) >= 6.0);
    assert!(counter("fan_out_duration_seconds_count", &[("kind", "event")]) >= 1.0);
    for outlet in OUTLETS {
        assert!(counter("feed_fetches_total", &[("feed", outlet), ("outcome", "read")]) >= 1.0, "{outlet}");
        let last = counter("feed_last_success_timestamp_seconds", &[("feed", outlet)]);
        assert!(last > 1.7e9, "{last} is of this age");
    }
    let [ok, failing] = [counter("feeds", &[("state", "ok")]), counter("storage_failing", &[])];
    assert_eq!((ok, failing, counter("events_replayed_total", &[])), (4.0, 0.0, 0.0));
    assert!(counter("storage_bytes", &[]) > 4096.0);

    let room = room.restart().await;
    let mut reader = Reader::open(&room.api, &format!("/api/sse?events=news&lastEventId={first}")).await;
    reader.until(LIMIT, |events| titles(events).len() == OTHERS.len() - 1).await;
    let mut stranger = Reader::open(&room.api, "/api/sse?events=news&lastEventId=7").await;
    stranger.until(LIMIT, |events| events.iter().any(|event| event.name == "gap")).await;
    let after = told(&room.api).await;
    assert!((after.sum("market_pulse_events_replayed_total", &[("source", "memory")]) - 5.0).abs() < f64::EPSILON);
    assert_eq!(after.get("market_pulse_gaps_total", &[("reason", "restarted")]), Some(1.0));
    assert_eq!(after.get("market_pulse_clients", &[("protocol", "sse")]), Some(2.0));
}
