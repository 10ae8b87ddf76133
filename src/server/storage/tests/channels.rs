//! Channels and their events.

use std::time::Duration;

use super::*;
use crate::server::{
    event::LogRange,
    storage::{
        channels::{ChannelEvents, KeptChannel, MAX_KEPT_BYTES, MAX_KEPT_EVENTS},
        error::StorageError,
        retention::RetentionLimits,
    },
};

const FIRST: u64 = 1_000_000;
const LIMITS: RetentionLimits = RetentionLimits { days: 30, event_hours: 24, max_bytes: u64::MAX };

async fn create(storage: &Storage, name: &str) -> KeptChannel {
    storage.create_channel(name.to_owned(), FIRST).await.unwrap()
}

fn told(id: u64, at: UnixMs, data: &str) -> LogEvent {
    let draft = EventDraft { kind: EventKind::Message, data: data.to_owned(), facets: Facets::default() };
    LogEvent { id, at, draft }
}

/// Tells events of these lengths on a channel, after the place `after`.
async fn tell(storage: &Storage, key: i64, after: u64, at: UnixMs, lengths: impl IntoIterator<Item = usize>) {
    let events = (after + 1..).zip(lengths).map(|(id, length)| told(id, at, &"x".repeat(length))).collect();
    storage.tell_channels(vec![ChannelEvents { key, events }]).await.unwrap();
}

async fn places(storage: &Storage, key: i64) -> Vec<u64> {
    let mut places: Vec<u64> = Vec::new();
    loop {
        let after = places.last().copied().unwrap_or_default();
        let page = storage.channel_events(key, after, 1000).await.unwrap();
        if page.is_empty() {
            return places;
        }
        places.extend(page.iter().map(|event| event.id));
    }
}

#[tokio::test]
async fn channels_and_what_was_told_on_them_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let storage = open(folder.path());
    let (a, b) = (create(&storage, "/a").await, create(&storage, "training").await);
    let events = vec![told(FIRST + 1, NOW, "{ }"), told(FIRST + 2, ago(5), "\u{1f600}\n\0")];
    let batch = vec![
        ChannelEvents { key: b.key, events: events.clone() },
        ChannelEvents { key: a.key, events: vec![told(FIRST + 1, NOW, "1")] },
    ];
    assert_eq!(storage.tell_channels(batch.clone()).await, Ok(batch), "given back");
    drop(storage);
    let storage = open(folder.path());
    let kept = storage.channels().await.unwrap();
    assert_eq!(kept.iter().map(|kept| kept.name.as_str()).collect::<Vec<_>>(), ["/a", "training"]);
    let range = LogRange { after: FIRST, last: FIRST + 2 };
    assert_eq!(kept[1], KeptChannel { range, ..b.clone() });
    assert_eq!(storage.channel_range(b.key).await, Ok(range));
    assert_eq!(storage.channel_events(b.key, FIRST, 10).await, Ok(events.clone()));
    assert_eq!(storage.channel_events(b.key, FIRST + 1, 10).await.unwrap(), events[1..]);
    assert_eq!(storage.channel_events(b.key, FIRST, 1).await.unwrap(), events[..1]);
    assert_eq!(storage.channel_events(b.key, u64::MAX, 10).await, Ok(vec![]));
    assert_eq!(storage.channel_events(999, 0, 10).await, Ok(vec![]));
}

#[tokio::test]
async fn a_name_is_there_once_and_a_removed_one_is_free_again() {
    let (_folder, storage) = fresh();
    let first = create(&storage, "/a").await;
    let again = storage.create_channel("/a".to_owned(), FIRST).await;
    assert!(matches!(again, Err(StorageError::Unstorable { .. })), "{again:?}");
    tell(&storage, first.key, FIRST, NOW, [1, 2, 3]).await;
    storage.remove_channel(first.key).await.unwrap();
    assert_eq!(storage.channels().await, Ok(vec![]));
    let second = create(&storage, "/a").await;
    assert_ne!(second.key, first.key);
    assert_eq!(places(&storage, second.key).await, Vec::<u64>::new());
    assert_eq!(storage.prune(NOW, LIMITS).await.unwrap().events, 3, "what the first one had");
    assert_eq!(storage.channels().await.unwrap(), [second]);
    assert_eq!(places(&storage, first.key).await, Vec::<u64>::new());
    let third = create(&storage, "/b").await;
    assert!(third.key > first.key, "a key is never given out twice");
}

