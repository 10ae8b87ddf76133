//! Named channels of several nodes, of which nothing else is at work, with a real Redis.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use futures_util::StreamExt as _;
use tempfile::TempDir;

use super::*;
use crate::{
    model::time::UnixMs,
    server::{
        channels::{self, Channel, ChannelError, Channels, ChannelsSetup, builtin::BuiltIn, path::ChannelPath},
        config::LimitsConfig,
        event::{EventDraft, EventKind, Facets},
        hub::{
            ChannelForm, ChannelWish,
            log::{LogSetup, Since},
            stream::FrameStream,
        },
        metrics::Metrics,
    },
};

mod forgotten;
mod scripts;
mod sharing;
mod trouble;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const KEEP: Duration = Duration::from_hours(1);

/// A node of which only the channels are at work.
struct Member {
    hub: Arc<Hub>,
    channels: Arc<Channels>,
    storage: Storage,
    shared: Arc<Shared>,
    token: CancellationToken,
    tasks: TaskTracker,
}

impl Member {
    /// A node that works over a folder, of a name that no other has.
    async fn start(stage: &Stage, folder: &Path) -> Self {
        let member = Self::alone(folder).await;
        member.connect(stage).await;
        member
    }

    /// One that has yet to be connected.
    async fn alone(folder: &Path) -> Self {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let clock = Clock::System;
        let storage = opened(folder).await;
        let (token, tasks) = (CancellationToken::new(), TaskTracker::new());
        let limits = LimitsConfig { connections_per_address: 1000, ..LimitsConfig::default() };
        let log = LogSetup::in_memory(clock);
        let metrics = Metrics::default();
        let hub = Arc::new(Hub::new(&[], &limits, Duration::from_secs(30), clock, log, &metrics, token.clone()));
        let kept = channels::load(&storage, clock).await.unwrap();
        let (channels, press) = Channels::open(ChannelsSetup {
            hub: Arc::clone(&hub),
            storage: Some(storage.clone()),
            kept,
            clock,
            max_created: 20,
            max_bytes: 64 << 20,
            shared: true,
        });
        let shared = Shared::new(format!("node{}", STARTED.fetch_add(1, Ordering::Relaxed)));
        tasks.spawn(SharedChannels::new(Arc::clone(&shared), press, clock, KEEP).run(token.clone()));
        Self { hub, channels, storage, shared, token, tasks }
    }

