//! Binance spot.
//!
//! <https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams> and, for REST,
//! <https://developers.binance.com/docs/binance-spot-api-docs/rest-api>.
//!
//! Traps: a stream name must be lower case, and a well-formed one that does not exist is acknowledged and then silent,
//! so an acknowledgement is not data. Errors come wrapped in `"error"` on the wire and bare in the documentation.

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

const VENUE: Venue = match Venue::new("binance") {
    Some(venue) => venue,
    None => unreachable!(),
};

/// The server pings every 20 s by protocol frames; pongs count as messages, of which 5 a second are allowed, so
/// requests keep below that. 300 connection attempts in 5 minutes are allowed for an address, which other programs
/// may share. A connection ends after 24 h.
const RULES: Rules = Rules {
    attempts: Allowance::new(60, Duration::from_mins(5)),
    messages: Allowance::new(5, Duration::from_secs(1)),
    requests: Allowance::new(3, Duration::from_secs(1)),
    request_args: 200,
    request_bytes: 4096,
    streams: 1024,
    ping: None,
    change_over: Some(Duration::from_mins(23 * 60 + 50)),
};

/// Longest argument: a symbol, the quote, `@ticker`, quotes and a comma.
const ARG_BYTES: usize = 40;

/// The wait after a rate limit that names none: its window.
const RATE_LIMIT_WAIT: Duration = Duration::from_mins(1);

/// More symbols than this cost as much as all.
const NAMED_TICKERS: usize = 100;

/// "Invalid symbol."
const INVALID_SYMBOL: i64 = -1121;

/// Binance spot.
#[derive(Debug, Clone, Copy)]
pub struct Binance;

impl Connector for Binance {
    fn info(&self) -> VenueInfo {
        VenueInfo { venue: VENUE, title: "Binance".to_owned(), mark: 'B' }
    }

    fn venue(&self) -> Venue {
        VENUE
    }

    fn ws_urls(&self) -> &'static [&'static str] {
        &[
            "wss://stream.binance.com:9443/stream",
            "wss://stream.binance.com:443/stream",
            "wss://data-stream.binance.vision/stream",
        ]
    }

    fn rest_urls(&self) -> &'static [&'static str] {
        &[
            "https://api.binance.com",
            "https://api1.binance.com",
            "https://api2.binance.com",
            "https://api3.binance.com",
            "https://api4.binance.com",
            "https://data-api.binance.vision",
        ]
    }

    fn rules(&self) -> Rules {
        RULES
    }

    fn session(&self) -> Box<dyn Session> {
        Box::new(BinanceSession::default())
    }

    fn tickers_request(&self, symbols: &[Symbol]) -> RestRequest {
        if symbols.len() > NAMED_TICKERS {
            return RestRequest { path_and_query: "/api/v3/ticker/24hr".to_owned() };
        }
        // A JSON array of strings, percent-encoded.
        let pairs: Vec<String> = symbols.iter().map(|s| format!("%22{}%22", s.pair())).collect();
        RestRequest { path_and_query: format!("/api/v3/ticker/24hr?symbols=%5B{}%5D", pairs.join(",")) }
    }

    fn parse_tickers(&self, body: &[u8], symbols: &[Symbol]) -> Result<Vec<Quote>, RestError> {
        let rows: Rows<RestTicker<'_>> = serde_json::from_slice(body).map_err(|_| RestError::Malformed)?;
        let wanted: HashMap<String, Symbol> = symbols.iter().map(|s| (s.pair(), *s)).collect();
        let quotes = rows.into_iter().filter_map(|row| {
            let symbol = wanted.get(row.symbol.text()?)?;
            Figures::default().with(&row.texts()).and_then(|f| f.quote(*symbol, row.close_time.int())).ok()
        });
        Ok(quotes.collect())
    }

    fn listing_request(&self) -> RestRequest {
        // Without the sets of permissions, which are most of it: about 3 MB.
        let query = "permissions=SPOT&symbolStatus=TRADING&showPermissionSets=false";
        RestRequest { path_and_query: format!("/api/v3/exchangeInfo?{query}") }
    }

    fn parse_listing(&self, body: &[u8]) -> Result<Vec<Symbol>, RestError> {
        let info: ExchangeInfo<'_> = serde_json::from_slice(body).map_err(|_| RestError::Malformed)?;
        let rows = info.symbols.into_iter();
        listed(rows.filter(|row| row.status == Field::Text("TRADING")).map(|row| (row.base_asset, row.quote_asset)))
    }

    fn candles_request(&self, symbol: Symbol, interval: Interval, limit: u16) -> RestRequest {
        let limit = limit.clamp(1, MAX_CANDLES);
        let pair = symbol.pair();
        RestRequest { path_and_query: format!("/api/v3/klines?symbol={pair}&interval={interval}&limit={limit}") }
    }

    fn parse_candles(&self, body: &[u8]) -> Result<Vec<Candle>, RestError> {
        let rows: Vec<Vec<Field<'_>>> = serde_json::from_slice(body).map_err(|_| RestError::Malformed)?;
        candles(&rows)
    }

    fn refusal(&self, answer: &Answer<'_>) -> Option<RestError> {
        let error = answer.http_error(RATE_LIMIT_WAIT)?;
        let body = serde_json::from_slice::<Object<ErrorBody<'_>>>(answer.body).unwrap_or_default();
        match body.0.and_then(|b| b.code.int()) {
            Some(INVALID_SYMBOL) => Some(RestError::UnknownSymbol),
            _ => Some(error),
        }
    }
}

