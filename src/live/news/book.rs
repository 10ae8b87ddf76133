//! The order of stories, and what waits. No signal is written here: [`Written`] says which are to be.

use std::{collections::VecDeque, sync::Arc};

use leptos::prelude::{ArcRwSignal, GetUntracked, WithUntracked};

use super::{Asked, BREAKING_FOR_MS, MAX_STORIES, StoryRef, filters, fits};
use crate::{
    model::{story::StoryHead, time::UnixMs},
    wire::news::StoriesQuery,
};

/// Most stories beside the homepage's list.
const MAX_KEPT: usize = 100;
/// How many stories are remembered that a notification was made of.
const MAX_ALARMED: usize = 64;

/// What a change of the book asks to be written.
#[derive(Default)]
pub(super) struct Written {
    pub heads: Vec<(ArcRwSignal<Arc<StoryHead>>, Arc<StoryHead>)>,
    /// Stories that became breaking.
    pub alarms: Vec<Arc<StoryHead>>,
    pub changed: bool,
}

pub(super) struct Book {
    /// Newest first by [`order`].
    entries: Vec<Entry>,
    /// What came since the last frame: one state per story, never a queue, because frames stop in a tab that nobody sees.
    /// In the order in which they came.
    pending: Vec<Arrival>,
    /// New stories that are held back.
    waiting: Vec<Arrival>,
    held: bool,
    /// Counts arrivals and questions together, so that any two can be put in order.
    count: u64,
    /// The count of the last question about all stories that was answered.
    answered: u64,
    alarmed: VecDeque<Arc<str>>,
    /// The server has other data than before: what was there before this question goes with its answer.
    replaced: Option<Asked>,
    pub position: u64,
}

struct Entry {
    story: StoryRef,
    first_seen: UnixMs,
    /// The count when it was last streamed.
    streamed: u64,
    /// The count when it was new to the page; 0 for what was there.
    born: u64,
    /// The count when it was last asked for under a filter; `None` for stories of the homepage's list.
    kept: Option<u64>,
}

struct Arrival {
    head: Arc<StoryHead>,
    count: u64,
    /// Came by the stream, and not as an answer.
    streamed: bool,
    /// The count when it was new to the page; 0 before that is known.
    born: u64,
}

impl Book {
    pub fn new(stories: Vec<StoryHead>, position: u64) -> Self {
        let mut book = Self {
            entries: Vec::new(),
            pending: Vec::new(),
            waiting: Vec::new(),
            held: false,
            count: 0,
            answered: 0,
            alarmed: VecDeque::new(),
            replaced: None,
            position,
        };
        for head in stories {
            // What was breaking before the page was opened is no alarm.
            if head.is_breaking() {
                book.alarmed.push_back(head.id.as_str().into());
            }
            if book.find(&head.id).is_none() {
                book.insert(Arrival { head: Arc::new(head), count: 0, streamed: false, born: 0 }, None);
            }
        }
        book.trim();
        book
    }

    pub fn receive(&mut self, head: StoryHead) {
        self.count += 1;
        let arrival = Arrival { count: self.count, streamed: true, born: 0, head: Arc::new(head) };
        self.pend(arrival);
    }

    pub fn ask(&mut self) -> Asked {
        self.count += 1;
        Asked(self.count)
    }

    pub fn answer(&mut self, asked: Asked, stories: Vec<StoryHead>, replaces: bool) {
        if asked.0 < self.answered {
            return;
        }
        self.answered = asked.0;
        if replaces {
            self.replaced = Some(asked);
        }
        // The newest is the last to arrive, as it is on the stream.
        for head in stories.into_iter().rev() {
            if !self.streamed_since(asked, &head.id) {
                self.pend(Arrival { head: Arc::new(head), count: asked.0, streamed: false, born: 0 });
            }
        }
    }

