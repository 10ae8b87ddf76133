//! The exchanges and the news, played on this machine and reached over the same sockets as the real ones.
//!
//! Binance, Bybit and OKX (spot) share one port, each under its own name, with the paths, frames, limits and refusals
//! that they document. Prices follow a seeded path that is the same for the same seed; what goes wrong is chosen
//! through [`control`]. Invented outlets report on that market in feeds of their own: [`news`].
//!
//! It shares no code with the connectors: it is their opposite number, so a shared mistake must not cancel out.

use std::{
    collections::VecDeque,
    future::IntoFuture,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, extract::State, routing::get, serve::ListenerExt};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    model::symbol::Symbol,
    server::clock::{Clock, Stamp},
};

use self::{
    exchange::Exchange,
    faults::{Fault, Faults},
    market::Market,
    news::{News, NewsMode, NewsUrls, events::Events},
    path::LEAF_MS,
    shocks::Shocks,
};

pub mod binance;
pub mod book;
pub mod bridge;
pub mod budget;
pub mod bybit;
pub mod client;
pub mod control;
pub mod decimal;
pub mod distortion;
pub mod exchange;
pub mod faults;
pub mod garbage;
pub mod gate;
pub mod listing;
pub mod market;
pub mod news;
pub mod noise;
pub mod okx;
pub mod path;
pub mod series;
pub mod shocks;
pub mod socket;
pub mod span;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

/// What is simulated.
#[derive(Debug, Clone)]
pub struct SimulatorSettings {
    /// The same seed gives the same prices at the same time.
    pub seed: u64,
    /// The assets that are listed on every exchange, quoted in USDT. Unknown ones get a plausible price. Beside them the
    /// exchanges list [`listing::ALSO_LISTED`], which no news is about.
    pub symbols: Vec<Symbol>,
    pub clock: Clock,
    pub news: NewsMode,
}

/// The three exchanges. Cheap to clone: all clones are the same exchanges.
#[derive(Debug, Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    seed: u64,
    market: Market,
    news: News,
    faults: Faults,
    gate: gate::Gate,
    binance: binance::Limits,
    bybit: bybit::Limits,
    okx: okx::Limits,
    /// The newest moment of the market, ms since the epoch.
    ticks: watch::Sender<i64>,
    /// Ends every socket.
    closing: CancellationToken,
    sockets: [AtomicUsize; 3],
    /// What the sockets of each exchange heard.
    heard: [Mutex<Heard>; 3],
    connections: AtomicU64,
}

impl Simulator {
    pub fn new(settings: SimulatorSettings) -> Self {
        let SimulatorSettings { seed, symbols, clock, news: mode } = settings;
        let events = Events::new(seed, &symbols);
        let mut market = Market::new(seed, symbols, &listing::also_listed(), clock);
        if mode == NewsMode::Playing {
            let shocks = Shocks::new(events.clone(), seed, market.now());
            market = market.moved_by(shocks);
        }
        Self {
            inner: Arc::new(Inner {
                seed,
                ticks: watch::Sender::new(market.now()),
                news: News::new(events, mode, &market),
                market,
                faults: Faults::default(),
                gate: gate::Gate::default(),
                binance: binance::Limits::default(),
                bybit: bybit::Limits::default(),
                okx: okx::Limits::default(),
                closing: CancellationToken::new(),
                sockets: Default::default(),
                heard: Default::default(),
                connections: AtomicU64::new(0),
            }),
        }
    }

