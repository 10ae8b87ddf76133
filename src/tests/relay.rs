//! Many nodes over one Redis, which is a real one: killed, emptied, paused, while prices and news go on.
//!
//! Every node lives in a runtime of its own, so that it can be killed as a process is: nothing of it says goodbye. These
//! tests run on the real clock and wait for what happens, never for a time.

mod channels;
mod following;
mod killing;
mod node;
mod redis_away;
mod reporter;

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::{Method, Request};
use market_pulse::{
    model::symbol::Symbol,
    server::{
        clock::Clock,
        simulator::{Simulator, SimulatorSettings, Urls, news::NewsMode},
    },
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use self::node::{FETCH_EVERY, Node};
use super::{news::PlayedFeeds, redis::RedisServer};

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_mins(1);

/// The world outside: exchanges, feeds, a Redis.
struct World {
    redis: RedisServer,
    exchanges: Router,
    feeds: Arc<PlayedFeeds>,
    simulator: Simulator,
    token: CancellationToken,
}

impl World {
    fn open() -> Self {
        Self::with(RedisServer::start())
    }

    fn with(redis: RedisServer) -> Self {
        let token = CancellationToken::new();
        let symbols = ["BTC", "ETH", "SOL", "BNB"].iter().map(|s| Symbol::parse(s).unwrap()).collect();
        let settings = SimulatorSettings { seed: 7, symbols, clock: Clock::System, news: NewsMode::Quiet };
        let simulator = Simulator::new(settings);
        let exchanges = simulator.router();
        tokio::spawn(simulator.clone().run(token.clone()));
        Self { redis, exchanges, feeds: Arc::new(PlayedFeeds::default()), simulator, token }
    }

    fn urls(&self) -> Urls {
        self.simulator.urls(([127, 0, 0, 1], 19_001).into())
    }

    /// Sets a fault of an exchange.
    async fn fault(&self, venue: &str, body: &str) {
        self.control(&format!("/control/{venue}"), body).await;
    }

    async fn clear(&self, venue: &str) {
        self.control(&format!("/control/{venue}/clear"), "").await;
    }

    async fn control(&self, path: &str, body: &str) {
        let request = Request::builder().method(Method::POST).uri(path).header("content-type", "application/json");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let status = self.exchanges.clone().oneshot(request).await.unwrap().status();
        assert!(status.is_success(), "{path} {body}: {status}");
    }

    /// Three nodes, of which the first in the list leads and the others follow, with prices at all of them and a log that
    /// may be written.
    async fn three_nodes(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        for _ in 0..3 {
            nodes.push(Node::start(self).await);
        }
        settled(&mut nodes).await;
        nodes
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

/// Waits until one of the nodes leads and the others follow, all of them healthy, and puts the leader first.
async fn settled(nodes: &mut [Node]) {
    let all = async {
        loop {
            let mut roles = Vec::new();
            for node in &*nodes {
                roles.push(node.role().await);
            }
            let leaders = roles.iter().filter(|role| *role == "leader").count();
            let followers = roles.iter().filter(|role| role.starts_with("follower of ")).count();
            if leaders == 1 && followers == nodes.len() - 1 && nodes.iter().all(Node::has_live_prices) {
                let fine = roles.iter().all(|role| !role.contains(':'));
                if fine {
                    return roles.iter().position(|role| role == "leader").unwrap();
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let Ok(leader) = tokio::time::timeout(LIMIT, all).await else {
        let mut roles = Vec::new();
        for node in &*nodes {
            roles.push((node.role().await, node.has_live_prices()));
        }
        panic!("the nodes never settled: {roles:?}");
    };
    nodes.swap(0, leader);
}

/// Waits until something is so.
async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, waiting).await.is_ok(), "never so: {what}");
}

/// Waits until every feed would have been fetched twice, by the times of the prices that this node makes meanwhile.
async fn until_fetches_were_due(node: &Node) {
    let now = || node.ticker("BTC").unwrap().timestamp;
    let begun = now();
    let due = i64::try_from(2 * FETCH_EVERY.as_millis()).unwrap();
    until("feeds would have been fetched", async || now().since(begun) >= due).await;
}
