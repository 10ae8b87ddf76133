//! The server: venues in, one market and one hub in the middle, HTTP out.

pub mod access;
pub mod channels;
pub mod client;
pub mod clock;
pub mod config;
pub mod demand;
pub mod event;
pub mod follows;
pub mod http;
pub mod hub;
pub mod market;
pub mod metrics;
pub mod news;
pub mod rate;
pub mod relay;
pub mod services;
pub mod shutdown;
pub mod simulator;
pub mod startup;
pub mod storage;
pub mod telemetry;
pub mod uptake;
pub mod venues;
