//! Stories that a page asks for: in the first HTML where it can be, in the browser otherwise.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{error::ApiError, get_stories::get_stories},
    live::{
        news::{NewsStore, StoryRef},
        store::LiveStore,
    },
    wire::{
        first_html,
        news::{StoriesQuery, StoryBody, StoryPage},
    },
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
    pub total: RwSignal<u64>,
    /// For the next page.
    pub next: RwSignal<Option<String>>,
    /// Asks again when it moves on.
    pub retries: RwSignal<u32>,
    /// Counts the questions, so that an answer that comes late is not shown over a newer one.
    ticket: StoredValue<u32>,
}

impl StoryLoad {
    /// Asks for the stories of `query`, and again when that changes; `None` asks for nothing. The first answer may be a
    /// part of the first HTML.
    pub fn new(query: Memo<Option<StoriesQuery>>) -> Self {
        let news = LiveStore::expect().news();
        let load = Self {
            stage: RwSignal::new(Stage::Loading),
            stories: RwSignal::new(Vec::new()),
            total: RwSignal::new(0),
            next: RwSignal::new(None),
            retries: RwSignal::new(0),
            ticket: StoredValue::new(0),
        };
        if query.with_untracked(Option::is_none) || !news.is_on() {
            load.stage.set(Stage::Ready);
        } else if let Some(answer) = first_html::carry(stories_of_request) {
            load.show(&news, answer);
        }
        Effect::new(move |earlier: Option<()>| {
            let wanted = query.get();
            load.retries.track();
            // What the first HTML has needs no question.
            if earlier.is_some() || load.stage.get_untracked() == Stage::Loading {
                load.ask(&news, wanted);
            }
        });
        load
    }

    fn ask(self, news: &NewsStore, query: Option<StoriesQuery>) {
        let ticket = self.ticket.get_value() + 1;
        self.ticket.set_value(ticket);
        let Some(query) = query.filter(|_| news.is_on()) else { return self.stage.set(Stage::Ready) };
        self.stage.set(Stage::Loading);
        let news = news.clone();
        spawn_local(async move {
            let asked = news.ask();
            let answer = get_stories(query).await;
            // The page may have been left, or another question asked, while the answer was on its way.
            if self.ticket.try_get_value() == Some(ticket) {
                self.take(&news, asked, answer);
            }
        });
    }

    fn show(self, news: &NewsStore, answer: Result<StoryPage, ApiError>) {
        self.take(news, news.ask(), answer);
    }

    fn take(self, news: &NewsStore, asked: crate::live::news::Asked, answer: Result<StoryPage, ApiError>) {
        match answer {
            Ok(page) => {
                self.stories.set(news.keep(asked, page.stories));
                self.total.set(page.total_count);
                self.next.set(page.next_cursor);
                self.stage.set(Stage::Ready);
            }
            Err(_) => self.stage.set(Stage::Failed),
        }
    }
}

/// The stories that the server read for this request; `None` in the browser, which asks for them.
fn stories_of_request() -> Option<Result<StoryPage, ApiError>> {
    #[cfg(feature = "ssr")]
    return crate::server::http::page_news::of_request().and_then(|news| news.stories);
    #[cfg(not(feature = "ssr"))]
    None
}

/// The story that the server read for this request; `None` in the browser, which asks for it.
pub fn story_of_request() -> Option<Result<Option<StoryBody>, ApiError>> {
    #[cfg(feature = "ssr")]
    return crate::server::http::page_news::of_request().and_then(|news| news.story);
    #[cfg(not(feature = "ssr"))]
    None
}
