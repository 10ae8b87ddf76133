//! The stored news as REST.

use std::time::Duration;

use http::HeaderValue;

use super::*;
use crate::{
    model::{
        article::Article,
        story::{Breaking, BreakingState, StoryHead, StorySource},
        symbol::Symbol,
        time::UnixMs,
    },
    server::{
        clock::Clock,
        market::fixture::ticker,
        services::fixture::WALL,
        storage::{Storage, batch::Batch},
    },
    wire::news::{SourceState, SourceStatus},
};

const MINUTE: i64 = 60_000;

pub(super) fn feed(key: &str) -> SourceStatus {
    SourceStatus {
        key: key.to_owned(),
        name: key.to_uppercase(),
        category: "markets".to_owned(),
        tier: 1,
        trust: 0.9,
        url: format!("https://{key}.example/rss"),
        state: SourceState::Ok,
        moved_to: None,
        last_fetch: Some(WALL.to_rfc3339()),
        last_success: Some(WALL.to_rfc3339()),
        last_error: None,
        failures: 0,
        items: 10,
        rejected: 0,
        next_fetch: None,
    }
}

fn symbol(base: &str) -> Symbol {
    Symbol::parse(base).expect("a symbol")
}

/// Article `n`, `n` minutes ago, in the story `s<story>`.
fn article(n: i64, source: &str, story: u32, title: &str) -> Article {
    let at = UnixMs(WALL.0 - n * MINUTE);
    Article {
        id: format!("a{n}"),
        title: title.to_owned(),
        link: format!("https://{source}.example/{n}"),
        description: format!("About {title}"),
        source: source.to_uppercase(),
        source_key: source.to_owned(),
        category: if n % 2 == 0 { "markets" } else { "defi" }.to_owned(),
        pub_date: Some(at),
        seen_at: at,
        image_url: None,
        author: None,
        tickers: vec![symbol(if n % 2 == 0 { "BTC" } else { "ETH" })],
        story_id: format!("s{story}"),
        is_breaking: false,
    }
}

fn story(id: u32, articles: &[&Article], breaking: bool) -> StoryHead {
    let first = articles.last().expect("an article");
    let breaking = breaking.then(|| Breaking {
        score: 0.83,
        reasons: vec!["2 sources in 12 min".to_owned()],
        state: BreakingState::Breaking,
        since: first.seen_at,
    });
    let mut sources: Vec<StorySource> = Vec::new();
    for article in articles.iter().rev() {
        if sources.iter().all(|source| source.key != article.source_key) {
            sources.push(StorySource { key: article.source_key.clone(), name: article.source.clone() });
        }
    }
    StoryHead {
        id: format!("s{id}"),
        title: first.title.clone(),
        link: first.link.clone(),
        description: first.description.clone(),
        category: first.category.clone(),
        image_url: None,
        tickers: first.tickers.clone(),
        sources,
        articles: u32::try_from(articles.len()).expect("few"),
        first_seen: first.seen_at,
        last_seen: articles[0].seen_at,
        novelty: 0.9,
        breaking,
        reaction: vec![],
    }
}

/// Five articles in three stories; the second story is breaking.
async fn fixture(folder: &tempfile::TempDir, title: &str) -> Fixture {
    let clock = Clock::following(WALL);
    let storage = Storage::open(folder.path(), clock).expect("a database");
    let articles = [
        article(1, "alpha", 1, "Ether upgrade is live"),
        article(2, "beta", 2, "Exchange halts withdrawals"),
        article(3, "alpha", 2, "Withdrawals halted at exchange"),
        article(4, "alpha", 2, "Halted: first report"),
        article(6, "beta", 3, title),
    ];
    let [one, two, three, four, five] = &articles;
    let stories = vec![story(1, &[one], false), story(2, &[two, three, four], true), story(3, &[five], false)];
    let batch = Batch { articles: articles.to_vec(), stories, ..Batch::default() };
    storage.commit(batch).await.expect("stored");
    let beta = SourceStatus { category: "defi".to_owned(), ..feed("beta") };
    Fixture::with_news(storage, clock, vec![feed("alpha"), beta]).await
}

