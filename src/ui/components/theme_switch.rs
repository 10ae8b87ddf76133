//! System, light or dark.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::live::{preferences::Theme, store::LiveStore};

/// The choice is a preference. The browser side keeps it, and shows it on the document.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let preferences = LiveStore::expect().preferences();
    let options = Theme::ALL.map(|option| {
        let theme = preferences.theme.clone();
        let label = match option {
            Theme::System => "System",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
        };
        view! { <option value=option.as_str() selected=move || theme.get() == option>{label}</option> }
    });
    let on_change = move |event| {
        if let Some(theme) = Theme::parse(&event_target_value(&event)) {
            preferences.set_theme(theme);
        }
    };
    view! {
        <label class="theme-switch needs-script">
            <Icon glyph=Glyph::Theme/>
            <span class="sr-only">"Theme"</span>
            <select data-testid="theme-switch" on:change=on_change>{options}</select>
        </label>
    }
}
