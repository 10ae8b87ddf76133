//! Gives back what Redis has forgotten of the shared log: it was started anew from nothing or from an older state, and
//! what was told since must be had by nodes that come later.

use std::collections::HashSet;

use tracing::info;

use super::{
    journal::Trouble,
    link::{Link, Place, SharedLog},
    message,
    shared::{RelayCounters, count},
};
use crate::{
    model::story::StoryHead,
    server::{
        event::{EventKind, LogEvent},
        storage::{Storage, batch::Batch},
    },
};

/// Entries that are given back at a time.
const CHUNK: usize = 64;

/// Appends what `ours` has beyond the end of the shared log. Returns whether that was still its end.
pub(super) async fn give_back(
    storage: &Storage,
    link: &Link,
    log: SharedLog,
    ours: Place,
    counters: &RelayCounters,
) -> Result<bool, Trouble> {
    let mut log = log;
    info!(from = log.tip, to = ours.last, "giving back what Redis has forgotten of the log");
    while log.tip < ours.last {
        let events = without_hole(storage.events(log.tip, CHUNK).await?);
        // Where all of it has aged out, the log at least goes on where it was.
        let last = events.last().map_or(ours.last, |event| event.id);
        let edition = edition(storage, events).await?;
        if !link.restore(log, last, &edition).await? {
            return Ok(false);
        }
        count(&counters.editions_restored, 1);
        log.tip = last;
    }
    Ok(true)
}

/// The first entries, up to one that is missing here.
fn without_hole(events: Vec<LogEvent>) -> Vec<LogEvent> {
    let Some(first) = events.first().map(|event| event.id) else { return events };
    events.into_iter().zip(first..).take_while(|(event, id)| event.id == *id).map(|(event, _)| event).collect()
}

/// Entries, with the stories that they tell of as they are now.
async fn edition(storage: &Storage, events: Vec<LogEvent>) -> Result<String, Trouble> {
    let mut told = HashSet::new();
    let mut batch = Batch::default();
    for event in events.iter().filter(|event| event.draft.kind == EventKind::Story) {
        let Ok(head) = serde_json::from_str::<StoryHead>(&event.draft.data) else { continue };
        if !told.insert(head.id.clone()) {
            continue;
        }
        if let Some(story) = storage.story(head.id).await? {
            batch.articles.extend(story.timeline);
            batch.stories.push(story.head);
        }
    }
    batch.events = events;
    message::edition(&batch).ok_or_else(|| Trouble::Edition("what is stored can't be written".to_owned()))
}
