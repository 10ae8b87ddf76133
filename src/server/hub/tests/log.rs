//! The log: turns, order, filters, and how its readers are kept alive and ended.

use super::*;
use crate::{
    server::{
        event::{EventDraft, EventKind, Facets, LogEvent, LogRange},
        hub::{filter::Keyword, log::EventStoreError},
    },
    wire::event_stream::StreamConfig,
};

/// The first position of a log that was made at [`WALL`].
pub(super) const START: u64 = 1_763_640_000_000_000;

pub(super) fn draft(kind: EventKind, source: &str, n: u64) -> EventDraft {
    let facets = Facets {
        sources: vec![source.to_owned()],
        category: "markets".to_owned(),
        tickers: vec![symbol("BTC")],
        text: format!("Number {n}"),
        breaking: false,
    };
    EventDraft { kind, data: format!("{{\"n\":{n}}}"), facets }
}

/// What wants every event, and no prices.
pub(super) fn everything() -> EventWish {
    let kinds = EventKind::ALL.into_iter().filter(|kind| *kind != EventKind::Story).collect();
    EventWish {
        filter: EventFilter { kinds, ..EventFilter::default() },
        prices: vec![],
        pace: Duration::from_secs(1),
        config: StreamConfig::default(),
    }
}

pub(super) async fn publish(hub: &Hub, drafts: Vec<EventDraft>) {
    let mut turn = hub.log().turn().await;
    let events = turn.stamp(drafts);
    turn.publish(events);
}

pub(super) fn open(hub: &Arc<Hub>, wish: EventWish, since: Since) -> FrameStream {
    hub.connect_events(address(1), wish, since).expect("room")
}

/// The frames as `name id data`.
fn lines(frames: &[Bytes]) -> Vec<String> {
    let line = |frame: &Bytes| {
        let text = std::str::from_utf8(frame).expect("UTF-8");
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("-");
        let id = field("id: ").parse::<u64>().map_or("-".to_owned(), |id| (id - START).to_string());
        format!("{} {id} {}", field("event: "), field("data: "))
    };
    frames.iter().map(line).collect()
}

/// What can be read without waiting, as lines; the greeting as its name and id only.
pub(super) fn told(stream: &mut FrameStream) -> Vec<String> {
    let mut lines = lines(&ready(stream));
    for line in &mut lines {
        if line.starts_with("connected") {
            line.truncate(line.match_indices(' ').nth(1).expect("three words").0);
        }
    }
    lines
}

