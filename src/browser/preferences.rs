//! The visitor's choices, kept where the server can read them: the first HTML is already right, and nothing flashes.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlDocument};

use crate::live::preferences::{Preferences, Theme};

/// Keeps and shows the visitor's choices as they change. The page already shows those that it was loaded with.
pub fn follow(preferences: Preferences) {
    Effect::new(move |earlier: Option<()>| {
        let (cookies, theme) = (preferences.cookies(), preferences.theme.get());
        if earlier.is_some() {
            for cookie in &cookies {
                set_cookie(cookie);
            }
            apply_theme((theme != Theme::System).then(|| theme.as_str()));
        }
    });
}

/// Sets one cookie, given as `document.cookie` takes it. On HTTPS it never leaves HTTPS.
fn set_cookie(cookie: &str) {
    let Some(document) = document().and_then(|d| d.dyn_into::<HtmlDocument>().ok()) else { return };
    let secure = if is_https() { "; Secure" } else { "" };
    if document.set_cookie(&format!("{cookie}{secure}")).is_err() {
        leptos::logging::warn!("this page may not keep cookies: choices are forgotten when it is left");
    }
}

/// Shows a theme (`light`, `dark`); `None` follows the system.
fn apply_theme(value: Option<&str>) {
    const ATTRIBUTE: &str = "data-theme";
    let Some(root) = document().and_then(|d| d.document_element()) else { return };
    let changed = match value {
        Some(theme) => root.set_attribute(ATTRIBUTE, theme),
        None => root.remove_attribute(ATTRIBUTE),
    };
    if changed.is_err() {
        leptos::logging::warn!("the theme could not be shown");
    }
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

fn is_https() -> bool {
    web_sys::window().and_then(|w| w.location().protocol().ok()).is_some_and(|p| p == "https:")
}