    /// Everything over HTTP: `/binance…`, `/bybit…`, `/okx…`, `/news…`, `/control…`, and an overview at `/`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(overview))
            .merge(control::router())
            .merge(news::control::router())
            .merge(news::serve::router())
            .nest("/binance", binance::router())
            .nest("/bybit", bybit::router())
            .nest("/okx", okx::router())
            .with_state(self.clone())
    }

    /// Moves the market on, a quarter of a second at a time, until `shutdown`; then ends all sockets.
    ///
    /// Without it, REST answers but no socket hears of anything.
    pub async fn run(self, shutdown: CancellationToken) {
        let _close = self.inner.closing.clone().drop_guard();
        let step = || {
            let wall = self.inner.market.clock().wall().0;
            Duration::from_millis((LEAF_MS - wall.rem_euclid(LEAF_MS)).unsigned_abs())
        };
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(step()) => {
                    let now = self.inner.market.now();
                    // A clock that was set back must not repeat what was sent.
                    self.inner.ticks.send_if_modified(|last| {
                        let newer = now > *last;
                        *last = now.max(*last);
                        newer
                    });
                }
            }
        }
    }

    /// Where the exchanges are found behind `base`.
    pub fn urls(&self, base: SocketAddr) -> Urls {
        let venue = |exchange: Exchange, ws: &str, business: Option<&str>| VenueUrls {
            ws: format!("ws://{base}/{exchange}{ws}"),
            business_ws: business.map(|path| format!("ws://{base}/{exchange}{path}")),
            rest: format!("http://{base}/{exchange}"),
        };
        Urls {
            binance: venue(Exchange::Binance, "/stream", None),
            bybit: venue(Exchange::Bybit, "/v5/public/spot", None),
            okx: venue(Exchange::Okx, "/ws/v5/public", Some("/ws/v5/business")),
            control: format!("http://{base}/control"),
            news: NewsUrls {
                base: format!("http://{base}/news"),
                control: format!("http://{base}/control/news"),
                feeds: self.feeds(base),
            },
        }
    }

    fn seed(&self) -> u64 {
        self.inner.seed
    }

    fn market(&self) -> &Market {
        &self.inner.market
    }

    fn news(&self) -> &News {
        &self.inner.news
    }

    fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    fn gate(&self) -> &gate::Gate {
        &self.inner.gate
    }

    fn stamp(&self) -> Stamp {
        self.inner.market.clock().now()
    }

    fn ticks(&self) -> watch::Receiver<i64> {
        let mut ticks = self.inner.ticks.subscribe();
        ticks.mark_unchanged();
        ticks
    }

    fn closing(&self) -> CancellationToken {
        self.inner.closing.clone()
    }

    /// A number that no other connection of this simulator has.
    fn connection_number(&self) -> u64 {
        self.inner.connections.fetch_add(1, Ordering::Relaxed)
    }

    fn open_sockets(&self, exchange: Exchange) -> usize {
        self.socket_counter(exchange).load(Ordering::Relaxed)
    }

    /// Whether an exchange trades an asset at the moment.
    fn trades(&self, exchange: Exchange, symbol: Symbol) -> bool {
        self.market().lists(exchange, symbol) && !self.faults().has_for(exchange, Fault::Delist, Some(symbol))
    }

    /// A socket of the exchange was asked for this.
    fn hear(&self, exchange: Exchange, request: &str) {
        let mut heard = self.heard(exchange).lock();
        heard.count += 1;
        if heard.last.len() == REQUESTS_KEPT {
            heard.last.pop_front();
        }
        heard.last.push_back(request.chars().take(REQUEST_LENGTH).collect());
    }

    /// How many requests the sockets of the exchange heard, and the newest of them, oldest first.
    fn requests(&self, exchange: Exchange) -> (u64, Vec<String>) {
        let heard = self.heard(exchange).lock();
        (heard.count, heard.last.iter().cloned().collect())
    }

    fn heard(&self, exchange: Exchange) -> &Mutex<Heard> {
        let [binance, bybit, okx] = &self.inner.heard;
        match exchange {
            Exchange::Binance => binance,
            Exchange::Bybit => bybit,
            Exchange::Okx => okx,
        }
    }

    fn socket_counter(&self, exchange: Exchange) -> &AtomicUsize {
        let [binance, bybit, okx] = &self.inner.sockets;
        match exchange {
            Exchange::Binance => binance,
            Exchange::Bybit => bybit,
            Exchange::Okx => okx,
        }
    }

    /// Counts a socket as open until the value is dropped.
    fn count_socket(&self, exchange: Exchange) -> OpenSocket {
        self.socket_counter(exchange).fetch_add(1, Ordering::Relaxed);
        OpenSocket { simulator: self.clone(), exchange }
    }
}

/// Requests that are remembered of each exchange, and how much of each, in characters.
const REQUESTS_KEPT: usize = 100;
const REQUEST_LENGTH: usize = 8192;

/// What the sockets of an exchange heard.
#[derive(Debug, Default)]
struct Heard {
    count: u64,
    last: VecDeque<String>,
}

/// A socket that is counted.
struct OpenSocket {
    simulator: Simulator,
    exchange: Exchange,
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.simulator.socket_counter(self.exchange).fetch_sub(1, Ordering::Relaxed);
    }
}

/// The addresses of a simulator, in the form that the configuration wants them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Urls {
    pub binance: VenueUrls,
    pub bybit: VenueUrls,
    pub okx: VenueUrls,
    pub control: String,
    pub news: NewsUrls,
}

/// The addresses of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VenueUrls {
    /// WebSocket address, path included.
    pub ws: String,
    /// A second socket, for candles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_ws: Option<String>,
    /// REST origin and prefix. The documented paths follow.
    pub rest: String,
}

/// Serves the exchanges until `shutdown`, which ends every open socket too.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(listener: TcpListener, simulator: Simulator, shutdown: CancellationToken) -> io::Result<()> {
    // Frames are small and must not wait for the next one to fill a packet.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the simulator can't send small packets at once");
        }
    });
    let service = simulator.router().into_make_service_with_connect_info::<SocketAddr>();
    let engine = simulator.run(shutdown.clone());
    let server = axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned());
    let ((), ended) = tokio::join!(engine, server.into_future());
    ended
}

async fn overview(State(simulator): State<Simulator>) -> Json<Value> {
    Json(json!({
        "service": "market-pulse simulator",
        "simulated": true,
        "seed": simulator.seed(),
        "binance": ["/binance/ws", "/binance/ws/<stream>", "/binance/stream?streams=", "/binance/api/v3/…"],
        "bybit": ["/bybit/v5/public/spot", "/bybit/v5/market/…"],
        "okx": ["/okx/ws/v5/public", "/okx/ws/v5/business", "/okx/api/v5/…"],
        "control": ["GET /control", "POST /control/{venue}", "POST /control/{venue}/clear", "POST /control/{venue}/price",
            "GET /control/{venue}/requests"],
        "news": ["GET /news", "GET /control/news", "POST /control/news", "POST /control/news/{fault,clear,mode}"],
    }))
}
