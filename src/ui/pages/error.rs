//! A page that says what went wrong, in the design of all others.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::response::set_status;

/// Answers with `status` and says so in words.
#[component]
pub fn ErrorPage(
    status: u16,
    title: &'static str,
    #[prop(into)] detail: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    set_status(status);
    view! {
        <Title text=format!("{title} · Market Pulse")/>
        <section class="error-page" data-testid="error-page" aria-labelledby="error">
            <p class="error-code figure">{status}</p>
            <svg viewBox="0 0 320 40" aria-hidden="true">
                <path d="M0 20h118l10-14 14 28 12-20 8 6h158"/>
            </svg>
            <h1 id="error">{title}</h1>
            <p class="muted">{detail}</p>
            {children.map(|children| children())}
            <a href="/" class="button primary">"All markets"</a>
        </section>
    }
    .into_any()
}
