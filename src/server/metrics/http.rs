//! Requests by route and status.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::{Registry, Unit},
};
use tokio::time::Instant;

use super::Timing;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRoute {
    route: String,
}

/// What is counted of every request.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    requests: Family<Answered, Counter>,
    durations: Family<ByRoute, Timing, fn() -> Timing>,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(Timing::of_answers as fn() -> Timing),
        }
    }
}

impl HttpMetrics {
    /// Counts a request whose answer begins now. `route` is a template of the router, never a path that was asked for,
    /// and `method` a word of the code.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, asked: Instant) {
        self.requests.get_or_create(&Answered { method, route: route.to_owned(), status }).inc();
        self.durations.get_or_create(&ByRoute { route: route.to_owned() }).since(asked);
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests that were answered", self.requests.clone());
        let durations = "Time from a request to the head of its answer";
        registry.register_with_unit("http_request_duration", durations, Unit::Seconds, self.durations.clone());
    }
}
