//! A symbol: the base asset, in upper case. The quote is always USDT.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The quote currency of every price. It is USDT, and never called USD.
pub const QUOTE: &str = "USDT";

/// Longest text that is read as a symbol, in bytes.
pub const MAX_SYMBOL_LEN: usize = 20;

/// A base asset such as `BTC`, `1INCH` or `1000SATS`: 1–20 ASCII letters and digits, upper case.
///
/// It is a small copied value, so it can be a map key on the hot path without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol {
    // Unused bytes stay zero, so that the derived order and equality are those of the text.
    bytes: [u8; MAX_SYMBOL_LEN],
    len: u8,
}

/// Why a text is no symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SymbolError {
    #[error("a symbol is 1 to 20 letters or digits, with at most one separator before USDT")]
    Malformed,
    /// Well formed, but in another quote currency: such a market is not known here.
    #[error("prices are quoted in USDT only")]
    OtherQuote,
}

impl Symbol {
    /// Reads `BTC`, `BTCUSDT`, `BTC-USDT`, `BTC/USDT` or `BTC_USDT`, in any case.
    ///
    /// # Errors
    /// [`SymbolError::Malformed`] over 20 characters, or for anything but letters, digits and one separator;
    /// [`SymbolError::OtherQuote`] for a pair in another quote currency.
    pub fn parse(text: &str) -> Result<Self, SymbolError> {
        if text.is_empty() || text.len() > MAX_SYMBOL_LEN {
            return Err(SymbolError::Malformed);
        }
        if let Some((base, quote)) = text.split_once(['-', '/', '_']) {
            let base = Self::from_base(base)?;
            let quote = Self::from_base(quote)?;
            return if quote.as_str() == QUOTE { Ok(base) } else { Err(SymbolError::OtherQuote) };
        }
        let whole = Self::from_base(text)?;
        match whole.as_str().strip_suffix(QUOTE) {
            Some(base) if !base.is_empty() => Self::from_base(base),
            _ => Ok(whole),
        }
    }

    fn from_base(base: &str) -> Result<Self, SymbolError> {
        let mut bytes = [0; MAX_SYMBOL_LEN];
        let len = u8::try_from(base.len()).map_err(|_| SymbolError::Malformed)?;
        if base.is_empty() || base.len() > MAX_SYMBOL_LEN {
            return Err(SymbolError::Malformed);
        }
        for (slot, byte) in bytes.iter_mut().zip(base.bytes()) {
            if !byte.is_ascii_alphanumeric() {
                return Err(SymbolError::Malformed);
            }
            *slot = byte.to_ascii_uppercase();
        }
        Ok(Self { bytes, len })
    }

    /// The base asset in upper case.
    pub fn as_str(&self) -> &str {
        // Only ASCII was stored and `len` is within bounds, so neither fallback is ever taken.
        self.bytes.get(..usize::from(self.len)).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
    }

    /// The pair without a separator: `BTCUSDT`.
    pub fn pair(&self) -> String {
        format!("{self}{QUOTE}")
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_means_the_base_asset() {
        for (text, base) in [
            ("BTC", "BTC"),
            ("btc", "BTC"),
            ("BTCUSDT", "BTC"),
            ("btc-usdt", "BTC"),
            ("Btc/Usdt", "BTC"),
            ("BTC_USDT", "BTC"),
            ("1INCH", "1INCH"),
            ("1000SATSUSDT", "1000SATS"),
            ("USDT", "USDT"),
            ("AAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA"),
        ] {
            assert_eq!(Symbol::parse(text).map(|s| s.to_string()), Ok(base.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_symbol_is_refused() {
        for text in [
            "",
            "-",
            "BTC-",
            "-USDT",
            "BTC--USDT",
            "BTC-USDT-X",
            "BTC USDT",
            "BTC\n",
            "ВТС",
            "../etc",
            "AAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(Symbol::parse(text), Err(SymbolError::Malformed), "{text:?}");
        }
        assert_eq!(Symbol::parse("BTC-EUR"), Err(SymbolError::OtherQuote));
    }
}
