//! Named channels of a market of many nodes: published at any node, followed at any, under the same ids.
//!
//! Redis gives the places. What is published, created or removed at a node goes into one stream there, by a script that
//! counts and appends in one go, so no leader is needed. Every node takes the stream in, in order, this one too: it stores
//! what was told and then tells its own readers, so there is one way into each log. A publisher is answered when Redis has
//! it and this node has taken it in.
//!
//! | Redis keeps | of which a node knows |
//! |---|---|
//! | of each channel where its log started and where it ends | that a log with another start is another log |
//! | the newest entries of all channels in one stream, some thousands and some MiB | more: what its own settings keep |
//! | the names of removed channels | nothing: it forgets them |
//!
//! A node that comes, or that finds a Redis that was started anew, says which channels it has ([`following`]) and reads the
//! stream from its beginning: what it has already is passed over.
//!
//! | what is found | what is done |
//! |---|---|
//! | the shared log goes on after ours | what follows is stored and told |
//! | the beginning of that is not kept any more | ours goes on behind it; readers are told of the gap |
//! | it is another log, or says something else where ours ends | it takes the place of ours; readers are told so |
//! | a channel was removed or created | so it is here |
//! | it ends before ours: Redis has forgotten something | what is missing is given back |
//!
//! After a Redis was started anew nobody publishes before those who are there have given back what it has forgotten: no
//! id is given out twice. Until then, and while Redis is away, a publication is refused. To take it in at this node alone
//! would mean to give it an id that another node gives to something else, and readers that move would miss one of them; a
//! publisher that is told to come back misses nothing. Whether something was published whose answer was lost is not known,
//! and said to be so. Readers keep their streams and go on anywhere where they were, as far as the nodes have come.
//!
//! The dashboard is of each node, as each tells on it how it is itself. What programs publish on it goes through the same
//! stream and gets a place of its own at each node.

mod following;

use std::{sync::Arc, time::Duration};

use thiserror::Error;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use self::following::Followed;
use super::{
    link::{
        Link, LinkError,
        channels::{Bounds, Wanted, Written},
    },
    shared::{Shared, count},
};
use crate::{
    model::time::UnixMs,
    server::{
        channels::{
            Channel, ChannelError,
            builtin::BuiltIn,
            path::ChannelPath,
            press::{Order, Press, Publication, Reply, answer},
            room::Room,
        },
        clock::Clock,
        event::EventDraft,
        hub::log,
        storage::error::StorageError,
    },
};

/// How often the stream is looked at without a call.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two looks of which the first failed: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// Orders that go to Redis in one go, and the bytes with which they end.
const TOGETHER: (usize, usize) = (256, 1 << 20);

/// Why the channels can't be followed now.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
enum Trouble {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Worth another look.
    #[error("what Redis knows of the channels changes all the time")]
    Restless,
}

/// The task.
pub(super) struct SharedChannels {
    shared: Arc<Shared>,
    press: Press,
    clock: Clock,
    /// How long what was told is of use to a node that comes later.
    keep: Duration,
    /// `None` before the first look at a Redis.
    followed: Option<Followed>,
    /// Why the last look failed.
    trouble: Option<Trouble>,
    /// How long it is waited after that, and until when.
    wait: Duration,
    again: Instant,
    /// Where what was noted has its place here, by its place in the stream, as found by the last look.
    noted: Vec<(u64, u64)>,
    /// The last look.
    looked: Instant,
}

/// What somebody asked for.
enum Asked {
    Publish { channel: Arc<Channel>, draft: EventDraft, reply: Reply<u64>, _room: Room },
    Create { path: ChannelPath, first: u64, reply: Reply<Arc<Channel>> },
    Remove { path: ChannelPath, reply: Reply<()> },
}

