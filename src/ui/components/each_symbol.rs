//! One view for each symbol of a list.

use leptos::prelude::*;

use crate::model::symbol::Symbol;

/// A view stays as it is while its symbol stays in the list. All such lists share this one, which keeps the browser's
/// build small.
#[component]
pub fn EachSymbol(symbols: Signal<Vec<Symbol>>, item: fn(Symbol) -> AnyView) -> impl IntoView {
    view! { <For each=move || symbols.get() key=|symbol| *symbol children=item/> }
}
