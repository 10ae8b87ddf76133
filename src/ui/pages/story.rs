//! `/news/{storyId}`: one story, with everyone who reported it.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::error::ErrorPage;
use crate::{
    api::{error::ApiError, get_story::get_story},
    live::{news::StoryRef, store::LiveStore},
    model::{
        article::Article,
        story::{BreakingState, MAX_TIMELINE, StoryHead},
    },
    ui::{
        components::{
            reaction_table::ReactionTable,
            story_item::{AssetChips, StoryMeta, text},
            timeline::{Outward, Timeline, host},
        },
        format,
        response::title_text,
        story_load::story_of_request,
    },
    wire::{first_html, news::StoryBody},
};

/// What is known of the story that the address names.
#[derive(Clone)]
enum State {
    Loading,
    Shown(StoryRef),
    Unknown,
    Failed,
}

/// The page of one story.
#[component]
pub fn StoryPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let state = RwSignal::new(State::Loading);
    let articles = RwSignal::new(Vec::<Article>::new());
    if let Some(answer) = first_html::carry(story_of_request) {
        show(state, articles, answer);
    } else if !LiveStore::expect().news().is_on() {
        state.set(State::Unknown);
    }
    Effect::new(move |earlier: Option<()>| {
        let id = id.get();
        if earlier.is_some() || matches!(state.get_untracked(), State::Loading) {
            state.set(State::Loading);
            ask(state, articles, id);
        }
    });
    follow(state, articles);
    move || {
        match state.get() {
        State::Loading => view! {
            <Title text="News · Market Pulse"/>
            <section class="card" aria-busy="true">
                <h1 class="sr-only">"Loading a story"</h1>
                <div class="story-skeletons" aria-hidden="true"><i></i><i></i><i></i></div>
            </section>
        }
        .into_any(),
        State::Shown(story) => view! { <StoryBodyView story articles/> }.into_any(),
        State::Unknown => view! {
            <ErrorPage
                status=404
                title="This story is not here"
                detail="The address may be mistyped, or the story may be older than what is kept."
            />
        }
        .into_any(),
        State::Failed => view! {
            <ErrorPage status=503 title="This story can't be read now" detail="Try again in a few seconds. Prices are not affected."/>
        }
        .into_any(),
    }
    }
}

fn show(state: RwSignal<State>, articles: RwSignal<Vec<Article>>, answer: Result<Option<StoryBody>, ApiError>) {
    match answer {
        Ok(Some(StoryBody { head, timeline })) => {
            articles.set(timeline);
            let news = LiveStore::expect().news();
            let story = news.keep(news.ask(), vec![head]).into_iter().next();
            // The same story again keeps its view: only its timeline is longer.
            if !matches!((state.get_untracked(), &story), (State::Shown(shown), Some(story)) if shown == *story) {
                state.set(story.map_or(State::Unknown, State::Shown));
            }
        }
        Ok(None) => state.set(State::Unknown),
        Err(_) if matches!(state.get_untracked(), State::Shown(_)) => {}
        Err(_) => state.set(State::Failed),
    }
}

fn ask(state: RwSignal<State>, articles: RwSignal<Vec<Article>>, id: String) {
    let owner = Owner::current();
    spawn_local(async move {
        let answer = get_story(id).await;
        // The page may have been left while the answer was on its way.
        if let Some(owner) = owner.filter(|_| state.try_get_untracked().is_some()) {
            owner.with(|| show(state, articles, answer));
        }
    });
}

/// Asks for the timeline again when the story gained an article.
fn follow(state: RwSignal<State>, articles: RwSignal<Vec<Article>>) {
    Effect::new(move |earlier: Option<Option<(Arc<str>, u32)>>| {
        let State::Shown(story) = state.get() else { return None };
        let count = story.head.with(|head| head.articles);
        if let Some((id, before)) = earlier.flatten()
            && id == story.id
            && count != before
        {
            ask(state, articles, id.to_string());
        }
        Some((story.id, count))
    });
}

#[component]
fn StoryBodyView(story: StoryRef, articles: RwSignal<Vec<Article>>) -> impl IntoView {
    let head = story.head;
    let title = text(&head, |head| head.title.clone());
    let lead = text(&head, |head| head.description.clone());
    let counts = text(&head, count_words);
    let best = {
        let head = head.clone();
        let link = Memo::new(move |_| head.with(|head| head.link.clone()));
        move || {
            let link = link.get();
            let words = ["Read it at ", host(&link)].concat();
            view! { <Outward link words/> }.into_any()
        }
    };
    let cut = move || articles.with(Vec::len) >= MAX_TIMELINE;
    let page_title = move || [&title_text(&title.get()), " · Market Pulse"].concat();
    view! {
        <Title text=page_title/>
        <div class="columns">
            <div class="stack">
                <article class="card story-hero" aria-labelledby="story" data-testid="story-page">
                    <StoryMeta head=head.clone()/>
                    <h1 id="story">{title}</h1>
                    <p class="story-lead" class:hidden=move || lead.with(String::is_empty)>{lead}</p>
                    <div class="story-foot">
                        <AssetChips head=head.clone()/>
                        <span class="story-best">{best}</span>
                    </div>
                </article>
                <section class="card" aria-labelledby="timeline">
                    <div class="card-head"><h2 id="timeline">"Timeline"</h2><p class="muted">{counts}</p></div>
                    <Timeline articles/>
                    <p class="note" class:hidden=move || !cut()>"The newest 200 reports are shown."</p>
                </section>
            </div>
            <aside class="side" aria-label="About this story">
                <WhyBreaking head=head.clone()/>
                <ReactionTable head/>
            </aside>
        </div>
    }
    .into_any()
}

/// The reasons, one a line, with the score that they add up to.
#[component]
fn WhyBreaking(head: ArcRwSignal<Arc<StoryHead>>) -> impl IntoView {
    let breaking = Memo::new(move |_| head.with(|head| head.breaking.clone()));
    let with = move |read: fn(&crate::model::story::Breaking) -> String| {
        move || breaking.with(|breaking| breaking.as_ref().map(read)).unwrap_or_default()
    };
    let reasons = move || {
        let reasons = breaking.with(|breaking| breaking.as_ref().map(|b| b.reasons.clone())).unwrap_or_default();
        reasons.into_iter().map(|reason| view! { <li>{reason}</li> }.into_any()).collect_view().into_any()
    };
    view! {
        <section class="card" aria-labelledby="why" class:hidden=move || breaking.with(Option::is_none) data-testid="why-breaking">
            <div class="card-head">
                <h2 id="why">{with(|breaking| state_words(breaking.state).to_owned())}</h2>
                <p class="muted">{with(|breaking| ["score ", &format::grouped(breaking.score, 2)].concat())}</p>
            </div>
            <ul class="why-list">{reasons}</ul>
            <p class="note">
                {with(|breaking| ["Told first on ", &format::date_time(breaking.since), ". "].concat())}
                "The score runs from 0 to 1. It counts independent sources within a short time, how new the matter is, the rank of the sources, and how prices moved."
            </p>
        </section>
    }
    .into_any()
}

const fn state_words(state: BreakingState) -> &'static str {
    match state {
        BreakingState::Breaking => "Why it is breaking",
        BreakingState::Upgraded => "Breaking, and confirmed since",
        BreakingState::Retracted => "Taken back by its sources",
    }
}

/// `4 reports from 3 sources`
fn count_words(head: &StoryHead) -> String {
    let reports = format::counted(head.articles as usize, "report", "reports");
    let sources = format::counted(head.sources.len(), "source", "sources");
    [&reports, " from ", &sources].concat()
}