    pub fn keep(&mut self, asked: Asked, stories: Vec<StoryHead>) -> (Vec<StoryRef>, Written) {
        let mut written = Written::default();
        let mut refs: Vec<StoryRef> = Vec::with_capacity(stories.len());
        for head in stories {
            let newer = self.streamed_since(asked, &head.id);
            let known = self.find(&head.id).and_then(|at| self.entries.get_mut(at));
            let story = if let Some(entry) = known {
                entry.kept = entry.kept.map(|_| asked.0);
                if !newer {
                    update(entry, Arc::new(head), &mut written);
                }
                entry.story.clone()
            } else {
                written.changed = true;
                self.insert(Arrival { head: Arc::new(head), count: 0, streamed: false, born: 0 }, Some(asked.0))
            };
            if !refs.contains(&story) {
                refs.push(story);
            }
        }
        self.trim();
        (refs, written)
    }

    pub fn flush(&mut self) -> Written {
        let mut written = Written::default();
        if let Some(asked) = self.replaced.take() {
            let pending = &self.pending;
            let comes = |id: &str| pending.iter().any(|arrival| arrival.head.id == id);
            self.entries.retain(|entry| entry.streamed > asked.0 || comes(&entry.story.id));
            self.waiting.retain(|arrival| arrival.count > asked.0);
            written.changed = true;
        }
        for mut arrival in std::mem::take(&mut self.pending) {
            self.alarm(&arrival.head, &mut written);
            if let Some(entry) = self.find(&arrival.head.id).and_then(|at| self.entries.get_mut(at)) {
                if arrival.streamed {
                    entry.streamed = arrival.count;
                }
                update(entry, arrival.head, &mut written);
                continue;
            }
            written.changed = true;
            // A change of a story from before the list's end would leave a hole in it.
            let oldest = self.entries.iter().rev().find(|entry| entry.kept.is_none());
            if oldest.is_some_and(|oldest| arrival.head.first_seen < oldest.first_seen) {
                let count = arrival.count;
                self.insert(arrival, Some(count));
                continue;
            }
            self.count += 1;
            arrival.born = self.count;
            if self.held {
                self.waiting.retain(|known| known.head.id != arrival.head.id);
                self.waiting.push(arrival);
            } else {
                self.insert(arrival, None);
            }
        }
        let surplus = self.waiting.len().saturating_sub(MAX_STORIES);
        self.waiting.drain(..surplus);
        self.trim();
        written
    }

    pub fn hold(&mut self, held: bool) -> Written {
        self.held = held;
        let mut written = Written::default();
        if !held && !self.waiting.is_empty() {
            written.changed = true;
            for arrival in std::mem::take(&mut self.waiting) {
                // It may have been asked for in the meantime.
                if let Some(entry) = self.find(&arrival.head.id).and_then(|at| self.entries.get_mut(at)) {
                    entry.kept = None;
                } else {
                    self.insert(arrival, None);
                }
            }
            self.trim();
        }
        written
    }

    pub fn list(&self, query: &StoriesQuery) -> Vec<StoryRef> {
        let filtered = filters(query);
        let shown = |entry: &&Entry| (filtered || entry.kept.is_none()) && entry.fits(query);
        self.entries.iter().filter(shown).take(MAX_STORIES).map(|entry| entry.story.clone()).collect()
    }

    pub fn waiting(&self, query: &StoriesQuery) -> usize {
        self.waiting.iter().filter(|arrival| fits(query, &arrival.head)).count()
    }

    pub fn arrived_since(&self, seen: u64, query: &StoriesQuery) -> (usize, u64) {
        let shown = self.entries.iter().filter(|entry| entry.born > seen && entry.fits(query)).count();
        let waiting = self.waiting.iter().filter(|arrival| arrival.born > seen && fits(query, &arrival.head)).count();
        (shown + waiting, self.count)
    }

