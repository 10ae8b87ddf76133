//! A node for tests: it has heard nothing and reaches nobody.

use std::{sync::Arc, time::Duration};

use super::{Mirror, Relay, shared::Shared};
use crate::server::{rate::RateLimits, services::Services};

/// The same services, of a node that is to be one of many.
pub(in crate::server) fn among_others(services: &Services) -> Arc<Services> {
    let (board, hub) = (Arc::clone(&services.market), Arc::clone(&services.hub));
    let node = Relay {
        shared: Shared::new("me".to_owned()),
        mirror: Arc::new(Mirror::new(board, hub, services.clock, Duration::from_secs(10))),
        venues: Arc::clone(&services.venues),
        feeds: Arc::clone(&services.feeds),
        keeps_log: services.storage.is_some(),
    };
    Arc::new(Services {
        config: Arc::clone(&services.config),
        clock: services.clock,
        site: services.site.clone(),
        market: Arc::clone(&services.market),
        hub: Arc::clone(&services.hub),
        follows: Arc::clone(&services.follows),
        rates: RateLimits::new(&services.config.limits),
        candles: Arc::clone(&services.candles),
        started: services.started,
        venues: Arc::clone(&services.venues),
        news: Arc::clone(&services.news),
        feeds: Arc::clone(&services.feeds),
        storage: services.storage.clone(),
        node: Some(Arc::new(node)),
        tokens: Arc::clone(&services.tokens),
        tasks: services.tasks.clone(),
        channels: Arc::clone(&services.channels),
        metrics: services.metrics.clone(),
    })
}
