//! Symbols on demand, from the node whose readers want them to the one that leads.

use std::net::Ipv4Addr;

use futures_util::FutureExt as _;

use super::*;
use crate::{
    model::symbol::Symbol,
    server::{
        config::MAX_ON_DEMAND,
        demand::VenueSet,
        follows::Interests,
        services::{Services, fixture::Fixture},
        venues::event::VenueIndex,
    },
};

fn symbol(base: &str) -> Symbol {
    Symbol::parse(base).unwrap()
}

/// A reader of this node.
fn want(services: &Services, base: &str) -> Interests {
    Interests::in_each(Arc::clone(&services.follows), Ipv4Addr::LOCALHOST, &[symbol(base)]).unwrap()
}

/// A node that may lead, which follows up to ten of the hundred symbols `N0` to `N99` on demand.
struct Leader {
    fixture: Fixture,
    wants: Wants,
    shared: Arc<Shared>,
}

impl Leader {
    fn new() -> Self {
        let fixture = Fixture::new();
        fixture.listings.set(VenueIndex(0), (0..100).map(|n| symbol(&format!("N{n}"))));
        let wants = Wants::new(Arc::clone(&fixture.services.follows));
        Self { fixture, wants, shared: Shared::new("leader".to_owned()) }
    }

    fn hears(&self, names: &[&str]) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        self.wants.follow(&names, &self.shared);
    }

    fn followed(&self) -> Vec<String> {
        self.fixture.services.follows.demand().borrow().keys().map(ToString::to_string).collect()
    }

    fn counts(&self) -> (u64, u64) {
        let of = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
        (of(&self.shared.counters.wants_refused), of(&self.shared.counters.undecodable))
    }
}

#[tokio::test]
async fn what_readers_of_one_node_want_is_heard_by_all_and_forgotten_when_it_is_said_no_more() {
    let stage = Stage::open();
    let (link, mut messages) = stage.link_and_messages().await;
    assert_eq!(link.want(&[]).await.unwrap(), [""; 0]);
    let other = stage.link().await;
    assert_eq!(other.want(&[symbol("PEPE"), symbol("1INCH")]).await.unwrap(), ["1INCH", "PEPE"]);
    let called = timeout(LIMIT, messages.next(&stage.keys)).await.unwrap().unwrap();
    assert_eq!(called, Some(Message::Wanted));
    // Said again, it is no news: the next call is of another symbol.
    other.want(&[symbol("PEPE")]).await.unwrap();
    assert_eq!(link.want(&[symbol("SHIB")]).await.unwrap().len(), 3);
    assert_eq!(timeout(LIMIT, messages.next(&stage.keys)).await.unwrap().unwrap(), Some(Message::Wanted));
    assert!(messages.next(&stage.keys).now_or_never().is_none(), "one call for each");
    let left: i64 = stage.ask(&["PTTL", "m:wanted"]).await;
    assert!((1..=10_000).contains(&left), "{left}");
    // As if the time of one of them were over, and a clock had been set back since another was said.
    let _: i64 = stage.ask(&["ZADD", "m:wanted", "5", "PEPE", "9007199254740991", "1INCH"]).await;
    assert_eq!(link.want(&[]).await.unwrap(), ["SHIB"]);
}

#[tokio::test]
async fn a_follower_says_what_its_readers_want_and_not_what_stays_for_a_minute_after_them() {
    let stage = Stage::open();
    let link = stage.link().await;
    let Leader { fixture, wants, shared } = Leader::new();
    let services = &fixture.services;
    let mirror =
        Mirror::new(Arc::clone(&services.market), Arc::clone(&services.hub), services.clock, Duration::from_secs(10));
    let said = async |expected: &[&str]| {
        while link.want(&[]).await.unwrap() != expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let want = |base| want(services, base);
    let readers = async {
        let first = want("N1");
        said(&["N1"]).await;
        drop(first);
        // As if the time of the wish were over.
        let _: i64 = stage.ask(&["DEL", "m:wanted"]).await;
        let _second = want("N2");
        said(&["N2"]).await;
        assert_eq!(services.follows.demand().borrow().len(), 2, "both are followed here");
        let _back = want("N1");
        said(&["N1", "N2"]).await;
    };
    tokio::select! {
        ended = timeout(LIMIT, readers) => ended.expect("each is said"),
        error = wants.share(&shared, &mirror, &link) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn there_is_an_end_to_what_is_kept() {
    let stage = Stage::open();
    let link = stage.link().await;
    let all: Vec<Symbol> = (0..2 * MAX_ON_DEMAND).map(|n| symbol(&format!("N{n}"))).collect();
    let (some, more) = all.split_at(MAX_ON_DEMAND);
    assert_eq!(link.want(some).await.unwrap().len(), MAX_ON_DEMAND);
    let wanted = link.want(more).await.unwrap();
    assert_eq!(wanted.len(), MAX_ON_DEMAND);
    assert!(more.iter().all(|symbol| !wanted.contains(&symbol.to_string())), "first come, first served");
    // What somebody else has put there.
    for n in 0..MAX_ON_DEMAND {
        let _: i64 = stage.ask(&["ZADD", "m:wanted", "+inf", &format!("junk {n}")]).await;
    }
    assert_eq!(link.want(&[]).await.unwrap().len(), MAX_ON_DEMAND);
    let kept: usize = stage.ask(&["ZCARD", "m:wanted"]).await;
    assert_eq!(kept, MAX_ON_DEMAND);
}

#[tokio::test(start_paused = true)]
async fn the_leader_follows_what_is_listed_and_within_its_limits_as_long_as_it_is_said() {
    let leader = Leader::new();
    leader.hears(&["N1", "BTC", "NOPE", "N2", "no symbol\r\n", ""]);
    assert_eq!(leader.followed(), ["N1", "N2"]);
    assert_eq!(leader.counts(), (1, 2), "one is not listed, two are no symbols");
    let demand = leader.fixture.services.follows.demand();
    assert_eq!(demand.borrow().get(&symbol("N1")), Some(&VenueSet::default().with(VenueIndex(0))));
    leader.hears(&["N1", "NOPE", "N2"]);
    assert_eq!(leader.counts(), (1, 2), "each is spoken of once");

    // One client may follow five, but they are the clients of all other nodes.
    let names: Vec<String> = (0..100).map(|n| format!("N{n}")).collect();
    leader.hears(&names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(leader.followed().len(), 10);
    assert_eq!(leader.counts().0, 91);
    let own = want(&leader.fixture.services, "N1");

    let follows = tokio::spawn(Arc::clone(&leader.fixture.services.follows).run(CancellationToken::new()));
    leader.wants.let_go();
    assert_eq!(leader.followed().len(), 10, "in case they say so again");
    tokio::time::sleep(crate::server::follows::GRACE + Duration::from_secs(1)).await;
    assert_eq!(leader.followed(), ["N1"], "a reader of this node has it");
    drop(own);
    follows.abort();
}
