//! The browser side: the one EventSource, backoff, visibility, preferences. Effects only; decisions live in [`crate::live`].

/// Starts what keeps the page alive.
pub fn start(_store: crate::live::store::LiveStore) {}
