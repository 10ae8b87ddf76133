//! The task that fetches: which feed is next, how many at once, and what is told of each.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use rand::{RngCore as _, SeedableRng as _, rngs::SmallRng};
use tokio::{
    sync::mpsc,
    task::spawn_blocking,
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, info, warn};
use url::Url;

use super::{
    Fetched,
    board::SourceBoard,
    client::{FeedAnswer, FeedHttp},
    feed::{Content, Feed, Success},
    fetch::{Errand, Limits, visit},
    fetch_error::FetchError,
    guard,
    hosts::{Hosts, Turn},
    parse::{self, Parsed},
    tickers::Tickers,
};
use crate::{
    server::{
        clock::{Clock, Stamp},
        metrics::news::{FeedMetrics, FetchOutcome},
        news::{record::FeedRecord, source::Source},
    },
    wire::news::SourceState,
};

/// So many fetches run at once. Each may hold a body of some megabytes.
const AT_ONCE: usize = 8;

/// The first round is spread over the interval, but no longer than this.
const FIRST_ROUND: Duration = Duration::from_secs(10);

/// What fetching needs.
pub struct FeedsSetup<'a> {
    /// Shown in this order.
    pub sources: Vec<Arc<Source>>,
    /// From before the restart.
    pub records: Vec<FeedRecord>,
    /// Between two fetches of a feed that asks for nothing else.
    pub interval: Duration,
    pub http: Arc<dyn FeedHttp>,
    pub clock: Clock,
    /// Of everything that is drawn by chance.
    pub seed: u64,
    /// The assets that items are searched for.
    pub followed: Arc<Tickers>,
    /// Takes every fetch that is over. While it takes none, no new fetch begins.
    pub out: mpsc::Sender<Fetched>,
    pub metrics: FeedMetrics,
    pub shutdown: CancellationToken,
    pub tasks: &'a TaskTracker,
}

/// Starts fetching. Returns what is told of the feeds.
pub fn start(setup: FeedsSetup<'_>) -> Arc<SourceBoard> {
    start_within(Limits::default(), setup)
}

fn start_within(limits: Limits, setup: FeedsSetup<'_>) -> Arc<SourceBoard> {
    let FeedsSetup { sources, mut records, interval, http, clock, seed, followed, out, metrics, shutdown, tasks } =
        setup;
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut feeds = Vec::with_capacity(sources.len());
    for (place, source) in sources.into_iter().enumerate() {
        let known = records.iter().position(|record| record.key == source.key);
        metrics.follow(&source.key);
        let record = known.map(|known| records.swap_remove(known));
        feeds.push(Feed::new(place, source, record, rng.next_u64()));
    }
    let entry = |feed: &Feed| (Arc::clone(&feed.source), feed.record.clone(), feed.state());
    let board = Arc::new(SourceBoard::new(feeds.iter().map(entry)));
    let house = House {
        http,
        hosts: Arc::default(),
        limits,
        interval,
        clock,
        followed,
        out,
        board: Arc::clone(&board),
        metrics,
    };
    tasks.spawn(run(feeds, Arc::new(house), shutdown));
    board
}

/// What all fetches share.
struct House {
    http: Arc<dyn FeedHttp>,
    hosts: Arc<Hosts>,
    limits: Limits,
    interval: Duration,
    clock: Clock,
    followed: Arc<Tickers>,
    out: mpsc::Sender<Fetched>,
    board: Arc<SourceBoard>,
    metrics: FeedMetrics,
}

/// Feeds that wait for their time, in no order.
type Waiting = Vec<(Instant, Feed)>;

/// A fetch under way: returns the feed and when it is due again, or nothing when nobody takes news any more.
type Fetching = BoxFuture<'static, Option<(Instant, Feed)>>;

/// Fetches until the shutdown.
async fn run(feeds: Vec<Feed>, house: Arc<House>, shutdown: CancellationToken) {
    let (now, spread) = (house.clock.now(), house.interval.min(FIRST_ROUND));
    let mut waiting: Waiting = feeds.into_iter().map(|mut feed| (feed.first_fetch(now, spread), feed)).collect();
    let mut fetching: FuturesUnordered<Fetching> = FuturesUnordered::new();
    loop {
        // Made before the look, so that a host that becomes free in between is heard.
        let freed = house.hosts.freed();
        let now = Instant::now();
        while fetching.len() < AT_ONCE
            && let Some((feed, errand)) = next_due(&mut waiting, now, &house.hosts)
        {
            fetching.push(Box::pin(fetch(feed, errand, Arc::clone(&house))));
        }
        // Those that are due already wait for their host or for room.
        let wake = waiting.iter().map(|(due, _)| *due).filter(|due| *due > now).min();
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            Some(done) = fetching.next() => {
                let Some(next) = done else {
                    if !shutdown.is_cancelled() {
                        error!("nobody takes news any more: no feed is fetched from now on");
                    }
                    return;
                };
                waiting.push(next);
            }
            () = freed => {}
            () = sleep_until(wake.unwrap_or(now)), if wake.is_some() => {}
        }
    }
}

