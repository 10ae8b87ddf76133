//! The log on the disk.

use super::*;
use crate::server::{
    event::LogRange,
    storage::{error::StorageError, retention::RetentionLimits},
};

/// Where a log begins that is new at [`NOW`].
const START: u64 = NOW.0.cast_unsigned() * 1000;

#[tokio::test]
async fn a_new_log_starts_at_the_microseconds_of_the_wall_clock() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::open(folder.path(), Clock::following(NOW)).unwrap();
    let range = storage.log_range().await.unwrap();
    assert!(range.last >= START && range.last < START + 60_000_000, "{range:?}");
    assert_eq!(range.after, range.last);
    assert_eq!(storage.events(0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn entries_come_back_whole_and_in_order() {
    let (folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    let mut written: Vec<LogEvent> = (1..=20).map(|i| event(start + i, NOW)).collect();
    for (event, kind) in written.iter_mut().zip(EventKind::ALL) {
        event.draft.kind = kind;
    }
    storage.commit(events(written[..7].to_vec())).await.unwrap();
    storage.commit(events(written[7..].to_vec())).await.unwrap();
    drop(storage);
    let storage = open(folder.path());
    assert_eq!(storage.log_range().await.unwrap(), LogRange { after: start, last: start + 20 });
    assert_eq!(storage.events(start, 100).await.unwrap(), written);
    assert_eq!(storage.events(start + 5, 3).await.unwrap(), written[5..8]);
    assert_eq!(storage.events(start + 20, 3).await.unwrap(), []);
    assert_eq!(storage.events(u64::MAX, 3).await.unwrap(), []);
}

#[tokio::test]
async fn an_entry_that_is_not_the_newest_spoils_its_whole_batch() {
    let (_folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    storage.commit(events([event(start + 1, NOW)])).await.unwrap();
    for ids in [vec![start + 1], vec![start], vec![start + 3, start + 2], vec![start + 2, start + 2]] {
        let mut batch = events(ids.iter().map(|id| event(*id, NOW)));
        batch.articles.push(article("a", NOW));
        let refused = storage.commit(batch).await.unwrap_err();
        assert!(matches!(refused, StorageError::OutOfOrder { .. }), "{refused:?}");
    }
    assert_eq!(storage.log_range().await.unwrap().last, start + 1);
    assert_eq!(storage.articles(all()).await.unwrap().total, 0);
    assert_eq!(storage.error(), None, "it was the batch that was wrong");
}

#[tokio::test]
async fn an_answer_is_bounded_by_bytes_but_never_empty() {
    let (_folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    let large = |id, bytes| {
        let mut large = event(id, NOW);
        large.draft.data = "x".repeat(bytes);
        large
    };
    let sizes = [3 << 20, 400 << 10, 400 << 10, 400 << 10, 10];
    storage.commit(events((1..).zip(sizes).map(|(i, bytes)| large(start + i, bytes)))).await.unwrap();
    let mut position = start;
    let mut answers = Vec::new();
    loop {
        let answer = storage.events(position, 100).await.unwrap();
        let Some(last) = answer.last() else { break };
        position = last.id;
        answers.push(answer.len());
    }
    assert_eq!(answers, [1, 3, 1]);
}

#[tokio::test]
async fn the_tip_survives_the_loss_of_every_entry() {
    let (folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    let hours_ago = |hours: i64| ago(hours * 60 * MINUTE);
    storage
        .commit(events([
            event(start + 1, hours_ago(30)),
            event(start + 2, hours_ago(25)),
            event(start + 3, hours_ago(1)),
        ]))
        .await
        .unwrap();
    let limits = RetentionLimits { days: 30, event_hours: 24, max_bytes: u64::MAX };
    assert_eq!(storage.prune(NOW, limits).await.unwrap().events, 2);
    assert_eq!(storage.log_range().await.unwrap(), LogRange { after: start + 2, last: start + 3 });
    assert_eq!(storage.prune(UnixMs(NOW.0 + 2 * DAY), limits).await.unwrap().events, 1);
    drop(storage);
    let storage = open(folder.path());
    assert_eq!(storage.log_range().await.unwrap(), LogRange { after: start + 3, last: start + 3 });
    assert!(storage.commit(events([event(start + 3, NOW)])).await.is_err(), "no id is given twice");
    storage.commit(events([event(start + 4, NOW)])).await.unwrap();
    assert_eq!(storage.events(start, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_log_takes_the_place_of_this_one_and_news_stays() {
    let (folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    let mut batch = events([event(start + 1, NOW), event(start + 2, NOW)]);
    batch.articles.push(article("a", NOW));
    storage.commit(batch).await.unwrap();
    storage.replace_log(700, 790).await.unwrap();
    assert_eq!(storage.events(0, 10).await.unwrap(), []);
    storage.commit(events([event(795, NOW)])).await.unwrap();
    drop(storage);
    let storage = open(folder.path());
    assert_eq!(storage.log_first().await.unwrap(), 700);
    assert_eq!(storage.log_range().await.unwrap(), LogRange { after: 790, last: 795 });
    assert_eq!(storage.articles(all()).await.unwrap().total, 1);
}

#[tokio::test]
async fn what_is_skipped_leaves_a_hole_and_what_was_before_it_stays() {
    let (folder, storage) = fresh();
    storage.replace_log(700, 700).await.unwrap();
    storage.skip_log(790).await.unwrap();
    assert_eq!(storage.log_range().await.unwrap(), LogRange { after: 790, last: 790 }, "nothing was there");
    storage.commit(events([event(791, NOW), event(792, NOW)])).await.unwrap();
    storage.skip_log(795).await.unwrap();
    storage.skip_log(793).await.unwrap();
    storage.commit(events([event(796, NOW)])).await.unwrap();
    drop(storage);
    let storage = open(folder.path());
    assert_eq!(storage.log_range().await.unwrap(), LogRange { after: 790, last: 796 });
    let ids: Vec<u64> = storage.events(700, 10).await.unwrap().iter().map(|event| event.id).collect();
    assert_eq!(ids, [791, 792, 796]);
}
