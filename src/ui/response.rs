//! The HTTP status of the page that is being answered.

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
