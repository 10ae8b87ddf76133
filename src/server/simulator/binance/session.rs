//! What Binance says on a socket.

use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::server::{
    clock::Stamp,
    simulator::{
        Simulator,
        exchange::Exchange,
        faults::Fault,
        path::{SECOND_MS, floor},
        socket::{Control, Outbox, Protocol},
    },
};

use super::stream::{self, Stream};

const PING_EVERY: Duration = Duration::from_secs(20);
const PONG_WITHIN: Duration = Duration::from_mins(1);
const LIFETIME: Duration = Duration::from_hours(24);
/// Between the notice of a shutdown and the close. Binance promises no time.
const NOTICE_LEAD: Duration = Duration::from_secs(10);
/// Incoming messages a second, pings and pongs included.
const MESSAGES_PER_SECOND: usize = 5;
pub const MAX_STREAMS: usize = 1024;
/// Levels of the book that changes are told of, and that REST shows.
pub const BOOK_DEPTH: usize = 100;
/// A socket that missed more than this is told of the newest trades only, in ms.
const LONGEST_CATCH_UP: i64 = 10 * SECOND_MS;

const METHODS: &str = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`";

/// A socket's state.
pub struct Session {
    pub(super) simulator: Simulator,
    /// Whether frames carry the name of their stream.
    pub(super) combined: bool,
    pub(super) micro: bool,
    /// Names as they were sent, in order, and what they mean.
    streams: Vec<(String, Option<Stream>)>,
    opened: Instant,
    next_ping: Instant,
    /// Pings that wait for their pong: when, and with what payload.
    unanswered: VecDeque<(Instant, String)>,
    close_at: Option<Instant>,
    recent: VecDeque<Instant>,
    last_tick: i64,
}

impl Session {
    pub fn new(simulator: Simulator, combined: bool, micro: bool) -> Self {
        let opened = Instant::now();
        let last_tick = simulator.market().now();
        Self {
            simulator,
            combined,
            micro,
            streams: Vec::new(),
            opened,
            next_ping: opened + PING_EVERY,
            unanswered: VecDeque::new(),
            close_at: None,
            recent: VecDeque::new(),
            last_tick,
        }
    }

    /// Subscribes to what the address named: names divided by `/`.
    pub fn subscribe_from_url(&mut self, names: &str) {
        for name in names.split('/').filter(|name| stream::is_well_formed(name) && name.contains('@')) {
            self.subscribe(name);
        }
    }

    /// Whether there was room.
    fn subscribe(&mut self, name: &str) -> bool {
        if self.streams.iter().any(|(known, _)| known == name) {
            return true;
        }
        if self.streams.len() >= MAX_STREAMS {
            return false;
        }
        self.streams.push((name.to_owned(), stream::parse(name)));
        true
    }

    /// Counts an incoming message. Closes and says `false` where it is one too many.
    fn admit(&mut self, now: Stamp, out: &mut Outbox) -> bool {
        let second = Duration::from_secs(1);
        while self.recent.front().is_some_and(|at| now.mono.duration_since(*at) >= second) {
            self.recent.pop_front();
        }
        self.recent.push_back(now.mono);
        let limited = self.simulator.faults().has(Exchange::Binance, Fault::RateLimit);
        if limited || self.recent.len() > MESSAGES_PER_SECOND {
            out.close(1008, "Too many requests");
            return false;
        }
        true
    }

    fn request(&mut self, request: &Value, out: &mut Outbox) {
        let id = request.get("id").cloned().unwrap_or(Value::Null);
        let fail = |out: &mut Outbox, code: i32, msg: &str| {
            out.answer(json!({ "error": { "code": code, "msg": msg }, "id": id }).to_string());
        };
        if !is_request_id(&id) {
            let msg = "Invalid request: request ID must be an integer, an alphanumeric string of at most 36 characters or null";
            out.answer(json!({ "error": { "code": 2, "msg": msg }, "id": null }).to_string());
            return;
        }
        let Some(method) = request.get("method").and_then(Value::as_str) else {
            return fail(out, 2, "Invalid request: missing field `method`");
        };
        let params = request.get("params");
        match method {
            "SUBSCRIBE" | "UNSUBSCRIBE" => {
                let names: Option<Vec<&str>> =
                    params.and_then(Value::as_array).and_then(|names| names.iter().map(Value::as_str).collect());
                let Some(names) = names else {
                    return fail(out, 2, "Invalid request: params must be an array of strings");
                };
                if !names.iter().all(|name| stream::is_well_formed(name)) {
                    fail(out, 2, "Invalid request: invalid stream");
                    return out.close(1008, "Invalid request");
                }
                if method == "UNSUBSCRIBE" {
                    self.streams.retain(|(known, _)| !names.contains(&known.as_str()));
                } else if !names.iter().all(|name| self.subscribe(name)) {
                    return fail(out, 4, "Too many subscriptions");
                }
                out.answer(json!({ "result": null, "id": id }).to_string());
            }
            "LIST_SUBSCRIPTIONS" => {
                let names: Vec<&String> = self.streams.iter().map(|(name, _)| name).collect();
                out.answer(json!({ "result": names, "id": id }).to_string());
            }
            "SET_PROPERTY" => {
                let property = params.and_then(Value::as_array).map(Vec::as_slice);
                match property {
                    Some([name, Value::Bool(on)]) if name == "combined" => {
                        self.combined = *on;
                        out.answer(json!({ "result": null, "id": id }).to_string());
                    }
                    _ => fail(out, 2, "Invalid request: unknown property"),
                }
            }
            "GET_PROPERTY" => match params.and_then(|params| params.get(0)).and_then(Value::as_str) {
                Some("combined") => out.answer(json!({ "result": self.combined, "id": id }).to_string()),
                _ => fail(out, 2, "Invalid request: unknown property"),
            },
            unknown => {
                fail(out, 2, &format!("Invalid request: unknown variant `{unknown}`, expected one of {METHODS}"));
            }
        }
    }
}

fn is_request_id(id: &Value) -> bool {
    match id {
        Value::Null => true,
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::String(text) => text.len() <= 36 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
        _ => false,
    }
}

impl Protocol for Session {
    fn exchange(&self) -> Exchange {
        Exchange::Binance
    }

    fn on_text(&mut self, text: &str, now: Stamp, out: &mut Outbox) {
        if !self.admit(now, out) {
            return;
        }
        match serde_json::from_str::<Value>(text) {
            Ok(request) if request.is_object() => {
                self.simulator.hear(Exchange::Binance, text);
                self.request(&request, out);
            }
            _ => out.close(1008, "Invalid request"),
        }
    }

    fn on_control(&mut self, frame: &Control, now: Stamp, out: &mut Outbox) {
        if !self.admit(now, out) {
            return;
        }
        match frame {
            // A pong that answers no ping is allowed, but proves nothing.
            Control::Pong(payload) => {
                if self.unanswered.iter().any(|(_, sent)| sent.as_bytes() == payload.as_ref()) {
                    self.unanswered.clear();
                }
            }
            Control::Ping => {}
            Control::Binary(_) => out.close(1008, "Invalid request"),
        }
    }

    fn on_tick(&mut self, time: i64, now: Stamp, out: &mut Outbox) {
        let from = self.last_tick.max(time - LONGEST_CATCH_UP);
        self.last_tick = time;
        if floor(from) >= time {
            return;
        }
        for (name, stream) in &self.streams {
            if let Some(stream) = stream {
                self.tell(name, stream, (from, time), now.wall.0, out);
            }
        }
    }

    fn deadline(&self) -> Instant {
        let pong = self.unanswered.front().map(|(sent, _)| *sent + PONG_WITHIN);
        let end = self.opened + LIFETIME;
        [pong, self.close_at].into_iter().flatten().fold(self.next_ping.min(end), Instant::min)
    }

    fn on_deadline(&mut self, now: Stamp, out: &mut Outbox) {
        if self.close_at.is_some_and(|at| at <= now.mono) || self.opened + LIFETIME <= now.mono {
            return out.close(1001, "Going away");
        }
        if self.unanswered.front().is_some_and(|(sent, _)| *sent + PONG_WITHIN <= now.mono) {
            return out.close(1008, "Pong timeout");
        }
        if self.next_ping <= now.mono {
            self.next_ping = now.mono + PING_EVERY;
            let payload = now.wall.0.to_string();
            out.ping(payload.clone());
            self.unanswered.push_back((now.mono, payload));
        }
    }

    fn on_shutdown_notice(&mut self, lead: Option<Duration>, now: Stamp, out: &mut Outbox) {
        let event = now.wall.0 * if self.micro { 1000 } else { 1 };
        let data = json!({ "e": "serverShutdown", "E": event });
        let frame = if self.combined { json!({ "stream": "!serverShutdown", "data": data }) } else { data };
        out.answer(frame.to_string());
        self.close_at = Some(now.mono + lead.unwrap_or(NOTICE_LEAD));
    }
}
