//! What is known of feeds from before the restart.

use super::*;

fn record() -> FeedRecord {
    FeedRecord {
        key: "a".to_owned(),
        url: A.to_owned(),
        moved_to: Some("https://b.example/".to_owned()),
        etag: Some("\"e\"".to_owned()),
        last_modified: Some("then".to_owned()),
        last_fetch: Some(UnixMs(START.0 - 60_000)),
        last_success: Some(UnixMs(START.0 - 60_000)),
        next_fetch: Some(UnixMs(START.0 + 240_000)),
        last_error: None,
        failures: 0,
        items: 12,
    }
}

fn stage(script: &Arc<Script>, records: Vec<FeedRecord>) -> Stage {
    script.at(A, [ok(rss(&["one"]))]);
    script.at("https://b.example/", [status(304)]);
    Stage::new(script, &[("a", A)], Choice { records, ..Choice::default() })
}

#[tokio::test(start_paused = true)]
async fn a_feed_goes_on_where_it_was() {
    let script = Script::new();
    let other = FeedRecord { key: "other".to_owned(), ..record() };
    let mut stage = stage(&script, vec![other, record()]);
    let status = stage.status();
    assert_eq!((status.state, status.items), (SourceState::Ok, 12));
    assert_eq!(status.moved_to.as_deref(), Some("https://b.example/"));
    assert_eq!(status.next_fetch, record().next_fetch.map(UnixMs::to_rfc3339));
    let fetched = stage.fetched().await;
    assert!((240_000..240_010).contains(&fetched.at.wall.since(START)), "not before it was due");
    let (_, asked) = script.asked().remove(0);
    assert_eq!((asked.etag.as_deref(), asked.last_modified.as_deref()), (Some("\"e\""), Some("then")));
    assert_eq!((asked.url.as_str(), fetched.record.items), ("https://b.example/", 12));
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_another_address_is_of_no_use() {
    let script = Script::new();
    let mut stage = stage(&script, vec![FeedRecord { url: "https://old.example/".to_owned(), ..record() }]);
    assert_eq!(stage.status().state, SourceState::Pending);
    let fetched = stage.fetched().await;
    assert!(fetched.at.wall.since(START) <= 10_001);
    assert_eq!((script.path(), fetched.record.url.as_str()), (vec![A.to_owned()], A));
    assert_eq!(script.asked()[0].1.etag, None);
}

#[tokio::test(start_paused = true)]
async fn failures_are_remembered() {
    let day = 24 * 3_600_000;
    let long_ago = Some(UnixMs(START.0 - 3 * day));
    for (error, last_success, expected) in [
        ("HTTP 500", record().last_success, SourceState::Failing),
        ("HTTP 404", record().last_success, SourceState::Dead),
        ("HTTP 500", long_ago, SourceState::Dead),
        ("HTTP 500", None, SourceState::Failing),
    ] {
        let failed = FeedRecord { last_error: Some(error.to_owned()), failures: 4, last_success, ..record() };
        let stage = stage(&Script::new(), vec![failed]);
        assert_eq!((stage.status().state, stage.status().failures), (expected, 4), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_puts_no_feed_off() {
    for next_fetch in [START.0 + 40 * 24 * 3_600_000, START.0 - 1, i64::MAX, i64::MIN] {
        let mut stage = stage(&Script::new(), vec![FeedRecord { next_fetch: Some(UnixMs(next_fetch)), ..record() }]);
        let fetched = stage.fetched().await;
        assert!(fetched.at.wall.since(START) <= 10_001, "{next_fetch}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_remembered_address_is_checked_like_any_other() {
    let script = Script::new();
    let inside = FeedRecord { moved_to: Some("http://169.254.169.254/".to_owned()), next_fetch: None, ..record() };
    let mut stage = stage(&script, vec![inside]);
    assert_eq!(stage.fetched().await.record.last_error.as_deref(), Some("refuses private address"));
    assert!(script.asked().is_empty());
}
