//! The browser's live store: events in, one signal per asset out. Pure, and tested natively.

pub mod backoff;
pub mod clock;
pub mod link;
pub mod message;
pub mod news;
pub mod permission;
pub mod preferences;
pub mod session;
pub mod spark;
pub mod store;
