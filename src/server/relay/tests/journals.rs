//! A node's log and the shared one: followed, given back, replaced.

use std::net::Ipv4Addr;

use futures_util::{FutureExt as _, StreamExt as _};
use tempfile::TempDir;

use super::*;
use crate::{
    model::{article::Article, story::StoryHead, symbol::Symbol, time::UnixMs},
    server::{
        config::LimitsConfig,
        event::{EventDraft, EventKind, Facets, LogEvent},
        hub::{
            events::EventWish,
            filter::EventFilter,
            log::{LogSetup, Since},
            stream::FrameStream,
        },
        metrics::Metrics,
        news::desk::NewsDesk,
        storage::{batch::Batch, query::ArticleQuery},
    },
    wire::event_stream::StreamConfig,
};

const AT: UnixMs = UnixMs(1_763_640_000_000);

/// A node of which only the journal is at work.
pub(super) struct Kept {
    pub(super) storage: Storage,
    hub: Arc<Hub>,
    pub(super) shared: Arc<Shared>,
    token: CancellationToken,
    _folder: TempDir,
}

impl Kept {
    /// One whose log started at 1000 and holds these batches.
    pub(super) async fn with(stage: &Stage, batches: Vec<Batch>) -> Self {
        Self::started(stage, 1000, batches, true).await
    }

    /// `told`: its hub knows of them.
    async fn started(stage: &Stage, first: u64, batches: Vec<Batch>, told: bool) -> Self {
        Self::patient(stage, first, batches, told, Duration::from_mins(1)).await
    }

    /// One whose log started at 1000 and holds these batches, and nothing before them that was up to `after`.
    pub(super) async fn holding(stage: &Stage, after: u64, batches: Vec<Batch>) -> Self {
        let node = Self::unconnected((1000, after), batches, true, Duration::from_mins(1)).await;
        node.shared.connected(stage.link().await);
        node
    }

    /// One that waits so long for an edition that can't be read.
    async fn patient(stage: &Stage, first: u64, batches: Vec<Batch>, told: bool, patience: Duration) -> Self {
        let node = Self::unconnected((first, first), batches, told, patience).await;
        node.shared.connected(stage.link().await);
        node
    }

    async fn unconnected((first, after): (u64, u64), batches: Vec<Batch>, told: bool, patience: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::System;
        let storage = Storage::open(folder.path(), clock).unwrap();
        storage.replace_log(first, after).await.unwrap();
        let empty = storage.log_range().await.unwrap();
        for batch in batches {
            storage.commit(batch).await.unwrap();
        }
        let range = if told { storage.log_range().await.unwrap() } else { empty };
        let log = LogSetup::stored(range, first, Arc::new(storage.clone())).await.unwrap().shared();
        let token = CancellationToken::new();
        let symbols: [Symbol; 0] = [];
        let heartbeat = Duration::from_secs(30);
        let metrics = Metrics::default();
        let hub =
            Arc::new(Hub::new(&symbols, &LimitsConfig::default(), heartbeat, clock, log, &metrics, token.clone()));
        let shared = Shared::new("me".to_owned());
        let desk = Arc::new(NewsDesk::default());
        let stand = Newsstand::open(&storage, &[], desk, Arc::clone(hub.log())).await.unwrap();
        let journal = Journal::new(Arc::clone(&shared), storage.clone(), Arc::clone(hub.log()), Arc::new(stand));
        tokio::spawn(journal.with_patience(patience).run(token.clone()));
        Self { storage, hub, shared, token, _folder: folder }
    }

    fn read(&self, since: Since) -> FrameStream {
        let filter = EventFilter { kinds: vec![EventKind::News], ..EventFilter::default() };
        let wish = EventWish { filter, prices: vec![], pace: Duration::from_secs(1), config: StreamConfig::default() };
        self.hub.connect_events(Ipv4Addr::LOCALHOST, wish, since).expect("room")
    }

