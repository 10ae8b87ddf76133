//! The whole of fetching on a paused clock, against servers that are played.

use tokio::time::{sleep, timeout};

use super::{
    super::script::{Script, ok, redirect, rss, status},
    *,
};
use crate::{
    model::time::UnixMs,
    server::metrics::{Metrics, tests::counted},
    wire::news::SourceStatus,
};

mod manners;
mod network;
mod restart;

const START: UnixMs = UnixMs(1_800_000_000_000);
const FIVE_MINUTES: Duration = Duration::from_mins(5);
const HOUR: Duration = Duration::from_hours(1);

fn source(key: &str, url: &str) -> Arc<Source> {
    let (name, category) = (key.to_uppercase(), "general".to_owned());
    Arc::new(Source { key: key.to_owned(), name, category, tier: 1, trust: 1.0, url: url.to_owned() })
}

/// Fetching under test.
struct Stage {
    board: Arc<SourceBoard>,
    metrics: Metrics,
    out: mpsc::Receiver<Fetched>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

/// What a test may choose.
struct Choice {
    interval: Duration,
    records: Vec<FeedRecord>,
    room: usize,
}

impl Default for Choice {
    fn default() -> Self {
        Self { interval: FIVE_MINUTES, records: Vec::new(), room: 1000 }
    }
}

impl Stage {
    /// Keys and addresses.
    fn new(script: &Arc<Script>, feeds: &[(&str, &str)], choice: Choice) -> Self {
        let (sender, out) = mpsc::channel(choice.room);
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        let metrics = Metrics::default();
        let board = start(FeedsSetup {
            sources: feeds.iter().map(|(key, url)| source(key, url)).collect(),
            records: choice.records,
            interval: choice.interval,
            http: Arc::clone(script) as _,
            clock: Clock::following(START),
            seed: 7,
            followed: Arc::default(),
            out: sender,
            metrics: metrics.feeds.clone(),
            shutdown: shutdown.clone(),
            tasks: &tasks,
        });
        tasks.close();
        Self { board, metrics, out, shutdown, tasks }
    }

    /// One feed.
    fn of(script: &Arc<Script>, url: &str) -> Self {
        Self::new(script, &[("a", url)], Choice::default())
    }

    async fn fetched(&mut self) -> Fetched {
        timeout(Duration::from_hours(48), self.out.recv()).await.expect("a fetch in two days").expect("a fetch")
    }

