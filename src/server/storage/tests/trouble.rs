//! Disks that take nothing more, and readers that are too many.

use super::*;
use crate::server::storage::{
    error::StorageError,
    query::StoryQuery,
    retention::{Pruned, RetentionLimits},
};

/// Lets the file have this many more pages than it has, as a disk that fills up does.
async fn leave_room(storage: &Storage, pages: i64) {
    let limit = move |connection: &mut rusqlite::Connection| {
        let count: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        Ok(connection.query_row(&format!("PRAGMA max_page_count = {}", count + pages), [], |_| Ok(()))?)
    };
    storage.engine.with_writer(limit).await.unwrap();
}

fn much(name: &str) -> Batch {
    let description = "word ".repeat(100);
    let mut much =
        articles((0..200).map(|i| Article { description: description.clone(), ..article(&format!("{name}{i}"), NOW) }));
    much.stories.push(story(name, NOW));
    much
}

#[tokio::test]
async fn a_full_disk_keeps_what_is_there_and_says_so_until_there_is_room() {
    let (_folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    storage.commit(articles([article("a", NOW)])).await.unwrap();
    assert_eq!(storage.error(), None);
    leave_room(&storage, 3).await;
    for _ in 0..2 {
        let mut batch = much("b");
        batch.events.push(event(start + 1, NOW));
        assert_eq!(storage.commit(batch).await, Err(StorageError::Full));
        assert_eq!(storage.error().as_deref(), Some("the disk is full"));
    }
    assert_eq!(ids(&storage, all()).await, ["a"], "all or nothing");
    assert_eq!(storage.log_range().await.unwrap().last, start);
    assert_eq!(storage.stories(StoryQuery::default()).await.unwrap().total, 0);
    let limits = RetentionLimits { days: 30, event_hours: 24, max_bytes: u64::MAX };
    assert_eq!(storage.prune(NOW, limits).await, Ok(Pruned::default()));
    storage.commit(Batch::default()).await.unwrap();
    assert_eq!(storage.error().as_deref(), Some("the disk is full"), "where nothing is written, nothing is proved");
    leave_room(&storage, 100_000).await;
    let mut batch = much("b");
    batch.events.push(event(start + 1, NOW));
    storage.commit(batch).await.unwrap();
    assert_eq!(storage.error(), None);
    assert_eq!(storage.articles(all()).await.unwrap().total, 201);
}

#[tokio::test]
async fn a_disk_that_can_only_be_read_says_so_until_it_can_be_written() {
    let (_folder, storage) = fresh();
    storage.commit(articles([article("a", NOW)])).await.unwrap();
    let query_only = async |on: bool| {
        storage
            .engine
            .with_writer(move |connection| Ok(connection.pragma_update(None, "query_only", on)?))
            .await
            .unwrap();
    };
    query_only(true).await;
    assert_eq!(storage.commit(articles([article("b", NOW)])).await, Err(StorageError::ReadOnly));
    assert_eq!(storage.error().as_deref(), Some("the folder can't be written"));
    assert_eq!(ids(&storage, all()).await, ["a"]);
    query_only(false).await;
    storage.commit(articles([article("b", NOW)])).await.unwrap();
    assert_eq!(storage.error(), None);
}

#[tokio::test]
async fn a_row_that_is_damaged_is_an_error_and_no_panic() {
    let (_folder, storage) = fresh();
    storage.commit(articles([article("a", NOW)])).await.unwrap();
    let damage = |connection: &rusqlite::Transaction<'_>| {
        Ok(connection.execute("UPDATE article_bodies SET body = '{\"title\":'", [])?)
    };
    assert_eq!(storage.engine.write(damage).await, Ok(1));
    assert_eq!(storage.articles(all()).await, Err(StorageError::Damaged));
    assert_eq!(storage.known(vec!["a".to_owned()]).await, Err(StorageError::Damaged));
    storage.commit(articles([article("b", NOW)])).await.unwrap();
}

#[tokio::test]
async fn readers_beyond_those_that_may_wait_are_refused_and_the_others_served() {
    let (_folder, storage) = fresh();
    storage.commit(articles([article("a", NOW)])).await.unwrap();
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Arc::new(parking_lot::Mutex::new(gate));
    let holding: Vec<_> = (0..2)
        .map(|_| {
            let (storage, gate) = (storage.clone(), gate.clone());
            tokio::spawn(async move {
                let hold = move |_: &rusqlite::Connection| gate.lock().recv().map_err(|_| StorageError::Unavailable);
                storage.engine.read(hold).await
            })
        })
        .collect();
    let asking: Vec<_> = (0..300)
        .map(|_| {
            let storage = storage.clone();
            tokio::spawn(async move { storage.articles(all()).await.map(|page| page.total) })
        })
        .collect();
    // Everybody asks before the gate opens: this runtime has one thread.
    tokio::task::yield_now().await;
    // Writing does not wait for readers.
    storage.commit(articles([article("b", NOW)])).await.unwrap();
    for _ in 0..2 {
        open.send(()).unwrap();
    }
    for held in holding {
        held.await.unwrap().unwrap();
    }
    let mut refused = 0;
    for asked in asking {
        match asked.await.unwrap() {
            Ok(total) => assert_eq!(total, 2),
            Err(error) => {
                assert_eq!(error, StorageError::Busy);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 300 - 256);
    assert_eq!(ids(&storage, all()).await.len(), 2, "all is well afterwards");
    assert_eq!(storage.error(), None);
}

#[tokio::test]
async fn a_reader_that_panics_takes_no_connection_with_it() {
    let (_folder, storage) = fresh();
    for _ in 0..5 {
        let broken = storage.engine.read(|_| -> Result<(), StorageError> { panic!("a bug") }).await;
        assert_eq!(broken, Err(StorageError::Unavailable));
    }
    assert_eq!(storage.articles(all()).await.unwrap().total, 0);
    let broken = storage.engine.write(|_| -> Result<(), StorageError> { panic!("a bug") }).await;
    assert_eq!(broken, Err(StorageError::Unavailable));
    storage.commit(articles([article("a", NOW)])).await.unwrap();
    assert_eq!(ids(&storage, all()).await, ["a"]);
}

#[tokio::test]
async fn a_commit_that_nobody_waits_for_is_whole_or_not_there() {
    let (_folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    for round in 0..50 {
        let id = format!("dropped{round}");
        let last = storage.log_range().await.unwrap().last;
        let batch = Batch { articles: vec![article(&id, NOW)], events: vec![event(last + 1, NOW)], ..Batch::default() };
        let mut commit = Box::pin(storage.commit(batch));
        for _ in 0..=round % 3 {
            if futures_util::poll!(&mut commit).is_ready() {
                break;
            }
        }
        drop(commit);
    }
    storage.commit(Batch::default()).await.unwrap();
    let told = storage.log_range().await.unwrap().last - start;
    assert_eq!(storage.articles(all()).await.unwrap().total, told);
    assert_eq!(storage.events(start, 1000).await.unwrap().len() as u64, told);
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_stands_still_while_the_database_works() {
    let (_folder, storage) = fresh();
    let started = tokio::time::Instant::now();
    let commit = storage.commit(much("a"));
    let ended = tokio::time::timeout(std::time::Duration::from_millis(1), commit).await;
    assert_eq!(ended, Ok(Ok(())));
    assert_eq!(started.elapsed(), std::time::Duration::ZERO);
}
