//! The channels with a hub and a database, without HTTP.

mod publishing;
mod removing;
mod restart;

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    time::Duration,
};

use futures_util::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::server::{
    config::LimitsConfig,
    event::{EventKind, Facets},
    hub::{ChannelForm, ChannelWish, log::Since, stream::FrameStream},
    metrics::Metrics,
};

pub(super) const WALL: UnixMs = UnixMs(1_763_640_000_000);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The channels, at work.
pub(super) struct House {
    pub(super) hub: Arc<Hub>,
    pub(super) channels: Arc<Channels>,
    pub(super) storage: Option<Storage>,
    pub(super) token: CancellationToken,
}

impl House {
    pub(super) fn in_memory() -> Self {
        Self::of(None, Vec::new(), Clock::following(WALL), 1000, 64 << 20)
    }

    /// With a database in a folder, at a time.
    pub(super) async fn stored(folder: &Path, wall: UnixMs) -> Self {
        Self::sized(folder, wall, 64 << 20).await
    }

    /// With so many bytes on the disk.
    pub(super) async fn sized(folder: &Path, wall: UnixMs, max_bytes: u64) -> Self {
        let clock = Clock::following(wall);
        let storage = Storage::open(folder, clock).expect("a database");
        let kept = load(&storage, clock).await.expect("channels");
        Self::of(Some(storage), kept, clock, 1000, max_bytes)
    }

    pub(super) fn of(
        storage: Option<Storage>,
        kept: Vec<KeptChannel>,
        clock: Clock,
        max_created: usize,
        max_bytes: u64,
    ) -> Self {
        let limits = LimitsConfig { connections_per_address: 5000, connections_total: 5000, ..LimitsConfig::default() };
        let token = CancellationToken::new();
        let setup = LogSetup::in_memory(clock);
        let metrics = Metrics::default();
        let hub = Hub::new(&[], &limits, Duration::from_secs(30), clock, setup, &metrics, token.clone());
        let hub = Arc::new(hub);
        tokio::spawn(Arc::clone(&hub).run());
        let (hub_of, storage_of) = (Arc::clone(&hub), storage.clone());
        let setup =
            ChannelsSetup { hub: hub_of, storage: storage_of, kept, clock, max_created, max_bytes, shared: false };
        let (channels, press) = Channels::open(setup);
        tokio::spawn(press.run(token.clone()));
        Self { hub, channels, storage, token }
    }

    pub(super) async fn create(&self, path: &str) -> Result<Arc<Channel>, ChannelError> {
        self.channels.create(ChannelPath::parse(path).expect("a path")).await
    }

    pub(super) async fn remove(&self, path: &str) -> Result<(), ChannelError> {
        self.channels.remove(ChannelPath::parse(path).expect("a path")).await
    }

    pub(super) async fn publish(&self, channel: &Arc<Channel>, draft: EventDraft) -> Result<u64, ChannelError> {
        self.channels.publish(channel, draft, self.channels.room(None)).await
    }

    /// What is told on a channel since then.
    pub(super) fn open(&self, channel: &Channel, since: Since) -> FrameStream {
        let wish = ChannelWish { log: channel.log(), form: ChannelForm::Plain };
        self.hub.connect_channel(ADDRESS, wish, since).expect("room")
    }

    /// Ends everything, and waits until the database is free again.
    pub(super) async fn close(self) {
        self.token.cancel();
        let Self { hub, channels, storage, .. } = self;
        drop((hub, storage));
        let mut left = channels;
        loop {
            match Arc::try_unwrap(left) {
                Ok(channels) => return drop(channels),
                Err(held) => left = held,
            }
            tokio::task::yield_now().await;
        }
    }
}

pub(super) fn message(json: &str) -> EventDraft {
    EventDraft { kind: EventKind::Message, data: json.to_owned(), facets: Facets::default() }
}

pub(super) fn progress(task: &str, progress: u32) -> EventDraft {
    let data = format!(r#"{{"task_id":"{task}","progress":{progress},"status":"running"}}"#);
    EventDraft { kind: EventKind::TrainingProgress, data, facets: Facets::default() }
}

/// The frames that can be read without waiting, but for comments and what a stream starts with: `id data`, or the name
/// of what is no message.
pub(super) fn told(stream: &mut FrameStream) -> Vec<String> {
    std::iter::from_fn(|| stream.next().now_or_never().flatten()).filter_map(|frame| line(&frame)).collect()
}

/// The next one, waited for.
pub(super) async fn next(stream: &mut FrameStream) -> Option<String> {
    loop {
        let frame = stream.next().await?;
        if let Some(line) = line(&frame) {
            return Some(line);
        }
    }
}

fn line(frame: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(frame).expect("UTF-8");
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let data = field("data: ")?;
    Some(match (field("event: "), field("id: ")) {
        (None, Some(id)) => format!("{id} {data}"),
        (Some(name), _) => format!("{name} {data}"),
        (None, None) => panic!("a message without an id: {text}"),
    })
}
