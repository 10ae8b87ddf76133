//! One connection to Redis, and what is asked over it.
//!
//! Every question has a time limit. A question that fails ends the connection: whether a command was carried out whose
//! answer is missing can't be told from here, so everything starts again from what Redis says then.

use std::{error::Error, io, sync::Arc, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ErrorKind, RedisError,
    aio::{MultiplexedConnection, PubSubStream},
};
use tokio::time::timeout;

use super::{keys::Keys, scripts::Scripts};
use crate::{
    model::symbol::Symbol,
    server::{clock::millis, config::MAX_ON_DEMAND},
};

pub(super) mod channels;

/// How long a question may take.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// How long it may take until a connection is of use.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a lease lasts that is not renewed.
pub(super) const LEASE: Duration = Duration::from_secs(3);
/// How long after the first node came the others are thought to have come too.
const SETTLE: Duration = Duration::from_secs(3);
/// After how long a silent node is thought to be gone.
const ABSENT: Duration = Duration::from_secs(3);
/// How long a wish for a symbol lasts that is not repeated.
const WANTED: Duration = Duration::from_secs(10);
/// Greater ids are nobody's: scripts count in floating point.
pub(super) const MAX_ID: u64 = 1 << 53;
/// Editions that are kept at most. A usual one has a few kilobytes.
const MAX_EDITIONS: u64 = 10_000;

/// Why Redis is of no use now. For everybody's eyes: names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("Redis can't be reached")]
    Unreachable,
    #[error("Redis can't be reached by TLS: it does not speak it, or its certificate is not trusted here")]
    Untrusted,
    #[error("Redis does not answer")]
    Silent,
    #[error("Redis has closed the connection")]
    Closed,
    /// Messages come faster than they are taken.
    #[error("this node can't keep up with the leading one")]
    Behind,
    #[error("Redis refuses the password")]
    Refused,
    /// It can't do what it is asked: too old, out of memory, read-only, or still loading.
    #[error("Redis reports an error: {0}")]
    Trouble(String),
}

impl LinkError {
    /// Whether Redis has said that it did nothing of what it was asked.
    pub(super) fn is_refusal(&self) -> bool {
        const CODES: [&str; 6] = ["OOM", "READONLY", "LOADING", "MISCONF", "BUSY", "NOREPLICAS"];
        match self {
            Self::Unreachable | Self::Refused => true,
            Self::Trouble(code) => CODES.contains(&code.as_str()),
            Self::Silent | Self::Closed | Self::Untrusted | Self::Behind => false,
        }
    }

    /// Why there is no connection. The library knows only that something was wrong with it.
    fn unconnected(error: RedisError) -> Self {
        if !error.is_io_error() || error.is_timeout() || error.is_connection_dropped() {
            return error.into();
        }
        let cause = error.source().and_then(<dyn Error>::downcast_ref::<Arc<dyn Error + Send + Sync>>);
        match cause.and_then(|cause| cause.downcast_ref::<io::Error>()) {
            Some(error) if error.get_ref().is_none_or(|within| !within.is::<rustls::Error>()) => Self::Unreachable,
            // Of TLS itself, or of the certificates that this machine trusts.
            _ => Self::Untrusted,
        }
    }
}

impl From<RedisError> for LinkError {
    fn from(error: RedisError) -> Self {
        if error.kind() == ErrorKind::AuthenticationFailed || error.code() == Some("NOAUTH") {
            return Self::Refused;
        }
        if error.is_timeout() {
            return Self::Silent;
        }
        if error.is_connection_refusal() {
            return Self::Unreachable;
        }
        if error.is_connection_dropped() || error.is_io_error() {
            return Self::Closed;
        }
        // The first word of an error of Redis says what it is: OOM, LOADING, READONLY, NOSCRIPT.
        Self::Trouble(error.code().unwrap_or("not understood").to_owned())
    }
}

/// What a node says when it attends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attendance<'a> {
    pub(super) node: &'a str,
    pub(super) wish: Wish,
    /// What it has of the log.
    pub(super) place: Place,
}

/// Whether a node would lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// It can't store what it would tell.
    Follow = 0,
    /// Where nobody is there who fetches news.
    LeadPrices = 1,
    Lead = 2,
}

/// What a node has of the log. All zero where it keeps none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    /// Where the log started.
    pub(super) first: u64,
    /// Everything after this entry is still there.
    pub(super) after: u64,
    pub(super) last: u64,
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// The node that leads.
    pub(super) leader: Option<String>,
    /// The highest fence that was given out: that of the leader.
    pub(super) fence: u64,
    pub(super) log: Option<SharedLog>,
    /// Whether the log may be written.
    pub(super) open: bool,
}

/// The log that the nodes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SharedLog {
    pub(super) first: u64,
    pub(super) tip: u64,
}

