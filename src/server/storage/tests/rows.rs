//! Single rows: what goes in comes out.

use super::*;
use crate::{
    model::story::{MAX_TIMELINE, Reaction},
    server::{
        news::record::FeedRecord,
        storage::{error::StorageError, query::WindowArticle},
    },
};

#[tokio::test]
async fn an_article_comes_back_as_it_was() {
    let (_folder, storage) = fresh();
    let mut full = article("full", NOW);
    full.title = "„Zürich“ <b>\u{1f680}</b> O'Brien; DROP TABLE articles;--".to_owned();
    full.description = "lead".to_owned();
    full.image_url = Some("https://wire.example/i.png".to_owned());
    full.author = Some("Somebody".to_owned());
    full.tickers = vec![symbol("ETH"), symbol("BTC"), symbol("ETH")];
    full.is_breaking = true;
    let mut undated = article("undated", ago(5));
    undated.pub_date = None;
    storage.commit(articles([undated.clone(), full.clone()])).await.unwrap();
    assert_eq!(storage.articles(all()).await.unwrap().articles, [full, undated]);
}

#[tokio::test]
async fn an_article_that_comes_again_takes_the_place_of_the_first() {
    let (_folder, storage) = fresh();
    let mut first = article("a", ago(10));
    first.tickers = vec![symbol("BTC")];
    first.description = "platypus".to_owned();
    storage.commit(articles([first, article("b", ago(5))])).await.unwrap();
    let mut second = article("a", NOW);
    second.title = "Corrected".to_owned();
    second.story_id = "other".to_owned();
    second.tickers = vec![symbol("ETH")];
    storage.commit(articles([second.clone()])).await.unwrap();
    let page = storage.articles(all()).await.unwrap();
    assert_eq!((page.total, &page.articles[0]), (2, &second));
    for (query, found) in [
        (ArticleQuery { symbols: vec![symbol("BTC")], ..all() }, 0),
        (ArticleQuery { symbols: vec![symbol("ETH")], ..all() }, 1),
        (ArticleQuery { text: "platypus".to_owned(), ..all() }, 0),
        (ArticleQuery { text: "corrected".to_owned(), ..all() }, 1),
    ] {
        assert_eq!(storage.articles(query.clone()).await.unwrap().total, found, "{query:?}");
    }
}

#[tokio::test]
async fn of_two_of_one_batch_the_last_one_counts() {
    let (_folder, storage) = fresh();
    let mut again = article("a", NOW);
    again.title = "Again".to_owned();
    storage.commit(articles([article("a", NOW), again.clone()])).await.unwrap();
    assert_eq!(storage.articles(all()).await.unwrap().articles, [again]);
}

