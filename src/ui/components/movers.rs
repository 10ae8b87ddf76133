//! The largest changes of the last 24 h.

use leptos::prelude::*;

use super::{change_badge::ChangeBadge, each_symbol::EachSymbol, price::Price};
use crate::{
    live::store::LiveStore,
    model::symbol::Symbol,
    ui::{asset_view::AssetView, reactive::memo, sorted::sorted_by},
};

/// How many rise and fall are shown.
const EACH: usize = 3;

/// Three that rose most and three that fell most. Looked at once a second.
#[component]
pub fn Movers() -> impl IntoView {
    let store = LiveStore::expect();
    let side = |rising: bool| {
        let (store, now) = (store.clone(), store.now());
        memo(move || {
            now.track();
            let change = |symbol| Some((symbol, store.asset(symbol)?.ticker.get_untracked()?.change_percent24h?));
            let (up, down) = extremes(store.site().assets.iter().filter_map(|a| change(a.symbol)).collect());
            if rising { up } else { down }
        })
    };
    let (up, down) = (side(true), side(false));
    let item = |symbol| view! { <Mover symbol/> }.into_any();
    view! {
        <section class="card" aria-labelledby="movers">
            <div class="card-head"><h2 id="movers">"Biggest moves"</h2><p class="muted">"24 h"</p></div>
            <ul class="mover-list" aria-label="Rising most">
                <EachSymbol symbols=up.into() item/>
            </ul>
            <ul class="mover-list" aria-label="Falling most">
                <EachSymbol symbols=down.into() item/>
            </ul>
            <p class="empty small" class:hidden=move || !(up.with(Vec::is_empty) && down.with(Vec::is_empty))>
                "Nothing has moved yet."
            </p>
        </section>
    }
    .into_any()
}

#[component]
fn Mover(symbol: Symbol) -> impl IntoView {
    AssetView::of(&LiveStore::expect(), symbol).map(|asset| {
        view! {
            <li class="mover">
                <a href=asset.href()>
                    <b>{symbol.to_string()}</b>
                    <small>{asset.info.name.clone()}</small>
                    <Price asset=asset.clone()/>
                    <ChangeBadge asset=asset.clone() plain=true/>
                </a>
            </li>
        }
        .into_any()
    })
}

/// Those that rose most, and those that fell most with the deepest fall first.
fn extremes(changes: Vec<(Symbol, f64)>) -> (Vec<Symbol>, Vec<Symbol>) {
    let changes = sorted_by(changes, &|a, b| b.1.total_cmp(&a.1));
    let up = changes.iter().filter(|c| c.1 > 0.0).take(EACH).map(|c| c.0).collect();
    let down = changes.iter().rev().filter(|c| c.1 < 0.0).take(EACH).map(|c| c.0).collect();
    (up, down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risers_and_fallers_do_not_mix() {
        let changes = [("A", 1.0), ("B", -3.0), ("C", 4.0), ("D", 0.0), ("E", -1.0), ("F", 2.0), ("G", 3.0)];
        let changes = changes.map(|(s, c)| (Symbol::parse(s).expect("symbol"), c)).to_vec();
        let (up, down) = extremes(changes);
        let text = |symbols: &[Symbol]| symbols.iter().map(Symbol::as_str).collect::<String>();
        assert_eq!((text(&up).as_str(), text(&down).as_str()), ("CGF", "BE"));
    }
}
