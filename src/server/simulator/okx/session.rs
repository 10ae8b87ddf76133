//! What OKX says on a socket.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::server::{
    clock::Stamp,
    simulator::{
        Simulator,
        exchange::Exchange,
        faults::Fault,
        path::SECOND_MS,
        socket::{Control, Outbox, Protocol},
    },
};

use super::{
    channel::{Channel, Side},
    telling::{Subscription, tell},
};

/// A socket that neither hears nor says anything for this long is closed.
const IDLE: Duration = Duration::from_secs(30);
/// Requests an hour on one connection: a bucket that fills up again evenly.
const REQUESTS_PER_HOUR: f64 = 480.0;
/// Between the notice of an upgrade and the close.
const NOTICE_LEAD: Duration = Duration::from_mins(1);
/// Channels of one connection. OKX publishes no figure.
const MAX_CHANNELS: usize = 1024;
/// A socket that missed more than this is told of the newest trades only, in ms.
const LONGEST_CATCH_UP: i64 = 10 * SECOND_MS;

/// A socket's state.
pub struct Session {
    simulator: Simulator,
    side: Side,
    connection: String,
    subscriptions: Vec<Subscription>,
    last_active: Instant,
    close_at: Option<Instant>,
    /// Requests that may still be made, and when that was reckoned.
    requests_left: (f64, Instant),
    last_tick: i64,
}

impl Session {
    pub fn new(simulator: Simulator, side: Side) -> Self {
        let now = Instant::now();
        let number = simulator.connection_number();
        Self {
            connection: format!("{:08x}", 0x76de_fc81_u64.wrapping_add(number) & 0xffff_ffff),
            last_tick: simulator.market().now(),
            simulator,
            side,
            subscriptions: Vec::new(),
            last_active: now,
            close_at: None,
            requests_left: (REQUESTS_PER_HOUR, now),
        }
    }

    /// A message about a request, which carries the request's own `id` where it had one.
    fn event(&self, event: &str, request: Option<&Value>, fields: Value) -> String {
        let mut message = Map::new();
        message.insert("event".to_owned(), event.into());
        if let Some(id) = request.and_then(|request| request.get("id")) {
            message.insert("id".to_owned(), id.clone());
        }
        if let Value::Object(fields) = fields {
            message.extend(fields);
        }
        message.insert("connId".to_owned(), self.connection.clone().into());
        Value::Object(message).to_string()
    }

    fn error(&self, request: Option<&Value>, code: &str, msg: &str) -> String {
        self.event("error", request, json!({ "code": code, "msg": msg }))
    }

    /// Takes a request from the bucket, if there is one.
    fn may_request(&mut self, now: Instant) -> bool {
        let (left, since) = self.requests_left;
        let refilled = now.duration_since(since).as_secs_f64() * REQUESTS_PER_HOUR / 3600.0;
        let left = (left + refilled).min(REQUESTS_PER_HOUR);
        let may = left >= 1.0 && !self.simulator.faults().has(Exchange::Okx, Fault::RateLimit);
        self.requests_left = (if may { left - 1.0 } else { left }, now);
        may
    }

    fn request(&mut self, text: &str, request: &Value, now: Stamp, out: &mut Outbox) {
        let invalid = |session: &Self| session.error(Some(request), "60012", &format!("Invalid request: {text}"));
        let Some(op) = request.get("op").and_then(Value::as_str) else {
            return out.answer(invalid(self));
        };
        let args = request.get("args").and_then(Value::as_array).filter(|args| !args.is_empty());
        match (op, args) {
            ("subscribe" | "unsubscribe" | "login", Some(args)) => {
                if !self.may_request(now.mono) {
                    return out.answer(self.error(Some(request), "60014", "Requests too frequent"));
                }
                for arg in args {
                    match op {
                        "subscribe" => self.subscribe(request, arg, out),
                        "unsubscribe" => self.unsubscribe(request, arg, out),
                        _ => out.answer(self.error(Some(request), "60009", "Login failed.")),
                    }
                }
            }
            _ => out.answer(invalid(self)),
        }
    }

