//! `GET /api/sse` as a client sees it.

use std::time::Duration;

use futures_util::FutureExt;

use super::{news::feed, *};
use crate::{
    model::symbol::Symbol,
    server::{
        clock::Clock,
        event::{EventDraft, EventKind, Facets},
        market::fixture::ticker,
        services::fixture::WALL,
        storage::{Storage, batch::Batch},
    },
};

async fn fixture(folder: &tempfile::TempDir) -> Fixture {
    let clock = Clock::following(WALL);
    let storage = Storage::open(folder.path(), clock).expect("a database");
    Fixture::with_news(storage, clock, vec![feed("coindesk"), feed("TheBlock")]).await
}

fn draft(kind: EventKind, source: &str, title: &str, tickers: &[&str]) -> EventDraft {
    let facets = Facets {
        sources: vec![source.to_owned()],
        category: "markets".to_owned(),
        tickers: tickers.iter().map(|base| Symbol::parse(base).expect("a symbol")).collect(),
        text: title.to_owned(),
        breaking: kind == EventKind::Breaking,
    };
    EventDraft { kind, data: serde_json::json!({ "title": title }).to_string(), facets }
}

/// Stores, then sends, as the task of the news does. Returns the places.
async fn publish(fixture: &Fixture, drafts: Vec<EventDraft>) -> Vec<u64> {
    let mut turn = fixture.services.hub.log().turn().await;
    let events = turn.stamp(drafts);
    if let Some(storage) = &fixture.services.storage {
        let batch = Batch { events: events.clone(), ..Batch::default() };
        storage.commit(batch).await.expect("stored");
    }
    let ids = events.iter().map(|event| event.id).collect();
    turn.publish(events);
    ids
}

async fn open(app: &Router, uri: &str, last_event_id: Option<&str>) -> BodyDataStream {
    let mut request = Request::get(uri);
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    let response = send(app, request.body(Body::empty()).expect("a request")).await;
    assert_eq!(response.status(), StatusCode::OK, "{uri}");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-cache, no-transform");
    response.into_body().into_data_stream()
}

/// One event: its id, its name, its data.
#[derive(Debug)]
struct Event(Option<u64>, String, Value);

async fn event(stream: &mut BodyDataStream) -> Event {
    let text = frame(stream).await;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let data = serde_json::from_str(field("data: ").expect("data")).expect("JSON");
    Event(field("id: ").map(|id| id.parse().expect("a number")), field("event: ").expect("a name").to_owned(), data)
}

/// The titles of the events that are there.
async fn titles(stream: &mut BodyDataStream) -> Vec<String> {
    let mut titles = Vec::new();
    while let Some(frame) = stream.next().now_or_never() {
        let frame = frame.expect("a frame").expect("no error");
        let text = std::str::from_utf8(&frame).expect("UTF-8");
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
        let data: Value = serde_json::from_str(data).expect("JSON");
        titles.extend(data["title"].as_str().map(str::to_owned));
    }
    titles
}

