//! A venue that a test plays by hand: in-memory connections, accepted, refused or left alone as the test likes.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _, future::BoxFuture};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::{Notify, mpsc, watch},
    time::{Instant, timeout},
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    board::{BoardEntry, VenueBoard},
    connector::{Connector, Rules},
    context::VenueContext,
    dialer::{Dialer, Socket},
    event::{MarketEvent, VenueIndex},
    gate::Gate,
    http_client::{Http, HttpAnswer},
    rest_error::RestError,
    supervisor::Supervisor,
};
use crate::{
    model::{symbol::Symbol, time::UnixMs},
    server::{
        clock::Clock,
        demand::{Demand, VenueSet},
    },
    wire::status::VenueStatus,
};

/// The wall clock when a test starts.
pub(super) const START: UnixMs = UnixMs(1_763_640_000_000);

pub(super) fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::parse(name).unwrap()).collect()
}

/// The venue's side of a dial.
pub(super) struct Arrival {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) at: Instant,
    stream: DuplexStream,
}

impl Arrival {
    /// Completes the upgrade.
    pub(super) async fn accept(self) -> Peer {
        Peer { socket: accept_async(self.stream).await.unwrap() }
    }

    /// Answers the upgrade with another status, such as `451 Unavailable For Legal Reasons`.
    pub(super) async fn refuse(mut self, status: &str) {
        let mut request = [0; 1024];
        let _ = self.stream.read(&mut request).await.unwrap();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        self.stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

/// The venue's side of an open WebSocket.
pub(super) struct Peer {
    pub(super) socket: WebSocketStream<DuplexStream>,
}

impl Peer {
    /// The next text that the client says; `None` when it is gone.
    pub(super) async fn hear(&mut self) -> Option<String> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Says something, if anybody still listens.
    pub(super) async fn say(&mut self, text: &str) -> bool {
        self.socket.send(Message::text(text)).await.is_ok()
    }

    /// Says this again and again, answering protocol frames in between, until the client is gone or `for_long` has
    /// passed. Returns what the client said meanwhile.
    pub(super) async fn repeat(&mut self, text: &str, every: Duration, for_long: Duration) -> Vec<String> {
        let mut heard = Vec::new();
        let mut tick = tokio::time::interval(every);
        let end = tokio::time::sleep(for_long);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return heard,
                _ = tick.tick() => if !self.say(text).await { return heard },
                said = self.hear() => match said {
                    Some(said) => heard.push(said),
                    None => return heard,
                },
            }
        }
    }
}

struct Wires(mpsc::Sender<Arrival>);

impl Dialer for Wires {
    fn dial<'a>(&'a self, host: &'a str, port: u16, tls: bool) -> BoxFuture<'a, io::Result<Box<dyn Socket>>> {
        Box::pin(async move {
            let (ours, theirs) = duplex(64 << 10);
            let arrival = Arrival { host: host.to_owned(), port, tls, at: Instant::now(), stream: theirs };
            self.0.send(arrival).await.map_err(io::Error::other)?;
            Ok(Box::new(ours) as Box<dyn Socket>)
        })
    }
}

/// A dialer whose every call arrives at the test.
pub(super) fn network() -> (Arc<dyn Dialer>, mpsc::Receiver<Arrival>) {
    let (sender, arrivals) = mpsc::channel(64);
    (Arc::new(Wires(sender)), arrivals)
}

/// A venue that follows BTC and is not connected: for what speaks to it over REST. Also what it tells the market.
pub(super) fn unconnected(connector: &'static dyn Connector) -> (Arc<VenueContext>, mpsc::Receiver<MarketEvent>) {
    let (events, market) = mpsc::channel(1024);
    let clock = Clock::following(START);
    let context = VenueContext {
        index: VenueIndex(0),
        venue: connector.venue(),
        connector,
        rules: connector.rules(),
        symbols: symbols(&["BTC"]),
        demand: watch::Sender::default().subscribe(),
        dialer: network().0,
        clock,
        events: events.clone(),
        board: BoardEntry::new(VenueBoard::new([connector.venue()], Instant::now()), VenueIndex(0)),
        gate: Gate::new(VenueIndex(0), clock, events),
    };
    (Arc::new(context), market)
}

/// One venue under its supervisor, without REST.
pub(super) struct Stage {
    pub(super) arrivals: mpsc::Receiver<Arrival>,
    pub(super) events: mpsc::Receiver<MarketEvent>,
    pub(super) reconnected: Arc<Notify>,
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: CancellationToken,
    pub(super) clock: Clock,
    demand: watch::Sender<Arc<Demand>>,
    board: Arc<VenueBoard>,
}

impl Stage {
    pub(super) fn new(connector: &'static dyn Connector, names: &[&str]) -> Self {
        Self::with_rules(connector, names, connector.rules(), 1)
    }

