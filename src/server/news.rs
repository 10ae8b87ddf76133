//! News: feeds in, stories out.
//!
//! | room | does |
//! |---|---|
//! | [`feeds`] | fetches politely, parses, cleans: bytes of hostile feeds become [`item::Item`]s |
//! | [`stories`] | finds the story that an item belongs to; pure |
//! | [`breaking`] | decides whether a story is breaking, and why; pure |
//! | [`reactions`] | how prices moved after a story's first report |
//! | [`task`] | joins them: places, judges, stores, publishes |
//! | [`desk`] | what pages and endpoints ask, from memory |
//!
//! Data walks one way: feeds → task → storage → hub.

pub mod breaking;
pub mod desk;
pub mod feeds;
pub mod item;
pub mod reactions;
pub mod record;
pub mod source;
pub mod stories;
pub mod task;
