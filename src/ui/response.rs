//! The HTTP status and the title of the page that is being answered.

/// Answers with this status. Does nothing in the browser, or outside a request.
#[cfg_attr(not(feature = "ssr"), expect(clippy::missing_const_for_fn, reason = "does something on the server"))]
pub fn set_status(code: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(options), Ok(status)) =
        (leptos::prelude::use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(code))
    {
        options.set_status(status);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = code;
}

/// A text from outside as the title of a page.
///
/// The document's head takes a title as it is on the server, where it has to be markup; a browser takes it as text.
#[cfg(feature = "ssr")]
pub fn title_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text from outside as the title of a page.
#[cfg(not(feature = "ssr"))]
pub fn title_text(text: &str) -> String {
    text.to_owned()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_never_markup() {
        assert_eq!(title_text("A & B</title><script>"), "A &amp; B&lt;/title&gt;&lt;script&gt;");
    }
}
