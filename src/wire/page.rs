//! What a page starts with: serialised once into the first HTML and read back at hydration.

use serde::{Deserialize, Serialize};

use super::news::NewsSnapshot;
use crate::model::{asset::AssetInfo, symbol::Symbol, ticker::Ticker, time::UnixMs, venue::VenueInfo};

/// What does not change while the server runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteInfo {
    pub version: String,
    /// The prices come from the built-in simulator. Every page says so.
    pub simulated: bool,
    /// The assets of the strip, unless the visitor chose others.
    pub strip: Vec<Symbol>,
    /// Every asset that is followed, in the order of the homepage.
    pub assets: Vec<AssetInfo>,
    /// Every enabled venue, in the registry's order.
    pub venues: Vec<VenueInfo>,
    /// A venue further than this from the median is left out, in percent.
    pub outlier_pct: f64,
    /// …until it is back within this, in percent.
    pub outlier_return_pct: f64,
    /// Seconds without data after which a quote is quiet.
    pub quiet_after_s: f64,
    /// Seconds without data after which a quote is stale.
    pub stale_after_s: f64,
}

impl SiteInfo {
    /// A site that follows nothing, with the default thresholds: what a page is made of while there is no server to
    /// ask.
    pub fn empty() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            simulated: false,
            strip: Vec::new(),
            assets: Vec::new(),
            venues: Vec::new(),
            outlier_pct: 2.0,
            outlier_return_pct: 1.0,
            quiet_after_s: 10.0,
            stale_after_s: 60.0,
        }
    }
}

/// The state of the market at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageSnapshot {
    pub site: SiteInfo,
    /// The server's clock when the snapshot was taken.
    pub at: UnixMs,
    /// The ticker of every asset that has a price, in the order of `site.assets`.
    pub tickers: Vec<Ticker>,
    /// The last 24 h of every asset that has a history.
    pub sparks: Vec<Spark>,
    pub news: NewsSnapshot,
}

/// The course of a price, for a sparkline: evenly spaced closes, oldest first; the last one is still moving.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spark {
    pub symbol: Symbol,
    /// Start of the interval of the first point.
    pub start: UnixMs,
    /// Distance of two points, in milliseconds.
    pub step_ms: i64,
    /// At most [`SPARK_POINTS`] closing prices.
    pub closes: Vec<f64>,
}

/// Points of a full sparkline: 24 h in steps of 30 minutes.
pub const SPARK_POINTS: usize = 48;
/// Distance of two points of a sparkline, in milliseconds.
pub const SPARK_STEP_MS: i64 = 1_800_000;
