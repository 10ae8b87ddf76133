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
mod network;
pub mod redis_url;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;

use self::redis_url::RedisUrl;
use crate::model::{symbol::Symbol, venue::Venue};

/// Most assets that one server follows always, and most that it follows on demand. One connection of every venue takes
/// both together.
pub const MAX_SYMBOLS: usize = 200;
pub const MAX_ON_DEMAND: usize = 300;

/// Every setting, checked. Nothing after the start looks at a file or the environment again.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub server: ServerConfig,
    pub market: MarketConfig,
    /// In the registry's order.
    pub venues: Vec<VenueConfig>,
    pub news: NewsConfig,
    pub access: AccessConfig,
    pub channels: ChannelsConfig,
    pub limits: LimitsConfig,
    pub metrics: MetricsConfig,
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
    /// Peers whose `X-Forwarded-For` is believed: single addresses are networks of one.
    pub trusted_proxies: Vec<IpNet>,
    /// Sites whose pages may use the API from a browser; `*` is any, for reading and without credentials.
    pub cors_origins: Vec<String>,
    /// Sites that may show the pages in a frame: origins, `self`, or `*` for any.
    pub frame_ancestors: Vec<String>,
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
    /// Most assets beside `symbols` that are followed because somebody asks for them; 0 follows none.
    pub max_on_demand: usize,
    /// Most of these for one address, and for one token.
    pub max_on_demand_per_client: usize,
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

/// Settings of the tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessConfig {
    pub read: Reading,
    /// Wrong tokens a minute of one client address.
    pub wrong_tokens_per_minute: u32,
}

/// Who may read. Publishing always needs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Everybody.
    Open,
    /// Whoever shows a token with the scope `read`: streams, REST, pages and their files. Not the probes.
    Token,
}

impl std::str::FromStr for Reading {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "open" => Ok(Self::Open),
            "token" => Ok(Self::Token),
            _ => Err(()),
        }
    }
}

/// Settings of the channels.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelsConfig {
    /// Most channels that may be created.
    pub max_created: usize,
}

/// Limits. A client is an IPv4 address, an IPv6 network of 64 bits, or a token. Where 0 is allowed it means that a limit
/// follows another one, so that raising that one is enough; the methods say what is in force.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitsConfig {
    /// Open streams of one client address.
    pub connections_per_address: usize,
    /// Open streams of one token, or 0.
    pub connections_per_token: usize,
    /// Open streams in all.
    pub connections_total: usize,
    /// REST requests a minute of one client address.
    pub requests_per_minute: u32,
    /// Streams that one client address may open a minute, or 0.
    pub streams_per_minute: u32,
    /// Publications a minute of one token, which count for nothing else of it.
    pub publishes_per_minute: u32,
    /// Pages, and calls that pages make, a minute of one client address, or 0.
    pub pages_per_minute: u32,
    /// Requests of any kind a minute of one token, or 0.
    pub token_requests_per_minute: u32,
    /// All of these a minute, of all clients together, or 0.
    pub total_requests_per_minute: u32,
    /// Open sockets of one address, whatever they are used for, or 0.
    pub sockets_per_address: usize,
    /// Open sockets in all, or 0.
    pub sockets_total: usize,
    /// The head of a connection's first request must be there within this long, in seconds.
    pub head_timeout_s: u64,
    /// The head of the next request must be there within this long after an answer, in seconds.
    pub idle_timeout_s: u64,
    /// More of a request's body must come within this long, in seconds.
    pub body_timeout_s: u64,
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

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            connections_per_address: 100,
            connections_per_token: 0,
            connections_total: 10_000,
            requests_per_minute: 300,
            streams_per_minute: 0,
            pages_per_minute: 0,
            token_requests_per_minute: 0,
            total_requests_per_minute: 0,
            publishes_per_minute: 6000,
            sockets_per_address: 0,
            sockets_total: 0,
            head_timeout_s: 20,
            idle_timeout_s: 130,
            body_timeout_s: 10,
            stall_s: 30,
        }
    }
}

impl LimitsConfig {
    /// Open streams of one token.
    pub const fn connections_per_token(&self) -> usize {
        count_or(self.connections_per_token, self.connections_per_address, 10)
    }

    /// Open sockets of one address.
    pub const fn sockets_per_address(&self) -> usize {
        count_or(self.sockets_per_address, self.connections_per_address, 10)
    }

    /// Open sockets in all.
    pub const fn sockets_total(&self) -> usize {
        count_or(self.sockets_total, self.connections_total, 2)
    }

    /// Streams that one client address may open a minute.
    pub fn streams_per_minute(&self) -> u32 {
        let open = u32::try_from(self.connections_per_address).unwrap_or(u32::MAX);
        rate_or(self.streams_per_minute, open, 6)
    }

    /// Pages, and calls that pages make, a minute of one client address.
    pub const fn pages_per_minute(&self) -> u32 {
        rate_or(self.pages_per_minute, self.requests_per_minute, 2)
    }

    /// Requests of any kind a minute of one token.
    pub const fn token_requests_per_minute(&self) -> u32 {
        rate_or(self.token_requests_per_minute, self.requests_per_minute, 10)
    }

    /// Requests of any kind a minute, of all clients together.
    pub const fn total_requests_per_minute(&self) -> u32 {
        rate_or(self.total_requests_per_minute, self.requests_per_minute, 400)
    }
}

const fn count_or(set: usize, other: usize, times: usize) -> usize {
    if set == 0 { other.saturating_mul(times) } else { set }
}

const fn rate_or(set: u32, other: u32, times: u32) -> u32 {
    if set == 0 { other.saturating_mul(times) } else { set }
}

/// Settings of the monitoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsConfig {
    pub access: MetricsAccess,
}

/// Who may read the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Whoever reaches the server.
    Open,
    /// Whoever asks on its own machine, not by way of a proxy.
    Loopback,
    /// Whoever shows a token with the scope `read`.
    Token,
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