#[tokio::test]
async fn all_channels_or_none() {
    let (_folder, storage) = fresh();
    let (a, b) = (create(&storage, "/a").await, create(&storage, "/b").await);
    tell(&storage, b.key, FIRST, NOW, [1, 1]).await;
    for events in [vec![told(FIRST + 2, NOW, "1")], vec![told(FIRST + 4, NOW, "1"), told(FIRST + 3, NOW, "1")]] {
        let batch = vec![
            ChannelEvents { key: a.key, events: vec![told(FIRST + 1, NOW, "1")] },
            ChannelEvents { key: b.key, events },
        ];
        let refused = storage.tell_channels(batch).await;
        assert!(matches!(refused, Err(StorageError::OutOfOrder { .. })), "{refused:?}");
    }
    assert_eq!((places(&storage, a.key).await.len(), places(&storage, b.key).await.len()), (0, 2));
    assert_eq!(storage.error(), None, "it was the batch that was wrong");
}

#[tokio::test]
async fn a_channel_keeps_its_newest_events() {
    let (_folder, storage) = fresh();
    let (a, b) = (create(&storage, "/a").await, create(&storage, "/b").await);
    tell(&storage, b.key, FIRST, NOW, [1]).await;
    let most = usize::try_from(MAX_KEPT_EVENTS).unwrap();
    tell(&storage, a.key, FIRST, NOW, vec![1; most + 5]).await;
    assert_eq!(places(&storage, a.key).await, (FIRST + 6..=FIRST + MAX_KEPT_EVENTS + 5).collect::<Vec<_>>());
    tell(&storage, a.key, FIRST + MAX_KEPT_EVENTS + 5, NOW, [1, 1]).await;
    let range = storage.channel_range(a.key).await.unwrap();
    assert_eq!(range, LogRange { after: FIRST + 7, last: FIRST + MAX_KEPT_EVENTS + 7 });
    assert_eq!(places(&storage, a.key).await.len(), most);
    assert_eq!(places(&storage, b.key).await.len(), 1, "another channel has its own");
}

#[tokio::test]
async fn a_channel_keeps_only_so_many_bytes_but_always_the_newest() {
    let (_folder, storage) = fresh();
    let a = create(&storage, "/a").await;
    let mib = 1 << 20;
    for part in 0..7 {
        tell(&storage, a.key, FIRST + part * 10, NOW, vec![mib; 10]).await;
    }
    let kept = places(&storage, a.key).await;
    let fits = MAX_KEPT_BYTES / (1 << 20);
    assert!(kept.len() as u64 == fits - 1 || kept.len() as u64 == fits, "{}", kept.len());
    assert_eq!(kept.last(), Some(&(FIRST + 70)));
    assert_eq!(storage.channel_range(a.key).await.unwrap().after, kept[0] - 1);
    tell(&storage, a.key, FIRST + 70, NOW, [70 * mib]).await;
    assert_eq!(places(&storage, a.key).await, [FIRST + 71]);
}

#[tokio::test]
async fn an_answer_is_bounded_by_bytes_but_never_empty() {
    let (_folder, storage) = fresh();
    let a = create(&storage, "/a").await;
    tell(&storage, a.key, FIRST, NOW, [1 << 20, 1 << 20]).await;
    tell(&storage, a.key, FIRST + 2, NOW, vec![100_000; 10]).await;
    let lengths = async |after: u64| {
        let events = storage.channel_events(a.key, FIRST + after, 100).await.unwrap();
        events.iter().map(|event| event.id - FIRST).collect::<Vec<_>>()
    };
    assert_eq!(lengths(0).await, [1]);
    assert_eq!(lengths(2).await, [3, 4, 5]);
}

#[tokio::test]
async fn what_is_too_old_goes_and_the_range_says_so() {
    let (_folder, storage) = fresh();
    let (a, b) = (create(&storage, "/a").await, create(&storage, "/b").await);
    tell(&storage, a.key, FIRST, ago(25 * 60 * MINUTE), vec![1; 600]).await;
    tell(&storage, b.key, FIRST, ago(25 * 60 * MINUTE), [1]).await;
    tell(&storage, a.key, FIRST + 600, ago(MINUTE), [1, 1]).await;
    assert_eq!(storage.prune(NOW, LIMITS).await.unwrap().events, 601);
    assert_eq!(places(&storage, a.key).await, [FIRST + 601, FIRST + 602]);
    assert_eq!(storage.channel_range(a.key).await, Ok(LogRange { after: FIRST + 600, last: FIRST + 602 }));
    assert_eq!(storage.channel_range(b.key).await, Ok(LogRange { after: FIRST + 1, last: FIRST + 1 }));
    assert_eq!(storage.prune(NOW, LIMITS).await.unwrap().events, 0, "once is enough");
    assert_eq!(storage.channels().await.unwrap().len(), 2);
}

