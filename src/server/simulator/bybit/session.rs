//! What Bybit says on a spot socket.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::server::{
    clock::Stamp,
    simulator::{
        Simulator,
        exchange::Exchange,
        path::SECOND_MS,
        socket::{Control, Outbox, Protocol},
    },
};

use super::{
    figures,
    topic::{self, Kind, Topic},
};

/// Topics in one request. Spot only: the other categories have no such limit.
const MAX_ARGS: usize = 10;
/// Length of all topics of a connection together.
const MAX_ARGS_LENGTH: usize = 21_000;
/// Without a ping and without data the connection is cut after this.
const IDLE: Duration = Duration::from_mins(10);
/// `orderbook.1` repeats itself after this long without a change, in ms.
const REPEAT_BOOK_MS: i64 = 3 * SECOND_MS;
/// Levels of the deepest book.
pub const BOOK_DEPTH: usize = 200;
/// A socket that missed more than this is told of the newest trades only, in ms.
const LONGEST_CATCH_UP: i64 = 10 * SECOND_MS;

/// A topic that is subscribed to, and what was said of it.
struct Subscription {
    name: String,
    topic: Topic,
    /// The last data, to send changes only.
    last: Value,
    /// When it was sent, market time in ms.
    sent: i64,
}

/// A socket's state.
pub struct Session {
    simulator: Simulator,
    connection: String,
    subscriptions: Vec<Subscription>,
    last_active: Instant,
    last_tick: i64,
}

impl Session {
    pub fn new(simulator: Simulator) -> Self {
        let number = simulator.connection_number();
        Self {
            connection: format!("d9avrj8i70nu0j2a80n0-{number:05x}"),
            last_tick: simulator.market().now(),
            simulator,
            subscriptions: Vec::new(),
            last_active: Instant::now(),
        }
    }

    /// An answer; the request's own `req_id`, text or number, comes back where there was one.
    fn reply(&self, success: bool, message: &str, op: &str, request: &Value) -> String {
        let mut reply = json!({ "success": success, "ret_msg": message, "conn_id": self.connection, "op": op });
        if let (Some(id), Some(reply)) = (request.get("req_id"), reply.as_object_mut()) {
            reply.insert("req_id".to_owned(), id.clone());
        }
        reply.to_string()
    }

    /// What is wrong with a subscription, in Bybit's words. One bad topic fails them all.
    fn objection(&self, names: &[&str]) -> Option<String> {
        if names.len() > MAX_ARGS {
            return Some("args size >10".to_owned());
        }
        let known: usize = self.subscriptions.iter().map(|subscription| subscription.name.len()).sum();
        if known + names.iter().map(|name| name.len()).sum::<usize>() > MAX_ARGS_LENGTH {
            return Some(format!("args length >{MAX_ARGS_LENGTH}"));
        }
        names.iter().enumerate().find_map(|(i, name)| {
            let Some(topic) = topic::parse(name) else {
                return Some(format!("error:handler not found,topic:{name}"));
            };
            let series = self.simulator.market().by_pair(Exchange::Bybit, &topic.pair);
            if !series.is_some_and(|series| self.simulator.trades(Exchange::Bybit, series.listing.symbol())) {
                return Some(format!("Invalid symbol :[{name}]"));
            }
            let again = self.subscriptions.iter().any(|known| known.name == *name)
                || names.iter().take(i).any(|earlier| earlier == name);
            again.then(|| format!("error:already subscribed,topic:{name}"))
        })
    }

    fn request(&mut self, request: &Value, out: &mut Outbox) {
        let op = request.get("op").and_then(Value::as_str).unwrap_or_default();
        if op != "ping" {
            self.simulator.hear(Exchange::Bybit, &request.to_string());
        }
        let names: Option<Vec<&str>> =
            request.get("args").and_then(Value::as_array).and_then(|args| args.iter().map(Value::as_str).collect());
        match (op, names) {
            ("ping", _) => out.answer(self.reply(true, "pong", "ping", request)),
            ("subscribe", Some(names)) if !names.is_empty() => {
                if let Some(objection) = self.objection(&names) {
                    return out.answer(self.reply(false, &objection, op, request));
                }
                out.answer(self.reply(true, "subscribe", op, request));
                let first = self.subscriptions.len();
                let fresh = names.iter().filter_map(|name| {
                    let topic = topic::parse(name)?;
                    Some(Subscription { name: (*name).to_owned(), topic, last: Value::Null, sent: 0 })
                });
                self.subscriptions.extend(fresh);
                let now = self.last_tick;
                for subscription in self.subscriptions.iter_mut().skip(first) {
                    tell(&self.simulator, subscription, (now, now), out);
                }
            }
            ("unsubscribe", Some(names)) => {
                self.subscriptions.retain(|known| !names.contains(&known.name.as_str()));
                out.answer(self.reply(true, "unsubscribe", op, request));
            }
            _ => {
                let mut reply = json!({
                    "success": false, "ret_msg": "error:invalid op", "conn_id": self.connection,
                    "request": { "op": op, "args": request.get("args") },
                });
                if let (Some(id), Some(reply)) = (request.get("req_id"), reply.as_object_mut()) {
                    reply.insert("req_id".to_owned(), id.clone());
                }
                out.answer(reply.to_string());
            }
        }
    }
}