impl SharedChannels {
    pub(super) fn new(shared: Arc<Shared>, press: Press, clock: Clock, keep: Duration) -> Self {
        let now = Instant::now();
        Self {
            shared,
            press,
            clock,
            keep,
            followed: None,
            trouble: None,
            wait: RETRY.0,
            again: now,
            noted: Vec::new(),
            looked: now,
        }
    }

    /// Works until the token is cancelled, and then does what was asked until then.
    pub(super) async fn run(mut self, token: CancellationToken) {
        let mut links = self.shared.links();
        loop {
            tokio::select! {
                biased;
                orders = self.press.orders(&token) => {
                    if orders.is_empty() {
                        return;
                    }
                    self.carry_out(orders).await;
                }
                () = self.shared.published.notified() => self.look().await,
                // The sender lives as long as this does.
                _ = links.changed() => {
                    self.again = Instant::now();
                    self.look().await;
                }
                () = sleep(LOOK_EVERY) => self.look().await,
            }
        }
    }

    /// Takes in what there is. What goes wrong is remembered, and said once. From then on it is waited longer and longer
    /// before the next look, however often somebody calls: to look again may be to read everything again.
    async fn look(&mut self) {
        if self.trouble.is_some() && Instant::now() < self.again {
            return;
        }
        let Some(link) = self.shared.link() else {
            self.shared.set_channels_open(false);
            self.trouble = None;
            return;
        };
        self.looked = Instant::now();
        self.noted.clear();
        let trouble = self.catch_up(&link).await.err();
        if trouble.is_some() {
            self.shared.set_channels_open(false);
            self.again = Instant::now() + self.wait;
            self.wait = (self.wait * 2).min(RETRY.1);
        } else {
            self.wait = RETRY.0;
        }
        if trouble != self.trouble {
            match &trouble {
                // The session says so, too.
                Some(Trouble::Link(error)) => debug!(%error, "the shared channels can't be read"),
                Some(trouble) => warn!(%trouble, "the shared channels can't be followed; trying again"),
                None => debug!("the shared channels are followed again"),
            }
        }
        self.trouble = trouble;
    }

    async fn carry_out(&mut self, orders: Vec<Order>) {
        if self.looked.elapsed() >= LOOK_EVERY {
            // However much is asked for.
            self.look().await;
        }
        let mut asked = Vec::new();
        let mut lookers = Vec::new();
        for order in orders {
            match order {
                Order::Publish(Publication { channel, reply, .. }) if channel.log().is_closed() => {
                    answer(reply, Err(ChannelError::Unknown));
                }
                Order::Publish(Publication { channel, draft, reply, room }) => {
                    asked.push(Asked::Publish { channel, draft, reply, _room: room });
                }
                Order::Create { path, reply } => {
                    let first = log::start(self.clock).max(self.press.floor());
                    asked.push(Asked::Create { path, first, reply });
                }
                Order::Remove { path, reply } => asked.push(Asked::Remove { path, reply }),
                Order::CatchUp { reply } => lookers.push(reply),
            }
        }
        let mut together: Vec<Asked> = Vec::new();
        let mut bytes = 0;
        for one in asked {
            if together.len() == TOGETHER.0 || (!together.is_empty() && bytes + one.bytes() > TOGETHER.1) {
                self.write(std::mem::take(&mut together)).await;
                bytes = 0;
            }
            bytes += one.bytes();
            together.push(one);
        }
        if !together.is_empty() {
            self.write(together).await;
        }
        if !lookers.is_empty() {
            self.look().await;
            for reply in lookers {
                answer(reply, Ok(()));
            }
        }
    }

    /// Has Redis do what was asked, takes that in, and answers.
    async fn write(&mut self, asked: Vec<Asked>) {
        let written = match self.send(&asked).await {
            Ok(written) => written,
            Err(error) => {
                count(&self.shared.counters.publications_refused, publications(&asked));
                for asked in asked {
                    asked.refuse(&error);
                }
                return;
            }
        };
        self.look().await;
        for (asked, written) in asked.into_iter().zip(written) {
            self.reply(asked, written);
        }
    }

