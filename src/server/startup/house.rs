//! The server: built, then run.

use std::{future::IntoFuture, path::Path, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::{
    StartError,
    core::{Core, CoreSetup},
};
use crate::server::{
    clock::Clock,
    config::{Config, Feeds},
    http::{
        pages,
        router::api_router,
        stall::{GuardedListener, PeerAddr},
    },
    shutdown::GRACE,
    venues::{dialer::TcpDialer, http_client::HttpClient},
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
    /// Starts the core behind `listener`. Everything ends on `token`.
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
        let Core { services, tasks } = Core::start(CoreSetup {
            config,
            simulated,
            dialer: Arc::new(TcpDialer::new().map_err(|error| StartError::Setup(error.to_string()))?),
            http: Arc::new(HttpClient::new().map_err(|error| StartError::Setup(error.to_string()))?),
            clock: Clock::System,
            seed: rand::random(),
            token: token.clone(),
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
        let asked_to_stop = self.token.clone().cancelled_owned();
        let serving = axum::serve(GuardedListener::new(self.listener, self.stall), service)
            .with_graceful_shutdown(asked_to_stop)
            .into_future();
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

/// A folder that is named must be usable, or the server would find out only when it needs it.
fn check_data_dir(path: Option<&Path>) -> Result<(), StartError> {
    let Some(path) = path else { return Ok(()) };
    let probe = path.join(".market-pulse-write-test");
    std::fs::create_dir_all(path)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| StartError::DataDir { path: path.to_owned(), error })
}
