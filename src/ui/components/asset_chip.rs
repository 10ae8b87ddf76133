//! An asset that a story is about.

use std::sync::Arc;

use leptos::prelude::*;

use super::{freshness_dot::FreshnessDot, price::Price};
use crate::{
    live::store::LiveStore,
    model::{
        story::{Reaction, StoryHead},
        symbol::Symbol,
    },
    ui::{
        asset_view::AssetView,
        audit::Mark,
        format::{self, Direction},
        reactive::memo,
    },
};

/// Symbol, live price, and how the price moved after the story's first report. An asset that is not followed is a name.
#[component]
pub fn AssetChip(symbol: Symbol, head: ArcRwSignal<Arc<StoryHead>>) -> impl IntoView {
    let Some(asset) = AssetView::of(&LiveStore::expect(), symbol) else {
        return view! { <span class="chip"><b>{symbol.to_string()}</b></span> }.into_any();
    };
    let moved = memo(move || {
        let latest =
            |head: &Arc<StoryHead>| head.reaction.iter().find(|r| r.symbol == symbol).and_then(Reaction::latest);
        head.with(latest).map(|(minutes, percent)| reaction_words(minutes, percent)).unwrap_or_default()
    });
    let freshness = asset.freshness;
    // The sign is the first character.
    let class = move || {
        let class = moved.with(|moved| match moved.chars().next() {
            None => "hidden",
            Some('+') => Direction::Up.class(),
            Some('0') => Direction::Flat.class(),
            Some(_) => Direction::Down.class(),
        });
        class.to_owned()
    };
    view! {
        <a class="chip" href=asset.href() data-testid="story-chip" data-symbol=symbol.to_string()>
            <FreshnessDot mark=Signal::derive(move || Mark::from(freshness.get()))/>
            <b>{symbol.to_string()}</b>
            <Price asset=asset.clone()/>
            <span class=class>{moved}</span>
        </a>
    }
    .into_any()
}

/// `+1.20% in 15 min`
pub fn reaction_words(minutes: u32, moved: f64) -> String {
    let mut words = format::percent(Some(moved));
    words.push_str(" in ");
    words.push_str(&minutes.to_string());
    words.push_str(" min");
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_says_its_direction_and_time() {
        assert_eq!(reaction_words(15, 1.2), "+1.20% in 15 min");
        assert_eq!(reaction_words(60, -0.8), "−0.80% in 60 min");
    }
}
