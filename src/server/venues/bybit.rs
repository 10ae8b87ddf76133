//! Bybit v5 spot.
//!
//! <https://bybit-exchange.github.io/docs/v5/websocket/public/ticker>,
//! <https://bybit-exchange.github.io/docs/v5/ws/connect> and, for REST,
//! <https://bybit-exchange.github.io/docs/v5/market/tickers>.
//!
//! Traps: a subscription request is atomic, one bad topic loses the others in it; spot takes ten topics in a request;
//! the first data may come before its acknowledgement; REST errors ride on status 200; the 24 h change is a fraction,
//! which is why it is not read at all: price and price 24 h ago say the same, more exactly.

use std::{collections::HashMap, time::Duration};

use serde::Deserialize;

use super::{
    connector::{Allowance, Connector, DecodeError, MAX_CANDLES, RestRequest, Rules, Session, SessionEvent},
    event::Quote,
    field::{Field, Object, Rows, Words},
    figures::{FigureTexts, Figures, candles},
    listed::listed,
    requests::{OpenRequests, halves, in_requests},
    rest_error::{Answer, RestError},
};
use crate::model::{
    candle::{Candle, Interval},
    symbol::Symbol,
    venue::{Venue, VenueInfo},
};

const VENUE: Venue = match Venue::new("bybit") {
    Some(venue) => venue,
    None => unreachable!(),
};

/// 500 connections in 5 minutes are allowed for a domain. The client pings, every 20 s. There is no published limit of
/// messages, so this is a modest one. A connection may end at any time, without a notice; it has no greatest age.
const RULES: Rules = Rules {
    attempts: Allowance::new(60, Duration::from_mins(5)),
    messages: Allowance::new(20, Duration::from_secs(1)),
    requests: Allowance::new(10, Duration::from_secs(1)),
    request_args: 10,
    request_bytes: 21_000,
    streams: 500,
    ping: Some(Duration::from_secs(20)),
    change_over: None,
};

/// Longest argument: `tickers.`, a symbol, the quote, quotes and a comma.
const ARG_BYTES: usize = 40;

const TOPIC: &str = "tickers.";

/// The wait after "Too many visits!" (10006), whose window is short, and after "access too frequent", which asks for ten
/// minutes.
const VISITS_WAIT: Duration = Duration::from_secs(5);
const FREQUENT_WAIT: Duration = Duration::from_mins(10);

/// Bybit v5 spot.
#[derive(Debug, Clone, Copy)]
pub struct Bybit;

impl Connector for Bybit {
    fn info(&self) -> VenueInfo {
        VenueInfo { venue: VENUE, title: "Bybit".to_owned(), mark: 'Y' }
    }

    fn venue(&self) -> Venue {
        VENUE
    }

    fn ws_urls(&self) -> &'static [&'static str] {
        &["wss://stream.bybit.com/v5/public/spot"]
    }

    fn rest_urls(&self) -> &'static [&'static str] {
        &["https://api.bybit.com", "https://api.bytick.com"]
    }

    fn rules(&self) -> Rules {
        RULES
    }

    fn session(&self) -> Box<dyn Session> {
        Box::new(BybitSession::default())
    }

    fn tickers_request(&self, _symbols: &[Symbol]) -> RestRequest {
        // There is no form for several symbols: all, or one.
        RestRequest { path_and_query: "/v5/market/tickers?category=spot".to_owned() }
    }

    fn parse_tickers(&self, body: &[u8], symbols: &[Symbol]) -> Result<Vec<Quote>, RestError> {
        let reply: Reply<Rows<Ticker<'_>>> = serde_json::from_slice(body).map_err(|_| RestError::Malformed)?;
        let (Some(result), Some(time)) = (reply.result.0, reply.time) else { return Err(RestError::Malformed) };
        let wanted: HashMap<String, Symbol> = symbols.iter().map(|s| (s.pair(), *s)).collect();
        let quotes = result.list.into_iter().filter_map(|row| {
            let symbol = wanted.get(row.symbol.text()?)?;
            Figures::default().with(&row.texts()).and_then(|f| f.quote(*symbol, Some(time))).ok()
        });
        Ok(quotes.collect())
    }

    fn listing_request(&self) -> RestRequest {
        // One page for spot, and nothing but what trades.
        RestRequest { path_and_query: "/v5/market/instruments-info?category=spot".to_owned() }
    }

    fn parse_listing(&self, body: &[u8]) -> Result<Vec<Symbol>, RestError> {
        let reply: Reply<Rows<Instrument<'_>>> = serde_json::from_slice(body).map_err(|_| RestError::Malformed)?;
        let rows = reply.result.0.ok_or(RestError::Malformed)?.list.into_iter();
        listed(rows.filter(|row| row.status == Field::Text("Trading")).map(|row| (row.base_coin, row.quote_coin)))
    }

    fn candles_request(&self, symbol: Symbol, interval: Interval, limit: u16) -> RestRequest {
        let interval = match interval {
            Interval::OneMinute => "1",
            Interval::FiveMinutes => "5",
            Interval::FifteenMinutes => "15",
            Interval::OneHour => "60",
            Interval::FourHours => "240",
            Interval::OneDay => "D",
        };
        let (pair, limit) = (symbol.pair(), limit.clamp(1, MAX_CANDLES));
        let query = format!("category=spot&symbol={pair}&interval={interval}&limit={limit}");
        RestRequest { path_and_query: format!("/v5/market/kline?{query}") }
    }

    fn parse_candles(&self, body: &[u8]) -> Result<Vec<Candle>, RestError> {
        let reply: Reply<Vec<Vec<Field<'_>>>> = serde_json::from_slice(body).map_err(|_| RestError::Malformed)?;
        let rows = reply.result.0.ok_or(RestError::Malformed)?.list;
        candles(&rows)
    }

    fn refusal(&self, answer: &Answer<'_>) -> Option<RestError> {
        let status = answer.status;
        if status == 403 && contains(answer.body, "access too frequent") {
            return Some(RestError::RateLimited { retry_after: answer.retry_after.unwrap_or(FREQUENT_WAIT) });
        }
        if let Some(error) = answer.http_error(FREQUENT_WAIT) {
            return Some(error);
        }
        let code = serde_json::from_slice::<Object<Code<'_>>>(answer.body).unwrap_or_default().0?;
        match code.ret_code.int()? {
            0 => None,
            10001 if code.ret_msg.0.to_ascii_lowercase().contains("symbol") => Some(RestError::UnknownSymbol),
            10006 | 10018 => Some(RestError::RateLimited { retry_after: answer.retry_after.unwrap_or(VISITS_WAIT) }),
            10009 | 10024 => Some(RestError::RegionBlocked { status }),
            10016 => Some(RestError::Server { status }),
            _ => Some(RestError::Refused { status }),
        }
    }
}

