use std::net::{IpAddr, Ipv4Addr};

use tokio::time::advance;

use super::*;
use crate::server::{
    access::TokenId,
    hub::{Wish, stream::FrameStream},
    market::fixture::ticker,
    services::fixture::Fixture,
    venues::event::VenueIndex,
};

const SECOND: Duration = Duration::from_secs(1);

fn symbol(base: &str) -> Symbol {
    Symbol::parse(base).expect("a symbol")
}

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

fn want(follows: &Arc<Follows>, base: &str, client: impl Into<Client>) -> Result<Interests, Unfollowed> {
    Interests::in_each(Arc::clone(follows), client, &[symbol(base)]).map_err(|(_, why)| why)
}

/// A server that follows BTC, ETH and SOL, and up to ten of the hundred symbols `N0` to `N99`, five for one client.
struct House {
    fixture: Fixture,
    follows: Arc<Follows>,
    demand: DemandWatch,
}

impl House {
    fn new() -> Self {
        let fixture = Fixture::new();
        fixture.listings.set(VenueIndex(0), (0..100).map(|n| symbol(&format!("N{n}"))));
        let follows = Arc::clone(&fixture.services.follows);
        let demand = follows.demand();
        Self { fixture, follows, demand }
    }

    fn want(&self, base: &str, from: u8) -> Result<Interests, Unfollowed> {
        want(&self.follows, base, address(from))
    }

    /// What is in demand now.
    fn followed(&self) -> Vec<String> {
        self.demand.borrow().keys().map(ToString::to_string).collect()
    }

    /// Whether the demand changed since this was last asked.
    fn changed(&mut self) -> bool {
        let changed = self.demand.has_changed().expect("it lives");
        self.demand.mark_unchanged();
        changed
    }

    fn stream(&self, base: &str) -> Result<FrameStream, crate::server::hub::limits::Refusal> {
        let wish = Wish { symbols: vec![symbol(base)], pace: Duration::ZERO };
        self.fixture.services.hub.connect(address(1), &wish)
    }
}

/// Lets time pass, and the task see it.
async fn pass(time: Duration) {
    settle().await;
    advance(time).await;
    settle().await;
}

async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_symbol_is_followed_from_its_first_reader_to_a_minute_after_its_last() {
    let mut house = House::new();
    assert!(house.stream("N1").is_err());
    let first = house.want("N1", 1).expect("listed");
    assert!(house.changed());
    assert_eq!(house.demand.borrow().get(&symbol("N1")), Some(&VenueSet::default().with(VenueIndex(0))));
    house.fixture.post(ticker("N1", 7.0));
    assert!(house.fixture.services.market.ticker(symbol("N1")).is_some());
    let second = house.want("N1", 2).expect("listed");
    drop(first);
    pass(2 * GRACE).await;
    assert!(!house.changed(), "one is enough");
    drop(second);
    pass(Duration::from_millis(59_999)).await;
    assert!(!house.changed());
    assert!(house.fixture.services.market.ticker(symbol("N1")).is_some());
    pass(Duration::from_millis(1)).await;
    assert!(house.changed());
    assert_eq!(house.followed(), [""; 0]);
    assert!(house.fixture.services.market.ticker(symbol("N1")).is_none(), "nothing of it is kept");
    assert!(house.stream("N1").is_err());
}

#[tokio::test(start_paused = true)]
async fn coming_and_going_changes_nothing() {
    let mut house = House::new();
    drop(house.want("N1", 1).expect("listed"));
    assert!(house.changed());
    for _ in 0..1000 {
        let interest = house.want("N1", 1).expect("listed");
        pass(Duration::from_millis(100)).await;
        drop(interest);
        pass(Duration::from_millis(100)).await;
    }
    assert!(!house.changed());
    pass(Duration::from_secs(59)).await;
    let _back = house.want("N1", 1).expect("listed");
    pass(2 * GRACE).await;
    assert!(!house.changed(), "back in the last second");
}

#[tokio::test(start_paused = true)]
async fn configured_symbols_are_followed_anyway_and_unknown_ones_never() {
    let mut house = House::new();
    drop(house.want("BTC", 1).expect("configured"));
    assert_eq!(house.want("NOPE", 1).err(), Some(Unfollowed::Unlisted));
    assert_eq!(house.follows.check(symbol("NOPE")), Err(Unfollowed::Unlisted));
    assert_eq!((house.follows.check(symbol("BTC")), house.follows.check(symbol("N7"))), (Ok(()), Ok(())));
    pass(2 * GRACE).await;
    assert!(!house.changed());
    assert!(house.stream("BTC").is_ok());
}