/// An edition on its way into the shared log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Append<'a> {
    pub(super) fence: u64,
    /// A name of its own, so that it is appended once however often it is tried.
    pub(super) attempt: &'a str,
    /// The entry that it follows, and its last one.
    pub(super) after: u64,
    pub(super) last: u64,
    /// Empty where only feeds are told of.
    pub(super) edition: &'a str,
    /// Keys and records.
    pub(super) feeds: &'a [(String, String)],
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Appended {
    Kept,
    /// Another node leads.
    Fenced,
    /// Nobody writes yet: Redis was started anew, and the nodes give back what it has forgotten.
    Settling,
    /// The log ends elsewhere.
    Behind,
}

/// What the leader tells of prices in one go.
#[derive(Debug, Clone, Default)]
pub(super) struct Bulletin {
    /// The beginning of the message: JSON up to the tickers.
    pub(super) head: String,
    /// Symbols and JSON.
    pub(super) tickers: Vec<(String, String)>,
    pub(super) sparks: Vec<(String, String)>,
    /// Every symbol that is followed still, where that is said: others are forgotten.
    pub(super) followed: Vec<String>,
    /// Names and values of what is kept beside.
    pub(super) beat: Vec<(&'static str, String)>,
}

/// What the leader told last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// How long ago, in microseconds of Redis's clock.
    pub(super) age_us: u64,
    pub(super) fence: u64,
    pub(super) node: String,
    /// On the clock of that node.
    pub(super) at_ms: i64,
    /// JSON, where it was told.
    pub(super) venues: Option<String>,
    pub(super) feeds: Option<String>,
    pub(super) tickers: Vec<String>,
    pub(super) sparks: Vec<String>,
}

/// An edition of the shared log as Redis keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) edition: String,
}

/// A connection. Clones are the same one.
#[derive(Clone)]
pub(super) struct Link {
    connection: MultiplexedConnection,
    keys: Arc<Keys>,
    scripts: Arc<Scripts>,
    /// Of this Redis since it was started.
    run: Arc<str>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("run", &self.run).finish_non_exhaustive()
    }
}

