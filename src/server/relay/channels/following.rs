//! Takes in what all nodes were told.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};

use serde_json::value::RawValue;
use tracing::{info, warn};

use super::{
    super::link::channels::{Change, Entry, Known, Own, Wanted, Written},
    Arc, Bounds, BuiltIn, Channel, ChannelPath, EventDraft, Link, SharedChannels, Trouble, UnixMs, count,
};
use crate::server::{
    channels::press::elsewhere::Told,
    event::{EventKind, LogEvent},
};

/// How often everything is looked at again in one go, as it has changed meanwhile.
const MEETINGS: usize = 4;
/// Entries of one channel that are given back at most.
const MOST_GIVEN: u64 = 1000;
/// Bytes that are given back in one go over all channels: half of what Redis keeps. Beyond them only the places are.
const MOST_BYTES_GIVEN: usize = 32 << 20;
/// Entries that are given back at a time.
const CHUNK: usize = 64;
/// The longest entry, in bytes: what may be published.
const MAX_ENTRY: usize = 1 << 20;

/// A Redis, and how far this node has come there.
#[derive(Debug)]
pub(super) struct Followed {
    run: Arc<str>,
    epoch: u64,
    /// The last place in the stream that was taken in.
    place: u64,
    /// What there was at this place is known from the meeting.
    met_at: u64,
    /// The stream is being read from its beginning.
    scan: Option<Scan>,
    /// Redis has everything that this node has.
    complete: bool,
}

/// What was found while the stream is read from its beginning.
#[derive(Debug)]
struct Scan {
    /// What there was at the meeting.
    channels: Vec<Known>,
    /// Names of those of which Redis had forgotten something.
    forgotten: HashSet<String>,
    /// By name, the newest entry in the stream that is here already: its id, and what it says.
    overlaps: HashMap<String, (u64, u64)>,
}

impl SharedChannels {
    /// Makes the channels here what they are everywhere.
    pub(super) async fn catch_up(&mut self, link: &Link) -> Result<(), Trouble> {
        for _ in 0..MEETINGS {
            if self.followed.as_ref().is_none_or(|followed| !link.is_of(&followed.run)) {
                self.meet(link).await?;
            }
            match self.follow(link).await {
                Ok(true) => return Ok(()),
                Ok(false) | Err(Trouble::Restless) => self.followed = None,
                Err(trouble) => {
                    if self.followed.as_ref().is_some_and(|followed| !followed.complete) {
                        // What was found until then is not enough to go on with.
                        self.followed = None;
                    }
                    return Err(trouble);
                }
            }
        }
        Err(Trouble::Restless)
    }

    /// Says what is here, and makes it the same channels that there are everywhere. Their entries follow.
    async fn meet(&mut self, link: &Link) -> Result<(), Trouble> {
        let own: Vec<Own> = self.press.channels().all_shared().iter().map(|channel| self.own(channel)).collect();
        let meeting = link.meet(&own).await?;
        let known: HashSet<&str> = meeting.channels.iter().map(|known| known.name.as_str()).collect();
        for gone in own.iter().filter(|own| !known.contains(own.name.as_str())) {
            // Somebody removed it while this node was away.
            if let Ok(path) = ChannelPath::parse(&gone.name) {
                self.press.forget(&path).await?;
            }
        }
        for Known { name, first, created_at, .. } in &meeting.channels {
            self.adopt(name, *first, *created_at).await?;
        }
        let forgotten = own.into_iter().filter(|own| {
            meeting
                .channels
                .iter()
                .any(|known| known.name == own.name && known.first == own.first && known.tip < own.last)
        });
        let forgotten = forgotten.map(|own| own.name).collect();
        let scan = Some(Scan { channels: meeting.channels, forgotten, overlaps: HashMap::new() });
        let (run, epoch, met_at) = (link.run(), meeting.epoch, meeting.place);
        self.followed = Some(Followed { run, epoch, place: 0, met_at, scan, complete: false });
        Ok(())
    }

    fn own(&self, channel: &Channel) -> Own {
        let (first, last) = (channel.log().first(), channel.log().tip());
        let given = if self.press.keeps(channel) { MOST_GIVEN } else { 0 };
        let from = last.saturating_sub(given).max(first);
        Own { name: channel.name().to_owned(), first, from, last, created_at: channel.created_at() }
    }

    /// Makes sure that there is this channel here, with a log that started there.
    async fn adopt(&mut self, name: &str, first: u64, created_at: UnixMs) -> Result<(), Trouble> {
        let here = self.press.channels().shared(name);
        if here.as_ref().is_some_and(|here| here.log().first() == first) {
            return Ok(());
        }
        if name.starts_with('/') {
            let Ok(path) = ChannelPath::parse(name) else {
                count(&self.shared.counters.undecodable, 1);
                return Ok(());
            };
            // It was created again.
            self.press.forget(&path).await?;
            return Ok(self.press.adopt(&path, first, created_at).await?);
        }
        let Some(channel) = here else {
            count(&self.shared.counters.undecodable, 1);
            return Ok(());
        };
        self.replace(&channel, first).await
    }

