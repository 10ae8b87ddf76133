//! Every sample frame of the venues and what it means. The sources of the frames are named beside them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use super::{
    connector::{Connector, Session, SessionEvent},
    event::Quote,
    registry::CONNECTORS,
    rest_error::{Answer, RestError},
};
use crate::model::{candle::Candle, symbol::Symbol};

mod binance;
mod bybit;
mod hostile;
mod okx;

/// How a file is to be read.
#[derive(Debug, Clone, Copy)]
enum Read {
    /// A text frame of the venue.
    Heard,
    /// What we say to subscribe BTC and ETH, or to stay alive; numbers of requests aside.
    Subscribe,
    Ping,
    /// The answer to a request for tickers, with this status.
    Tickers(u16),
    /// One row of such an answer.
    Ticker,
    /// The answer to a request for candles, with this status.
    Candles(u16),
    /// The answer to a request for what is listed, with this status.
    Listing(u16),
}

/// File, how to read it, replacements in it (most samples are of pairs that are not followed), what it says.
type Row = (&'static str, Read, &'static [(&'static str, &'static str)], &'static [&'static str]);

/// What the sessions of these tests subscribe, in one request.
const SYMBOLS: [&str; 8] = ["BTC", "ETH", "BNB", "DOGE", "ATOM", "NKN", "NMR", "NOPE"];

fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::parse(name).unwrap()).collect()
}

/// A session that has subscribed [`SYMBOLS`].
fn subscribed(connector: &dyn Connector) -> Box<dyn Session> {
    let mut session = connector.session();
    assert_eq!(session.subscribe(&symbols(&SYMBOLS)).len(), 1);
    session
}

fn folder(connector: &dyn Connector) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/server/venues/frames").join(connector.venue().as_str())
}

fn sample(connector: &dyn Connector, file: &str) -> String {
    fs::read_to_string(folder(connector).join(file)).unwrap()
}

/// Reads every row of the table and makes sure that no file was forgotten.
fn check(connector: &dyn Connector, table: &[Row]) {
    for (file, read, edits, expected) in table {
        let text = edits.iter().fold(sample(connector, file), |text, (from, to)| {
            assert!(text.contains(from), "{file}: no {from}");
            text.replace(from, to)
        });
        assert_eq!(said(connector, *read, text.trim()), *expected, "{file}");
    }
    let listed: BTreeSet<String> = table.iter().map(|(file, ..)| (*file).to_owned()).collect();
    let there: BTreeSet<String> = fs::read_dir(folder(connector))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "SOURCES.md")
        .collect();
    assert_eq!(listed, there);
}

fn said(connector: &dyn Connector, read: Read, text: &str) -> Vec<String> {
    match read {
        Read::Heard => heard(&mut *subscribed(connector), text),
        Read::Subscribe => sent(&connector.session().subscribe(&symbols(&["BTC", "ETH"])), text),
        Read::Ping => sent(&connector.session().ping().into_iter().collect::<Vec<_>>(), text),
        Read::Tickers(status) => tickers(connector, status, text),
        Read::Ticker => tickers(connector, 200, &format!("[{text}]")),
        Read::Candles(status) => {
            let candles =
                refusal(connector, status, text).map_or_else(|| connector.parse_candles(text.as_bytes()), Err);
            candles.map_or_else(|e| vec![e.to_string()], |rows| rows.iter().map(candle).collect())
        }
        Read::Listing(status) => {
            let symbols =
                refusal(connector, status, text).map_or_else(|| connector.parse_listing(text.as_bytes()), Err);
            symbols.map_or_else(|e| vec![e.to_string()], |rows| rows.iter().map(ToString::to_string).collect())
        }
    }
}

fn refusal(connector: &dyn Connector, status: u16, text: &str) -> Option<RestError> {
    connector.refusal(&Answer { status, retry_after: None, body: text.as_bytes() })
}

fn tickers(connector: &dyn Connector, status: u16, text: &str) -> Vec<String> {
    let parse = || connector.parse_tickers(text.as_bytes(), &symbols(&SYMBOLS));
    let quotes = refusal(connector, status, text).map_or_else(parse, Err);
    quotes.map_or_else(|e| vec![e.to_string()], |rows| rows.iter().map(quote).collect())
}

fn heard(session: &mut dyn Session, text: &str) -> Vec<String> {
    let mut events = Vec::new();
    match session.decode(text, &mut events) {
        Ok(()) => events.iter().map(event).collect(),
        Err(error) => vec![format!("error: {error}")],
    }
}

/// `same` if we would send what the sample says.
fn sent(ours: &[String], sample: &str) -> Vec<String> {
    let numberless = |text: &str| {
        let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
        for key in ["id", "req_id"] {
            value.as_object_mut().unwrap().remove(key);
        }
        value
    };
    ours.iter()
        .map(|frame| if numberless(frame) == numberless(sample) { "same".to_owned() } else { frame.clone() })
        .collect()
}

fn event(event: &SessionEvent) -> String {
    match event {
        SessionEvent::Quote(q) => quote(q),
        SessionEvent::BadQuote(symbol) => format!("bad quote {symbol}"),
        SessionEvent::Subscribed(symbols) => format!("subscribed {symbols:?}"),
        SessionEvent::Refused { symbols, reason } => format!("refused {symbols:?}: {reason}"),
        SessionEvent::Throttled => "throttled".to_owned(),
        SessionEvent::GoingAway => "going away".to_owned(),
        SessionEvent::Pong => "pong".to_owned(),
        SessionEvent::Send(frame) => format!("send {frame}"),
        SessionEvent::Notice(words) => format!("notice {words}"),
        SessionEvent::Ignored => "ignored".to_owned(),
    }
}

fn quote(q: &Quote) -> String {
    let price = |name: &str, value: Option<f64>| value.map_or_else(String::new, |v| format!(" {name} {v}"));
    format!(
        "{} {}{}{}{} volume {}{} at {}",
        q.symbol,
        q.last.get(),
        price("open", q.open.map(crate::model::number::Price::get)),
        price("high", q.high.map(crate::model::number::Price::get)),
        price("low", q.low.map(crate::model::number::Price::get)),
        q.volume.get(),
        price("turnover", q.volume_quote.map(crate::model::number::Volume::get)),
        q.time.0,
    )
}

fn candle(c: &Candle) -> String {
    format!("{} {} {} {} {} {}", c.open_time.0, c.open, c.high, c.low, c.close, c.volume)
}
