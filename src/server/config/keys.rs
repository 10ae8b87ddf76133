//! Every key once: its name, its default, and what it means.

use super::VenueDefaults;
use crate::model::asset::{DEFAULT_STRIP, default_symbols};

/// How a default is written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A quoted string; empty means "not set".
    Text,
    /// The same, and not shown when the settings are.
    Secret,
    /// A bare number or boolean.
    Bare,
    /// A list of strings.
    List,
    /// A list of strings, or `[[news.feeds]]` tables with `key`, `name`, `category`, `url` and perhaps `tier`, `trust`.
    Feeds,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// `market.coalesce_ms`
    pub name: String,
    pub kind: Kind,
    /// Lists with commas between the items.
    pub default: String,
    pub doc: String,
}

/// Prefix of every environment name.
pub(super) const ENVIRONMENT_PREFIX: &str = "MARKET_PULSE__";

impl Key {
    fn new(name: &str, kind: Kind, default: impl Into<String>, doc: &str) -> Self {
        Self { name: name.to_owned(), kind, default: default.into(), doc: doc.to_owned() }
    }

    /// `MARKET_PULSE__MARKET__COALESCE_MS`
    pub fn environment_name(&self) -> String {
        format!("{ENVIRONMENT_PREFIX}{}", self.name.to_ascii_uppercase().replace('.', "__"))
    }
}

/// Every key, in the order of the example file.
pub(super) fn all(venues: &[VenueDefaults]) -> Vec<Key> {
    use Kind::{Bare, List, Text};
    let mut keys = vec![
        Key::new("server.addr", Text, "127.0.0.1:3000", "Address and port to listen on. Port 0 takes a free one."),
        Key::new(
            "server.public_url",
            Text,
            "",
            "The address that others use to reach this server, where it differs: https://ticker.example.org",
        ),
        Key::new(
            "server.data_dir",
            Text,
            "",
            "Where news, events and tokens are kept; created where it is not there. Empty for the platform's own place (a temporary one with --demo).",
        ),
        Key::new(
            "server.trusted_proxies",
            List,
            "",
            "Proxies whose X-Forwarded-For is believed: addresses, or networks such as 10.0.0.0/8 and fd00::/8. No other header names a client; Forwarded and X-Real-IP are not read.",
        ),
        Key::new(
            "server.cors_origins",
            List,
            "*",
            "Sites that may use the API from a browser: `*` for any (reading only, without credentials), or origins such as https://example.org, which may publish, too, where a token allows it.",
        ),
        Key::new(
            "server.frame_ancestors",
            List,
            "",
            "Sites that may show the pages in a frame: origins such as https://example.org, `self`, or `*` for any. Empty for none.",
        ),
        Key::new("server.heartbeat_s", Bare, "30", "Seconds between the heartbeats of a stream, 1 to 300."),
        Key::new(
            "server.site_root",
            Text,
            "",
            "The folder with the pages' files. Found beside the binary where it is not set.",
        ),
    ];
    keys.extend(market());
    keys.extend(venues.iter().flat_map(of_venue));
    keys.extend(news());
    keys.extend([
        Key::new(
            "access.read",
            Text,
            "open",
            "Who may read: `open` for everybody, `token` for whoever shows a token with the scope `read` (see `market-pulse token`). With `token` the pages and their files are closed as well, as a browser has no token to show: a proxy that lets people in can add the header `Authorization: Bearer …` for them. /health, /ready and /live stay open. Publishing always needs a token.",
        ),
        Key::new("access.wrong_tokens_per_minute", Bare, "30", "Wrong tokens a minute of one client address."),
        Key::new("channels.max_created", Bare, "1000", "Most channels that may be created, 0 to 100000."),
    ]);
    keys.extend(limits());
    keys.push(metrics());
    keys.extend(redis());
    keys
}

fn market() -> [Key; 9] {
    use Kind::{Bare, List};
    let symbols: Vec<String> = default_symbols().iter().map(ToString::to_string).collect();
    [
        Key::new(
            "market.symbols",
            List,
            symbols.join(","),
            "The assets that are followed, in the order of the homepage, 1 to 200.",
        ),
        Key::new(
            "market.default_symbols",
            List,
            DEFAULT_STRIP.join(","),
            "The assets on the strip on top of every page. Each must be one of `symbols`.",
        ),
        Key::new(
            "market.max_on_demand",
            Bare,
            "200",
            "Most assets beside `symbols` that are followed, as long as somebody asks for them and a minute longer, 0 to 300. 0 follows none.",
        ),
        Key::new(
            "market.max_on_demand_per_client",
            Bare,
            "50",
            "Most of these for one address, and for one token, 1 to 300.",
        ),
        Key::new(
            "market.coalesce_ms",
            Bare,
            "50",
            "Updates of one asset within this window leave as one, in milliseconds, 0 to 5000.",
        ),
        Key::new(
            "market.outlier_pct",
            Bare,
            "2",
            "A venue further than this from the median of three or more is left out, in percent.",
        ),
        Key::new(
            "market.outlier_return_pct",
            Bare,
            "1",
            "… until it is back within this, in percent. Not above outlier_pct.",
        ),
        Key::new(
            "market.quiet_after_s",
            Bare,
            "10",
            "Seconds without data after which a quote is quiet: still used, with a weight that falls.",
        ),
        Key::new(
            "market.stale_after_s",
            Bare,
            "60",
            "Seconds without data after which a quote is stale: not used. Above quiet_after_s.",
        ),
    ]
}

