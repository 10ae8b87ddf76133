//! Which fields the types of the pages take from JSON: the names that serde writes.

use std::collections::BTreeMap;

use super::{
    error::Retry,
    event_stream::StreamError,
    json::{Fields, FromJson, Json},
    news::{FirstNews, Gap, GapReason, NewsSnapshot, SourceName, SourceState, SourceStatus, StoryBody, StoryPage},
    page::{PageSnapshot, SiteInfo, Spark},
    realtime::{Connected, Heartbeat, StatusChange},
    status::{ConnectionState, StatusReport, VenueStatus},
};
use crate::{
    api::error::ApiError,
    app::start::PageStart,
    live::preferences::{Choices, Theme},
    model::{
        article::Article,
        asset::AssetInfo,
        candle::Candle,
        freshness::Freshness,
        story::{Breaking, BreakingState, Reaction, StoryHead, StorySource},
        symbol::Symbol,
        ticker::{Reason, Ticker, VenueQuote},
        time::UnixMs,
        venue::{Venue, VenueInfo},
    },
};

macro_rules! objects {
    ($($type:ident { $($field:ident: $name:literal),* $(,)? })*) => {$(
        impl FromJson for $type {
            fn from_json(json: Json) -> Option<Self> {
                let mut fields = Fields::of(json)?;
                Some(Self { $($field: fields.take($name)?),* })
            }
        }
    )*};
}

macro_rules! names {
    ($($type:ident { $($name:literal: $value:ident),* $(,)? })*) => {$(
        impl FromJson for $type {
            fn from_json(json: Json) -> Option<Self> {
                match String::from_json(json)?.as_str() {
                    $($name => Some(Self::$value),)*
                    _ => None,
                }
            }
        }
    )*};
}

impl FromJson for Symbol {
    fn from_json(json: Json) -> Option<Self> {
        Self::parse(&String::from_json(json)?).ok()
    }
}

impl FromJson for Venue {
    fn from_json(json: Json) -> Option<Self> {
        Self::new(&String::from_json(json)?)
    }
}

/// Milliseconds, or RFC 3339: types differ in how they write their times.
impl FromJson for UnixMs {
    fn from_json(json: Json) -> Option<Self> {
        match json {
            Json::Text(text) => Self::parse_rfc3339(&text),
            other => i64::from_json(other).map(Self),
        }
    }
}

impl FromJson for char {
    fn from_json(json: Json) -> Option<Self> {
        let text = String::from_json(json)?;
        let mut chars = text.chars();
        chars.next().filter(|_| chars.next().is_none())
    }
}

/// As serde writes an enum: a name, or an object with the name and the fields.
impl FromJson for ApiError {
    fn from_json(json: Json) -> Option<Self> {
        if let Json::Text(name) = &json {
            return (name == "unavailable").then_some(Self::Unavailable);
        }
        let mut kinds = Fields::of(json)?;
        if let Some(fields) = kinds.take::<Json>("unknown_symbol") {
            return Some(Self::UnknownSymbol { symbol: Fields::of(fields)?.take("symbol")? });
        }
        Some(Self::Transport { message: Fields::of(kinds.take("transport")?)?.take("message")? })
    }
}

impl FromJson for StatusChange {
    fn from_json(json: Json) -> Option<Self> {
        let mut fields = Fields::of(json)?;
        let (symbol, freshness) = (fields.take("symbol")?, fields.take("freshness")?);
        let Json::Object(entries) = fields.take("venues")? else { return None };
        // One by one: collecting would bring a sorting of its own into the browser's build.
        let mut venues = BTreeMap::new();
        for (key, state) in entries {
            venues.insert(Venue::new(&key)?, Freshness::from_json(state)?);
        }
        Some(Self { symbol, freshness, venues })
    }
}

names! {
    Freshness { "down": Down, "stale": Stale, "quiet": Quiet, "live": Live }
    Reason { "outlier": Outlier, "stale": Stale, "down": Down, "no_data": NoData, "bad_data": BadData }
    Theme { "system": System, "light": Light, "dark": Dark }
    BreakingState { "breaking": Breaking, "upgraded": Upgraded, "retracted": Retracted }
    GapReason { "expired": Expired, "restarted": Restarted }
    SourceState { "pending": Pending, "ok": Ok, "failing": Failing, "dead": Dead }
    ConnectionState {
        "connecting": Connecting, "connected": Connected, "waiting": Waiting, "region_blocked": RegionBlocked,
        "stopped": Stopped,
    }
}

