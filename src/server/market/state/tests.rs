use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{
    model::{
        freshness::Freshness,
        number::{Fraction, Price, Volume},
        ticker::Reason,
        time::UnixMs,
    },
    server::market::{fixture, freshness::AgeLimits},
};

const WALL: i64 = 1_763_640_000_000;

fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).expect("a symbol")
}

struct Market {
    state: MarketState,
    start: Instant,
}

impl Market {
    /// Three venues, all connected.
    fn new() -> Self {
        let venues = ["binance", "bybit", "okx"].map(|key| Venue::new(key).expect("a key"));
        let rules = Rules {
            ages: AgeLimits { quiet_after: Duration::from_secs(10), stale_after: Duration::from_mins(1) },
            outlier: Fraction::new(0.02).expect("finite"),
            outlier_return: Fraction::new(0.01).expect("finite"),
        };
        let state = MarketState::new(&[symbol("BTC"), symbol("ETH")], &venues, rules);
        let mut market = Self { state, start: Instant::now() };
        for venue in 0..3 {
            assert_eq!(market.link(venue, true), Change::LinkUp);
        }
        market
    }

    fn at(&self, ms: u64) -> Stamp {
        let wall = UnixMs(WALL + i64::try_from(ms).expect("small"));
        Stamp { wall, mono: self.start + Duration::from_millis(ms) }
    }

    fn link(&mut self, venue: u8, up: bool) -> Change {
        let at = self.at(0);
        self.state.apply(&MarketEvent::Link { venue: VenueIndex(venue), up, at })
    }

    /// A quote that arrives at `ms` with a venue time of `time` (both since the start).
    fn quote(&mut self, venue: u8, price: f64, ms: u64, time: i64, origin: Origin) -> Change {
        let quote = Quote {
            symbol: symbol("BTC"),
            last: Price::new(price).expect("a price"),
            open: Price::new(price * 0.98),
            high: Price::new(price * 1.01),
            low: Price::new(price * 0.97),
            volume: Volume::new(10.0).expect("a volume"),
            volume_quote: Volume::new(10.0 * price),
            time: UnixMs(WALL + time),
        };
        let at = self.at(ms);
        self.state.apply(&MarketEvent::Quote { venue: VenueIndex(venue), quote, origin, at })
    }

    fn ticker(&mut self, ms: u64) -> Option<Ticker> {
        let now = self.at(ms).mono;
        self.state.ticker(SymbolIndex(0), now)
    }

    fn price(&mut self, ms: u64) -> f64 {
        self.ticker(ms).expect("a price").price
    }
}

const CHANGED: Change = Change::Symbol(SymbolIndex(0));

#[test]
#[expect(clippy::float_cmp, reason = "one venue: the price is its very price")]
fn which_quote_replaces_which() {
    use Origin::{Rest, Stream};
    for (name, first, second, replaces) in [
        ("newer stream after stream", (Stream, 100), (Stream, 101), true),
        ("equal stream after stream", (Stream, 100), (Stream, 100), true),
        ("older stream after stream", (Stream, 100), (Stream, 99), false),
        ("newer REST after stream", (Stream, 100), (Rest, 101), true),
        ("equal REST after stream", (Stream, 100), (Rest, 100), false),
        ("older REST after stream", (Stream, 100), (Rest, 99), false),
        ("equal stream after REST", (Rest, 100), (Stream, 100), true),
        ("older stream after REST", (Rest, 100), (Stream, 99), false),
        ("equal REST after REST", (Rest, 100), (Rest, 100), true),
        ("older REST after REST", (Rest, 100), (Rest, 99), false),
    ] {
        let mut market = Market::new();
        assert_eq!(market.quote(0, 1.0, 200, first.1, first.0), CHANGED, "{name}");
        let change = market.quote(0, 2.0, 300, second.1, second.0);
        assert_eq!(change == CHANGED, replaces, "{name}");
        assert_eq!(market.price(300), if replaces { 2.0 } else { 1.0 }, "{name}");
    }
}

#[test]
fn strangers_are_ignored() {
    let mut market = Market::new();
    assert_eq!(market.quote(3, 1.0, 0, 0, Origin::Stream), Change::Nothing);
    assert_eq!(market.link(3, true), Change::Nothing);
    let at = market.at(0);
    let unknown = MarketEvent::BadQuote { venue: VenueIndex(0), symbol: symbol("XYZ"), at };
    assert_eq!(market.state.apply(&unknown), Change::Nothing);
    assert_eq!(market.ticker(0), None);
}

