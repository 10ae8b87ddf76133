//! OKX v5 spot.
//!
//! <https://www.okx.com/docs-v5/en/#public-data-websocket-tickers-channel>,
//! <https://www.okx.com/docs-v5/en/#overview-websocket> and, for REST,
//! <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-tickers>.
//!
//! Traps: one acknowledgement for each argument; a connection without traffic for 30 s is closed, and quiet pairs push
//! nothing; `vol24h` is the base volume for spot only; day candles open at UTC+8 unless asked for as `1Dutc`; REST
//! errors ride on status 200, and a later answer may be older than an earlier one.

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
    symbol::{QUOTE, Symbol},
    venue::{Venue, VenueInfo},
};

const VENUE: Venue = match Venue::new("okx") {
    Some(venue) => venue,
    None => unreachable!(),
};

/// Three connections a second and 480 subscription requests an hour on a connection are allowed; both are used
/// sparingly, because other programs may share the address. The client pings. A planned end is announced 60 s before.
const RULES: Rules = Rules {
    attempts: Allowance::new(1, Duration::from_secs(1)),
    messages: Allowance::new(10, Duration::from_secs(1)),
    requests: Allowance::new(400, Duration::from_hours(1)),
    request_args: 100,
    request_bytes: 60_000,
    streams: 500,
    ping: Some(Duration::from_secs(20)),
    change_over: None,
};

/// Longest argument: `{"channel":"tickers","instId":"…-USDT"},`.
const ARG_BYTES: usize = 70;

const CHANNEL: &str = "tickers";

/// The windows of the REST limits are two seconds.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(2);

/// OKX v5 spot.
#[derive(Debug, Clone, Copy)]
pub struct Okx;

impl Connector for Okx {
    fn info(&self) -> VenueInfo {
        VenueInfo { venue: VENUE, title: "OKX".to_owned(), mark: 'O' }
    }

    fn venue(&self) -> Venue {
        VENUE
    }

    fn ws_urls(&self) -> &'static [&'static str] {
        &[
            "wss://ws.okx.com:8443/ws/v5/public",
            "wss://wseea.okx.com:8443/ws/v5/public",
            "wss://wsus.okx.com:8443/ws/v5/public",
        ]
    }

    fn rest_urls(&self) -> &'static [&'static str] {
        &["https://openapi.okx.com", "https://www.okx.com", "https://eea.okx.com"]
    }

    fn rules(&self) -> Rules {
        RULES
    }

    fn session(&self) -> Box<dyn Session> {
        Box::new(OkxSession::default())
    }

    fn tickers_request(&self, _symbols: &[Symbol]) -> RestRequest {
        RestRequest { path_and_query: "/api/v5/market/tickers?instType=SPOT".to_owned() }
    }

    fn parse_tickers(&self, body: &[u8], symbols: &[Symbol]) -> Result<Vec<Quote>, RestError> {
        let reply: Reply<Rows<Ticker<'_>>> = serde_json::from_slice(body).map_err(|_| RestError::Malformed)?;
        let wanted: HashMap<String, Symbol> = symbols.iter().map(|s| (instrument(*s), *s)).collect();
        let quotes = reply.data.into_iter().filter_map(|row| row.quote(*wanted.get(row.inst_id.text()?)?).ok());
        Ok(quotes.collect())
    }

    fn listing_request(&self) -> RestRequest {
        RestRequest { path_and_query: "/api/v5/public/instruments?instType=SPOT".to_owned() }
    }

    fn parse_listing(&self, body: &[u8]) -> Result<Vec<Symbol>, RestError> {
        let reply: Reply<Rows<Instrument<'_>>> = serde_json::from_slice(body).map_err(|_| RestError::Malformed)?;
        let rows = reply.data.into_iter();
        listed(rows.filter(|row| row.state == Field::Text("live")).map(|row| (row.base_ccy, row.quote_ccy)))
    }

    fn candles_request(&self, symbol: Symbol, interval: Interval, limit: u16) -> RestRequest {
        let bar = match interval {
            Interval::OneMinute => "1m",
            Interval::FiveMinutes => "5m",
            Interval::FifteenMinutes => "15m",
            Interval::OneHour => "1H",
            Interval::FourHours => "4H",
            Interval::OneDay => "1Dutc",
        };
        let (instrument, limit) = (instrument(symbol), limit.clamp(1, MAX_CANDLES));
        RestRequest { path_and_query: format!("/api/v5/market/candles?instId={instrument}&bar={bar}&limit={limit}") }
    }

    fn parse_candles(&self, body: &[u8]) -> Result<Vec<Candle>, RestError> {
        let reply: Reply<Vec<Vec<Field<'_>>>> = serde_json::from_slice(body).map_err(|_| RestError::Malformed)?;
        candles(&reply.data)
    }

    fn refusal(&self, answer: &Answer<'_>) -> Option<RestError> {
        let status = answer.status;
        let body = serde_json::from_slice::<Object<Code<'_>>>(answer.body).unwrap_or_default();
        match body.0.and_then(|b| b.code.int()) {
            Some(50011 | 50061) => {
                Some(RestError::RateLimited { retry_after: answer.retry_after.unwrap_or(RATE_LIMIT_WAIT) })
            }
            Some(51001) => Some(RestError::UnknownSymbol),
            Some(50001 | 50004 | 50013 | 50026) => Some(RestError::Server { status }),
            Some(0) | None => answer.http_error(RATE_LIMIT_WAIT),
            Some(_) => answer.http_error(RATE_LIMIT_WAIT).or(Some(RestError::Refused { status })),
        }
    }
}