/// Where a fetch begins, and the right to ask there.
type Start = Result<(Url, Turn), FetchError>;

/// Takes the feed that is due for longest and whose host is free.
fn next_due(waiting: &mut Waiting, now: Instant, hosts: &Arc<Hosts>) -> Option<(Feed, Start)> {
    let mut due: Vec<(Instant, usize)> =
        waiting.iter().enumerate().map(|(place, (due, _))| (*due, place)).filter(|(due, _)| *due <= now).collect();
    due.sort_unstable();
    due.into_iter().find_map(|(_, place)| {
        let (_, feed) = waiting.get(place)?;
        let checked = feed.url().and_then(|url| Ok((guard::check(&url, feed.exception.covers(&url))?, url)));
        let start = match checked {
            Ok((host, url)) => Ok((url, hosts.try_enter(&host)?)),
            Err(error) => Err(error),
        };
        let (_, feed) = waiting.swap_remove(place);
        Some((feed, start))
    })
}

/// Fetches one feed, tells of it, and hands it on.
async fn fetch(mut feed: Feed, start: Start, house: Arc<House>) -> Option<(Instant, Feed)> {
    let before = (feed.state(), feed.record.moved_to.clone());
    let (read, at, wait) = go(&mut feed, start, &house).await;
    house.board.post(feed.place, feed.record.clone(), feed.state(), read.rejected);
    log(&feed, before);
    let fetched = Fetched { source: Arc::clone(&feed.source), at, items: read.items, record: feed.record.clone() };
    house.out.send(fetched).await.ok()?;
    Some((at.mono + wait, feed))
}

/// Visits the feed and notes in it what came of that. Returns what was read, when, and the wait for the next fetch.
async fn go(feed: &mut Feed, start: Start, house: &House) -> (Parsed, Stamp, Duration) {
    let (url, turn) = match start {
        Ok(start) => start,
        Err(error) => {
            house.metrics.fetched(&feed.source.key, error.outcome());
            let at = house.clock.now();
            return (Parsed::default(), at, feed.failed(at.wall, house.interval, &error, None));
        }
    };
    let errand = Errand {
        url,
        turn,
        exception: &feed.exception,
        etag: feed.record.etag.as_deref(),
        last_modified: feed.record.last_modified.as_deref(),
    };
    let visit = visit(house.http.as_ref(), &house.hosts, house.limits, errand).await;
    let at = house.clock.now();
    let read = match visit.result {
        Ok(answer) if answer.status == 200 => {
            let read = read(&answer, visit.url, at, Arc::clone(&house.followed)).await;
            read.map(|parsed| (answer, Some(parsed)))
        }
        Ok(answer) => Ok((answer, None)),
        Err(error) => Err(error),
    };
    match read {
        Ok((answer, parsed)) => {
            let outcome = if parsed.is_some() { FetchOutcome::Read } else { FetchOutcome::Unchanged };
            house.metrics.fetched(&feed.source.key, outcome);
            let content = parsed.as_ref().map(|parsed| Content {
                items: u32::try_from(parsed.items.len()).unwrap_or(u32::MAX),
                ttl: parsed.ttl,
            });
            let success = Success { answer: &answer, moved_to: visit.moved_to.as_ref(), content };
            let wait = feed.succeeded(at.wall, house.interval, &success);
            (parsed.unwrap_or_default(), at, wait)
        }
        Err(error) => {
            house.metrics.fetched(&feed.source.key, error.outcome());
            let wait = feed.failed(at.wall, house.interval, &error, visit.retry_after.as_deref());
            (Parsed::default(), at, wait)
        }
    }
}

/// Makes items of a body. Megabytes of markup take a while, so others do it; if it fails by our own fault, that is this
/// feed's failure only.
async fn read(answer: &FeedAnswer, base: Url, at: Stamp, followed: Arc<Tickers>) -> Result<Parsed, FetchError> {
    let (body, content_type) = (answer.body.clone(), answer.content_type.clone());
    let reading = spawn_blocking(move || parse::read(&body, content_type.as_deref(), &base, at.wall, &followed));
    match reading.await {
        Ok(read) => Ok(read?),
        Err(panic) => {
            error!(%panic, "the reader of feeds failed");
            Err(FetchError::Unreadable)
        }
    }
}

/// Says once what has changed.
fn log(feed: &Feed, (state, moved_to): (SourceState, Option<String>)) {
    let (key, now) = (feed.source.key.as_str(), feed.state());
    let error = feed.record.last_error.as_deref().unwrap_or_default();
    if now != state {
        match now {
            SourceState::Failing => warn!(feed = key, error, "feed fails"),
            SourceState::Dead => warn!(feed = key, error, "feed is dead"),
            SourceState::Ok if state != SourceState::Pending => info!(feed = key, "feed is back"),
            SourceState::Ok | SourceState::Pending => {}
        }
    }
    if feed.record.moved_to != moved_to {
        if let Some(to) = &feed.record.moved_to {
            info!(feed = key, %to, "feed has moved");
        } else {
            info!(feed = key, "feed is asked at its configured address again");
        }
    }
}

#[cfg(test)]
mod tests;
