//! Which venues make a price, in a few pixels.

use leptos::prelude::*;

use crate::{
    live::store::LiveStore,
    model::{freshness::Freshness, venue::VenueInfo},
    ui::{asset_view::AssetView, audit::Mark, reactive::memo},
};

/// One letter for each venue, with its state as a shape: filled, ringed, dashed, crossed out.
#[component]
pub fn VenueMarks(asset: AssetView) -> impl IntoView {
    let store = LiveStore::expect();
    let marks = store.site().venues.clone().into_iter().map(|info| mark(&asset, info)).collect_view();
    let total = store.site().venues.len();
    view! {
        <span class="venue-marks">
            {marks}
            <span class="sr-only">
                <span data-testid="source-count">{move || sources(&asset)}</span>
                {format!(" of {total} venues used")}
            </span>
        </span>
    }
}

fn mark(asset: &AssetView, info: VenueInfo) -> AnyView {
    let asset = asset.clone();
    let state = memo(move || {
        if asset.freshness.get() == Freshness::Down {
            return Mark::Down;
        }
        asset.figure(|t| t.venues.iter().find(|v| v.venue == info.venue).map(Mark::from)).unwrap_or(Mark::Down)
    });
    let title = move || format!("{}: {}", info.title, state.get().word());
    view! {
        <span class=move || format!("venue-mark mark-{}", state.get().class()) title=title aria-hidden="true">
            {info.mark.to_string()}
        </span>
    }
    .into_any()
}

/// The number of venues used; a dash before the first price.
pub fn sources(asset: &AssetView) -> String {
    asset.figure(|t| Some(t.sources.to_string())).unwrap_or_else(|| crate::ui::format::UNKNOWN.to_owned())
}