impl Link {
    /// A connection, and the messages of the market's channels from here on.
    pub(super) async fn open(
        client: &Client,
        keys: Arc<Keys>,
        scripts: Arc<Scripts>,
    ) -> Result<(Self, PubSubStream), LinkError> {
        let opening = async {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECT_TIMEOUT))
                .set_response_timeout(Some(ANSWER_TIMEOUT));
            let connection = client.get_multiplexed_async_connection_with_config(&config).await;
            let mut connection = connection.map_err(LinkError::unconnected)?;
            let server: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
            let run = server.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::trim);
            let Some(run) = run.filter(|run| !run.is_empty() && !run.contains(' ')) else {
                return Err(LinkError::Trouble("INFO names no run_id".to_owned()));
            };
            let (mut wish, messages) = client.get_async_pubsub().await?.split();
            for channel in [&keys.prices, &keys.calls] {
                wish.subscribe(channel).await?;
            }
            Ok((Self { connection, run: run.into(), keys, scripts }, messages))
        };
        timeout(CONNECT_TIMEOUT, opening).await.unwrap_or(Err(LinkError::Silent))
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Whether both are the same connection.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.run, &other.run)
    }

    /// Says that a node is there, and hears how things stand.
    pub(super) async fn attend(&self, attendance: Attendance<'_>) -> Result<Standing, LinkError> {
        let Attendance { node, wish, place } = attendance;
        let keys = &self.keys;
        let (leader, fence, first, tip, open): (String, u64, u64, u64, bool) = self
            .scripts
            .attend
            .key(&keys.lease)
            .key(&keys.fence)
            .key(&keys.nodes)
            .key(&keys.log)
            .key(&keys.editions)
            .arg(node)
            .arg(millis(LEASE))
            .arg(wish as u8)
            .arg(place.first)
            .arg(place.after)
            .arg(place.last)
            .arg(&*self.run)
            .arg(micros(SETTLE))
            .arg(micros(ABSENT))
            .invoke_async(&mut self.connection.clone())
            .await?;
        Ok(Standing {
            leader: Some(leader).filter(|leader| !leader.is_empty()),
            fence,
            log: (first > 0).then_some(SharedLog { first, tip }),
            open,
        })
    }

    /// A node goes.
    pub(super) async fn release(&self, node: &str) -> Result<(), LinkError> {
        let keys = &self.keys;
        let release = &self.scripts.release;
        let mut connection = self.connection.clone();
        let mut release = release.key(&keys.lease);
        Ok(release.key(&keys.nodes).arg(node).arg(&keys.calls).invoke_async(&mut connection).await?)
    }

    /// Tells of prices. Returns whether the fence still holds.
    pub(super) async fn tell(&self, fence: u64, bulletin: &Bulletin) -> Result<bool, LinkError> {
        let keys = &self.keys;
        let mut script = self.scripts.tell.key(&keys.fence);
        script.key(&keys.latest).key(&keys.sparks).key(&keys.beat);
        script.arg(fence).arg(&keys.prices).arg(&bulletin.head);
        for told in [&bulletin.tickers, &bulletin.sparks] {
            script.arg(told.len());
            for (symbol, json) in told {
                script.arg(symbol).arg(json);
            }
        }
        script.arg(bulletin.followed.len()).arg(&bulletin.followed);
        for (name, value) in &bulletin.beat {
            script.arg(*name).arg(value);
        }
        Ok(script.invoke_async(&mut self.connection.clone()).await?)
    }

    /// What the leader told last of these symbols, or of all where none is named; `None` where none ever did.
    pub(super) async fn snapshot(&self, symbols: &[Symbol]) -> Result<Option<Snapshot>, LinkError> {
        type Told = (u64, [Option<String>; 6], Vec<String>, Vec<String>);
        let keys = &self.keys;
        let mut script = self.scripts.snapshot.key(&keys.latest);
        script.key(&keys.sparks).key(&keys.beat);
        for symbol in symbols {
            script.arg(symbol.as_str());
        }
        let told: Told = script.invoke_async(&mut self.connection.clone()).await?;
        let (now, [time, fence, node, at, venues, feeds], tickers, sparks) = told;
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
        let (Some(time), Some(fence), Some(node), Some(at)) = (number(time), number(fence), node, number(at)) else {
            return Ok(None);
        };
        let at_ms = i64::try_from(at).unwrap_or(i64::MAX);
        Ok(Some(Snapshot { age_us: now.saturating_sub(time), fence, node, at_ms, venues, feeds, tickers, sparks }))
    }

    /// Says what the readers of this node want beside the configured symbols. Returns what those of all nodes want.
    pub(super) async fn want(&self, symbols: &[Symbol]) -> Result<Vec<String>, LinkError> {
        let keys = &self.keys;
        let mut script = self.scripts.want.key(&keys.wanted);
        script.arg(millis(WANTED)).arg(MAX_ON_DEMAND).arg(&keys.calls);
        for symbol in symbols.iter().take(MAX_ON_DEMAND) {
            script.arg(symbol.as_str());
        }
        Ok(script.invoke_async(&mut self.connection.clone()).await?)
    }

    /// Appends an edition to the shared log.
    pub(super) async fn append(&self, append: Append<'_>) -> Result<Appended, LinkError> {
        let Append { fence, attempt, after, last, edition, feeds } = append;
        let keys = &self.keys;
        let mut script = self.scripts.append.key(&keys.fence);
        script.key(&keys.log).key(&keys.editions).key(&keys.feeds);
        script.arg(fence).arg(&*self.run).arg(attempt).arg(after).arg(last).arg(edition);
        script.arg(MAX_EDITIONS).arg(&keys.calls);
        for (key, record) in feeds {
            script.arg(key).arg(record);
        }
        let outcome: String = script.invoke_async(&mut self.connection.clone()).await?;
        match &*outcome {
            "kept" => Ok(Appended::Kept),
            "fenced" => Ok(Appended::Fenced),
            "settling" => Ok(Appended::Settling),
            "behind" => Ok(Appended::Behind),
            _ => Err(LinkError::Trouble("not understood".to_owned())),
        }
    }

    /// Gives an edition back that follows the end of the shared log. Returns whether it still did.
    pub(super) async fn restore(&self, log: SharedLog, last: u64, edition: &str) -> Result<bool, LinkError> {
        let keys = &self.keys;
        let mut script = self.scripts.restore.key(&keys.log);
        script.key(&keys.editions).arg(log.first).arg(log.tip).arg(last).arg(edition);
        script.arg(MAX_EDITIONS).arg(&keys.calls);
        Ok(script.invoke_async(&mut self.connection.clone()).await?)
    }

    /// Where the shared log starts and ends; `None` where there is none.
    pub(super) async fn log(&self) -> Result<Option<SharedLog>, LinkError> {
        let ends: [Option<u64>; 2] = redis::cmd("HMGET")
            .arg(&self.keys.log)
            .arg(&["first", "tip"])
            .query_async(&mut self.connection.clone())
            .await?;
        let [first, tip] = ends;
        let log = first.zip(tip).map(|(first, tip)| SharedLog { first, tip });
        if log.is_some_and(|log| log.first > log.tip || log.tip > MAX_ID) {
            return Err(LinkError::Trouble("a log that ends before it starts, or nowhere".to_owned()));
        }
        Ok(log)
    }

    /// Editions with ids after `after`, oldest first, at most `count`. `-` is the very beginning.
    pub(super) async fn editions(&self, after: &str, count: usize) -> Result<Vec<Kept>, LinkError> {
        let start = if after == "-" { after.to_owned() } else { format!("({after}") };
        let kept: Vec<(String, Vec<String>)> = redis::cmd("XRANGE")
            .arg(&self.keys.editions)
            .arg(start)
            .arg("+")
            .arg("COUNT")
            .arg(count)
            .query_async(&mut self.connection.clone())
            .await?;
        let edition = |(id, fields): (String, Vec<String>)| {
            let edition = fields.into_iter().nth(1).unwrap_or_default();
            Kept { id, edition }
        };
        Ok(kept.into_iter().map(edition).collect())
    }

    /// What is remembered of every feed, as JSON.
    pub(super) async fn feeds(&self) -> Result<Vec<String>, LinkError> {
        Ok(redis::cmd("HVALS").arg(&self.keys.feeds).query_async(&mut self.connection.clone()).await?)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
