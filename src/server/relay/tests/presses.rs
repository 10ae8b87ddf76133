//! Editions on their way into the shared log.

use std::sync::atomic::Ordering;

use super::{
    journals::{Kept, event, news, shared_log},
    press::SharedPress,
    *,
};
use crate::server::{
    event::{EventDraft, EventKind},
    news::press::Press as _,
    storage::batch::Batch,
};

/// A node that leads, with the lease of now.
struct Leader<'a> {
    stage: &'a Stage,
    node: &'a Kept,
    link: Link,
}

impl<'a> Leader<'a> {
    /// Leads as soon as the log may be written.
    async fn open(stage: &'a Stage, node: &'a Kept) -> Self {
        let leader = Self { stage, node, link: stage.link().await };
        let place = node.shared.place();
        attend_until(&leader.link, "me", true, place, |standing| standing.open).await;
        leader.renew().await;
        leader
    }

    async fn renew(&self) -> u64 {
        let asked = Instant::now();
        let standing = attend(&self.link, "me", true, self.node.shared.place()).await;
        let fence = standing.fence;
        assert!(self.node.shared.stand(standing, asked), "the lease is its own");
        fence
    }

    /// Prints one entry with a press that is made for it, and keeps the lease meanwhile.
    async fn prints(&self) -> bool {
        let fence = self.renew().await;
        let press = SharedPress::new(Arc::clone(&self.node.shared), self.node.storage.clone(), Clock::System, fence);
        let mut printing = press.print(Batch::default(), vec![draft()]);
        let kept = async {
            loop {
                tokio::select! {
                    kept = &mut printing => return kept,
                    () = tokio::time::sleep(Duration::from_millis(200)) => assert_eq!(self.renew().await, fence),
                }
            }
        };
        timeout(LIMIT, kept).await.expect("an edition that was appended comes back")
    }

    async fn editions(&self) -> u64 {
        self.stage.ask(&["XLEN", "m:editions"]).await
    }
}

fn draft() -> EventDraft {
    event(1, EventKind::News, "{}").draft
}

#[tokio::test]
async fn a_press_that_is_started_again_under_one_fence_goes_on_with_the_log() {
    let stage = Stage::open();
    let node = Kept::with(&stage, vec![]).await;
    node.until("its log is known", |node| node.shared.place().first == 1000).await;
    let leader = Leader::open(&stage, &node).await;
    for n in 1..=3 {
        assert!(leader.prints().await);
        assert_eq!((leader.editions().await, node.shared.place().last), (n, 1000 + n));
    }
}

#[tokio::test]
async fn a_leader_that_was_away_cuts_nothing_off_that_it_does_not_have() {
    let stage = Stage::open();
    let link = stage.link().await;
    // Everything of this is of use to a node that comes later.
    let editions: Vec<Batch> = (1001..=1300).map(|id| news(id..=id)).collect();
    shared_log(&link, &editions).await;
    link.release("a").await.unwrap();
    let node = Kept::holding(&stage, 1290, vec![news(1291..=1300)]).await;
    let leader = Leader::open(&stage, &node).await;
    assert!(leader.prints().await);
    assert_eq!((leader.editions().await, node.shared.place().after), (301, 1290));
}

/// A node that leads without a journal, so that no edition comes back, and waits for one that Redis has kept.
async fn waiting(stage: &Stage) -> (Arc<Shared>, Standing, tokio::task::JoinHandle<bool>, tempfile::TempDir) {
    let link = stage.link().await;
    let shared = Shared::new("me".to_owned());
    shared.set_place(place(1000, 1000));
    let standing = attend_until(&link, "me", true, place(1000, 1000), |standing| standing.open).await;
    shared.connected(link);
    assert!(shared.stand(standing.clone(), Instant::now()));
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::open(folder.path(), Clock::System).unwrap();
    let press = SharedPress::new(Arc::clone(&shared), storage, Clock::System, standing.fence);
    let printing = tokio::spawn(async move { press.print(Batch::default(), vec![draft()]).await });
    until("it is kept", || shared.counters.editions_appended.load(Ordering::Relaxed) == 1).await;
    assert!(!shared.take_begin_again());
    (shared, standing, printing, folder)
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(LIMIT, waiting).await.is_ok(), "{what}");
}

#[tokio::test]
async fn an_edition_is_not_waited_for_over_another_connection() {
    let stage = Stage::open();
    let (shared, standing, printing, _folder) = waiting(&stage).await;
    // A Redis that has forgotten it answers, with the lease and its fence.
    shared.disconnected(link::LinkError::Closed);
    shared.connected(stage.link().await);
    let keeping = async {
        loop {
            shared.stand(standing.clone(), Instant::now());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = until("the news begins again", || shared.take_begin_again()) => {}
        () = keeping => {}
    }
    assert!(!printing.is_finished(), "this press prints no more");
    printing.abort();
}

#[tokio::test]
async fn an_edition_is_not_waited_for_when_another_node_leads() {
    let stage = Stage::open();
    let (shared, standing, printing, _folder) = waiting(&stage).await;
    shared.stand(Standing { leader: Some("another".to_owned()), ..standing }, Instant::now());
    until("the news begins again", || shared.take_begin_again()).await;
    assert!(!printing.is_finished(), "this press prints no more");
    printing.abort();
}
