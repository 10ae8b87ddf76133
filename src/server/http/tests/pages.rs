//! The first HTML of the news.

use super::*;
use crate::{
    model::{
        article::Article,
        story::{Breaking, BreakingState, Reaction, StoryHead, StorySource},
        symbol::Symbol,
        time::UnixMs,
    },
    server::{
        clock::Clock,
        http::pages,
        services::fixture::WALL,
        storage::{Storage, batch::Batch},
    },
    wire::news::{NewsSnapshot, SourceName},
};

const HOSTILE: &str = r#"</title></script><script>alert(1)</script><img src=x onerror="alert(2)"> A & B"#;

fn story(id: &str, title: &str, minutes_ago: i64) -> StoryHead {
    let at = UnixMs(WALL.0 - minutes_ago * 60_000);
    let btc = Symbol::parse("BTC").expect("a symbol");
    StoryHead {
        id: id.to_owned(),
        title: title.to_owned(),
        link: "javascript:alert(3)".to_owned(),
        description: title.to_owned(),
        category: "markets".to_owned(),
        image_url: Some("https://tracker.example/pixel.gif".to_owned()),
        tickers: vec![btc],
        sources: ["Alpha", "Beta"].map(|name| StorySource { key: name.to_lowercase(), name: name.to_owned() }).to_vec(),
        articles: 2,
        first_seen: at,
        last_seen: at,
        novelty: 1.0,
        breaking: None,
        reaction: vec![Reaction {
            symbol: btc,
            at,
            price: Some(100.0),
            after5m: Some(0.5),
            after15m: Some(-1.25),
            after60m: None,
        }],
    }
}

fn breaking(story: StoryHead) -> StoryHead {
    let breaking = Breaking {
        score: 0.83,
        reasons: vec!["4 sources in 12 min".to_owned(), "novel".to_owned()],
        state: BreakingState::Breaking,
        since: story.first_seen,
    };
    StoryHead { breaking: Some(breaking), ..story }
}

/// A server with these stories, in memory and in its database. The folder lives as long as it is kept.
async fn site(stories: Vec<StoryHead>) -> (Router, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::following(WALL);
    let storage = Storage::open(folder.path(), clock).expect("a database");
    let articles = stories.iter().map(article).collect();
    let batch = Batch { articles, stories: stories.clone(), ..Batch::default() };
    storage.commit(batch).await.expect("written");
    let fixture = Fixture::with_news(storage, clock, vec![]).await;
    let sources = [("alpha", "Alpha", "markets"), ("beta", "Beta", "policy")];
    let sources = sources.map(|(key, name, category)| SourceName {
        key: key.to_owned(),
        name: name.to_owned(),
        category: category.to_owned(),
    });
    fixture.services.news.post(NewsSnapshot { stories, last_event_id: 41, sources: sources.to_vec() });
    (pages_of(&fixture), folder)
}

fn pages_of(fixture: &Fixture) -> Router {
    let addr = fixture.services.config.server.addr;
    pages::router(&fixture.services, pages::leptos_options(&std::env::temp_dir(), addr).expect("options"))
}

/// What the first source of a story reported.
fn article(story: &StoryHead) -> Article {
    Article {
        id: format!("{}-1", story.id),
        title: story.title.clone(),
        link: story.link.clone(),
        description: story.description.clone(),
        source: "Alpha".to_owned(),
        source_key: "alpha".to_owned(),
        category: story.category.clone(),
        pub_date: None,
        seen_at: story.first_seen,
        image_url: story.image_url.clone(),
        author: Some(story.title.clone()),
        tickers: story.tickers.clone(),
        story_id: story.id.clone(),
        is_breaking: story.is_breaking(),
    }
}