    fn status(&self) -> SourceStatus {
        self.board.statuses().remove(0)
    }
}

fn titles(fetched: &Fetched) -> Vec<&str> {
    fetched.items.iter().map(|item| item.title.as_str()).collect()
}

const A: &str = "https://a.example/feed";

#[tokio::test(start_paused = true)]
async fn items_come_oldest_first_with_what_to_remember() {
    let script = Script::new();
    let reply = ok(rss(&["two", "one"])).with(|answer| {
        (answer.etag, answer.last_modified) = (Some("\"e\"".to_owned()), Some("then".to_owned()));
    });
    script.at(A, [reply, status(304)]);
    let mut stage = Stage::of(&script, A);
    assert_eq!((stage.status().state, stage.status().last_fetch), (SourceState::Pending, None));

    let first = stage.fetched().await;
    assert_eq!((titles(&first), first.source.key.as_str()), (vec!["one", "two"], "a"));
    assert_eq!((first.record.etag.as_deref(), first.record.last_modified.as_deref()), (Some("\"e\""), Some("then")));
    let at = Some(first.at.wall);
    assert_eq!((first.record.last_fetch, first.record.last_success, first.record.items), (at, at, 2));
    assert_eq!((first.record.key.as_str(), first.record.url.as_str()), ("a", A));

    let second = stage.fetched().await;
    let asked = &script.asked()[1].1;
    assert_eq!((asked.etag.as_deref(), asked.last_modified.as_deref()), (Some("\"e\""), Some("then")));
    assert!(second.items.is_empty());
    assert_eq!(second.record.etag.as_deref(), Some("\"e\""), "an answer without content changes no condition");
    assert_eq!((second.record.items, second.record.failures), (2, 0));
    assert_eq!(second.record.last_success, Some(second.at.wall));
    let late = second.at.wall.since(first.record.next_fetch.unwrap());
    assert!((0..3).contains(&late), "fetched when it was said: {late} ms");
    let status = stage.status();
    assert_eq!((status.state, status.items, status.last_error), (SourceState::Ok, 2, None));
    assert_eq!(status.next_fetch, second.record.next_fetch.map(UnixMs::to_rfc3339));
}

#[tokio::test(start_paused = true)]
async fn each_fetch_is_counted_by_what_it_came_to() {
    let script = Script::new();
    let tagged = ok(rss(&["one"])).with(|answer| answer.etag = Some("\"e\"".to_owned()));
    let page = ok("<!doctype html><html><body>Log in</body></html>");
    script.at(A, [tagged, status(304), status(503), page, redirect(302, A)]);
    let mut stage = Stage::new(&script, &[("a", A), ("b", "ftp://b.example/")], Choice::default());
    let fetches = |stage: &Stage, feed, outcome| {
        counted(&stage.metrics).get("market_pulse_feed_fetches_total", &[("feed", feed), ("outcome", outcome)])
    };
    assert_eq!(fetches(&stage, "a", "read"), Some(0.0), "a rate needs something to start from");
    assert_eq!(fetches(&stage, "a", "status"), None);
    let mut left = 5;
    while left > 0 {
        left -= usize::from(stage.fetched().await.source.key == "a");
    }
    for outcome in ["read", "unchanged", "status", "not_a_feed", "redirect"] {
        assert_eq!(fetches(&stage, "a", outcome), Some(1.0), "{outcome}");
    }
    assert!(fetches(&stage, "b", "refused").is_some_and(|count| count >= 1.0));
    assert_eq!(fetches(&stage, "b", "read"), Some(0.0));
}

#[tokio::test(start_paused = true)]
async fn conditions_go_with_their_content() {
    let script = Script::new();
    let tagged = ok(rss(&["one"])).with(|answer| answer.etag = Some("\"e\"".to_owned()));
    let page = ok("<!doctype html><html><body>Log in</body></html>")
        .with(|answer| (answer.etag, answer.content_type) = (Some("\"p\"".to_owned()), Some("text/html".to_owned())));
    script.at(A, [tagged, page, ok(rss(&["two"]))]);
    let mut stage = Stage::of(&script, A);
    stage.fetched().await;
    let login = stage.fetched().await;
    assert_eq!(login.record.last_error.as_deref(), Some("not a feed: an HTML page"));
    assert_eq!((login.record.etag.as_deref(), login.items.len(), login.record.failures), (Some("\"e\""), 0, 1));
    assert_eq!(stage.status().state, SourceState::Failing);
    let back = stage.fetched().await;
    assert_eq!((back.record.etag.as_deref(), back.record.last_error), (None, None), "a content without one has none");
    assert_eq!((stage.status().state, stage.status().failures), (SourceState::Ok, 0));
}

#[tokio::test(start_paused = true)]
async fn items_of_no_use_are_counted() {
    let script = Script::new();
    let feed = rss(&["one", "two"]).replace("<title>two</title>", "");
    script.at(A, [ok(feed)]);
    let mut stage = Stage::of(&script, A);
    for _ in 0..3 {
        assert_eq!(titles(&stage.fetched().await), ["one"]);
    }
    assert_eq!((stage.status().rejected, stage.board.rejected(), stage.status().items), (3, 3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failing_feed_is_tried_less_often_named_and_never_forgotten() {
    let script = Script::new();
    script.at(A, [status(500)]);
    let mut stage = Stage::of(&script, A);
    for _ in 0..5 {
        stage.fetched().await;
    }
    let failing = stage.status();
    assert_eq!((failing.state, failing.failures), (SourceState::Failing, 5));
    assert_eq!(failing.last_error.as_deref(), Some("HTTP 500"));
    sleep(Duration::from_hours(30)).await;
    assert_eq!(stage.status().state, SourceState::Dead, "after a day");
    sleep(Duration::from_hours(24)).await;
    let times = script.times(A);
    let waits: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) / 60.0).collect();
    for (wait, minutes) in waits.iter().zip([5.0, 10.0, 20.0, 40.0, 60.0, 60.0]) {
        assert!((wait / minutes - 1.0).abs() < 0.11, "{waits:?}");
    }
    assert!(waits.last().unwrap() > &300.0 && waits.iter().all(|wait| *wait < 400.0), "{waits:?}");
    script.at(A, [ok(rss(&["one"]))]);
    sleep(Duration::from_hours(7)).await;
    assert_eq!((stage.status().state, stage.status().last_error), (SourceState::Ok, None));
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_is_gone_is_dead_at_once() {
    for code in [404, 410] {
        let script = Script::new();
        script.at(A, [status(code), status(500), ok(rss(&[]))]);
        let mut stage = Stage::of(&script, A);
        for expected in [SourceState::Dead, SourceState::Failing, SourceState::Ok] {
            stage.fetched().await;
            assert_eq!(stage.status().state, expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_of_no_use_is_reported_and_nobody_is_asked() {
    let script = Script::new();
    let feeds = [("a", "https://user:word@a.example/"), ("b", "nonsense"), ("c", "ftp://c.example/")];
    let mut stage = Stage::new(&script, &feeds, Choice::default());
    for _ in feeds {
        let fetched = stage.fetched().await;
        assert_eq!(fetched.record.last_error.as_deref(), Some("refuses an address of this kind"));
    }
    assert!(script.asked().is_empty());
    assert!(stage.board.statuses().iter().all(|status| status.state == SourceState::Failing));
}

#[tokio::test(start_paused = true)]
async fn a_move_is_remembered_until_it_leads_nowhere() {
    let script = Script::new();
    let new = "https://b.example/feed";
    let tagged = ok(rss(&["one"])).with(|answer| answer.etag = Some("\"e\"".to_owned()));
    script.at(A, [redirect(301, new)]);
    script.at(new, [tagged, status(304), status(404)]);
    let mut stage = Stage::of(&script, A);
    assert_eq!(stage.fetched().await.record.moved_to.as_deref(), Some(new));
    assert_eq!(stage.status().moved_to.as_deref(), Some(new));
    stage.fetched().await;
    assert_eq!(script.path(), [A, new, new], "the old address is not asked again");
    let gone = stage.fetched().await.record;
    assert_eq!((gone.moved_to, gone.etag), (None, None));
    stage.fetched().await;
    assert_eq!(script.path(), [A, new, new, new, A, new]);
    script.at(A, [ok(rss(&["two"]))]);
    assert_eq!(titles(&stage.fetched().await), ["two"]);
    assert_eq!(stage.status().moved_to, None);
}

#[tokio::test(start_paused = true)]
async fn everything_ends_with_the_shutdown_or_with_nobody_to_tell() {
    let script = Script::new();
    script.at(A, [ok(rss(&["one"])).after(5)]);
    let stage = Stage::of(&script, A);
    sleep(Duration::from_secs(1)).await;
    stage.shutdown.cancel();
    stage.tasks.wait().await;

    let mut stage = Stage::of(&script, A);
    stage.fetched().await;
    let Stage { out, tasks, .. } = stage;
    drop(out);
    timeout(HOUR, tasks.wait()).await.expect("an end");
}
