//! What a second node adds to a market: the processor time that each node needs, without readers and with them.
//!
//! Nodes on one machine share its cores, so how many clients two can serve is not counted here but reckoned: from how many
//! each could serve with one core of its own.

use std::{
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{
    client::{open_realtime, price_of, take_everything},
    process::{Process, Settings, free_address},
    venue::{SYMBOLS, ScriptedVenue},
};

const READERS: u32 = 500;
/// As one venue sends at most.
const ROUND_EVERY: Duration = Duration::from_millis(50);
const ROUNDS: u32 = 200;

pub async fn run() {
    let redis = Redis::start();
    let venue = ScriptedVenue::start().await;
    let folders = [tempfile::tempdir(), tempfile::tempdir()].map(|folder| folder.expect("a temporary folder"));
    let nodes = folders.each_ref().map(|folder| {
        let settings = Settings::only_binance(venue.addr()).with("REDIS__URL", &redis.url());
        settings.with("SERVER__DATA_DIR", &folder.path().to_string_lossy())
    });
    let [first, second] = &nodes;
    let mut price = 0;

    let first = Process::serve(first).await;
    venue.subscribed().await;
    for symbol in SYMBOLS {
        venue.send(symbol, 1);
    }
    first.ready().await;
    let alone = play(&venue, &mut price, [&first]).await;
    gather(first.addr);
    first.streams(READERS as usize).await;
    let leading = play(&venue, &mut price, [&first]).await;

    let second = Process::serve(second).await;
    second.ready().await;
    let idle = play(&venue, &mut price, [&first, &second]).await;
    gather(second.addr);
    second.streams(READERS as usize).await;
    let both = play(&venue, &mut price, [&first, &second]).await;

    let ([alone], [leading]) = (alone, leading);
    let ([beside, idle], [leads, follows]) = (idle, both);
    println!("nodes: {READERS} streams each, {} assets, {} rounds of prices a second", SYMBOLS.len(), 1000 / 50);
    println!("nodes, a leader: {alone:.1} % of one core without streams, {leading:.1} % with them");
    println!("nodes, a leader with a follower beside it: {beside:.1} % with streams, {leads:.1} % when both have them");
    println!("nodes, a follower: {idle:.1} % of one core without streams, {follows:.1} % with them");
    let of_leader = capacity(alone, leading);
    let of_follower = capacity(idle, follows);
    println!(
        "nodes, streams that one core could carry: {of_leader:.0} of a leader, {of_follower:.0} of a follower; a node added \
         makes {:.2} times as many",
        1.0 + of_follower / of_leader
    );
}

/// How many streams one core carries that needs so many percent without them, and with them.
fn capacity(without: f64, with: f64) -> f64 {
    (100.0 - without) / ((with - without) / f64::from(READERS))
}

/// Plays some seconds of prices. Returns what each node needed, in percent of one core.
async fn play<const N: usize>(venue: &ScriptedVenue, price: &mut u32, nodes: [&Process; N]) -> [f64; N] {
    // What is still under way from before is not counted.
    sleep(Duration::from_secs(1)).await;
    let used = nodes.map(Process::cpu_ticks);
    let start = Instant::now();
    let mut tick = interval(ROUND_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..ROUNDS {
        tick.tick().await;
        *price += 1;
        for symbol in SYMBOLS {
            venue.send(symbol, price_of(*price));
        }
    }
    let took = start.elapsed().as_secs_f64();
    let mut used = used.into_iter();
    nodes.map(|node| f64::from(node.cpu_ticks().saturating_sub(used.next().unwrap_or_default())) / took)
}

/// Readers of all assets, on a thread of their own, to the end of the bench.
fn gather(server: SocketAddr) {
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut readers = Vec::new();
            for _ in 0..READERS {
                readers.push(tokio::spawn(take_everything(open_realtime(server).await)));
            }
            for reader in readers {
                reader.await.expect("a reader that ends well");
            }
        });
    });
}

/// A Redis that keeps nothing; ends with this value.
struct Redis {
    child: Child,
    addr: SocketAddr,
}

impl Redis {
    fn start() -> Self {
        let addr = free_address();
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &addr.port().to_string(), "--save", "", "--loglevel", "warning"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed: `make setup` does it");
        while TcpStream::connect(addr).is_err() {
            thread::sleep(Duration::from_millis(20));
        }
        Self { child, addr }
    }

    fn url(&self) -> String {
        format!("redis://{}", self.addr)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Nothing is left to do about a process that can't be killed.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
