//! A change in percent: sign, arrow and color.

use leptos::prelude::*;

use crate::ui::{
    asset_view::AssetView,
    format::{self, Direction},
};

/// The 24 h change of an asset. `plain` draws it without a background.
#[component]
pub fn ChangeBadge(asset: AssetView, #[prop(optional)] plain: bool) -> impl IntoView {
    let percent = Memo::new(move |_| {
        let percent = asset.percent();
        (Direction::of(percent), format::percent(percent))
    });
    let shape = if plain { "change" } else { "change badge" };
    view! {
        <span class=move || format!("{shape} {}", percent.get().0.class())>
            <span class="arrow" aria-hidden="true">{move || percent.get().0.arrow()}</span>
            <span>{move || percent.get().1}</span>
        </span>
    }
    .into_any()
}
