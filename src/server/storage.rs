//! The embedded database.

pub mod batch;
pub mod cursor;
pub mod error;
pub mod query;
pub mod retention;
