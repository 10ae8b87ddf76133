//! `/news/{storyId}`: one story, with everyone who reported it.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::error::ErrorPage;
use crate::{
    api::get_story::get_story,
    live::{
        news::{NewsStore, StoryRef},
        store::LiveStore,
    },
    model::{
        article::Article,
        story::{Breaking, BreakingState, MAX_TIMELINE, StoryHead},
    },
    ui::{
        components::{
            reaction_table::ReactionTable,
            story_item::{AssetChips, StoryMeta, text},
            timeline::{Outward, Timeline, host},
        },
        format,
        reactive::{effect, memo},
        response::title_text,
        story_load::Stage,
    },
    wire::news::StoryBody,
};

/// The story that the address names. Copied into effects; gone with the component.
#[derive(Clone, Copy)]
struct Named {
    stage: RwSignal<Stage>,
    /// Empty where there is no such story.
    story: RwSignal<Vec<StoryRef>>,
    articles: RwSignal<Vec<Article>>,
}

/// The page of one story.
#[component]
pub fn StoryPage() -> impl IntoView {
    let params = use_params_map();
    let id = memo(move || params.with(|params| params.get("id").unwrap_or_default()));
    let named = Named {
        stage: RwSignal::new(Stage::Loading),
        story: RwSignal::new(Vec::new()),
        articles: RwSignal::new(Vec::new()),
    };
    let news = LiveStore::expect().news();
    if !news.is_on() {
        named.stage.set(Stage::Ready);
    } else if let Some(first) = news.take_first() {
        named.show(&news, first.story, first.unknown);
    }
    named.follow(news, id);
    move || {
        match (named.stage.get(), named.story.with(|story| story.first().cloned())) {
        (Stage::Ready, Some(story)) => view! { <StoryBodyView story articles=named.articles/> }.into_any(),
        (Stage::Ready, None) => view! {
            <ErrorPage
                status=404
                title="This story is not here"
                detail="The address may be mistyped, or the story may be older than what is kept."
            />
        }
        .into_any(),
        (Stage::Failed, _) => view! {
            <ErrorPage status=503 title="This story can't be read now" detail="Try again in a few seconds. Prices are not affected."/>
        }
        .into_any(),
        (Stage::Loading, _) => view! {
            <Title text="News · Market Pulse"/>
            <section class="card" aria-busy="true">
                <h1 class="sr-only">"Loading a story"</h1>
                <div class="story-skeletons" aria-hidden="true"><i></i><i></i><i></i></div>
            </section>
        }
        .into_any(),
    }
    }
}

impl Named {
    /// Asks for the story where the first HTML has none, for another one, and again when it gained an article.
    fn follow(self, news: NewsStore, id: Memo<String>) {
        let asked_for = StoredValue::new(id.get_untracked());
        let known = StoredValue::new(0_u32);
        effect(move || {
            let id = id.get();
            let count = self.story.with(|story| story.first().map_or(0, |story| story.head.with(|head| head.articles)));
            let before = known.get_value();
            known.set_value(count);
            if !news.is_on() {
                return;
            }
            if asked_for.get_value() != id {
                asked_for.set_value(id.clone());
                self.stage.set(Stage::Loading);
                self.ask(news.clone(), id);
            } else if self.stage.get_untracked() == Stage::Loading && count == 0 || before > 0 && count > before {
                self.ask(news.clone(), id);
            }
        });
    }

    fn ask(self, news: NewsStore, id: String) {
        spawn_local(async move {
            let answer = get_story(id).await;
            // The page may have been left while the answer was on its way.
            if self.stage.try_get_untracked().is_some() {
                let unknown = matches!(answer, Ok(None));
                self.show(&news, answer.ok().flatten(), unknown);
            }
        });
    }

    fn show(self, news: &NewsStore, body: Option<StoryBody>, unknown: bool) {
        if let Some(StoryBody { head, timeline }) = body {
            self.articles.set(timeline);
            let story = news.keep(news.ask(), vec![head]);
            // The same story again keeps its view: only its timeline is longer.
            if self.story.with_untracked(|shown| *shown != story) {
                self.story.set(story);
            }
        } else if unknown {
            self.story.set(Vec::new());
        } else if self.stage.get_untracked() != Stage::Ready {
            // What is shown stays where a later question has no answer.
            return self.stage.set(Stage::Failed);
        }
        if self.stage.get_untracked() != Stage::Ready {
            self.stage.set(Stage::Ready);
        }
    }
}

#[component]
fn StoryBodyView(story: StoryRef, articles: RwSignal<Vec<Article>>) -> impl IntoView {
    let head = story.head;
    let title = text(&head, |head| head.title.clone());
    let lead = text(&head, |head| head.description.clone());
    let counts = text(&head, count_words);
    let best = {
        let head = head.clone();
        let link = memo(move || head.with(|head| head.link.clone()));
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
    let with = |read: fn(&Breaking) -> String| {
        let head = head.clone();
        Signal::derive(move || head.with(|head| head.breaking.as_ref().map(read)).unwrap_or_default())
    };
    let state = with(|breaking| state_words(breaking.state).to_owned());
    let score = with(|breaking| ["score ", &format::grouped(breaking.score, 2)].concat());
    let since = with(|breaking| ["Told first on ", &format::date_time(breaking.since), ". "].concat());
    let reasons = move || {
        let reasons = head.with(|head| head.breaking.as_ref().map(|b| b.reasons.clone())).unwrap_or_default();
        reasons.into_iter().map(|reason| view! { <li>{reason}</li> }.into_any()).collect_view().into_any()
    };
    view! {
        <section class="card" aria-labelledby="why" class:hidden=move || state.with(String::is_empty) data-testid="why-breaking">
            <div class="card-head">
                <h2 id="why">{state}</h2>
                <p class="muted">{score}</p>
            </div>
            <ul class="why-list">{reasons}</ul>
            <p class="note">
                {since}
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
