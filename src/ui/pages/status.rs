//! `/status`: the connections, and the server itself.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use crate::{
    api::{error::ApiError, get_status::get_status},
    live::store::LiveStore,
    ui::{
        components::{
            feed_table::FeedTable,
            venue_status::{Fact, VenueStatusCard},
        },
        format,
        reactive::effect,
    },
    wire::{
        first_html,
        status::{ConnectionState, StatusReport},
    },
};

/// How often the browser asks again.
const EVERY: Duration = Duration::from_secs(2);

/// The status page. Its first HTML carries the report.
#[component]
pub fn StatusPage() -> impl IntoView {
    let store = LiveStore::expect();
    let report = RwSignal::new(first_html::carry(report_of_request));
    // Why the last question had no answer.
    let failure = RwSignal::new(None::<ApiError>);
    keep_asking(report, failure);
    let fresh = Signal::derive(move || failure.with(Option::is_none) && report.with(Option::is_some));
    let summary =
        Signal::derive(move || report.with(|r| r.as_ref().map_or_else(|| "Asking the server…".to_owned(), summary)));
    let read = move |f: fn(&StatusReport) -> String| {
        Signal::derive(move || report.with(|r| r.as_ref().map_or_else(|| format::UNKNOWN.to_owned(), f)))
    };
    let cards = store.site().venues.clone().into_iter();
    let cards = cards.map(|info| view! { <VenueStatusCard info report fresh/> }).collect_view();
    view! {
        <Title text="Status · Market Pulse"/>
        <div class="stack">
            <section class="card" aria-labelledby="status" class:is-dim=move || !fresh.get()>
                <div class="card-head">
                    <h1 id="status">"Status"</h1>
                    <p class="muted" data-testid="status-summary">{summary}</p>
                </div>
                <p class="notice" class:hidden=move || failure.with(Option::is_none)>
                    {move || failure.get().map(|error| {
                        let since = report.with(|r| r.as_ref().map(|r| format::clock(r.at)));
                        let since = since.map(|at| format!(" The figures are from {at}.")).unwrap_or_default();
                        format!("No answer: {error}.{since}")
                    })}
                </p>
                <dl class="facts-list facts-row">
                    <Fact name="Server up for" value=read(|r| format::uptime(r.uptime_s))/>
                    <Fact name="Open streams" value=read(|r| r.clients.to_string())/>
                    <Fact name="Version" value=read(|r| r.version.clone())/>
                    <Fact name="Node" value=read(|r| r.node.clone().unwrap_or_else(|| "the only one".to_owned()))/>
                    <Fact name="Prices" value=read(|r| if r.simulated { "simulated" } else { "real venues" }.to_owned())/>
                    <Fact name="As of" value=read(|r| format::clock(r.at))/>
                </dl>
            </section>
            <ul class="venue-cards">{cards}</ul>
            <FeedTable report/>
        </div>
    }
    .into_any()
}

/// The report for the first HTML; nothing in the browser, which asks for it.
fn report_of_request() -> Option<StatusReport> {
    #[cfg(feature = "ssr")]
    return crate::server::services::current().map(|services| services.status());
    #[cfg(not(feature = "ssr"))]
    None
}

/// Asks at once where there is no report yet, and then every two seconds until the page is left.
fn keep_asking(report: RwSignal<Option<StatusReport>>, failure: RwSignal<Option<ApiError>>) {
    let ask = move || {
        spawn_local(async move {
            // The page may have been left in the meantime; then the signals are gone and nothing is to be told.
            match get_status().await {
                Ok(answer) => drop((report.try_set(Some(answer)), failure.try_set(None))),
                Err(error) => drop(failure.try_set(Some(error))),
            }
        });
    };
    effect(move || {
        if report.with_untracked(Option::is_none) {
            ask();
        }
        // Nobody reads a page in a hidden tab.
        let ask_if_seen = move || {
            if !document().hidden() {
                ask();
            }
        };
        match set_interval_with_handle(ask_if_seen, EVERY) {
            Ok(interval) => on_cleanup(move || interval.clear()),
            Err(error) => leptos::logging::warn!("the status will not be refreshed: {error:?}"),
        }
    });
}

fn summary(report: &StatusReport) -> String {
    let connected = report.venues.iter().filter(|v| v.state == ConnectionState::Connected).count();
    let total = report.venues.len();
    if connected == total {
        format!("All {total} venues connected")
    } else {
        format!("{connected} of {total} venues connected")
    }
}