    /// Says that it is there and listens, as long as the connection lasts. Redis may have ended in between.
    async fn connect(&self, stage: &Stage) {
        let (link, mut inbox) = stage.link_and_messages().await;
        let shared = Arc::clone(&self.shared);
        let node = shared.node.clone();
        let attending = link.clone();
        attend(&attending, &node, false, Place::default()).await;
        let token = self.token.clone();
        self.tasks.spawn(async move {
            loop {
                let attendance = Attendance { node: &node, wish: Wish::Follow, place: Place::default() };
                tokio::select! {
                    () = token.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_millis(300)) => {}
                }
                if attending.attend(attendance).await.is_err() {
                    return;
                }
            }
        });
        let (keys, listening, token) = (Arc::clone(&stage.keys), Arc::clone(&shared), self.token.clone());
        self.tasks.spawn(async move {
            loop {
                let heard = tokio::select! {
                    () = token.cancelled() => return,
                    heard = inbox.next(&keys) => heard,
                };
                match heard {
                    Ok(Some(Message::Channels)) => listening.published.notify_one(),
                    Ok(_) => {}
                    Err(error) => return listening.disconnected(error),
                }
            }
        });
        shared.connected(link);
    }

    /// Waits until something may be published.
    async fn opened(&self) {
        self.until("the nodes have met", |member| member.shared.are_channels_open()).await;
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        assert!(timeout(LIMIT, waiting).await.is_ok(), "never so: {what}");
    }

    fn training(&self) -> Arc<Channel> {
        Arc::clone(self.channels.built_in(BuiltIn::Training))
    }

    fn created(&self, path: &str) -> Option<Arc<Channel>> {
        self.channels.created(&at(path))
    }

    async fn create(&self, path: &str) -> Result<Arc<Channel>, ChannelError> {
        self.channels.create(at(path)).await
    }

    async fn publish(&self, channel: &Arc<Channel>, draft: EventDraft) -> Result<u64, ChannelError> {
        self.channels.publish(channel, draft, self.channels.room(None)).await
    }

    /// Publishes how far a training is.
    async fn train(&self, n: u64) -> Result<u64, ChannelError> {
        self.publish(&self.training(), progress(n)).await
    }

    fn read(&self, channel: &Channel, since: Since) -> Reading {
        let wish = ChannelWish { log: channel.log(), form: ChannelForm::Plain };
        Reading(self.hub.connect_channel(ADDRESS, wish, since).expect("room"))
    }

    fn count(&self, of: impl Fn(&RelayCounters) -> &AtomicU64) -> u64 {
        of(&self.shared.counters).load(Ordering::Relaxed)
    }

    /// Ends it, and waits until its folder is free.
    async fn stop(self) {
        self.token.cancel();
        self.tasks.close();
        timeout(LIMIT, self.tasks.wait()).await.expect("every task ends");
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

/// The database of a folder, as soon as nobody else has it.
async fn opened(folder: &Path) -> Storage {
    let opening = async {
        loop {
            match Storage::open(folder, Clock::System) {
                Ok(storage) => return storage,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    timeout(LIMIT, opening).await.expect("it is free")
}

/// Nodes that have met, and their folders.
async fn members<const N: usize>(stage: &Stage) -> [(Member, TempDir); N] {
    let mut members = Vec::new();
    for _ in 0..N {
        let folder = tempfile::tempdir().unwrap();
        members.push((Member::start(stage, folder.path()).await, folder));
    }
    for (member, _) in &members {
        member.opened().await;
    }
    members.try_into().ok().expect("as many")
}

/// Somebody who is there, and says nothing of channels.
async fn absent(stage: &Stage) -> tokio::task::JoinHandle<()> {
    let link = stage.link().await;
    attend(&link, "absent", false, Place::default()).await;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            attend(&link, "absent", false, Place::default()).await;
        }
    })
}

/// A stream, as lines.
struct Reading(FrameStream);

impl Reading {
    /// What comes next, but for comments and greetings: `id data`, or the name and data of what is no publication.
    async fn next(&mut self) -> String {
        let reading = async {
            loop {
                let frame = self.0.next().await.expect("the stream goes on");
                let text = std::str::from_utf8(&frame).expect("UTF-8");
                let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
                match (field("event: "), field("id: "), field("data: ")) {
                    (Some(name @ ("gap" | "stream_error")), _, Some(data)) => return format!("{name} {data}"),
                    (_, Some(id), Some(data)) => return format!("{id} {}", number(data)),
                    _ => {}
                }
            }
        };
        timeout(LIMIT, reading).await.expect("something is told")
    }

    async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            lines.push(self.next().await);
        }
        lines
    }
}

/// What a publication of these tests says.
fn number(data: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let data = json.get("data").unwrap_or(&json);
    data.get("n").unwrap_or(data).to_string()
}

fn at(path: &str) -> ChannelPath {
    ChannelPath::parse(path).expect("a path")
}

fn message(json: &str) -> EventDraft {
    EventDraft { kind: EventKind::Message, data: json.to_owned(), facets: Facets::default() }
}

fn progress(n: u64) -> EventDraft {
    let data = format!(r#"{{"task_id":"t","progress":1,"status":"running","n":{n}}}"#);
    EventDraft { kind: EventKind::TrainingProgress, data, facets: Facets::default() }
}

fn line(id: u64, n: u64) -> String {
    format!("{id} {n}")
}
