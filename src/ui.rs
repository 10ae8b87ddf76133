//! What people see.

pub mod asset_view;
pub mod audit;
pub mod components;
pub mod format;
pub mod pages;
pub mod reactive;
pub mod response;
pub mod sorted;
pub mod story_load;
pub mod story_query;
