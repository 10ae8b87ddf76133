//! What Redis is asked of the channels.

use std::time::Duration;

use super::{ABSENT, Link, LinkError, MAX_ID, SETTLE, micros};
use crate::{
    model::time::UnixMs,
    server::{
        clock::millis,
        event::{EventDraft, EventKind, Facets, LogEvent},
    },
};

/// Entries of the stream that are kept at most, for nodes that were away or are new.
const MAX_ENTRIES: u64 = 20_000;
/// What these may take, in bytes.
const MAX_BYTES: u64 = 64 << 20;
/// Removed channels that are remembered, so that no node brings them back.
const MAX_REMOVED: u64 = 10_000;
/// Entries of one answer, and the bytes with which it ends.
const PAGE: (usize, usize) = (256, 1 << 20);

/// A channel that a node has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server::relay) struct Own {
    pub(in crate::server::relay) name: String,
    /// Where its log started. Another log of this name has another start.
    pub(in crate::server::relay) first: u64,
    /// After which entry the node could give it back.
    pub(in crate::server::relay) from: u64,
    pub(in crate::server::relay) last: u64,
    pub(in crate::server::relay) created_at: UnixMs,
}

/// A channel that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server::relay) struct Known {
    pub(in crate::server::relay) name: String,
    pub(in crate::server::relay) first: u64,
    /// Its last entry.
    pub(in crate::server::relay) tip: u64,
    pub(in crate::server::relay) created_at: UnixMs,
}

/// What there is when a node comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server::relay) struct Meeting {
    /// Since when Redis knows of channels. Another one: everything is looked at again.
    pub(in crate::server::relay) epoch: u64,
    /// The last place in the stream.
    pub(in crate::server::relay) place: u64,
    pub(in crate::server::relay) channels: Vec<Known>,
}

/// A part of the stream.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::server::relay) struct Page {
    /// 0: Redis knows of no channels.
    pub(in crate::server::relay) epoch: u64,
    /// Whether the channels may be written.
    pub(in crate::server::relay) open: bool,
    /// The last place in the stream.
    pub(in crate::server::relay) place: u64,
    pub(in crate::server::relay) entries: Vec<Entry>,
}

/// An entry of the stream. Places have no hole, but for what was thrown away at the beginning.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::server::relay) struct Entry {
    pub(in crate::server::relay) place: u64,
    /// `None`: it can't be read.
    pub(in crate::server::relay) change: Option<Change>,
}

/// What was done to a channel.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::server::relay) enum Change {
    /// `first`: where the log started that the entry is of.
    Published {
        name: String,
        first: u64,
        event: LogEvent,
    },
    /// For a channel of which each node keeps its own log.
    Noted {
        name: String,
        draft: EventDraft,
    },
    Created {
        name: String,
        first: u64,
        /// Where its log ended when it came to be known.
        tip: u64,
        at: UnixMs,
    },
    Removed {
        name: String,
        first: u64,
    },
}

