//! HTTP out: one endpoint a file, the layers in one place.

pub mod address;
pub mod cors;
pub mod error;
mod event_query;
mod health;
mod last_event_id;
mod live;
mod news;
mod news_query;
mod openapi;
pub mod page_news;
pub mod pages;
mod price;
mod query;
pub mod rate_limit;
mod ready;
mod realtime;
pub mod router;
mod rss;
mod sources;
mod sse;
pub mod stall;
mod symbols;
mod validator;

#[cfg(test)]
mod tests;
