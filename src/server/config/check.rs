//! Makes a [`Config`] of the collected settings, or says everything that is wrong with them.

use std::{collections::HashSet, fmt::Display, str::FromStr};

use url::Url;

use super::{
    AccessConfig, ChannelsConfig, Config, Feed, Feeds, LimitsConfig, MAX_ON_DEMAND, MAX_SYMBOLS, MarketConfig,
    MetricsAccess, MetricsConfig, NewsConfig, Reading, ServerConfig, VenueConfig,
    error::{ConfigError, ConfigErrors, Origin},
    layers::{Layers, Raw},
    network::network,
};
use crate::model::symbol::Symbol;

pub(super) fn config(layers: &Layers) -> Result<Config, ConfigErrors> {
    let mut check = Check { layers, errors: layers.errors().to_vec() };
    let config = read(&mut check);
    match config {
        Some(config) if check.errors.is_empty() => Ok(config),
        _ => Err(ConfigErrors(check.errors)),
    }
}

fn read(check: &mut Check<'_>) -> Option<Config> {
    let server = ServerConfig {
        addr: check.parse("server.addr", "must be an address and a port such as 127.0.0.1:3000")?,
        public_url: check.url("server.public_url", &["http", "https"]),
        data_dir: check.text("server.data_dir").map(Into::into),
        trusted_proxies: check.list("server.trusted_proxies", |item| network(&item)),
        cors_origins: check.list("server.cors_origins", |item| origin(&item, &["*"])),
        frame_ancestors: check.list("server.frame_ancestors", |item| origin(&item, &["*", "self"])),
        heartbeat_s: check.number("server.heartbeat_s", 1, 300)?,
        site_root: check.text("server.site_root").map(Into::into),
    };
    let market = market(check)?;
    let venues = venues(check)?;
    let news = NewsConfig {
        feeds: feeds(check),
        extra_feeds: feed_list(check, "news.extra_feeds"),
        interval_s: check.number("news.interval_s", 1, 86_400)?,
        contact: check.text("news.contact"),
        retention_days: check.number("news.retention_days", 1, 3650)?,
        event_hours: check.number("news.event_hours", 1, 8760)?,
        max_mb: check.number("news.max_mb", 16, 1_000_000)?,
        breaking_score: check.number("news.breaking_score", 0.0, 1.0)?,
        breaking_window_min: check.number("news.breaking_window_min", 1, 1440)?,
    };
    let access = AccessConfig {
        read: check.parse("access.read", "must be `open` or `token`")?,
        wrong_tokens_per_minute: check.number("access.wrong_tokens_per_minute", 1, 1_000_000)?,
    };
    let channels = ChannelsConfig { max_created: check.number("channels.max_created", 0, 100_000)? };
    let limits = limits(check)?;
    let metrics = MetricsConfig { access: metrics_access(check, access.read)? };
    if check.text("redis.url").is_some() {
        check.wrong("redis.url", "must be empty: this version runs as one node");
    }
    Some(Config { server, market, venues, news, access, channels, limits, metrics })
}

/// As open as the rest where it is not set: who closes that has the metrics closed, too.
fn metrics_access(check: &mut Check<'_>, reading: Reading) -> Option<MetricsAccess> {
    match check.text("metrics.access").as_deref() {
        None => Some(match reading {
            Reading::Open => MetricsAccess::Open,
            Reading::Token => MetricsAccess::Token,
        }),
        Some("open") => Some(MetricsAccess::Open),
        Some("loopback") => Some(MetricsAccess::Loopback),
        Some("token") => Some(MetricsAccess::Token),
        Some(_) => {
            check.wrong("metrics.access", "must be `open`, `loopback` or `token`");
            None
        }
    }
}

