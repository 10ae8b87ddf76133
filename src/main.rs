//! The command line: `serve`, `simulate`, `check-config`, `token`, `health`. Nothing else.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use market_pulse::server::{
    access::{Lifetime, Scope},
    simulator::news::NewsMode,
    startup::{self, StartError, token},
    telemetry::{self, LogFormat},
};

/// Live market prices from several exchanges: one price per asset that anyone can audit.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How log lines are written (to standard error).
    #[arg(long, global = true, value_enum, default_value_t)]
    log: LogFormat,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the pages and the streams.
    Serve(Serve),
    /// Play the exchanges and news feeds on this machine, with faults on demand. Prints its addresses as one JSON line.
    Simulate(Simulate),
    /// Print the effective configuration and where each setting comes from. Exit code 2 if something is wrong with it.
    CheckConfig(CheckConfig),
    /// Make, list and revoke the tokens that programs show. A running server heeds changes at once.
    #[command(subcommand)]
    Token(Token),
    /// Ask the server on this machine how it is. Exit code 1 if it serves nothing useful: for container health checks.
    Health(Health),
}

#[derive(Args)]
struct Serve {
    /// Address and port to listen on [default: 127.0.0.1:3000].
    #[arg(long)]
    addr: Option<String>,
    /// Use the built-in exchanges: no network needed, and every page says that the data is simulated.
    #[arg(long)]
    demo: bool,
    /// What the built-in news outlets do by themselves.
    #[arg(long, value_enum, default_value_t = NewsMode::Playing, requires = "demo")]
    outlets: NewsMode,
    /// A TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where news, events and tokens are kept [default: the platform's own place; a temporary one with --demo].
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Where the nodes of one market meet, such as `redis://127.0.0.1:6379/0`. A password is better given as
    /// `MARKET_PULSE__REDIS__URL`: others on the machine can read a command line.
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
}

#[derive(Args)]
struct Simulate {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    addr: SocketAddr,
    /// The same seed plays the same prices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The assets to play, such as BTC,ETH [default: those that are followed by default].
    #[arg(long, value_delimiter = ',', num_args = 1..)]
    symbols: Vec<String>,
    /// What the news outlets do by themselves.
    #[arg(long, value_enum, default_value_t = NewsMode::Playing)]
    outlets: NewsMode,
}

#[derive(Args)]
struct Health {
    /// The address that the server listens on [default: 127.0.0.1:3000].
    #[arg(long)]
    addr: Option<String>,
    /// The TOML file that the server was started with.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Args)]
struct CheckConfig {
    /// A TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print a commented example file instead.
    #[arg(long)]
    example: bool,
}

#[derive(Subcommand)]
enum Token {
    /// Make a token. It is printed once, alone on standard output, and can't be shown again.
    Create {
        /// What it allows: `publish` includes `read`, `admin` includes both.
        #[arg(long, value_enum)]
        scope: Scope,
        /// What it is for, 1 to 64 characters.
        #[arg(long, value_name = "TEXT")]
        label: String,
        /// How long it is good, such as 90s, 15m, 12h, 30d or 4w [default: until it is revoked].
        #[arg(long, value_name = "TIME")]
        expires: Option<Lifetime>,
        #[command(flatten)]
        place: Place,
    },
    /// List the tokens, without their secrets.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Take a token back.
    Revoke {
        /// As `token list` shows it.
        id: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args)]
struct Place {
    /// A TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The server's data folder [default: the platform's own place].
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl From<Place> for token::Place {
    fn from(Place { config, data_dir }: Place) -> Self {
        Self { config, data_dir }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start(cli.log);
    let result = match cli.command {
        Command::Serve(Serve { addr, demo, outlets, config, data_dir, redis }) => {
            let redis = redis.map(startup::Unshown);
            startup::serve(startup::ServeOptions { addr, demo, outlets, config, data_dir, redis })
        }
        Command::Simulate(Simulate { addr, seed, symbols, outlets }) => {
            startup::simulate(addr, seed, &symbols, outlets)
        }
        Command::CheckConfig(check) => startup::check_config(check.config.as_deref(), check.example),
        Command::Token(Token::Create { scope, label, expires, place }) => {
            token::create(place.into(), scope, &label, expires)
        }
        Command::Token(Token::List { json, place }) => token::list(place.into(), json),
        Command::Token(Token::Revoke { id, place }) => token::revoke(place.into(), &id),
        Command::Health(Health { addr, config }) => startup::probe::health(addr, config.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error, cli.log),
    }
}

/// One clear line, and exit code 2 for what the user can mend; 1 for a server that is not well.
#[expect(clippy::print_stderr, reason = "the command line speaks to its user")]
fn report(error: &StartError, log: LogFormat) -> ExitCode {
    match log {
        LogFormat::Text => eprintln!("market-pulse: {error}"),
        // Whoever reads JSON reads nothing else, and this line above all.
        LogFormat::Json => tracing::error!("{error}"),
    }
    ExitCode::from(if matches!(error, StartError::Unwell(_)) { 1 } else { 2 })
}
