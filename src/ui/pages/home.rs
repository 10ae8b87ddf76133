//! `/`: all assets.

use leptos::prelude::*;
use leptos_meta::Title;

use super::error::ErrorPage;
use crate::{
    live::store::LiveStore,
    ui::components::{market_table::MarketTable, movers::Movers, news_feed::NewsFeed, venue_overview::VenueOverview},
};

/// The homepage.
#[component]
pub fn HomePage() -> impl IntoView {
    if LiveStore::expect().site().assets.is_empty() {
        return view! {
            <ErrorPage
                status=503
                title="No prices at the moment"
                detail="The server has just started, or follows no asset. Try again in a few seconds."
            />
        }
        .into_any();
    }
    view! {
        <Title text="Market Pulse · live prices that can be checked"/>
        <div class="columns">
            <MarketTable/>
            <aside class="side" aria-label="At a glance">
                <NewsFeed/>
                <Movers/>
                <VenueOverview/>
            </aside>
        </div>
    }
    .into_any()
}
