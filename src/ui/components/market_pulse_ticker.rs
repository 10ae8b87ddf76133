//! The strip on top of every page: the visitor's assets, and the state of the connection.

use leptos::{html, prelude::*};

use super::{
    change_badge::ChangeBadge,
    each_symbol::EachSymbol,
    freshness_dot::FreshnessDot,
    icon::{Glyph, Icon},
    link_status::LinkStatus,
    price::Price,
    simulated_badge::SimulatedBadge,
    strip_chooser::StripChooser,
};
use crate::{
    live::store::LiveStore,
    model::symbol::Symbol,
    ui::{
        asset_view::AssetView,
        audit::Mark,
        reactive::{effect, memo},
    },
};

/// The Market Pulse Ticker. It scrolls when its assets need more room than there is; hover, focus and a button
/// stop it, and with reduced motion it wraps instead (that part is in the style).
#[component]
pub fn MarketPulseTicker() -> impl IntoView {
    let store = LiveStore::expect();
    let preferences = store.preferences();
    let (strip, paused) = (preferences.strip, preferences.paused);
    let window = NodeRef::<html::Div>::new();
    let list = NodeRef::<html::Ul>::new();
    let overflows = watch_overflow(window, list, strip.clone());
    let symbols = {
        let strip = strip.clone();
        Signal::derive(move || strip.get())
    };
    let toggle = {
        let paused = paused.clone();
        move |_| paused.update(|p| *p = !*p)
    };
    let is_paused = {
        let paused = paused.clone();
        memo(move || paused.get())
    };
    let class = move || {
        let length = match strip.with(Vec::len) {
            0..=4 => "short",
            5..=9 => "medium",
            _ => "long",
        };
        let motion = if overflows.get() { "strip-scrolls" } else { "" };
        let pause = if is_paused.get() { "is-paused" } else { "" };
        format!("strip-window {motion} {pause} strip-{length}")
    };
    view! {
        <section class="strip" aria-label="Market Pulse Ticker" data-testid="strip">
            <div node_ref=window class=class>
                <div class="strip-track">
                    <ul node_ref=list class="strip-list">
                        <EachSymbol
                            symbols
                            item=|symbol| view! { <Item symbol testid="strip-item"/> }.into_any()
                        />
                    </ul>
                    {move || overflows.get().then(|| view! { <Copy symbols=symbols.get()/> }).into_any()}
                </div>
            </div>
            <div class="strip-side">
                <button
                    type="button"
                    class="icon-button pause-button needs-script"
                    class:invisible=move || !overflows.get()
                    aria-pressed=move || is_paused.get().to_string()
                    aria-label="Pause the strip"
                    on:click=toggle
                >
                    {move || view! { <Icon glyph=if is_paused.get() { Glyph::Play } else { Glyph::Pause }/> }.into_any()}
                </button>
                <LinkStatus/>
                <SimulatedBadge/>
                <StripChooser/>
            </div>
        </section>
    }
    .into_any()
}

/// The second copy that makes the loop seamless. Nobody can reach it but with the eye.
#[component]
fn Copy(symbols: Vec<Symbol>) -> impl IntoView {
    let items = symbols.into_iter().map(|symbol| view! { <Item symbol/> }).collect_view();
    view! { <ul class="strip-list" aria-hidden="true" inert=true>{items}</ul> }
}

#[component]
fn Item(symbol: Symbol, #[prop(optional)] testid: Option<&'static str>) -> impl IntoView {
    let store = LiveStore::expect();
    AssetView::of(&store, symbol).map(|asset| {
        let freshness = asset.freshness;
        let mark = Signal::derive(move || Mark::from(freshness.get()));
        view! {
            <li
                class="strip-item"
                data-testid=testid
                data-symbol=symbol.to_string()
                data-freshness=move || freshness.get().as_str().to_owned()
            >
                <a href=asset.href()>
                    <FreshnessDot mark/>
                    <b>{symbol.to_string()}</b>
                    <Price asset=asset.clone()/>
                    <ChangeBadge asset=asset.clone() plain=true/>
                </a>
            </li>
        }
        .into_any()
    })
}

/// Whether the list is wider than its window. Measured after each change of the choice and of the window's size.
fn watch_overflow(
    window: NodeRef<html::Div>,
    list: NodeRef<html::Ul>,
    strip: ArcRwSignal<Vec<Symbol>>,
) -> RwSignal<bool> {
    let overflows = RwSignal::new(false);
    let measure = move || {
        if let (Some(window), Some(list)) = (window.get_untracked(), list.get_untracked()) {
            let wider = list.scroll_width() > window.client_width();
            if overflows.try_get_untracked().is_some_and(|before| before != wider) {
                overflows.set(wider);
            }
        }
    };
    effect(move || {
        strip.track();
        // Once the new items are laid out.
        request_animation_frame(measure);
    });
    effect(move || {
        let listening = window_event_listener(leptos::ev::resize, move |_| measure());
        on_cleanup(move || listening.remove());
    });
    overflows
}
