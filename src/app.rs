//! The document, the application and its routes.

pub mod start;

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, provide_meta_context};
use leptos_router::{
    components::{Route, Router, Routes},
    path,
};

use crate::{
    live::{preferences::Theme, store::LiveStore},
    ui::{
        components::{
            breaking_banner::BreakingBanner, footer::Footer, header::Header, market_pulse_ticker::MarketPulseTicker,
        },
        pages::{
            coin::CoinPage, home::HomePage, news::NewsPage, not_found::NotFoundPage, status::StatusPage,
            story::StoryPage,
        },
    },
    wire::first_html,
};

const DESCRIPTION: &str = "One live price per asset from Binance, Bybit and OKX, with the proof of it one click away.";

/// The HTML document around the application.
///
/// The visitor's theme is on it from the first byte: no script is needed, and nothing flashes.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let theme = start::choices().theme;
    let attribute = (theme != Theme::System).then(|| theme.as_str());
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=attribute>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content=theme.color_scheme()/>
                <meta name="description" content=DESCRIPTION/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="apple-touch-icon" href="/apple-touch-icon.png"/>
                <link rel="alternate" type="application/rss+xml" title="Market Pulse news" href="/api/rss"/>
                <link
                    rel="preload"
                    href="/fonts/inter-latin-wght-normal.woff2"
                    r#as="font"
                    r#type="font/woff2"
                    crossorigin="anonymous"
                />
                <HashedStylesheet options=options.clone() id="leptos"/>
                <noscript>
                    <meta http-equiv="refresh" content="10"/>
                </noscript>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The application: the live store above the router, the frame of every page, and the routes.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let start = first_html::carry(start::current);
    let store = LiveStore::with_choices(start.snapshot, start.choices);
    store.news().begin_with(start.news);
    provide_context(store.clone());
    // Effects run in the browser only.
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| crate::browser::start(store.clone()));
    view! {
        <Router>
            <Header/>
            <MarketPulseTicker/>
            <BreakingBanner/>
            <main id="main" tabindex="-1">
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=HomePage/>
                    <Route path=path!("/coin/:symbol") view=CoinPage/>
                    <Route path=path!("/news") view=NewsPage/>
                    <Route path=path!("/news/:id") view=StoryPage/>
                    <Route path=path!("/status") view=StatusPage/>
                </Routes>
            </main>
            <Footer/>
        </Router>
    }
}