#[tokio::test(start_paused = true)]
async fn both_limits_count_what_lingers_and_let_go_in_time() {
    let house = House::new();
    let want = |n: usize, from| house.want(&format!("N{n}"), from);
    let mut held: Vec<_> = (0..5).map(|n| want(n, 1).expect("room")).collect();
    assert_eq!(want(5, 1).err(), Some(Unfollowed::ClientFull));
    drop(want(3, 1).expect("what is followed is no more"));
    held.extend((5..10).map(|n| want(n, 2).expect("room for another")));
    assert_eq!(want(10, 3).err(), Some(Unfollowed::Full));
    let shared = want(0, 3).expect("what is followed is open to all");
    held.clear();
    assert_eq!(want(10, 3).err(), Some(Unfollowed::Full), "they stay for a minute");
    assert_eq!(want(11, 1).err(), Some(Unfollowed::Full));
    pass(GRACE).await;
    assert_eq!(house.followed(), ["N0"]);
    let _more: Vec<_> = (20..24).map(|n| want(n, 3).expect("room again")).collect();
    assert_eq!(want(30, 3).err(), Some(Unfollowed::ClientFull), "four and the shared one");
    let _other = want(30, 1).expect("the first has left everything");
    drop(shared);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_counted_by_its_address_and_by_its_token() {
    let house = House::new();
    let token = |n: u8| TokenId::parse(&format!("t0ken00{n}"));
    let want = |n: u8, from: u8, of| {
        let client = Client::from(address(from)).with_token(of);
        want(&house.follows, &format!("N{n}"), client).map_err(|why| (n, why))
    };
    let full = |n| Err::<(), _>((n, Unfollowed::ClientFull));
    let held: Vec<_> = (0..5).map(|n| want(n, 1, token(1)).expect("room")).collect();
    for (n, from, of) in [(5, 1, None), (6, 1, token(2)), (7, 2, token(1))] {
        assert_eq!(want(n, from, of).map(|_| ()), full(n), "from {from} with {of:?}");
    }
    drop(want(8, 2, token(2)).expect("another address and another token"));
    drop(held);
    for (n, from, of) in [(5, 1, None), (7, 2, token(1))] {
        assert_eq!(want(n, from, of).map(|_| ()), full(n), "they stay for a minute, on both accounts");
    }
    pass(GRACE).await;
    drop(want(5, 1, token(1)).expect("room again"));
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_ever_new_symbols_changes_no_more_than_the_limit_in_a_minute() {
    let mut house = House::new();
    let (mut changes, mut granted) = (0, 0);
    let start = Instant::now();
    let mut n = 0;
    while start.elapsed() < 10 * GRACE {
        n = (n + 1) % 100;
        granted += usize::from(house.want(&format!("N{n}"), 66).is_ok());
        changes += usize::from(house.changed());
        pass(Duration::from_millis(100)).await;
        changes += usize::from(house.changed());
    }
    assert!(granted >= 50, "{granted}");
    assert!(changes <= 2 * 5 * 11, "five come and five go in a minute: {changes}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_still_holds_the_channel_is_not_left_alone() {
    let mut house = House::new();
    let interest = house.want("N1", 1).expect("listed");
    let stream = house.stream("N1").expect("open");
    drop(interest);
    house.changed();
    pass(2 * GRACE).await;
    assert!(!house.changed(), "the stream would hear no more of it");
    drop(stream);
    pass(2 * SECOND).await;
    assert!(house.changed());
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_lists_it_later_is_asked_too_and_one_that_stops_is_not_left() {
    let fixture = Fixture::new();
    let listings = Arc::new(Listings::new(2));
    let services = &fixture.services;
    let follows = Follows::new(
        &services.config.market,
        Arc::clone(&services.hub),
        Arc::clone(&services.market),
        Arc::clone(&listings),
    );
    let follows = Arc::new(follows);
    tokio::spawn(Arc::clone(&follows).run(fixture.shutdown.clone()));
    settle().await;
    let want = |base| want(&follows, base, address(1));
    assert_eq!(want("PEPE").err(), Some(Unfollowed::NotKnownYet), "nobody was asked yet");
    listings.set(VenueIndex(1), [symbol("PEPE")]);
    let _interest = want("PEPE").expect("one venue is enough");
    assert_eq!(want("NOPE").err(), Some(Unfollowed::NotKnownYet), "the other may list it");
    let at = || follows.demand().borrow()[&symbol("PEPE")];
    assert_eq!(at(), VenueSet::default().with(VenueIndex(1)));
    listings.set(VenueIndex(0), [symbol("PEPE")]);
    settle().await;
    let both = at();
    assert!(both.contains(VenueIndex(0)) && both.contains(VenueIndex(1)));
    listings.set(VenueIndex(1), [symbol("SHIB")]);
    settle().await;
    assert_eq!(at(), both);
    assert_eq!(want("NOPE").err(), Some(Unfollowed::Unlisted));
}

#[tokio::test(start_paused = true)]
async fn what_is_supported_is_followed_or_listed_and_sorted() {
    let house = House::new();
    let supported = house.follows.supported();
    assert_eq!(supported.len(), 103);
    assert!(supported.is_sorted() && supported.contains(&symbol("BTC")) && supported.contains(&symbol("N42")));
    let many = (0..4000).map(|n| symbol(&format!("M{n}")));
    house.fixture.listings.set(VenueIndex(0), many);
    assert_eq!(house.follows.supported().len(), 4003);
}

#[tokio::test(start_paused = true)]
async fn zero_turns_it_off() {
    let fixture = Fixture::with(|config| config.market.max_on_demand = 0);
    fixture.listings.set(VenueIndex(0), [symbol("PEPE")]);
    let follows = &fixture.services.follows;
    assert_eq!(want(follows, "PEPE", address(1)).err(), Some(Unfollowed::Unlisted));
    assert_eq!(follows.check(symbol("PEPE")), Err(Unfollowed::Unlisted));
    assert_eq!(follows.supported(), ["BTC", "ETH", "SOL"].map(symbol));
    assert!(want(follows, "BTC", address(1)).is_ok());
}
