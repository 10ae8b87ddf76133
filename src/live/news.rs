//! The stories of a page: those of the first HTML, those that the stream brings, those that were asked for.

mod book;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leptos::prelude::*;

use self::book::{Book, Written};
use super::permission::Permission;
use crate::{
    model::{
        story::{BreakingState, StoryHead},
        time::UnixMs,
    },
    wire::news::{FirstNews, NewsSnapshot, SourceName, StoriesQuery},
};

/// Most stories of the homepage's list.
pub const MAX_STORIES: usize = 200;
/// How long after it was told a breaking story is shown on every page, in milliseconds.
pub const BREAKING_FOR_MS: i64 = 2 * 3_600_000;

/// A story on the page. Two are equal where they are the same story: what is known of it is behind the signal.
#[derive(Clone)]
pub struct StoryRef {
    pub id: Arc<str>,
    pub head: ArcRwSignal<Arc<StoryHead>>,
}

impl PartialEq for StoryRef {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// When a question was asked, among everything that the store received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked(u64);

/// All stories that the page knows, each behind a signal of its own.
///
/// What the stream brings is written once per animation frame. New stories come on top, or wait while the reader is
/// further down.
#[derive(Clone)]
pub struct NewsStore(Arc<Inner>);

struct Inner {
    sources: Vec<SourceName>,
    book: Mutex<Book>,
    /// Moves on with every change of the book.
    changes: ArcRwSignal<u64>,
    /// Stories that became breaking with the last frame.
    alarms: ArcRwSignal<Vec<Arc<StoryHead>>>,
    permission: ArcRwSignal<Permission>,
    first: Mutex<Option<FirstNews>>,
    /// Moves on with every click that asks for notifications.
    wishes: ArcRwSignal<u32>,
}

impl NewsStore {
    pub fn new(snapshot: NewsSnapshot) -> Self {
        Self(Arc::new(Inner {
            sources: snapshot.sources,
            book: Mutex::new(Book::new(snapshot.stories, snapshot.last_event_id)),
            changes: ArcRwSignal::new(0),
            alarms: ArcRwSignal::new(Vec::new()),
            permission: ArcRwSignal::new(Permission::Unknown),
            first: Mutex::new(None),
            wishes: ArcRwSignal::new(0),
        }))
    }

    /// Keeps what was read for the first page, until that takes it.
    pub fn begin_with(&self, first: Option<FirstNews>) {
        *self.0.first.lock().unwrap_or_else(PoisonError::into_inner) = first;
    }

    /// What was read for the page that is being made; once.
    pub fn take_first(&self) -> Option<FirstNews> {
        self.0.first.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The feeds; empty where news is off.
    pub fn sources(&self) -> &[SourceName] {
        &self.0.sources
    }

    /// Whether this server follows any feed.
    pub fn is_on(&self) -> bool {
        !self.0.sources.is_empty()
    }

    /// The place in the log that the page has reached: its stream goes on from there.
    pub fn position(&self) -> u64 {
        self.book().position
    }

    /// Remembers the id of the stream's last entry. A log that begins anew has smaller ones.
    pub fn reached(&self, position: u64) {
        self.book().position = position;
    }

    /// Keeps a streamed story for the next [`flush`](Self::flush).
    pub fn receive(&self, head: StoryHead) {
        self.book().receive(head);
    }

    /// Remembers that the server is asked for stories now. The answer goes to [`answer`](Self::answer) or
    /// [`keep`](Self::keep).
    pub fn ask(&self) -> Asked {
        self.book().ask()
    }

    /// Keeps the newest stories of all, as asked for, for the next flush. What was streamed after the question stays.
    /// `replaces`: the server has other data than before, and what the page had from it is no more.
    pub fn answer(&self, asked: Asked, stories: Vec<StoryHead>, replaces: bool) {
        self.book().answer(asked, stories, replaces);
    }

    /// Takes in stories that were asked for under a filter, at once and without a word: they are no news to the reader,
    /// who waits for them. In the order given.
    pub fn keep(&self, asked: Asked, stories: Vec<StoryHead>) -> Vec<StoryRef> {
        let (refs, written) = self.book().keep(asked, stories);
        self.publish(written);
        refs
    }

    /// Writes what was received into the signals. Called once per animation frame.
    pub fn flush(&self) {
        let written = self.book().flush();
        self.publish(written);
    }

    /// Holds new stories back while the reader is further down, or lets them in.
    pub fn hold(&self, held: bool) {
        let written = self.book().hold(held);
        self.publish(written);
    }

    /// The stories that fit, newest first. Without a filter those that were asked for under one are left out: between
    /// them others are missing. Tracks every change.
    pub fn list(&self, query: &StoriesQuery) -> Vec<StoryRef> {
        self.0.changes.track();
        self.book().list(query)
    }

    /// How many stories that fit are held back. Tracks every change.
    pub fn waiting(&self, query: &StoriesQuery) -> usize {
        self.0.changes.track();
        self.book().waiting(query)
    }

    /// How many stories that fit came after the one with the number `seen`, and the number of the last. For saying it
    /// aloud. Tracks every change.
    pub fn arrived_since(&self, seen: u64, query: &StoriesQuery) -> (usize, u64) {
        self.0.changes.track();
        self.book().arrived_since(seen, query)
    }

    /// Stories that were told as breaking in the last two hours, the newest first. Tracks every change.
    pub fn breaking(&self, now: UnixMs) -> Vec<StoryRef> {
        self.0.changes.track();
        self.book().breaking(now)
    }

    /// Stories that became breaking with the last frame: what a notification is made of. Each comes once.
    pub fn alarms(&self) -> ArcRwSignal<Vec<Arc<StoryHead>>> {
        self.0.alarms.clone()
    }

    /// Whether notifications may be shown. The browser's side says so.
    pub fn permission(&self) -> ArcRwSignal<Permission> {
        self.0.permission.clone()
    }

    /// Moves on when the visitor asks for notifications: only then may the browser ask back.
    pub fn wishes(&self) -> ArcRwSignal<u32> {
        self.0.wishes.clone()
    }

    fn publish(&self, written: Written) {
        let Written { heads, alarms, changed } = written;
        for (signal, head) in heads {
            signal.set(head);
        }
        if changed {
            self.0.changes.update(|changes| *changes += 1);
        }
        if !alarms.is_empty() {
            self.0.alarms.set(alarms);
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a story is among those that `query` asks for, as far as a page can tell: words are looked for in every
/// article of a story, which only the server has.
pub fn fits(query: &StoriesQuery, story: &StoryHead) -> bool {
    query.symbol.is_none_or(|symbol| story.tickers.contains(&symbol))
        && query.source.as_ref().is_none_or(|key| story.sources.iter().any(|source| source.key == *key))
        && query.category.as_ref().is_none_or(|category| story.category == *category)
}

/// Whether a query leaves anything out.
pub const fn filters(query: &StoriesQuery) -> bool {
    query.symbol.is_some() || query.source.is_some() || query.category.is_some() || query.q.is_some()
}

/// What a badge says of a story that its sources took back.
pub const RETRACTED: &str = "Retracted";

/// What a badge says of a story. Nothing where it was never told as breaking.
pub fn breaking_words(story: &StoryHead) -> &'static str {
    match story.breaking.as_ref().map(|breaking| breaking.state) {
        None => "",
        Some(BreakingState::Breaking) => "Breaking",
        Some(BreakingState::Upgraded) => "Breaking · confirmed",
        Some(BreakingState::Retracted) => RETRACTED,
    }
}

#[cfg(test)]
mod tests;