fn ids(body: &Value, list: &str) -> Vec<String> {
    let list = body[list].as_array().expect("a list");
    list.iter().map(|entry| entry["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn articles_have_the_shape_of_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixture = fixture(&folder, "Quiet day").await;
    let (status, headers, body) = json(get(&app(&fixture), "/api/news?limit=1").await).await;
    assert_eq!((status, &headers["cache-control"]), (StatusCode::OK, &HeaderValue::from_static("no-cache")));
    let cursor = body["nextCursor"].as_str().expect("a cursor").to_owned();
    assert_eq!(
        body,
        serde_json::json!({
            "articles": [{
                "id": "a1", "title": "Ether upgrade is live", "link": "https://alpha.example/1",
                "description": "About Ether upgrade is live", "source": "ALPHA", "sourceKey": "alpha",
                "category": "defi", "pubDate": "2025-11-20T11:59:00.000Z", "seenAt": "2025-11-20T11:59:00.000Z",
                "timeAgo": "1m ago", "tickers": ["ETH"], "storyId": "s1", "isBreaking": false,
            }],
            "totalCount": 5, "sources": ["alpha"], "fetchedAt": "2025-11-20T12:00:00.000Z", "nextCursor": cursor,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn lists_are_filtered_and_paged() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixture = fixture(&folder, "Quiet day").await;
    let app = app(&fixture);
    for (query, expected) in [
        ("", vec!["a1", "a2", "a3", "a4", "a6"]),
        ("source=ALPHA", vec!["a1", "a3", "a4"]),
        ("sources=alpha,beta&category=DEFI", vec!["a1", "a3"]),
        ("category=defi", vec!["a1", "a3"]),
        ("symbol=btc-usdt", vec!["a2", "a4", "a6"]),
        ("symbols=ETH&source=beta", vec![]),
        ("q=withdrawals", vec!["a2", "a3"]),
        ("q=%22%27)%20OR%20*%20NEAR(", vec![]),
        ("source=&category=,&q=&before=", vec!["a1", "a2", "a3", "a4", "a6"]),
    ] {
        let (status, _, body) = json(get(&app, &format!("/api/news?{query}")).await).await;
        assert_eq!(
            (status, ids(&body, "articles")),
            (StatusCode::OK, expected.iter().map(ToString::to_string).collect()),
            "{query}"
        );
        assert_eq!(body["totalCount"], expected.len(), "{query}");
    }
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let (_, _, body) = json(get(&app, &format!("/api/news?limit=2&before={before}")).await).await;
        seen.extend(ids(&body, "articles"));
        match body["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut before),
            None => break,
        }
    }
    assert_eq!(seen, ["a1", "a2", "a3", "a4", "a6"], "each once");
}

#[tokio::test(start_paused = true)]
async fn stories_come_with_the_first_report_of_each_source() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixture = fixture(&folder, "Quiet day").await;
    let app = app(&fixture);
    let (_, _, body) = json(get(&app, "/api/news/stories").await).await;
    assert_eq!(ids(&body, "stories"), ["s1", "s2", "s3"]);
    assert_eq!(body["totalCount"], 3);
    let second = &body["stories"][1];
    assert_eq!(ids(second, "reports"), ["a4", "a2"], "oldest first, one of each source: {second}");
    assert_eq!((&second["articles"], &second["reports"][0]["timeAgo"]), (&Value::from(3), &Value::from("4m ago")));
    let (_, _, body) = json(get(&app, "/api/breaking?limit=5").await).await;
    assert_eq!(ids(&body, "stories"), ["s2"]);
    assert_eq!(body["stories"][0]["breaking"]["reasons"], serde_json::json!(["2 sources in 12 min"]));
    tokio::time::advance(Duration::from_hours(24)).await;
    let (_, _, body) = json(get(&app, "/api/breaking").await).await;
    assert_eq!(ids(&body, "stories").len(), 0, "of the last 24 h");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_client_has_is_not_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixture = fixture(&folder, "Quiet day").await;
    let app = app(&fixture);
    let ask = async |uri: &str, tag: &HeaderValue| {
        let request = Request::get(uri).header("if-none-match", tag).body(Body::empty()).expect("a request");
        send(&app, request).await
    };
    for uri in ["/api/news", "/api/news/stories", "/api/breaking", "/api/rss"] {
        let tag = get(&app, uri).await.headers()["etag"].clone();
        tokio::time::advance(Duration::from_secs(90)).await;
        let known = ask(uri, &tag).await;
        assert_eq!((known.status(), &known.headers()["etag"]), (StatusCode::NOT_MODIFIED, &tag), "{uri}");
        assert!(known.headers().contains_key("cache-control"));
        assert_eq!(known.headers()["access-control-allow-origin"], "*");
        assert!(axum::body::to_bytes(known.into_body(), 1).await.expect("empty").is_empty());
        assert_eq!(ask(uri, &HeaderValue::from_static("\"other\"")).await.status(), StatusCode::OK, "{uri}");
    }
    let tag = get(&app, "/api/news").await.headers()["etag"].clone();
    let newer = article(0, "beta", 9, "Something new");
    let head = story(9, &[&newer], false);
    let batch = Batch { articles: vec![newer], stories: vec![head], ..Batch::default() };
    fixture.services.storage.as_ref().expect("news").commit(batch).await.expect("stored");
    let changed = ask("/api/news", &tag).await;
    assert_eq!(changed.status(), StatusCode::OK);
    assert_ne!(changed.headers()["etag"], tag);
}

#[tokio::test(start_paused = true)]
async fn without_news_everything_is_empty_and_well() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    for (uri, list) in [
        ("/api/news?limit=100&q=x", "articles"),
        ("/api/news/stories", "stories"),
        ("/api/breaking", "stories"),
        ("/api/sources", "sources"),
    ] {
        let (status, _, body) = json(get(&app, uri).await).await;
        assert_eq!(
            (status, &body[list], &body["totalCount"]),
            (StatusCode::OK, &serde_json::json!([]), &Value::from(0))
        );
    }
    let response = get(&app, "/api/rss").await;
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    let channel = rss::Channel::read_from(bytes.as_ref()).expect("RSS");
    assert_eq!((channel.items().len(), channel.last_build_date()), (0, None));
    let (status, headers, body) = json(get(&app, "/api/news?source=alpha").await).await;
    assert_eq!((status, &headers["cache-control"]), (StatusCode::BAD_REQUEST, &HeaderValue::from_static("no-store")));
    assert!(body["error"]["message"].as_str().is_some_and(|message| message.ends_with("none is followed here")));
}

#[tokio::test(start_paused = true)]
async fn the_feed_is_valid_whatever_a_title_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let hostile = "]]><script>alert(1)</script> & \"quotes\" \u{1F680} \u{fffe}\u{1}end";
    let fixture = fixture(&folder, hostile).await;
    let app = app(&fixture);
    let request = Request::get("/api/rss").header("host", "news.example:8080").body(Body::empty()).expect("a request");
    let response = send(&app, request).await;
    assert_eq!(response.headers()["content-type"], "application/rss+xml; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "public, max-age=60");
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    let text = std::str::from_utf8(&bytes).expect("UTF-8");
    assert!(!text.contains("<script"), "{text}");
    assert!(text.contains(r#"xmlns:atom="http://www.w3.org/2005/Atom""#), "{text}");
    let channel = rss::Channel::read_from(bytes.as_ref()).expect("RSS");
    assert_eq!(channel.link(), "http://news.example:8080/news");
    assert_eq!(channel.last_build_date(), Some("Thu, 20 Nov 2025 11:59:00 +0000"));
    let this = &channel.extensions()["atom"]["link"][0];
    assert_eq!((this.attrs["href"].as_str(), this.attrs["rel"].as_str()), ("http://news.example:8080/api/rss", "self"));
    let titles: Vec<_> = channel.items().iter().filter_map(|item| item.title()).collect();
    let cleaned = "]]><script>alert(1)</script> & \"quotes\" \u{1F680} end";
    assert_eq!(titles, ["Ether upgrade is live", "Halted: first report", cleaned]);
    let second = &channel.items()[1];
    assert_eq!(second.link(), Some("http://news.example:8080/news/s2"));
    assert_eq!(second.pub_date(), Some("Thu, 20 Nov 2025 11:56:00 +0000"));
    assert_eq!(second.guid().map(|guid| (guid.value(), guid.is_permalink())), Some(("s2", false)));
    let described = "<p>About Halted: first report</p><p>Reported by ALPHA, BETA.</p>";
    assert_eq!(second.description(), Some(described));
    let third = channel.items()[2].description().expect("a description");
    assert!(third.starts_with("<p>About ]]&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; \"quotes\""), "{third}");
}

#[tokio::test(start_paused = true)]
async fn links_lead_to_the_public_address_and_never_to_garbage() {
    for (public_url, host, base) in [
        (Some("https://pulse.example/"), "other.example", "https://pulse.example"),
        (None, "pulse.example", "http://pulse.example"),
        (None, "user@evil.example", "http://127.0.0.1:3000"),
        (None, "evil.example/path", "http://127.0.0.1:3000"),
        (None, "\"><script>", "http://127.0.0.1:3000"),
    ] {
        let fixture = Fixture::with(|config| config.server.public_url = public_url.map(str::to_owned));
        let request = Request::get("/api/rss").header("host", host).body(Body::empty()).expect("a request");
        let response = send(&app(&fixture), request).await;
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        let channel = rss::Channel::read_from(bytes.as_ref()).expect("RSS");
        assert_eq!(channel.link(), format!("{base}/news"), "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn health_and_status_name_feeds_and_storage() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::following(WALL);
    let storage = || Storage::open(folder.path(), clock).expect("a database");
    let dead = SourceStatus {
        state: SourceState::Dead,
        last_error: Some("HTTP 410".to_owned()),
        moved_to: Some("https://new.example/rss".to_owned()),
        ..feed("beta")
    };
    let examine = async |fixture: &Fixture| {
        for base in ["BTC", "ETH"] {
            fixture.post(ticker(base, 1.0));
        }
        json(get(&app(fixture), "/health").await).await.2
    };
    let fixture = Fixture::with_news(storage(), clock, vec![feed("alpha"), dead.clone()]).await;
    let body = examine(&fixture).await;
    assert_eq!(body["status"], "healthy", "one feed of several is gone");
    assert_eq!(body["dependencies"]["storage"], serde_json::json!({ "status": "ok", "message": "ok" }));
    assert_eq!(
        body["dependencies"]["feeds"],
        serde_json::json!({
            "alpha": { "status": "ok", "message": "ok" },
            "beta": { "status": "dead", "message": "moved to https://new.example/rss; HTTP 410" },
        })
    );
    let status = fixture.services.status();
    assert_eq!((status.feeds.len(), status.storage_error), (2, None));
    let (_, _, sources) = json(get(&app(&fixture), "/api/sources").await).await;
    assert_eq!(sources["sources"][1]["movedTo"], "https://new.example/rss");
    let storage = fixture.services.storage.clone().expect("news");
    storage.refuse_writes(true).await;
    let batch = || Batch { articles: vec![article(7, "alpha", 7, "Not stored")], ..Batch::default() };
    assert!(storage.commit(batch()).await.is_err());
    let body = examine(&fixture).await;
    let reason = "the folder can't be written";
    assert_eq!(body["dependencies"]["storage"], serde_json::json!({ "status": "degraded", "message": reason }));
    assert_eq!(
        (&body["status"], fixture.services.status().storage_error.as_deref()),
        (&"degraded".into(), Some(reason))
    );
    assert_eq!(get(&app(&fixture), "/health").await.status(), StatusCode::OK, "prices go on");
    assert_eq!(get(&app(&fixture), "/price/BTC").await.status(), StatusCode::OK);
    storage.refuse_writes(false).await;
    storage.commit(batch()).await.expect("stored");
    assert_eq!(examine(&fixture).await["status"], "healthy");
    drop(fixture);
    let again = tempfile::tempdir().expect("a folder");
    let other = Storage::open(again.path(), clock).expect("a database");
    let body = examine(&Fixture::with_news(other, clock, vec![dead]).await).await;
    assert_eq!(body["status"], "degraded", "no feed answers");
}
