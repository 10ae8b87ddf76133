//! The live feed of the homepage.

use leptos::{
    html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{Element, HtmlElement},
};
use leptos_router::hooks::use_query_map;

use super::{
    load_states::LoadStates, notify_button::NotifyButton, story_announcer::StoryAnnouncer, story_filter::StoryFilter,
    story_item::StoryList,
};
use crate::{
    live::{news::NewsStore, store::LiveStore},
    ui::{
        format,
        reactive::{effect, memo},
        story_load::{Stage, StoryLoad},
        story_query,
    },
};

/// The list counts as scrolled from here on, in pixels.
const AT_TOP: i32 = 8;

/// Stories, newest first. New ones come on top, or are counted while the reader is further down.
#[component]
pub fn NewsFeed() -> impl IntoView {
    let news = LiveStore::expect().news();
    let body = if news.is_on() { feed(news).into_any() } else { off().into_any() };
    view! { <section class="card feed" aria-labelledby="feed" data-testid="news-feed">{body}</section> }.into_any()
}

fn off() -> AnyView {
    view! {
        <div class="card-head"><h2 id="feed">"News"</h2></div>
        <p class="empty small"><b>"News is off"</b><span>"This server follows no feeds."</span></p>
    }
    .into_any()
}

fn feed(news: NewsStore) -> AnyView {
    let params = use_query_map();
    let query = memo(move || params.with(story_query::read));
    let load = StoryLoad::new(query, true);
    let stories = {
        let news = news.clone();
        memo(move || query.with(|query| news.list(query)))
    };
    let waiting = {
        let news = news.clone();
        memo(move || query.with(|query| news.waiting(query)))
    };
    let list = NodeRef::<html::Div>::new();
    let title = NodeRef::<html::H2>::new();
    let focused = RwSignal::new(false);
    let away = watch_scroll(list, title);
    {
        let news = news.clone();
        effect(move || news.hold(away.get() || focused.get()));
    }
    {
        let news = news.clone();
        on_cleanup(move || news.hold(false));
    }
    let count = format::counted(news.sources().len(), "source", "sources");
    let show_new = move |_| {
        focused.set(false);
        away.set(false);
        if let Some(list) = list.get_untracked() {
            list.set_scroll_top(0);
        }
        // The button goes; the title is what comes before the stories.
        if let Some(title) = title.get_untracked()
            && title.focus().is_err()
        {
            leptos::logging::warn!("the title of the news could not be focused");
        }
    };
    let empty = move || load.stage.get() == Stage::Ready && stories.with(Vec::is_empty);
    view! {
        <div class="card-head">
            <h2 id="feed" node_ref=title tabindex="-1">"News"</h2>
            <p class="muted">{count}</p>
            <NotifyButton/>
        </div>
        <StoryFilter action="/"/>
        <div class="feed-body" data-state=move || load.stage.get().as_str().to_owned()>
            <button
                type="button"
                class="feed-new"
                class:hidden=move || waiting.get() == 0
                data-testid="new-stories"
                on:click=show_new
            >
                {move || format::counted(waiting.get(), "new story", "new stories")}
            </button>
            <div
                class="feed-list"
                node_ref=list
                on:scroll=move |_| away.set(is_away(list, title))
                on:focusin=move |_| focused.set(true)
                on:focusout=move |event| focused.set(stays_inside(&event, list))
            >
                <StoryList stories=stories.into()/>
                <LoadStates load empty=Signal::derive(empty)/>
            </div>
        </div>
        <StoryAnnouncer query/>
        <p class="note"><a href="/news">"All stories"</a>" · "<a href="/api/rss" rel="external">"RSS"</a></p>
    }
    .into_any()
}

/// Whether the reader is further down: in the list itself, or in the page where the list is a part of it.
fn watch_scroll(list: NodeRef<html::Div>, title: NodeRef<html::H2>) -> RwSignal<bool> {
    let away = RwSignal::new(false);
    effect(move || {
        let look = move |_| {
            let is_away = is_away(list, title);
            if away.try_get_untracked().is_some_and(|before| before != is_away) {
                away.set(is_away);
            }
        };
        let listening = window_event_listener(leptos::ev::scroll, look);
        on_cleanup(move || listening.remove());
    });
    away
}

fn is_away(list: NodeRef<html::Div>, title: NodeRef<html::H2>) -> bool {
    let page = window().scroll_y().unwrap_or_default();
    let in_list = list.get_untracked().is_some_and(|list| list.scroll_top() > AT_TOP);
    in_list || title.get_untracked().is_some_and(|title| page > f64::from(title.offset_top()))
}

/// Whether the focus moved to another element of the list.
fn stays_inside(event: &leptos::ev::FocusEvent, list: NodeRef<html::Div>) -> bool {
    let to = event.related_target().and_then(|to| to.dyn_into::<Element>().ok());
    let list = list.get_untracked().map(HtmlElement::from);
    to.zip(list).is_some_and(|(to, list)| list.contains(Some(&to)))
}
