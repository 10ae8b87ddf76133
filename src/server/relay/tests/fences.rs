//! Who leads, and that nobody else writes.

use futures_util::FutureExt as _;

use super::*;

const NO_LOG: Place = Place { first: 0, after: 0, last: 0 };

#[tokio::test]
async fn one_of_many_leads_until_its_lease_runs_out_and_every_leader_has_a_greater_fence() {
    let stage = Stage::open();
    let link = stage.link().await;
    let first = attend(&link, "a", true, NO_LOG).await;
    assert_eq!(first.leader.as_deref(), Some("a"));
    for node in ["b", "c"] {
        let standing = attend(&link, node, true, NO_LOG).await;
        assert_eq!((standing.leader.as_deref(), standing.fence), (Some("a"), first.fence));
    }
    assert_eq!(attend(&link, "a", true, NO_LOG).await.fence, first.fence, "renewed");
    let left = Duration::from_millis(stage.ask(&["PTTL", "m:lease"]).await);
    assert!(left > Duration::ZERO && left <= super::link::LEASE, "{left:?}");

    let second = attend_until(&link, "b", true, NO_LOG, |standing| standing.leader.as_deref() == Some("b")).await;
    assert!(second.fence > first.fence);
    assert_eq!(attend(&link, "a", true, NO_LOG).await.leader.as_deref(), Some("b"));
}

#[tokio::test]
async fn a_node_that_goes_or_can_t_lead_leaves_the_lease_to_the_others_at_once() {
    let stage = Stage::open();
    let (link, mut messages) = stage.link_and_messages().await;
    assert_eq!(attend(&link, "a", true, NO_LOG).await.leader.as_deref(), Some("a"));
    link.release("b").await.unwrap();
    assert_eq!(attend(&link, "c", true, NO_LOG).await.leader.as_deref(), Some("a"), "only its owner gives it back");
    link.release("a").await.unwrap();
    let call = timeout(LIMIT, messages.next(&stage.keys)).await.unwrap().unwrap();
    assert_eq!(call, Some(Message::Vacant));
    assert_eq!(attend(&link, "c", true, NO_LOG).await.leader.as_deref(), Some("c"));
    assert_eq!(attend(&link, "c", false, NO_LOG).await.leader, None);
    assert_eq!(attend(&link, "a", true, NO_LOG).await.leader.as_deref(), Some("a"));
}

