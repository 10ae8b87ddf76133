//! Where the figures come from.

use leptos::prelude::*;

use crate::{live::store::LiveStore, wire::page::SiteInfo};

/// The footer of every page.
#[component]
pub fn Footer() -> impl IntoView {
    let store = LiveStore::expect();
    let site = store.site();
    let source = source(site);
    view! {
        <footer class="footer">
            <p>{source}</p>
            <p>
                {format!("Market Pulse {} · charts by ", site.version)}
                <a href="https://www.tradingview.com/" rel="noopener">"TradingView Lightweight Charts™"</a>
                " · "
                <a href="/api/rss" rel="external">"News as RSS"</a>
                " · "
                <a href="/docs" rel="external">"API"</a>
            </p>
        </footer>
    }
}

/// Where the figures come from.
pub fn source(site: &SiteInfo) -> String {
    let venues = site.venues.iter().map(|v| v.title.as_str()).collect::<Vec<_>>().join(", ");
    if site.simulated {
        format!("Simulated data: {venues} as played by this server. Not real prices.")
    } else {
        format!("Data: {venues}. Prices in USDT, for information only.")
    }
}
