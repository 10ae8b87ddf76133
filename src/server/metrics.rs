//! Figures for monitors: what is counted, under which names, and how Prometheus is told.
//!
//! One [`Metrics`] is made at the start and handed down to the rooms. What nothing else counts is counted there as it
//! happens, by handles that were looked up once: on the way of a price that is an atomic addition. What a room knows
//! anyway (the state of the venues, the age of prices, what was stored) is not counted twice: it is [read](collect) when
//! somebody asks. [`exposition::Exposition`] joins both and writes them down.
//!
//! | file | tells |
//! |---|---|
//! | [`clients`] | who is connected by which protocol, what they were sent, who was refused, who was too slow |
//! | [`connections`] | sockets, whatever is spoken on them |
//! | [`market`], [`hub`] | how long prices take to be made and handed out, what was left out on the way, what was replayed |
//! | [`news`] | fetches of feeds, articles, stories |
//! | [`http`] | requests by route and status |
//! | [`collect`] | venues, prices, feeds and the database, as their own boards show them; the process |
//! | [`exposition`] | the text that is sent |
//!
//! # Counting a protocol
//!
//! Every way in counts its clients in the same four lines. `metrics` is `services.metrics`:
//!
//! ```ignore
//! let presence = metrics.clients.enter(Protocol::Channel);    // one client more, until it is dropped
//! presence.delivered(1);                                      // for messages that are handed to the connection
//! presence.too_slow();                                        // before the server ends it for that
//! metrics.clients.refused(Protocol::Channel, "address_full"); // instead of `enter`
//! ```
//!
//! Readers of the hub are counted by the hub, streams and sessions alike: whoever opens one counts nothing but what is
//! refused before the hub is asked.
//!
//! # Names and labels
//!
//! Names begin with `market_pulse_`, but for `process_…`, which every program calls alike; units are seconds and bytes.
//! The values of a label come from the code or from the settings, never from a request: what a stranger sends adds no
//! series.

pub mod clients;
pub mod collect;
pub mod connections;
pub mod exposition;
pub mod http;
pub mod hub;
pub mod market;
pub mod news;
mod timing;

#[cfg(test)]
pub(in crate::server) mod reading;
#[cfg(test)]
pub(in crate::server) mod tests;

use prometheus_client::registry::Registry;

pub use timing::Timing;

use self::{
    clients::ClientMetrics,
    connections::ConnectionMetrics,
    http::HttpMetrics,
    hub::HubMetrics,
    market::MarketMetrics,
    news::{FeedMetrics, NewsMetrics},
};

/// Everything that is counted as it happens. The parts are handles: a clone counts into the same place.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    pub clients: ClientMetrics,
    pub connections: ConnectionMetrics,
    pub market: MarketMetrics,
    pub hub: HubMetrics,
    pub feeds: FeedMetrics,
    pub news: NewsMetrics,
    pub http: HttpMetrics,
}

impl Metrics {
    fn register(&self, registry: &mut Registry) {
        self.clients.register(registry);
        self.connections.register(registry);
        self.market.register(registry);
        self.hub.register(registry);
        self.feeds.register(registry);
        self.news.register(registry);
        self.http.register(registry);
    }
}