#[tokio::test(start_paused = true)]
async fn the_first_event_says_what_was_understood() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixture = fixture(&folder).await;
    let app = app(&fixture);
    let start = fixture.services.hub.log().tip();
    let text = frame(&mut open(&app, "/api/sse", None).await).await;
    assert_eq!(
        text,
        format!(
            "retry: 2000\nid: {start}\nevent: connected\ndata: {{\"message\":\"connected to the news and price stream\",\
             \"clientId\":\"19aa122be00-1\",\"timestamp\":\"2025-11-20T12:00:00.000Z\",\"config\":{{\"sources\":[],\
             \"categories\":[],\"keywords\":[],\"symbols\":[\"BTC\",\"ETH\"],\"events\":[\"news\",\"breaking\",\
             \"breaking_update\",\"story_update\",\"price\"]}}}}\n\n"
        )
    );
    for (query, config) in [
        (
            "sources=CoinDesk,theblock&categories=Markets,mArkets,&keywords=Bitcoin,interest%20rate&symbols=btcusdt,BTC/USDT,eth",
            serde_json::json!({
                "sources": ["coindesk", "TheBlock"], "categories": ["markets"],
                "keywords": ["Bitcoin", "interest rate"], "symbols": ["BTC", "ETH"],
                "events": ["news", "breaking", "breaking_update", "story_update", "price"],
            }),
        ),
        (
            "events=breaking,heartbeat&sources=&keywords=,&categories=&symbols=",
            serde_json::json!({
                "sources": [], "categories": [], "keywords": [], "symbols": [],
                "events": ["breaking", "breaking_update"],
            }),
        ),
        (
            "events=news&symbols=SOL&breaking=&unknown=1",
            serde_json::json!({
                "sources": [], "categories": [], "keywords": [], "symbols": ["SOL"], "events": ["news"],
            }),
        ),
        (
            "events=price",
            serde_json::json!({
                "sources": [], "categories": [], "keywords": [], "symbols": ["BTC", "ETH"], "events": ["price"],
            }),
        ),
    ] {
        let Event(_, name, data) = event(&mut open(&app, &format!("/api/sse?{query}"), None).await).await;
        assert_eq!((name.as_str(), &data["config"]), ("connected", &config), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_is_refused_with_what_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixture = fixture(&folder).await;
    let app = app(&fixture);
    for (uri, known) in [
        ("/api/sse?sources=coindesk,nobody", "known are: coindesk, TheBlock"),
        ("/api/news?source=nobody", "known are: coindesk, TheBlock"),
        ("/api/sse?events=trades", "known are: news, breaking, breaking_update, story_update, price"),
    ] {
        let (status, _, body) = json(get(&app, uri).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{uri}");
        assert!(body["error"]["message"].as_str().is_some_and(|m| m.ends_with(known)), "{uri}: {body}");
        assert!(!body.to_string().contains("nobody") && !body.to_string().contains("trades"), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn filters_are_the_servers_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixture = fixture(&folder).await;
    let app = app(&fixture);
    let queries = [
        ("", vec!["Bitcoin up", "Ether down", "Sol soars", "Update"]),
        ("sources=theblock", vec!["Ether down"]),
        ("sources=theblock,coindesk&symbols=SOL", vec!["Sol soars"]),
        ("keywords=BITCOIN,soar", vec!["Bitcoin up"]),
        ("keywords=coin", vec![]),
        ("categories=MARKETS&symbols=ETH", vec!["Ether down"]),
        ("categories=defi", vec![]),
        ("events=breaking", vec!["Sol soars"]),
        ("events=story_update,news", vec!["Bitcoin up", "Ether down", "Update"]),
        ("breaking=only", vec!["Sol soars"]),
        ("breaking=false", vec!["Bitcoin up", "Ether down", "Update"]),
        ("events=price", vec![]),
    ];
    let mut streams = Vec::new();
    for (query, _) in &queries {
        streams.push(open(&app, &format!("/api/sse?{query}"), None).await);
    }
    publish(
        &fixture,
        vec![
            draft(EventKind::News, "coindesk", "Bitcoin up", &["BTC"]),
            draft(EventKind::News, "TheBlock", "Ether down", &["ETH"]),
            draft(EventKind::Breaking, "coindesk", "Sol soars", &["SOL"]),
            draft(EventKind::StoryUpdate, "coindesk", "Update", &[]),
            draft(EventKind::Story, "coindesk", "Only for pages", &["BTC"]),
        ],
    )
    .await;
    for ((query, expected), stream) in queries.iter().zip(&mut streams) {
        assert_eq!(&titles(stream).await, expected, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn prices_of_the_strip_come_unless_others_are_asked_for() {
    let fixture = Fixture::new();
    for base in ["BTC", "ETH", "SOL"] {
        fixture.post(ticker(base, 1.0));
    }
    let app = app(&fixture);
    for (query, symbols) in [("", vec!["BTC", "ETH"]), ("symbols=SOL", vec!["SOL"]), ("events=news", vec![])] {
        let mut stream = open(&app, &format!("/api/sse?{query}"), None).await;
        event(&mut stream).await;
        for symbol in symbols {
            let Event(id, name, data) = event(&mut stream).await;
            assert_eq!((id, name.as_str(), &data["symbol"]), (None, "price", &Value::from(symbol)), "{query}");
        }
        assert!(stream.next().now_or_never().is_none(), "{query}");
    }
    let mut fast = open(&app, "/api/sse?maxHz=10&symbols=BTC", None).await;
    event(&mut fast).await;
    event(&mut fast).await;
    let started = tokio::time::Instant::now();
    for price in [2.0, 3.0] {
        fixture.post(ticker("BTC", price));
        assert_eq!(event(&mut fast).await.2["price"], price);
    }
    assert!((100..=210).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_misses_nothing_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = fixture(&folder).await;
    let mut stream = open(&app(&first), "/api/sse?events=news", None).await;
    let Event(id, ..) = event(&mut stream).await;
    let ids = publish(&first, (1..=3).map(|n| draft(EventKind::News, "coindesk", &n.to_string(), &[])).collect()).await;
    assert_eq!(id, Some(ids[0] - 1));
    assert_eq!(event(&mut stream).await.0, Some(ids[0]));
    drop(stream);
    publish(&first, vec![draft(EventKind::News, "coindesk", "4", &[])]).await;
    first.shutdown.cancel();
    drop(first);
    tokio::task::yield_now().await;
    let second = fixture(&folder).await;
    let app = app(&second);
    let last = ids[0].to_string();
    let mut by_header = open(&app, "/api/sse?events=news&lastEventId=1", Some(&last)).await;
    let mut by_query = open(&app, &format!("/api/sse?events=news&lastEventId={last}"), None).await;
    publish(&second, vec![draft(EventKind::News, "coindesk", "5", &[])]).await;
    for stream in [&mut by_header, &mut by_query] {
        assert_eq!(event(stream).await.0, Some(ids[0]), "connected, where it was");
        for expected in ["2", "3", "4", "5"] {
            let Event(_, name, data) = event(stream).await;
            assert_eq!((name.as_str(), &data["title"]), ("news", &Value::from(expected)));
        }
        assert!(stream.next().now_or_never().is_none());
    }
    let mut page = open(&app, &format!("/api/realtime?symbols=BTC&news=1&lastEventId={last}"), Some("9")).await;
    assert!(frame(&mut page).await.contains("\"type\":\"connected\""));
    assert!(frame(&mut page).await.contains("{\"type\":\"gap\",\"data\":{\"from\":\"9\""), "the header wins");
}

#[tokio::test(start_paused = true)]
async fn places_of_a_database_that_was_thrown_away_are_told_from_old_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixture = fixture(&folder).await;
    let start = fixture.services.hub.log().tip();
    let ids = publish(&fixture, vec![draft(EventKind::News, "coindesk", "1", &[])]).await;
    let app = app(&fixture);
    for (last, expected) in [(start - 1, "gap"), (start, "news"), (ids[0] + 1, "gap")] {
        let mut stream = open(&app, "/api/sse?events=news", Some(&last.to_string())).await;
        event(&mut stream).await;
        let Event(id, name, data) = event(&mut stream).await;
        assert_eq!((id, name.as_str()), (Some(ids[0]), expected), "{last}");
        assert!(name == "news" || data["reason"] == "restarted", "{last}: {data}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_can_t_be_read_is_a_gap_and_no_refusal() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let tip = fixture.services.hub.log().tip();
    for id in ["garbage", "\u{2603}", "99999999999999999999"] {
        let mut stream = open(&app, "/api/sse?events=news", Some(id)).await;
        assert_eq!(event(&mut stream).await.0, None, "{id}");
        let Event(at, name, data) = event(&mut stream).await;
        assert_eq!((at, name.as_str()), (Some(tip), "gap"), "{id}");
        assert_eq!(data, serde_json::json!({ "from": "", "to": tip.to_string(), "reason": "restarted" }), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn heartbeats_come_as_often_as_the_settings_say() {
    let fixture = Fixture::with(|config| config.server.heartbeat_s = 5);
    let tip = fixture.services.hub.log().tip();
    let mut stream = open(&app(&fixture), "/api/sse", None).await;
    event(&mut stream).await;
    let started = tokio::time::Instant::now();
    let Event(id, name, data) = event(&mut stream).await;
    assert_eq!((id, name.as_str(), &data["lastId"]), (Some(tip), "heartbeat", &Value::from(tip.to_string())));
    assert!((4_500..=5_500).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_says_so_and_how_to_come_back() {
    let fixture = Fixture::new();
    let mut stream = open(&app(&fixture), "/api/sse", None).await;
    event(&mut stream).await;
    let last = tokio::spawn(async move { (event(&mut stream).await, stream.next().await.is_none()) });
    tokio::time::sleep(Duration::from_millis(1)).await;
    fixture.shutdown.cancel();
    let (Event(id, name, data), ended) = last.await.expect("it ends");
    assert_eq!((id, name.as_str(), ended), (None, "stream_error", true));
    let after_ms = crate::server::shutdown::reconnect_after_ms(1);
    assert_eq!((&data["code"], &data["retry"]["delayMs"]), (&Value::from("going_down"), &Value::from(after_ms)));
}
