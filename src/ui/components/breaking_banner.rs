//! The newest breaking story, on every page.

use leptos::prelude::*;

use super::{
    each_story::EachStory,
    icon::{Glyph, Icon},
    story_item::{AssetChips, BreakingBadge, address, reason_words, text},
};
use crate::{
    live::{news::StoryRef, store::LiveStore},
    model::time_ago::time_ago,
    ui::reactive::memo,
};

/// Under the strip, for two hours, until it is put away. A story that was taken back says so.
#[component]
pub fn BreakingBanner() -> impl IntoView {
    let store = LiveStore::expect();
    let news = store.news();
    let dismissed = store.preferences().dismissed;
    let now = store.now();
    // The newest, and in its place the next where it is put away.
    let told = memo(move || dismissed.with(|dismissed| news.breaking(now.get(), dismissed)));
    // What arrives while somebody reads lies over the page's foot: in its flow it would push everything down.
    let class = if told.with_untracked(Vec::is_empty) { "breaking is-late" } else { "breaking" };
    view! {
        <section class=class aria-label="Breaking news" aria-live="polite">
            <EachStory stories=told.into() item=|story| view! { <Banner story/> }.into_any()/>
        </section>
    }
    .into_any()
}

#[component]
fn Banner(story: StoryRef) -> impl IntoView {
    let store = LiveStore::expect();
    let preferences = store.preferences();
    let now = store.now();
    let StoryRef { id, head } = story;
    let since = {
        let head = head.clone();
        memo(move || {
            let since = head.with(|head| head.breaking.as_ref().map(|breaking| breaking.since));
            since.map(|since| time_ago(since, now.get())).unwrap_or_default()
        })
    };
    let put_away = {
        let id = id.clone();
        move |_| preferences.dismiss(&id)
    };
    view! {
        <div class="breaking-banner" data-testid="breaking-banner" data-story=id.to_string()>
            <p class="breaking-said">
                <BreakingBadge head=head.clone()/>
                <a class="breaking-title" href=address(&id)>{text(&head, |head| head.title.clone())}</a>
                <span class="breaking-why">
                    {text(&head, reason_words)}
                    <span class="breaking-since">{since}</span>
                </span>
            </p>
            <span class="breaking-chips"><AssetChips head/></span>
            <button
                type="button"
                class="icon-button needs-script"
                aria-label="Put this story away"
                data-testid="dismiss"
                on:click=put_away
            >
                <Icon glyph=Glyph::Close/>
            </button>
        </div>
    }
    .into_any()
}
