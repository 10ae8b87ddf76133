//! `/news`: every story that is kept, searched and page by page.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    live::store::LiveStore,
    ui::{
        components::{
            load_states::LoadStates, notify_button::NotifyButton, story_filter::StoryFilter, story_item::StoryList,
        },
        format,
        reactive::memo,
        story_load::{Stage, StoryLoad},
        story_query,
    },
};

/// The page of all news.
#[component]
pub fn NewsPage() -> impl IntoView {
    let news = LiveStore::expect().news();
    let is_on = news.is_on();
    let params = use_query_map();
    let query = memo(move || params.with(story_query::read));
    let load = StoryLoad::new(query, false);
    let summary = move || match load.stage.get() {
        Stage::Ready => format::counted(load.total.get() as usize, "story", "stories"),
        Stage::Loading | Stage::Failed => String::new(),
    };
    let empty = move || load.stage.get() == Stage::Ready && load.stories.with(Vec::is_empty);
    let older = move || load.next.with(|cursor| params.with(|params| page(params, cursor)));
    let newest = move || params.with(|params| page(params, ""));
    let is_later = move || query.with(|query| query.before.is_some());
    view! {
        <Title text="News · Market Pulse"/>
        <section class="card news-card" aria-labelledby="news">
            <div class="card-head">
                <h1 id="news">"News"</h1>
                <p class="muted" data-testid="story-count">{summary}</p>
                <div class="needs-script" class:hidden=!is_on><NotifyButton/></div>
            </div>
            <div class:hidden=!is_on><StoryFilter action="/news" words=true/></div>
            <div class="news-list" data-testid="news-list" data-state=move || load.stage.get().as_str().to_owned()>
                <StoryList stories=load.stories.into()/>
                <LoadStates load empty=Signal::derive(move || is_on && empty())/>
                <p class="empty small" class:hidden=is_on>
                    <b>"News is off"</b>
                    <span>"This server follows no feeds."</span>
                </p>
            </div>
            <nav class="pager" aria-label="Pages of stories">
                <a class="button" href=newest class:hidden=move || !is_later() data-testid="newest">"Newest"</a>
                <a
                    class="button"
                    href=older
                    class:hidden=move || load.next.with(String::is_empty)
                    data-testid="older"
                >
                    "Older stories"
                </a>
            </nav>
            <p class="note">
                "One line is one event, whoever reported it. The same as a feed: "
                <a href="/api/rss" rel="external">"RSS"</a>
                ", "
                <a href="/api/news" rel="external">"JSON"</a>
                "."
            </p>
        </section>
    }
    .into_any()
}

/// The address of another page of the same list.
fn page(params: &leptos_router::params::ParamsMap, cursor: &str) -> String {
    let mut address = "/news".to_owned();
    address.push_str(&story_query::with(params, "before", cursor.to_owned()));
    address
}
