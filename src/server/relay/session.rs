//! The connection to Redis: made, used for as long as it lasts, and made again.

use std::{convert::Infallible, sync::Arc, time::Duration};

use rand::{Rng as _, SeedableRng as _, rngs::SmallRng};
use redis::Client;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    inbox::{Inbox, Message},
    keys::Keys,
    lease::RENEW_EVERY,
    link::{ANSWER_TIMEOUT, Attendance, LEASE, Link, LinkError, Wish},
    mirror::Mirror,
    outlet::{Around, Outlet},
    scripts::Scripts,
    shared::{Shared, count},
    wants::Wants,
};

/// How often a follower looks whether somebody leads.
const TRY_EVERY: Duration = Duration::from_millis(400);
/// How long it may take until another node leads where the leader dies.
const TAKEOVER: Duration = Duration::from_secs(5);
// Its lease runs out by itself, and somebody looks soon after.
const _: () = assert!(LEASE.as_millis() + TRY_EVERY.as_millis() + ANSWER_TIMEOUT.as_millis() < TAKEOVER.as_millis());
/// Between two attempts to connect: at first, and at most. Short, as many nodes wait for each other; half of each wait
/// is drawn by chance, so that they do not come all at once.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(200), Duration::from_millis(1500));
/// How long a node that goes takes to say so.
const GOODBYE: Duration = Duration::from_millis(500);

/// The task.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) keys: Arc<Keys>,
    pub(super) scripts: Arc<Scripts>,
    pub(super) shared: Arc<Shared>,
    pub(super) mirror: Arc<Mirror>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) around: Around,
    pub(super) wants: Wants,
    pub(super) fetches_news: bool,
    pub(super) seed: u64,
}

impl Session {
    /// Works until the token is cancelled; then gives the lease back.
    pub(super) async fn run(self, token: CancellationToken) {
        tokio::select! {
            () = token.cancelled() => {}
            never = self.work() => match never {},
        }
        if let Err(error) = self.release().await {
            warn!(%error, "this node's lease, if it has one, was not given back and runs out by itself");
        }
    }

    /// Gives the lease back over the connection of now, if there is one.
    pub(super) async fn release(&self) -> Result<(), LinkError> {
        let Some(link) = self.shared.link() else { return Ok(()) };
        timeout(GOODBYE, link.release(&self.shared.node)).await.unwrap_or(Err(LinkError::Silent))
    }

    async fn work(&self) -> Infallible {
        let mut rng = SmallRng::seed_from_u64(self.seed);
        let (first, most) = RECONNECT;
        let mut wait = first;
        loop {
            let opened = Link::open(&self.client, Arc::clone(&self.keys), Arc::clone(&self.scripts)).await;
            let error = match opened {
                Ok((link, messages)) => {
                    let begun = Instant::now();
                    let error = self.use_up(&link, Inbox::new(messages), &mut rng).await;
                    if begun.elapsed() > most {
                        wait = first;
                    }
                    error
                }
                Err(error) => error,
            };
            self.shared.disconnected(error);
            sleep(wait.mul_f64(rng.random_range(0.5..=1.0))).await;
            wait = (wait * 2).min(most);
        }
    }

    /// Works over one connection until it fails.
    async fn use_up(&self, link: &Link, mut inbox: Inbox, rng: &mut SmallRng) -> LinkError {
        // What was told before comes first; what is told meanwhile waits in the channel.
        match link.snapshot(&[]).await {
            Ok(Some(snapshot)) => self.mirror.take_snapshot(&snapshot, &self.shared),
            Ok(None) => {}
            Err(error) => return error,
        }
        self.shared.connected(link.clone());
        let ended = tokio::select! {
            ended = self.attend(link, rng) => ended,
            ended = self.listen(link, &mut inbox) => ended,
            ended = self.outlet.tell(&self.shared, &self.around, link) => ended,
            ended = self.wants.share(&self.shared, &self.mirror, link) => ended,
        };
        self.wants.let_go();
        let Err(error) = ended;
        error
    }

    /// Says again and again that this node is there.
    async fn attend(&self, link: &Link, rng: &mut SmallRng) -> Result<Infallible, LinkError> {
        loop {
            let asked = Instant::now();
            let wish = match (self.shared.is_stuck(), self.fetches_news) {
                (true, _) => Wish::Follow,
                (false, false) => Wish::LeadPrices,
                (false, true) => Wish::Lead,
            };
            let attendance = Attendance { node: &self.shared.node, wish, place: self.shared.place() };
            let standing = link.attend(attendance).await?;
            let leads = self.shared.stand(standing, asked);
            let wait = if leads { RENEW_EVERY } else { TRY_EVERY.mul_f64(rng.random_range(0.5..=1.0)) };
            tokio::select! {
                () = sleep(wait) => {}
                () = self.shared.vacant.notified() => {}
            }
        }
    }

    async fn listen(&self, link: &Link, inbox: &mut Inbox) -> Result<Infallible, LinkError> {
        loop {
            match inbox.next(link.keys()).await? {
                Some(Message::Prices(json)) => self.mirror.hear(&json, &self.shared),
                Some(Message::News) => self.shared.grew.notify_one(),
                Some(Message::Vacant) => self.shared.vacant.notify_one(),
                Some(Message::Wanted) => self.shared.wanted.notify_one(),
                Some(Message::Channels) => self.shared.published.notify_one(),
                None => count(&self.shared.counters.undecodable, 1),
            }
        }
    }
}
