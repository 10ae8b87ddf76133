//! The table of all assets.

mod order;
mod row;
mod toolbar;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement};

use self::{
    order::{Column, Entry, Scope, Sort},
    row::Row,
    toolbar::Toolbar,
};
use crate::{
    live::store::LiveStore,
    model::symbol::Symbol,
    ui::{components::each_symbol::EachSymbol, reactive::memo},
};

/// All assets: sortable, filterable, and walked through with the arrow keys.
#[component]
pub fn MarketTable() -> impl IntoView {
    let store = LiveStore::expect();
    let sort = RwSignal::new(Sort::default());
    let filter = RwSignal::new(String::new());
    let scope = RwSignal::new(Scope::All);
    // Rows stand still while somebody points at them or is among them with the keyboard.
    let held = RwSignal::new(false);
    let rows = {
        let store = store.clone();
        let now = store.now();
        let strip = store.preferences().strip;
        memo(move || {
            // The clock paces the order: rows that jump with each price can't be read.
            if !held.get() {
                now.track();
            }
            let mine = strip.get();
            order::arrange(entries(&store, &mine), &filter.read(), scope.get(), sort.get())
        })
    };
    let empty = move || rows.with(Vec::is_empty);
    view! {
        <section class="card market" aria-labelledby="markets">
            <Toolbar filter scope/>
            <table class="market-table">
                <caption class="sr-only">"Prices of all assets in USDT. Columns with a button can be sorted."</caption>
                <thead>
                    <tr>
                        <Head column=Column::Asset sort class="col-asset"/>
                        <Head column=Column::Price sort class="col-price"/>
                        <Head column=Column::Change sort class="col-change"/>
                        <th scope="col" class="col-spark">"Last 24 h"</th>
                        <th scope="col" class="col-range">"Low – high"</th>
                        <Head column=Column::Volume sort class="col-volume"/>
                        <th scope="col" class="col-venues">"Venues"</th>
                    </tr>
                </thead>
                <tbody
                    on:keydown=move |event| walk(&event)
                    on:mouseenter=move |_| held.set(true)
                    on:mouseleave=move |_| held.set(false)
                    on:focusin=move |_| held.set(true)
                    on:focusout=move |_| held.set(false)
                >
                    <EachSymbol symbols=rows.into() item=|symbol| view! { <Row symbol/> }.into_any()/>
                </tbody>
            </table>
            <p class="empty" class:hidden=move || !empty()>
                <b>"No asset matches."</b>
                <span>{move || filter.with(|f| format!("Nothing here is called “{}”.", f.trim()))}</span>
                <button type="button" class="button" on:click=move |_| { filter.set(String::new()); scope.set(Scope::All); }>
                    "Show all"
                </button>
            </p>
        </section>
    }
    .into_any()
}

/// The head of a column that can be sorted by.
#[component]
fn Head(column: Column, sort: RwSignal<Sort>, class: &'static str) -> impl IntoView {
    view! {
        <th scope="col" class=class aria-sort=move || sort.get().aria(column).to_owned()>
            <button type="button" on:click=move |_| sort.update(|s| *s = s.after_click(column))>
                {column.title()}
                <span class="sort-mark" aria-hidden="true">{move || sort.get().mark(column).to_owned()}</span>
            </button>
        </th>
    }
}

fn entries(store: &LiveStore, mine: &[Symbol]) -> Vec<Entry> {
    let entry = |info: &crate::model::asset::AssetInfo| {
        let ticker = store.asset(info.symbol).and_then(|a| a.ticker.get_untracked());
        Entry {
            symbol: info.symbol,
            name: info.name.clone(),
            mine: mine.contains(&info.symbol),
            price: ticker.as_ref().map(|t| t.price),
            change: ticker.as_ref().and_then(|t| t.change_percent24h),
            volume: ticker.as_ref().and_then(|t| t.volume_quote24h),
        }
    };
    store.site().assets.iter().map(entry).collect()
}

/// Arrow keys, `j` and `k` move the focus between rows; Enter is the link's own.
fn walk(event: &leptos::ev::KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let row = event.target().and_then(|t| t.dyn_into::<Element>().ok()).and_then(|e| e.closest("tr").ok().flatten());
    let next = match event.key().as_str() {
        "ArrowDown" | "j" => row.and_then(|r| r.next_element_sibling()),
        "ArrowUp" | "k" => row.and_then(|r| r.previous_element_sibling()),
        _ => return,
    };
    event.prevent_default();
    next.as_ref().map(focus_link);
}

/// Focuses the link of a row.
fn focus_link(row: &Element) {
    let link = row.query_selector("a").ok().flatten().and_then(|a| a.dyn_into::<HtmlElement>().ok());
    if let Some(Err(_)) = link.map(|link| link.focus()) {
        leptos::logging::warn!("a row could not be focused");
    }
}
