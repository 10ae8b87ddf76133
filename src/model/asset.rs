//! What is known of an asset beside its price: a name, and a colour for its mark.

use serde::{Deserialize, Serialize};

use super::symbol::Symbol;

/// The assets on the strip unless the visitor or the configuration chose others.
pub const DEFAULT_STRIP: [&str; 4] = ["BTC", "ETH", "SOL", "BNB"];

/// The assets that are followed unless the configuration names others: base asset, name, colour of its mark.
pub const KNOWN_ASSETS: [(&str, &str, &str); 24] = [
    ("BTC", "Bitcoin", "#b45f06"),
    ("ETH", "Ethereum", "#4c63d2"),
    ("SOL", "Solana", "#0f766e"),
    ("BNB", "BNB", "#8a6d00"),
    ("XRP", "XRP", "#46556a"),
    ("DOGE", "Dogecoin", "#86702a"),
    ("ADA", "Cardano", "#1d4fd8"),
    ("AVAX", "Avalanche", "#c73a3a"),
    ("LINK", "Chainlink", "#2a5ada"),
    ("DOT", "Polkadot", "#c4006b"),
    ("TRX", "TRON", "#c0122f"),
    ("LTC", "Litecoin", "#345d9d"),
    ("BCH", "Bitcoin Cash", "#2f7d3b"),
    ("NEAR", "NEAR Protocol", "#334155"),
    ("UNI", "Uniswap", "#c2106b"),
    ("ATOM", "Cosmos", "#4a4f6e"),
    ("XLM", "Stellar", "#3f3f46"),
    ("APT", "Aptos", "#0e7490"),
    ("ARB", "Arbitrum", "#1f5f8b"),
    ("1INCH", "1inch", "#1b3a5f"),
    ("OP", "Optimism", "#c81e3a"),
    ("SUI", "Sui", "#2563b0"),
    ("FIL", "Filecoin", "#0369a1"),
    ("1000SATS", "1000 Sats", "#9a5b13"),
];

/// How many of [`KNOWN_ASSETS`], from the first, are followed by default.
pub const DEFAULT_ASSETS: usize = 20;

/// How an asset is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetInfo {
    pub symbol: Symbol,
    /// `Bitcoin`; the symbol itself where the name is not known.
    pub name: String,
    /// A CSS colour that white text can be read on.
    pub color: String,
}

impl AssetInfo {
    /// What is known of this asset.
    pub fn of(symbol: Symbol) -> Self {
        let known = KNOWN_ASSETS.iter().find(|(base, ..)| *base == symbol.as_str());
        let (name, color) = known.map_or((symbol.as_str(), "#475569"), |(_, name, color)| (*name, *color));
        Self { symbol, name: name.to_owned(), color: color.to_owned() }
    }
}

/// The assets that are followed by default, in the order of the homepage.
pub fn default_symbols() -> Vec<Symbol> {
    KNOWN_ASSETS.iter().take(DEFAULT_ASSETS).filter_map(|(base, ..)| Symbol::parse(base).ok()).collect()
}
