//! Title, filter and scope of the table.

use leptos::{html, prelude::*, wasm_bindgen::JsCast, web_sys::Element};

use super::order::Scope;
use crate::{
    live::store::LiveStore,
    ui::{
        components::{
            icon::{Glyph, Icon},
            segments::Segments,
        },
        reactive::effect,
    },
};

/// The head of the card. `/` leads to the filter from anywhere on the page.
#[component]
pub fn Toolbar(filter: RwSignal<String>, scope: RwSignal<Scope>) -> impl IntoView {
    let store = LiveStore::expect();
    let (assets, venues) = (store.site().assets.len(), store.site().venues.len());
    let input = NodeRef::<html::Input>::new();
    effect(move || {
        let listening = window_event_listener(leptos::ev::keydown, move |event| on_slash(&event, input));
        on_cleanup(move || listening.remove());
    });
    let choose = move |label| {
        if let Some(chosen) = Scope::ALL.into_iter().find(|scope| scope.label() == label) {
            scope.set(chosen);
        }
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" {
            filter.set(String::new());
        }
    };
    view! {
        <div class="card-head market-head">
            <h1 id="markets">"Markets"</h1>
            <p class="muted">{format!("{assets} assets in USDT, each priced from {venues} venues")}</p>
            <div class="market-tools needs-script">
                <label class="filter">
                    <Icon glyph=Glyph::Search/>
                    <span class="sr-only">"Filter the assets"</span>
                    <input
                        node_ref=input
                        type="search"
                        placeholder="Find an asset"
                        autocomplete="off"
                        spellcheck="false"
                        data-testid="market-filter"
                        prop:value=filter
                        on:input=move |event| filter.set(event_target_value(&event))
                        on:keydown=on_key
                    />
                    <kbd aria-hidden="true">"/"</kbd>
                </label>
                <Segments
                    name="Which assets"
                    options=Scope::ALL.map(Scope::label).to_vec()
                    chosen=Signal::derive(move || scope.get().label())
                    on_choose=choose
                />
            </div>
        </div>
    }
    .into_any()
}

fn on_slash(event: &leptos::ev::KeyboardEvent, input: NodeRef<html::Input>) {
    if event.key() != "/" || event.ctrl_key() || event.meta_key() || event.alt_key() || is_typing(event) {
        return;
    }
    if let Some(input) = input.get_untracked() {
        event.prevent_default();
        if input.focus().is_err() {
            leptos::logging::warn!("the filter could not be focused");
        }
    }
}

/// Whether the key belongs to a field that somebody writes into.
fn is_typing(event: &leptos::ev::KeyboardEvent) -> bool {
    let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    target.is_some_and(|e| matches!(e.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}
