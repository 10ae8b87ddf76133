//! The server: built, then run.

use std::{fmt::Display, path::PathBuf, sync::Arc};

use axum::Router;
use tokio::{net::TcpListener, task::spawn_blocking};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::{
    StartError,
    core::{Core, CoreSetup},
    data_dir::DataDir,
};
use crate::server::{
    access::Tokens,
    clock::Clock,
    config::{Config, Feeds},
    http::{
        pages,
        router::site,
        serve::{Bounds, serve},
    },
    metrics::connections::ConnectionMetrics,
    news::feeds::client::{FeedClient, FeedHttp},
    shutdown::within_grace,
    storage::Storage,
    venues::{dialer::TcpDialer, http_client::HttpClient},
};

/// A server that listens and whose tasks run, but that accepts nobody yet.
pub struct House {
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    counts: ConnectionMetrics,
    tasks: TaskTracker,
    token: CancellationToken,
    /// Kept until the end: a temporary one is removed when this goes.
    _data_dir: DataDir,
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
        let data_dir = DataDir::choose(config.server.data_dir.as_deref(), simulated)?;
        let (storage, tokens) = open(data_dir.path().to_owned(), config.access.wrong_tokens_per_minute).await?;
        let news: Option<Arc<dyn FeedHttp>> = match config.news.feeds {
            Feeds::Off => None,
            Feeds::BuiltIn | Feeds::These(_) => {
                Some(Arc::new(FeedClient::new(config.news.contact.as_deref()).map_err(setup)?))
            }
        };
        let Core { services, tasks } = Core::start(CoreSetup {
            config,
            simulated,
            dialer: Arc::new(TcpDialer::new().map_err(setup)?),
            http: Arc::new(HttpClient::new().map_err(setup)?),
            storage: Some(storage),
            news,
            tokens: Arc::new(tokens),
            clock: Clock::System,
            seed: rand::random(),
            token: token.clone(),
        })
        .await?;
        let bounds = Bounds::from(&*services.config);
        let counts = services.metrics.connections.clone();
        let router = site(&services, options);
        Ok(Self { listener, router, bounds, counts, tasks, token, _data_dir: data_dir })
    }

    /// Answers until the token is cancelled, then ends every stream and waits for the tasks, but not for ever.
    ///
    /// # Errors
    /// Where the listener has no address any more.
    pub async fn run(self) -> Result<(), StartError> {
        let addr = self.listener.local_addr()?;
        info!(url = %format!("http://{addr}"), version = env!("CARGO_PKG_VERSION"), "serving");
        let asked_to_stop = self.token.clone();
        let ended = async {
            serve(self.listener, self.router, self.bounds, self.counts, self.token).await;
            self.tasks.wait().await;
        };
        if !within_grace(&asked_to_stop, ended).await {
            warn!(tasks = self.tasks.len(), "what did not end in time is cut off");
        }
        info!("stopped");
        Ok(())
    }
}

/// What the data folder holds. Opening may have to bring an older database up to date.
async fn open(folder: PathBuf, wrong_tokens_per_minute: u32) -> Result<(Storage, Tokens), StartError> {
    let opened = spawn_blocking(move || {
        let storage = Storage::open(&folder, Clock::System)?;
        Ok((storage, Tokens::open(&folder, Clock::System, wrong_tokens_per_minute)))
    });
    opened.await.map_err(setup)?
}

fn setup(error: impl Display) -> StartError {
    StartError::Setup(error.to_string())
}
