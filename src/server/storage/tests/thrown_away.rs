//! Retention.

use std::fs;

use super::*;
use crate::server::storage::{
    query::StoryQuery,
    retention::{Pruned, RetentionLimits},
};

const LIMITS: RetentionLimits = RetentionLimits { days: 30, event_hours: 24, max_bytes: u64::MAX };

fn old_and_new(id: &str, at: UnixMs) -> Batch {
    let mut old_and_new = articles([article(id, at)]);
    old_and_new.stories.push(story(&format!("story-{id}"), at));
    old_and_new
}

#[tokio::test]
async fn news_older_than_the_limit_goes_and_nothing_else() {
    let (_folder, storage) = fresh();
    for (id, at) in [("old", ago(30 * DAY + 1)), ("edge", ago(30 * DAY)), ("new", NOW)] {
        storage.commit(old_and_new(id, at)).await.unwrap();
    }
    let pruned = storage.prune(NOW, LIMITS).await.unwrap();
    assert_eq!((pruned.articles, pruned.stories, pruned.events), (1, 1, 0));
    assert_eq!(ids(&storage, all()).await, ["new", "edge"]);
    let page = storage.stories(StoryQuery { limit: 10, ..StoryQuery::default() }).await.unwrap();
    assert_eq!(page.total, 2);
    assert_eq!(ids(&storage, ArticleQuery { text: "old".to_owned(), ..all() }).await, Vec::<String>::new());
    assert_eq!(storage.prune(NOW, LIMITS).await.unwrap(), Pruned::default(), "once is enough");
}

#[tokio::test]
async fn more_than_one_step_of_everything_goes() {
    let (_folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    let mut batch = Batch::default();
    for i in 0..1100 {
        let at = ago(40 * DAY - i);
        batch.articles.push(article(&format!("a{i}"), at));
        batch.stories.push(story(&format!("story-a{i}"), at));
        batch.stories.push(story(&format!("empty{i}"), at));
        batch.events.push(event(start + 1 + i.cast_unsigned(), at));
    }
    batch.articles.push(article("new", NOW));
    storage.commit(batch).await.unwrap();
    let pruned = storage.prune(NOW, LIMITS).await.unwrap();
    assert_eq!((pruned.articles, pruned.stories, pruned.events), (1100, 2200, 1100));
    assert_eq!(ids(&storage, all()).await, ["new"]);
}

#[tokio::test]
async fn a_story_stays_as_long_as_one_of_its_articles() {
    let (_folder, storage) = fresh();
    let of_story = |id: &str, at| Article { story_id: "s".to_owned(), ..article(id, at) };
    let mut batch = articles([of_story("first", ago(40 * DAY)), of_story("last", ago(20 * DAY))]);
    batch.stories.push(story("s", ago(20 * DAY)));
    batch.stories.push(story("empty", ago(40 * DAY)));
    storage.commit(batch).await.unwrap();
    let pruned = storage.prune(NOW, LIMITS).await.unwrap();
    assert_eq!((pruned.articles, pruned.stories), (1, 1));
    let timeline = storage.story("s".to_owned()).await.unwrap().unwrap().timeline;
    assert_eq!(timeline.iter().map(|article| article.id.as_str()).collect::<Vec<_>>(), ["last"]);
    assert_eq!(storage.prune(UnixMs(NOW.0 + 11 * DAY), LIMITS).await.unwrap().stories, 1);
    assert_eq!(storage.story("s".to_owned()).await.unwrap(), None);
}

#[tokio::test]
async fn what_aged_out_is_known_for_as_long_as_a_feed_lists_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |now| Storage::open(folder.path(), Clock::following(now)).unwrap();
    let storage = at(NOW);
    storage.commit(articles([article("listed", ago(40 * DAY)), article("unlisted", ago(40 * DAY))])).await.unwrap();
    storage.prune(NOW, LIMITS).await.unwrap();
    drop(storage);
    let known = async |storage: &Storage, id: &str| storage.known(vec![id.to_owned()]).await.unwrap().remove(id);
    let mut now = NOW;
    for _ in 0..4 {
        now = UnixMs(now.0 + 60 * DAY);
        let storage = at(now);
        let listed = known(&storage, "listed").await.unwrap();
        assert!(!listed.kept && listed.title.is_empty() && listed.story_id.is_empty());
        storage.prune(now, LIMITS).await.unwrap();
    }
    let storage = at(now);
    assert!(known(&storage, "listed").await.is_some());
    assert!(known(&storage, "unlisted").await.is_none(), "nobody listed it for 90 days");
    storage.commit(articles([article("listed", now)])).await.unwrap();
    assert!(known(&storage, "listed").await.unwrap().kept, "it is news again");
}

