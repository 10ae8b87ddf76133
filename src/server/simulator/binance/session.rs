//! What Binance says on a socket.

use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    model::symbol::Symbol,
    server::{
        clock::Stamp,
        simulator::{
            Simulator,
            exchange::Exchange,
            faults::Fault,
            path::{LEAF_MS, MINUTE_MS, SECOND_MS, floor},
            series::Series,
            socket::{Control, Outbox, Protocol},
        },
    },
};

use super::{
    figures,
    stream::{self, Kind, Stream},
};

const PING_EVERY: Duration = Duration::from_secs(20);
const PONG_WITHIN: Duration = Duration::from_secs(60);
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
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
    simulator: Simulator,
    /// Whether frames carry the name of their stream.
    combined: bool,
    micro: bool,
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

    fn send(&self, symbol: Option<Symbol>, name: &str, mut data: Value, out: &mut Outbox) {
        if self.micro {
            figures::to_micro(&mut data);
        }
        let frame = if self.combined { json!({ "stream": name, "data": data }) } else { data };
        out.data(symbol, frame.to_string());
    }

    /// Tells what a stream has to tell of the time since `from`, up to `to`.
    fn tell(&self, name: &str, stream: &Stream, (from, to): (i64, i64), event: i64, out: &mut Outbox) {
        let market = self.simulator.market();
        match stream {
            Stream::Pair { pair, kind } => {
                if let Some(series) = market.by_pair(Exchange::Binance, pair) {
                    self.tell_pair(name, series, *kind, (from, to), event, out);
                }
            }
            Stream::All(kind) => {
                if !crossed(from, to, SECOND_MS) {
                    return;
                }
                let rows: Vec<Value> = market
                    .series(Exchange::Binance)
                    .iter()
                    .filter(|series| !self.simulator.faults().stalls(Exchange::Binance, Some(series.listing.symbol())))
                    .filter(|series| series.next_trade(to) > series.next_trade(to - SECOND_MS))
                    .filter_map(|series| self.row(series, *kind, to, event))
                    .collect();
                if !rows.is_empty() {
                    self.send(None, name, Value::Array(rows), out);
                }
            }
        }
    }

    fn row(&self, series: &Series, kind: Kind, to: i64, event: i64) -> Option<Value> {
        let market = self.simulator.market();
        let listing = &series.listing;
        Some(match kind {
            Kind::Ticker => figures::ws_ticker(listing, market.ticker(series, to)?.as_ref(), event),
            Kind::MiniTicker => figures::ws_mini_ticker(listing, &market.ticker(series, to)?.day, event),
            Kind::WindowTicker { name, ms } => {
                let over = market.distortions(Exchange::Binance);
                // The window opens on a whole minute.
                let open = (to - ms).div_euclid(MINUTE_MS) * MINUTE_MS;
                figures::ws_window_ticker(listing, name, &series.window(&over, open, to)?, event)
            }
            Kind::AvgPrice => {
                let over = market.distortions(Exchange::Binance);
                let last = market.ticker(series, to)?.last;
                figures::ws_avg_price(listing, &series.window(&over, to - 5 * MINUTE_MS, to)?, &last, event)
            }
            _ => return None,
        })
    }

    fn tell_pair(&self, name: &str, series: &Series, kind: Kind, (from, to): (i64, i64), event: i64, out: &mut Outbox) {
        let over = self.simulator.market().distortions(Exchange::Binance);
        let listing = &series.listing;
        let symbol = Some(listing.symbol());
        let mut send = |data: Value| self.send(symbol, name, data, out);
        match kind {
            Kind::Ticker | Kind::MiniTicker | Kind::WindowTicker { .. } | Kind::AvgPrice => {
                if crossed(from, to, SECOND_MS)
                    && let Some(row) = self.row(series, kind, to, event)
                {
                    send(row);
                }
            }
            Kind::Trade => {
                series.trades(&over, from, to).iter().for_each(|trade| send(figures::ws_trade(listing, trade, event)));
            }
            Kind::AggTrade => {
                series
                    .trades(&over, from, to)
                    .iter()
                    .for_each(|trade| send(figures::ws_agg_trade(listing, trade, event)));
            }
            Kind::BookTicker => {
                let (before, book) = (series.book(&over, from, 1), series.book(&over, to, 1));
                if let (true, Some(bid), Some(ask)) = (before != book, book.bids.first(), book.asks.first()) {
                    send(figures::ws_book_ticker(listing, *bid, *ask, to));
                }
            }
            Kind::Kline(span) => {
                let interval = name.rsplit_once('_').map_or("", |(_, interval)| interval);
                let start = span.start_of(from);
                let closed = span.next(start) <= to;
                if closed && let Some(candle) = series.window(&over, start, span.next(start)) {
                    send(figures::ws_kline(listing, interval, &candle, true, event));
                }
                let every = if interval == "1s" { SECOND_MS } else { 2 * SECOND_MS };
                if crossed(from, to, every)
                    && let Some(candle) = series.open_candle(&over, span, to)
                {
                    send(figures::ws_kline(listing, interval, &candle, false, event));
                }
            }
            Kind::Levels { depth, fast } => {
                if crossed(from, to, if fast { LEAF_MS } else { SECOND_MS }) {
                    let book = series.book(&over, to, depth);
                    send(json!({
                        "lastUpdateId": figures::update_id(to),
                        "bids": figures::levels(listing, &book.bids), "asks": figures::levels(listing, &book.asks),
                    }));
                }
            }
            Kind::Diff { fast } => {
                let every = if fast { LEAF_MS } else { SECOND_MS };
                if crossed(from, to, every) {
                    // The changes since the last frame of this stream, wherever in its second the socket was then.
                    let since = from.div_euclid(every) * every;
                    let change = series.book(&over, since, BOOK_DEPTH).change_to(&series.book(&over, to, BOOK_DEPTH));
                    send(json!({
                        "e": "depthUpdate", "E": event, "s": listing.pair,
                        "U": figures::update_id(since) + 1, "u": figures::update_id(to),
                        "b": figures::levels(listing, &change.bids), "a": figures::levels(listing, &change.asks),
                    }));
                }
            }
        }
    }
}

/// Whether a multiple of `every` lies in `from < x <= to`.
const fn crossed(from: i64, to: i64, every: i64) -> bool {
    from.div_euclid(every) != to.div_euclid(every)
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
            Ok(request) if request.is_object() => self.request(&request, out),
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
