//! What was stored and what went wrong since the start, for the monitors.

use std::collections::BTreeMap;

use super::error::{Outcome, StorageError};
use crate::server::event::{EventKind, LogEvent};

/// Work of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Read,
    Write,
}

impl Operation {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Sums since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageCounts {
    /// Entries of the log that are on the disk, by their kind: every kind.
    pub events: BTreeMap<&'static str, u64>,
    /// What failed, and by which [error](StorageError::key).
    pub errors: BTreeMap<(Operation, &'static str), u64>,
}

impl Default for StorageCounts {
    fn default() -> Self {
        Self { events: EventKind::ALL.iter().map(|kind| (kind.as_str(), 0)).collect(), errors: BTreeMap::new() }
    }
}

impl StorageCounts {
    pub(super) fn stored(&mut self, kinds: impl IntoIterator<Item = EventKind>) {
        for kind in kinds {
            *self.events.entry(kind.as_str()).or_default() += 1;
        }
    }

    pub(super) fn ended<T>(&mut self, operation: Operation, outcome: &Outcome<T>) {
        if let Err(error) = outcome {
            *self.errors.entry((operation, StorageError::key(error))).or_default() += 1;
        }
    }
}

pub(super) fn kinds(events: &[LogEvent]) -> Vec<EventKind> {
    events.iter().map(|event| event.draft.kind).collect()
}
