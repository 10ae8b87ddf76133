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

/// What was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    All,
    /// All up to entries that are missing here. Another node may have them.
    UpToHole,
    /// Not all: somebody was faster, or it is not the same log any more.
    Elsewhere,
}

/// Appends what `ours` has beyond the end of the shared log. `over_hole`: it begins with what there is, though that does
/// not follow.
pub(super) async fn give_back(
    storage: &Storage,
    link: &Link,
    log: SharedLog,
    ours: Place,
    over_hole: bool,
    counters: &RelayCounters,
) -> Result<Given, Trouble> {
    let (mut log, mut over_hole) = (log, over_hole);
    let from = log.tip;
    while log.tip < ours.last {
        let events = without_hole(storage.events(log.tip, CHUNK).await?);
        if !over_hole && events.first().is_none_or(|first| first.id != log.tip + 1) {
            return Ok(Given::UpToHole);
        }
        over_hole = false;
        if log.tip == from {
            info!(from, to = ours.last, "giving back what Redis has forgotten of the log");
        }
        // Where all of it has aged out, the log at least goes on where it was.
        let last = events.last().map_or(ours.last, |event| event.id);
        let edition = edition(storage, events).await?;
        if !link.restore(log, last, &edition).await? {
            return Ok(Given::Elsewhere);
        }
        count(&counters.editions_restored, 1);
        log.tip = last;
    }
    Ok(Given::All)
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
