//! The exchanges: what they say (connectors), how a connection to them lives (supervisor), and what is told of it
//! (board).
//!
//! ```text
//! dialer → handshake → connection ─ session (binance, bybit, okx) → market events
//!                         ↑ started, watched and replaced by the supervisor
//! http_client → rest → loader (first prices) · lister (what is listed) · candles
//! ```

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use rand::{RngCore as _, SeedableRng as _, rngs::SmallRng};
use tokio::{
    sync::{Notify, Semaphore, mpsc},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use self::{
    board::{BoardEntry, VenueBoard},
    connector::Connector,
    context::VenueContext,
    dialer::Dialer,
    event::{MarketEvent, VenueIndex},
    gate::Gate,
    http_client::Http,
    listings::Listings,
    registry::CONNECTORS,
    rest::Rest,
    rest_error::RestError,
    supervisor::Supervisor,
};
use super::{clock::Clock, config::VenueConfig, demand::DemandWatch};
use crate::model::{
    candle::{Candle, Interval},
    symbol::Symbol,
    venue::{Venue, VenueInfo},
};

mod backoff;
pub mod binance;
pub mod board;
mod budget;
pub mod bybit;
mod connection;
pub mod connector;
mod context;
pub mod dialer;
pub mod event;
mod field;
mod figures;
mod garbage;
mod gate;
mod handshake;
pub mod http_client;
mod listed;
mod lister;
pub mod listings;
mod loader;
mod message_kind;
mod meter;
pub mod okx;
mod outbox;
mod pace;
pub mod registry;
mod requests;
mod rest;
pub mod rest_error;
mod retry_after;
mod signal;
mod silence;
mod supervisor;

#[cfg(test)]
mod frames;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod tests;

/// A venue has this long to answer with candles, its alternatives included.
const CANDLES_TIMEOUT: Duration = Duration::from_secs(8);

/// Candle requests under way at once, over all venues. Others wait.
const CANDLE_REQUESTS: usize = 6;

/// What the venues need from the rest of the server.
pub struct VenuesSetup<'a> {
    pub configs: &'a [VenueConfig],
    /// What is followed at every venue.
    pub symbols: &'a [Symbol],
    /// What is followed beside them, at some.
    pub demand: DemandWatch,
    /// Where it is told what each venue lists; of as many venues as are enabled.
    pub listings: Arc<Listings>,
    pub dialer: Arc<dyn Dialer>,
    pub http: Arc<dyn Http>,
    pub clock: Clock,
    /// Of everything that is drawn by chance: the same seed makes the same waits.
    pub seed: u64,
    /// Where events go. A full channel holds back the socket that an event came from.
    pub events: mpsc::Sender<MarketEvent>,
    /// Ends every task.
    pub shutdown: CancellationToken,
    pub tasks: &'a TaskTracker,
}

/// The venues at work.
pub struct Venues {
    board: Arc<VenueBoard>,
    infos: Vec<VenueInfo>,
    rests: Vec<(Venue, Arc<Rest>)>,
    candle_requests: Semaphore,
}

/// The enabled venues with their settings, in the registry's order: the position is the [`VenueIndex`].
pub fn enabled(configs: &[VenueConfig]) -> Vec<(&'static dyn Connector, &VenueConfig)> {
    let config_of = |venue| configs.iter().find(|config| config.venue == venue && config.enabled);
    CONNECTORS.iter().filter_map(|connector| Some((*connector, config_of(connector.venue())?))).collect()
}

