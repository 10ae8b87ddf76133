//! The server: built, then run.

use std::{fmt::Display, future::IntoFuture, path::PathBuf, sync::Arc, time::Duration};

use axum::Router;
use prometheus_client::metrics::counter::Counter;
use tokio::{
    net::TcpListener,
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::{
    StartError,
    core::{Core, CoreSetup},
    data_dir::DataDir,
    news::NewsSide,
};
use crate::server::{
    clock::Clock,
    config::{Config, Feeds},
    http::{
        pages,
        router::api_router,
        stall::{GuardedListener, PeerAddr},
    },
    news::feeds::client::FeedClient,
    shutdown::GRACE,
    storage::Storage,
    venues::{dialer::TcpDialer, http_client::HttpClient},
};

/// A server that listens and whose tasks run, but that accepts nobody yet.
pub struct House {
    listener: TcpListener,
    router: Router,
    stall: Duration,
    stalled: Counter,
    tasks: TaskTracker,
    token: CancellationToken,
    /// Kept until the end: a temporary one is removed when this goes.
    _data_dir: Option<DataDir>,
}

impl House {
    /// Starts the core behind `listener`. Everything ends on `token`.
    ///
    /// # Errors
    /// What is missing on this machine: files, a writable folder, TLS.
    pub async fn build(
        mut config: Config,
        listener: TcpListener,
        simulated: bool,
        token: CancellationToken,
    ) -> Result<Self, StartError> {
        config.server.addr = listener.local_addr()?;
        let site_root = pages::find_site(config.server.site_root.as_deref())?;
        let options = pages::leptos_options(&site_root, config.server.addr)?;
        let data_dir = match config.news.feeds {
            Feeds::Off => None,
            Feeds::BuiltIn | Feeds::These(_) => Some(DataDir::choose(config.server.data_dir.as_deref(), simulated)?),
        };
        let news = match &data_dir {
            None => None,
            Some(folder) => Some(NewsSide {
                storage: open_storage(folder.path().to_owned()).await?,
                http: Arc::new(FeedClient::new(config.news.contact.as_deref()).map_err(setup)?),
            }),
        };
        let Core { services, tasks } = Core::start(CoreSetup {
            config,
            simulated,
            dialer: Arc::new(TcpDialer::new().map_err(setup)?),
            http: Arc::new(HttpClient::new().map_err(setup)?),
            news,
            clock: Clock::System,
            seed: rand::random(),
            token: token.clone(),
        })
        .await?;
        let stall = Duration::from_secs(services.config.limits.stall_s);
        let stalled = services.metrics.clients.stalled();
        let router = api_router(Arc::clone(&services)).merge(pages::router(&services, options));
        Ok(Self { listener, router, stall, stalled, tasks, token, _data_dir: data_dir })
    }

    /// Answers until the token is cancelled, then ends every stream and waits for the tasks, but not for ever.
    ///
    /// # Errors
    /// Where the listener breaks.
    pub async fn run(self) -> Result<(), StartError> {
        let addr = self.listener.local_addr()?;
        info!(url = %format!("http://{addr}"), version = env!("CARGO_PKG_VERSION"), "serving");
        let service = self.router.into_make_service_with_connect_info::<PeerAddr>();
        let asked_to_stop = self.token.clone().cancelled_owned();
        let listener = GuardedListener::new(self.listener, self.stall).counting(self.stalled);
        let serving = axum::serve(listener, service).with_graceful_shutdown(asked_to_stop).into_future();
        let served = tokio::select! {
            served = serving => served,
            () = async { self.token.cancelled().await; sleep(GRACE).await } => {
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

/// Opening may have to bring an older database up to date.
async fn open_storage(folder: PathBuf) -> Result<Storage, StartError> {
    let opened = spawn_blocking(move || Storage::open(&folder, Clock::System)).await;
    Ok(opened.map_err(setup)??)
}

fn setup(error: impl Display) -> StartError {
    StartError::Setup(error.to_string())
}
