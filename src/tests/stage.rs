//! The server and the exchanges on one stage, with what a test asks and does.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::{Method, Request, StatusCode};
use market_pulse::{
    model::{
        freshness::Freshness,
        symbol::Symbol,
        ticker::{Ticker, VenueQuote},
        time::UnixMs,
    },
    server::{
        access::Tokens,
        clock::Clock,
        config::{self, layers::Layers},
        http::router::api_router,
        simulator::{Simulator, SimulatorSettings, news::NewsMode},
        startup::{
            core::{Core, CoreSetup},
            venue_defaults,
        },
    },
    wire::status::VenueStatus,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::net::MemoryNet;

/// 2026-11-20T12:00:00Z
const START: UnixMs = UnixMs(1_795_176_000_000);
/// How far a wait moves the clock at a time.
const STEP: Duration = Duration::from_millis(50);
pub const VENUES: [&str; 3] = ["binance", "bybit", "okx"];

pub struct Stage {
    pub core: Core,
    pub api: Router,
    exchanges: Router,
    token: CancellationToken,
}

impl Stage {
    /// Four assets on three venues, live.
    pub async fn live() -> Self {
        let stage = Self::open().await;
        stage
            .until(Duration::from_secs(10), "every venue is used", || {
                ["BTC", "ETH", "SOL", "BNB"].iter().all(|s| stage.find(s).is_some_and(|t| t.sources == 3))
            })
            .await;
        stage
    }

    /// The same at its very start.
    pub async fn open() -> Self {
        let clock = Clock::following(START);
        let token = CancellationToken::new();
        let symbols = ["BTC", "ETH", "SOL", "BNB"].iter().map(|s| Symbol::parse(s).unwrap()).collect();
        let simulator = Simulator::new(SimulatorSettings { seed: 7, symbols, clock, news: NewsMode::Quiet });
        let exchanges = simulator.router();
        tokio::spawn(simulator.clone().run(token.clone()));

        let urls = simulator.urls(([127, 0, 0, 1], 19_001).into());
        let layers = Layers::new(venue_defaults()).toml("[market]\nsymbols = [\"BTC\", \"ETH\", \"SOL\", \"BNB\"]");
        let layers = [("binance", urls.binance), ("bybit", urls.bybit), ("okx", urls.okx)]
            .into_iter()
            .fold(layers, |layers, (venue, urls)| layers.venue_urls("test", venue, &urls.ws, &urls.rest));
        let net = Arc::new(MemoryNet(exchanges.clone()));
        let core = Core::start(CoreSetup {
            config: config::load(&layers).unwrap(),
            simulated: true,
            dialer: Arc::clone(&net) as _,
            http: net,
            storage: None,
            news: None,
            tokens: Arc::new(Tokens::in_memory(clock, 30)),
            clock,
            seed: 11,
            token: token.clone(),
        })
        .await
        .unwrap();
        let api = api_router(Arc::clone(&core.services));
        Self { core, api, exchanges, token }
    }

    /// Sets a fault: `fault("okx", r#"{"fault":"stall"}"#)`.
    pub async fn fault(&self, venue: &str, body: &str) {
        self.control(&format!("/control/{venue}"), body).await;
    }

    pub async fn clear(&self, venue: &str) {
        self.control(&format!("/control/{venue}/clear"), "").await;
    }

    pub async fn pin(&self, venue: &str, symbol: &str, price: f64) {
        self.control(&format!("/control/{venue}/price"), &format!(r#"{{"symbol":"{symbol}","price":{price}}}"#)).await;
    }

    async fn control(&self, path: &str, body: &str) {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let answer = self.exchanges.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let text = axum::body::to_bytes(answer.into_body(), 1 << 16).await.unwrap();
        assert!(status.is_success(), "{path} {body}: {status} {}", String::from_utf8_lossy(&text));
    }

    /// How many requests the sockets of a venue heard so far, and the newest of them.
    pub async fn requests(&self, venue: &str) -> (u64, Vec<String>) {
        let request = Request::get(format!("/control/{venue}/requests")).body(Body::empty()).unwrap();
        let answer = self.exchanges.clone().oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let last = body["last"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
        (body["count"].as_u64().unwrap(), last)
    }

    /// One answer of the API.
    pub async fn get(&self, path: &str) -> (StatusCode, serde_json::Value) {
        let answer = self.api.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    pub fn find(&self, symbol: &str) -> Option<Arc<Ticker>> {
        self.core.services.market.ticker(Symbol::parse(symbol).unwrap())
    }

    pub fn ticker(&self, symbol: &str) -> Arc<Ticker> {
        self.find(symbol).expect("a price")
    }

    /// A venue's part in an asset's price.
    pub fn part(&self, symbol: &str, venue: &str) -> VenueQuote {
        self.ticker(symbol).venues.iter().find(|v| v.venue.as_str() == venue).unwrap().clone()
    }

    pub fn freshness(&self, symbol: &str, venue: &str) -> Freshness {
        self.part(symbol, venue).freshness
    }

    /// What the status page says of a venue.
    pub fn status(&self, venue: &str) -> VenueStatus {
        self.core.services.status().venues.into_iter().find(|v| v.venue.as_str() == venue).unwrap()
    }

    /// Moves the clock until `holds`, and tells how long that took.
    pub async fn until(&self, limit: Duration, what: &str, holds: impl Fn() -> bool) -> Duration {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < limit, "not within {limit:?}: {what}\n{:#?}", self.core.services.status());
            tokio::time::sleep(STEP).await;
        }
        start.elapsed()
    }

    /// Moves the clock by `time`; at every step `holds` must be true.
    pub async fn throughout(&self, time: Duration, what: &str, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while start.elapsed() < time {
            assert!(holds(), "after {:?}: {what}\n{:#?}", start.elapsed(), self.core.services.status());
            tokio::time::sleep(STEP).await;
        }
    }

    /// The price lies between the lowest and the highest venue that is used.
    pub fn is_plausible(&self, symbol: &str) -> bool {
        let ticker = self.ticker(symbol);
        let used = || ticker.venues.iter().filter(|v| v.used).filter_map(|v| v.price);
        let (low, high) = (used().fold(f64::INFINITY, f64::min), used().fold(0.0, f64::max));
        ticker.sources == 0 || (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(&ticker.price)
    }

    /// Ends everything; every task must obey.
    pub async fn close(self) {
        self.token.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.core.tasks.wait()).await.expect("every task ends");
    }
}
