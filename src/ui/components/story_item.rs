//! One story in a list.

use std::sync::Arc;

use leptos::prelude::*;

use super::{asset_chip::AssetChip, each_story::EachStory};
use crate::{
    live::{
        news::{RETRACTED, StoryRef, breaking_words},
        store::LiveStore,
    },
    model::{story::StoryHead, symbol::Symbol, time_ago::time_ago},
    ui::{format, reactive::memo},
};

/// How many sources are named.
const NAMED: usize = 3;
/// How many assets have a chip: as many as have a reaction.
pub const CHIPS: usize = 3;

/// The head of a story as lists show it: why it is breaking, what and when, about which assets, and who says so.
#[component]
pub fn StoryItem(story: StoryRef) -> impl IntoView {
    let head = story.head;
    view! {
        <li class="story" data-testid="story" data-story=story.id.to_string()>
            <StoryMeta head=head.clone()/>
            <p class="story-title">
                <a href=address(&story.id)>{text(&head, |head| head.title.clone())}</a>
            </p>
            <BreakingReasons head=head.clone()/>
            <div class="story-foot">
                <AssetChips head=head.clone()/>
                <span class="story-sources" data-testid="story-sources">{text(&head, source_words)}</span>
            </div>
        </li>
    }
    .into_any()
}

/// A list of stories that follows `stories`.
#[component]
pub fn StoryList(stories: Signal<Vec<StoryRef>>) -> impl IntoView {
    view! { <ul class="stories"><EachStory stories item=|story| view! { <StoryItem story/> }.into_any()/></ul> }
        .into_any()
}

/// Badge, category and age of a story.
#[component]
pub fn StoryMeta(head: ArcRwSignal<Arc<StoryHead>>) -> impl IntoView {
    let now = LiveStore::expect().now();
    let first_seen = head.with_untracked(|head| head.first_seen);
    let age = memo(move || time_ago(first_seen, now.get()));
    let category = text(&head, |head| head.category.clone());
    view! {
        <p class="story-meta">
            <BreakingBadge head/>
            <span class="story-category">{category}</span>
            <time datetime=first_seen.to_rfc3339() title=format::date_time(first_seen)>{age}</time>
        </p>
    }
    .into_any()
}

/// `Breaking`, `Retracted`; nothing for most stories.
#[component]
pub fn BreakingBadge(head: ArcRwSignal<Arc<StoryHead>>) -> impl IntoView {
    let words = text(&head, |head| breaking_words(head).to_owned());
    view! {
        <span
            class="breaking-mark"
            class:hidden=move || words.with(String::is_empty)
            class:is-retracted=move || words.with(|words| words == RETRACTED)
            data-testid="breaking-badge"
        >
            {words}
        </span>
    }
    .into_any()
}

/// Why a story is breaking, in place: nothing has to be opened to read it.
#[component]
pub fn BreakingReasons(head: ArcRwSignal<Arc<StoryHead>>) -> impl IntoView {
    let reasons = text(&head, reason_words);
    view! {
        <p class="story-reasons" class:hidden=move || reasons.with(String::is_empty) data-testid="breaking-reasons">
            <span class="sr-only">"Why: "</span>
            {reasons}
        </p>
    }
    .into_any()
}

/// The assets of a story, with their live price and how it moved after the first report.
#[component]
pub fn AssetChips(head: ArcRwSignal<Arc<StoryHead>>) -> impl IntoView {
    let symbols = {
        let head = head.clone();
        memo(move || head.with(|head| head.tickers.iter().copied().take(CHIPS).collect::<Vec<Symbol>>()))
    };
    let chip = move |symbol| view! { <AssetChip symbol head=head.clone()/> }.into_any();
    move || symbols.get().into_iter().map(&chip).collect_view().into_any()
}

/// A text of a story's head, which follows it.
pub fn text(head: &ArcRwSignal<Arc<StoryHead>>, read: fn(&StoryHead) -> String) -> Signal<String> {
    let head = head.clone();
    memo(move || head.with(|head| read(head))).into()
}

/// The address of a story's page.
pub fn address(id: &str) -> String {
    let mut address = "/news/".to_owned();
    address.push_str(id);
    address
}

pub fn reason_words(head: &StoryHead) -> String {
    head.breaking.as_ref().map(|breaking| breaking.reasons.join(" · ")).unwrap_or_default()
}

/// `CoinDesk`, or `4 sources: CoinDesk, The Block, Decrypt and 1 more`.
pub fn source_words(head: &StoryHead) -> String {
    let names: Vec<&str> = head.sources.iter().map(|source| source.name.as_str()).take(NAMED).collect();
    let mut words = String::new();
    if head.sources.len() > 1 {
        words.push_str(&format::counted(head.sources.len(), "source", "sources"));
        words.push_str(": ");
    }
    words.push_str(&names.join(", "));
    if head.sources.len() > NAMED {
        words.push_str(" and ");
        words.push_str(&(head.sources.len() - NAMED).to_string());
        words.push_str(" more");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{story::StorySource, time::UnixMs};

    #[test]
    fn sources_are_counted_and_named() {
        let source = |name: &str| StorySource { key: name.to_lowercase(), name: name.to_owned() };
        let mut head = StoryHead {
            id: "s".to_owned(),
            title: String::new(),
            link: String::new(),
            description: String::new(),
            category: String::new(),
            image_url: None,
            tickers: Vec::new(),
            sources: vec![source("A")],
            articles: 1,
            first_seen: UnixMs(0),
            last_seen: UnixMs(0),
            novelty: 0.0,
            breaking: None,
            reaction: Vec::new(),
        };
        assert_eq!(source_words(&head), "A");
        head.sources.push(source("B"));
        assert_eq!(source_words(&head), "2 sources: A, B");
        head.sources.extend(["C", "D", "E"].map(source));
        assert_eq!(source_words(&head), "5 sources: A, B, C and 2 more");
        assert_eq!(reason_words(&head), "");
    }
}
