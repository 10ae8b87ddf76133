//! The browser's live store: events in, one signal per asset out. Pure, and tested natively.

pub mod link;
pub mod preferences;
pub mod store;
