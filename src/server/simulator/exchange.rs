//! The three exchanges that are played here.

use std::fmt;

/// An exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exchange {
    Binance,
    Bybit,
    Okx,
}

impl Exchange {
    pub const ALL: [Self; 3] = [Self::Binance, Self::Bybit, Self::Okx];

    /// The name in paths and in the control interface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Binance => "binance",
            Self::Bybit => "bybit",
            Self::Okx => "okx",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|exchange| exchange.as_str() == text)
    }

    /// A number for noise keys.
    pub const fn number(self) -> u64 {
        match self {
            Self::Binance => 1,
            Self::Bybit => 2,
            Self::Okx => 3,
        }
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