/// `BTC-USDT`
fn instrument(symbol: Symbol) -> String {
    format!("{symbol}-{QUOTE}")
}

/// `{"code":"0","msg":"","data":[…]}`
#[derive(Debug, Deserialize)]
struct Reply<L> {
    data: L,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Code<'a> {
    #[serde(borrow)]
    code: Field<'a>,
}

/// `{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{…}]}`, `{"event":"subscribe","arg":{…},"connId":"…"}` or
/// `{"event":"error","code":"60018","msg":"…","connId":"…"}`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Frame<'a> {
    #[serde(borrow)]
    arg: Object<Arg<'a>>,
    #[serde(borrow, bound(deserialize = "'de: 'a"))]
    data: Rows<Ticker<'a>>,
    #[serde(borrow)]
    event: Field<'a>,
    #[serde(borrow)]
    code: Field<'a>,
    #[serde(borrow)]
    msg: Words<'a>,
    #[serde(borrow)]
    id: Words<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Arg<'a> {
    #[serde(borrow)]
    channel: Field<'a>,
    #[serde(borrow)]
    inst_id: Field<'a>,
}

/// `{"instId":"BTC-USDT","last":"115450","open24h":"113625.5","vol24h":"7715.6","volCcy24h":"887468830.3","ts":"1761583471970",…}`
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Ticker<'a> {
    #[serde(borrow)]
    inst_id: Field<'a>,
    #[serde(borrow)]
    last: Field<'a>,
    #[serde(borrow)]
    open24h: Field<'a>,
    #[serde(borrow)]
    high24h: Field<'a>,
    #[serde(borrow)]
    low24h: Field<'a>,
    #[serde(borrow)]
    vol24h: Field<'a>,
    #[serde(borrow)]
    vol_ccy24h: Field<'a>,
    #[serde(borrow)]
    ts: Field<'a>,
}

impl Ticker<'_> {
    fn quote(&self, symbol: Symbol) -> Result<Quote, super::figures::BadFigure> {
        let texts = FigureTexts {
            last: self.last,
            open: self.open24h,
            high: self.high24h,
            low: self.low24h,
            volume: self.vol24h,
            volume_quote: self.vol_ccy24h,
        };
        Figures::default().with(&texts)?.quote(symbol, self.ts.int())
    }
}

/// `{"instType":"SPOT","instId":"BTC-USDT","baseCcy":"BTC","quoteCcy":"USDT","state":"live",…}`
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Instrument<'a> {
    #[serde(borrow)]
    base_ccy: Field<'a>,
    #[serde(borrow)]
    quote_ccy: Field<'a>,
    #[serde(borrow)]
    state: Field<'a>,
}

#[derive(Debug, Default)]
struct OkxSession {
    /// By instrument: `BTC-USDT`.
    symbols: HashMap<String, Symbol>,
    requests: OpenRequests,
}

impl OkxSession {
    fn symbol(&self, instrument: Field<'_>) -> Option<Symbol> {
        instrument.text().and_then(|name| self.symbols.get(name)).copied()
    }