    async fn send(&mut self, asked: &[Asked]) -> Result<Vec<Written>, ChannelError> {
        if let Some(Trouble::Storage(error)) = &self.trouble {
            return Err(ChannelError::Storage(error.clone()));
        }
        let link = self.shared.link().filter(|_| self.shared.are_channels_open()).ok_or(ChannelError::Away)?;
        let at = self.clock.wall();
        let wanted: Vec<Wanted<'_>> = asked.iter().map(|asked| asked.wanted(at)).collect();
        let bounds = Bounds::of(self.press.max_created(), self.keep);
        link.write(&wanted, bounds).await.map_err(|error| {
            debug!(%error, "Redis did not do what was asked of a channel, or did not say so");
            if error.is_refusal() { ChannelError::Away } else { ChannelError::Unconfirmed }
        })
    }

    /// After this node has looked at what it has written.
    fn reply(&self, asked: Asked, written: Written) {
        let number = match written {
            Written::Done(number) => number,
            Written::Settling => {
                count(&self.shared.counters.publications_refused, u64::from(matches!(asked, Asked::Publish { .. })));
                return asked.refuse(&ChannelError::Away);
            }
            Written::Unknown | Written::Moved => return asked.refuse(&ChannelError::Unknown),
            Written::Exists => return asked.refuse(&ChannelError::Exists),
            Written::Full => return asked.refuse(&ChannelError::TooMany),
        };
        // Redis has it, and other nodes take it from there. This one does so later where it can't store it now; where the
        // connection broke, Redis may have ended, too.
        let taken = !matches!(self.trouble, Some(Trouble::Link(_) | Trouble::Restless)) && self.shared.link().is_some();
        match asked {
            Asked::Publish { channel, reply, .. } => {
                count(&self.shared.counters.publications_shared, 1);
                let id = if is_shared(&channel) {
                    (taken || channel.log().tip() >= number).then_some(number)
                } else {
                    self.noted.iter().find(|(place, _)| *place == number).map(|(_, id)| *id)
                };
                answer(reply, id.ok_or(ChannelError::Unconfirmed));
            }
            Asked::Create { path, reply, .. } => {
                let channel = self.press.channels().created(&path);
                let channel = channel.filter(|channel| channel.log().first() == number);
                answer(reply, channel.ok_or(ChannelError::Unconfirmed));
            }
            Asked::Remove { reply, .. } => answer(reply, Ok(())),
        }
    }
}

/// Whether its places are those of all nodes.
fn is_shared(channel: &Channel) -> bool {
    channel.name() != BuiltIn::Dashboard.as_str()
}

fn publications(asked: &[Asked]) -> u64 {
    asked.iter().map(|asked| u64::from(matches!(asked, Asked::Publish { .. }))).sum()
}

impl Asked {
    fn bytes(&self) -> usize {
        match self {
            Self::Publish { draft, .. } => draft.data.len(),
            Self::Create { .. } | Self::Remove { .. } => 0,
        }
    }

    fn wanted(&self, at: UnixMs) -> Wanted<'_> {
        match self {
            Self::Publish { channel, draft, .. } if is_shared(channel) => {
                Wanted::Publish { name: channel.name(), first: channel.log().first(), at, draft }
            }
            Self::Publish { channel, draft, .. } => Wanted::Note { name: channel.name(), at, draft },
            Self::Create { path, first, .. } => Wanted::Create { name: path.as_str(), first: *first, at },
            Self::Remove { path, .. } => Wanted::Remove { name: path.as_str(), at },
        }
    }

    fn refuse(self, error: &ChannelError) {
        match self {
            Self::Publish { reply, .. } => answer(reply, Err(error.clone())),
            Self::Create { reply, .. } => answer(reply, Err(error.clone())),
            Self::Remove { reply, .. } => answer(reply, Err(error.clone())),
        }
    }
}
