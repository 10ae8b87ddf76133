//! Words of the description, in which backticks mark what is code.

use leptos::prelude::*;

/// One line.
pub(super) fn inline(text: &str) -> AnyView {
    let parts = text.split('`').enumerate().map(|(n, part)| {
        let part = part.to_owned();
        if n % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
    });
    parts.collect_view().into_any()
}

/// An address, which may be broken before each slash.
pub(super) fn address(path: &str) -> AnyView {
    let parts = path.split('/').enumerate().map(|(n, part)| {
        let slash = (n > 0).then_some("/");
        let may_break = (n > 1).then(|| view! { <wbr/> });
        view! { {may_break}{slash}{part.to_owned()} }
    });
    view! { <code>{parts.collect_view()}</code> }.into_any()
}

/// Paragraphs, with empty lines between them.
pub(super) fn paragraphs(text: &str) -> AnyView {
    let all = text.split("\n\n").filter(|part| !part.trim().is_empty());
    all.map(|part| view! { <p>{inline(&part.replace('\n', " "))}</p> }).collect_view().into_any()
}
