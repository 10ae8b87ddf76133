//! What one core does with a venue's frame: text to event, event to price, price to the bytes of the stream.

use std::{hint::black_box, net::Ipv4Addr, sync::Arc, time::Duration};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use market_pulse::{
    model::{symbol::Symbol, time::UnixMs, venue::Venue},
    server::{
        clock::Clock,
        config::{self, Config, layers::Layers},
        hub::{Hub, Wish, log::LogSetup},
        market::{
            state::{Change, MarketState},
            task::rules,
        },
        metrics::Metrics,
        startup::venue_defaults,
        venues::{
            connector::{Connector, Session, SessionEvent},
            event::{MarketEvent, Origin, VenueIndex},
            registry::CONNECTORS,
        },
    },
};
use tokio_util::sync::CancellationToken;

/// A moment shortly after the times that the frames carry.
const NOW: UnixMs = UnixMs(1_763_640_000_500);

/// One ticker of each asset from each venue, as the venues write them, with the position of its venue.
fn frames(symbols: &[Symbol]) -> Vec<(usize, String)> {
    let mut frames = Vec::new();
    for (n, symbol) in symbols.iter().enumerate() {
        let (upper, lower) = (symbol.pair(), symbol.pair().to_lowercase());
        let last = format!("{}.{:02}", 100 + n * 37, n);
        frames.push((0, format!(
            r#"{{"stream":"{lower}@ticker","data":{{"e":"24hrTicker","E":1763640000123,"s":"{upper}","p":"1.25000000","P":"1.250","w":"{last}0000","x":"{last}","c":"{last}000000","Q":"0.01300000","b":"{last}000000","B":"7.08000000","a":"{last}100000","A":"2.75034000","o":"99.87000000","h":"9901.55000000","l":"98.38510000","v":"20014.58200000","q":"283962578.15700000","O":1763553600123,"C":1763640000123,"F":64171,"L":64684,"n":514}}}}"#
        )));
        frames.push((1, format!(
            r#"{{"topic":"tickers.{upper}","ts":1763640000120,"type":"snapshot","cs":86170380697,"data":{{"symbol":"{upper}","lastPrice":"{last}","highPrice24h":"9900.1","lowPrice24h":"98.2","prevPrice24h":"99.7","volume24h":"8368.238","turnover24h":"35120051.8668082","price24hPcnt":"0.0125","usdIndexPrice":"{last}"}}}}"#
        )));
        frames.push((2, format!(
            r#"{{"arg":{{"channel":"tickers","instId":"{symbol}-USDT"}},"data":[{{"instType":"SPOT","instId":"{symbol}-USDT","last":"{last}","lastSz":"0.01299737","askPx":"{last}","askSz":"2.57408132","bidPx":"{last}","bidSz":"1.62542563","open24h":"99.5","high24h":"9902","low24h":"98.9","sodUtc0":"99.7","sodUtc8":"99.9","volCcy24h":"88746883.390342052","vol24h":"7715.62528481","ts":"1763640000119"}}]}}"#
        )));
    }
    frames
}

struct Setup {
    config: Config,
    venues: Vec<Venue>,
    sessions: Vec<Box<dyn Session>>,
    frames: Vec<(usize, String)>,
    clock: Clock,
}

fn setup() -> Setup {
    let config = config::load(&Layers::new(venue_defaults())).unwrap_or_else(|error| unreachable!("{error}"));
    let connectors: &[&dyn Connector] = CONNECTORS;
    let mut sessions: Vec<_> = connectors.iter().map(|connector| connector.session()).collect();
    for session in &mut sessions {
        session.subscribe(&config.market.symbols);
    }
    let frames = frames(&config.market.symbols);
    let venues = connectors.iter().map(|connector| connector.venue()).collect();
    Setup { config, venues, sessions, frames, clock: Clock::following(NOW) }
}

impl Setup {
    fn market(&self) -> MarketState {
        let mut market = MarketState::new(&self.config.market.symbols, &self.venues, rules(&self.config.market));
        for venue in (0..).take(self.venues.len()) {
            market.apply(&MarketEvent::Link { venue: VenueIndex(venue), up: true, at: self.clock.now() });
        }
        market
    }
}

/// Decodes every frame and hands its quote on. Every frame must be one quote, or the figures mean nothing.
fn decode_all(setup: &mut Setup, events: &mut Vec<SessionEvent>, mut take: impl FnMut(VenueIndex, &SessionEvent)) {
    for (venue, text) in &setup.frames {
        events.clear();
        let decoded = setup.sessions.get_mut(*venue).map(|session| session.decode(text, events));
        assert!(matches!((decoded, events.as_slice()), (Some(Ok(())), [SessionEvent::Quote(_)])), "{text}: {events:?}");
        for event in &*events {
            take(VenueIndex(u8::try_from(*venue).unwrap_or_default()), event);
        }
    }
}

fn decode(c: &mut Criterion) {
    let mut setup = setup();
    let mut events = Vec::new();
    let mut group = c.benchmark_group("frames");
    group.throughput(Throughput::Elements(setup.frames.len() as u64));
    group.bench_function("decode", |b| {
        b.iter(|| {
            decode_all(&mut setup, &mut events, |_, event| {
                black_box(event);
            });
        });
    });

    let mut market = setup.market();
    let clock = setup.clock;
    group.bench_function("decode and aggregate", |b| {
        b.iter(|| {
            // As the socket does: one look at the clocks for what came in together.
            let at = clock.now();
            decode_all(&mut setup, &mut events, |venue, event| {
                if let SessionEvent::Quote(quote) = event {
                    let event = MarketEvent::Quote { venue, quote: *quote, origin: Origin::Stream, at };
                    if let Change::Symbol(index) = market.apply(&event) {
                        black_box(market.aggregate(index, at.mono));
                    }
                }
            });
        });
    });
    group.finish();
}

fn publish(c: &mut Criterion) {
    let mut setup = setup();
    let mut market = setup.market();
    let at = setup.clock.now();
    let mut events = Vec::new();
    decode_all(&mut setup, &mut events, |venue, event| {
        if let SessionEvent::Quote(quote) = event {
            market.apply(&MarketEvent::Quote { venue, quote: *quote, origin: Origin::Stream, at });
        }
    });
    let tickers: Vec<_> =
        market.indices().collect::<Vec<_>>().into_iter().filter_map(|i| market.ticker(i, at.mono)).collect();
    let symbols = &setup.config.market.symbols;
    let mut group = c.benchmark_group("publish one ticker");
    for readers in [0_u16, 100, 1000] {
        let mut limits = setup.config.limits.clone();
        limits.connections_per_address = usize::from(readers) + 1;
        let log = LogSetup::in_memory(setup.clock);
        let hub = Hub::new(
            symbols,
            &limits,
            Duration::from_secs(30),
            setup.clock,
            log,
            &Metrics::default(),
            CancellationToken::new(),
        );
        let hub = Arc::new(hub);
        let wish = Wish { symbols: symbols.clone(), pace: Duration::ZERO };
        let streams: Vec<_> = (0..readers).filter_map(|_| hub.connect(Ipv4Addr::LOCALHOST, &wish).ok()).collect();
        assert_eq!(streams.len(), usize::from(readers));
        let mut next = tickers.iter().cycle();
        group.bench_function(format!("{readers} readers"), |b| {
            b.iter_batched(|| next.next(), |ticker| ticker.map(|ticker| hub.publish(ticker)), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, decode, publish);
criterion_main!(benches);
