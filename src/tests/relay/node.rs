//! A node in a runtime of its own.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use futures_util::future::BoxFuture;
use http::{Method, Request};
use market_pulse::{
    model::{symbol::Symbol, ticker::Ticker},
    server::{
        access::{Label, NewToken, Scope, Tokens},
        clock::Clock,
        config::{self, layers::Layers},
        http::router::api_router,
        startup::{
            core::{Core, CoreSetup},
            venue_defaults,
        },
        venues::dialer::{Dialer, Socket},
    },
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::World;
use crate::{
    net::MemoryNet,
    news::{OUTLETS, PlayedFeeds, free_storage},
};

/// A network that counts how often it was asked for a connection.
struct CountedNet {
    net: MemoryNet,
    dials: AtomicUsize,
}

impl Dialer for CountedNet {
    fn dial<'a>(&'a self, host: &'a str, port: u16, tls: bool) -> BoxFuture<'a, io::Result<Box<dyn Socket>>> {
        self.dials.fetch_add(1, Ordering::Relaxed);
        self.net.dial(host, port, tls)
    }
}

pub struct Node {
    runtime: Option<Runtime>,
    core: Option<Core>,
    api: Router,
    net: Arc<CountedNet>,
    folder: Option<TempDir>,
    token: CancellationToken,
    /// Of its own, with which one may publish.
    publisher: String,
}

/// What a node is started with.
struct Setup {
    layers: Layers,
    exchanges: Router,
    feeds: Arc<PlayedFeeds>,
    folder: TempDir,
}

impl Node {
    /// A node of the market, with a folder of its own.
    pub async fn start(world: &World) -> Self {
        Self::start_in(world, tempfile::tempdir().unwrap(), true).await
    }

    /// A node that is alone, with a folder of its own.
    pub async fn start_alone(world: &World) -> Self {
        Self::start_in(world, tempfile::tempdir().unwrap(), false).await
    }

    /// A node over a folder that another one has left.
    pub async fn start_in(world: &World, folder: TempDir, of_many: bool) -> Self {
        Self::with(Setup {
            layers: layers(world, of_many),
            exchanges: world.exchanges.clone(),
            feeds: Arc::clone(&world.feeds),
            folder,
        })
        .await
    }

    /// A node of the market that reaches no exchange.
    pub async fn start_cut_off(world: &World) -> Self {
        Self::with(Setup {
            layers: layers(world, true),
            exchanges: Router::new(),
            feeds: Arc::clone(&world.feeds),
            folder: tempfile::tempdir().unwrap(),
        })
        .await
    }

    async fn with(setup: Setup) -> Self {
        let Setup { layers, exchanges, feeds, folder } = setup;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let token = CancellationToken::new();
        let net = Arc::new(CountedNet { net: MemoryNet(exchanges), dials: AtomicUsize::new(0) });
        let (handle, path) = (runtime.handle().clone(), folder.path().to_owned());
        let (ends, dialer) = (token.clone(), Arc::clone(&net));
        let starting = move || handle.block_on(start(&path, layers, dialer, feeds, ends));
        let core = tokio::task::spawn_blocking(starting).await.unwrap();
        let api = api_router(Arc::clone(&core.services));
        let wish = NewToken { scope: Scope::Publish, label: Label::parse("test").unwrap(), lifetime: None };
        let publisher = core.services.tokens.issue(wish).unwrap().1.reveal();
        Self { runtime: Some(runtime), core: Some(core), api, net, folder: Some(folder), token, publisher }
    }

    pub fn api(&self) -> &Router {
        &self.api
    }

    pub async fn get(&self, path: &str) -> Value {
        crate::sse::get(&self.api, path).await
    }

    /// Publishes, creates or removes something. Returns the status and the answer.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {}", self.publisher));
        let request = request.body(Body::from(body.to_string())).unwrap();
        let answer = self.api.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// As the health page says it: `leader`, `follower of …`, `alone`, and what is not as it should be.
    pub async fn role(&self) -> String {
        self.get("/health").await["dependencies"]["cache"]["message"].as_str().unwrap().to_owned()
    }

    pub async fn is(&self, role: &str) -> bool {
        self.role().await.starts_with(role)
    }

    pub fn ticker(&self, symbol: &str) -> Option<Arc<Ticker>> {
        self.core.as_ref().unwrap().services.market.ticker(Symbol::parse(symbol).unwrap())
    }

    pub fn has_live_prices(&self) -> bool {
        let live = |s: &&str| self.ticker(s).is_some_and(|ticker| ticker.freshness.usable() && ticker.sources == 3);
        ["BTC", "ETH", "SOL", "BNB"].iter().all(live)
    }

    /// Whether this symbol may be asked for.
    pub async fn supports(&self, base: &str) -> bool {
        let answer = self.get("/symbols").await;
        answer["data"]["supported"].as_array().unwrap().contains(&format!("{base}USDT").into())
    }

    /// Titles of all articles, in the order of the alphabet.
    pub async fn titles(&self) -> Vec<String> {
        let answer = self.get("/api/news?limit=100").await;
        let articles = answer["articles"].as_array().unwrap().iter();
        let mut titles: Vec<String> = articles.map(|article| article["title"].as_str().unwrap().to_owned()).collect();
        titles.sort();
        titles
    }

    /// Where its log ends.
    pub fn tip(&self) -> u64 {
        self.core.as_ref().unwrap().services.hub.log().tip()
    }

    /// What its pages start with.
    pub fn front(&self) -> (u64, Vec<String>) {
        let snapshot = self.core.as_ref().unwrap().services.news.snapshot();
        (snapshot.last_event_id, snapshot.stories.iter().map(|story| story.title.clone()).collect())
    }

    /// How often this node asked for a connection to an exchange.
    pub fn dials(&self) -> usize {
        self.net.dials.load(Ordering::Relaxed)
    }

    pub fn counters(&self) -> &market_pulse::server::relay::RelayCounters {
        self.core.as_ref().unwrap().services.node.as_ref().unwrap().counters()
    }

    /// Ends it as a crash would: nothing is given back, nobody is told. The folder is what it leaves.
    pub fn kill(mut self) -> TempDir {
        self.end();
        self.api = Router::new();
        self.folder.take().unwrap()
    }

    /// Ends it in order. The folder is what it leaves.
    pub async fn stop(mut self) -> TempDir {
        self.token.cancel();
        let tasks = self.core.as_ref().unwrap().tasks.clone();
        tokio::time::timeout(super::LIMIT, tasks.wait()).await.expect("every task ends");
        self.end();
        self.api = Router::new();
        self.folder.take().unwrap()
    }

    fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        self.core = None;
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}

fn layers(world: &World, of_many: bool) -> Layers {
    let named =
        OUTLETS.map(|key| format!("\"{key}|{}|general|https://{key}.example/{key}|1|0.9\"", key.to_uppercase()));
    let settings = format!(
        "[market]\nsymbols = [\"BTC\", \"ETH\", \"SOL\", \"BNB\"]\n[news]\ninterval_s = {}\nfeeds = [{}]\n\
         [redis]\nurl = \"{}\"\nprefix = \"test\"\n",
        FETCH_EVERY.as_secs(),
        named.join(", "),
        if of_many { world.redis.url() } else { String::new() }
    );
    let urls = world.urls();
    let layers = Layers::new(venue_defaults()).toml(&settings);
    [("binance", urls.binance), ("bybit", urls.bybit), ("okx", urls.okx)]
        .into_iter()
        .fold(layers, |layers, (venue, urls)| layers.venue_urls("test", venue, &urls.ws, &urls.rest))
}

async fn start(
    folder: &Path,
    layers: Layers,
    net: Arc<CountedNet>,
    feeds: Arc<PlayedFeeds>,
    token: CancellationToken,
) -> Core {
    let clock = Clock::System;
    let storage = free_storage(folder, clock).await;
    let http = Arc::new(net.net.clone());
    Core::start(CoreSetup {
        config: config::load(&layers).unwrap(),
        simulated: true,
        dialer: net,
        http,
        storage: Some(storage),
        news: Some(feeds),
        tokens: Arc::new(Tokens::in_memory(clock, 30)),
        clock,
        seed: 11,
        token,
    })
    .await
    .unwrap()
}

/// Between two fetches of a feed.
pub const FETCH_EVERY: Duration = Duration::from_secs(1);