#[tokio::test]
async fn known_tells_those_that_are_there() {
    let (_folder, storage) = fresh();
    storage.commit(articles([article("a", NOW), article("b", NOW)])).await.unwrap();
    let known = storage.known(vec!["b".to_owned(), "c".to_owned(), "' OR 1=1 --".to_owned()]).await.unwrap();
    assert_eq!(known.keys().collect::<Vec<_>>(), ["b"]);
    assert_eq!(
        (known["b"].title.as_str(), known["b"].story_id.as_str(), known["b"].kept),
        ("Title of b", "story-b", true)
    );
    assert!(storage.known(Vec::new()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_story_comes_back_as_it_was_last_written() {
    let (_folder, storage) = fresh();
    let mut head = story("s", ago(10));
    storage.commit(stories([head.clone()])).await.unwrap();
    head.last_seen = NOW;
    head.sources.push(source("paper"));
    head.tickers = vec![symbol("BTC"), symbol("BTC")];
    head.breaking = Some(breaking(BreakingState::Upgraded, NOW));
    let moves = Reaction {
        symbol: symbol("BTC"),
        at: NOW,
        price: Some(0.1),
        after5m: Some(-1.5),
        after15m: None,
        after60m: None,
    };
    head.reaction = vec![moves];
    storage.commit(stories([head.clone()])).await.unwrap();
    let read = storage.story("s".to_owned()).await.unwrap().unwrap();
    assert_eq!((read.head, read.timeline), (head.clone(), Vec::new()));
    assert_eq!(storage.story("t".to_owned()).await.unwrap(), None);
    let asked = ["t", "s"].map(str::to_owned).to_vec();
    assert_eq!(storage.story_heads(asked).await.unwrap(), [head]);
}

#[tokio::test]
async fn a_timeline_is_the_newest_articles_oldest_first() {
    let (_folder, storage) = fresh();
    let of_story = |i: i64| Article { story_id: "s".to_owned(), ..article(&format!("a{i}"), ago(i)) };
    let count = i64::try_from(MAX_TIMELINE).unwrap() + 5;
    let mut batch = articles((0..count).map(of_story));
    batch.articles.push(article("other", NOW));
    batch.stories.push(story("s", NOW));
    storage.commit(batch).await.unwrap();
    let timeline = storage.story("s".to_owned()).await.unwrap().unwrap().timeline;
    let ids: Vec<&str> = timeline.iter().map(|article| article.id.as_str()).collect();
    assert_eq!(ids.len(), MAX_TIMELINE);
    assert_eq!((ids[0], ids[MAX_TIMELINE - 1]), ("a199", "a0"));
}

#[tokio::test]
async fn recent_stories_are_those_that_grew_since() {
    let (_folder, storage) = fresh();
    storage.commit(stories((0..10).map(|i| story(&format!("s{i}"), ago(i * MINUTE))))).await.unwrap();
    let ids = |heads: Vec<StoryHead>| heads.into_iter().map(|head| head.id).collect::<Vec<_>>();
    assert_eq!(ids(storage.recent_stories(ago(2 * MINUTE), 100).await.unwrap()), ["s0", "s1", "s2"]);
    assert_eq!(ids(storage.recent_stories(ago(9 * MINUTE), 2).await.unwrap()), ["s0", "s1"]);
    assert_eq!(ids(storage.recent_stories(UnixMs(NOW.0 + 1), 2).await.unwrap()), Vec::<String>::new());
}

#[tokio::test]
async fn a_window_is_read_in_runs_oldest_first() {
    let (_folder, storage) = fresh();
    // Many of one moment: the order within it is any, but always the same.
    let all: Vec<Article> = (0..250).map(|i| article(&format!("a{i}"), ago(i / 50 * MINUTE))).collect();
    storage.commit(articles(all.clone())).await.unwrap();
    let mut read: Vec<WindowArticle> = Vec::new();
    loop {
        let run = storage.window(ago(3 * MINUTE), read.last().map(WindowArticle::cursor), 33).await.unwrap();
        assert!(run.len() <= 33);
        if run.is_empty() {
            break;
        }
        read.extend(run);
    }
    assert!(read.is_sorted_by_key(|article| article.at));
    let mut ids: Vec<&str> = read.iter().map(|article| article.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((read.len(), ids.len()), (200, 200), "none twice, none left out");
    let first = storage.window(ago(DAY), None, 1).await.unwrap().remove(0);
    let whole = all.iter().find(|article| article.id == first.id).unwrap();
    assert_eq!(first, WindowArticle::from(whole.clone()));
}

#[tokio::test]
async fn what_is_remembered_of_a_feed_comes_back() {
    let (folder, storage) = fresh();
    let full = FeedRecord {
        key: "wire".to_owned(),
        url: "https://wire.example/rss".to_owned(),
        moved_to: Some("https://wire.example/feed".to_owned()),
        etag: Some("W/\"1\"".to_owned()),
        last_modified: Some("Thu, 20 Nov 2025 12:00:00 GMT".to_owned()),
        last_fetch: Some(NOW),
        last_success: Some(ago(1)),
        next_fetch: Some(UnixMs(NOW.0 + 1)),
        last_error: Some("HTTP 503".to_owned()),
        failures: u32::MAX,
        items: 7,
    };
    let bare = FeedRecord { key: "paper".to_owned(), ..FeedRecord::default() };
    let batch = |feeds| Batch { feeds, ..Batch::default() };
    storage.commit(batch(vec![FeedRecord { key: "wire".to_owned(), ..FeedRecord::default() }])).await.unwrap();
    storage.commit(batch(vec![full.clone(), bare.clone()])).await.unwrap();
    drop(storage);
    assert_eq!(open(folder.path()).feeds().await.unwrap(), [bare, full]);
}

#[tokio::test]
async fn what_could_not_be_read_back_is_refused_with_its_batch() {
    let (_folder, storage) = fresh();
    let mut no_number = story("s", NOW);
    no_number.novelty = f64::NAN;
    let mut batch = stories([no_number]);
    batch.articles.push(article("a", NOW));
    let refused = storage.commit(batch).await.unwrap_err();
    assert!(matches!(&refused, StorageError::Unstorable { id, .. } if id == "s"), "{refused:?}");
    let beyond = article("b", UnixMs(i64::MAX / 2));
    assert!(matches!(storage.commit(articles([beyond])).await, Err(StorageError::Unstorable { .. })));
    assert_eq!(storage.articles(all()).await.unwrap().total, 0);
    assert_eq!(storage.error(), None, "the database is well");
}

#[tokio::test]
async fn ten_thousand_articles_of_one_moment_all_have_a_place() {
    let (_folder, storage) = fresh();
    storage.commit(articles((0..10_000).map(|i| article(&format!("{i:x}"), NOW)))).await.unwrap();
    storage.commit(articles([article("before", ago(1)), article("after", UnixMs(NOW.0 + 1))])).await.unwrap();
    let mut seen = std::collections::HashSet::new();
    let mut before = None;
    let mut order = Vec::new();
    loop {
        let page = storage.articles(ArticleQuery { before, ..all() }).await.unwrap();
        assert_eq!(page.total, 10_002);
        order.extend(page.articles.iter().map(|article| article.id.clone()));
        seen.extend(page.articles.into_iter().map(|article| article.id));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!((seen.len(), order.len()), (10_002, 10_002));
    assert_eq!((order[0].as_str(), order[10_001].as_str()), ("after", "before"));
}
