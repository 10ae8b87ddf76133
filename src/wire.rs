//! What travels: the shapes of the public contract and of the pages' own snapshot. Encoding and decoding only.

pub mod channels;
pub mod error;
pub mod event_stream;
pub mod fields;
pub mod first_html;
pub mod json;
pub mod news;
pub mod page;
pub mod realtime;
pub mod rest;
pub mod socket;
pub mod socketio;
pub mod sse;
pub mod status;
