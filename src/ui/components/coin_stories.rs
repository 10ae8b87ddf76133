//! The stories about one asset, on its page.

use leptos::prelude::*;

use super::{load_states::LoadStates, story_announcer::StoryAnnouncer, story_item::StoryList};
use crate::{
    live::store::LiveStore,
    ui::{
        asset_view::AssetView,
        reactive::memo,
        story_load::{Stage, StoryLoad},
        story_query,
    },
};

/// The newest stories about an asset: the same that the chart marks. Older ones are on the page of the news.
#[component]
pub fn CoinStories(asset: AssetView) -> impl IntoView {
    let symbol = asset.symbol();
    let news = LiveStore::expect().news();
    if !news.is_on() {
        return ().into_any();
    }
    let query = memo(move || story_query::of_asset(symbol));
    let load = StoryLoad::new(query, false);
    let stories = memo(move || query.with(|query| news.list(query)));
    let empty = move || load.stage.get() == Stage::Ready && stories.with(Vec::is_empty);
    let mut all = "/news?asset=".to_owned();
    all.push_str(symbol.as_str());
    let title = [asset.info.name.as_str(), " stories"].concat();
    let more = ["All stories about ", symbol.as_str()].concat();
    view! {
        <section class="card coin-stories" aria-labelledby="stories" data-testid="coin-stories">
            <div class="card-head"><h2 id="stories">{title}</h2></div>
            <StoryList stories=stories.into()/>
            <LoadStates load empty=Signal::derive(empty)/>
            <StoryAnnouncer query/>
            <p class="note"><a href=all>{more}</a></p>
        </section>
    }
    .into_any()
}
