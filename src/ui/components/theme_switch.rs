//! System, light or dark.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::live::{preferences::Theme, store::LiveStore};

/// The choice is a preference; the document's attribute follows it.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let preferences = LiveStore::expect().preferences();
    let theme = preferences.theme.clone();
    Effect::new(move |before: Option<Theme>| {
        let theme = theme.get();
        // The first HTML already carries it.
        if before.is_some_and(|before| before != theme) {
            show(theme);
        }
        theme
    });
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

/// Puts the theme on the document.
fn show(theme: Theme) {
    let Some(root) = document().document_element() else { return };
    let done = match theme {
        Theme::System => root.remove_attribute("data-theme"),
        chosen => root.set_attribute("data-theme", chosen.as_str()),
    };
    if done.is_err() {
        leptos::logging::warn!("the theme could not be put on the document");
    }
}
