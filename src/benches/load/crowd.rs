//! As many clients at once as one machine is asked to serve, with twenty assets at the full rate of three venues: how far
//! behind the market any of them is, and what each costs.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    sync::Semaphore,
    time::{MissedTickBehavior, interval},
};
use tokio_tungstenite::{client_async, tungstenite::Message};
use tokio_util::sync::CancellationToken;

use super::{
    client::{open_realtime, price_of, take_everything},
    percentile,
    process::{Process, Settings},
    report,
    venue::{SYMBOLS, ScriptedVenue},
};

const STREAMS: u32 = 10_000;
const SOCKETS: u32 = 1000;
const CLIENTS: u32 = STREAMS + SOCKETS;
/// What Binance, Bybit and OKX together send of an asset: 1, 20 and 10 tickers a second.
const ROUND_EVERY: Duration = Duration::from_millis(32);
const ROUNDS: u32 = 300;
/// One client of so many is timed. The others only read: who looks at every message measures himself.
const TIMED_EVERY: u32 = 100;
/// Clients that connect at the same time.
const CONNECTING: usize = 64;
/// How far behind a client may be.
const LATEST: Duration = Duration::from_millis(250);
/// What a client may cost, in KiB.
const MOST_MEMORY: f64 = 20.0;

/// When each round of prices was sent.
type Rounds = Arc<[OnceLock<Instant>]>;

pub async fn run() {
    let venue = ScriptedVenue::start().await;
    let settings = Settings::only_binance(venue.addr()).with("LIMITS__CONNECTIONS_TOTAL", "20000");
    let server = Process::serve(&settings).await;
    venue.subscribed().await;
    for symbol in SYMBOLS {
        venue.send(symbol, 1);
    }
    server.ready().await;
    let before = server.resident_kib();

    let rounds: Rounds = (0..ROUNDS).map(|_| OnceLock::new()).collect();
    let crowd = Crowd::gather(server.addr, Arc::clone(&rounds));
    server.streams(STREAMS as usize).await;
    let with_streams = server.resident_kib();
    crowd.sockets.cancel();
    server.streams(CLIENTS as usize).await;
    let with_sockets = server.resident_kib();

    let used = server.cpu_ticks();
    let start = Instant::now();
    let mut tick = interval(ROUND_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for (n, sent) in (0..).zip(rounds.iter()) {
        tick.tick().await;
        // Each is sent once.
        let _first = sent.set(Instant::now());
        for symbol in SYMBOLS {
            venue.send(symbol, price_of(n));
        }
    }
    let took = start.elapsed();
    let load = f64::from(server.cpu_ticks().saturating_sub(used)) / took.as_secs_f64();
    tokio::time::sleep(LATEST * 4).await;
    let busy = server.resident_kib();

    let mut followed = crowd.part();
    println!(
        "crowd: {STREAMS} streams and {SOCKETS} sockets of Socket.IO, {} assets, {:.0} rounds of prices a second",
        SYMBOLS.len(),
        f64::from(ROUNDS) / took.as_secs_f64()
    );
    followed.streams.tell("stream");
    followed.sockets.tell("Socket.IO");
    println!("crowd, processor time of the server: {load:.0} % of one core");
    let grown = [
        ("a stream, waiting", with_streams, before, STREAMS),
        ("a socket of Socket.IO, waiting", with_sockets, with_streams, SOCKETS),
        ("all, under load", busy, before, CLIENTS),
    ];
    for (of, now, before, clients) in grown {
        let each = kib(now.saturating_sub(before)) / f64::from(clients);
        let verdict = if each < MOST_MEMORY { "within" } else { "OVER" };
        println!("crowd, memory of one client, {of}: {each:.1} KiB ({verdict} {MOST_MEMORY} KiB)");
    }
}

fn kib(resident: u64) -> f64 {
    f64::from(u32::try_from(resident).unwrap_or(u32::MAX))
}

/// How far behind the timed clients of one kind were.
#[derive(Default)]
struct Delays {
    /// From each price that was sent until the client had it, or a newer one.
    behind: Vec<Duration>,
    /// Prices that never arrived, nor newer ones.
    missing: usize,
}

impl Delays {
    fn add(&mut self, one: Self) {
        self.behind.extend(one.behind);
        self.missing += one.missing;
    }

    fn tell(&mut self, kind: &str) {
        println!("crowd, {kind}: {} prices timed, {} did not arrive", self.behind.len(), self.missing);
        for (name, percent) in [("median", 50), ("p99", 99), ("worst", 100)] {
            let value = percentile(&mut self.behind, percent);
            report(&format!("crowd, {kind}, behind the market, {name}"), value, LATEST);
        }
    }
}

/// What the timed clients saw.
#[derive(Default)]
struct Followed {
    streams: Delays,
    sockets: Delays,
}

/// All clients, on a thread of their own: the venue must not wait for them.
struct Crowd {
    /// Lets the sockets come, too.
    sockets: CancellationToken,
    over: CancellationToken,
    followed: mpsc::Receiver<Followed>,
}

impl Crowd {
    fn gather(server: SocketAddr, rounds: Rounds) -> Self {
        let (tell, followed) = mpsc::channel();
        let (sockets, over) = (CancellationToken::new(), CancellationToken::new());
        let turn = sockets.clone();
        let client = Client { server, rounds, door: Arc::new(Semaphore::new(CONNECTING)), over: over.clone() };
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            // Nobody hears it where the bench has ended early.
            let _heard = tell.send(runtime.block_on(attend(client, turn)));
        });
        Self { sockets, over, followed }
    }

    /// Ends the timed clients, and returns what they saw.
    fn part(self) -> Followed {
        self.over.cancel();
        self.followed.recv().expect("the crowd counts")
    }
}

