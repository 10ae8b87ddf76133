//! The command line makes and takes back tokens while a server runs, as whoever runs one does it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(30);

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_market-pulse"));
    command.env("MARKET_PULSE__SERVER__DATA_DIR", folder).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn token(folder: &Path, args: &[&str]) -> Output {
    program(folder).arg("token").args(args).output().unwrap()
}

/// What a command printed that did what it was asked for.
fn printed(output: Output) -> (String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{out}{err}");
    (out, err)
}

/// A server with the built-in exchanges that lets nobody read without a token.
struct Served {
    child: Child,
    url: String,
    log: Arc<Mutex<String>>,
    reading: Option<JoinHandle<()>>,
}

impl Served {
    fn start(folder: &Path, site: &Path) -> Self {
        fs::create_dir_all(site.join("pkg")).unwrap();
        fs::write(site.join("pkg/market-pulse.js"), "").unwrap();
        let mut child = program(folder)
            .args(["serve", "--demo", "--addr", "127.0.0.1:0", "--log", "json"])
            .env("MARKET_PULSE__SERVER__SITE_ROOT", site)
            .env("MARKET_PULSE__ACCESS__READ", "token")
            .env("MARKET_PULSE__NEWS__FEEDS", "off")
            .env("RUST_LOG", "trace")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let (kept, (tell, told)) = (Arc::clone(&log), std::sync::mpsc::channel());
        let reading = thread::spawn(move || {
            for line in lines {
                let line = line.unwrap();
                let url =
                    serde_json::from_str::<Value>(&line).ok().and_then(|line| Some(line["url"].as_str()?.to_owned()));
                if let Some(url) = url.filter(|_| line.contains("\"serving\"")) {
                    tell.send(url).unwrap();
                }
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let url = told.recv_timeout(LIMIT).expect("it serves");
        Self { child, url, log, reading: Some(reading) }
    }

    /// Everything it logged, when it has ended.
    fn end(mut self) -> String {
        self.stop();
        self.log.lock().unwrap().clone()
    }

    fn stop(&mut self) {
        let _gone = self.child.kill();
        self.child.wait().unwrap();
        if let Some(reading) = self.reading.take() {
            reading.join().unwrap();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Status and body of one answer.
fn get(url: &str, token: Option<&str>) -> (u16, Value) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let header = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let mut socket = TcpStream::connect(host).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    write!(socket, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{header}\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[test]
fn tokens_are_made_and_taken_back_while_the_server_runs() {
    let (folder, site) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let folder = folder.path();
    let served = Served::start(folder, site.path());
    let symbols = format!("{}/symbols", served.url);
    assert_eq!(get(&format!("{}/live", served.url), None).0, 200);
    let (status, body) = get(&symbols, None);
    assert_eq!((status, &body["error"]["code"]), (401, &Value::from("unauthorized")));

    let health = get(&format!("{}/health", served.url), None).1;
    assert_eq!(health["dependencies"]["storage"]["status"], "ok", "what is stored is not news alone: {health}");

    let (out, err) = printed(token(folder, &["create", "--scope", "read", "--label", "my bot", "--expires", "30d"]));
    let shown = out.trim();
    let [_, id, secret] = shown.split('_').collect::<Vec<_>>()[..] else { panic!("{out}") };
    assert_eq!(out, format!("mp_{id}_{secret}\n"), "alone on standard output");
    assert!(err.contains(id) && err.contains("my bot") && !err.contains(secret), "{err}");
    assert_eq!(get(&symbols, Some(shown)).0, 200, "good at once");
    assert_eq!(get(&format!("{symbols}?token={shown}"), None).0, 200);

    // Rotation: the new one first, then the old one goes.
    let (out, _) = printed(token(folder, &["create", "--scope", "publish", "--label", "my bot, 2"]));
    let newer = out.trim();
    assert_eq!(get(&symbols, Some(newer)).0, 200);
    let (table, _) = printed(token(folder, &["list"]));
    let (json, _) = printed(token(folder, &["list", "--json"]));
    assert!(!table.contains(secret) && !json.contains(secret));
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.lines().next().is_some_and(|head| head.starts_with("ID        SCOPE    LABEL")), "{table}");
    let listed: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&listed[0]["id"], &listed[0]["scope"], &listed[0]["label"]),
        (&id.into(), &"read".into(), &"my bot".into())
    );
    assert_eq!((&listed[0]["state"], &listed[1]["expires"]), (&"active".into(), &Value::Null));
    let (out, err) = printed(token(folder, &["revoke", id]));
    assert!(out.is_empty() && err.contains(id), "{out}{err}");
    let start = Instant::now();
    while get(&symbols, Some(shown)).0 != 401 {
        assert!(start.elapsed() < LIMIT, "the revoked token is still good");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(get(&symbols, Some(newer)).0, 200);

    let log = served.end();
    assert!(log.contains("\"serving\"") && log.lines().count() > 20, "{log}");
    for shown in [shown, newer] {
        let secret = shown.rsplit('_').next().unwrap();
        assert!(!log.contains(secret), "{}", log.lines().find(|line| line.contains(secret)).unwrap());
    }
}

#[test]
fn what_the_user_can_mend_is_one_line_and_exit_code_2() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let create = |more: &[&'static str]| [&["create", "--scope", "read"], more].concat();
    for (args, expected) in [
        (create(&["--label", ""]), "market-pulse: a label is 1 to 64 printable characters\n"),
        (create(&["--label", "a\nb"]), "market-pulse: a label is 1 to 64 printable characters\n"),
        (
            create(&["--label", "a", "--config", "/nowhere.toml"]),
            "market-pulse: configuration: can't read /nowhere.toml: there is no such file\n",
        ),
        (
            vec!["revoke", "x"],
            "market-pulse: that is no id of a token; `market-pulse token list` shows those that are there\n",
        ),
        (
            vec!["revoke", "00000000"],
            "market-pulse: there is no token 00000000; `market-pulse token list` shows those that are there\n",
        ),
    ] {
        let output = token(here, &args);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected, "{args:?}");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{args:?}");
    }
    let output = token(here, &["revoke", "x", "--log", "json"]);
    let line: Value = serde_json::from_slice(&output.stderr).expect("one object, and nothing else");
    assert_eq!(line["level"], "ERROR", "{line}");
    assert!(line["message"].as_str().unwrap().starts_with("that is no id of a token; "), "{line}");
    for args in
        [create(&["--label", "a", "--expires", "soon"]), vec!["create", "--scope", "root", "--label", "a"], vec![]]
    {
        assert_eq!(token(here, &args).status.code(), Some(2), "{args:?}");
    }
    assert!(!here.join("tokens.json").exists(), "nothing was made");

    fs::write(here.join("tokens.json"), "{").unwrap();
    for args in [vec!["list"], create(&["--label", "a"]), vec!["revoke", "00000000"]] {
        let output = token(here, &args);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && text.contains("tokens.json is damaged"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }

    // A flag wins over the environment, and a folder that is not there yet is made.
    let named = here.join("of a flag");
    printed(token(here, &[&create(&["--label", "a"])[..], &["--data-dir", named.to_str().unwrap()]].concat()));
    assert!(named.join("tokens.json").is_file());
}
