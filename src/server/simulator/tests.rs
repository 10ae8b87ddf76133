//! The exchanges as their clients see them, over a network in memory and with a paused clock.

use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    Simulator, SimulatorSettings,
    exchange::Exchange,
    listing::ALSO_LISTED,
    news::NewsMode,
    testing::{Answer, Net, Socket, request},
};
use crate::{
    model::{asset::default_symbols, time::UnixMs},
    server::clock::Clock,
};

mod binance;
mod bybit;
mod faults;
mod hostile;
mod listed;
mod okx;
mod rest;
mod serving;

/// 2026-11-20T12:00:00Z
const NOON: i64 = 1_795_176_000_000;

const SECOND: Duration = Duration::from_secs(1);

/// A running simulator.
struct World {
    net: Net,
    router: Router,
    simulator: Simulator,
    shutdown: CancellationToken,
}

impl World {
    fn start() -> Self {
        let world = Self::still();
        tokio::spawn(world.simulator.clone().run(world.shutdown.clone()));
        world
    }

    /// A simulator whose market stands still.
    fn still() -> Self {
        let clock = Clock::following(UnixMs(NOON));
        let simulator =
            Simulator::new(SimulatorSettings { seed: 1, symbols: default_symbols(), clock, news: NewsMode::Quiet });
        let shutdown = CancellationToken::new();
        let router = simulator.router();
        Self { net: Net::serve(router.clone()), router, simulator, shutdown }
    }

    async fn socket(&self, path: &str) -> Socket {
        self.net.websocket(path).await.expect("an accepted connection")
    }

    async fn binance(&self, streams: &[&str]) -> Socket {
        self.socket(&format!("/binance/stream?streams={}", streams.join("/"))).await
    }

    async fn bybit(&self, topics: &[&str]) -> Socket {
        let mut socket = self.socket("/bybit/v5/public/spot").await;
        socket.send(&json!({ "op": "subscribe", "args": topics }).to_string()).await;
        socket
    }

    async fn okx(&self, side: &str, channel: &str, instruments: &[&str]) -> Socket {
        let mut socket = self.socket(&format!("/okx/ws/v5/{side}")).await;
        let args: Vec<Value> = instruments.iter().map(|id| json!({ "channel": channel, "instId": id })).collect();
        socket.send(&json!({ "op": "subscribe", "args": args }).to_string()).await;
        socket
    }

    async fn control(&self, path: &str, body: &Value) -> Answer {
        request(&self.router, "POST", &format!("/control/{path}"), &body.to_string()).await
    }

    /// Puts a fault in force.
    async fn fault(&self, venue: &str, body: &Value) {
        let answer = self.control(venue, body).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
}

/// How many assets an exchange lists: those of the settings, and more.
fn listed(exchange: Exchange) -> usize {
    default_symbols().len() + ALSO_LISTED.iter().filter(|(_, at)| at.contains(&exchange)).count()
}

/// A figure that is written as text.
fn figure(value: &Value) -> f64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no figure: {value}"))
}

fn assert_close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance, "{a} and {b} differ by more than {tolerance}");
}

/// Market data among texts: those that `is_data` accepts.
fn data(texts: &[String], is_data: impl Fn(&Value) -> bool) -> Vec<Value> {
    texts.iter().filter_map(|text| serde_json::from_str(text).ok()).filter(|value| is_data(value)).collect()
}
