//! The release binary as a process of its own.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Environment of a server.
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// One venue, played by this bench.
    pub fn only_binance(venue: SocketAddr) -> Self {
        Self(vec![
            ("MARKET_PULSE__VENUES__BINANCE__WS_URLS".into(), format!("ws://{venue}/stream")),
            ("MARKET_PULSE__VENUES__BINANCE__REST_URLS".into(), format!("http://{venue}")),
            ("MARKET_PULSE__VENUES__BYBIT__ENABLED".into(), "false".into()),
            ("MARKET_PULSE__VENUES__OKX__ENABLED".into(), "false".into()),
            ("MARKET_PULSE__MARKET__SYMBOLS".into(), super::venue::SYMBOLS.join(",")),
        ])
    }

    /// Three venues, played by the simulator in a process of its own.
    pub fn simulated(simulator: &Process) -> Self {
        let base = simulator.addr;
        let venue = |name: &str, ws: &str| {
            let upper = name.to_uppercase();
            [
                (format!("MARKET_PULSE__VENUES__{upper}__WS_URLS"), format!("ws://{base}/{name}{ws}")),
                (format!("MARKET_PULSE__VENUES__{upper}__REST_URLS"), format!("http://{base}/{name}")),
            ]
        };
        Self([venue("binance", "/stream"), venue("bybit", "/v5/public/spot"), venue("okx", "/ws/v5/public")].concat())
    }
}

impl Settings {
    /// With one more, such as `LIMITS__CONNECTIONS_TOTAL`.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((format!("MARKET_PULSE__{name}"), value.to_owned()));
        self
    }

    /// With these feeds, asked every second, and the database in `folder`.
    pub fn with_news(mut self, feeds: &str, folder: &Path) -> Self {
        let settings =
            [("NEWS__FEEDS", feeds), ("NEWS__INTERVAL_S", "1"), ("SERVER__DATA_DIR", &folder.to_string_lossy())];
        self.0.extend(settings.map(|(name, value)| (format!("MARKET_PULSE__{name}"), value.to_owned())));
        self
    }
}

/// A running binary; killed when dropped.
pub struct Process {
    child: Child,
    pub addr: SocketAddr,
}

impl Process {
    pub async fn serve(settings: &Settings) -> Self {
        let mut settings = Settings(settings.0.clone());
        // All readers come from one address here.
        settings.0.push(("MARKET_PULSE__LIMITS__CONNECTIONS_PER_ADDRESS".into(), "100000".into()));
        settings.0.push(("MARKET_PULSE__LIMITS__REQUESTS_PER_MINUTE".into(), "1000000".into()));
        if !settings.0.iter().any(|(name, _)| name == "MARKET_PULSE__NEWS__FEEDS") {
            settings.0.push(("MARKET_PULSE__NEWS__FEEDS".into(), "off".into()));
        }
        Self::start("serve", settings).await
    }

    pub async fn simulate() -> Self {
        Self::start("simulate", Settings(Vec::new())).await
    }

    async fn start(command: &str, settings: Settings) -> Self {
        let addr = free_address();
        let child = Command::new(env!("CARGO_BIN_EXE_market-pulse"))
            .args([command, "--addr", &addr.to_string()])
            .envs(settings.0)
            .env("RUST_LOG", "error")
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let process = Self { child, addr };
        while TcpStream::connect(addr).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        process
    }

    /// A token for publishing on servers that keep their data in this folder.
    pub fn token(folder: &Path) -> String {
        let made = Command::new(env!("CARGO_BIN_EXE_market-pulse"))
            .args(["token", "create", "--scope", "publish", "--label", "bench", "--data-dir"])
            .arg(folder)
            .output()
            .expect("the binary starts");
        String::from_utf8(made.stdout).expect("a token").trim().to_owned()
    }

    /// Waits until the server has prices.
    pub async fn ready(&self) {
        while !self.get("/ready").await.starts_with("HTTP/1.1 200") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until so many streams are open.
    pub async fn streams(&self, count: usize) {
        while !self.get("/health").await.contains(&format!("\"active_streams\":{count}")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The whole answer, head and body.
    pub async fn get(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(self.addr).await.expect("the server accepts");
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.expect("the server reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("the server answers");
        answer
    }

    /// Resident memory of the process, as Linux counts it.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
    }
}

impl Process {
    /// Processor time that the process has used, in hundredths of a second, as Linux counts it.
    pub fn cpu_ticks(&self) -> u32 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // The name in brackets may hold anything; user and system time are the 12th and 13th field after it.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        fields.filter_map(|field| field.parse::<u32>().ok()).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is left to do about a process that can't be killed.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A port that nobody listens on.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}