fn limits(check: &mut Check<'_>) -> Option<LimitsConfig> {
    let limits = LimitsConfig {
        connections_per_address: check.number("limits.connections_per_address", 1, 1_000_000)?,
        connections_per_token: check.number("limits.connections_per_token", 0, 1_000_000)?,
        connections_total: check.number("limits.connections_total", 1, 1_000_000)?,
        requests_per_minute: check.number("limits.requests_per_minute", 1, 1_000_000)?,
        streams_per_minute: check.number("limits.streams_per_minute", 0, 1_000_000)?,
        token_requests_per_minute: check.number("limits.token_requests_per_minute", 0, 1_000_000)?,
        pages_per_minute: check.number("limits.pages_per_minute", 0, 1_000_000)?,
        total_requests_per_minute: check.number("limits.total_requests_per_minute", 0, 1_000_000_000)?,
        publishes_per_minute: check.number("limits.publishes_per_minute", 1, 1_000_000)?,
        sockets_per_address: check.number("limits.sockets_per_address", 0, 1_000_000)?,
        sockets_total: check.number("limits.sockets_total", 0, 1_000_000)?,
        head_timeout_s: check.number("limits.head_timeout_s", 1, 600)?,
        idle_timeout_s: check.number("limits.idle_timeout_s", 1, 3600)?,
        body_timeout_s: check.number("limits.body_timeout_s", 1, 600)?,
        stall_s: check.number("limits.stall_s", 1, 3600)?,
    };
    // Every stream is a socket, so a limit below that of the streams would make theirs a lie.
    if limits.sockets_per_address() < limits.connections_per_address {
        check.wrong("limits.sockets_per_address", "must be 0, or not below limits.connections_per_address");
    }
    if limits.sockets_total() < limits.connections_total {
        check.wrong("limits.sockets_total", "must be 0, or not below limits.connections_total");
    }
    Some(limits)
}

fn market(check: &mut Check<'_>) -> Option<MarketConfig> {
    let symbol = |item: String| Symbol::parse(&item).map_err(|error| format!("has `{item}`: {error}"));
    let mut symbols: Vec<Symbol> = Vec::new();
    for symbol in check.list("market.symbols", symbol) {
        if !symbols.contains(&symbol) {
            symbols.push(symbol);
        }
    }
    if symbols.is_empty() || symbols.len() > MAX_SYMBOLS {
        check.wrong("market.symbols", &format!("must name 1 to {MAX_SYMBOLS} assets"));
    }
    let mut default_symbols = check.list("market.default_symbols", symbol);
    let default_is_set = check.layers.get("market.default_symbols").is_some_and(|s| s.origin != Origin::Default);
    if default_is_set {
        if let Some(missing) = default_symbols.iter().find(|symbol| !symbols.contains(symbol)) {
            check.wrong("market.default_symbols", &format!("has {missing}, which is not one of market.symbols"));
        }
    } else {
        // With other assets than ours the strip shows those of its own that are left, or the first four.
        default_symbols.retain(|symbol| symbols.contains(symbol));
    }
    if default_symbols.is_empty() {
        default_symbols = symbols.iter().take(4).copied().collect();
    }
    let market = MarketConfig {
        symbols,
        default_symbols,
        max_on_demand: check.number("market.max_on_demand", 0, MAX_ON_DEMAND)?,
        max_on_demand_per_client: check.number("market.max_on_demand_per_client", 1, MAX_ON_DEMAND)?,
        coalesce_ms: check.number("market.coalesce_ms", 0, 5000)?,
        outlier_pct: check.number("market.outlier_pct", 0.01, 100.0)?,
        outlier_return_pct: check.number("market.outlier_return_pct", 0.0, 100.0)?,
        quiet_after_s: check.number("market.quiet_after_s", 0.1, 86_400.0)?,
        stale_after_s: check.number("market.stale_after_s", 0.1, 86_400.0)?,
    };
    if market.outlier_return_pct > market.outlier_pct {
        check.wrong("market.outlier_return_pct", "must not be above market.outlier_pct");
    }
    if market.stale_after_s <= market.quiet_after_s {
        check.wrong("market.stale_after_s", "must be above market.quiet_after_s");
    }
    Some(market)
}

fn venues(check: &mut Check<'_>) -> Option<Vec<VenueConfig>> {
    let mut venues = Vec::new();
    for defaults in &check.layers.venues {
        let v = defaults.venue;
        let (ws, rest) = (format!("venues.{v}.ws_urls"), format!("venues.{v}.rest_urls"));
        let venue = VenueConfig {
            venue: v,
            enabled: check.parse(&format!("venues.{v}.enabled"), "must be true or false")?,
            ws_urls: check.list(&ws, |item| url(item, &["ws", "wss"])),
            rest_urls: check
                .list(&rest, |item| url(item, &["http", "https"]).map(|u| u.trim_end_matches('/').to_owned())),
        };
        for (key, urls) in [(ws, &venue.ws_urls), (rest, &venue.rest_urls)] {
            if venue.enabled && urls.is_empty() {
                check.wrong(&key, "must name at least one address");
            }
        }
        venues.push(venue);
    }
    if !venues.iter().any(|venue| venue.enabled) {
        let key = check.layers.venues.first().map(|v| format!("venues.{}.enabled", v.venue)).unwrap_or_default();
        check.wrong(&key, "is off like all the others: at least one venue must be enabled");
    }
    Some(venues)
}

