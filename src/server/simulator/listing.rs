//! What is traded: prices, steps, volumes and temper of each asset on each exchange.

use crate::model::symbol::{QUOTE, Symbol};

use super::{
    decimal,
    exchange::Exchange,
    noise::{Noise, key_of_text},
};

/// An asset and how it behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    pub symbol: Symbol,
    /// The price that the path stays around, in USDT.
    pub price: f64,
    /// Standard deviation of a day's return, as a fraction.
    pub daily_volatility: f64,
    /// Correlation of its returns with the whole market's, 0–1.
    pub market_correlation: f64,
    /// Traded on Binance in 24 h, in million USDT.
    pub daily_millions: f64,
    /// Decimals of a price step on Binance.
    pub price_decimals: u32,
}

/// Base asset, price, daily volatility, correlation with the market, million USDT a day, price decimals on Binance.
type Row = (&'static str, f64, f64, f64, f64, u32);

/// Round figures of the kind these assets had in 2024 and 2025.
const ASSETS: [Row; 40] = [
    ("BTC", 67_000.0, 0.022, 0.92, 1900.0, 2),
    ("ETH", 3200.0, 0.028, 0.90, 1100.0, 2),
    ("SOL", 160.0, 0.038, 0.82, 480.0, 2),
    ("BNB", 590.0, 0.022, 0.75, 190.0, 2),
    ("XRP", 0.62, 0.034, 0.70, 260.0, 4),
    ("DOGE", 0.16, 0.043, 0.76, 230.0, 5),
    ("ADA", 0.45, 0.036, 0.80, 75.0, 4),
    ("AVAX", 28.0, 0.040, 0.80, 62.0, 2),
    ("LINK", 14.2, 0.036, 0.79, 58.0, 2),
    ("DOT", 6.1, 0.035, 0.80, 36.0, 3),
    ("TRX", 0.14, 0.018, 0.45, 48.0, 4),
    ("LTC", 72.0, 0.029, 0.74, 52.0, 2),
    ("BCH", 380.0, 0.034, 0.70, 38.0, 1),
    ("NEAR", 5.1, 0.046, 0.77, 66.0, 3),
    ("UNI", 7.9, 0.044, 0.72, 40.0, 3),
    ("ATOM", 6.4, 0.037, 0.78, 22.0, 3),
    ("XLM", 0.105, 0.031, 0.68, 17.0, 4),
    ("APT", 8.2, 0.045, 0.76, 44.0, 2),
    ("ARB", 0.78, 0.045, 0.78, 47.0, 4),
    ("1INCH", 0.31, 0.041, 0.70, 7.0, 4),
    ("OP", 1.75, 0.047, 0.77, 41.0, 3),
    ("SUI", 1.3, 0.052, 0.70, 95.0, 4),
    ("FIL", 4.3, 0.039, 0.76, 31.0, 3),
    ("1000SATS", 0.000_27, 0.060, 0.55, 24.0, 7),
    ("PEPE", 0.000_011_2, 0.062, 0.60, 310.0, 8),
    ("SHIB", 0.000_018_5, 0.040, 0.72, 70.0, 8),
    ("USDC", 1.0, 0.000_15, 0.0, 900.0, 4),
    ("WBTC", 66_950.0, 0.022, 0.92, 12.0, 2),
    ("AAVE", 145.0, 0.042, 0.74, 46.0, 2),
    ("ALGO", 0.17, 0.040, 0.74, 18.0, 4),
    ("ETC", 21.5, 0.037, 0.76, 33.0, 2),
    ("FET", 1.25, 0.058, 0.66, 85.0, 3),
    ("HBAR", 0.088, 0.045, 0.70, 40.0, 5),
    ("ICP", 9.4, 0.044, 0.76, 26.0, 3),
    ("INJ", 21.0, 0.047, 0.74, 38.0, 2),
    ("KAS", 0.14, 0.044, 0.52, 30.0, 5),
    ("MNT", 0.68, 0.034, 0.60, 35.0, 4),
    ("OKB", 42.0, 0.024, 0.55, 14.0, 2),
    ("TIA", 5.6, 0.055, 0.70, 52.0, 3),
    ("TON", 5.3, 0.036, 0.58, 90.0, 3),
];

const EVERYWHERE: &[Exchange] = &Exchange::ALL;

/// What is listed beside the assets of the settings, and where: as on the real exchanges, not everything everywhere.
pub const ALSO_LISTED: [(&str, &[Exchange]); 18] = [
    ("AAVE", EVERYWHERE),
    ("ALGO", EVERYWHERE),
    ("ETC", EVERYWHERE),
    ("FET", &[Exchange::Binance, Exchange::Bybit]),
    ("FIL", EVERYWHERE),
    ("HBAR", EVERYWHERE),
    ("ICP", EVERYWHERE),
    ("INJ", &[Exchange::Binance, Exchange::Bybit]),
    ("KAS", &[Exchange::Bybit]),
    ("MNT", &[Exchange::Bybit]),
    ("OKB", &[Exchange::Okx]),
    ("OP", EVERYWHERE),
    ("PEPE", EVERYWHERE),
    ("SHIB", EVERYWHERE),
    ("SUI", EVERYWHERE),
    ("TIA", EVERYWHERE),
    ("TON", &[Exchange::Bybit, Exchange::Okx]),
    ("WBTC", &[Exchange::Binance, Exchange::Okx]),
];

/// The same, read.
pub fn also_listed() -> Vec<(Symbol, &'static [Exchange])> {
    ALSO_LISTED.into_iter().filter_map(|(base, at)| Some((Symbol::parse(base).ok()?, at))).collect()
}

impl Asset {
    /// What is known of the asset; a plausible character derived from the seed and the name where nothing is.
    pub fn of(symbol: Symbol, seed: u64) -> Self {
        if let Some(row) = ASSETS.iter().find(|row| row.0 == symbol.as_str()) {
            let &(_, price, daily_volatility, market_correlation, daily_millions, price_decimals) = row;
            return Self { symbol, price, daily_volatility, market_correlation, daily_millions, price_decimals };
        }
        let mut noise = Noise::new(key_of_text(seed, symbol.as_str()));
        // Prices of small assets lie between a hundredth of a dollar and a hundred dollars, evenly in the logarithm.
        let price = 10_f64.powf(noise.unit() * 4.0 - 2.0);
        Self {
            symbol,
            price,
            daily_volatility: 0.03 + 0.03 * noise.unit(),
            market_correlation: 0.5 + 0.3 * noise.unit(),
            daily_millions: 4.0 + 40.0 * noise.unit(),
            price_decimals: decimals_for(price),
        }
    }
}

/// Enough decimals for five figures.
fn decimals_for(price: f64) -> u32 {
    (0..=8).find(|&decimals| price * decimal::one(decimals) >= 10_000.0).unwrap_or(8)
}

/// An asset on an exchange: the steps of its figures and how much of it changes hands.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    pub exchange: Exchange,
    pub asset: Asset,
    /// `BTCUSDT`
    pub pair: String,
    /// `BTC-USDT`
    pub dashed: String,
    /// A price is a whole number of `10^-price_decimals` USDT.
    pub price_decimals: u32,
    /// A quantity is a whole number of `10^-lot_decimals` of the base asset.
    pub lot_decimals: u32,
    /// Base volume of an average day, in lots.
    pub daily_lots: u64,
    /// Trades of an average day.
    pub daily_trades: u64,
    /// A number that exchanges give to an instrument.
    pub number: usize,
}