/// `{"stream":"btcusdt@ticker","data":{…}}`, `{"result":null,"id":1}`, `{"error":{"code":2,"msg":"…"},"id":1}`, or, on a
/// connection without envelopes, the event itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Frame<'a> {
    #[serde(borrow)]
    data: Object<Event<'a>>,
    #[serde(borrow)]
    e: Field<'a>,
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    error: Object<ErrorBody<'a>>,
    #[serde(borrow)]
    code: Field<'a>,
    #[serde(borrow)]
    msg: Words<'a>,
}

/// `{"e":"24hrTicker","E":1569805259092,"s":"DOGEBNB","c":"0.00014360","o":…,"h":…,"l":…,"v":…,"q":…}`. Upper and
/// lower case differ in meaning.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow)]
    e: Field<'a>,
    #[serde(borrow, rename = "E")]
    time: Field<'a>,
    #[serde(borrow)]
    s: Field<'a>,
    #[serde(borrow)]
    c: Field<'a>,
    #[serde(borrow)]
    o: Field<'a>,
    #[serde(borrow)]
    h: Field<'a>,
    #[serde(borrow)]
    l: Field<'a>,
    #[serde(borrow)]
    v: Field<'a>,
    #[serde(borrow)]
    q: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody<'a> {
    #[serde(borrow)]
    code: Field<'a>,
    #[serde(borrow)]
    msg: Words<'a>,
}

/// A row of `GET /api/v3/ticker/24hr`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RestTicker<'a> {
    #[serde(borrow)]
    symbol: Field<'a>,
    #[serde(borrow)]
    last_price: Field<'a>,
    #[serde(borrow)]
    open_price: Field<'a>,
    #[serde(borrow)]
    high_price: Field<'a>,
    #[serde(borrow)]
    low_price: Field<'a>,
    #[serde(borrow)]
    volume: Field<'a>,
    #[serde(borrow)]
    quote_volume: Field<'a>,
    #[serde(borrow)]
    close_time: Field<'a>,
}

impl<'a> RestTicker<'a> {
    const fn texts(&self) -> FigureTexts<'a> {
        FigureTexts {
            last: self.last_price,
            open: self.open_price,
            high: self.high_price,
            low: self.low_price,
            volume: self.volume,
            volume_quote: self.quote_volume,
        }
    }
}

/// `{"timezone":"UTC",…,"symbols":[{"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH","quoteAsset":"BTC",…}]}`
#[derive(Debug, Deserialize)]
struct ExchangeInfo<'a> {
    #[serde(borrow, bound(deserialize = "'de: 'a"))]
    symbols: Rows<RestSymbol<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RestSymbol<'a> {
    #[serde(borrow)]
    status: Field<'a>,
    #[serde(borrow)]
    base_asset: Field<'a>,
    #[serde(borrow)]
    quote_asset: Field<'a>,
}

