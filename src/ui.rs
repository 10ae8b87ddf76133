//! What people see.

pub mod components;
pub mod format;
pub mod pages;
