//! How prices are made.

use prometheus_client::{
    metrics::counter::Counter,
    registry::{Registry, Unit},
};

use super::Timing;

/// What the market's task counts.
#[derive(Debug, Clone)]
pub struct MarketMetrics {
    /// To make one asset's ticker of what is known of every venue.
    pub aggregate: Timing,
    /// Changes that left together with a later one of their asset.
    pub coalesced: Counter,
}

impl Default for MarketMetrics {
    fn default() -> Self {
        Self { aggregate: Timing::of_work(), coalesced: Counter::default() }
    }
}

impl MarketMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let aggregate = "Time to make the price of one asset of what the venues say";
        registry.register_with_unit("aggregate_duration", aggregate, Unit::Seconds, self.aggregate.clone());
        let coalesced = "Changes of an asset that left together with a later one within the coalescing window";
        registry.register("updates_coalesced", coalesced, self.coalesced.clone());
    }
}