#[derive(Debug, Default)]
struct BinanceSession {
    /// By pair in upper case, as events name it.
    symbols: HashMap<String, Symbol>,
    requests: OpenRequests,
}

impl BinanceSession {
    fn event(&self, event: &Event<'_>) -> SessionEvent {
        match event.e.text() {
            Some("24hrTicker" | "24hrMiniTicker") => {}
            Some("serverShutdown") => return SessionEvent::GoingAway,
            _ => return SessionEvent::Ignored,
        }
        let Some(symbol) = event.s.text().and_then(|pair| self.symbols.get(pair)) else {
            return SessionEvent::Ignored;
        };
        let texts = FigureTexts {
            last: event.c,
            open: event.o,
            high: event.h,
            low: event.l,
            volume: event.v,
            volume_quote: event.q,
        };
        Figures::default()
            .with(&texts)
            .and_then(|figures| figures.quote(*symbol, event.time.int()))
            .map_or(SessionEvent::BadQuote(*symbol), SessionEvent::Quote)
    }

    /// The answer to a request, or an error.
    fn control(&mut self, frame: Frame<'_>, out: &mut Vec<SessionEvent>) {
        let symbols = frame.id.int().and_then(|id| self.requests.close(id));
        let message = match frame.error.0 {
            Some(error) => Some(error.msg),
            None if frame.code != Field::Missing => Some(frame.msg),
            None => None,
        };
        match (message, symbols) {
            // The culprit is not named: the request is repeated in halves until it is alone.
            (Some(reason), Some(symbols)) => match halves(&symbols) {
                Some(halves) => {
                    let requests = halves.into_iter().flat_map(|half| self.subscribe(half));
                    out.extend(requests.map(SessionEvent::Send));
                }
                None => out.push(SessionEvent::Refused { symbols, reason: reason.0.into_owned() }),
            },
            (Some(reason), None) => out.push(SessionEvent::Notice(reason.0.into_owned())),
            (None, Some(symbols)) => out.push(SessionEvent::Subscribed(symbols)),
            (None, None) => out.push(SessionEvent::Ignored),
        }
    }
}

impl Session for BinanceSession {
    fn subscribe(&mut self, symbols: &[Symbol]) -> Vec<String> {
        self.symbols.extend(symbols.iter().map(|s| (s.pair(), *s)));
        in_requests(symbols, RULES.request_args, RULES.request_bytes, ARG_BYTES)
            .map(|group| request("SUBSCRIBE", group, self.requests.open(group)))
            .collect()
    }

    fn unsubscribe(&mut self, symbols: &[Symbol]) -> Vec<String> {
        for symbol in symbols {
            self.symbols.remove(&symbol.pair());
            self.requests.answered(*symbol);
        }
        in_requests(symbols, RULES.request_args, RULES.request_bytes, ARG_BYTES)
            .map(|group| request("UNSUBSCRIBE", group, self.requests.number()))
            .collect()
    }

    fn ping(&mut self) -> Option<String> {
        None
    }

    fn decode(&mut self, text: &str, out: &mut Vec<SessionEvent>) -> Result<(), DecodeError> {
        let Object(frame) = serde_json::from_str::<Object<Frame<'_>>>(text)?;
        out.push(match frame {
            None => SessionEvent::Ignored,
            Some(Frame { data: Object(Some(event)), .. }) => self.event(&event),
            Some(Frame { e: Field::Text(_), .. }) => self.event(&serde_json::from_str(text)?),
            Some(frame) => {
                self.control(frame, out);
                return Ok(());
            }
        });
        Ok(())
    }
}

fn request(method: &str, symbols: &[Symbol], id: i64) -> String {
    let streams: Vec<String> =
        symbols.iter().map(|s| format!("\"{}@ticker\"", s.pair().to_ascii_lowercase())).collect();
    format!(r#"{{"method":"{method}","params":[{}],"id":{id}}}"#, streams.join(","))
}
