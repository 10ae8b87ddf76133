//! The settings: names and defaults are part of the public contract.
//!
//! Layers, later ones win: defaults, one TOML file, environment names `MARKET_PULSE__…`, flags. [`keys`] lists every
//! key once, [`layers`] collects them with where each came from, [`check`] makes a [`Config`] of them or says what is
//! wrong, key by key.

mod check;
pub mod error;
pub mod example;
mod feed;
mod keys;
pub mod layers;
pub mod redis_url;
#[cfg(test)]
mod tests;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use self::redis_url::RedisUrl;
use crate::model::{symbol::Symbol, venue::Venue};

/// Every setting, checked. Nothing after the start looks at a file or the environment again.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub server: ServerConfig,
    pub market: MarketConfig,
    /// In the registry's order.
    pub venues: Vec<VenueConfig>,
    pub news: NewsConfig,
    pub limits: LimitsConfig,
    /// `None` runs as one node.
    pub redis: Option<RedisConfig>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ServerConfig {
    pub addr: SocketAddr,
    /// The address that others use to reach this server, where it differs from `addr`.
    pub public_url: Option<String>,
    /// Where data is kept: created where it is not there. `None` for the platform's own place.
    pub data_dir: Option<PathBuf>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Sites that may read the public streams from a browser; `*` is any, without credentials.
    pub cors_origins: Vec<String>,
    /// Seconds between the heartbeats of a stream.
    pub heartbeat_s: u64,
    /// The folder with the pages' files; found beside the binary where it is not set.
    pub site_root: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq)]
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

#[derive(Debug, Clone, PartialEq)]
pub struct VenueConfig {
    pub venue: Venue,
    pub enabled: bool,
    /// WebSocket addresses up to and including the path, tried in turn.
    pub ws_urls: Vec<String>,
    /// REST origins with an optional path prefix, tried in turn. The documented paths follow.
    pub rest_urls: Vec<String>,
}

/// Settings of the news.
#[derive(Debug, Clone, PartialEq)]
pub struct NewsConfig {
    pub feeds: Feeds,
    /// Feeds beside those of `feeds`.
    pub extra_feeds: Vec<Feed>,
    /// Seconds between two fetches of a feed, unless the feed asks for longer.
    pub interval_s: u64,
    /// Said to every feed's host, so that it knows whom to write to: a mail address or a web address.
    pub contact: Option<String>,
    pub retention_days: u64,
    /// Hours that events are kept for readers that come back.
    pub event_hours: u64,
    /// The database is kept below this, in MiB.
    pub max_mb: u64,
    /// A story is breaking from this score on, 0 to 1.
    pub breaking_score: f64,
    /// Reports within so many minutes of each other corroborate each other.
    pub breaking_window_min: u64,
}

/// Which feeds are followed.
#[derive(Debug, Clone, PartialEq)]
pub enum Feeds {
    BuiltIn,
    Off,
    /// These instead of the built-in ones.
    These(Vec<Feed>),
}

/// One feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    pub key: String,
    pub name: String,
    pub category: String,
    pub url: String,
    /// 1 is the best, 3 the least.
    pub tier: u8,
    /// 0 to 1
    pub trust: f64,
}

#[derive(Debug, Clone, PartialEq)]
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

/// Where the nodes of one market meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    pub url: RedisUrl,
    /// Nodes with the same prefix serve one market.
    pub prefix: String,
    /// Seconds without word of the leading node after which a node connects to the venues itself.
    pub grace_s: u64,
}

/// What a venue's settings are unless something else is configured. Comes from the registry of connectors.
#[derive(Debug, Clone, PartialEq)]
pub struct VenueDefaults {
    pub venue: Venue,
    pub ws_urls: Vec<String>,
    pub rest_urls: Vec<String>,
}

impl MarketConfig {
    pub fn quiet_after(&self) -> Duration {
        Duration::from_secs_f64(self.quiet_after_s)
    }

    pub fn stale_after(&self) -> Duration {
        Duration::from_secs_f64(self.stale_after_s)
    }
}

/// The configuration that `layers` add up to.
///
/// # Errors
/// Everything that is wrong with it, not just the first thing.
pub fn load(layers: &layers::Layers) -> Result<Config, error::ConfigErrors> {
    check::config(layers)
}
