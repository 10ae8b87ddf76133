//! Connections, whatever is spoken on them.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    reason: &'static str,
}

/// What is counted at the door.
#[derive(Debug, Clone)]
pub struct ConnectionMetrics {
    /// Those that are cut off because their peer takes no bytes.
    pub stalled: Counter,
    /// Those that are cut off because nothing was asked for in time.
    pub silent: Counter,
    open: Gauge,
    cut: Family<ByReason, Counter>,
    refused: Family<ByReason, Counter>,
}

impl Default for ConnectionMetrics {
    fn default() -> Self {
        let (cut, refused) = (Family::<ByReason, Counter>::default(), Family::<ByReason, Counter>::default());
        for reason in ["server_full", "address_full"] {
            // A rate needs something to start from.
            drop(refused.get_or_create(&ByReason { reason }));
        }
        Self {
            stalled: cut.get_or_create_owned(&ByReason { reason: "stalled" }),
            silent: cut.get_or_create_owned(&ByReason { reason: "silent" }),
            open: Gauge::default(),
            cut,
            refused,
        }
    }
}

impl ConnectionMetrics {
    /// Counts a connection until what is returned is dropped.
    pub fn enter(&self) -> OpenConnection {
        self.open.inc();
        OpenConnection(self.open.clone())
    }

    /// Counts a connection that was not let in. The reason is a word of the code, so that there are few.
    pub fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&ByReason { reason }).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Connections that are open", self.open.clone());
        registry.register("connections_refused", "Connections that were not let in, by reason", self.refused.clone());
        let cut = "Connections that were cut off: their peer took no bytes, or asked for nothing";
        registry.register("connections_cut", cut, self.cut.clone());
    }
}

/// A connection, counted as long as this lives.
#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
