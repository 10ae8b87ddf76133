//! The round mark of an asset.

use leptos::prelude::*;

use crate::model::asset::AssetInfo;

/// A disc in the asset's color with its first character. Says nothing that the name beside it does not say.
#[component]
pub fn AssetMark(info: AssetInfo) -> impl IntoView {
    let letter = info.symbol.as_str().chars().take(1).collect::<String>();
    view! {
        <svg class="asset-mark" viewBox="0 0 32 32" aria-hidden="true">
            <circle cx="16" cy="16" r="16" fill=info.color/>
            <text x="16" y="21" text-anchor="middle" fill="#fff">{letter}</text>
        </svg>
    }
    .into_any()
}
