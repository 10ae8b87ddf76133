//! What the market is made of. Plain values, shared by the server and the browser; no I/O, no clock.

pub mod article;
pub mod asset;
pub mod candle;
pub mod freshness;
pub mod number;
pub mod story;
pub mod symbol;
pub mod ticker;
pub mod time;
pub mod time_ago;
pub mod venue;
