//! Where the figures come from.

use leptos::prelude::*;

use crate::live::store::LiveStore;

/// The footer of every page.
#[component]
pub fn Footer() -> impl IntoView {
    let store = LiveStore::expect();
    let site = store.site();
    let venues = site.venues.iter().map(|v| v.title.as_str()).collect::<Vec<_>>().join(", ");
    let source = if site.simulated {
        format!("Simulated data: {venues} as played by this server. Not real prices.")
    } else {
        format!("Data: {venues}. Prices in USDT, for information only.")
    };
    view! {
        <footer class="footer">
            <p>{source}</p>
            <p>
                {format!("Market Pulse {} · charts by ", site.version)}
                <a href="https://www.tradingview.com/" rel="noopener">"TradingView Lightweight Charts™"</a>
                " · "
                <a href="/api/rss" rel="external">"News as RSS"</a>
            </p>
        </footer>
    }
}