    async fn replace(&mut self, channel: &Channel, first: u64) -> Result<(), Trouble> {
        self.press.replace(channel, first).await?;
        count(&self.shared.counters.channels_replaced, 1);
        info!(channel = channel.name(), first, "the shared log of the channel takes the place of this node's own");
        Ok(())
    }

    /// Takes in what follows. Returns whether that is all; if not, everything must be looked at again.
    async fn follow(&mut self, link: &Link) -> Result<bool, Trouble> {
        loop {
            let Some(Followed { epoch, place, complete, scan, .. }) = &self.followed else { return Ok(false) };
            let begins = scan.is_some() && *place == 0;
            let (epoch, place, complete) = (*epoch, *place, *complete);
            let page = link.follow(&self.shared.node, complete.then_some(epoch), place).await?;
            let next = page.entries.first().map_or(page.place.saturating_add(1), |entry| entry.place);
            if page.epoch != epoch || next <= place || (next != place.saturating_add(1) && !begins) {
                // It is another Redis, or the stream has been cut off before it came here.
                return Ok(false);
            }
            let taken = page.entries.last().map_or(page.place, |entry| entry.place);
            self.take(page.entries).await?;
            if taken < page.place {
                continue;
            }
            self.reached(page.place);
            if let Some(scan) = self.followed.as_mut().and_then(|followed| followed.scan.take()) {
                if self.finish_scan(link, scan).await? {
                    // What was given back has places of its own.
                    continue;
                }
                return Ok(false);
            }
            self.shared.set_channels_open(page.open);
            self.press.channels().set_met();
            if page.open {
                // Nobody has anything of them that is not here.
                self.press.channels().confirm_shared();
            }
            return Ok(true);
        }
    }

    /// Everything up to this place is here.
    fn reached(&mut self, place: u64) {
        if let Some(followed) = &mut self.followed {
            followed.place = followed.place.max(place);
        }
    }

    /// The stream was read to its end for the first time: what it did not have is lost here, or missing there.
    async fn finish_scan(&mut self, link: &Link, scan: Scan) -> Result<bool, Trouble> {
        let Scan { channels, forgotten, mut overlaps } = scan;
        let (mut complete, mut bytes) = (true, 0);
        for Known { name, first, tip, .. } in channels {
            let here = self.press.channels().shared(&name).filter(|channel| channel.log().first() == first);
            let Some(channel) = here else { continue };
            if let Some(overlap) = overlaps.remove(&name)
                && !self.says_the_same(&channel, overlap).await?
            {
                self.replace(&channel, first).await?;
                // What is told there is to be read once more.
                complete = false;
                continue;
            }
            let last = channel.log().tip();
            if last < tip {
                warn!(channel = &*name, from = last, to = tip, "entries of a channel are lost to this node");
                self.press.skip(&channel, tip).await?;
            } else if forgotten.contains(&name) {
                complete &= self.give_back(link, &channel, tip, &mut bytes).await?;
            }
        }
        if let Some(followed) = &mut self.followed {
            followed.complete = complete;
        }
        Ok(complete)
    }

    /// Whether an entry of the stream is the one that is here in its place, as far as that is still kept.
    async fn says_the_same(&self, channel: &Channel, (id, digest): (u64, u64)) -> Result<bool, Trouble> {
        let mine = self.press.kept(channel, id - 1, 1).await?;
        Ok(mine.first().is_none_or(|mine| mine.id != id || digest_of(&mine.draft) == digest))
    }

    /// Gives back what Redis has forgotten of a channel. Returns whether nobody else was faster.
    async fn give_back(&self, link: &Link, channel: &Channel, tip: u64, bytes: &mut usize) -> Result<bool, Trouble> {
        let (name, first, last) = (channel.name(), channel.log().first(), channel.log().tip());
        info!(channel = name, from = tip, to = last, "giving back what Redis has forgotten of the channel");
        // Where the log ends there, and after which entry it is given back: what is before is not, or no more.
        let mut tip = tip;
        let mut after = tip.max(self.own(channel).from);
        while tip < last {
            let room = *bytes < MOST_BYTES_GIVEN;
            let events = if room { self.press.kept(channel, after, CHUNK).await? } else { Vec::new() };
            let mut wanted = Vec::new();
            for event in events.iter().filter(|event| event.id <= last) {
                *bytes += event.draft.data.len();
                wanted.push(Wanted::Restore { name, first, tip, event });
                tip = event.id;
            }
            if wanted.is_empty() {
                // The log at least goes on where it was.
                wanted.push(Wanted::Reach { name, first, tip, last });
                tip = last;
            }
            after = tip;
            // Nothing of it may be thrown away at once as too old: whoever has it shows it.
            let bounds = Bounds::of(usize::MAX, Duration::MAX);
            let written = link.write(&wanted, bounds).await?;
            if written.contains(&Written::Moved) {
                return Ok(false);
            }
            count(&self.shared.counters.publications_restored, u64::try_from(events.len()).unwrap_or_default());
        }
        Ok(true)
    }

