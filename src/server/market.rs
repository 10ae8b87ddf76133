//! One market: a task owns the state, readers take cheap snapshots, aggregation and freshness are pure functions.

pub mod aggregate;
pub mod board;
pub mod candle_service;
pub mod candles;
mod coalesce;
pub mod freshness;
mod rounding;
pub mod spark;
pub mod spark_loader;
pub mod state;
pub mod task;
mod ticker;

#[cfg(test)]
pub(in crate::server) mod fixture;
