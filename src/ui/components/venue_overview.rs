//! The venues at a glance, beside the table.

use leptos::prelude::*;

use super::freshness_dot::FreshnessDot;
use crate::{
    live::store::LiveStore,
    model::{
        freshness::Freshness,
        venue::{Venue, VenueInfo},
    },
    ui::{audit::Mark, format, reactive::memo},
};

/// What a venue contributes over all assets.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    /// The best that any of its quotes is.
    freshness: Freshness,
    /// Assets whose price it takes part in.
    used: usize,
    /// Its mean weight over the assets that have a price.
    weight: f64,
}

/// Each venue with its state, the number of prices it takes part in, and its mean weight.
#[component]
pub fn VenueOverview() -> impl IntoView {
    let store = LiveStore::expect();
    let rows = store.site().venues.clone().into_iter().map(|info| view! { <VenuePart info/> }).collect_view();
    view! {
        <section class="card" aria-labelledby="venues">
            <div class="card-head">
                <h2 id="venues">"Venues"</h2>
                <p class="muted">"assets priced, mean weight"</p>
            </div>
            <ul class="venue-parts">{rows}</ul>
            <p class="note">
                "Each price is the mean of the venues, weighted by volume and age. Open an asset to check the arithmetic, or see the "
                <a href="/status">"connections"</a>
                "."
            </p>
        </section>
    }
    .into_any()
}

#[component]
fn VenuePart(info: VenueInfo) -> impl IntoView {
    let store = LiveStore::expect();
    let assets = store.site().assets.len();
    let part = {
        let (now, link) = (store.now(), store.link());
        memo(move || {
            now.track();
            let mut part = part(&store, info.venue);
            if link.get().cuts_off() {
                part.freshness = Freshness::Down;
            }
            part
        })
    };
    let share = Signal::derive(move || format::share(Some(part.get().weight), 0));
    view! {
        <li>
            <FreshnessDot mark=Signal::derive(move || Mark::from(part.get().freshness))/>
            <b>{info.title}</b>
            <span class="muted">{move || format!("{}/{assets}", part.get().used)}</span>
            <svg class="weight-bar" viewBox="0 0 64 6" preserveAspectRatio="none" aria-hidden="true">
                <rect class="weight-track" width="64" height="6" rx="3"/>
                <rect class="weight-fill" height="6" rx="3" width=move || format!("{:.1}", part.get().weight * 64.0)/>
            </svg>
            <span class="figure">{share}</span>
        </li>
    }
    .into_any()
}

fn part(store: &LiveStore, venue: Venue) -> Part {
    let mut part = Part { freshness: Freshness::Down, used: 0, weight: 0.0 };
    let mut priced = 0_u32;
    for asset in &store.site().assets {
        let Some(ticker) = store.asset(asset.symbol).and_then(|a| a.ticker.get_untracked()) else { continue };
        priced += 1;
        if let Some(quote) = ticker.venues.iter().find(|v| v.venue == venue) {
            part.freshness = part.freshness.max(quote.freshness);
            part.used += usize::from(quote.used);
            part.weight += quote.weight;
        }
    }
    part.weight /= f64::from(priced.max(1));
    part
}
