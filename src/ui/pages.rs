//! One page a file.

pub mod coin;
pub mod error;
pub mod home;
pub mod news;
pub mod not_found;
pub mod status;
pub mod story;
