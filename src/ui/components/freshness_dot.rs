//! The mark that says how far a figure can be trusted to be of now.

use leptos::prelude::*;

use crate::ui::audit::Mark;

/// A shape for each state: a filled dot with a halo, a ring, a square, a dashed ring, a diamond.
///
/// `silent` leaves the word out, where it stands beside the mark anyway.
#[component]
pub fn FreshnessDot(#[prop(into)] mark: Signal<Mark>, #[prop(optional)] silent: bool) -> impl IntoView {
    let word =
        (!silent).then(|| view! { <span class="sr-only">{move || mark.get().word().to_owned()}</span> }.into_any());
    view! {
        <span class=move || format!("dot dot-{}", mark.get().class()) title=move || mark.get().word().to_owned()>
            {word}
        </span>
    }
    .into_any()
}
