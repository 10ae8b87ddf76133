//! Server functions: the questions a page asks. Signatures serve both sides; the bodies call a service of the server.

pub mod error;
pub mod get_candles;
pub mod get_status;
pub mod get_stories;
pub mod get_story;
pub mod get_tickers;
