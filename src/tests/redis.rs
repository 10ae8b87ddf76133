//! A real Redis of a test's own, which the test may stop, pause and start again.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long it may take until it answers.
const LIMIT: Duration = Duration::from_secs(20);

/// A Redis on a port of its own, that keeps nothing over its end unless it is asked to. Ends with this value.
pub struct RedisServer {
    process: Option<Child>,
    addr: SocketAddr,
    folder: TempDir,
    /// It writes everything down.
    lasting: bool,
}

impl RedisServer {
    pub fn start() -> Self {
        Self::new(false)
    }

    /// One that comes back with what it had.
    pub fn lasting() -> Self {
        Self::new(true)
    }

    fn new(lasting: bool) -> Self {
        let mut server = Self { process: None, addr: free_port(), folder: tempfile::tempdir().unwrap(), lasting };
        for attempt in 0.. {
            if server.try_run() {
                break;
            }
            // Somebody else may have taken the port.
            assert!(attempt < 5, "redis-server does not start");
            server.addr = free_port();
        }
        server
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.addr)
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it again on the same port.
    pub fn restart(&mut self) {
        self.kill();
        let begun = Instant::now();
        while !self.try_run() {
            assert!(begun.elapsed() < LIMIT, "redis-server does not start again");
        }
    }

    /// Has it write down what it has now: it comes back with that.
    pub fn save(&self) {
        assert!(asked(self.addr, "SAVE", "+OK"), "it writes everything down");
    }

    /// Runs a command that is answered by a line, as an operator would.
    pub fn command(&self, command: &str) {
        assert!(asked(self.addr, command, ""), "{command}");
    }

    /// It takes connections and answers nothing.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("it runs");
        let sent = Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Starts the process. Returns whether it answers.
    fn try_run(&mut self) -> bool {
        let port = self.addr.port().to_string();
        let mut process = Command::new(binary())
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"])
            .args(["--appendonly", if self.lasting { "yes" } else { "no" }, "--appendfsync", "always"])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server can be started");
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            if process.try_wait().unwrap().is_some() {
                return false;
            }
            if answers(self.addr) {
                self.process = Some(process);
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        process.kill().unwrap();
        process.wait().unwrap();
        false
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may be paused, or gone; either way nothing is left of it.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn answers(addr: SocketAddr) -> bool {
    asked(addr, "PING", "+PONG")
}

/// Whether a command is answered by a line that starts like this, and not by an error.
fn asked(addr: SocketAddr, command: &str, expected: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(&addr, Duration::from_millis(200)) else { return false };
    if stream.set_read_timeout(Some(LIMIT)).is_err() || write!(stream, "{command}\r\n").is_err() {
        return false;
    }
    let mut line = String::new();
    let answered = BufReader::new(stream).read_line(&mut line).is_ok_and(|length| length > 0);
    answered && line.starts_with(expected) && !line.starts_with('-')
}

/// On the path, or where the set-up puts it.
fn binary() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("end2end/tools/usr/bin/redis-server");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("redis-server"));
    on_path.chain([installed]).find(|file| file.is_file()).expect(
        "these tests need a redis-server: install the package `redis-server`, or run `make setup-servers`, which \
         unpacks one into end2end/tools",
    )
}
