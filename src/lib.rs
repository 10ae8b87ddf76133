//! Market Pulse: live market prices from several exchanges, made into one price per asset that anyone can audit,
//! and served as pages and as streams.
//!
//! The crate has three zones, gated here and nowhere else:
//!
//! | zone | feature | rooms |
//! |---|---|---|
//! | shared by server and browser | both | [`model`], [`wire`], [`api`], [`live`], [`ui`], [`app`] |
//! | server only | `ssr` | [`server`] |
//! | browser only | `hydrate` | `browser` |
//!
//! Data walks one way: venues → market → hub → pages and streams, and feeds → stories → storage → hub.

// Deeply nested views make deeply nested types.
#![recursion_limit = "512"]

pub mod api;
pub mod app;
pub mod live;
pub mod model;
pub mod ui;
pub mod wire;

#[cfg(feature = "hydrate")]
pub mod browser;
#[cfg(feature = "ssr")]
pub mod server;

/// Starts the page in the browser. Called by the script that the shell puts into every page.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