/// Starts what every enabled venue needs: a supervisor, which owns the connections, a loader of first prices, and a lister.
pub fn start(setup: VenuesSetup<'_>) -> Venues {
    let VenuesSetup { configs, symbols, demand, listings, dialer, http, clock, seed, events, shutdown, tasks } = setup;
    let enabled = enabled(configs);
    let board = VenueBoard::new(enabled.iter().map(|(connector, _)| connector.venue()), clock.now().mono);
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut rests = Vec::new();
    for (position, (connector, config)) in enabled.iter().enumerate() {
        let Ok(position) = u8::try_from(position) else { break };
        let (connector, index) = (*connector, VenueIndex(position));
        let context = Arc::new(VenueContext {
            index,
            venue: connector.venue(),
            connector,
            rules: connector.rules(),
            symbols: as_many_as_fit(connector, symbols),
            demand: demand.clone(),
            dialer: Arc::clone(&dialer),
            clock,
            events: events.clone(),
            board: BoardEntry::new(Arc::clone(&board), index),
            gate: Gate::new(index, clock, events.clone()),
        });
        let rest_urls = or_documented(&config.rest_urls, connector.rest_urls());
        let rest = Arc::new(Rest::new(connector, rest_urls, Arc::clone(&http), rng.next_u64()));
        let ws_urls = or_documented(&config.ws_urls, connector.ws_urls());
        info!(venue = %connector.venue(), symbols = context.symbols.len(), servers = ws_urls.len(), "venue starts");
        let reconnected = Arc::new(Notify::new());
        let wake = Arc::clone(&reconnected);
        let loader = loader::run(Arc::clone(&context), Arc::clone(&rest), wake, shutdown.clone(), rng.next_u64());
        tasks.spawn(loader);
        let (listings, seed) = (Arc::clone(&listings), rng.next_u64());
        tasks.spawn(lister::run(Arc::clone(&context), Arc::clone(&rest), listings, shutdown.clone(), seed));
        let supervisor =
            Supervisor::new(context, ws_urls, tasks.clone(), shutdown.clone(), reconnected, rng.next_u64());
        tasks.spawn(supervisor.run());
        rests.push((connector.venue(), rest));
    }
    let infos = enabled.iter().map(|(connector, _)| connector.info()).collect();
    Venues { board, infos, rests, candle_requests: Semaphore::new(CANDLE_REQUESTS) }
}

fn or_documented(configured: &[String], documented: &[&str]) -> Vec<String> {
    if configured.is_empty() { documented.iter().map(|&url| url.to_owned()).collect() } else { configured.to_vec() }
}

fn as_many_as_fit(connector: &dyn Connector, symbols: &[Symbol]) -> Vec<Symbol> {
    let limit = connector.rules().streams;
    if symbols.len() > limit {
        warn!(venue = %connector.venue(), limit, asked = symbols.len(), "more symbols than one connection takes");
    }
    symbols.iter().take(limit).copied().collect()
}

impl Venues {
    /// The state of the connections.
    pub const fn board(&self) -> &Arc<VenueBoard> {
        &self.board
    }

    /// How the enabled venues are shown, in the registry's order: by [`VenueIndex`].
    pub fn infos(&self) -> &[VenueInfo] {
        &self.infos
    }

    /// The newest candles of every venue, oldest first, asked of all at once. `limit` is at most
    /// [`connector::MAX_CANDLES`]. A venue that refuses the region or asked for quiet is not asked.
    pub async fn candles(
        &self,
        symbol: Symbol,
        interval: Interval,
        limit: u16,
    ) -> Vec<(Venue, Result<Vec<Candle>, RestError>)> {
        let ask = |(venue, rest): &(Venue, Arc<Rest>)| {
            let (venue, rest) = (*venue, Arc::clone(rest));
            async move {
                let work = async {
                    // Never closed, so the permit is always given.
                    let _permit = self.candle_requests.acquire().await;
                    rest.candles(symbol, interval, limit).await
                };
                (venue, timeout(CANDLES_TIMEOUT, work).await.unwrap_or(Err(RestError::Timeout)))
            }
        };
        stream::iter(self.rests.iter().map(ask)).buffered(self.rests.len().max(1)).collect().await
    }
}

impl fmt::Debug for Venues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Venues").field("infos", &self.infos).finish_non_exhaustive()
    }
}