    /// The story that was told as breaking last, without those that were put away.
    pub fn breaking(&self, now: UnixMs, dismissed: &[String]) -> Option<StoryRef> {
        let told = |entry: &&Entry| {
            let since =
                entry.story.head.with_untracked(|head| head.breaking.as_ref().map(|breaking| breaking.since))?;
            let is_shown = now.since(since) < BREAKING_FOR_MS && !dismissed.iter().any(|id| **id == *entry.story.id);
            is_shown.then_some(since)
        };
        let mut newest: Option<(UnixMs, &Entry)> = None;
        for entry in &self.entries {
            if let Some(since) = told(&entry)
                && newest.is_none_or(|(last, _)| since > last)
            {
                newest = Some((since, entry));
            }
        }
        newest.map(|(_, entry)| entry.story.clone())
    }

    fn pend(&mut self, arrival: Arrival) {
        self.pending.retain(|known| known.head.id != arrival.head.id);
        self.pending.push(arrival);
        if self.pending.len() > MAX_STORIES {
            self.pending.remove(0);
        }
    }

    fn streamed_since(&self, asked: Asked, id: &str) -> bool {
        let after = |arrival: &Arrival| arrival.streamed && arrival.count > asked.0 && arrival.head.id == id;
        self.pending.iter().any(after)
            || self.waiting.iter().any(after)
            || self.entries.iter().any(|entry| entry.streamed > asked.0 && *entry.story.id == *id)
    }

    fn find(&self, id: &str) -> Option<usize> {
        self.entries.iter().position(|entry| *entry.story.id == *id)
    }

    fn insert(&mut self, arrival: Arrival, kept: Option<u64>) -> StoryRef {
        let Arrival { head, count, streamed, born } = arrival;
        let (first_seen, id): (_, Arc<str>) = (head.first_seen, head.id.as_str().into());
        let at = self.entries.partition_point(|entry| (entry.first_seen, &entry.story.id) > (first_seen, &id));
        let story = StoryRef { id, head: ArcRwSignal::new(head) };
        let streamed = if streamed { count } else { 0 };
        self.entries.insert(at, Entry { story: story.clone(), first_seen, streamed, born, kept });
        story
    }

    /// Remembers a story that became breaking; the second time it is no alarm.
    fn alarm(&mut self, head: &Arc<StoryHead>, written: &mut Written) {
        if !head.is_breaking() || self.alarmed.iter().any(|id| **id == *head.id) {
            return;
        }
        self.alarmed.push_back(head.id.as_str().into());
        let surplus = self.alarmed.len().saturating_sub(MAX_ALARMED);
        self.alarmed.drain(..surplus);
        written.alarms.push(Arc::clone(head));
    }

    /// Drops the oldest stories of the list, and of the others those that were asked for first.
    fn trim(&mut self) {
        let mut listed = 0;
        self.entries.retain(|entry| {
            listed += usize::from(entry.kept.is_none());
            entry.kept.is_some() || listed <= MAX_STORIES
        });
        let kept = |entry: &Entry| entry.kept.is_some();
        let mut surplus = self.entries.iter().filter(|entry| kept(entry)).count().saturating_sub(MAX_KEPT);
        // Few at a time: no order is worth its code in the browser's build.
        while surplus > 0 {
            let first = self.entries.iter().filter_map(|entry| entry.kept).min();
            if let Some(at) = self.entries.iter().rposition(|entry| entry.kept == first && kept(entry)) {
                self.entries.remove(at);
            }
            surplus -= 1;
        }
    }
}

impl Entry {
    fn fits(&self, query: &StoriesQuery) -> bool {
        self.story.head.with_untracked(|head| fits(query, head))
    }
}

/// A known story has a new state. Its place stays: a list that reorders itself can't be read.
fn update(entry: &Entry, head: Arc<StoryHead>, written: &mut Written) {
    if entry.story.head.get_untracked() != head {
        written.changed = true;
        written.heads.push((entry.story.head.clone(), head));
    }
}
