//! The course of the last 24 h as a small line.

use std::fmt::Write;

use leptos::prelude::*;

use crate::{
    live::store::LiveStore,
    model::{ticker::Ticker, time::UnixMs},
    ui::{asset_view::AssetView, format::Direction, reactive::memo},
    wire::page::{SPARK_POINTS, Spark},
};

const WIDTH: f64 = 112.0;
const HEIGHT: f64 = 32.0;
/// Room for the line's own width.
const MARGIN: f64 = 2.5;

/// A line that grows: redrawn once a second, with the current price as its last point.
#[component]
pub fn Sparkline(asset: AssetView) -> impl IntoView {
    let now = LiveStore::expect().now();
    let signals = asset.signals.clone();
    let line = memo(move || {
        // The clock paces the drawing: a price that changes twenty times a second needs no twenty lines.
        now.track();
        let spark = signals.spark.get()?;
        let ticker = signals.ticker.get_untracked();
        polyline(&course(&spark, ticker.as_deref()))
    });
    let class = move || format!("sparkline {}", Direction::of(asset.percent()).class());
    view! {
        <svg class=class viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
            <polygon points=move || line.get().map(|l| area(&l)).unwrap_or_default()/>
            <polyline points=move || line.get().unwrap_or_default()/>
        </svg>
    }
    .into_any()
}

/// The closes with the current price as the last point, at most [`SPARK_POINTS`].
fn course(spark: &Spark, ticker: Option<&Ticker>) -> Vec<f64> {
    let mut closes = spark.closes.clone();
    let Some(ticker) = ticker else { return closes };
    match last_index(spark, ticker.timestamp) {
        Some(index) if index < closes.len() => {
            if let (true, Some(last)) = (index + 1 == closes.len(), closes.last_mut()) {
                *last = ticker.price;
            }
        }
        // Not filled up: a gap of more than a point is drawn as one step.
        Some(_) => closes.push(ticker.price),
        None => {}
    }
    closes.drain(..closes.len().saturating_sub(SPARK_POINTS));
    closes
}

/// Which point `time` belongs to.
fn last_index(spark: &Spark, time: UnixMs) -> Option<usize> {
    usize::try_from(time.since(spark.start).checked_div_euclid(spark.step_ms)?).ok()
}

/// SVG points of a course, scaled to its own extremes. `None` below two points.
fn polyline(closes: &[f64]) -> Option<String> {
    if closes.len() < 2 || closes.iter().any(|c| !c.is_finite()) {
        return None;
    }
    let low = closes.iter().copied().fold(f64::INFINITY, f64::min);
    let high = closes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let room = high - low;
    let step = WIDTH / f64::from(u32::try_from(closes.len() - 1).ok()?);
    let mut points = String::with_capacity(closes.len() * 11);
    let mut x = 0.0;
    for close in closes {
        let height = if room > 0.0 { (close - low) / room } else { 0.5 };
        let y = HEIGHT - MARGIN - height * (HEIGHT - 2.0 * MARGIN);
        // Writing into a string can't fail.
        let _ = write!(points, "{x:.1},{y:.1} ");
        x += step;
    }
    points.truncate(points.trim_end().len());
    Some(points)
}

/// The line closed along the bottom.
fn area(line: &str) -> String {
    format!("0,{HEIGHT} {line} {WIDTH},{HEIGHT}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{freshness::Freshness, symbol::Symbol};

    fn spark(closes: &[f64]) -> Spark {
        Spark { symbol: Symbol::parse("BTC").expect("symbol"), start: UnixMs(0), step_ms: 10, closes: closes.to_vec() }
    }

    fn ticker(timestamp: i64) -> Ticker {
        Ticker {
            symbol: Symbol::parse("BTC").expect("symbol"),
            quote: "USDT".to_owned(),
            price: 9.0,
            change24h: None,
            change_percent24h: None,
            high24h: None,
            low24h: None,
            volume24h: None,
            volume_quote24h: None,
            timestamp: UnixMs(timestamp),
            received_at: UnixMs(timestamp),
            sources: 1,
            freshness: Freshness::Live,
            agree: true,
            dispersion: None,
            venues: Vec::new(),
        }
    }

    #[test]
    fn the_last_point_is_the_price_of_now() {
        let spark = spark(&[1.0, 2.0, 3.0]);
        for (timestamp, expected) in [
            (25, vec![1.0, 2.0, 9.0]),
            (30, vec![1.0, 2.0, 3.0, 9.0]),
            (500, vec![1.0, 2.0, 3.0, 9.0]),
            (5, vec![1.0, 2.0, 3.0]),
            (-5, vec![1.0, 2.0, 3.0]),
        ] {
            assert_eq!(course(&spark, Some(&ticker(timestamp))), expected, "{timestamp}");
        }
        assert_eq!(course(&spark, None), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_course_is_never_longer_than_a_day() {
        let full = spark(&[1.0; SPARK_POINTS]);
        let course = course(&full, Some(&ticker(10_000)));
        assert_eq!((course.len(), course.last()), (SPARK_POINTS, Some(&9.0)));
    }

    #[test]
    fn lines_stay_inside_their_box() {
        assert_eq!(polyline(&[1.0, 3.0, 2.0]).as_deref(), Some("0.0,29.5 56.0,2.5 112.0,16.0"));
        assert_eq!(polyline(&[2.0, 2.0]).as_deref(), Some("0.0,16.0 112.0,16.0"));
        assert_eq!(polyline(&[2.0]), None);
        assert_eq!(polyline(&[2.0, f64::NAN]), None);
    }
}
