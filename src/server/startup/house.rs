//! The server: built, then run.

use std::{future::IntoFuture, path::Path, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::{StartError, adapters::VenueSide};
use crate::{
    model::{asset::AssetInfo, ticker::Ticker, venue::Venue},
    server::{
        clock::Clock,
        config::{Config, Feeds},
        http::{
            pages,
            router::api_router,
            stall::{GuardedListener, PeerAddr},
        },
        hub::Hub,
        market::{
            board::MarketBoard,
            candle_service::{CandleService, CandleSource},
            spark_loader::SparkLoader,
            task::{EVENT_CAPACITY, Inputs, MarketTask, SPARK_CAPACITY},
        },
        services::{Services, VenueReports},
        shutdown::GRACE,
        venues::{self, Venues, VenuesSetup, dialer::TcpDialer, http_client::HttpClient},
    },
    wire::page::SiteInfo,
};

/// A server that listens and whose tasks run, but that accepts nobody yet.
pub struct House {
    listener: TcpListener,
    router: Router,
    stall: Duration,
    tasks: TaskTracker,
    token: CancellationToken,
}

impl House {
    /// Starts the venues, the market and the hub. Everything ends on `token`.
    ///
    /// # Errors
    /// What is missing on this machine: files, a writable folder, TLS.
    pub fn build(
        mut config: Config,
        listener: TcpListener,
        simulated: bool,
        token: CancellationToken,
    ) -> Result<Self, StartError> {
        config.server.addr = listener.local_addr()?;
        let site_root = pages::find_site(config.server.site_root.as_deref())?;
        let options = pages::leptos_options(&site_root, config.server.addr)?;
        check_data_dir(config.server.data_dir.as_deref())?;
        if matches!(config.news.feeds, Feeds::These(_)) {
            warn!("news.feeds is set, but this version has no news");
        }

        let clock = Clock::System;
        let started = clock.now();
        let tasks = TaskTracker::new();
        let symbols = &config.market.symbols;
        let (events, event_inbox) = mpsc::channel(EVENT_CAPACITY);
        let (series, series_inbox) = mpsc::channel(SPARK_CAPACITY);
        let venues = Arc::new(venues::start(VenuesSetup {
            configs: &config.venues,
            symbols,
            dialer: Arc::new(TcpDialer::new().map_err(|error| StartError::Setup(error.to_string()))?),
            http: Arc::new(HttpClient::new().map_err(|error| StartError::Setup(error.to_string()))?),
            clock,
            seed: rand::random(),
            events,
            shutdown: token.clone(),
            tasks: &tasks,
        }));
        let side = Arc::new(VenueSide { venues: Arc::clone(&venues), clock });
        let source: Arc<dyn CandleSource> = Arc::clone(&side) as _;
        let reports: Arc<dyn VenueReports> = side;

        let heartbeat = Duration::from_secs(config.server.heartbeat_s);
        let hub = Arc::new(Hub::new(symbols, &config.limits, heartbeat, clock, token.clone()));
        tasks.spawn(Arc::clone(&hub).run());

        let board = Arc::new(MarketBoard::new(symbols));
        let reload = Arc::new(Notify::new());
        let keys: Vec<Venue> = venues.infos().iter().map(|info| info.venue).collect();
        let outlet = Arc::clone(&hub);
        let publish = move |ticker: &Arc<Ticker>| outlet.publish(ticker);
        let market = MarketTask::new(&config.market, &keys, Arc::clone(&board), clock, Arc::clone(&reload), publish);
        tasks.spawn(market.run(Inputs { events: event_inbox, sparks: series_inbox }, token.clone()));
        let sparks = SparkLoader::new(Arc::clone(&source), symbols, series, reload, clock);
        tasks.spawn(sparks.run(token.clone()));
        tasks.close();

        let site = site_info(&config, &venues, simulated);
        let services = Arc::new(Services {
            clock,
            site,
            candles: CandleService::new(source, Arc::clone(&board), clock),
            market: board,
            hub,
            started,
            venues: reports,
            config: Arc::new(config),
        });
        let stall = Duration::from_secs(services.config.limits.stall_s);
        let router = api_router(Arc::clone(&services)).merge(pages::router(&services, options));
        Ok(Self { listener, router, stall, tasks, token })
    }

    /// Answers until the token is cancelled, then ends every stream and waits for the tasks, but not for ever.
    ///
    /// # Errors
    /// Where the listener breaks.
    pub async fn run(self) -> Result<(), StartError> {
        let addr = self.listener.local_addr()?;
        info!(url = %format!("http://{addr}"), version = env!("CARGO_PKG_VERSION"), "serving");
        let service = self.router.into_make_service_with_connect_info::<PeerAddr>();
        let token = self.token.clone();
        let serving = axum::serve(GuardedListener::new(self.listener, self.stall), service)
            .with_graceful_shutdown(async move { token.cancelled().await })
            .into_future();
        let token = self.token.clone();
        let deadline = async move {
            token.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        let served = tokio::select! {
            served = serving => served,
            () = deadline => {
                warn!("some connections did not end in time and are cut off");
                Ok(())
            }
        };
        // A listener that broke ends the rest, too.
        self.token.cancel();
        if timeout(GRACE, self.tasks.wait()).await.is_err() {
            warn!(left = self.tasks.len(), "some tasks did not end in time");
        }
        info!("stopped");
        Ok(served?)
    }
}

fn site_info(config: &Config, venues: &Venues, simulated: bool) -> SiteInfo {
    SiteInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        simulated,
        strip: config.market.default_symbols.clone(),
        assets: config.market.symbols.iter().map(|symbol| AssetInfo::of(*symbol)).collect(),
        venues: venues.infos().to_vec(),
        outlier_pct: config.market.outlier_pct,
        outlier_return_pct: config.market.outlier_return_pct,
        quiet_after_s: config.market.quiet_after_s,
        stale_after_s: config.market.stale_after_s,
    }
}

/// A folder that is named must be usable, or the server would find out only when it needs it.
fn check_data_dir(path: Option<&Path>) -> Result<(), StartError> {
    let Some(path) = path else { return Ok(()) };
    let probe = path.join(".market-pulse-write-test");
    std::fs::create_dir_all(path)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| StartError::DataDir { path: path.to_owned(), error })
}