#[test]
fn a_symbol_that_comes_knows_the_links_and_one_that_goes_leaves_nothing() {
    let mut market = Market::new();
    market.link(2, false);
    let pepe = symbol("PEPE");
    let quote = |market: &mut Market, price: f64| {
        let at = market.at(0);
        let quote = fixture::quote(pepe, price, at.wall);
        market.state.apply(&MarketEvent::Quote { venue: VenueIndex(0), quote, origin: Origin::Stream, at })
    };
    assert_eq!(quote(&mut market, 1.0), Change::Nothing, "nobody follows it");
    let index = market.state.follow(pepe);
    assert_eq!(market.state.follow(pepe), index, "once");
    let now = market.at(0).mono;
    assert_eq!(market.state.ticker(index, now), None);
    assert_eq!(quote(&mut market, 2.0), Change::Symbol(index));
    let ticker = market.state.ticker(index, now).expect("a price");
    let reasons: Vec<_> = ticker.venues.iter().map(|v| v.reason).collect();
    assert_eq!(reasons, [None, Some(Reason::NoData), Some(Reason::Down)], "as the links are");
    assert_eq!((market.state.forget(pepe), market.state.forget(pepe)), (Some(index), None));
    assert_eq!(quote(&mut market, 3.0), Change::Nothing);
    let other = market.state.follow(symbol("SHIB"));
    assert_eq!(other, index, "the place is taken again");
    assert_eq!(market.state.ticker(other, now), None, "and nothing is left there");
    assert_eq!(market.quote(0, 5.0, 0, 0, Origin::Stream), CHANGED, "the others are where they were");
    assert_eq!(market.state.indices().count(), 3);
}

#[test]
fn a_time_far_ahead_is_bad_data_until_a_sound_one_comes() {
    let mut market = Market::new();
    market.quote(0, 100.0, 0, 0, Origin::Stream);
    market.quote(1, 100.0, 0, 0, Origin::Stream);
    assert_eq!(market.quote(0, 150.0, 10, MAX_AHEAD_MS + 11, Origin::Stream), CHANGED);
    let ticker = market.ticker(10).expect("a price");
    assert_eq!((ticker.sources, ticker.venues[0].reason), (1, Some(Reason::BadData)));
    assert_eq!(market.quote(0, 101.0, 20, 15, Origin::Stream), CHANGED);
    assert_eq!(market.ticker(20).expect("a price").sources, 2);
}

#[test]
#[expect(clippy::float_cmp, reason = "one venue: the price is its very price")]
fn a_time_that_was_never_true_freezes_nothing() {
    let mut market = Market::new();
    market.quote(0, 150.0, 0, 300_000, Origin::Stream);
    assert_eq!(market.quote(0, 100.0, 9_999, 9_999, Origin::Stream), Change::Nothing, "it might be true yet");
    assert_eq!(market.quote(0, 100.0, 10_000, 10_000, Origin::Rest), Change::Nothing, "REST never unfreezes");
    assert_eq!(market.quote(0, 100.0, 10_001, 10_001, Origin::Stream), CHANGED);
    assert_eq!(market.price(10_001), 100.0);
    assert_eq!(market.quote(0, 90.0, 40_000, 9_000, Origin::Stream), Change::Nothing, "true times keep their order");
}

#[test]
fn bad_data_takes_a_venue_out_until_a_good_quote() {
    let mut market = Market::new();
    let at = market.at(0);
    let bad = MarketEvent::BadQuote { venue: VenueIndex(0), symbol: symbol("BTC"), at };
    market.quote(0, 100.0, 0, 0, Origin::Stream);
    assert_eq!(market.ticker(0).expect("a price").sources, 1);
    assert_eq!(market.state.apply(&bad), CHANGED);
    assert_eq!(market.state.apply(&bad), Change::Nothing, "once is enough");
    let ticker = market.ticker(0).expect("the last price stays");
    assert_eq!((ticker.sources, ticker.freshness), (0, Freshness::Stale));
    market.quote(0, 101.0, 1, 1, Origin::Stream);
    assert_eq!(market.ticker(1).expect("a price").sources, 1);
}

#[test]
fn the_last_price_stays_when_no_venue_is_left() {
    let mut market = Market::new();
    for venue in 0..3 {
        market.quote(venue, 100.0 + f64::from(venue), 0, i64::from(venue), Origin::Stream);
    }
    let live = market.ticker(0).expect("a price");
    assert_eq!((live.sources, live.freshness, live.dispersion.is_some()), (3, Freshness::Live, true));
    let stale = market.ticker(60_000).expect("a price");
    assert_eq!((stale.sources, stale.freshness, stale.dispersion), (0, Freshness::Stale, None));
    assert_eq!((stale.price, stale.change24h, stale.high24h), (live.price, live.change24h, live.high24h));
    assert_eq!((stale.timestamp, stale.received_at), (live.timestamp, live.received_at));
    assert!(stale.venues.iter().all(|v| v.weight == 0.0 && !v.used));
    for venue in 0..3 {
        assert_eq!(market.link(venue, false), Change::LinkLost);
        assert_eq!(market.link(venue, false), Change::Nothing);
    }
    let down = market.ticker(60_000).expect("a price");
    assert_eq!((down.price, down.sources, down.freshness), (live.price, 0, Freshness::Down));
}

