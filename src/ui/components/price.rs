//! A price that flashes when it moves.

use std::time::Duration;

use leptos::prelude::*;

use crate::ui::{asset_view::AssetView, format};

/// How long a change washes the figure.
const FLASH: Duration = Duration::from_millis(400);

/// The asset's price. `testid` is a hook for tests; `class` decides its size and room.
#[component]
pub fn Price(
    asset: AssetView,
    #[prop(optional, into)] class: &'static str,
    #[prop(optional, into)] testid: Option<&'static str>,
) -> impl IntoView {
    let flash = flash_class(&asset);
    let width = {
        let asset = asset.clone();
        move || width_class(&asset.price_text())
    };
    let fresh = asset.freshness;
    let dim = move || if fresh.get().usable() { "" } else { "is-dim" };
    view! {
        <span
            class=move || format!("price {class} {} {} {}", width(), flash.get(), dim())
            data-testid=testid
        >
            {move || asset.price_text()}
        </span>
    }
    .into_any()
}

/// The class of the wash: none, or up or down. Two of each, so that a second move in one direction starts it anew.
fn flash_class(asset: &AssetView) -> RwSignal<&'static str> {
    let class = RwSignal::new("");
    let asset = asset.clone();
    let ending = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |before: Option<(Option<f64>, bool)>| {
        let price = asset.figure(|t| Some(t.price));
        let (last, odd) = before.unwrap_or((None, false));
        let step = last.zip(price).map_or(0.0, |(last, price)| price - last);
        if step == 0.0 {
            return (price, odd);
        }
        class.set(match (step > 0.0, odd) {
            (true, false) => "flash-up",
            (true, true) => "flash-up flash-again",
            (false, false) => "flash-down",
            (false, true) => "flash-down flash-again",
        });
        if let Some(earlier) = ending.get_value() {
            earlier.clear();
        }
        let end = move || {
            // The component may be gone by then; there is nothing to clear away in that case.
            let _gone = class.try_set("");
        };
        ending.set_value(set_timeout_with_handle(end, FLASH).ok());
        (price, !odd)
    });
    class
}

/// Room for a figure, so that nothing beside it moves while its digits change. All digits have one width; a comma or
/// a point has less than half of it.
fn width_class(figure: &str) -> &'static str {
    let digits = figure.chars().filter(char::is_ascii_digit).count();
    let marks = figure.chars().count() - digits;
    match digits + marks.div_ceil(2) {
        0..=5 => "min-w-[5ch]",
        6 => "min-w-[6ch]",
        7 => "min-w-[7ch]",
        8 => "min-w-[8ch]",
        9 => "min-w-[9ch]",
        10 => "min-w-[10ch]",
        11 => "min-w-[11ch]",
        _ => "min-w-[13ch]",
    }
}

/// Since when a price that is no longer fresh stands still. Empty while it is fresh.
#[component]
pub fn Since(asset: AssetView) -> impl IntoView {
    let now = crate::live::store::LiveStore::expect().now();
    view! {
        <small class="since">
            {move || {
                if asset.freshness.get().usable() {
                    return None;
                }
                let at = asset.figure(|t| Some(t.received_at))?;
                Some(format!("{} ago", format::age(now.get().since(at))))
            }}
        </small>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_does_not_depend_on_which_digits() {
        assert_eq!(width_class("67,412.35"), width_class("11,111.11"));
        assert_eq!(width_class("67,412.35"), "min-w-[8ch]");
        assert_eq!(width_class("0.000007213"), "min-w-[11ch]");
        assert_eq!(width_class("—"), "min-w-[5ch]");
    }
}