    fn subscribe(&mut self, request: &Value, arg: &Value, out: &mut Outbox) {
        let field = |name: &str| arg.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, instrument) = (field("channel"), field("instId"));
        let advice = "Please use the correct URL, channel and parameters referring to API document.";
        let Some(channel) = Channel::parse(name).filter(|channel| channel.side() == self.side) else {
            let what =
                format!("Subscribe failed, wrong URL or channel:{name},instId:{instrument} doesn't exist. {advice}");
            return out.answer(self.error(Some(request), "60018", &what));
        };
        let series = self.simulator.market().by_dashed(Exchange::Okx, instrument);
        if !series.is_some_and(|series| self.simulator.trades(Exchange::Okx, series.listing.symbol())) {
            let what = format!("Wrong URL or channel:{name},instId:{instrument} doesn't exist. {advice}");
            return out.answer(self.error(Some(request), "60018", &what));
        }
        out.answer(self.event("subscribe", Some(request), json!({ "arg": arg })));
        // A second subscription to the same is acknowledged like the first, and starts it anew.
        self.subscriptions.retain(|known| (known.channel, known.instrument.as_str()) != (channel, instrument));
        if self.subscriptions.len() >= MAX_CHANNELS {
            return out.close(4008, "The number of subscribed channels exceeds the maximum limit.");
        }
        self.subscriptions.push(Subscription {
            arg: arg.clone(),
            channel,
            instrument: instrument.to_owned(),
            sent: None,
        });
        let now = self.last_tick;
        if let Some(subscription) = self.subscriptions.last_mut() {
            tell(&self.simulator, subscription, (now, now), out);
        }
    }

    fn unsubscribe(&mut self, request: &Value, arg: &Value, out: &mut Outbox) {
        let field = |name: &str| arg.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, instrument) = (field("channel"), field("instId"));
        self.subscriptions
            .retain(|known| known.instrument != instrument || Channel::parse(name) != Some(known.channel));
        out.answer(self.event("unsubscribe", Some(request), json!({ "arg": arg })));
    }
}

impl Protocol for Session {
    fn exchange(&self) -> Exchange {
        Exchange::Okx
    }

    fn on_text(&mut self, text: &str, now: Stamp, out: &mut Outbox) {
        self.last_active = now.mono;
        if text == "ping" {
            return out.answer("pong");
        }
        match serde_json::from_str::<Value>(text) {
            Ok(request) => {
                self.simulator.hear(Exchange::Okx, text);
                self.request(text, &request, now, out);
            }
            Err(_) => out.answer(self.error(None, "60012", &format!("Illegal request: {text}"))),
        }
    }

    fn on_control(&mut self, frame: &Control, now: Stamp, out: &mut Outbox) {
        self.last_active = now.mono;
        if let Control::Binary(bytes) = frame {
            self.on_text(&String::from_utf8_lossy(bytes), now, out);
        }
    }

    fn on_tick(&mut self, time: i64, now: Stamp, out: &mut Outbox) {
        let from = self.last_tick.max(time - LONGEST_CATCH_UP);
        self.last_tick = time;
        if from >= time {
            return;
        }
        for subscription in &mut self.subscriptions {
            if tell(&self.simulator, subscription, (from, time), out) {
                self.last_active = now.mono;
            }
        }
    }

    fn deadline(&self) -> Instant {
        let idle = self.last_active + IDLE;
        self.close_at.map_or(idle, |at| at.min(idle))
    }

    fn on_deadline(&mut self, now: Stamp, out: &mut Outbox) {
        if self.close_at.is_some_and(|at| at <= now.mono) {
            out.close(1001, "Service upgrade");
        } else if self.last_active + IDLE <= now.mono {
            out.close(4004, "No data received in 30s");
        }
    }

    fn on_shutdown_notice(&mut self, lead: Option<Duration>, now: Stamp, out: &mut Outbox) {
        // The business socket gets no notice; it is closed all the same.
        if self.side == Side::Public {
            let msg = "The connection will soon be closed for a service upgrade. Please reconnect.";
            out.answer(self.event("notice", None, json!({ "code": "64008", "msg": msg })));
        }
        self.close_at = Some(now.mono + lead.unwrap_or(NOTICE_LEAD));
    }
}
