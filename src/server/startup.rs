//! Puts the house together. Knows every room; no room knows it.

mod adapters;
pub mod core;
mod data_dir;
#[cfg(unix)]
mod files;
mod house;
mod news;
pub mod probe;
mod retention;
mod sides;
pub mod token;

use std::{
    fmt,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use thiserror::Error;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    access::AccessError,
    clock::Clock,
    config::{self, VenueDefaults, error::ConfigErrors, example, layers::Layers},
    http::{pages::NoSite, serve as door},
    shutdown,
    simulator::{self, Simulator, SimulatorSettings, news::NewsMode},
    storage::error::StorageError,
    venues::registry::CONNECTORS,
};
use crate::model::{
    asset::default_symbols,
    symbol::{Symbol, SymbolError},
};

pub use house::House;

/// Why a command could not start. Each is one clear line that names what to mend.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    #[error("can't listen on {addr}: {}", listen_reason(.error))]
    Listen { addr: SocketAddr, error: io::Error },
    #[error("can't write to the data folder {}: {error}", .path.display())]
    DataDir { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Site(#[from] NoSite),
    #[error("`{text}`: {error}")]
    Symbol { text: String, error: SymbolError },
    #[error(transparent)]
    Unwell(#[from] probe::Unwell),
    #[error("can't start: {0}")]
    Setup(String),
    #[error("stopped: {0}")]
    Run(#[from] io::Error),
}

fn listen_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is in use".to_owned(),
        io::ErrorKind::PermissionDenied => "no permission for this port".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => error.to_string(),
    }
}

/// What `serve` was given on the command line.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    pub addr: Option<String>,
    /// Use the built-in exchanges.
    pub demo: bool,
    /// What the built-in outlets do by themselves.
    pub outlets: NewsMode,
    pub config: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
    /// The address of a Redis.
    pub redis: Option<Unshown>,
}

/// A text that may hold a password.
#[derive(Clone)]
pub struct Unshown(pub String);

impl fmt::Debug for Unshown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The venues' documented addresses.
pub fn venue_defaults() -> Vec<VenueDefaults> {
    let owned = |urls: &[&str]| urls.iter().map(|&url| url.to_owned()).collect();
    CONNECTORS
        .iter()
        .map(|c| VenueDefaults { venue: c.venue(), ws_urls: owned(c.ws_urls()), rest_urls: owned(c.rest_urls()) })
        .collect()
}

fn layers(file: Option<&Path>) -> Layers {
    let layers = Layers::new(venue_defaults());
    let layers = match file {
        Some(path) => layers.file(path),
        None => layers,
    };
    let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
    layers.environment(std::env::vars_os().map(|(name, value)| (text(name), text(value))))
}

/// Prints the effective configuration, or a commented example.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check_config(file: Option<&Path>, print_example: bool) -> Result<(), StartError> {
    print(&if print_example { example::text(&venue_defaults()) } else { layers(file).effective()? })
}

/// Writes to standard output.
fn print(text: &str) -> Result<(), StartError> {
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever reads has seen enough: `check-config | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Serves until it is told to stop.
///
/// # Errors
/// What the user can mend: settings, the address, missing files.
pub fn serve(options: ServeOptions) -> Result<(), StartError> {
    let data_dir = options.data_dir.map(|folder| folder.to_string_lossy().into_owned());
    let layers = layers(options.config.as_deref())
        .flag("--addr", "server.addr", options.addr)
        .flag("--data-dir", "server.data_dir", data_dir)
        .flag("--redis", "redis.url", options.redis.map(|url| url.0));
    // Said before anything is started, and again with the demo's own addresses below.
    let config = config::load(&layers)?;
    #[cfg(unix)]
    files::make_room(&config.limits);
    let runtime = runtime()?;
    let served = runtime.block_on(async move {
        let token = CancellationToken::new();
        let _signals = tokio::spawn(shutdown::on_signal(token.clone()));
        let addr = config.server.addr;
        let listener = door::bind(addr).map_err(|error| StartError::Listen { addr, error })?;
        if !options.demo {
            return House::build(config, listener, false, token).await?.run().await;
        }
        let played = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let symbols = config.market.symbols.clone();
        let simulator =
            Simulator::new(SimulatorSettings { seed: DEMO_SEED, symbols, clock: Clock::System, news: options.outlets });
        let urls = simulator.urls(played.local_addr()?);
        print_line(&serde_json::json!({ "simulator": urls }))?;
        let feeds = urls.news.feeds.into_iter().map(Into::into).collect();
        let layers = layers.default_feeds("--demo", feeds).default("--demo", "news.interval_s", DEMO_INTERVAL_S);
        let played_venues = [("binance", urls.binance), ("bybit", urls.bybit), ("okx", urls.okx)];
        let layers = played_venues
            .into_iter()
            .fold(layers, |layers, (venue, urls)| layers.venue_urls("--demo", venue, &urls.ws, &urls.rest));
        let config = config::load(&layers)?;
        let playing = tokio::spawn(simulator::serve(played, simulator, token.child_token()));
        let served = House::build(config, listener, true, token.clone()).await?.run().await;
        token.cancel();
        if let Ok(played) = timeout(LAST, playing).await {
            played.map_err(io::Error::other)??;
        }
        served
    });
    // What a thread still waits for, such as the name of a host, is nothing to stay for.
    runtime.shutdown_timeout(LAST);
    served
}

/// For what is left when the server has stopped.
const LAST: Duration = Duration::from_millis(450);

/// The demo's outlets publish often, and ask nobody to wait.
const DEMO_INTERVAL_S: &str = "3";

/// The demo's prices are the same every time at the same time.
const DEMO_SEED: u64 = 1;

/// Plays the exchanges until it is told to stop. Prints the addresses as one JSON line.
///
/// # Errors
/// A bad symbol, or an address that can't be listened on.
pub fn simulate(addr: SocketAddr, seed: u64, symbols: &[String], outlets: NewsMode) -> Result<(), StartError> {
    let symbols = if symbols.is_empty() { default_symbols() } else { parse_symbols(symbols)? };
    runtime()?.block_on(async move {
        let token = CancellationToken::new();
        let _signals = tokio::spawn(shutdown::on_signal(token.clone()));
        let listener = listen(addr).await?;
        let simulator = Simulator::new(SimulatorSettings { seed, symbols, clock: Clock::System, news: outlets });
        print_line(&simulator.urls(listener.local_addr()?))?;
        Ok(simulator::serve(listener, simulator, token).await?)
    })
}

fn parse_symbols(texts: &[String]) -> Result<Vec<Symbol>, StartError> {
    let mut symbols = Vec::new();
    for text in texts {
        let symbol = Symbol::parse(text).map_err(|error| StartError::Symbol { text: text.clone(), error })?;
        if !symbols.contains(&symbol) {
            symbols.push(symbol);
        }
    }
    Ok(symbols)
}

fn runtime() -> Result<tokio::runtime::Runtime, StartError> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("market-pulse").build()?)
}

async fn listen(addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|error| StartError::Listen { addr, error })
}

/// For the program that started this one: one JSON line on standard output.
fn print_line(value: &impl serde::Serialize) -> Result<(), StartError> {
    let line = serde_json::to_string(value).map_err(|error| StartError::Setup(error.to_string()))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
