//! News: feeds in, stories out.
//!
//! | room | does |
//! |---|---|
//! | [`feeds`] | fetches politely, parses, cleans: bytes of hostile feeds become [`item::Item`]s |
//! | [`stories`] | finds the story that an item belongs to; pure |
//! | [`breaking`] | decides whether a story is breaking, and why; pure |
//! | [`reactions`] | how prices moved after a story's first report |
//! | [`editor`] | decides what becomes of an item; pure |
//! | [`task`] | joins them |
//! | [`press`], [`stand`] | stores, then publishes; puts the newest stories out |
//! | [`desk`] | what pages and endpoints ask, from memory |
//!
//! Data walks one way: feeds → task → storage → hub.

mod active;
pub mod breaking;
mod bulletin;
pub mod desk;
mod editor;
pub mod feeds;
mod front;
pub mod item;
mod lookup;
mod patience;
pub mod press;
pub mod prices;
pub mod reactions;
pub mod record;
mod shelf;
pub mod source;
pub mod stand;
pub mod stories;
pub mod task;
