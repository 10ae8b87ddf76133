//! One page a file.

pub mod coin;
pub mod error;
pub mod home;
pub mod not_found;
pub mod status;