#[tokio::test]
async fn all_channels_together_take_no_more_than_their_part() {
    let (_folder, storage) = fresh();
    let (a, b) = (create(&storage, "/a").await, create(&storage, "/b").await);
    storage.commit(articles([article("old", ago(20 * DAY))])).await.unwrap();
    for part in 0..10 {
        tell(&storage, a.key, FIRST + part * 10, NOW, vec![50_000; 10]).await;
        tell(&storage, b.key, FIRST + part * 10, NOW, vec![50_000; 10]).await;
    }
    let gone = storage.prune_channels(5_000_000).await.unwrap();
    let left = places(&storage, a.key).await.len() + places(&storage, b.key).await.len();
    assert_eq!(left as u64, 200 - gone);
    assert!((10..100).contains(&left), "{left}");
    let at_a = places(&storage, a.key).await.len().abs_diff(places(&storage, b.key).await.len());
    assert!(at_a <= 10, "the oldest of both go first: {at_a}");
    assert_eq!(storage.prune_channels(5_000_000).await, Ok(0));
    let max_bytes = 8_000_000;
    storage.prune(NOW, RetentionLimits { max_bytes, ..LIMITS }).await.unwrap();
    let left = (places(&storage, a.key).await.len() + places(&storage, b.key).await.len()) as u64;
    assert!(left * 50_000 <= max_bytes / 4, "{left}");
    assert_eq!(ids(&storage, all()).await, ["old"], "who publishes much drives no news out");
}

#[tokio::test]
async fn commits_go_on_while_a_removed_channel_is_cleared_away() {
    let (_folder, storage) = fresh();
    let (a, b) = (create(&storage, "/a").await, create(&storage, "/b").await);
    for part in 0..10 {
        tell(&storage, a.key, FIRST + part * 500, NOW, vec![1; 500]).await;
    }
    storage.remove_channel(a.key).await.unwrap();
    let busy = storage.clone();
    let pruning = tokio::spawn(async move { busy.prune(NOW, LIMITS).await });
    let mut commits = 0;
    while !pruning.is_finished() {
        tell(&storage, b.key, FIRST + commits, NOW, [1]).await;
        commits += 1;
    }
    assert_eq!(pruning.await.unwrap().unwrap().events, 5000);
    assert!(commits >= 10, "one between two steps at least: {commits}");
    assert_eq!(places(&storage, b.key).await.len() as u64, commits);
}

#[tokio::test]
async fn a_database_of_the_version_before_gets_its_channels() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("market-pulse.db");
    let old = rusqlite::Connection::open(&file).unwrap();
    old.execute_batch(include_str!("../schema/v1.sql")).unwrap();
    old.execute_batch(
        "INSERT INTO log (only_row, first_id, after_id, last_id) VALUES (1, 5, 5, 7); \
         PRAGMA application_id = 1298878581; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;",
    )
    .unwrap();
    drop(old);
    let storage = open(folder.path());
    assert_eq!(storage.log_range().await.unwrap().last, 7, "what was there is there");
    let a = create(&storage, "/a").await;
    tell(&storage, a.key, FIRST, NOW, [1]).await;
    drop(storage);
    tokio::time::sleep(Duration::ZERO).await;
    assert_eq!(places(&open(folder.path()), a.key).await, [FIRST + 1]);
}

#[tokio::test]
async fn a_log_gives_way_to_another_one_and_goes_on_behind_what_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let storage = open(folder.path());
    let (a, b) = (create(&storage, "training").await, create(&storage, "/b").await);
    for key in [a.key, b.key] {
        tell(&storage, key, FIRST, NOW, [1; 5]).await;
    }
    storage.replace_channel(a.key, 5 * FIRST).await.unwrap();
    assert_eq!(storage.channel_range(a.key).await, Ok(LogRange { after: 5 * FIRST, last: 5 * FIRST }));
    assert_eq!(places(&storage, b.key).await.len(), 5, "nobody else's");
    tell(&storage, a.key, 5 * FIRST, NOW, [1; 2]).await;

    storage.skip_channel(a.key, 5 * FIRST + 10).await.unwrap();
    storage.skip_channel(a.key, 5 * FIRST + 3).await.unwrap();
    tell(&storage, a.key, 5 * FIRST + 10, NOW, [1]).await;
    assert_eq!(places(&storage, a.key).await, [5 * FIRST + 1, 5 * FIRST + 2, 5 * FIRST + 11]);

    let adopted = storage.adopt_channel("/c".to_owned(), ago(7), 3 * FIRST).await.unwrap();
    drop(storage);
    let kept = open(folder.path()).channels().await.unwrap();
    let [a, _, c] = &kept[..] else { panic!("three: {kept:?}") };
    assert_eq!((a.first, a.range.last), (5 * FIRST, 5 * FIRST + 11));
    assert_eq!((c, c.created_at, c.range.last), (&adopted, ago(7), 3 * FIRST));
}
