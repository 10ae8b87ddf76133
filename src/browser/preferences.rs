//! The visitor's choices, kept where the server can read them: the first HTML is already right, and nothing flashes.

use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlDocument};

/// One year.
const MAX_AGE_S: u32 = 31_536_000;

/// Remembers a choice in a cookie of this site for a year; an empty value forgets it.
///
/// The value is percent-encoded where a cookie can't hold it as it is (RFC 6265, section 4.1.1).
pub fn persist(name: &str, value: &str) {
    let value = String::from(js_sys::encode_uri_component(value));
    let max_age = if value.is_empty() { 0 } else { MAX_AGE_S };
    set_cookie(&format!("{name}={value}; Max-Age={max_age}; Path=/; SameSite=Lax"));
}

/// Sets one cookie, given as `document.cookie` takes it. On HTTPS it never leaves HTTPS.
pub fn set_cookie(cookie: &str) {
    let Some(document) = document().and_then(|d| d.dyn_into::<HtmlDocument>().ok()) else { return };
    let secure = if is_https() { "; Secure" } else { "" };
    if document.set_cookie(&format!("{cookie}{secure}")).is_err() {
        leptos::logging::warn!("this page may not keep cookies: choices are forgotten when it is left");
    }
}

/// Shows a theme (`light`, `dark`); `None` follows the system.
pub fn apply_theme(value: Option<&str>) {
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
