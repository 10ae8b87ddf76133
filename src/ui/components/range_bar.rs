//! Where the price stands between the low and the high of the last 24 h.

use leptos::prelude::*;

use crate::ui::{asset_view::AssetView, format, reactive::memo};

const WIDTH: f64 = 112.0;
/// Half of the knob, which stays inside the bar at both ends.
const KNOB: f64 = 5.0;

/// A bar with a knob. Its words are for screen readers; the figures stand on the asset's page.
#[component]
pub fn RangeBar(asset: AssetView) -> impl IntoView {
    let view = asset.clone();
    let x =
        memo(move || view.figure(|t| position(t.price, t.low24h, t.high24h)).map(|p| KNOB + p * (WIDTH - 2.0 * KNOB)));
    let words = Signal::derive(move || {
        let digits = asset.decimals.get();
        let (low, high) = (asset.figure(|t| t.low24h), asset.figure(|t| t.high24h));
        format!("{} to {}", format::price(low, digits), format::price(high, digits))
    });
    view! {
        <span class="range" title=move || words.get()>
            <svg viewBox=format!("0 0 {WIDTH} 12") aria-hidden="true">
                <rect class="range-track" x="0" y="4" width=WIDTH.to_string() height="4" rx="2"/>
                <rect class="range-fill" x="0" y="4" height="4" rx="2" width=move || figure(x.get().unwrap_or(0.0))/>
                <circle
                    class="range-knob"
                    class:hidden=move || x.get().is_none()
                    cx=move || figure(x.get().unwrap_or(KNOB))
                    cy="6"
                    r="4.5"
                />
            </svg>
            <span class="sr-only">{words}</span>
        </span>
    }
    .into_any()
}

fn figure(x: f64) -> String {
    format!("{x:.1}")
}

/// 0 at the low, 1 at the high. A price outside counts as being at the end; no room between them is the middle.
fn position(price: f64, low: Option<f64>, high: Option<f64>) -> Option<f64> {
    let (low, high) = (low?, high?);
    let room = high - low;
    if !(price.is_finite() && room.is_finite() && room >= 0.0) {
        return None;
    }
    Some(if room > 0.0 { ((price - low) / room).clamp(0.0, 1.0) } else { 0.5 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_knob_stays_on_the_bar() {
        for (price, low, high, expected) in [
            (15.0, Some(10.0), Some(20.0), Some(0.5)),
            (5.0, Some(10.0), Some(20.0), Some(0.0)),
            (25.0, Some(10.0), Some(20.0), Some(1.0)),
            (10.0, Some(10.0), Some(10.0), Some(0.5)),
            (10.0, None, Some(10.0), None),
            (10.0, Some(20.0), Some(10.0), None),
            (f64::NAN, Some(10.0), Some(20.0), None),
        ] {
            assert_eq!(position(price, low, high), expected, "{price} {low:?} {high:?}");
        }
    }
}
