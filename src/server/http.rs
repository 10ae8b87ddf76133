//! HTTP out: one endpoint a file, the layers in one place.

pub mod address;
mod allowance;
mod amend;
pub mod body;
pub mod browser_policy;
pub mod caller;
mod channels;
pub mod cors;
mod docs;
pub mod error;
mod event_query;
mod health;
mod lapse;
mod last_event_id;
mod live;
pub mod measure;
mod metered;
mod metrics;
mod news;
mod news_query;
mod openapi;
#[cfg(target_os = "linux")]
mod outstanding;
pub mod page_news;
pub mod pages;
mod price;
mod query;
pub mod rate_limit;
mod ready;
mod realtime;
mod refusal;
mod refused;
pub mod router;
mod rss;
pub mod serve;
mod socketio;
mod sources;
mod sse;
pub mod stall;
mod stats;
mod symbols;
mod validator;
mod websocket;

#[cfg(test)]
mod tests;
