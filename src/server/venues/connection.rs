//! One socket, from its opening to its end.

use std::{collections::BTreeSet, mem, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use rand::{SeedableRng as _, rngs::SmallRng};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    backoff::jittered,
    connector::{Session, SessionEvent},
    context::VenueContext,
    garbage::GarbageWatch,
    handshake::{WebSocket, open},
    outbox::Outbox,
    pace::Pace,
    signal::{DATA_SILENCE, End, Signal},
    silence::{FIRST_DATA, SilenceWatch},
};
use crate::{model::symbol::Symbol, server::demand::DemandWatch};

mod hearing;

/// How often time is looked at.
const TICK: Duration = Duration::from_millis(250);

/// Data that has flowed for this long proves a connection good.
pub(super) const STEADY_AFTER: Duration = Duration::from_secs(10);

/// A peer that takes no bytes for this long is dead.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// A polite end may take this long.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How far before its planned age a connection may be replaced, as a share of it: clients do not all come at once.
const CHANGE_OVER_JITTER: f64 = 0.003;

/// One connection to be made.
pub(super) struct Plan {
    pub(super) id: u64,
    pub(super) url: String,
    pub(super) seed: u64,
    /// Ends the connection, politely.
    pub(super) stop: CancellationToken,
    pub(super) signals: mpsc::Sender<(u64, Signal)>,
}

/// Opens the socket, serves it and returns why it ended. Every signal but [`Signal::Ended`] is sent from here.
pub(super) async fn run(context: Arc<VenueContext>, plan: Plan) -> End {
    let opened = tokio::select! {
        () = plan.stop.cancelled() => return End::Stopped,
        opened = open(&*context.dialer, &plan.url, context.connector) => opened,
    };
    match opened {
        Ok(socket) => Connection::new(context, plan, socket).serve().await,
        Err(error) => End::NotOpened(error),
    }
}

struct Connection {
    context: Arc<VenueContext>,
    plan: Plan,
    socket: WebSocket,
    session: Box<dyn Session>,
    outbox: Outbox,
    /// Of changes of what is subscribed.
    pace: Pace,
    /// Tells of them.
    demand: DemandWatch,
    /// What the venue was asked for on this connection, and is to deliver.
    asked: BTreeSet<Symbol>,
    garbage: GarbageWatch,
    silence: SilenceWatch,
    /// Kept for its capacity.
    heard: Vec<SessionEvent>,
    opened: Instant,
    first_data: Option<Instant>,
    last_data: Option<Instant>,
    steady: bool,
    leaving: bool,
    /// When the place of this connection has to be taken.
    change_over_at: Option<Instant>,
    ping_at: Option<Instant>,
}

impl Connection {
    fn new(context: Arc<VenueContext>, plan: Plan, socket: WebSocket) -> Self {
        let now = Instant::now();
        let mut rng = SmallRng::seed_from_u64(plan.seed);
        let change_over = context.rules.change_over.map(|age| jittered(age, CHANGE_OVER_JITTER, &mut rng));
        Self {
            session: context.connector.session(),
            outbox: Outbox::new(&context.rules),
            pace: Pace::new(context.rules.requests, now),
            demand: context.demand.clone(),
            asked: BTreeSet::new(),
            garbage: GarbageWatch::new(now),
            silence: SilenceWatch::default(),
            heard: Vec::new(),
            opened: now,
            first_data: None,
            last_data: None,
            steady: false,
            leaving: false,
            change_over_at: change_over.map(|age| now + age),
            ping_at: context.rules.ping.map(|every| now + every),
            context,
            plan,
            socket,
        }
    }

    async fn serve(mut self) -> End {
        match self.serve_until_end().await {
            Err(End::Stopped) | Ok(()) => {
                // Nobody waits for a peer that does not answer.
                let _ = timeout(CLOSE_TIMEOUT, self.socket.close(None)).await;
                End::Stopped
            }
            Err(end) => end,
        }
    }