/// Tells what is new of a topic since `from`, up to `to`. The first telling is always something, but for trades.
fn tell(simulator: &Simulator, subscription: &mut Subscription, (from, to): (i64, i64), out: &mut Outbox) {
    let market = simulator.market();
    let Some(series) = market.by_pair(Exchange::Bybit, &subscription.topic.pair) else { return };
    let over = market.distortions(Exchange::Bybit);
    let listing = &series.listing;
    let symbol = Some(listing.symbol());
    let is_first = subscription.sent == 0;
    let second = from.div_euclid(SECOND_MS) != to.div_euclid(SECOND_MS);
    let name = subscription.name.clone();
    let mut push = |kind: &str, data: &Value| {
        let mut frame = json!({ "topic": name, "ts": to, "type": kind, "data": data });
        if let Some(frame) = frame.as_object_mut() {
            match name.split('.').next() {
                Some("tickers") => frame.insert("cs".to_owned(), figures::sequence(to).into()),
                Some("orderbook") => frame.insert("cts".to_owned(), (to - 3).into()),
                _ => None,
            };
        }
        out.data(symbol, frame.to_string());
    };
    match &subscription.topic.kind {
        Kind::Ticker => {
            let Some(ticker) = market.ticker(series, to) else { return };
            let data = figures::ticker(listing, &ticker.day);
            if data != subscription.last {
                push("snapshot", &data);
                (subscription.last, subscription.sent) = (data, to);
            }
        }
        Kind::Trades => {
            let trades: Vec<Value> =
                series.trades(&over, from, to).iter().map(|trade| figures::ws_trade(listing, trade)).collect();
            for message in trades.chunks(1024) {
                push("snapshot", &message.into());
            }
        }
        Kind::Book { depth: 1 } => {
            let book = series.book(&over, to, 1);
            let sides = json!([figures::levels(listing, &book.bids), figures::levels(listing, &book.asks)]);
            if sides != subscription.last || to - subscription.sent >= REPEAT_BOOK_MS {
                push("snapshot", &figures::book(listing, &book.bids, &book.asks, to));
                (subscription.last, subscription.sent) = (sides, to);
            }
        }
        Kind::Book { depth } => {
            let depth = (*depth).min(BOOK_DEPTH);
            let book = series.book(&over, to, depth);
            if is_first {
                push("snapshot", &figures::book(listing, &book.bids, &book.asks, to));
                subscription.sent = to;
                return;
            }
            let change = series.book(&over, subscription.sent, depth).change_to(&book);
            if !change.bids.is_empty() || !change.asks.is_empty() {
                push("delta", &figures::book(listing, &change.bids, &change.asks, to));
                subscription.sent = to;
            }
        }
        Kind::Candles { interval, span } => {
            let start = span.start_of(from);
            if span.next(start) <= to
                && let Some(candle) = series.window(&over, start, span.next(start))
            {
                push("snapshot", &json!([figures::ws_candle(listing, interval, &candle, true, to)]));
            }
            if (is_first || second)
                && let Some(candle) = series.open_candle(&over, *span, to)
            {
                push("snapshot", &json!([figures::ws_candle(listing, interval, &candle, false, to)]));
                subscription.sent = to;
            }
        }
    }
}

impl Protocol for Session {
    fn exchange(&self) -> Exchange {
        Exchange::Bybit
    }

    fn on_text(&mut self, text: &str, now: Stamp, out: &mut Outbox) {
        self.last_active = now.mono;
        match serde_json::from_str::<Value>(text) {
            Ok(request) if request.is_object() => self.request(&request, out),
            _ => {
                let found = text.chars().next().unwrap_or('\0');
                let start: String = text.chars().take(64).collect();
                let message = format!(
                    "Failed to decode incoming data:readObjectStart: expect {{ or n, but found {found}, error found in \
                     #1 byte of ...|{start}|..., bigger context ...|{start}|..."
                );
                out.answer(self.reply(false, &message, "", &Value::Null));
            }
        }
    }

    fn on_control(&mut self, frame: &Control, now: Stamp, out: &mut Outbox) {
        match frame {
            Control::Ping | Control::Pong(_) => self.last_active = now.mono,
            // Text may come as binary.
            Control::Binary(bytes) => self.on_text(&String::from_utf8_lossy(bytes), now, out),
        }
    }

    fn on_tick(&mut self, time: i64, now: Stamp, out: &mut Outbox) {
        let from = self.last_tick.max(time - LONGEST_CATCH_UP);
        self.last_tick = time;
        if from >= time {
            return;
        }
        for subscription in &mut self.subscriptions {
            tell(&self.simulator, subscription, (from, time), out);
        }
        if !self.subscriptions.is_empty() {
            self.last_active = now.mono;
        }
    }

    fn deadline(&self) -> Instant {
        self.last_active + IDLE
    }

    fn on_deadline(&mut self, now: Stamp, out: &mut Outbox) {
        if self.last_active + IDLE <= now.mono {
            out.cut();
        }
    }

    /// Bybit gives no notice: "you may get disconnected at any time".
    fn on_shutdown_notice(&mut self, _lead: Option<Duration>, _now: Stamp, out: &mut Outbox) {
        out.cut();
    }
}
