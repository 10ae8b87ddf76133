//! A few options of which one is chosen.

use leptos::{
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{Element, HtmlElement},
};

use crate::ui::reactive::memo;

/// A radio group that looks like one control: Tab leads to the chosen option, the arrow keys to the others.
///
/// Options are told by their labels.
#[component]
pub fn Segments(
    /// What is chosen here, for screen readers.
    name: &'static str,
    options: Vec<&'static str>,
    chosen: Signal<&'static str>,
    #[prop(into)] on_choose: Callback<&'static str>,
) -> impl IntoView {
    let option = move |label: &'static str| {
        let checked = memo(move || chosen.get() == label);
        view! {
            <button
                type="button"
                role="radio"
                aria-checked=move || checked.get().to_string()
                tabindex=move || if checked.get() { "0" } else { "-1" }.to_owned()
                on:click=move |_| on_choose.run(label)
            >
                {label}
            </button>
        }
        .into_any()
    };
    view! {
        <div class="segments" role="radiogroup" aria-label=name on:keydown=move |event| move_choice(&event)>
            {options.into_iter().map(option).collect_view()}
        </div>
    }
    .into_any()
}

/// Arrow keys choose the neighbor, round and round.
fn move_choice(event: &leptos::ev::KeyboardEvent) {
    let Some(current) = event.target().and_then(|t| t.dyn_into::<Element>().ok()) else { return };
    let Some(group) = current.parent_element() else { return };
    let next = match event.key().as_str() {
        "ArrowRight" | "ArrowDown" => current.next_element_sibling().or_else(|| group.first_element_child()),
        "ArrowLeft" | "ArrowUp" => current.previous_element_sibling().or_else(|| group.last_element_child()),
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = next.and_then(|n| n.dyn_into::<HtmlElement>().ok()) {
        next.click();
        if next.focus().is_err() {
            leptos::logging::warn!("an option could not be focused");
        }
    }
}