    pub(super) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(timeout(LIMIT, waiting).await.is_ok(), "{what}: {:?}", self.shared.place());
    }

    async fn articles(&self) -> u64 {
        self.storage.articles(ArticleQuery { limit: 1, ..ArticleQuery::default() }).await.unwrap().total
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

pub(super) fn event(id: u64, kind: EventKind, data: &str) -> LogEvent {
    LogEvent { id, at: AT, draft: EventDraft { kind, data: data.to_owned(), facets: Facets::default() } }
}

/// Entries that say what they are.
pub(super) fn news(ids: std::ops::RangeInclusive<u64>) -> Batch {
    let events = ids.map(|id| event(id, EventKind::News, &format!("{{\"n\":{id}}}"))).collect();
    Batch { events, ..Batch::default() }
}

/// A story with one article, and the two entries that tell of it.
fn story(id: u64) -> Batch {
    let key = format!("story-{id}");
    let article: Article = serde_json::from_value(serde_json::json!({
        "id": format!("article-{id}"), "title": "Harbor Bank opens a desk", "link": "https://a.example/1",
        "description": "", "source": "Wire", "sourceKey": "wire", "category": "general", "pubDate": null,
        "seenAt": AT.to_rfc3339(), "tickers": [], "storyId": key, "isBreaking": false,
    }))
    .unwrap();
    let head: StoryHead = serde_json::from_value(serde_json::json!({
        "id": key, "title": "Harbor Bank opens a desk", "link": "https://a.example/1", "description": "",
        "category": "general", "tickers": [], "sources": [{"key": "wire", "name": "Wire"}], "articles": 1,
        "firstSeen": AT.to_rfc3339(), "lastSeen": AT.to_rfc3339(), "breaking": null, "reaction": [],
    }))
    .unwrap();
    let told = serde_json::to_string(&head).unwrap();
    let events = vec![event(id, EventKind::News, "{}"), event(id + 1, EventKind::Story, &told)];
    Batch { articles: vec![article], stories: vec![head], events, feeds: vec![] }
}

/// A shared log that started at 1000, into which a leader has written these batches.
pub(super) async fn shared_log(link: &Link, batches: &[Batch]) -> u64 {
    let open = |standing: &Standing| standing.open;
    let fence = attend_until(link, "a", true, place(1000, 1000), open).await.fence;
    for batch in batches {
        write(link, fence, batch).await;
    }
    fence
}

async fn write(link: &Link, fence: u64, batch: &Batch) {
    let edition = message::edition(batch).unwrap();
    let (first, last) = (batch.events.first().unwrap().id, batch.events.last().unwrap().id);
    let attempt = last.to_string();
    let append = Append { edition: &edition, ..append(fence, &attempt, first - 1, last) };
    assert_eq!(link.append(append).await.unwrap(), Appended::Kept);
}

/// The frames that come, up to one that says this.
async fn heard(stream: &mut FrameStream, last: &str) -> Vec<String> {
    let mut frames = Vec::new();
    let reading = async {
        while frames.last().is_none_or(|frame: &String| !frame.contains(last)) {
            frames.push(String::from_utf8(stream.next().await.expect("it goes on").to_vec()).unwrap());
        }
    };
    assert!(timeout(LIMIT, reading).await.is_ok(), "no {last}");
    frames
}

#[tokio::test]
async fn editions_are_stored_and_then_told_in_order() {
    let stage = Stage::open();
    let link = stage.link().await;
    let fence = shared_log(&link, &[news(1001..=1003), story(1004), news(1006..=1040)]).await;
    let node = Kept::with(&stage, vec![news(1001..=1002)]).await;
    let mut stream = node.read(Since::After(1000));
    let told = heard(&mut stream, "\"n\":1040").await;
    assert_eq!(told.len(), 1 + 3 + 1 + 35, "the greeting, and every entry that it wants, once: {told:#?}");
    assert_eq!(node.articles().await, 1);
    node.until("it knows that nothing is missing", |node| node.shared.is_in_step()).await;
    write(&link, fence, &news(1041..=1041)).await;
    heard(&mut stream, "\"n\":1041").await;
    assert_eq!(node.storage.log_range().await.unwrap().last, 1041);
}

#[tokio::test]
async fn what_was_stored_and_never_told_is_told_late() {
    let stage = Stage::open();
    let link = stage.link().await;
    shared_log(&link, &[news(1001..=1002), news(1003..=1004)]).await;
    let node = Kept::started(&stage, 1000, vec![news(1001..=1002)], false).await;
    let told = heard(&mut node.read(Since::After(1000)), "\"n\":1004").await;
    assert_eq!(told.len(), 5, "{told:#?}");
}

#[tokio::test]
async fn a_log_that_says_something_else_at_its_end_is_replaced_and_its_readers_are_told() {
    let stage = Stage::open();
    let link = stage.link().await;
    shared_log(&link, &[news(1001..=1002), news(1003..=1004)]).await;
    let mut forked = news(1001..=1003);
    forked.events[2].draft.data = "{\"n\":0}".to_owned();
    let node = Kept::with(&stage, vec![forked]).await;
    let mut stream = node.read(Since::After(1003));
    let told = heard(&mut stream, "gap").await;
    assert!(told.last().unwrap().contains("\"from\":\"1003\",\"to\":\"1004\",\"reason\":\"restarted\""), "{told:#?}");
    let mut back = node.read(Since::After(1001));
    assert_eq!(heard(&mut back, "\"n\":1004").await.len(), 4, "what all others say");
    assert!(stream.next().now_or_never().is_none(), "nothing is told one by one");
}

#[tokio::test]
async fn what_redis_has_forgotten_is_given_back_with_its_stories() {
    let stage = Stage::open();
    let link = stage.link().await;
    shared_log(&link, &[news(1001..=1001)]).await;
    let knows_more = Kept::with(&stage, vec![news(1001..=1003), story(1004), news(1006..=1200)]).await;
    let fresh = Kept::started(&stage, 7, vec![], true).await;
    fresh.until("everything is here", |node| node.shared.place().last == 1200 && node.hub.log().tip() == 1200).await;
    assert_eq!((fresh.articles().await, fresh.hub.log().first()), (1, 1000));
    let mut stream = fresh.read(Since::After(1002));
    let told = heard(&mut stream, "\"n\":1200").await;
    assert_eq!(told.len(), 1 + 1 + 1 + 195, "as if it had been there: {}", told.len());
    assert_eq!(link.log().await.unwrap(), Some(SharedLog { first: 1000, tip: 1200 }));
    assert!(knows_more.shared.counters.editions_restored.load(std::sync::atomic::Ordering::Relaxed) >= 4);
}

#[tokio::test]
async fn an_edition_that_can_t_be_read_is_waited_for_and_then_left_out() {
    let stage = Stage::open();
    let link = stage.link().await;
    let fence = shared_log(&link, &[news(1001..=1001)]).await;
    // Of another version; with entries that are placed elsewhere; with a hole. The last stands beside an entry.
    let mut hole = news(1004..=1006);
    hole.events.remove(1);
    let bad = [
        (1001, 1002, "{\"version\":9}".to_owned()),
        (1002, 1003, message::edition(&news(7..=7)).unwrap()),
        (1003, 1006, message::edition(&hole).unwrap()),
        (1006, 1006, String::from("\0")),
    ];
    for (n, (after, last, edition)) in bad.iter().enumerate() {
        let attempt = format!("bad {n}");
        let append = Append { edition, ..append(fence, &attempt, *after, *last) };
        assert_eq!(link.append(append).await.unwrap(), Appended::Kept);
    }
    write(&link, fence, &news(1007..=1008)).await;

    let waits = Kept::with(&stage, vec![]).await;
    // It keeps what comes before, and says that it is not in step.
    waits.until("what comes before", |node| node.shared.place().last == 1001 && node.hub.log().tip() == 1001).await;
    assert!(!waits.shared.is_in_step());

    let goes_on = Kept::patient(&stage, 1000, vec![], true, Duration::ZERO).await;
    let mut stream = goes_on.read(Since::After(1000));
    let told = heard(&mut stream, "\"n\":1008").await;
    assert!(told[1].contains("\"n\":1001") && told.iter().filter(|frame| frame.contains("\"n\":")).count() == 3);
    let gaps: Vec<&String> = told.iter().filter(|frame| frame.contains("event: gap")).collect();
    assert!(gaps.first().is_some_and(|gap| gap.contains("\"from\":\"1001\"")), "{told:#?}");
    assert!(gaps.last().is_some_and(|gap| gap.contains("\"to\":\"1006\",\"reason\":\"expired\"")), "{told:#?}");
    goes_on.until("it knows that nothing more is missing", |node| node.shared.is_in_step()).await;
    let undecodable = goes_on.shared.counters.undecodable.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(undecodable, 4, "each is counted once");
    // Who comes back is told the same.
    let told = heard(&mut goes_on.read(Since::After(1000)), "\"n\":1008").await;
    assert_eq!(told.iter().filter(|frame| frame.contains("\"n\":")).count(), 3);
    assert!(told.iter().any(|frame| frame.contains("\"to\":\"1006\",\"reason\":\"expired\"")), "{told:#?}");
}

#[tokio::test]
async fn an_edition_without_entries_is_taken_once_over_one_connection() {
    let stage = Stage::open();
    let link = stage.link().await;
    let fence = shared_log(&link, &[news(1001..=1001)]).await;
    let node = Kept::with(&stage, vec![]).await;
    let taken = |node: &Kept| node.shared.counters.editions_taken.load(std::sync::atomic::Ordering::Relaxed);
    node.until("the first", |node| taken(node) == 1).await;
    let beside = Batch { events: vec![], ..story(1002) };
    for n in 0..3 {
        let (edition, attempt) = (message::edition(&beside).unwrap(), n.to_string());
        let append = Append { edition: &edition, ..append(fence, &attempt, 1001, 1001) };
        assert_eq!(link.append(append).await.unwrap(), Appended::Kept);
        node.shared.grew.notify_one();
        node.until("one more", |node| taken(node) == n + 2).await;
    }
    write(&link, fence, &news(1002..=1002)).await;
    node.until("the next entry", |node| node.shared.place().last == 1002).await;
    node.until("and nothing again", |node| taken(node) == 5).await;
    assert_eq!(node.articles().await, 1);
}

#[tokio::test]
async fn another_connection_is_followed_at_once_though_the_one_before_still_answers() {
    let (stage, other) = (Stage::open(), Stage::open());
    shared_log(&stage.link().await, &[news(1001..=1001)]).await;
    shared_log(&other.link().await, &[news(1001..=1001), news(1002..=1003)]).await;
    let node = Kept::with(&stage, vec![]).await;
    node.until("it is in step", |node| node.shared.is_in_step() && node.shared.place().last == 1001).await;
    // What is told unasked does not come any more; questions are answered.
    let before = node.shared.link().unwrap();
    node.shared.disconnected(link::LinkError::Closed);
    node.shared.in_step(Instant::now(), &before);
    assert!(!node.shared.is_in_step(), "an answer over that connection says nothing any more");
    node.shared.connected(other.link().await);
    node.until("it follows", |node| node.shared.is_in_step() && node.shared.place().last == 1003).await;
}

#[tokio::test]
async fn what_redis_has_forgotten_is_given_back_first_by_who_has_all_of_it() {
    let stage = Stage::open();
    shared_log(&stage.link().await, &[]).await;
    let patience = Duration::from_mins(1);
    let was_away = Kept::unconnected((1000, 1100), vec![news(1101..=1110)], true, patience).await;
    let has_all = Kept::unconnected((1000, 1000), vec![news(1001..=1110)], true, patience).await;
    for node in [&was_away, &has_all] {
        node.until("it knows what it has", |node| node.shared.place().last == 1110).await;
    }
    let looks = async || -> u64 {
        let counts: String = stage.ask(&["INFO", "commandstats"]).await;
        let counts = counts.lines().find_map(|line| line.strip_prefix("cmdstat_hmget:calls="));
        counts.and_then(|counts| counts.split(',').next()).unwrap().parse().unwrap()
    };
    let before = looks().await;
    was_away.shared.connected(stage.link().await);
    while looks().await == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    has_all.shared.connected(stage.link().await);
    has_all.until("it is back", |node| node.shared.is_in_step()).await;
    let fresh = Kept::started(&stage, 7, vec![], true).await;
    fresh.until("all of it", |node| node.shared.place() == place(1000, 1110)).await;
}

#[tokio::test]
async fn what_nobody_has_all_of_is_given_back_with_a_hole() {
    let stage = Stage::open();
    shared_log(&stage.link().await, &[]).await;
    let was_away = Kept::holding(&stage, 1100, vec![news(1101..=1110)]).await;
    was_away.until("it is back", |node| node.shared.is_in_step()).await;
    let fresh = Kept::started(&stage, 7, vec![], true).await;
    fresh.until("what there is", |node| node.shared.place() == Place { after: 1100, ..place(1000, 1110) }).await;
}

/// What a reader is told who comes with this position, up to a frame that says this: ids of news, and ends of gaps.
async fn told(node: &Kept, after: u64, last: &str) -> (Vec<u64>, Vec<String>) {
    let frames = heard(&mut node.read(Since::After(after)), last).await;
    let number = |frame: &String| frame.split("\"n\":").nth(1)?.trim_end().trim_end_matches('}').parse().ok();
    let gaps = frames.iter().filter(|frame| frame.contains("event: gap"));
    let gaps = gaps.map(|frame| frame.lines().find(|line| line.starts_with("data: ")).unwrap().to_owned());
    (frames.iter().filter_map(number).collect(), gaps.collect())
}

fn gap(from: u64, to: u64) -> String {
    format!("data: {{\"from\":\"{from}\",\"to\":\"{to}\",\"reason\":\"expired\"}}")
}

#[tokio::test]
async fn entries_that_are_not_kept_any_more_are_a_gap_for_those_before_them_alone() {
    let stage = Stage::open();
    let link = stage.link().await;
    let fence = shared_log(&link, &[news(1001..=1003), news(1004..=1005), news(1006..=1007)]).await;
    let _: u64 = stage.ask(&["XTRIM", "m:editions", "MAXLEN", "1"]).await;
    // A hole before what is still kept, and one at the end.
    let before = Kept::with(&stage, vec![news(1001..=1003)]).await;
    assert_eq!(told(&before, 1001, "\"n\":1007").await, (vec![1002, 1003, 1006, 1007], vec![gap(1003, 1005)]));
    assert_eq!(before.storage.log_range().await.unwrap().after, 1000, "what was there is there");
    let _: u64 = stage.ask(&["XTRIM", "m:editions", "MAXLEN", "0"]).await;
    let at_end = Kept::with(&stage, vec![news(1001..=1003)]).await;
    assert_eq!(told(&at_end, 1002, "event: gap").await, (vec![1003], vec![gap(1003, 1007)]));
    write(&link, fence, &news(1008..=1009)).await;
    for (node, lost) in [(&before, 1005), (&at_end, 1007)] {
        node.shared.grew.notify_one();
        let known: Vec<u64> = (1002..=1003).chain(lost + 1..=1009).collect();
        assert_eq!(told(node, 1001, "\"n\":1009").await, (known, vec![gap(1003, lost)]));
        // Another node has told of what is lost here.
        assert_eq!(told(node, 1004, "\"n\":1009").await, ((lost + 1..=1009).collect(), vec![gap(1004, lost)]));
        assert_eq!(told(node, lost, "\"n\":1009").await, ((lost + 1..=1009).collect(), vec![]));
        assert_eq!(told(node, 1008, "\"n\":1009").await, (vec![1009], vec![]));
    }
}

#[tokio::test]
async fn a_stream_that_begins_with_an_edition_without_entries_is_taken_from_there() {
    let stage = Stage::open();
    let link = stage.link().await;
    let fence = shared_log(&link, &[news(1001..=1001)]).await;
    let beside = message::edition(&Batch { events: vec![], ..story(1002) }).unwrap();
    let beside = Append { edition: &beside, ..append(fence, "beside", 1001, 1001) };
    assert_eq!(link.append(beside).await.unwrap(), Appended::Kept);
    write(&link, fence, &news(1002..=1003)).await;
    let _: u64 = stage.ask(&["XDEL", "m:editions", "1001-0"]).await;
    let fresh = Kept::started(&stage, 7, vec![], true).await;
    fresh.until("it has what there is", |node| node.shared.is_in_step()).await;
    assert_eq!(fresh.shared.place(), Place { after: 1001, ..place(1000, 1003) });
    assert_eq!(fresh.articles().await, 1);
}