    fn error(&mut self, frame: Frame<'_>, out: &mut Vec<SessionEvent>) {
        let words = frame.msg.0.into_owned();
        if frame.code == Field::Text("60014") {
            out.push(SessionEvent::Throttled);
        } else if let Some(symbol) = named(&words).and_then(|name| self.symbols.get(name)).copied() {
            self.requests.answered(symbol);
            out.push(SessionEvent::Refused { symbols: vec![symbol], reason: words });
        } else if let Some(symbols) = frame.id.0.parse().ok().and_then(|id| self.requests.close(id)) {
            // Refused as a whole, without a name.
            match halves(&symbols) {
                Some(halves) => {
                    let requests = halves.into_iter().flat_map(|half| self.subscribe(half));
                    out.extend(requests.map(SessionEvent::Send));
                }
                None => out.push(SessionEvent::Refused { symbols, reason: words }),
            }
        } else {
            out.push(SessionEvent::Notice(words));
        }
    }
}

/// The instrument in `Wrong URL or channel:tickers,instId:NMR-USDT doesn't exist. …`, if the channel is the tickers'.
fn named(words: &str) -> Option<&str> {
    let (_, rest) = words.split_once("channel:tickers,instId:")?;
    rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next()
}

impl Session for OkxSession {
    fn subscribe(&mut self, symbols: &[Symbol]) -> Vec<String> {
        self.symbols.extend(symbols.iter().map(|s| (instrument(*s), *s)));
        in_requests(symbols, RULES.request_args, RULES.request_bytes, ARG_BYTES)
            .map(|group| request("subscribe", group, self.requests.open(group)))
            .collect()
    }

    fn unsubscribe(&mut self, symbols: &[Symbol]) -> Vec<String> {
        for symbol in symbols {
            self.symbols.remove(&instrument(*symbol));
            self.requests.answered(*symbol);
        }
        in_requests(symbols, RULES.request_args, RULES.request_bytes, ARG_BYTES)
            .map(|group| request("unsubscribe", group, self.requests.number()))
            .collect()
    }

    fn ping(&mut self) -> Option<String> {
        Some("ping".to_owned())
    }

    fn decode(&mut self, text: &str, out: &mut Vec<SessionEvent>) -> Result<(), DecodeError> {
        if text == "pong" {
            out.push(SessionEvent::Pong);
            return Ok(());
        }
        let Object(frame) = serde_json::from_str::<Object<Frame<'_>>>(text)?;
        let Some(frame) = frame else {
            out.push(SessionEvent::Ignored);
            return Ok(());
        };
        let ours = frame.arg.0.as_ref().filter(|arg| arg.channel == Field::Text(CHANNEL));
        match (frame.event, ours) {
            (Field::Text("error"), _) => self.error(frame, out),
            (Field::Text("notice"), _) if frame.code == Field::Text("64008") => out.push(SessionEvent::GoingAway),
            (Field::Text("notice"), _) => out.push(SessionEvent::Notice(frame.msg.0.into_owned())),
            (Field::Text("subscribe"), Some(arg)) => out.push(match self.symbol(arg.inst_id) {
                Some(symbol) => {
                    self.requests.answered(symbol);
                    SessionEvent::Subscribed(vec![symbol])
                }
                None => SessionEvent::Ignored,
            }),
            (Field::Missing, Some(arg)) => {
                let before = out.len();
                for row in frame.data {
                    let Some(symbol) = self.symbol(row.inst_id) else { continue };
                    out.push(row.quote(symbol).map_or(SessionEvent::BadQuote(symbol), SessionEvent::Quote));
                }
                if out.len() == before {
                    out.push(self.symbol(arg.inst_id).map_or(SessionEvent::Ignored, SessionEvent::BadQuote));
                }
            }
            _ => out.push(SessionEvent::Ignored),
        }
        Ok(())
    }
}

fn request(op: &str, symbols: &[Symbol], id: i64) -> String {
    let args: Vec<String> =
        symbols.iter().map(|s| format!(r#"{{"channel":"{CHANNEL}","instId":"{}"}}"#, instrument(*s))).collect();
    format!(r#"{{"id":"{id}","op":"{op}","args":[{}]}}"#, args.join(","))
}