fn redis() -> [Key; 3] {
    use Kind::{Bare, Secret, Text};
    [
        Key::new(
            "redis.url",
            Secret,
            "",
            "Where the nodes of one market meet: redis://:password@host:6379/0, or rediss:// for TLS. Empty to run as one node, which needs nothing else.",
        ),
        Key::new(
            "redis.prefix",
            Text,
            "market-pulse",
            "Nodes with the same prefix serve one market. Starts the name of every key there. 1 to 64 of A-Z a-z 0-9 _ . : -",
        ),
        Key::new(
            "redis.grace_s",
            Bare,
            "5",
            "Seconds without word of the leading node after which a node connects to the venues itself, 1 to 300.",
        ),
    ]
}

fn of_venue(venue: &VenueDefaults) -> [Key; 3] {
    use Kind::{Bare, List};
    let v = venue.venue;
    [
        Key::new(&format!("venues.{v}.enabled"), Bare, "true", "Whether this venue is used."),
        Key::new(
            &format!("venues.{v}.ws_urls"),
            List,
            venue.ws_urls.join(","),
            "WebSocket addresses up to and including the path, tried in turn.",
        ),
        Key::new(
            &format!("venues.{v}.rest_urls"),
            List,
            venue.rest_urls.join(","),
            "REST origins, with a path prefix if need be, tried in turn.",
        ),
    ]
}

fn limits() -> Vec<Key> {
    let bare = |name: &str, default: &str, doc: &str| Key::new(&format!("limits.{name}"), Kind::Bare, default, doc);
    vec![
        bare(
            "connections_per_address",
            "100",
            "Open streams of one client address, whatever tokens it shows: raise it where many clients share one. An IPv6 network of 64 bits counts as one address, here and below.",
        ),
        bare(
            "connections_per_token",
            "0",
            "Open streams of one token, from all addresses together. 0 for ten times connections_per_address.",
        ),
        bare("connections_total", "10000", "Open streams in all."),
        bare("requests_per_minute", "300", "REST requests a minute of one client address."),
        bare(
            "streams_per_minute",
            "0",
            "Streams that one client address may open a minute. 0 for six times connections_per_address.",
        ),
        bare(
            "pages_per_minute",
            "0",
            "Pages, and calls that pages make, a minute of one client address. 0 for twice requests_per_minute.",
        ),
        bare(
            "token_requests_per_minute",
            "0",
            "Requests of any kind a minute of one token, from all addresses together. 0 for ten times requests_per_minute.",
        ),
        bare(
            "total_requests_per_minute",
            "0",
            "All of these a minute, of all clients together. 0 for 400 times requests_per_minute.",
        ),
        bare("publishes_per_minute", "6000", "Publications a minute of one token, which do not count as its requests."),
        bare(
            "sockets_per_address",
            "0",
            "Open sockets of one address, whatever they are used for; trusted proxies are exempt. 0 for ten times connections_per_address.",
        ),
        bare("sockets_total", "0", "Open sockets in all. 0 for twice connections_total."),
        bare(
            "head_timeout_s",
            "20",
            "The head of a connection's first request must be there within this long, in seconds, 1 to 600.",
        ),
        bare(
            "idle_timeout_s",
            "130",
            "The next request must be there within this long after an answer, in seconds, 1 to 3600. Longer than a proxy in front keeps its connections, or it may lose requests.",
        ),
        bare(
            "body_timeout_s",
            "10",
            "More of a request's body must come within this long, in seconds, 1 to 600, and all of it within six times as long.",
        ),
        bare("stall_s", "30", "A reader that has not taken a byte for this long is disconnected, in seconds."),
    ]
}

fn news() -> [Key; 9] {
    use Kind::{Bare, Feeds, Text};
    [
        Key::new(
            "news.feeds",
            Feeds,
            "",
            "News feeds: empty for the built-in ones, \"off\" for no news, or a list of `key|name|category|url|tier|trust` instead of the built-in ones (tier 1 is best, 3 least; trust 0 to 1; both may be left out). A comma of an address is written `%2C`. In a file also [[news.feeds]]. A feed on a private or loopback address is fetched only because it is named here.",
        ),
        Key::new("news.extra_feeds", Feeds, "", "Feeds beside those of `feeds`, in the same form."),
        Key::new(
            "news.interval_s",
            Bare,
            "300",
            "Seconds between two fetches of a feed, 1 to 86400; longer where the feed asks for it.",
        ),
        Key::new(
            "news.contact",
            Text,
            "",
            "A mail or web address that every feed's host is told, so that it knows whom to write to.",
        ),
        Key::new("news.retention_days", Bare, "30", "Days that news is kept, 1 to 3650."),
        Key::new("news.event_hours", Bare, "24", "Hours that events are kept for readers that come back, 1 to 8760."),
        Key::new(
            "news.max_mb",
            Bare,
            "2048",
            "The database is kept below this, in MiB: the oldest news goes first. 16 to 1000000.",
        ),
        Key::new("news.breaking_score", Bare, "0.6", "A story is breaking from this score on, 0 to 1."),
        Key::new(
            "news.breaking_window_min",
            Bare,
            "30",
            "Reports within so many minutes of each other corroborate each other, 1 to 1440.",
        ),
    ]
}

fn metrics() -> Key {
    Key::new(
        "metrics.access",
        Kind::Text,
        "",
        "Who may read GET /metrics: `open` for whoever reaches the server, `loopback` for its own machine only (not by way of a proxy), `token` for whoever shows a token with the scope `read`. Empty: as `access.read` says.",
    )
}
