//! How prices moved after a story's first report.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    live::store::LiveStore,
    model::{
        story::{Reaction, StoryHead},
        time::UnixMs,
    },
    ui::{
        asset_view::AssetView,
        format::{self, Direction},
        reactive::memo,
    },
};

const MINUTE_MS: i64 = 60_000;

/// One line for each asset: the price at the first report, and the moves after 5, 15 and 60 minutes.
#[component]
pub fn ReactionTable(head: ArcRwSignal<Arc<StoryHead>>) -> impl IntoView {
    let without = {
        let head = head.clone();
        move || head.with(|head| head.reaction.is_empty())
    };
    let rows = move || {
        let row = |reaction: Reaction| view! { <Line reaction/> }.into_any();
        head.with(|head| head.reaction.iter().cloned().map(row).collect_view()).into_any()
    };
    view! {
        <section class="card" aria-labelledby="reaction" class:hidden=without>
            <div class="card-head"><h2 id="reaction">"Price reaction"</h2><p class="muted">"since the first report"</p></div>
            <table class="reaction-table" data-testid="reaction-table">
                <thead>
                    <tr>
                        <th scope="col">"Asset"</th>
                        <th scope="col">"Price then"</th>
                        <th scope="col">"5 min"</th>
                        <th scope="col">"15 min"</th>
                        <th scope="col">"60 min"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

#[component]
fn Line(reaction: Reaction) -> impl IntoView {
    let store = LiveStore::expect();
    let now = store.now();
    let asset = AssetView::of(&store, reaction.symbol);
    let decimals = asset.as_ref().map(|asset| asset.decimals);
    let price = reaction.price;
    let then = move || format::price(price, decimals.map_or(2, |decimals| decimals.get()));
    let name = match asset {
        Some(asset) => view! { <a href=asset.href()>{reaction.symbol.to_string()}</a> }.into_any(),
        None => view! { {reaction.symbol.to_string()} }.into_any(),
    };
    let cell = |minutes: i64, moved: Option<f64>| {
        let (at, now) = (reaction.at, now.clone());
        let words = memo(move || move_words(at, minutes, moved, now.get()));
        let class = Direction::of(moved).class();
        view! { <td class=class>{words}</td> }.into_any()
    };
    let cells = [cell(5, reaction.after5m), cell(15, reaction.after15m), cell(60, reaction.after60m)];
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td>{then}</td>
            {cells.into_iter().collect_view()}
        </tr>
    }
    .into_any()
}

/// A move; `not yet` before its time, a dash where it is not known.
fn move_words(at: UnixMs, minutes: i64, moved: Option<f64>, now: UnixMs) -> String {
    if moved.is_none() && now.since(at) < minutes * MINUTE_MS { "not yet".to_owned() } else { format::percent(moved) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_that_has_not_come_is_not_unknown() {
        let at = UnixMs(1_000_000);
        let after = |minutes: i64| UnixMs(at.0 + minutes * MINUTE_MS);
        assert_eq!(move_words(at, 15, None, after(14)), "not yet");
        assert_eq!(move_words(at, 15, None, after(15)), "—");
        assert_eq!(move_words(at, 15, Some(-1.5), after(16)), "−1.50%");
    }
}
