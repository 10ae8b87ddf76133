//! HTTP out: one endpoint a file, the layers in one place.
pub mod pages;
