//! From the rows of a listing to symbols.

use super::{field::Field, rest_error::RestError};
use crate::model::symbol::{QUOTE, Symbol};

/// The symbols among rows of base and quote asset: those in USDT whose name can be a symbol here, and means the same
/// pair when it is asked for.
///
/// # Errors
/// [`RestError::Malformed`] where there is none: no venue is without any, and a listing that is believed must not be
/// emptied by an answer that went wrong.
pub(super) fn listed<'a>(rows: impl Iterator<Item = (Field<'a>, Field<'a>)>) -> Result<Vec<Symbol>, RestError> {
    let in_usdt = rows.filter(|(_, quote)| *quote == Field::Text(QUOTE));
    let symbols: Vec<Symbol> = in_usdt.filter_map(|(base, _)| symbol(base.text()?)).collect();
    if symbols.is_empty() { Err(RestError::Malformed) } else { Ok(symbols) }
}

fn symbol(base: &str) -> Option<Symbol> {
    let symbol = Symbol::parse(base).ok().filter(|symbol| symbol.as_str() == base)?;
    // What is too long for a pair can't be asked for in every form.
    Symbol::parse(&symbol.pair()).is_ok_and(|again| again == symbol).then_some(symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[(&'static str, &'static str)]) -> Result<Vec<String>, RestError> {
        let symbols = listed(rows.iter().map(|(base, quote)| (Field::Text(base), Field::Text(quote))))?;
        Ok(symbols.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn pairs_in_usdt_with_a_name_that_can_be_asked_for() {
        let rows = [
            ("BTC", "USDT"),
            ("1000SATS", "USDT"),
            ("ETH", "BTC"),
            ("SOL", "USDC"),
            ("币安人生", "USDT"),
            ("lower", "USDT"),
            ("", "USDT"),
            ("A-B", "USDT"),
            ("USDT", "USDT"),
            ("XUSDT", "USDT"),
            ("SEVENTEENCHARACTR", "USDT"),
            ("SIXTEENCHARACTER", "USDT"),
        ];
        assert_eq!(of(&rows).unwrap(), ["BTC", "1000SATS", "USDT", "SIXTEENCHARACTER"]);
    }

    #[test]
    fn an_answer_without_any_is_not_believed() {
        assert_eq!(of(&[]), Err(RestError::Malformed));
        assert_eq!(of(&[("BTC", "EUR")]), Err(RestError::Malformed));
    }
}
