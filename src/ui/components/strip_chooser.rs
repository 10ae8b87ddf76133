//! Which assets the strip shows.

use leptos::prelude::*;

use super::{
    asset_mark::AssetMark,
    icon::{Glyph, Icon},
};
use crate::{live::store::LiveStore, model::asset::AssetInfo, ui::reactive::memo};

/// A button that opens a list of all assets. The choice is remembered.
#[component]
pub fn StripChooser() -> impl IntoView {
    let store = LiveStore::expect();
    let preferences = store.preferences();
    let options = store.site().assets.clone().into_iter().map(|info| view! { <Choice info/> }).collect_view();
    let unchanged = {
        let preferences = preferences.clone();
        move || !preferences.strip_is_chosen()
    };
    view! {
        <button
            type="button"
            class="icon-button chooser-button needs-script"
            popovertarget="strip-chooser"
            aria-label="Choose the assets of the strip"
            data-testid="strip-chooser"
        >
            <Icon glyph=Glyph::Choose/>
        </button>
        <div id="strip-chooser" class="popover chooser" popover="auto" data-testid="strip-choices">
            <fieldset>
                <legend>"Assets on the strip"</legend>
                <div class="choices">{options}</div>
            </fieldset>
            <div class="popover-foot">
                <button type="button" class="button" disabled=unchanged on:click=move |_| preferences.reset_strip()>
                    "Reset"
                </button>
                <button type="button" class="button primary" popovertarget="strip-chooser" popovertargetaction="hide">
                    "Done"
                </button>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Choice(info: AssetInfo) -> impl IntoView {
    let preferences = LiveStore::expect().preferences();
    let symbol = info.symbol;
    let chosen = {
        let strip = preferences.strip.clone();
        memo(move || strip.with(|s| s.contains(&symbol)))
    };
    // The last one stays: a strip without assets says nothing.
    let last = {
        let strip = preferences.strip.clone();
        move || chosen.get() && strip.with(Vec::len) == 1
    };
    view! {
        <label class="choice">
            <input
                type="checkbox"
                value=symbol.to_string()
                checked=chosen.get_untracked()
                prop:checked=chosen
                disabled=last
                on:change=move |_| preferences.toggle(symbol)
            />
            <AssetMark info/>
            <span>{symbol.to_string()}</span>
        </label>
    }
}