fn contains(body: &[u8], words: &str) -> bool {
    String::from_utf8_lossy(body).contains(words)
}

/// `{"retCode":0,"retMsg":"OK","result":{"list":[…]},"time":1673859087947}`
#[derive(Debug, Deserialize)]
struct Reply<L> {
    #[serde(default = "Object::default")]
    result: Object<List<L>>,
    time: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct List<L> {
    list: L,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Code<'a> {
    #[serde(borrow)]
    ret_code: Field<'a>,
    #[serde(borrow)]
    ret_msg: Words<'a>,
}

/// `{"topic":"tickers.BTCUSDT","ts":1673853746003,"type":"snapshot","cs":2588407389,"data":{…}}` or
/// `{"success":true,"ret_msg":"subscribe","conn_id":"…","req_id":"1","op":"subscribe"}`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Frame<'a> {
    #[serde(borrow)]
    topic: Field<'a>,
    #[serde(borrow)]
    ts: Field<'a>,
    #[serde(borrow, rename = "type")]
    kind: Field<'a>,
    #[serde(borrow)]
    data: Object<Ticker<'a>>,
    #[serde(borrow)]
    op: Field<'a>,
    #[serde(borrow)]
    success: Field<'a>,
    #[serde(borrow)]
    ret_msg: Words<'a>,
    #[serde(borrow)]
    req_id: Words<'a>,
}

/// The figures of a ticker: the same names in a row of `GET /v5/market/tickers`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Ticker<'a> {
    #[serde(borrow)]
    symbol: Field<'a>,
    #[serde(borrow)]
    last_price: Field<'a>,
    #[serde(borrow)]
    prev_price24h: Field<'a>,
    #[serde(borrow)]
    high_price24h: Field<'a>,
    #[serde(borrow)]
    low_price24h: Field<'a>,
    #[serde(borrow)]
    volume24h: Field<'a>,
    #[serde(borrow)]
    turnover24h: Field<'a>,
}

impl<'a> Ticker<'a> {
    const fn texts(&self) -> FigureTexts<'a> {
        FigureTexts {
            last: self.last_price,
            open: self.prev_price24h,
            high: self.high_price24h,
            low: self.low_price24h,
            volume: self.volume24h,
            volume_quote: self.turnover24h,
        }
    }
}

/// `{"symbol":"BTCUSDT","baseCoin":"BTC","quoteCoin":"USDT","status":"Trading",…}`
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Instrument<'a> {
    #[serde(borrow)]
    base_coin: Field<'a>,
    #[serde(borrow)]
    quote_coin: Field<'a>,
    #[serde(borrow)]
    status: Field<'a>,
}

#[derive(Debug, Default)]
struct BybitSession {
    /// By pair: the symbol and what is known of it, for frames that say only what changed.
    known: HashMap<String, (Symbol, Figures)>,
    requests: OpenRequests,
}

