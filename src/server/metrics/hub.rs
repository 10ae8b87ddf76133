//! How messages are handed out, and what readers that come back are given.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::{Registry, Unit},
};

use super::Timing;
use crate::wire::news::GapReason;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BySource {
    source: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    reason: &'static str,
}

/// Where an event was read that a reader is given later than others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaySource {
    Memory,
    Store,
}

/// What the hub counts.
#[derive(Debug, Clone)]
pub struct HubMetrics {
    /// To encode one ticker and wake its readers.
    pub ticker_fan_out: Timing,
    /// To put entries of the log into memory and wake its readers.
    pub event_fan_out: Timing,
    from_memory: Counter,
    from_store: Counter,
    expired: Counter,
    restarted: Counter,
    fan_out: Family<ByKind, Timing, fn() -> Timing>,
    replayed: Family<BySource, Counter>,
    gaps: Family<ByReason, Counter>,
}

impl Default for HubMetrics {
    fn default() -> Self {
        let fan_out = Family::new_with_constructor(Timing::of_work as fn() -> Timing);
        let (replayed, gaps) = (Family::<BySource, Counter>::default(), Family::<ByReason, Counter>::default());
        Self {
            ticker_fan_out: fan_out.get_or_create_owned(&ByKind { kind: "ticker" }),
            event_fan_out: fan_out.get_or_create_owned(&ByKind { kind: "event" }),
            from_memory: replayed.get_or_create_owned(&BySource { source: "memory" }),
            from_store: replayed.get_or_create_owned(&BySource { source: "store" }),
            expired: gaps.get_or_create_owned(&ByReason { reason: "expired" }),
            restarted: gaps.get_or_create_owned(&ByReason { reason: "restarted" }),
            fan_out,
            replayed,
            gaps,
        }
    }
}

impl HubMetrics {
    /// Counts an event from before a reader came, or one that it was too late to take from memory.
    pub fn replayed(&self, source: ReplaySource) {
        match source {
            ReplaySource::Memory => self.from_memory.inc(),
            ReplaySource::Store => self.from_store.inc(),
        };
    }

    /// Counts that a reader was told of entries that it can't have.
    pub fn gap(&self, reason: GapReason) {
        match reason {
            GapReason::Expired => self.expired.inc(),
            GapReason::Restarted => self.restarted.inc(),
        };
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let fan_out = "Time to encode a message and wake everybody who wants it";
        registry.register_with_unit("fan_out_duration", fan_out, Unit::Seconds, self.fan_out.clone());
        let replayed = "Events that readers were given later than others, by where they were read";
        registry.register("events_replayed", replayed, self.replayed.clone());
        let gaps = "Gaps that readers were told of: events that can't be replayed";
        registry.register("gaps", gaps, self.gaps.clone());
    }
}