#[tokio::test]
async fn a_database_that_is_too_large_loses_its_oldest_news_first() {
    let (folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    for day in 0..20 {
        let mut batch = Batch::default();
        for i in 0..200 {
            let at = ago((20 - day) * DAY - i);
            // Different words, as long as a lead.
            let word =
                |n: i64| format!("{:x}", (day * 200 + i + n * n).cast_unsigned().wrapping_mul(0x9e37_79b9) % 9973);
            let description = (0..80).map(word).collect::<Vec<_>>().join(" ");
            batch.articles.push(Article { description, ..article(&format!("d{day:02}-{i:03}"), at) });
            batch.stories.push(story(&format!("story-d{day:02}-{i:03}"), at));
        }
        storage.commit(batch).await.unwrap();
    }
    storage.commit(events([event(start + 1, ago(DAY / 2))])).await.unwrap();
    // Closing writes the journal into the file.
    drop(storage);
    let storage = open(folder.path());
    let size = || fs::metadata(folder.path().join("market-pulse.db")).unwrap().len();
    assert_eq!(storage.prune(NOW, LIMITS).await.unwrap().articles, 0);
    let before = size();
    let max_bytes = before / 4 * 3;
    let pruned = storage.prune(NOW, RetentionLimits { max_bytes, ..LIMITS }).await.unwrap();
    assert!((900..=2500).contains(&pruned.articles), "what is too much and what is kept free: {pruned:?} of {before}");
    assert_eq!((pruned.stories, pruned.events), (pruned.articles, 0), "{pruned:?}");
    assert!(size() <= max_bytes, "{before} {} {max_bytes}", size());
    assert_eq!(size(), before - pruned.bytes, "{pruned:?}");
    let left = storage.window(UnixMs(0), None, 10_000).await.unwrap().into_iter().map(|article| article.id);
    let all = (0..20).flat_map(|day| (0..200).map(move |i| format!("d{day:02}-{i:03}")));
    let newest: Vec<String> = all.skip(usize::try_from(pruned.articles).unwrap()).collect();
    assert_eq!(left.collect::<Vec<_>>(), newest);
}

#[tokio::test]
async fn a_log_that_is_too_large_loses_its_oldest_entries() {
    let (_folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    for part in 0..10 {
        let large = |i| {
            let mut large = event(start + 1 + part * 100 + i, ago(DAY / 2));
            large.draft.data = "x".repeat(20_000);
            large
        };
        storage.commit(events((0..100).map(large))).await.unwrap();
    }
    storage.commit(articles([article("a", NOW)])).await.unwrap();
    let pruned = storage.prune(NOW, RetentionLimits { max_bytes: 12 << 20, ..LIMITS }).await.unwrap();
    assert!(pruned.events > 0 && pruned.events < 1000 && pruned.articles == 0, "{pruned:?}");
    let range = storage.log_range().await.unwrap();
    assert_eq!((range.after, range.last), (start + pruned.events, start + 1000));
    assert_eq!(storage.events(range.after, 1).await.unwrap()[0].id, range.after + 1);
    // A limit that nothing can meet ends all the same.
    let pruned = storage.prune(NOW, RetentionLimits { max_bytes: 0, ..LIMITS }).await.unwrap();
    assert_eq!((pruned.articles, pruned.events), (1, range.last - range.after));
    assert_eq!(storage.log_range().await.unwrap().after, start + 1000);
}

#[tokio::test]
async fn commits_go_on_while_much_is_thrown_away() {
    let (_folder, storage) = fresh();
    for part in 0..10 {
        storage.commit(articles((0..300).map(|i| article(&format!("{part}-{i}"), ago(40 * DAY))))).await.unwrap();
    }
    let busy = storage.clone();
    let pruning = tokio::spawn(async move { busy.prune(NOW, LIMITS).await });
    let mut commits = 0;
    while !pruning.is_finished() {
        storage.commit(articles([article(&format!("new{commits}"), NOW)])).await.unwrap();
        commits += 1;
    }
    assert_eq!(pruning.await.unwrap().unwrap().articles, 3000);
    assert!(commits >= 10, "one between two steps at least: {commits}");
    assert_eq!(storage.articles(all()).await.unwrap().total, commits);
}
