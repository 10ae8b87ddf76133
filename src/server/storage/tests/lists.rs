//! Pages, filters and totals.

use std::collections::BTreeSet;

use super::*;
use crate::server::storage::query::{Cursor, StoryQuery};

/// Numbered articles, a minute apart, the highest number newest: every third is of `paper`, every fourth of the
/// category `law`, every fifth is about BTC and every tenth about ETH as well.
fn numbered(i: i64) -> Article {
    let mut article = article(&format!("n{i:04}"), ago((2000 - i) * MINUTE));
    if i % 3 == 0 {
        article.source_key = "paper".to_owned();
    }
    if i % 4 == 0 {
        article.category = "law".to_owned();
    }
    if i % 5 == 0 {
        article.tickers.push(symbol("BTC"));
    }
    if i % 10 == 0 {
        article.tickers.push(symbol("ETH"));
    }
    article.description = if i % 2 == 0 { "even" } else { "odd" }.to_owned();
    article
}

fn numbered_story(i: i64) -> StoryHead {
    let of = numbered(i);
    let mut story = story(&of.story_id, of.at());
    story.category = of.category;
    story.tickers = of.tickers;
    if i % 3 == 0 {
        story.sources.push(source("paper"));
    }
    story
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn assets(values: &[&str]) -> Vec<Symbol> {
    values.iter().map(|value| symbol(value)).collect()
}

#[tokio::test]
async fn a_thousand_rows_are_paged_once_each_while_new_ones_come() {
    let (_folder, storage) = fresh();
    storage.commit(articles((0..1000).map(numbered))).await.unwrap();
    let mut read = Vec::new();
    let mut query = ArticleQuery { limit: 37, ..ArticleQuery::default() };
    let mut later = 1000;
    loop {
        let page = storage.articles(query.clone()).await.unwrap();
        assert_eq!(page.total, u64::try_from(later).unwrap());
        read.extend(page.articles.into_iter().map(|article| article.id));
        // New ones, newer than all: they come first, and so not on the pages that follow.
        storage.commit(articles((later..later + 10).map(numbered))).await.unwrap();
        later += 10;
        let Some(next) = page.next else { break };
        let text = next.encode();
        query.before = Cursor::parse(&text);
        assert_eq!(query.before, Some(next));
    }
    let expected: Vec<String> = (0..1000).rev().map(|i| numbered(i).id).collect();
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_page_goes_on_where_its_last_row_was_even_when_that_is_gone() {
    let (_folder, storage) = fresh();
    storage.commit(articles((0..10).map(numbered))).await.unwrap();
    let page = storage.articles(ArticleQuery { limit: 3, ..ArticleQuery::default() }).await.unwrap();
    let next = page.next.unwrap();
    assert_eq!(next.id, "n0007");
    let mut moved = numbered(7);
    moved.pub_date = Some(NOW);
    storage.commit(articles([moved])).await.unwrap();
    let rest = ids(&storage, ArticleQuery { before: Some(next), ..all() }).await;
    assert_eq!(rest, ["n0006", "n0005", "n0004", "n0003", "n0002", "n0001", "n0000"]);
    let never_there = Cursor { at: numbered(2).at(), id: "nobody".to_owned() };
    let rest = ids(&storage, ArticleQuery { before: Some(never_there), ..all() }).await;
    assert_eq!(rest.last().map(String::as_str), Some("n0000"));
    assert!((2..=3).contains(&rest.len()), "beside the place it would have had: {rest:?}");
}

#[tokio::test]
async fn the_last_page_has_no_next_and_limits_are_bounded() {
    let (_folder, storage) = fresh();
    storage.commit(articles((0..200).map(numbered))).await.unwrap();
    for (limit, rows) in [(0, 1), (1, 1), (100, 100), (101, 100), (usize::MAX, 100)] {
        let page = storage.articles(ArticleQuery { limit, ..ArticleQuery::default() }).await.unwrap();
        assert_eq!((page.articles.len(), page.next.is_some()), (rows, true), "{limit}");
    }
    let before = Some(Cursor { at: numbered(100).at(), id: numbered(100).id });
    let page = storage.articles(ArticleQuery { before, ..all() }).await.unwrap();
    assert_eq!((page.articles.len(), page.next), (100, None));
}

#[tokio::test]
async fn filters_narrow_together_and_widen_alone() {
    let (_folder, storage) = fresh();
    storage.commit(articles((0..120).map(numbered))).await.unwrap();
    let queries = [
        all(),
        ArticleQuery { sources: texts(&["paper"]), ..all() },
        ArticleQuery { sources: texts(&["paper", "wire"]), ..all() },
        ArticleQuery { sources: texts(&["nobody"]), ..all() },
        ArticleQuery { categories: texts(&["law"]), ..all() },
        ArticleQuery { categories: texts(&["law", "general", "law"]), ..all() },
        ArticleQuery { symbols: assets(&["BTC"]), ..all() },
        ArticleQuery { symbols: assets(&["ETH"]), ..all() },
        ArticleQuery { symbols: assets(&["BTC", "ETH"]), ..all() },
        ArticleQuery { symbols: assets(&["DOGE"]), ..all() },
        ArticleQuery { text: "odd".to_owned(), ..all() },
        ArticleQuery { sources: texts(&["paper"]), categories: texts(&["law"]), ..all() },
        ArticleQuery { sources: texts(&["wire"]), symbols: assets(&["BTC", "ETH"]), ..all() },
        ArticleQuery { categories: texts(&["law"]), text: "even".to_owned(), ..all() },
        ArticleQuery { symbols: assets(&["BTC", "ETH"]), text: "odd".to_owned(), ..all() },
        ArticleQuery {
            sources: texts(&["paper", "nobody"]),
            categories: texts(&["law"]),
            symbols: assets(&["ETH", "BTC"]),
            text: "even".to_owned(),
            ..all()
        },
    ];
    let fits = |query: &ArticleQuery, article: &Article| {
        let any = |values: &[String], value: &String| values.is_empty() || values.contains(value);
        any(&query.sources, &article.source_key)
            && any(&query.categories, &article.category)
            && (query.symbols.is_empty() || query.symbols.iter().any(|symbol| article.tickers.contains(symbol)))
            && article.description.contains(&query.text)
    };
    for query in queries {
        let expected: Vec<String> =
            (0..120).rev().map(numbered).filter(|article| fits(&query, article)).map(|article| article.id).collect();
        let mut read = Vec::new();
        let mut paged = ArticleQuery { limit: 7, ..query.clone() };
        loop {
            let page = storage.articles(paged.clone()).await.unwrap();
            assert_eq!(page.total, expected.len() as u64, "{query:?}");
            read.extend(page.articles.into_iter().map(|article| article.id));
            paged.before = page.next;
            if paged.before.is_none() {
                break;
            }
        }
        assert_eq!(read, expected, "{query:?}");
    }
}

#[tokio::test]
async fn stories_are_filtered_in_the_same_way() {
    let (_folder, storage) = fresh();
    let mut batch = articles((0..120).map(numbered));
    batch.stories = (0..120).map(numbered_story).collect();
    storage.commit(batch).await.unwrap();
    let every = StoryQuery { limit: 100, ..StoryQuery::default() };
    for (query, fits) in [
        (every.clone(), (|_| true) as fn(i64) -> bool),
        (StoryQuery { sources: texts(&["paper"]), ..every.clone() }, |i| i % 3 == 0),
        (StoryQuery { sources: texts(&["paper", "wire"]), ..every.clone() }, |_| true),
        (StoryQuery { categories: texts(&["law"]), ..every.clone() }, |i| i % 4 == 0),
        (StoryQuery { symbols: assets(&["BTC", "ETH"]), ..every.clone() }, |i| i % 5 == 0),
        (StoryQuery { symbols: assets(&["ETH"]), sources: texts(&["paper"]), ..every.clone() }, |i| i % 30 == 0),
        (StoryQuery { sources: texts(&["paper"]), categories: texts(&["law"]), ..every.clone() }, |i| i % 12 == 0),
        (StoryQuery { text: "odd".to_owned(), ..every.clone() }, |i| i % 2 == 1),
        (StoryQuery { text: "even".to_owned(), symbols: assets(&["BTC"]), ..every.clone() }, |i| i % 10 == 0),
        (StoryQuery { text: "odd".to_owned(), sources: texts(&["paper"]), ..every.clone() }, |i| i % 6 == 3),
        (StoryQuery { text: "?!".to_owned(), ..every.clone() }, |_| false),
    ] {
        let expected: Vec<String> = (0..120).rev().filter(|i| fits(*i)).map(|i| numbered_story(i).id).collect();
        let mut read = Vec::new();
        let mut paged = StoryQuery { limit: 7, ..query.clone() };
        loop {
            let page = storage.stories(paged.clone()).await.unwrap();
            assert_eq!(page.total, expected.len() as u64, "{query:?}");
            read.extend(page.stories.into_iter().map(|story| story.id));
            paged.before = page.next;
            if paged.before.is_none() {
                break;
            }
        }
        assert_eq!(read, expected, "{query:?}");
    }
}

#[tokio::test]
async fn a_story_that_grows_stays_where_it_is_and_is_there_once() {
    let (_folder, storage) = fresh();
    storage.commit(stories((0..10).map(numbered_story))).await.unwrap();
    let mut grown = numbered_story(4);
    grown.last_seen = NOW;
    grown.sources.push(source("paper"));
    storage.commit(stories([grown])).await.unwrap();
    let page = storage.stories(StoryQuery { limit: 100, ..StoryQuery::default() }).await.unwrap();
    let order: Vec<&str> = page.stories.iter().map(|story| story.id.as_str()).collect();
    assert_eq!((page.total, order[0], order[5]), (10, "story-n0009", "story-n0004"));
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 10);
    let of_paper = StoryQuery { limit: 100, sources: texts(&["paper"]), ..StoryQuery::default() };
    assert_eq!(storage.stories(of_paper).await.unwrap().total, 5);
}

#[tokio::test]
async fn breaking_stories_are_those_told_since_and_not_taken_back() {
    let (_folder, storage) = fresh();
    let told = |i: i64, state, since| StoryHead { breaking: Some(breaking(state, since)), ..numbered_story(i) };
    storage
        .commit(stories([
            numbered_story(1),
            told(2, BreakingState::Breaking, ago(DAY)),
            told(3, BreakingState::Breaking, ago(DAY + 1)),
            told(4, BreakingState::Retracted, NOW),
            told(5, BreakingState::Upgraded, NOW),
        ]))
        .await
        .unwrap();
    let query = StoryQuery { limit: 10, breaking_since: Some(ago(DAY)), ..StoryQuery::default() };
    let ids = |page: crate::server::storage::query::StoryPageRows| {
        assert_eq!(page.total, page.stories.len() as u64);
        page.stories.into_iter().map(|story| story.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(storage.stories(query.clone()).await.unwrap()), ["story-n0005", "story-n0002"]);
    let of_btc = StoryQuery { symbols: assets(&["BTC"]), sources: texts(&["wire"]), ..query.clone() };
    assert_eq!(ids(storage.stories(of_btc).await.unwrap()), ["story-n0005"]);
    storage.commit(stories([told(5, BreakingState::Retracted, NOW)])).await.unwrap();
    assert_eq!(ids(storage.stories(query).await.unwrap()), ["story-n0002"]);
}