impl Listing {
    pub fn new(exchange: Exchange, asset: Asset, number: usize, seed: u64) -> Self {
        let lot_decimals = lot_decimals(exchange, asset.price);
        let price_decimals = match exchange {
            // OKX quotes dear assets in tenths.
            Exchange::Okx if asset.price >= 10_000.0 => 1,
            _ => asset.price_decimals,
        };
        // Every asset has its own home: the share of each exchange differs from asset to asset.
        let mut noise = Noise::new(key_of_text(seed ^ exchange.number(), asset.symbol.as_str()));
        let share = match exchange {
            Exchange::Binance => 1.0,
            Exchange::Bybit => 0.35,
            Exchange::Okx => 0.27,
        } * (0.7 + 0.6 * noise.unit());
        let quote = asset.daily_millions * 1e6 * share;
        let lots = whole(quote / asset.price * decimal::one(lot_decimals));
        let trades = whole(60_000.0 * share + quote / 1000.0).min(1_300_000).min(lots / 2);
        let symbol = asset.symbol;
        Self {
            exchange,
            pair: symbol.pair(),
            dashed: format!("{symbol}-{QUOTE}"),
            price_decimals,
            lot_decimals,
            daily_lots: lots,
            daily_trades: trades,
            number,
            asset,
        }
    }

    pub const fn symbol(&self) -> Symbol {
        self.asset.symbol
    }
}

/// A lot is worth about a cent or a dollar, as on the real exchanges.
fn lot_decimals(exchange: Exchange, price: f64) -> u32 {
    let finer = match exchange {
        Exchange::Binance => 0,
        Exchange::Bybit => 1,
        Exchange::Okx => 3,
    };
    let coarse = match price {
        p if p >= 10_000.0 => 5,
        p if p >= 1000.0 => 4,
        p if p >= 100.0 => 3,
        p if p >= 10.0 => 2,
        p if p >= 0.5 => 1,
        _ => 0,
    };
    if coarse == 0 { 0 } else { (coarse + finer).min(8) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, saturates")]
fn whole(value: f64) -> u64 {
    value.max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(exchange: Exchange, base: &str) -> Listing {
        Listing::new(exchange, Asset::of(Symbol::parse(base).expect("a symbol"), 1), 0, 1)
    }

    #[test]
    fn unknown_assets_are_plausible_and_depend_on_the_seed() {
        let symbol = Symbol::parse("NEWCOIN").expect("a symbol");
        let asset = Asset::of(symbol, 1);
        assert_eq!(asset, Asset::of(symbol, 1));
        assert_ne!(asset, Asset::of(symbol, 2));
        assert!((0.01..=100.0).contains(&asset.price));
        assert!(asset.price * decimal::one(asset.price_decimals) >= 1000.0);
    }

    #[test]
    fn all_that_is_listed_beside_is_known() {
        assert_eq!(also_listed().len(), ALSO_LISTED.len());
        for (base, at) in ALSO_LISTED {
            assert!(ASSETS.iter().any(|row| row.0 == base) && !at.is_empty(), "{base}");
        }
    }

    #[test]
    fn volumes_differ_by_exchange_and_every_trade_has_a_lot() {
        for base in ASSETS.map(|row| row.0) {
            let [a, b, c] = Exchange::ALL.map(|exchange| listing(exchange, base));
            for l in [&a, &b, &c] {
                assert!(l.daily_trades <= l.daily_lots && l.daily_trades >= 3000, "{l:?}");
            }
            assert_ne!(a.daily_trades, b.daily_trades, "{base}");
        }
        assert_eq!(listing(Exchange::Okx, "BTC").price_decimals, 1);
        assert_eq!(listing(Exchange::Binance, "BTC").lot_decimals, 5);
    }
}