async fn html(app: &Router, uri: &str) -> (StatusCode, String) {
    let response = get(app, uri).await;
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 22).await.expect("a body");
    (status, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

#[tokio::test]
async fn the_first_html_has_the_stories_with_reasons_sources_and_reactions() {
    let (app, _folder) =
        site(vec![breaking(story("s2", "Bridge pauses withdrawals", 5)), story("s1", "Quiet day", 90)]).await;
    let (status, html) = html(&app, "/").await;
    assert_eq!(status, StatusCode::OK);
    let (first, second) = (html.find(r#"data-story="s2""#), html.find("Quiet day"));
    assert!(first.is_some() && first < second, "newest first");
    for text in [
        r#"href="/news/s2""#,
        "4 sources in 12 min · novel",
        "2 sources: Alpha, Beta",
        "−1.25% in 15 min",
        "5m ago",
        "1h ago",
        r#"data-testid="breaking-banner""#,
        r#"rel="alternate" type="application/rss+xml""#,
        r#"<option value="alpha">Alpha"#,
    ] {
        assert!(html.contains(text), "{text} in {html}");
    }
}

#[tokio::test]
async fn filters_of_the_address_are_in_the_first_html() {
    let other = StoryHead { category: "policy".to_owned(), tickers: vec![], ..story("s3", "A bill passes", 3) };
    let (app, _folder) = site(vec![other, story("s1", "Quiet day", 90)]).await;
    for (uri, here, away) in [
        ("/news?q=quiet", "Quiet day", "A bill passes"),
        ("/?category=policy", "A bill passes", "Quiet day"),
        ("/?asset=BTC&source=&category=", "Quiet day", "A bill passes"),
        ("/news?asset=btcusdt", "Quiet day", "A bill passes"),
        ("/coin/BTC", "Quiet day", "A bill passes"),
    ] {
        let (_, html) = html(&app, uri).await;
        let list = html.split(r#"class="stories""#).nth(1).and_then(|rest| rest.split("</ul>").next()).expect("a list");
        assert!(list.contains(here) && !list.contains(away), "{uri}: {list}");
    }
}

#[tokio::test]
async fn no_text_of_a_feed_becomes_markup_and_no_foreign_address_is_loaded() {
    let (app, _folder) = site(vec![breaking(story("s9", HOSTILE, 1))]).await;
    for uri in ["/", "/news", "/news/s9", "/coin/BTC", "/news?q=%3Cscript%3Ealert(4)%3C/script%3E"] {
        let (status, html) = html(&app, uri).await;
        assert_eq!(status, StatusCode::OK, "{uri}");
        let lower = html.to_lowercase();
        for markup in ["<script>alert", "<img", "href=\"javascript", "src=\"https://tracker"] {
            assert!(!lower.contains(markup), "{uri}: {markup} in {html}");
        }
        assert_eq!(lower.matches("</title>").count(), 1, "{uri}");
    }
    let (_, html) = html(&app, "/news/s9").await;
    assert!(html.contains("A &amp; B · Market Pulse</title>"), "{html}");
}

#[tokio::test]
async fn a_story_that_is_not_known_is_a_404_in_the_design_of_all_pages() {
    let (app, _folder) = site(vec![story("s1", "Quiet day", 9)]).await;
    let (status, html) = html(&app, "/news/nothing").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(html.contains("This story is not here"));
}

#[tokio::test]
async fn where_news_is_off_pages_say_so() {
    let fixture = Fixture::new();
    let app = pages_of(&fixture);
    for uri in ["/", "/news"] {
        let (status, html) = html(&app, uri).await;
        assert_eq!(status, StatusCode::OK);
        assert!(html.contains("News is off"), "{uri}");
    }
    assert_eq!(html(&app, "/news/s1").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_story_that_was_put_away_is_not_in_the_banner() {
    let (app, _folder) = site(vec![breaking(story("s2", "Bridge pauses withdrawals", 5))]).await;
    let request = Request::get("/status").header("cookie", "mp_dismissed=s1.s2").body(Body::empty());
    let response = send(&app, request.expect("a request")).await;
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 22).await.expect("a body");
    let away = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    assert!(!away.contains("breaking-banner"));
    assert!(html(&app, "/status").await.1.contains("breaking-banner"));
}
