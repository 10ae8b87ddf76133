//! Stories that a page asks for: in the first HTML where it can be, in the browser otherwise.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::get_stories::get_stories,
    live::{
        news::{Asked, NewsStore, StoryRef, filters},
        store::LiveStore,
    },
    wire::news::{StoriesQuery, StoryPage},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Loading,
    Ready,
    Failed,
}

impl Stage {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Failed => "error",
        }
    }
}

/// The answer to the newest question. Copied into effects; gone with the component.
#[derive(Clone, Copy)]
pub struct StoryLoad {
    pub stage: RwSignal<Stage>,
    /// In the server's order.
    pub stories: RwSignal<Vec<StoryRef>>,
    /// How many there are on all pages.
    pub total: RwSignal<u32>,
    /// For the next page; empty on the last.
    pub next: RwSignal<String>,
    /// Asks again when it moves on.
    pub retries: RwSignal<u32>,
    /// Counts the questions, so that an answer that comes late is not shown over a newer one.
    ticket: StoredValue<u32>,
}

impl StoryLoad {
    /// Asks for the stories of `query`, and again when that changes. The first answer may be a part of the first HTML.
    /// `filtered_only`: a query without a filter asks for nothing, because the page has the newest stories anyway.
    pub fn new(query: Memo<StoriesQuery>, filtered_only: bool) -> Self {
        let news = LiveStore::expect().news();
        let load = Self {
            stage: RwSignal::new(Stage::Loading),
            stories: RwSignal::new(Vec::new()),
            total: RwSignal::new(0),
            next: RwSignal::new(String::new()),
            retries: RwSignal::new(0),
            ticket: StoredValue::new(0),
        };
        let is_idle = move |news: &NewsStore| !news.is_on() || filtered_only && query.with(|query| !filters(query));
        if untrack(|| is_idle(&news)) {
            load.stage.set(Stage::Ready);
        } else if let Some(first) = news.take_first() {
            load.take(&news, news.ask(), first.stories);
        }
        Effect::new(move |earlier: Option<()>| {
            let idle = is_idle(&news);
            let wanted = query.get();
            load.retries.track();
            if idle {
                load.stage.set(Stage::Ready);
            } else if earlier.is_some() || load.stage.get_untracked() == Stage::Loading {
                // What the first HTML has needs no question.
                load.ask(&news, wanted);
            }
        });
        load
    }

    fn ask(self, news: &NewsStore, query: StoriesQuery) {
        let ticket = self.ticket.get_value() + 1;
        self.ticket.set_value(ticket);
        self.stage.set(Stage::Loading);
        let news = news.clone();
        spawn_local(async move {
            let asked = news.ask();
            let answer = get_stories(query).await;
            // The page may have been left, or another question asked, while the answer was on its way.
            if self.ticket.try_get_value() == Some(ticket) {
                self.take(&news, asked, answer.ok());
            }
        });
    }

    fn take(self, news: &NewsStore, asked: Asked, answer: Option<StoryPage>) {
        let Some(page) = answer else { return self.stage.set(Stage::Failed) };
        self.stories.set(news.keep(asked, page.stories));
        self.total.set(u32::try_from(page.total_count).unwrap_or(u32::MAX));
        self.next.set(page.next_cursor.unwrap_or_default());
        self.stage.set(Stage::Ready);
    }
}
