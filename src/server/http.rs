//! HTTP out: one endpoint a file, the layers in one place.

pub mod address;
pub mod cors;
pub mod error;
mod health;
mod live;
pub mod page_news;
pub mod pages;
mod price;
mod query;
pub mod rate_limit;
mod ready;
mod realtime;
pub mod router;
pub mod stall;
mod symbols;

#[cfg(test)]
mod tests;
