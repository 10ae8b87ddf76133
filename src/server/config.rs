//! The settings: names and defaults are part of the public contract.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::Serialize;

use crate::model::{symbol::Symbol, venue::Venue};

/// Every setting, checked. Nothing after the start looks at a file or the environment again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Config {
    pub server: ServerConfig,
    pub market: MarketConfig,
    /// In the registry's order.
    pub venues: Vec<VenueConfig>,
    pub limits: LimitsConfig,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServerConfig {
    pub addr: SocketAddr,
    /// The address that others use to reach this server, where it differs from `addr`.
    pub public_url: Option<String>,
    pub data_dir: Option<PathBuf>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Sites that may read the public streams from a browser; `*` is any, without credentials.
    pub cors_origins: Vec<String>,
    /// Seconds between the heartbeats of a stream.
    pub heartbeat_s: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarketConfig {
    /// The assets that are followed, in the order of the homepage.
    pub symbols: Vec<Symbol>,
    /// The assets on the strip.
    pub default_symbols: Vec<Symbol>,
    /// Updates of one symbol within this window leave as one.
    pub coalesce_ms: u64,
    /// A venue further than this from the median of three or more is left out, in percent.
    pub outlier_pct: f64,
    /// …until it is back within this, in percent.
    pub outlier_return_pct: f64,
    pub quiet_after_s: f64,
    pub stale_after_s: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VenueConfig {
    pub venue: Venue,
    pub enabled: bool,
    /// WebSocket addresses up to and including the path, tried in turn.
    pub ws_urls: Vec<String>,
    /// REST origins with an optional path prefix, tried in turn. The documented paths follow.
    pub rest_urls: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitsConfig {
    /// Open streams of one client address.
    pub connections_per_address: usize,
    /// Open streams in all.
    pub connections_total: usize,
    /// REST requests a minute of one client address.
    pub requests_per_minute: u32,
    /// A reader that has not taken a byte for this long is disconnected, in seconds.
    pub stall_s: u64,
}

impl MarketConfig {
    pub fn quiet_after(&self) -> Duration {
        Duration::from_secs_f64(self.quiet_after_s)
    }

    pub fn stale_after(&self) -> Duration {
        Duration::from_secs_f64(self.stale_after_s)
    }
}