    /// Takes in a part of the stream, in its order.
    async fn take(&mut self, entries: Vec<Entry>) -> Result<(), Trouble> {
        let mut told: Vec<Told> = Vec::new();
        let mut last = 0;
        for Entry { place, change } in entries {
            match change {
                None => count(&self.shared.counters.undecodable, 1),
                Some(Change::Published { name, first, event }) => {
                    if !fits(&name, &event.draft) {
                        count(&self.shared.counters.undecodable, 1);
                    } else if let Some(channel) = self.press.channels().shared(&name)
                        && channel.log().first() == first
                        && self.is_new(&channel, &event, &told).await?
                    {
                        collect(&mut told, channel, event);
                    }
                }
                Some(change) => {
                    self.tell(std::mem::take(&mut told)).await?;
                    self.apply(place, change).await?;
                    self.reached(place);
                }
            }
            last = place;
        }
        self.tell(told).await?;
        self.reached(last);
        Ok(())
    }

    /// Whether an entry is yet to be taken in. Where what is here turns out to be another log, it is thrown away.
    async fn is_new(&mut self, channel: &Arc<Channel>, event: &LogEvent, told: &[Told]) -> Result<bool, Trouble> {
        let taken = told.iter().find(|told| Arc::ptr_eq(&told.channel, channel)).and_then(|told| told.events.last());
        if let Some(taken) = taken {
            return Ok(event.id > taken.id);
        }
        let Some(scan) = self.followed.as_mut().and_then(|followed| followed.scan.as_mut()) else {
            return Ok(event.id > channel.log().tip());
        };
        if event.id <= channel.log().tip() {
            scan.overlaps.insert(channel.name().to_owned(), (event.id, digest_of(&event.draft)));
            return Ok(false);
        }
        if let Some(overlap) = scan.overlaps.remove(channel.name())
            && !self.says_the_same(channel, overlap).await?
        {
            let first = channel.log().first();
            self.replace(channel, first).await?;
            // All of it is to be read once more.
            return Err(Trouble::Restless);
        }
        Ok(true)
    }

    async fn tell(&mut self, told: Vec<Told>) -> Result<(), Trouble> {
        let events: usize = told.iter().map(|told| told.events.len()).sum();
        if events > 0 {
            self.press.tell(told).await?;
            count(&self.shared.counters.publications_taken, u64::try_from(events).unwrap_or_default());
        }
        Ok(())
    }

    /// What changes the channels themselves. What was so at the meeting is known from there.
    async fn apply(&mut self, place: u64, change: Change) -> Result<(), Trouble> {
        if self.followed.as_ref().is_some_and(|followed| place <= followed.met_at) {
            return Ok(());
        }
        match change {
            Change::Created { name, first, tip, at } => {
                self.adopt(&name, first, at).await?;
                // What it had told before it came to be known here is not to be had here.
                let here = self.press.channels().shared(&name);
                match here.filter(|here| here.log().first() == first && here.log().tip() < tip) {
                    Some(channel) => Ok(self.press.skip(&channel, tip).await?),
                    None => Ok(()),
                }
            }
            Change::Removed { name, first } => {
                let here = self.press.channels().shared(&name).filter(|channel| channel.log().first() == first);
                match (here, ChannelPath::parse(&name)) {
                    (Some(_), Ok(path)) => Ok(self.press.forget(&path).await?),
                    _ => Ok(()),
                }
            }
            Change::Noted { name, draft } => {
                if name == BuiltIn::Dashboard.as_str() && fits(&name, &draft) {
                    let dashboard = Arc::clone(self.press.channels().built_in(BuiltIn::Dashboard));
                    let id = self.press.tell_here(&dashboard, draft).await;
                    self.noted.extend(id.map(|id| (place, id)));
                } else {
                    count(&self.shared.counters.undecodable, 1);
                }
                Ok(())
            }
            Change::Published { .. } => Ok(()),
        }
    }
}

/// Adds an entry to what is told on its channel.
fn collect(told: &mut Vec<Told>, channel: Arc<Channel>, event: LogEvent) {
    match told.iter_mut().find(|told| Arc::ptr_eq(&told.channel, &channel)) {
        Some(told) => told.events.push(event),
        None => told.push(Told { channel, events: vec![event] }),
    }
}

/// Whether this may be told on a channel of this name. What is in Redis is counted, not believed.
fn fits(name: &str, draft: &EventDraft) -> bool {
    let kind = match BuiltIn::parse(name) {
        Some(channel) => channel.kinds().contains(&draft.kind),
        None => draft.kind == EventKind::Message,
    };
    kind && draft.data.len() <= MAX_ENTRY && serde_json::from_str::<&RawValue>(&draft.data).is_ok()
}

/// What an entry says, in short.
fn digest_of(draft: &EventDraft) -> u64 {
    let mut hasher = DefaultHasher::new();
    draft.kind.hash(&mut hasher);
    draft.data.hash(&mut hasher);
    hasher.finish()
}