impl BybitSession {
    fn ticker(&mut self, pair: &str, frame: &Frame<'_>) -> SessionEvent {
        let Some((symbol, known)) = self.known.get_mut(pair) else { return SessionEvent::Ignored };
        let Some(ticker) = &frame.data.0 else { return SessionEvent::BadQuote(*symbol) };
        // Spot sends whole states only. A missing member of a delta means that it did not change.
        let before = if frame.kind == Field::Text("delta") { *known } else { Figures::default() };
        let Ok(now) = before.with(&ticker.texts()) else { return SessionEvent::BadQuote(*symbol) };
        match now.quote(*symbol, frame.ts.int()) {
            Ok(quote) => {
                *known = now;
                SessionEvent::Quote(quote)
            }
            Err(_) => SessionEvent::BadQuote(*symbol),
        }
    }

    fn answer(&mut self, frame: &Frame<'_>, out: &mut Vec<SessionEvent>) {
        let words = &frame.ret_msg.0;
        if words == "pong" || matches!(frame.op, Field::Text("ping" | "pong")) {
            out.push(SessionEvent::Pong);
        } else if frame.success == Field::Bool(true) && frame.op == Field::Text("subscribe") {
            out.push(self.close(&frame.req_id.0).map_or(SessionEvent::Ignored, SessionEvent::Subscribed));
        } else if frame.success == Field::Bool(false) && frame.op == Field::Text("subscribe") {
            match self.close(&frame.req_id.0) {
                Some(symbols) => self.refused(&symbols, words, out),
                None => out.push(SessionEvent::Notice(words.to_string())),
            }
        } else if frame.success == Field::Bool(false) {
            out.push(SessionEvent::Notice(words.to_string()));
        } else {
            out.push(SessionEvent::Ignored);
        }
    }

    /// The symbols of the answered request. The spot stream leaves the number out of some answers, and answers in order.
    fn close(&mut self, id: &str) -> Option<Vec<Symbol>> {
        match id.parse() {
            Ok(id) => self.requests.close(id),
            Err(_) => self.requests.close_oldest(),
        }
    }

    /// A request was refused as a whole: without the topics that the words name, the rest is asked for again.
    fn refused(&mut self, symbols: &[Symbol], words: &str, out: &mut Vec<SessionEvent>) {
        if words.to_ascii_lowercase().contains("too many") {
            out.push(SessionEvent::Throttled);
            return;
        }
        let (named, rest): (Vec<Symbol>, Vec<Symbol>) = symbols.iter().partition(|symbol| names(words, **symbol));
        if named.is_empty() {
            match halves(symbols) {
                Some(halves) => {
                    let requests = halves.into_iter().flat_map(|half| self.subscribe(half));
                    out.extend(requests.map(SessionEvent::Send));
                }
                None => out.push(SessionEvent::Refused { symbols: symbols.to_vec(), reason: words.to_owned() }),
            }
            return;
        }
        if words.contains("already subscribed") {
            out.push(SessionEvent::Subscribed(named));
        } else {
            out.push(SessionEvent::Refused { symbols: named, reason: words.to_owned() });
        }
        out.extend(self.subscribe(&rest).into_iter().map(SessionEvent::Send));
    }
}

/// Whether these words name the symbol's topic: `Invalid symbol :[tickers.NOPEUSDT]`.
fn names(words: &str, symbol: Symbol) -> bool {
    let pair = symbol.pair();
    words.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).any(|word| word.strip_prefix(TOPIC) == Some(&pair))
}

impl Session for BybitSession {
    fn subscribe(&mut self, symbols: &[Symbol]) -> Vec<String> {
        for symbol in symbols {
            self.known.entry(symbol.pair()).or_insert_with(|| (*symbol, Figures::default()));
        }
        in_requests(symbols, RULES.request_args, RULES.request_bytes, ARG_BYTES)
            .map(|group| request("subscribe", group, self.requests.open(group)))
            .collect()
    }

    fn unsubscribe(&mut self, symbols: &[Symbol]) -> Vec<String> {
        for symbol in symbols {
            self.known.remove(&symbol.pair());
            self.requests.answered(*symbol);
        }
        in_requests(symbols, RULES.request_args, RULES.request_bytes, ARG_BYTES)
            .map(|group| request("unsubscribe", group, self.requests.number()))
            .collect()
    }

    fn ping(&mut self) -> Option<String> {
        Some(format!(r#"{{"req_id":"{}","op":"ping"}}"#, self.requests.number()))
    }

    fn decode(&mut self, text: &str, out: &mut Vec<SessionEvent>) -> Result<(), DecodeError> {
        let Object(frame) = serde_json::from_str::<Object<Frame<'_>>>(text)?;
        let Some(frame) = frame else {
            out.push(SessionEvent::Ignored);
            return Ok(());
        };
        match frame.topic {
            Field::Missing => self.answer(&frame, out),
            topic => out.push(match topic.text().and_then(|t| t.strip_prefix(TOPIC)) {
                Some(pair) => self.ticker(pair, &frame),
                None => SessionEvent::Ignored,
            }),
        }
        Ok(())
    }
}

fn request(op: &str, symbols: &[Symbol], id: i64) -> String {
    let topics: Vec<String> = symbols.iter().map(|s| format!("\"{TOPIC}{}\"", s.pair())).collect();
    format!(r#"{{"req_id":"{id}","op":"{op}","args":[{}]}}"#, topics.join(","))
}
