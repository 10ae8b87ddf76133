//! What a page starts with. Made on the server, written into the first HTML, read back at hydration.

use serde::{Deserialize, Serialize};

use crate::{
    live::preferences::Choices,
    model::time::UnixMs,
    wire::{
        news::{FirstNews, NewsSnapshot},
        page::{PageSnapshot, SiteInfo},
    },
};

/// The market, the visitor's choices and the news that the page shows, at the moment of the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageStart {
    pub snapshot: PageSnapshot,
    pub choices: Choices,
    /// `None` where the page shows nothing of the stored news.
    pub news: Option<FirstNews>,
}

/// The start of the request that is being answered. Without one, while the routes are listed, it is empty.
pub fn current() -> PageStart {
    PageStart { snapshot: snapshot().unwrap_or_else(empty), choices: choices(), news: news() }
}

/// The visitor's choices, from the cookies of the request.
#[cfg(feature = "ssr")]
pub fn choices() -> Choices {
    let header = |parts: http::request::Parts| {
        let cookies = parts.headers.get_all(http::header::COOKIE);
        cookies.iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join("; ")
    };
    leptos::prelude::use_context().map(header).map_or_else(Choices::default, |header| Choices::from_cookies(&header))
}

/// The browser reads the choices from the first HTML.
#[cfg(not(feature = "ssr"))]
pub fn choices() -> Choices {
    Choices::default()
}

#[cfg(feature = "ssr")]
fn snapshot() -> Option<PageSnapshot> {
    crate::server::services::current().map(|services| services.page_snapshot())
}

#[cfg(not(feature = "ssr"))]
fn snapshot() -> Option<PageSnapshot> {
    None
}

#[cfg(feature = "ssr")]
fn news() -> Option<FirstNews> {
    crate::server::http::page_news::of_request()
}

#[cfg(not(feature = "ssr"))]
fn news() -> Option<FirstNews> {
    None
}

fn empty() -> PageSnapshot {
    PageSnapshot {
        site: SiteInfo::empty(),
        at: UnixMs::default(),
        tickers: Vec::new(),
        sparks: Vec::new(),
        news: NewsSnapshot::default(),
    }
}
