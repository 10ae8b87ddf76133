//! Joins the rooms of the news: what was fetched becomes stories, is stored, and only then told.
//!
//! One task does it all in order, so that nobody is told what is not kept, and nothing twice. While nothing can be
//! stored it waits and tries again: the feeds wait with it, prices don't.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    active::{Active, Sources},
    breaking::Thresholds,
    desk::NewsDesk,
    editor::{Edition, Editor, Found},
    feeds::Fetched,
    front::{FRONT_STORIES, Front},
    item::Item,
    lookup::look_up,
    prices::Prices,
    reactions::{GIVE_UP, Reactions},
    record::FeedRecord,
    shelf::Shelf,
    source::Source,
    stories::{Report, StoryIndex, StorySettings},
};
use crate::{
    model::{symbol::Symbol, time::UnixMs},
    server::{
        clock::Clock,
        config::NewsConfig,
        hub::log::EventLog,
        metrics::news::NewsMetrics,
        storage::{
            Storage,
            batch::Batch,
            error::StorageError,
            query::{StoryQuery, WindowArticle},
        },
    },
    wire::news::{NewsSnapshot, SourceName},
};

/// Fetches that wait to be looked at.
pub const FETCHED_CAPACITY: usize = 16;
/// Items that are stored and told together. A feed of many does not hold up a feed of one for long.
const CHUNK: usize = 32;
/// How often prices and stories are looked at again.
const TICK: Duration = Duration::from_secs(5);
/// How often what is too old is thrown away.
const TIDY_EVERY: Duration = Duration::from_hours(1);
/// Between two attempts to use a storage that fails: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Articles that are read at a time when the stories are put together again.
const PAGE: usize = 1000;
/// An article has no part in new stories after this long; novelty looks back a week.
const INDEX_DAYS: i64 = 8;
const DAY_MS: i64 = 86_400_000;

/// What the task is made of.
pub struct NewsSetup {
    pub config: NewsConfig,
    pub sources: Vec<Arc<Source>>,
    /// The assets that have a price here.
    pub followed: Vec<Symbol>,
    pub storage: Storage,
    pub log: Arc<EventLog>,
    pub prices: Arc<dyn Prices>,
    pub desk: Arc<NewsDesk>,
    pub metrics: NewsMetrics,
    pub clock: Clock,
}

/// The task.
pub struct NewsTask {
    editor: Editor,
    storage: Storage,
    log: Arc<EventLog>,
    prices: Arc<dyn Prices>,
    desk: Arc<NewsDesk>,
    metrics: NewsMetrics,
    front: Front,
    names: Vec<SourceName>,
    /// Of feeds that told nothing new; stored with the next edition or tick.
    records: HashMap<String, FeedRecord>,
    lookup: Option<JoinHandle<Vec<Found>>>,
    retention_ms: i64,
    clock: Clock,
}

impl NewsTask {
    /// The task, and the newest stories on the desk.
    ///
    /// # Errors
    /// Where the storage can't be read.
    pub async fn open(setup: NewsSetup) -> Result<Self, StorageError> {
        let NewsSetup { config, sources, followed, storage, log, prices, desk, metrics, clock } = setup;
        let name = |source: &Arc<Source>| SourceName {
            key: source.key.clone(),
            name: source.name.clone(),
            category: source.category.clone(),
        };
        let mut task = Self {
            names: sources.iter().map(name).collect(),
            editor: Editor {
                index: StoryIndex::new(StorySettings::default()),
                shelf: Shelf::default(),
                reactions: Reactions::default(),
                sources: sources.into_iter().map(|source| (source.key.clone(), source)).collect::<Sources>(),
                followed,
                thresholds: Thresholds::of(&config),
            },
            front: Front::default(),
            records: HashMap::new(),
            lookup: None,
            retention_ms: i64::try_from(config.retention_days).unwrap_or(i64::MAX / DAY_MS).saturating_mul(DAY_MS),
            storage,
            log,
            prices,
            desk,
            metrics,
            clock,
        };
        let newest = StoryQuery { limit: FRONT_STORIES, ..StoryQuery::default() };
        for story in task.storage.stories(newest).await?.stories {
            task.front.take(&story);
        }
        task.post();
        Ok(task)
    }

