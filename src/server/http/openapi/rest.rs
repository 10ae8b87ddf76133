//! Examples of what the endpoints answer that are no streams.

use std::collections::BTreeMap;

use super::samples::{NOW, Samples};
use crate::{
    model::{story::Story, venue::Venue},
    server::{
        channels::builtin::BuiltIn,
        http::{live::Live, ready::Ready, websocket::description},
    },
    wire::{
        channels::{ChannelList, ChannelStatus, ChannelsStatus, CreatedChannel, Published, RemovedChannel},
        json::Json,
        news::{ArticleBody, NewsAnswer, SourceState, SourceStatus, SourcesAnswer, StoriesAnswer, StoryReports},
        rest::{
            Dependencies, DependencyHealth, Health, HealthMetrics, HealthStatus, PriceAnswer, PriceSource, PriceUpdate,
            Stats, Success, Symbols, VenueHealth,
        },
        status::ConnectionState,
    },
};

/// The path of the created channel in the examples.
pub const PATH: &str = "/notifications/user123";

/// An example of one answer.
pub struct Answer {
    pub method: &'static str,
    pub path: &'static str,
    pub status: &'static str,
    pub example: Json,
}

pub fn answers(samples: &Samples) -> Option<Vec<Answer>> {
    let get = |path, example| Answer { method: "get", path, status: "200", example };
    let price = PriceAnswer { success: true, data: PriceUpdate::from(&samples.ticker), source: PriceSource::Stream };
    let mut all = vec![
        get("/price/{symbol}", Json::of(&price)),
        get("/symbols", Json::of(&symbols(samples))),
        get("/stats", Json::of(&Success::new(stats(samples)))),
        get("/api/ws", Json::of(&description::information(samples))),
        get("/health", Json::of(&health(samples)?)),
        get("/ready", Json::of(&Success::new(Ready { ready: true }))),
        get("/live", Json::of(&Success::new(Live { live: true }))),
    ];
    all.extend(news(samples));
    all.extend(channels());
    Some(all)
}

fn stats(samples: &Samples) -> Stats {
    let (btc, eth) = (samples.btc.pair(), samples.eth.pair());
    Stats {
        service: "market-pulse".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        port: 3000,
        active_streams: 41,
        active_symbols: vec![btc.clone(), eth.clone()],
        total_subscriptions: 87,
        subscriptions_by_symbol: BTreeMap::from([(btc, 52), (eth, 35)]),
        uptime: "2h 15m 30s".to_owned(),
        uptime_seconds: 8130,
        timestamp: NOW.to_rfc3339(),
    }
}

fn symbols(samples: &Samples) -> Success<Symbols> {
    let pairs = || vec![samples.btc.pair(), samples.eth.pair()];
    Success::new(Symbols { default_symbols: pairs(), active_symbols: vec![samples.btc.pair()], supported: pairs() })
}

fn news(samples: &Samples) -> Vec<Answer> {
    let get = |path, example| Answer { method: "get", path, status: "200", example };
    let articles = NewsAnswer {
        articles: vec![ArticleBody::of(&samples.article, NOW)],
        total_count: 1,
        sources: vec![&samples.article.source_key],
        fetched_at: NOW.to_rfc3339(),
        next_cursor: None,
    };
    let story = Story { head: samples.story.clone(), timeline: vec![samples.article.clone()] };
    let stories = StoriesAnswer {
        stories: vec![StoryReports::of(&story, NOW)],
        total_count: 1,
        fetched_at: NOW.to_rfc3339(),
        next_cursor: None,
    };
    let stories = Json::of(&stories);
    let source = SourceStatus {
        key: samples.article.source_key.clone(),
        name: samples.article.source.clone(),
        category: samples.article.category.clone(),
        tier: 1,
        trust: 0.9,
        url: "https://news.example/feed".to_owned(),
        state: SourceState::Ok,
        moved_to: None,
        last_fetch: Some(NOW.to_rfc3339()),
        last_success: Some(NOW.to_rfc3339()),
        last_error: None,
        failures: 0,
        items: 25,
        rejected: 0,
        next_fetch: Some(crate::model::time::UnixMs(NOW.0 + 60_000).to_rfc3339()),
    };
    let sources = SourcesAnswer { sources: vec![source], total_count: 1, fetched_at: NOW.to_rfc3339() };
    vec![
        get("/api/news", Json::of(&articles)),
        get("/api/news/stories", stories.clone()),
        get("/api/breaking", stories),
        get("/api/sources", Json::of(&sources)),
    ]
}

fn channels() -> Vec<Answer> {
    let readers = |channel: BuiltIn| match channel {
        BuiltIn::Training => {
            (channel.as_str(), ChannelStatus { connection_count: 1, clients: Some(vec!["job-7".into()]) })
        }
        other => (other.as_str(), ChannelStatus { connection_count: 0, clients: Some(vec![]) }),
    };
    let status = ChannelsStatus {
        status: "active",
        total_connections: 1,
        channels: BuiltIn::ALL.into_iter().map(readers).collect::<BTreeMap<_, _>>(),
    };
    let created = || CreatedChannel {
        path: PATH.to_owned(),
        stream: format!("/streams{PATH}"),
        connection_count: 0,
        created_at: NOW.to_rfc3339(),
        last_event_id: "1763640000000142".to_owned(),
    };
    let list = ChannelList { built_in: BuiltIn::ALL.map(BuiltIn::as_str).to_vec(), channels: vec![created()] };
    let published =
        |channel: &str| Json::of(&Success::new(Published { id: "42".to_owned(), channel: channel.to_owned() }));
    let removed = RemovedChannel { path: PATH.to_owned(), removed: true };
    let answer = |method, path, status, example| Answer { method, path, status, example };
    vec![
        answer("get", "/api/v1/sse/status", "200", Json::of(&status)),
        answer("get", "/api/v1/channels", "200", Json::of(&Success::new(list))),
        answer("post", "/api/v1/channels", "201", Json::of(&Success::new(created()))),
        answer("delete", "/api/v1/channels", "200", Json::of(&Success::new(removed))),
        answer("post", "/api/v1/channels/{channel}/events", "202", published("training")),
        answer("post", "/streams/{path}", "202", published(PATH)),
    ]
}

fn health(samples: &Samples) -> Option<Health> {
    let state =
        |status: &str, message: &str| DependencyHealth { status: status.to_owned(), message: message.to_owned() };
    let venue = VenueHealth {
        status: ConnectionState::Connected.as_str().to_owned(),
        last_message_at: Some(NOW.to_rfc3339()),
        reconnects: 0,
        clock_skew_ms: Some(-3),
    };
    Some(Health {
        service: "market-pulse".to_owned(),
        port: 3000,
        status: HealthStatus::Healthy,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        timestamp: NOW.to_rfc3339(),
        uptime: "2h 15m 30s".to_owned(),
        dependencies: Dependencies {
            cache: state("disabled", "no Redis is configured"),
            storage: state("ok", "ok"),
            venues: BTreeMap::from([(Venue::new("binance")?, venue)]),
            feeds: BTreeMap::from([("coindesk".to_owned(), state("ok", "ok"))]),
        },
        metrics: HealthMetrics {
            active_streams: 41,
            total_subscriptions: 87,
            active_symbols: vec![samples.btc.pair()],
        },
    })
}