    pub(super) fn with_rules(connector: &'static dyn Connector, names: &[&str], rules: Rules, seed: u64) -> Self {
        let (dialer, arrivals) = network();
        let (sender, events) = mpsc::channel(1024);
        let clock = Clock::following(START);
        let board = VenueBoard::new([connector.venue()], Instant::now());
        let demand = watch::Sender::default();
        let context = Arc::new(VenueContext {
            index: VenueIndex(0),
            venue: connector.venue(),
            connector,
            rules,
            symbols: symbols(names),
            demand: demand.subscribe(),
            dialer,
            clock,
            events: sender.clone(),
            board: BoardEntry::new(Arc::clone(&board), VenueIndex(0)),
            gate: Gate::new(VenueIndex(0), clock, sender),
        });
        let (tasks, shutdown, reconnected) = (TaskTracker::new(), CancellationToken::new(), Arc::new(Notify::new()));
        let urls = connector.ws_urls().iter().map(|&url| url.to_owned()).collect();
        let notify = Arc::clone(&reconnected);
        tasks.spawn(Supervisor::new(context, urls, tasks.clone(), shutdown.clone(), notify, seed).run());
        Self { arrivals, events, reconnected, tasks, shutdown, clock, demand, board }
    }

    /// These are in demand from now on, and no others.
    pub(super) fn demand(&self, names: &[&str]) {
        let here = VenueSet::default().with(VenueIndex(0));
        self.demand.send_replace(Arc::new(symbols(names).into_iter().map(|symbol| (symbol, here)).collect()));
    }

    pub(super) fn status(&self) -> VenueStatus {
        self.board.snapshot(self.clock.now()).remove(0)
    }

    pub(super) fn unknown_messages(&self) -> u64 {
        let counts = self.board.counts().remove(0);
        counts.messages.iter().find(|(kind, _)| *kind == "other").unwrap().1
    }

    /// The next dial, within `limit`.
    pub(super) async fn arrival(&mut self, limit: Duration) -> Arrival {
        timeout(limit, self.arrivals.recv()).await.expect("an attempt in time").unwrap()
    }

    /// The next open connection that has subscribed, within `limit`; also what it said first.
    pub(super) async fn peer(&mut self, limit: Duration) -> (Peer, String) {
        let mut peer = self.arrival(limit).await.accept().await;
        let said = timeout(limit, peer.hear()).await.expect("a subscription in time").unwrap();
        (peer, said)
    }

    /// The ups and downs of the link among the events so far, and the number of quotes.
    pub(super) fn so_far(&mut self) -> (Vec<bool>, usize) {
        let (mut links, mut quotes) = (Vec::new(), 0);
        while let Ok(event) = self.events.try_recv() {
            match event {
                MarketEvent::Link { up, .. } => links.push(up),
                MarketEvent::Quote { .. } => quotes += 1,
                MarketEvent::BadQuote { .. } => {}
            }
        }
        (links, quotes)
    }

    /// Waits for the next change of the link, passing over quotes.
    pub(super) async fn link(&mut self, limit: Duration) -> bool {
        let next = async {
            loop {
                if let MarketEvent::Link { up, .. } = self.events.recv().await.unwrap() {
                    return up;
                }
            }
        };
        timeout(limit, next).await.expect("a change of the link in time")
    }
}

/// A Binance ticker of this symbol.
pub(super) fn binance_ticker(symbol: &str) -> String {
    let (pair, time) = (format!("{symbol}USDT"), START.0 + 5);
    format!(
        r#"{{"stream":"x","data":{{"e":"24hrTicker","E":{time},"s":"{pair}","c":"10","o":"9","h":"11","l":"8","v":"5","q":"50"}}}}"#
    )
}

/// Answers by the longest start of the URL that is known.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) answers: Mutex<HashMap<String, Result<HttpAnswer, RestError>>>,
    pub(super) asked: Mutex<Vec<(Instant, String)>>,
}

impl Shelf {
    pub(super) fn put(&self, url: &str, status: u16, body: &str) {
        let answer = HttpAnswer { status, retry_after: None, body: body.as_bytes().to_vec() };
        self.answers.lock().insert(url.to_owned(), Ok(answer));
    }

    pub(super) fn count(&self) -> usize {
        self.asked.lock().len()
    }
}

impl Http for Shelf {
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<HttpAnswer, RestError>> {
        self.asked.lock().push((Instant::now(), url.to_owned()));
        let answers = self.answers.lock();
        let known = answers.iter().filter(|(start, _)| url.starts_with(start.as_str()));
        let best = known.max_by_key(|(start, _)| start.len()).map(|(_, answer)| answer.clone());
        Box::pin(std::future::ready(best.unwrap_or(Err(RestError::Transport))))
    }
}