/// What a node wants to do to a channel.
#[derive(Debug, Clone, Copy)]
pub(in crate::server::relay) enum Wanted<'a> {
    Publish { name: &'a str, first: u64, at: UnixMs, draft: &'a EventDraft },
    Note { name: &'a str, at: UnixMs, draft: &'a EventDraft },
    Create { name: &'a str, first: u64, at: UnixMs },
    Remove { name: &'a str, at: UnixMs },
    Restore { name: &'a str, first: u64, tip: u64, event: &'a LogEvent },
    Reach { name: &'a str, first: u64, tip: u64, last: u64 },
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server::relay) enum Written {
    /// The id of what was published, the place of what was noted, or where the log of a created channel starts.
    Done(u64),
    /// Nobody writes yet: Redis was started anew, and the nodes give back what it has forgotten.
    Settling,
    Unknown,
    Exists,
    Full,
    /// The log ends elsewhere.
    Moved,
}

/// Within which bounds something is written. What is beyond them is thrown away, the oldest first, but for the newest.
#[derive(Debug, Clone, Copy)]
pub(in crate::server::relay) struct Bounds {
    /// Channels that may be created.
    pub(in crate::server::relay) max_created: usize,
    /// How long what was told is of use, by the clock of Redis: that of one node may be wrong.
    pub(in crate::server::relay) keep: Duration,
    /// Entries of the stream.
    pub(in crate::server::relay) entries: u64,
    /// What they may take, in bytes.
    pub(in crate::server::relay) bytes: u64,
}

impl Bounds {
    pub(in crate::server::relay) const fn of(max_created: usize, keep: Duration) -> Self {
        Self { max_created, keep, entries: MAX_ENTRIES, bytes: MAX_BYTES }
    }
}

impl Link {
    /// Whether it leads to the same Redis, which was not started anew.
    pub(in crate::server::relay) fn is_of(&self, run: &str) -> bool {
        &*self.run == run
    }

    /// Which Redis it leads to, since it was started.
    pub(in crate::server::relay) fn run(&self) -> std::sync::Arc<str> {
        std::sync::Arc::clone(&self.run)
    }

    /// Says which channels a node has, and hears which there are.
    pub(in crate::server::relay) async fn meet(&self, own: &[Own]) -> Result<Meeting, LinkError> {
        let keys = &self.keys;
        let mut script = self.scripts.meet.key(&keys.channel_state);
        script.key(&keys.channels).key(&keys.removed).key(&keys.publications).key(&keys.met).arg(&*self.run);
        for Own { name, first, from, last, created_at } in own {
            script.arg(name).arg(first).arg(from).arg(last).arg(created_at.0.max(0));
        }
        let (epoch, place, lines): (u64, u64, Vec<String>) = script.invoke_async(&mut self.connection.clone()).await?;
        let channels = lines.chunks_exact(2).filter_map(|pair| known(pair.first()?, pair.last()?)).collect();
        Ok(Meeting { epoch, place, channels })
    }

    /// What follows a place in the stream. `complete`: Redis has everything that the node has, as of this epoch.
    pub(in crate::server::relay) async fn follow(
        &self,
        node: &str,
        complete: Option<u64>,
        after: u64,
    ) -> Result<Page, LinkError> {
        type Answer = (u64, bool, u64, Vec<(String, Vec<Vec<u8>>)>);
        let keys = &self.keys;
        let mut script = self.scripts.follow.key(&keys.channel_state);
        script.key(&keys.publications).key(&keys.nodes).key(&keys.met);
        script.arg(&*self.run).arg(node).arg(complete.unwrap_or_default()).arg(after).arg(PAGE.0).arg(PAGE.1);
        script.arg(micros(SETTLE)).arg(micros(ABSENT));
        let (epoch, open, place, entries): Answer = script.invoke_async(&mut self.connection.clone()).await?;
        let entries = entries.into_iter().map(|(id, fields)| entry(&id, fields)).collect::<Result<_, _>>()?;
        Ok(Page { epoch, open, place, entries })
    }

    /// Does all of it in one go, and says what became of each.
    pub(in crate::server::relay) async fn write(
        &self,
        wanted: &[Wanted<'_>],
        bounds: Bounds,
    ) -> Result<Vec<Written>, LinkError> {
        let keys = &self.keys;
        let mut script = self.scripts.write.key(&keys.channel_state);
        script.key(&keys.channels).key(&keys.removed).key(&keys.publications);
        script.arg(&*self.run).arg(bounds.max_created).arg(bounds.entries).arg(bounds.bytes);
        script.arg(millis(bounds.keep)).arg(MAX_REMOVED).arg(&keys.calls);
        for wanted in wanted {
            match *wanted {
                Wanted::Publish { name, first, at, .. } => script.arg("publish").arg(name).arg(first).arg(at.0.max(0)),
                Wanted::Note { name, at, .. } => script.arg("note").arg(name).arg(at.0.max(0)),
                Wanted::Create { name, first, at } => script.arg("create").arg(name).arg(first).arg(at.0.max(0)),
                Wanted::Remove { name, at } => script.arg("remove").arg(name).arg(at.0.max(0)),
                Wanted::Restore { name, first, tip, event } => {
                    script.arg("restore").arg(name).arg(first).arg(tip).arg(event.id).arg(event.at.0.max(0))
                }
                Wanted::Reach { name, first, tip, last } => script.arg("reach").arg(name).arg(first).arg(tip).arg(last),
            };
            let draft = match *wanted {
                Wanted::Publish { draft, .. } | Wanted::Note { draft, .. } => Some(draft),
                Wanted::Restore { event, .. } => Some(&event.draft),
                Wanted::Create { .. } | Wanted::Remove { .. } | Wanted::Reach { .. } => None,
            };
            if let Some(draft) = draft {
                script.arg(draft.kind.as_str()).arg(&draft.data);
            }
        }
        let answers: Vec<String> = script.invoke_async(&mut self.connection.clone()).await?;
        let read = |answer: &String| match &**answer {
            "settling" => Some(Written::Settling),
            "unknown" => Some(Written::Unknown),
            "exists" => Some(Written::Exists),
            "full" => Some(Written::Full),
            "moved" => Some(Written::Moved),
            number => number.parse().ok().map(Written::Done),
        };
        let written: Option<Vec<Written>> = answers.iter().map(read).collect();
        written.filter(|written| written.len() == wanted.len()).ok_or_else(not_understood)
    }
}

fn not_understood() -> LinkError {
    LinkError::Trouble("not understood".to_owned())
}

/// A channel of a line.
fn known(name: &str, line: &str) -> Option<Known> {
    let mut numbers = line.split(' ').map(|number| number.parse::<u64>().ok().filter(|number| *number <= MAX_ID));
    let (first, tip, at) = (numbers.next()??, numbers.next()??, numbers.next()??);
    (first > 0 && first <= tip).then(|| Known { name: name.to_owned(), first, tip, created_at: time(at) })
}

/// An entry of the stream. Fails where nobody knows what would follow it.
fn entry(id: &str, fields: Vec<Vec<u8>>) -> Result<Entry, LinkError> {
    let place = id.split_once('-').and_then(|(place, _)| place.parse().ok()).ok_or_else(not_understood)?;
    Ok(Entry { place, change: change(fields) })
}

fn change(fields: Vec<Vec<u8>>) -> Option<Change> {
    let fields: Vec<String> = fields.into_iter().map(String::from_utf8).collect::<Result<_, _>>().ok()?;
    let field = |name: &str| fields.chunks_exact(2).find(|pair| pair.first().is_some_and(|key| key == name))?.last();
    let number = |name: &str| field(name)?.parse::<u64>().ok().filter(|number| *number > 0 && *number <= MAX_ID);
    let name = field("name")?.clone();
    let at = || number("at").map(time);
    let draft = || {
        let data = field("data")?.clone();
        Some(EventDraft { kind: EventKind::parse(field("kind")?)?, data, facets: Facets::default() })
    };
    Some(match &**field("op")? {
        "publish" => {
            let event = LogEvent { id: number("id")?, at: at()?, draft: draft()? };
            Change::Published { name, first: number("first")?, event }
        }
        "note" => Change::Noted { name, draft: draft()? },
        "create" => Change::Created { name, first: number("first")?, tip: number("tip")?, at: at()? },
        "remove" => Change::Removed { name, first: number("first")? },
        _ => return None,
    })
}

fn time(millis: u64) -> UnixMs {
    UnixMs(i64::try_from(millis).unwrap_or(i64::MAX))
}