fn feeds(check: &mut Check<'_>) -> Feeds {
    let off = match check.layers.get("news.feeds").map(|setting| &setting.raw) {
        Some(Raw::List(items)) => matches!(items.as_slice(), [item] if item.eq_ignore_ascii_case("off")),
        _ => false,
    };
    if off {
        return Feeds::Off;
    }
    let feeds = feed_list(check, "news.feeds");
    if feeds.is_empty() { Feeds::BuiltIn } else { Feeds::These(feeds) }
}

fn feed_list(check: &mut Check<'_>, key: &str) -> Vec<Feed> {
    let feeds = match check.layers.get(key).map(|setting| setting.raw.clone()) {
        Some(Raw::Feeds(feeds)) => feeds,
        _ => check.list(key, |item| Feed::parse(&item)),
    };
    if let Some(bad) = feeds.iter().find(|feed| url(feed.url.clone(), &["http", "https"]).is_err()) {
        check.wrong(key, &format!("has `{}`, which is no http address", bad.url));
    }
    let mut keys = HashSet::new();
    if let Some(twice) = feeds.iter().find(|feed| !keys.insert(feed.key.as_str())) {
        check.wrong(key, &format!("has two feeds with the key `{}`", twice.key));
    }
    feeds
}

/// One of `words`, or scheme and host without a path.
fn origin(item: &str, words: &[&str]) -> Result<String, String> {
    let wrong = || {
        let words = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" nor ");
        format!("has `{item}`, which is neither {words} nor an origin such as https://example.org")
    };
    if words.contains(&item) {
        return Ok(item.to_owned());
    }
    let url = Url::parse(item).map_err(|_| wrong())?;
    let bare = matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none();
    if bare { Ok(url.origin().ascii_serialization()) } else { Err(wrong()) }
}

fn url(item: String, schemes: &[&str]) -> Result<String, String> {
    match Url::parse(&item) {
        Ok(url) if schemes.contains(&url.scheme()) && url.host().is_some() => Ok(item),
        _ => Err(format!("has `{item}`, which is no {} address", schemes.join(" or "))),
    }
}

struct Check<'a> {
    layers: &'a Layers,
    errors: Vec<ConfigError>,
}

impl Check<'_> {
    fn wrong(&mut self, key: &str, reason: &str) {
        let origin = self.layers.get(key).map_or(Origin::Default, |setting| setting.origin.clone());
        self.errors.push(ConfigError::BadValue { key: key.to_owned(), origin, reason: reason.to_owned() });
    }

    /// The text, or `None` where it is empty.
    fn text(&mut self, key: &str) -> Option<String> {
        match self.layers.get(key).map(|setting| setting.raw.clone()) {
            Some(Raw::Text(text)) if !text.is_empty() => Some(text),
            Some(Raw::List(_) | Raw::Feeds(_)) => {
                self.wrong(key, "must be one value, not a list");
                None
            }
            Some(Raw::Text(_)) | None => None,
        }
    }

    fn url(&mut self, key: &str, schemes: &[&str]) -> Option<String> {
        match url(self.text(key)?, schemes) {
            Ok(url) => Some(url.trim_end_matches('/').to_owned()),
            Err(reason) => {
                self.wrong(key, &reason);
                None
            }
        }
    }

    fn parse<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        let text = self.text(key).unwrap_or_default();
        let value = text.parse().ok();
        if value.is_none() {
            self.wrong(key, &format!("is `{text}`: it {expected}"));
        }
        value
    }

    fn number<T: FromStr + PartialOrd + Display>(&mut self, key: &str, least: T, most: T) -> Option<T> {
        let value = self.parse::<T>(key, &format!("must be a number from {least} to {most}"))?;
        let range = least..=most;
        // Asked this way round, a NaN is outside.
        if !range.contains(&value) {
            self.wrong(key, &format!("is {value}: it must be from {} to {}", range.start(), range.end()));
            return None;
        }
        Some(value)
    }

    fn list<T>(&mut self, key: &str, read: impl Fn(String) -> Result<T, String>) -> Vec<T> {
        let items = match self.layers.get(key).map(|setting| setting.raw.clone()) {
            Some(Raw::List(items)) => items,
            Some(Raw::Text(text)) => text.split(',').map(|item| item.trim().to_owned()).collect(),
            Some(Raw::Feeds(_)) | None => Vec::new(),
        };
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match read(item) {
                Ok(value) => values.push(value),
                Err(reason) => self.wrong(key, &reason),
            }
        }
        values
    }
}