#[tokio::test(start_paused = true)]
async fn entries_come_in_order_with_their_places() {
    let (hub, _shutdown) = hub();
    let mut stream = open(&hub, everything(), Since::Now);
    assert_eq!(told(&mut stream), ["connected 0"]);
    publish(&hub, vec![draft(EventKind::News, "a", 1), draft(EventKind::Breaking, "a", 2)]).await;
    publish(&hub, vec![draft(EventKind::Story, "a", 3), draft(EventKind::StoryUpdate, "a", 4)]).await;
    let expected = [r#"news 1 {"n":1}"#, r#"breaking 2 {"n":2}"#, r#"story_update 4 {"n":4}"#];
    assert_eq!(told(&mut stream), expected, "heads of stories are for pages");
    let mut back = open(&hub, everything(), Since::After(START + 1));
    assert_eq!(told(&mut back), ["connected 1", expected[1], expected[2]]);
    assert_eq!(told(&mut stream).len(), 0, "once");
}

#[tokio::test(start_paused = true)]
async fn every_reader_gets_the_same_bytes_of_an_entry() {
    let (hub, _shutdown) = hub();
    let mut streams = [open(&hub, everything(), Since::Now), open(&hub, everything(), Since::Now)];
    for stream in &mut streams {
        ready(stream);
    }
    publish(&hub, vec![draft(EventKind::News, "a", 1)]).await;
    let frames: Vec<Bytes> = streams.iter_mut().flat_map(ready).collect();
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0].as_ptr(), frames[1].as_ptr(), "shared, not copied");
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_exclusive_and_an_unpublished_one_gives_its_places_back() {
    let (hub, _shutdown) = hub();
    let mut stream = open(&hub, everything(), Since::Now);
    let mut first = hub.log().turn().await;
    assert!(hub.log().turn().now_or_never().is_none(), "one at a time");
    let events = first.stamp(vec![draft(EventKind::News, "a", 1), draft(EventKind::News, "a", 2)]);
    assert_eq!(events.iter().map(|event| event.id - START).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(first.stamp(vec![draft(EventKind::News, "a", 3)])[0].id - START, 3);
    assert_eq!(events[0].at, WALL);
    drop(first);
    publish(&hub, vec![draft(EventKind::News, "a", 4)]).await;
    assert_eq!(told(&mut stream), ["connected 0", r#"news 1 {"n":4}"#]);
    assert_eq!(hub.log().tip() - START, 1);
}

#[tokio::test(start_paused = true)]
async fn foreign_places_are_told_as_a_gap_and_what_follows_comes() {
    let (hub, _shutdown) = hub();
    publish(&hub, vec![draft(EventKind::News, "a", 1)]).await;
    let tip = START + 1;
    for (since, from) in [
        (Since::After(tip + 1), (tip + 1).to_string()),
        (Since::After(START - 1), (START - 1).to_string()),
        (Since::Unknown, String::new()),
    ] {
        let mut stream = open(&hub, everything(), since);
        let gap = format!(r#"gap 1 {{"from":"{from}","to":"{tip}","reason":"restarted"}}"#);
        assert_eq!(told(&mut stream), ["connected -".to_owned(), gap], "{since:?}");
        drop(stream);
    }
    let mut stream = open(&hub, everything(), Since::Unknown);
    assert_eq!(told(&mut stream).len(), 2);
    publish(&hub, vec![draft(EventKind::News, "a", 2)]).await;
    assert_eq!(told(&mut stream), [r#"news 2 {"n":2}"#]);
}

#[tokio::test(start_paused = true)]
async fn what_a_filter_leaves_out_is_not_asked_for_again() {
    let (hub, _shutdown) = hub();
    let mut wish = everything();
    wish.filter.sources = vec!["b".to_owned()];
    wish.filter.keywords = vec![Keyword::parse("NUMBER").expect("a word")];
    let mut stream = open(&hub, wish.clone(), Since::Now);
    publish(&hub, (1..=600).map(|n| draft(EventKind::News, "a", n)).collect()).await;
    publish(&hub, vec![draft(EventKind::News, "b", 601), draft(EventKind::News, "a", 602)]).await;
    let mut frames = vec![];
    while frames.len() < 5 {
        frames.push(stream.next().await.expect("a frame"));
    }
    let lines = lines(&frames);
    assert_eq!(lines[1], r#"news 601 {"n":601}"#);
    assert_eq!(lines[2..4], ["- - -", "- - -"], "keep-alives");
    assert!(lines[4].starts_with("heartbeat 602 {\"timestamp\":\"2025-11-20T12:00:30"), "{lines:?}");
    assert!(lines[4].ends_with(&format!("\"lastId\":\"{}\"}}", START + 602)), "{lines:?}");
    let mut back = open(&hub, wish, Since::After(START + 602));
    assert_eq!(told(&mut back), ["connected 602"]);
}

#[tokio::test(start_paused = true)]
async fn prices_are_events_at_their_pace() {
    let (hub, _shutdown) = hub();
    let priced =
        |price: f64| Ticker { change24h: Some(1032.1), change_percent24h: Some(2.4447), ..ticker("BTC", price) };
    hub.publish(&priced(1.5));
    hub.publish(&ticker("ETH", 9.0));
    let mut stream = open(&hub, EventWish { prices: vec![symbol("BTC")], ..everything() }, Since::Now);
    let snapshot = told(&mut stream);
    let price =
        r#"price - {"symbol":"BTC","price":1.5,"change24h":2.4447,"timestamp":1763640000000,"freshness":"live"}"#;
    assert_eq!(snapshot, ["connected 0", price], "the change is a percentage");
    let mut seen = Vec::new();
    for tenth in 1..=35_u32 {
        advance(Duration::from_millis(100)).await;
        hub.publish(&priced(f64::from(tenth)));
        seen.extend(told(&mut stream).iter().map(|line| (tenth, line.contains("\"price\":"))));
    }
    assert_eq!(seen.iter().filter(|(_, price)| *price).count(), seen.len(), "nothing else: {seen:?}");
    assert_eq!(seen.iter().map(|(tenth, _)| *tenth).collect::<Vec<_>>(), [10, 20, 30]);
}

#[tokio::test(start_paused = true)]
async fn all_readers_share_the_bytes_of_a_price() {
    let (hub, _shutdown) = hub();
    hub.publish(&ticker("BTC", 1.0));
    let wish = EventWish { prices: vec![symbol("BTC")], ..everything() };
    let mut streams = [open(&hub, wish.clone(), Since::Now), open(&hub, wish, Since::Now)];
    let prices: Vec<Bytes> = streams.iter_mut().map(|stream| ready(stream).remove(1)).collect();
    assert_eq!(prices[0].as_ptr(), prices[1].as_ptr());
}

#[tokio::test(start_paused = true)]
async fn a_page_gets_stories_with_places_and_tickers_without() {
    let (hub, _shutdown) = hub();
    hub.publish(&ticker("BTC", 1.0));
    publish(&hub, vec![draft(EventKind::Story, "a", 1), draft(EventKind::News, "a", 2)]).await;
    let mut page = hub.connect_page(address(1), &wish(&["BTC"]), Since::After(START)).expect("room");
    let frames = ready(&mut page);
    let texts: Vec<&str> = frames.iter().map(|frame| std::str::from_utf8(frame).expect("UTF-8")).collect();
    assert!(texts[0].starts_with(&format!("retry: 2000\n\nid: {START}\ndata: {{\"type\":\"connected\"")), "{texts:?}");
    assert_eq!(texts[1], format!("id: {}\ndata: {{\"type\":\"story\",\"data\":{{\"n\":1}}}}\n\n", START + 1));
    assert!(texts[2].starts_with("data: {\"type\":\"ticker\""), "{texts:?}");
    assert_eq!(texts.len(), 3, "news is for /api/sse");
    let mut plain = connect(&hub, &wish(&["BTC"]));
    let ticker = ready(&mut plain);
    assert_eq!((ticker.len(), id(&ticker[0]) > START), (1, true), "without stories nothing changes");
    assert_eq!(&ticker[0][ticker[0].len() - texts[2].len()..], texts[2].as_bytes());
    let mut seen = Vec::new();
    while !seen.last().is_some_and(|frame: &Bytes| frame.windows(9).any(|w| w == b"heartbeat")) {
        seen.push(page.next().await.expect("a frame"));
    }
    let last = std::str::from_utf8(seen.last().expect("a heartbeat")).expect("UTF-8");
    assert!(last.starts_with(&format!("id: {}\n", START + 2)), "{last}");
    assert!(last.contains(&format!("\"lastId\":\"{}\"", START + 2)), "{last}");
    let mut foreign = hub.connect_page(address(1), &wish(&["BTC"]), Since::Unknown).expect("room");
    assert_eq!(
        brief(&ready(&mut foreign)),
        ["connected".to_owned(), format!("gap  {}", START + 2), "BTC 1".to_owned()]
    );
}

#[tokio::test(start_paused = true)]
async fn no_text_forges_an_event() {
    let (hub, _shutdown) = hub();
    let title = "x\n\nid: 1\nevent: breaking\ndata: {}\r\rretry: 1\u{2028}event: y\u{85}\u{b}z\0";
    let data = serde_json::json!({ "title": title }).to_string();
    let pretty = format!("{:#}", serde_json::json!({ "title": title }));
    let mut stream = open(&hub, everything(), Since::Now);
    let hostile = |kind, data: &str| EventDraft { kind, data: data.to_owned(), facets: Facets::default() };
    publish(&hub, vec![hostile(EventKind::News, &data), hostile(EventKind::News, &pretty)]).await;
    let mut page = hub.connect_page(address(1), &wish(&[]), Since::After(START)).expect("room");
    publish(&hub, vec![hostile(EventKind::Story, &pretty)]).await;
    let frames: Vec<Bytes> = ready(&mut stream).into_iter().chain(ready(&mut page)).collect();
    let frames: Vec<&str> = frames.iter().map(|frame| std::str::from_utf8(frame).expect("UTF-8")).collect();
    let told: Vec<&&str> = frames.iter().filter(|frame| frame.contains("title")).collect();
    assert_eq!(told.len(), 3, "{frames:?}");
    for frame in told {
        let body = frame.strip_suffix("\n\n").expect("one blank line at the end");
        let fields: Vec<&str> = body.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}']).collect();
        let names: Vec<&str> = fields.iter().map(|line| line.split(':').next().expect("a name")).collect();
        assert!(names == ["id", "event", "data"] || names == ["id", "data"], "{frame:?}");
        let json = fields.last().and_then(|line| line.strip_prefix("data: ")).expect("data last");
        let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(value.pointer("/title").or(value.pointer("/data/title")), Some(&title.into()), "the same text");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_events_ends_with_a_reason() {
    let (hub, shutdown) = hub();
    let mut stalled = open(&hub, everything(), Since::Now);
    let mut lively = open(&hub, everything(), Since::Now);
    ready(&mut stalled);
    publish(&hub, vec![draft(EventKind::News, "a", 1)]).await;
    for _ in 0..31 {
        sleep(Duration::from_secs(1)).await;
        ready(&mut lively);
    }
    assert_eq!(hub.log().readers(), 1, "it costs no publication anything");
    let end = lines(&ready(&mut stalled));
    assert_eq!(end.len(), 1, "{end:?}");
    assert!(end[0].starts_with(r#"stream_error - {"code":"too_slow","#), "{end:?}");
    assert_eq!(stalled.next().await, None);
    let rest = tokio::spawn(lively.collect::<Vec<_>>());
    sleep(Duration::from_millis(1)).await;
    shutdown.cancel();
    let rest = lines(&rest.await.expect("it ends"));
    assert!(rest.len() == 1 && rest[0].starts_with(r#"stream_error - {"code":"going_down","#), "{rest:?}");
    assert!(!rest[0].contains("event: error"));
    assert_eq!((hub.streams(), hub.log().readers()), (1, 0), "the stalled connection is not gone yet");
}

#[tokio::test(start_paused = true)]
async fn only_readers_of_the_log_are_woken_and_once() {
    let (hub, _shutdown) = hub();
    let mut reader = open(&hub, everything(), Since::Now);
    let mut other = connect(&hub, &wish(&["BTC"]));
    ready(&mut reader);
    let (counted, wakes) = futures_count();
    let (idle, strays) = futures_count();
    assert!(reader.poll_next_unpin(&mut std::task::Context::from_waker(&counted)).is_pending());
    assert!(other.poll_next_unpin(&mut std::task::Context::from_waker(&idle)).is_pending());
    for n in 1..=5 {
        publish(&hub, vec![draft(EventKind::News, "a", n)]).await;
    }
    assert_eq!((wakes.count(), strays.count()), (1, 0));
    assert_eq!(ready(&mut reader).len(), 5);
}

/// Entries on a shelf, and how the shelf behaves.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) events: Vec<LogEvent>,
    pub(super) broken: bool,
    pub(super) delay: Duration,
}

/// A store that tests write to and break.
#[derive(Debug, Clone, Default)]
pub(super) struct Script(pub(super) Arc<Mutex<Shelf>>);

impl Script {
    /// A log that goes on where the shelf ends, of which little is kept in memory.
    pub(super) async fn setup(&self, start: u64, keep: usize) -> LogSetup {
        let (after, last) = {
            let kept = self.0.lock();
            let after = kept.events.first().map_or(start, |event| event.id - 1);
            (after, kept.events.last().map_or(start, |event| event.id))
        };
        let setup = LogSetup::stored(LogRange { after, last }, start, Arc::new(self.clone())).await;
        setup.expect("readable").keeping(keep)
    }
}

impl super::super::log::EventStore for Script {
    fn read(
        &self,
        after: u64,
        limit: usize,
    ) -> futures_util::future::BoxFuture<'static, Result<Vec<LogEvent>, EventStoreError>> {
        let script = self.clone();
        async move {
            let delay = script.0.lock().delay;
            sleep(delay).await;
            let kept = script.0.lock();
            if kept.broken {
                return Err(EventStoreError("out of order".to_owned()));
            }
            Ok(kept.events.iter().filter(|event| event.id > after).take(limit).cloned().collect())
        }
        .boxed()
    }
}
