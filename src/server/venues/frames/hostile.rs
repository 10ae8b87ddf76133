//! Frames that no honest venue sends.

use proptest::{prelude::*, sample::Index};

use super::*;
use crate::server::venues::connector::DecodeError;

/// A true ticker of BTC of each venue.
fn true_ticker(connector: &dyn Connector) -> String {
    match connector.venue().as_str() {
        "binance" => sample(connector, "ws_ticker_combined.json").replace("DOGEBNB", "BTCUSDT"),
        "bybit" => sample(connector, "ws_ticker_spot_snapshot_doc.json"),
        _ => sample(connector, "ws_tickers_spot_2025.json"),
    }
}

/// The figures of that ticker: last price and base volume, as the venue writes them.
fn figures(connector: &dyn Connector) -> [(&'static str, &'static str); 2] {
    match connector.venue().as_str() {
        "binance" => [("\"c\":", "\"0.00014360\""), ("\"v\":", "\"20014582.00000000\"")],
        "bybit" => [("\"lastPrice\":", "\"21109.77\""), ("\"volume24h\":", "\"6780.866843\"")],
        _ => [("\"last\":", "\"115450\""), ("\"vol24h\":", "\"7715.62528481\"")],
    }
}

fn decode(connector: &dyn Connector, text: &str) -> Result<Vec<SessionEvent>, DecodeError> {
    let mut out = Vec::new();
    subscribed(connector).decode(text, &mut out).map(|()| out)
}

#[test]
fn bad_figures_never_become_a_quote() {
    for connector in CONNECTORS.iter().copied() {
        let good = true_ticker(connector);
        assert!(matches!(decode(connector, &good).unwrap()[..], [SessionEvent::Quote(_)]));
        for (key, value) in figures(connector) {
            let from = format!("{key}{value}");
            assert!(good.contains(&from), "{from}");
            for bad in [
                "\"\"",
                "\"NaN\"",
                "\"nan\"",
                "\"inf\"",
                "\"-Infinity\"",
                "\"-1\"",
                "\"1e400\"",
                "\"0x10\"",
                "\" 1\"",
                "\"1,5\"",
                "\"\\u0031\"",
                "1",
                "1.5",
                "-1",
                "true",
                "null",
                "[]",
                "{}",
                "[\"1\"]",
                "{\"a\":1}",
            ] {
                let text = good.replace(&from, &format!("{key}{bad}"));
                let symbol = symbols(&["BTC"])[0];
                assert_eq!(decode(connector, &text), Ok(vec![SessionEvent::BadQuote(symbol)]), "{text}");
            }
            let text = good.replace(&format!("{from},"), "");
            assert!(matches!(decode(connector, &text).unwrap()[..], [SessionEvent::BadQuote(_)]), "{text}");
        }
        // Zero is a volume and no price.
        let [(price, last), (volume, traded)] = figures(connector);
        let text = good.replace(&format!("{price}{last}"), &format!("{price}\"0\""));
        assert!(matches!(decode(connector, &text).unwrap()[..], [SessionEvent::BadQuote(_)]));
        let text = good.replace(&format!("{volume}{traded}"), &format!("{volume}\"0\""));
        assert!(matches!(decode(connector, &text).unwrap()[..], [SessionEvent::Quote(_)]));
    }
}

#[test]
fn what_is_no_json_is_an_error_and_what_is_only_unknown_is_ignored() {
    let bomb = "[".repeat(100_000);
    let nested = format!(r#"{{"a":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
    for connector in CONNECTORS.iter().copied() {
        for text in ["", "garbage", "{", "<html></html>", "{\"a\":}", "\u{0}", "{} trailing", bomb.as_str()] {
            assert!(decode(connector, text).is_err(), "{} {:?}", connector.venue(), text.get(..20));
        }
        for text in ["{}", "[]", "null", "7", "\"words\"", r#"{"unheard":"of"}"#, r#"{"data":7,"arg":[],"topic":{}}"#] {
            assert_eq!(decode(connector, text), Ok(vec![SessionEvent::Ignored]), "{} {text}", connector.venue());
        }
        // Deep nesting may be refused or skipped, but no more than that.
        assert!(matches!(decode(connector, &nested).as_deref(), Err(_) | Ok([SessionEvent::Ignored])));
    }
}

#[test]
fn a_member_given_twice_is_an_error_of_shape() {
    for connector in CONNECTORS.iter().copied() {
        let good = true_ticker(connector);
        let [(key, value), _] = figures(connector);
        let text = good.replace(&format!("{key}{value}"), &format!("{key}{value},{key}{value}"));
        assert_eq!(decode(connector, &text), Err(DecodeError::Shape));
    }
}

/// Every event that leaves a decoder holds only checked values; the types see to it, but for the symbol.
fn only_ours(events: &[SessionEvent]) -> bool {
    events.iter().all(|event| match event {
        SessionEvent::Quote(quote) => SYMBOLS.contains(&quote.symbol.as_str()) && quote.time.0 > 0,
        _ => true,
    })
}

proptest! {
    #[test]
    fn no_text_makes_a_decoder_panic(text: String) {
        for connector in CONNECTORS.iter().copied() {
            if let Ok(events) = decode(connector, &text) {
                prop_assert!(only_ours(&events));
            }
        }
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes: Vec<u8>) {
        let text = String::from_utf8_lossy(&bytes);
        for connector in CONNECTORS.iter().copied() {
            if let Ok(events) = decode(connector, &text) {
                prop_assert!(only_ours(&events));
            }
            let _ = connector.parse_tickers(&bytes, &symbols(&SYMBOLS));
            let _ = connector.parse_candles(&bytes);
            let _ = connector.refusal(&Answer { status: 200, retry_after: None, body: &bytes });
        }
    }

    #[test]
    fn no_mutation_of_a_sample_makes_a_decoder_panic(
        which: Index,
        edits in prop::collection::vec((any::<Index>(), any::<u8>(), 0_u8..3), 1..12),
    ) {
        for connector in CONNECTORS.iter().copied() {
            let mut files: Vec<_> = fs::read_dir(folder(connector)).unwrap().map(|f| f.unwrap().path()).collect();
            files.sort();
            let mut bytes = fs::read(which.get(&files)).unwrap();
            for (at, byte, kind) in &edits {
                let at = at.index(bytes.len().max(1));
                match kind {
                    0 if at < bytes.len() => bytes[at] = *byte,
                    1 if at < bytes.len() => { bytes.remove(at); }
                    _ => bytes.insert(at, *byte),
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            if let Ok(events) = decode(connector, &text) {
                prop_assert!(only_ours(&events));
            }
            let _ = connector.parse_tickers(&bytes, &symbols(&SYMBOLS));
            let _ = connector.parse_candles(&bytes);
            let _ = connector.refusal(&Answer { status: 200, retry_after: None, body: &bytes });
        }
    }
}
