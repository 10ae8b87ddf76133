//! The audit of a price: what every venue says, what it weighs, and why.

use leptos::prelude::*;

use super::freshness_dot::FreshnessDot;
use crate::{
    live::store::LiveStore,
    model::{freshness::Freshness, ticker::VenueQuote, venue::VenueInfo},
    ui::{
        asset_view::AssetView,
        audit::{self, Mark},
        components::venue_marks::sources,
        format,
        reactive::memo,
    },
    wire::page::SiteInfo,
};

/// The table of venues. Roles are written out because on a phone the rows become blocks.
#[component]
pub fn VenueBreakdown(asset: AssetView) -> impl IntoView {
    let store = LiveStore::expect();
    let site = store.site().clone();
    let total = site.venues.len();
    let used = {
        let asset = asset.clone();
        Signal::derive(move || sources(&asset))
    };
    let rows =
        site.venues.clone().into_iter().map(|info| view! { <VenueRow asset=asset.clone() info/> }).collect_view();
    let agree = move || asset.figure(|t| (!t.agree).then_some(())).is_none();
    view! {
        <section class="card" aria-labelledby="audit">
            <div class="card-head">
                <h2 id="audit">"How this price is made"</h2>
                <p class="muted"><span data-testid="source-count">{used}</span>{format!(" of {total} venues used")}</p>
            </div>
            <p class="notice" class:hidden=agree>
                {format!(
                    "The two venues left differ by more than {}%. Nobody can say which one is right, so both stay in the price.",
                    format::plain(site.outlier_pct),
                )}
            </p>
            <table class="venue-table" role="table">
                <thead role="rowgroup">
                    <tr role="row">
                        <th role="columnheader" scope="col">"Venue"</th>
                        <th role="columnheader" scope="col">"Price"</th>
                        <th role="columnheader" scope="col">"From median"</th>
                        <th role="columnheader" scope="col">"Weight"</th>
                        <th role="columnheader" scope="col">"Volume"</th>
                        <th role="columnheader" scope="col">"Age"</th>
                        <th role="columnheader" scope="col">"Latency"</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
            <p class="note">{rule(&site)}</p>
        </section>
    }
    .into_any()
}

#[component]
fn VenueRow(asset: AssetView, info: VenueInfo) -> impl IntoView {
    let store = LiveStore::expect();
    let site = store.site().clone();
    let now = store.now();
    let venue = info.venue;
    let symbol = asset.symbol();
    let quote = {
        let asset = asset.clone();
        memo(move || asset.figure(|t| t.venues.iter().find(|v| v.venue == venue).cloned()))
    };
    let digits = asset.decimals;
    let median = memo(move || asset.figure(audit::median));
    // While nothing reaches the page, nothing is known of a venue either.
    let cut_off = memo(move || store.link().get().cuts_off());
    let mark = Signal::derive(move || {
        if cut_off.get() { Mark::Down } else { quote.with(|q| q.as_ref().map_or(Mark::Down, Mark::from)) }
    });
    let words = Signal::derive(move || {
        if cut_off.get() {
            return "not known: this page is cut off".to_owned();
        }
        quote.with(|q| {
            q.as_ref().map_or_else(|| "no data yet".to_owned(), |q| audit::state_words(q, median.get(), &site))
        })
    });
    let read = move |f: fn(&VenueQuote) -> Option<f64>| quote.with(|q| q.as_ref().and_then(f));
    let weight = move || read(|q| Some(q.weight));
    let age = Signal::derive(move || {
        let received = quote.with(|q| q.as_ref().and_then(|q| q.received_at));
        received.map_or_else(|| format::UNKNOWN.to_owned(), |at| format::age(now.get().since(at)))
    });
    let latency = Signal::derive(move || {
        let ms = quote.with(|q| q.as_ref().and_then(audit::latency_ms));
        ms.map_or_else(|| format::UNKNOWN.to_owned(), format::span)
    });
    let distance = Signal::derive(move || match audit::distance_pct(read(|q| q.price), median.get()) {
        // Basis points are two decimals of a percent; venues agree within a few.
        Some(distance) => format!("{}%", format::signed(Some(distance), 3)),
        None => format::UNKNOWN.to_owned(),
    });
    let freshness = move || quote.with(|q| q.as_ref().map_or(Freshness::Down, |q| q.freshness)).as_str();
    view! {
        <tr
            role="row"
            data-testid="venue-row"
            data-venue=venue.to_string()
            data-freshness=move || if cut_off.get() { Freshness::Down.as_str() } else { freshness() }.to_owned()
            class:is-dim=move || quote.with(|q| !q.as_ref().is_some_and(|q| q.used))
        >
            <th role="rowheader" scope="row">
                <b>{info.title}</b>
                <span class="state"><FreshnessDot mark silent=true/><span>{words}</span></span>
            </th>
            <td role="cell" data-label="Price"><span class="figure">{move || format::price(read(|q| q.price), digits.get())}</span></td>
            <td role="cell" data-label="From median"><span class="figure">{distance}</span></td>
            <td role="cell" data-label="Weight">
                <span class="weight">
                    <svg class="weight-bar" viewBox="0 0 64 6" preserveAspectRatio="none" aria-hidden="true">
                        <rect class="weight-track" width="64" height="6" rx="3"/>
                        <rect class="weight-fill" height="6" rx="3" width=move || format!("{:.1}", weight().unwrap_or(0.0) * 64.0)/>
                    </svg>
                    <span class="figure">{move || format::share(weight(), 1)}</span>
                </span>
            </td>
            <td role="cell" data-label="Volume">
                <span class="figure">{move || format::compact(read(|q| q.volume24h))}</span>
                <small>{format!(" {symbol}")}</small>
            </td>
            <td role="cell" data-label="Age"><span class="figure">{age}</span></td>
            <td role="cell" data-label="Latency"><span class="figure">{latency}</span></td>
        </tr>
    }
    .into_any()
}

/// The rule in a sentence, with the thresholds in force.
fn rule(site: &SiteInfo) -> String {
    format!(
        "A venue weighs as much as its 24 h volume in the base asset, less what its age takes away after {} s without news. \
         With three or more venues, one that is more than {}% from their median is left out until it is back within {}%. \
         After {} s without data, or at once when its connection is lost, a venue is not used.",
        format::plain(site.quiet_after_s),
        format::plain(site.outlier_pct),
        format::plain(site.outlier_return_pct),
        format::plain(site.stale_after_s),
    )
}