#[tokio::test]
async fn a_leader_that_was_paused_writes_nothing_late() {
    let stage = Stage::open();
    let (link, mut messages) = stage.link_and_messages().await;
    let old = attend(&link, "old", true, NO_LOG).await.fence;
    assert!(link.tell(old, &bulletin("old")).await.unwrap());
    // It sleeps longer than its lease lasts.
    let _: u64 = stage.ask(&["DEL", "m:lease"]).await;
    let new = attend(&link, "new", true, NO_LOG).await.fence;
    assert!(link.tell(new, &bulletin("new")).await.unwrap());

    assert!(!link.tell(old, &bulletin("late")).await.unwrap());
    assert_eq!(link.append(append(old, "x", 1, 2)).await.unwrap(), Appended::Fenced);
    let feeds = [("wire".to_owned(), "late".to_owned())];
    let late = Append { edition: "", feeds: &feeds, ..append(old, "y", 1, 1) };
    assert_eq!(link.append(late).await.unwrap(), Appended::Fenced);
    let latest: String = stage.ask(&["HGET", "m:latest", "BTC"]).await;
    assert_eq!(latest, "\"new\"");
    let feeds: u64 = stage.ask(&["EXISTS", "m:feeds", "m:editions"]).await;
    assert_eq!(feeds, 0);
    for told in ["old", "new"] {
        let heard = timeout(LIMIT, messages.next(&stage.keys)).await.unwrap().unwrap();
        let expected = format!(r#"{{"node":"{told}","tickers":["{told}"],"sparks":[]}}"#);
        assert_eq!(heard, Some(Message::Prices(expected)));
    }
}

#[tokio::test]
async fn fences_grow_over_a_redis_that_forgets_everything() {
    let mut stage = Stage::open();
    let link = stage.link().await;
    let before = attend(&link, "a", true, NO_LOG).await.fence;
    stage.server.restart();
    assert!(link.tell(before, &bulletin("a")).await.is_err(), "the connection is gone");
    let link = stage.link().await;
    assert!(!link.tell(before, &bulletin("a")).await.unwrap(), "nobody leads any more");
    assert!(attend(&link, "b", true, NO_LOG).await.fence > before);
    assert!(!link.tell(before, &bulletin("a")).await.unwrap());
}

#[tokio::test]
async fn what_was_told_last_is_there_for_a_node_that_comes() {
    let stage = Stage::open();
    let link = stage.link().await;
    assert_eq!(link.snapshot(&[]).await.unwrap(), None);
    let fence = attend(&link, "a", true, NO_LOG).await.fence;
    let mut told = bulletin("a");
    told.beat.push(("venues", "[]".to_owned()));
    link.tell(fence, &told).await.unwrap();
    let snapshot = link.snapshot(&[]).await.unwrap().unwrap();
    assert_eq!((snapshot.node.as_str(), snapshot.fence, snapshot.at_ms), ("a", fence, 5));
    assert_eq!(
        (snapshot.tickers, snapshot.venues, snapshot.feeds),
        (vec!["\"a\"".to_owned()], Some("[]".to_owned()), None)
    );
    assert!(snapshot.age_us < 30_000_000);
}

#[tokio::test]
async fn a_redis_that_says_nothing_is_given_up_after_a_second() {
    let stage = Stage::open();
    let link = stage.link().await;
    stage.server.pause();
    assert_eq!(timeout(LIMIT, link.snapshot(&[])).await.expect("it is given up"), Err(super::link::LinkError::Silent));
    let opening = Link::open(&stage.client, Arc::clone(&stage.keys), Arc::new(Scripts::new()));
    let other = timeout(LIMIT, opening).await.expect("it is given up");
    assert_eq!(other.err(), Some(super::link::LinkError::Silent));
    stage.server.resume();
}

#[tokio::test]
async fn markets_with_other_prefixes_know_nothing_of_each_other() {
    let stage = Stage::open();
    let link = stage.link().await;
    let keys = Arc::new(Keys::new("other"));
    let (other, _messages) = Link::open(&stage.client, keys, Arc::new(Scripts::new())).await.unwrap();
    assert_eq!(attend(&link, "a", true, NO_LOG).await.leader.as_deref(), Some("a"));
    assert_eq!(attend(&other, "b", true, NO_LOG).await.leader.as_deref(), Some("b"));
    assert!(link.tell(attend(&link, "a", true, NO_LOG).await.fence, &bulletin("a")).await.unwrap());
    assert_eq!(other.snapshot(&[]).await.unwrap(), None);
}

#[tokio::test]
async fn a_node_that_fetches_no_news_leads_only_where_nobody_does() {
    let stage = Stage::open();
    let link = stage.link().await;
    let attend = async |node: &'static str, wish: Wish| {
        link.attend(Attendance { node, wish, place: NO_LOG }).await.unwrap().leader
    };
    assert_eq!(attend("prices", Wish::LeadPrices).await.as_deref(), Some("prices"));
    assert_eq!(attend("full", Wish::Follow).await.as_deref(), Some("prices"));
    assert_eq!(attend("prices", Wish::LeadPrices).await.as_deref(), Some("prices"));
    assert_eq!(attend("news", Wish::Lead).await.as_deref(), Some("prices"), "not torn away from it");
    assert_eq!(attend("prices", Wish::LeadPrices).await, None, "handed over");
    assert_eq!(attend("news", Wish::Lead).await.as_deref(), Some("news"));
}

#[tokio::test]
async fn a_node_that_is_told_more_than_it_takes_starts_again() {
    let stage = Stage::open();
    let (link, messages) = stage.link_and_messages().await;
    let mut messages = messages.of_most(3);
    let fence = attend(&link, "a", true, Place::default()).await.fence;
    for round in 0..10 {
        link.tell(fence, &bulletin("x")).await.unwrap();
        let told = timeout(LIMIT, messages.next(&stage.keys)).await.unwrap().unwrap();
        assert!(matches!(told, Some(Message::Prices(_))), "round {round}");
        // There is nothing else: whoever keeps up may take as many as there are.
        assert!(messages.next(&stage.keys).now_or_never().is_none());
    }
    let falling_behind = async {
        loop {
            for _ in 0..6 {
                link.tell(fence, &bulletin("x")).await.unwrap();
            }
            // It is busy elsewhere meanwhile.
            tokio::time::sleep(Duration::from_millis(20)).await;
            while let Some(next) = messages.next(&stage.keys).now_or_never() {
                if let Err(error) = next {
                    return error;
                }
            }
        }
    };
    let error = timeout(LIMIT, falling_behind).await.expect("it is noticed");
    assert_eq!(error, super::link::LinkError::Behind);
}