#[test]
#[expect(clippy::float_cmp, reason = "published figures are rounded to be written exactly")]
fn what_is_published_can_be_checked() {
    let mut market = Market::new();
    market.quote(0, 43_250.5, 0, 0, Origin::Stream);
    market.quote(1, 43_251.7, 0, 0, Origin::Stream);
    let ticker = market.ticker(0).expect("a price");
    assert_eq!(ticker.price, 43_251.1);
    assert_eq!(ticker.change24h, Some(865.022));
    assert_eq!(ticker.change_percent24h, Some(2.0408));
    assert_eq!(ticker.dispersion, Some(0.000_028));
    assert_eq!(ticker.quote, "USDT");
    assert_eq!(ticker.venues.len(), 3);
    assert_eq!(ticker.venues[2].reason, Some(Reason::NoData));
}

/// A step of a hostile or merely lively market.
#[derive(Debug, Clone)]
enum Step {
    Quote { venue: u8, price: f64, volume: f64, lag: i64, origin: Origin },
    Bad { venue: u8 },
    Link { venue: u8, up: bool },
    Wait { ms: u64 },
}

fn any_step() -> impl Strategy<Value = Step> {
    let price = prop_oneof![8 => 95.0_f64..105.0, 1 => 1e-8..1e8];
    let volume = prop_oneof![8 => 0.0_f64..1e6, 1 => Just(0.0)];
    let origin = prop_oneof![Just(Origin::Stream), Just(Origin::Rest)];
    prop_oneof![
        6 => (0_u8..4, price, volume, -700_000_i64..2_000, origin)
            .prop_map(|(venue, price, volume, lag, origin)| Step::Quote { venue, price, volume, lag, origin }),
        1 => (0_u8..4).prop_map(|venue| Step::Bad { venue }),
        1 => (0_u8..4, any::<bool>()).prop_map(|(venue, up)| Step::Link { venue, up }),
        2 => (0_u64..30_000).prop_map(|ms| Step::Wait { ms }),
    ]
}

proptest! {
    /// The price can be made again from what is published, lies between the venues used, and every figure is finite.
    #[test]
    fn the_published_price_is_the_published_weights_times_prices(
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        let mut market = Market::new();
        let mut ms = 0_u64;
        for step in steps {
            let at = market.at(ms);
            match step {
                Step::Quote { venue, price, volume, lag, origin } => {
                    let quote = Quote {
                        symbol: symbol("BTC"),
                        last: Price::new(price).expect("a price"),
                        open: Price::new(price * 0.9),
                        high: None,
                        low: None,
                        volume: Volume::new(volume).expect("a volume"),
                        volume_quote: None,
                        time: UnixMs(at.wall.0 - lag),
                    };
                    market.state.apply(&MarketEvent::Quote { venue: VenueIndex(venue), quote, origin, at });
                }
                Step::Bad { venue } => {
                    market.state.apply(&MarketEvent::BadQuote { venue: VenueIndex(venue), symbol: symbol("BTC"), at });
                }
                Step::Link { venue, up } => {
                    market.link(venue, up);
                }
                Step::Wait { ms: more } => ms += more,
            }
            let Some(ticker) = market.ticker(ms) else { continue };
            prop_assert!(ticker.price.is_finite() && ticker.price > 0.0);
            let used: Vec<_> = ticker.venues.iter().filter(|v| v.used).collect();
            prop_assert_eq!(usize::from(ticker.sources), used.len());
            prop_assert_eq!(ticker.freshness.usable(), !used.is_empty());
            prop_assert_eq!(ticker.dispersion.is_some(), used.len() > 1);
            if let (Some(change), Some(percent)) = (ticker.change24h, ticker.change_percent24h) {
                let open = ticker.price - change;
                prop_assert!((change / open * 100.0 - percent).abs() < 1e-3, "{change} of {open} is not {percent} %");
            }
            if used.is_empty() {
                continue;
            }
            let again: f64 = used.iter().map(|v| v.weight * v.price.expect("a price")).sum();
            prop_assert!((again - ticker.price).abs() / ticker.price < 1e-6, "{again} is not {}", ticker.price);
            let lowest = used.iter().filter_map(|v| v.price).fold(f64::INFINITY, f64::min);
            let highest = used.iter().filter_map(|v| v.price).fold(0.0, f64::max);
            prop_assert!((lowest..=highest).contains(&ticker.price));
        }
    }

    /// Equal states of different venues may arrive in any order.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        prices in prop::collection::vec(90.0_f64..110.0, 3),
        order in Just(vec![0_u8, 1, 2]).prop_shuffle(),
    ) {
        let arrive = |order: &[u8]| {
            let mut market = Market::new();
            for venue in order {
                market.quote(*venue, prices[usize::from(*venue)], 0, 0, Origin::Stream);
            }
            market.ticker(0)
        };
        prop_assert_eq!(arrive(&order), arrive(&[0, 1, 2]));
    }
}