async fn attend(client: Client, sockets_turn: CancellationToken) -> Followed {
    let mut streams = Vec::new();
    for n in 0..STREAMS {
        if n % TIMED_EVERY == 0 {
            streams.push(tokio::spawn(client.clone().follow_stream()));
        } else {
            tokio::spawn(client.clone().read_stream());
        }
    }
    sockets_turn.cancelled().await;
    let mut sockets = Vec::new();
    for n in 0..SOCKETS {
        if n % TIMED_EVERY == 0 {
            let watch = Watch::new(&client.rounds);
            sockets.push(tokio::spawn(client.clone().follow_socket(Some(watch))));
        } else {
            tokio::spawn(client.clone().follow_socket(None));
        }
    }
    let mut followed = Followed::default();
    for task in streams {
        followed.streams.add(task.await.expect("a client that ends well"));
    }
    for task in sockets {
        followed.sockets.add(task.await.expect("a client that ends well"));
    }
    followed
}

/// What every client needs.
#[derive(Clone)]
struct Client {
    server: SocketAddr,
    rounds: Rounds,
    door: Arc<Semaphore>,
    over: CancellationToken,
}

impl Client {
    async fn open_stream(&self) -> TcpStream {
        let _turn = self.door.acquire().await.expect("the door stays");
        let socket = open_realtime(self.server).await;
        socket.readable().await.expect("an answer");
        socket
    }

    /// Takes what comes.
    async fn read_stream(self) {
        take_everything(self.open_stream().await).await;
    }

    async fn follow_stream(self) -> Delays {
        let mut watch = Watch::new(&self.rounds);
        let mut lines = BufReader::new(self.open_stream().await).lines();
        while let Some(Ok(Some(line))) = self.over.run_until_cancelled(lines.next_line()).await {
            watch.see(&line, Instant::now());
        }
        watch.end()
    }

    /// Follows all assets. One that is timed answers pings.
    async fn follow_socket(self, mut watch: Option<Watch>) -> Delays {
        let turn = self.door.acquire().await.expect("the door stays");
        let stream = TcpStream::connect(self.server).await.expect("the server accepts");
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", self.server);
        let (mut socket, _) = client_async(url, stream).await.expect("a socket");
        drop(turn);
        socket.send(Message::text("40")).await.expect("sent");
        while let Some(Some(Ok(message))) = self.over.run_until_cancelled(socket.next()).await {
            let (at, Message::Text(text)) = (Instant::now(), message) else { continue };
            if text.as_str() == "2" {
                socket.send(Message::text("3")).await.expect("sent");
            } else if text.starts_with("42[\"connected\"") {
                let symbols = SYMBOLS.join("\",\"");
                let subscribe = format!("42[\"subscribe\",{{\"symbols\":[\"{symbols}\"]}}]");
                socket.send(Message::text(subscribe)).await.expect("sent");
                if watch.is_none() {
                    // It answers no ping, and is let stay for three quarters of a minute: longer than this lasts.
                    take_everything(socket.into_inner()).await;
                    break;
                }
            } else if let Some(watch) = &mut watch {
                watch.see(&text, at);
            }
        }
        watch.map(Watch::end).unwrap_or_default()
    }
}

/// Notes when one client had each round of prices.
struct Watch {
    rounds: Rounds,
    /// The first round of each asset that neither it nor a newer one has arrived of.
    next: [usize; SYMBOLS.len()],
    delays: Delays,
}

impl Watch {
    fn new(rounds: &Rounds) -> Self {
        Self { rounds: Arc::clone(rounds), next: [0; SYMBOLS.len()], delays: Delays::default() }
    }

    fn see(&mut self, text: &str, at: Instant) {
        let Some((symbol, round)) = price_in(text) else { return };
        let Some(next) = self.next.get_mut(symbol) else { return };
        if round < *next {
            return;
        }
        let reached = self.rounds.get(*next..=round).unwrap_or_default();
        self.delays
            .behind
            .extend(reached.iter().filter_map(OnceLock::get).map(|sent| at.saturating_duration_since(*sent)));
        *next = round + 1;
    }

    fn end(mut self) -> Delays {
        self.delays.missing = self.next.iter().map(|next| self.rounds.len() - next).sum();
        self.delays
    }
}

/// Which asset a message has a price of, and of which round.
fn price_in(text: &str) -> Option<(usize, usize)> {
    let (_, rest) = text.split_once("\"symbol\":\"")?;
    let (symbol, rest) = rest.split_once('"')?;
    let symbol = symbol.strip_suffix("USDT").unwrap_or(symbol);
    let (_, rest) = rest.split_once("\"price\":")?;
    let price: u32 = rest.split(['.', ',', '}']).next()?.parse().ok()?;
    let round = usize::try_from(price.checked_sub(price_of(0))?).ok()?;
    Some((SYMBOLS.iter().position(|known| *known == symbol)?, round))
}
