//! A change in percent: sign, arrow and color.

use leptos::prelude::*;

use crate::ui::{
    asset_view::AssetView,
    format::{self, Direction},
};

use crate::ui::reactive::memo;

/// The 24 h change of an asset. `plain` draws it without a background.
#[component]
pub fn ChangeBadge(asset: AssetView, #[prop(optional)] plain: bool) -> impl IntoView {
    let percent = memo(move || asset.percent());
    let direction = move || Direction::of(percent.get());
    let shape = if plain { "change" } else { "change badge" };
    view! {
        <span class=move || format!("{shape} {}", direction().class())>
            <span class="arrow" aria-hidden="true">{move || direction().arrow().to_owned()}</span>
            <span>{move || format::percent(percent.get())}</span>
        </span>
    }
    .into_any()
}