    /// Every way out but a stop is an [`End`].
    async fn serve_until_end(&mut self) -> Result<(), End> {
        self.context.board.opened();
        self.signal(Signal::Open).await;
        self.keep_up(Instant::now());
        self.send().await?;
        let stop = self.plan.stop.clone();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                _ = tick.tick() => self.look_at_time().await?,
                message = self.socket.next() => self.hear(message).await?,
            }
        }
    }

    /// Subscribes what is wanted and was not asked for, and unsubscribes the rest. Returns the number of requests.
    fn keep_up(&mut self, now: Instant) -> usize {
        // First, so that what changes from here on is seen the next time.
        self.demand.mark_unchanged();
        let wanted = self.context.wanted();
        let fresh: Vec<Symbol> = wanted.iter().copied().filter(|symbol| !self.asked.contains(symbol)).collect();
        let asked = mem::replace(&mut self.asked, wanted.into_iter().collect());
        let gone: Vec<Symbol> = asked.difference(&self.asked).copied().collect();
        let mut requests = 0;
        if !gone.is_empty() {
            self.silence.left(&gone);
            self.context.board.left(&gone);
            requests += self.send_later(|session| session.unsubscribe(&gone));
        }
        if !fresh.is_empty() {
            self.silence.subscribed(&fresh, now);
            requests += self.request(&fresh);
        }
        requests
    }

    fn request(&mut self, symbols: &[Symbol]) -> usize {
        self.send_later(|session| session.subscribe(symbols))
    }

    fn send_later(&mut self, words: impl FnOnce(&mut dyn Session) -> Vec<String>) -> usize {
        let frames = words(&mut *self.session);
        let count = frames.len();
        for frame in frames {
            self.outbox.request(frame);
        }
        count
    }

    async fn signal(&mut self, signal: Signal) {
        // The supervisor outlives its connections, but for a shutdown, when nobody needs to know.
        let _ = self.plan.signals.send((self.plan.id, signal)).await;
    }

    /// Sends what the budget allows.
    async fn send(&mut self) -> Result<(), End> {
        while let Some(frame) = self.outbox.take(Instant::now()) {
            match timeout(SEND_TIMEOUT, self.socket.send(Message::text(frame))).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(self.lost(&error)),
                Err(_) => return Err(End::Stuck),
            }
        }
        Ok(())
    }

    async fn look_at_time(&mut self) -> Result<(), End> {
        let now = Instant::now();
        match self.last_data {
            None if now >= self.opened + FIRST_DATA => return Err(End::NeverDelivered),
            Some(at) if now >= at + DATA_SILENCE => return Err(End::FellSilent),
            _ => {}
        }
        if !self.steady && self.first_data.is_some_and(|at| now >= at + STEADY_AFTER) {
            self.steady = true;
            self.signal(Signal::Steady).await;
        }
        if self.change_over_at.is_some_and(|at| now >= at) {
            self.leave("its planned age is reached").await;
        }
        if let (Some(at), Some(every)) = (self.ping_at, self.context.rules.ping)
            && now >= at
        {
            self.ping_at = Some(now + every);
            if let Some(ping) = self.session.ping() {
                self.outbox.ping(ping);
            }
        }
        self.look_for_silence(now);
        self.change_subscriptions(now);
        self.send().await
    }

    fn look_for_silence(&mut self, now: Instant) {
        let fell = self.silence.look(now);
        for (symbol, acknowledged) in &fell {
            warn!(venue = %self.context.venue, %symbol, acknowledged, "silent: subscribed and nothing comes");
        }
        if !fell.is_empty() {
            self.context.board.silent(self.silence.silent());
        }
    }

    /// Does what there is to change since the last time, in as few requests as the venue's words allow. While earlier
    /// requests wait, or the pace forbids it, changes add up, and those that cancel each other out never leave.
    fn change_subscriptions(&mut self, now: Instant) {
        if !self.outbox.is_empty() || !self.pace.allows(now) {
            return;
        }
        let mut requests = 0;
        if self.demand.has_changed().unwrap_or(false) {
            requests += self.keep_up(now);
        }
        let retry = self.silence.retry(now);
        if !retry.is_empty() {
            requests += self.send_later(|session| session.unsubscribe(&retry));
            requests += self.request(&retry);
        }
        self.pace.spend(requests, now);
    }

    /// Asks for a successor, once.
    async fn leave(&mut self, why: &str) {
        self.change_over_at = None;
        if !mem::replace(&mut self.leaving, true) {
            info!(venue = %self.context.venue, why, "this connection ends soon");
            self.signal(Signal::GoingAway).await;
        }
    }
}