    /// Works until the token is cancelled.
    pub async fn run(mut self, mut fetched: mpsc::Receiver<Fetched>, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.work(&mut fetched) => {}
        }
        if let Some(lookup) = &self.lookup {
            lookup.abort();
        }
    }

    async fn work(&mut self, fetched: &mut mpsc::Receiver<Fetched>) {
        self.remember().await;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tidy = interval(TIDY_EVERY);
        tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                fetch = fetched.recv() => match fetch {
                    Some(fetch) => self.take_in(fetch).await,
                    None => return,
                },
                found = landed(&mut self.lookup) => self.note_prices(found).await,
                _ = tick.tick() => self.look_again().await,
                _ = tidy.tick() => self.tidy(),
            }
        }
    }

    /// Puts the stories together again as they were before the start.
    async fn remember(&mut self) {
        let now = self.clock.wall();
        let since = self.index_from(now);
        let mut after = None;
        loop {
            let storage = self.storage.clone();
            let page = patiently("read the news", || storage.window(since, after.clone(), PAGE)).await;
            for known in &page {
                let report = Report {
                    id: &known.id,
                    source_key: &known.source_key,
                    title: &known.title,
                    lead: &known.description,
                    tickers: &known.tickers,
                    at: known.at,
                };
                self.editor.index.restore(&report, &known.story_id);
            }
            after = page.last().map(WindowArticle::cursor);
            if after.is_none() {
                break;
            }
        }
        let open_since = UnixMs(now.0.saturating_sub(i64::try_from(GIVE_UP.as_millis()).unwrap_or(i64::MAX)));
        let storage = self.storage.clone();
        for head in patiently("read the stories", || storage.recent_stories(open_since, PAGE)).await {
            self.editor.reactions.watch_story(&head, now);
        }
        if !self.editor.index.is_empty() {
            info!(articles = self.editor.index.len(), "news of before is at hand");
        }
    }

    async fn take_in(&mut self, fetch: Fetched) {
        let Fetched { source, items, record, .. } = fetch;
        for chunk in items.chunks(CHUNK) {
            self.place(&source, chunk).await;
            // A feed of ten thousand items must not keep everybody else waiting.
            tokio::task::yield_now().await;
        }
        self.records.insert(record.key.clone(), record);
    }

    /// Places items and tells of them.
    async fn place(&mut self, source: &Source, items: &[Item]) {
        let ids = Editor::ids(source, items);
        let storage = self.storage.clone();
        let known = patiently("read the news", || storage.known(ids.clone())).await;
        let now = self.clock.wall();
        let oldest = UnixMs(now.0.saturating_sub(self.retention_ms));
        let filings = self.editor.file(source, items, ids, &known, now, oldest);
        let stories: Vec<String> = filings.stories().map(str::to_owned).collect();
        for id in &stories {
            self.bring(id).await;
        }
        let prices = Arc::clone(&self.prices);
        let edition = self.editor.edit(source, filings, now, |symbol| prices.live(symbol));
        self.send(edition).await;
    }

    /// Brings a story to the shelf, if there is such a story.
    async fn bring(&mut self, id: &str) {
        if self.editor.shelf.holds(id) {
            return;
        }
        let storage = self.storage.clone();
        if let Some(story) = patiently("read a story", || storage.story(id.to_owned())).await {
            self.editor.shelf.put(Active::restore(story));
        }
    }

    async fn note_prices(&mut self, found: Vec<Found>) {
        for found in &found {
            self.bring(&found.due.story_id).await;
        }
        let prices = Arc::clone(&self.prices);
        let edition = self.editor.note_prices(found, self.clock.wall(), |symbol| prices.live(symbol));
        self.send(edition).await;
    }

    async fn look_again(&mut self) {
        let now = self.clock.wall();
        if self.lookup.is_none() {
            let dues = self.editor.reactions.due(now);
            if !dues.is_empty() {
                self.lookup = Some(tokio::spawn(look_up(Arc::clone(&self.prices), dues, now)));
            }
        }
        let prices = Arc::clone(&self.prices);
        let edition = self.editor.judge_again(now, |symbol| prices.live(symbol));
        self.send(edition).await;
        self.editor.shelf.tidy();
    }

    /// Stores, then tells. Waits as long as nothing can be stored.
    async fn send(&mut self, edition: Edition) {
        if edition.is_empty() && self.records.is_empty() {
            return;
        }
        let Edition { batch, drafts, new_articles, new_stories } = edition;
        let batch = Batch { feeds: self.records.drain().map(|(_, record)| record).collect(), ..batch };
        for story in &batch.stories {
            self.front.take(story);
        }
        // What is remembered of feeds is nothing that a page shows.
        let shown = !drafts.is_empty();
        let (storage, log) = (self.storage.clone(), Arc::clone(&self.log));
        let stored = patiently("store news", || async {
            let mut turn = log.turn().await;
            let events = turn.stamp(drafts.clone());
            match storage.commit(Batch { events: events.clone(), ..batch.clone() }).await {
                Ok(()) => Ok(Some((turn, events))),
                Err(error) if !error.stops_writing() => {
                    // It would be refused for ever, and hold up everything behind it.
                    error!(%error, "news that can't be stored is left out");
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        })
        .await;
        if let Some((turn, events)) = stored {
            self.metrics.articles.inc_by(new_articles);
            self.metrics.stories.inc_by(new_stories);
            turn.publish(events);
        }
        if shown {
            self.post();
        }
    }

    fn post(&self) {
        self.desk.post(NewsSnapshot {
            stories: self.front.stories().to_vec(),
            last_event_id: self.log.tip(),
            sources: self.names.clone(),
        });
    }

    fn tidy(&mut self) {
        let from = self.index_from(self.clock.wall());
        self.editor.index.forget_before(from);
    }

    fn index_from(&self, now: UnixMs) -> UnixMs {
        UnixMs(now.0.saturating_sub(self.retention_ms.min(INDEX_DAYS * DAY_MS)))
    }
}

/// The answer of a lookup that is under way; never, where none is.
async fn landed(lookup: &mut Option<JoinHandle<Vec<Found>>>) -> Vec<Found> {
    let Some(running) = lookup else { return std::future::pending().await };
    let found = running.await;
    *lookup = None;
    found.unwrap_or_else(|error| {
        warn!(%error, "prices after news could not be looked up");
        Vec::new()
    })
}

/// Tries until it succeeds, at growing intervals. Says once that it fails and once that it does no more.
async fn patiently<T, F>(what: &str, attempt: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, StorageError>>,
{
    let (mut wait, most) = RETRY;
    let mut failed = false;
    loop {
        match attempt().await {
            Ok(done) => {
                if failed {
                    info!("can {what} again");
                }
                return done;
            }
            Err(error) => {
                if !failed {
                    warn!(%error, "can't {what}; trying again");
                }
                failed = true;
                sleep(wait).await;
                wait = (wait * 2).min(most);
            }
        }
    }
}
