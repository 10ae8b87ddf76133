//! Keeps this node's log the same as the one that the nodes share: takes each edition from the stream, stores it, and
//! only then tells its own readers. The node that wrote it does the same, so that there is one way into the log.
//!
//! | what is found | what is done |
//! |---|---|
//! | the shared log goes on after ours | the editions that follow are stored and told |
//! | it begins after ours ends: we were away for too long | ours has a hole up to there; readers are told of the gap |
//! | it is another log, or says something else where ours ends | it takes the place of ours; readers are told so |
//! | an edition can't be read | it is waited for a while, then left out; readers are told of the gap |
//! | it ends before ours: Redis has forgotten something | what is missing is given back, first by who has all of it |

use std::{fmt, future::Future, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::{
    sync::watch::{self, error::RecvError},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::{
    link::{Kept, Link, LinkError, MAX_ID, Place, SharedLog},
    restore::{self, Given},
    shared::{Shared, count},
};
use crate::server::{
    event::LogEvent,
    hub::log::EventLog,
    news::stand::Newsstand,
    storage::{Storage, batch::Batch, error::StorageError},
};

/// How often the shared log is looked at without a call.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Editions that are read at a time.
const PAGE: usize = 8;
/// Between two attempts to use a storage that fails: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// How long an edition is waited for that can't be read.
const PATIENCE: Duration = Duration::from_mins(1);
/// Bytes of one edition. A usual one has a few thousand.
const MAX_EDITION: usize = 32 << 20;
/// From then on others should lead.
const STUCK_AFTER: Duration = Duration::from_secs(3);
/// How long the end of the shared log stands still before a node gives back what does not follow it: another may have
/// what is between.
const OTHERS_FIRST: Duration = Duration::from_secs(3);
/// Entries that are read at a time to be told late.
const LATE: usize = 256;

/// Why the log can't be followed now.
#[derive(Debug, Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Of the shared log, by a node of another version perhaps.
    #[error("an edition can't be read: {0}")]
    Edition(String),
}

/// The task.
pub(super) struct Journal {
    shared: Arc<Shared>,
    storage: Storage,
    log: Arc<EventLog>,
    stand: Arc<Newsstand>,
    /// The shared log is taking the place of ours: nobody is told of its entries one by one.
    replacing: bool,
    /// Over the connection of now, ours was found to be the shared one.
    compared: bool,
    /// The edition that was taken last over the connection of now.
    taken: Option<StreamId>,
    /// Where the shared log ended before ours, and since when that is known.
    behind: Option<(u64, Instant)>,
    /// One that can't be read, and since when that is so.
    unread: Option<(String, Instant)>,
    /// How long one is waited for that can't be read: this node may be about to become one of a version that can.
    patience: Duration,
}

impl Journal {
    pub(super) fn new(shared: Arc<Shared>, storage: Storage, log: Arc<EventLog>, stand: Arc<Newsstand>) -> Self {
        let (replacing, compared, taken, behind, unread) = (false, false, None, None, None);
        Self { shared, storage, log, stand, replacing, compared, taken, behind, unread, patience: PATIENCE }
    }

    #[cfg(test)]
    pub(super) const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Works until the token is cancelled.
    pub(super) async fn run(mut self, token: CancellationToken) {
        let mut links = self.shared.links();
        tokio::select! {
            () = token.cancelled() => {}
            () = self.work(&mut links) => {}
        }
    }

    async fn work(&mut self, links: &mut watch::Receiver<Option<Link>>) {
        // Others must know what is here before anybody founds a shared log.
        if let Err(error) = self.note_place().await {
            warn!(%error, "the log of this node can't be read yet");
        }
        loop {
            let link = links.borrow_and_update().clone();
            (self.compared, self.taken, self.behind) = (false, None, None);
            let changed = match link {
                Some(link) => self.follow(&link, links).await,
                None => links.changed().await,
            };
            // Nobody makes connections any more.
            let Ok(()) = changed else { return };
        }
    }

    /// Follows the shared log over one connection, until there is another one or none. Nothing is cut off in the middle:
    /// what is stored is told, too.
    async fn follow(&mut self, link: &Link, links: &mut watch::Receiver<Option<Link>>) -> Result<(), RecvError> {
        let (mut wait, most) = RETRY;
        loop {
            let caught_up = self.catch_up(link).await;
            if let Err(trouble) = &caught_up {
                self.shared.out_of_step();
                match trouble {
                    // There will be another connection, or this one answers again.
                    Trouble::Link(error) => debug!(%error, "the shared log can't be read"),
                    trouble => warn!(%trouble, "the shared log can't be followed; trying again"),
                }
                tokio::select! {
                    changed = links.changed() => return changed,
                    () = sleep(wait) => {}
                }
                wait = (wait * 2).min(most);
                continue;
            }
            wait = RETRY.0;
            tokio::select! {
                biased;
                changed = links.changed() => return changed,
                () = self.shared.grew.notified() => {}
                () = sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Makes ours what the shared log is now.
    async fn catch_up(&mut self, link: &Link) -> Result<(), Trouble> {
        let asked = Instant::now();
        let mut ours = self.note_place().await?;
        // Until somebody founds one.
        let Some(log) = link.log().await? else { return Ok(()) };
        if ours.first != log.first {
            self.begin_replacing(link, log).await?;
        } else if !self.replacing && !self.compared && !self.is_ours(link, log, ours).await? {
            warn!(last = ours.last, "the end of this node's log is not that of the shared one");
            self.begin_replacing(link, log).await?;
        } else if self.log.first() != log.first {
            self.replacing = true;
        }
        self.compared = true;
        if !self.replacing {
            self.tell_late(ours.last).await?;
        }
        ours = self.note_place().await?;
        if ours.last > log.tip {
            let over_hole = self.stands_still(log.tip, asked);
            match restore::give_back(&self.storage, link, log, ours, over_hole, &self.shared.counters).await? {
                Given::All => self.shared.grew.notify_one(),
                // It is looked at again before long.
                Given::UpToHole => {}
                Given::Elsewhere => {
                    self.compared = false;
                    self.shared.grew.notify_one();
                }
            }
            return Ok(());
        }
        self.behind = None;
        loop {
            // Those beside the last entry, which have no entries of their own, are taken once.
            let after = self.taken.filter(|taken| taken.entry == ours.last).unwrap_or(StreamId::of(ours.last));
            let page = link.editions(&after.to_string(), PAGE).await?;
            let Some(newest) = page.last().map(|newest| StreamId::read(&newest.id)) else { break };
            self.take(&page).await?;
            self.taken = newest;
            ours = self.note_place().await?;
            if newest.is_none_or(|newest| newest.entry > ours.last) {
                // Nothing can be asked for after it.
                break;
            }
        }
        ours = self.note_place().await?;
        if ours.last < log.tip {
            warn!(from = ours.last, to = log.tip, "the newest entries of the log are not kept any more");
            self.skip(log.tip).await?;
            ours = self.note_place().await?;
        }
        if self.replacing {
            self.finish_replacing(ours).await?;
        }
        self.shared.in_step(asked, link);
        if self.shared.is_open() {
            // Nobody has anything of it that Redis has forgotten.
            self.log.confirm();
        }
        Ok(())
    }

    /// Whether the shared log has ended before ours at this entry for so long that nobody has what comes next.
    fn stands_still(&mut self, tip: u64, now: Instant) -> bool {
        let (_, since) = *self.behind.insert(self.behind.filter(|(known, _)| *known == tip).unwrap_or((tip, now)));
        now.saturating_duration_since(since) >= OTHERS_FIRST
    }

    /// Whether both logs say the same where the shorter one ends, as far as both still have it.
    async fn is_ours(&self, link: &Link, log: SharedLog, ours: Place) -> Result<bool, Trouble> {
        let end = ours.last.min(log.tip);
        if end <= ours.after {
            return Ok(true);
        }
        let Some(mine) = self.storage.events(end - 1, 1).await?.into_iter().next().filter(|event| event.id == end)
        else {
            return Ok(true);
        };
        let page = link.editions(&format!("{}-{}", end - 1, u64::MAX), 1).await?;
        let Some(kept) = page.first() else { return Ok(true) };
        // One that can't be read says nothing else.
        let theirs = batch(kept).ok().and_then(|batch| batch.events.into_iter().find(|event| event.id == end));
        Ok(theirs.is_none_or(|theirs| theirs.draft.kind == mine.draft.kind && theirs.draft.data == mine.draft.data))
    }

    /// Throws ours away for the shared log, from where that is still to be had.
    async fn begin_replacing(&mut self, link: &Link, log: SharedLog) -> Result<(), Trouble> {
        let oldest = link.editions("-", 1).await?;
        let begin = oldest.first().and_then(|kept| {
            let first = batch(kept).ok().and_then(|batch| batch.events.first().map(|event| event.id));
            // One without entries stands beside the entry that it is kept under, and one that can't be read begins
            // nobody knows where.
            first.map(|first| first.saturating_sub(1)).or_else(|| StreamId::read(&kept.id).map(|id| id.entry))
        });
        self.replacing = true;
        self.storage.replace_log(log.first, begin.unwrap_or(log.tip)).await?;
        Ok(())
    }

    /// The shared log is here: readers go on with it.
    async fn finish_replacing(&mut self, ours: Place) -> Result<(), Trouble> {
        self.log.replace(ours.first, ours.last);
        self.replacing = false;
        count(&self.shared.counters.logs_replaced, 1);
        info!(first = ours.first, last = ours.last, "the shared log takes the place of this node's own");
        self.stand.reload(&self.storage).await?;
        Ok(())
    }

    /// Tells of what was stored and not told, because this node's connection or the node itself ended in between.
    async fn tell_late(&self, last: u64) -> Result<(), Trouble> {
        if self.log.tip() >= last {
            return Ok(());
        }
        while self.log.tip() < last {
            let late = self.storage.events(self.log.tip(), LATE).await?;
            if late.is_empty() {
                self.log.skip_to(last);
                break;
            }
            self.log.turn().await.publish(late);
        }
        self.stand.reload(&self.storage).await?;
        Ok(())
    }

    /// Stores and tells editions, in the order of the log.
    async fn take(&mut self, page: &[Kept]) -> Result<(), Trouble> {
        let mut last = self.shared.place().last;
        let mut all = Batch::default();
        for kept in page {
            let Batch { articles, stories, events, feeds: _ } = match batch(kept) {
                Ok(batch) => batch,
                Err(trouble) => {
                    self.store(std::mem::take(&mut all)).await?;
                    if !self.gives_up(&kept.id) {
                        return Err(trouble);
                    }
                    error!(%trouble, "news that can't be read is left out");
                    last = self.skip(StreamId::read(&kept.id).map_or(last, |id| id.entry)).await?;
                    continue;
                }
            };
            // An edition that was given back may begin with entries that are here.
            let events: Vec<LogEvent> = events.into_iter().filter(|event| event.id > last).collect();
            if let Some(first) = events.first()
                && first.id > last + 1
            {
                self.store(std::mem::take(&mut all)).await?;
                warn!(
                    from = last,
                    to = first.id - 1,
                    "this node was away for too long: entries of the log are lost to it"
                );
                self.skip(first.id - 1).await?;
            }
            last = events.last().map_or(last, |event| event.id);
            all.articles.extend(articles);
            all.stories.extend(stories);
            all.events.extend(events);
        }
        self.store(all).await?;
        count(&self.shared.counters.editions_taken, u64::try_from(page.len()).unwrap_or_default());
        Ok(())
    }

    /// Whether an edition can't be read for so long that it never will be.
    fn gives_up(&mut self, id: &str) -> bool {
        let now = Instant::now();
        match &self.unread {
            Some((unread, since)) if unread == id => now.saturating_duration_since(*since) >= self.patience,
            _ => {
                count(&self.shared.counters.undecodable, 1);
                self.unread = Some((id.to_owned(), now));
                false
            }
        }
    }

    /// Goes on after this entry, with a hole before it. Readers who are not beyond that are told of what they lose; what
    /// is before it stays. Returns the last entry.
    async fn skip(&mut self, entry: u64) -> Result<u64, Trouble> {
        let last = self.shared.place().last;
        if entry <= last {
            return Ok(last);
        }
        self.storage.skip_log(entry).await?;
        self.note_place().await?;
        if !self.replacing {
            self.log.skip_to(entry);
        }
        Ok(entry)
    }

    async fn store(&mut self, batch: Batch) -> Result<(), Trouble> {
        if batch == Batch::default() {
            return Ok(());
        }
        let stored = self.patiently(|| self.storage.commit(batch.clone())).await;
        if let Err(error @ StorageError::Unstorable { .. }) = stored {
            // It would be refused for ever. The log must have no hole, so its entries are kept all the same.
            error!(%error, "news that can't be stored is left out");
            let events = batch.events.clone();
            self.patiently(|| self.storage.commit(Batch { events: events.clone(), ..Batch::default() })).await?;
        } else {
            stored?;
        }
        self.note_place().await?;
        let Batch { stories, events, .. } = batch;
        if !self.replacing {
            let told = !events.is_empty();
            self.log.turn().await.publish(events);
            if told {
                self.stand.show(&stories);
            }
        }
        Ok(())
    }

    /// Tries until the storage can be written. Others should lead meanwhile.
    async fn patiently<F>(&self, attempt: impl Fn() -> F) -> Result<(), StorageError>
    where
        F: Future<Output = Result<(), StorageError>>,
    {
        let begun = Instant::now();
        let (mut wait, most) = RETRY;
        loop {
            match attempt().await {
                Err(error) if error.stops_writing() => {
                    if begun.elapsed() >= STUCK_AFTER {
                        self.shared.set_stuck(true);
                    }
                    warn!(%error, "can't store news; trying again");
                    sleep(wait).await;
                    wait = (wait * 2).min(most);
                }
                done => {
                    self.shared.set_stuck(false);
                    return done;
                }
            }
        }
    }

    /// What this node has of the log; told to the others with the next attendance.
    async fn note_place(&self) -> Result<Place, StorageError> {
        let range = self.storage.log_range().await?;
        let place = Place { first: self.storage.log_first().await?, after: range.after, last: range.last };
        self.shared.set_place(place);
        Ok(place)
    }
}

/// Where an edition is in the stream: by its last entry, and by its place among those that stand beside that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct StreamId {
    entry: u64,
    aside: u64,
}

impl StreamId {
    const fn of(entry: u64) -> Self {
        Self { entry, aside: 0 }
    }

    fn read(text: &str) -> Option<Self> {
        let (entry, aside) = text.split_once('-')?;
        let entry = entry.parse().ok().filter(|entry| *entry <= MAX_ID)?;
        Some(Self { entry, aside: aside.parse().ok()? })
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.entry, self.aside)
    }
}

/// What an edition holds: entries without a hole, the last of which is the one that it is kept under.
fn batch(kept: &Kept) -> Result<Batch, Trouble> {
    let unusable = |reason: String| Trouble::Edition(format!("{}: {reason}", kept.id));
    if kept.edition.len() > MAX_EDITION {
        return Err(unusable(format!("{} bytes", kept.edition.len())));
    }
    let batch: Batch = serde_json::from_str(&kept.edition).map_err(|error| unusable(error.to_string()))?;
    let events = &batch.events;
    let follows = |(before, after): (&LogEvent, &LogEvent)| before.id.checked_add(1) == Some(after.id);
    let whole = events.iter().zip(events.iter().skip(1)).all(follows);
    let placed = |last: &LogEvent| StreamId::read(&kept.id).is_some_and(|id| id.entry == last.id);
    if !whole || !events.last().is_none_or(placed) || events.first().is_some_and(|first| first.id == 0) {
        return Err(unusable("its entries have other places".to_owned()));
    }
    Ok(batch)
}
