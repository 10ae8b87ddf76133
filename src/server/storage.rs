//! The embedded database.

pub mod batch;
pub mod query;