objects! {
    PageStart { snapshot: "snapshot", choices: "choices", news: "news" }
    Choices { theme: "theme", strip: "strip", notify: "notify", dismissed: "dismissed" }
    PageSnapshot { site: "site", at: "at", tickers: "tickers", sparks: "sparks", news: "news" }
    SiteInfo {
        version: "version", simulated: "simulated", strip: "strip", assets: "assets", venues: "venues",
        outlier_pct: "outlierPct", outlier_return_pct: "outlierReturnPct", quiet_after_s: "quietAfterS",
        stale_after_s: "staleAfterS",
    }
    AssetInfo { symbol: "symbol", name: "name", color: "color" }
    VenueInfo { venue: "venue", title: "title", mark: "mark" }
    Spark { symbol: "symbol", start: "start", step_ms: "stepMs", closes: "closes" }
    Ticker {
        symbol: "symbol", quote: "quote", price: "price", change24h: "change24h",
        change_percent24h: "changePercent24h", high24h: "high24h", low24h: "low24h", volume24h: "volume24h",
        volume_quote24h: "volumeQuote24h", timestamp: "timestamp", received_at: "receivedAt", sources: "sources",
        freshness: "freshness", agree: "agree", dispersion: "dispersion", venues: "venues",
    }
    VenueQuote {
        venue: "venue", price: "price", weight: "weight", volume24h: "volume24h", timestamp: "timestamp",
        received_at: "receivedAt", freshness: "freshness", used: "used", reason: "reason",
    }
    Candle { open_time: "t", open: "o", high: "h", low: "l", close: "c", volume: "v" }
    Connected { symbol: "symbol", symbols: "symbols", client_id: "clientId", timestamp: "timestamp" }
    Heartbeat { timestamp: "timestamp", last_id: "lastId" }
    Gap { from: "from", to: "to", reason: "reason" }
    StreamError { code: "code", message: "message", retry: "retry" }
    Retry {
        should_reconnect: "shouldReconnect", delay_ms: "delayMs", max_delay_ms: "maxDelayMs", strategy: "strategy",
        jitter: "jitter",
    }
    NewsSnapshot { stories: "stories", last_event_id: "lastEventId", sources: "sources" }
    SourceName { key: "key", name: "name", category: "category" }
    FirstNews { stories: "stories", story: "story", unknown: "unknown" }
    StoryPage { stories: "stories", total_count: "totalCount", next_cursor: "nextCursor" }
    StoryBody { head: "head", timeline: "timeline" }
    StoryHead {
        id: "id", title: "title", link: "link", description: "description", category: "category",
        image_url: "imageUrl", tickers: "tickers", sources: "sources", articles: "articles",
        first_seen: "firstSeen", last_seen: "lastSeen", novelty: "novelty", breaking: "breaking",
        reaction: "reaction",
    }
    StorySource { key: "key", name: "name" }
    Breaking { score: "score", reasons: "reasons", state: "state", since: "since" }
    Reaction {
        symbol: "symbol", at: "at", price: "price", after5m: "after5m", after15m: "after15m", after60m: "after60m",
    }
    Article {
        id: "id", title: "title", link: "link", description: "description", source: "source",
        source_key: "sourceKey", category: "category", pub_date: "pubDate", seen_at: "seenAt",
        image_url: "imageUrl", author: "author", tickers: "tickers", story_id: "storyId",
        is_breaking: "isBreaking",
    }
    StatusReport {
        at: "at", version: "version", simulated: "simulated", started_at: "startedAt", uptime_s: "uptimeS",
        clients: "clients", venues: "venues", feeds: "feeds", storage_error: "storageError",
    }
    VenueStatus {
        venue: "venue", state: "state", detail: "detail", endpoint: "endpoint", connected_since: "connectedSince",
        last_message_at: "lastMessageAt", next_attempt_at: "nextAttemptAt", reconnects: "reconnects",
        bad_frames: "badFrames", clock_skew_ms: "clockSkewMs", messages_per_second: "messagesPerSecond",
        refused: "refused", silent: "silent",
    }
    SourceStatus {
        key: "key", name: "name", category: "category", tier: "tier", trust: "trust", url: "url", state: "state",
        moved_to: "movedTo", last_fetch: "lastFetch", last_success: "lastSuccess", last_error: "lastError",
        failures: "failures", items: "items", rejected: "rejected", next_fetch: "nextFetch",
    }
}

#[cfg(test)]
mod tests;
