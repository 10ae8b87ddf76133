//! Name, navigation and theme, on top of every page.

use leptos::prelude::*;
use leptos_router::components::A;

use super::theme_switch::ThemeSwitch;

/// The header of every page.
#[component]
pub fn Header() -> impl IntoView {
    view! {
        <a class="skip-link" href="#main">"Skip to the content"</a>
        <header class="header">
            <A href="/" attr:class="logo" attr:aria-label="Market Pulse">
                <svg viewBox="0 0 22 22" aria-hidden="true">
                    <rect width="22" height="22" rx="6"/>
                    <path d="M3.5 12h3.2l2-5.5 3.4 9 2.2-6 1.2 2.5h3"/>
                </svg>
                <span class="logo-name">"Market Pulse"</span>
            </A>
            <nav class="nav" aria-label="Pages">
                <A href="/" exact=true>"Markets"</A>
                <A href="/news">"News"</A>
                <A href="/status">"Status"</A>
            </nav>
            <ThemeSwitch/>
        </header>
    }
    .into_any()
}
