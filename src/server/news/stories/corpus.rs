//! Invented wires for tests and measurements: events in several wordings by several outlets, with noise between them,
//! the same for the same seed.

use crate::model::{symbol::Symbol, time::UnixMs};

use super::Report;

const TEXT: &str = include_str!("corpus.txt");

const STARTS: [&str; 24] = [
    "Bra", "Cor", "Dal", "Eld", "Fen", "Gal", "Hol", "Ist", "Jor", "Kal", "Lor", "Mar", "Nor", "Ord", "Pel", "Quil",
    "Ros", "Sel", "Tor", "Ul", "Ver", "Wex", "Yar", "Zan",
];
const MIDDLES: [&str; 20] = [
    "a", "ba", "co", "da", "e", "fi", "go", "i", "ka", "la", "mi", "no", "o", "pi", "ra", "sto", "ti", "u", "vi", "xo",
];
const ENDS: [&str; 20] = [
    "bit", "chain", "con", "dex", "dine", "fex", "gate", "lith", "lum", "mont", "nex", "pay", "quant", "rix", "sys",
    "thane", "vault", "ver", "wick", "zen",
];
const FIRST_NAMES: [&str; 12] =
    ["Ada", "Boris", "Carla", "Deng", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kofi", "Lena"];
const COINS: [(&str, &str); 12] = [
    ("Bitcoin", "BTC"),
    ("Ethereum", "ETH"),
    ("Solana", "SOL"),
    ("Cardano", "ADA"),
    ("Dogecoin", "DOGE"),
    ("Avalanche", "AVAX"),
    ("Polkadot", "DOT"),
    ("Chainlink", "LINK"),
    ("Litecoin", "LTC"),
    ("Toncoin", "TON"),
    ("Hedera", "HBAR"),
    ("Aptos", "APT"),
];
const PLACES: [&str; 14] = [
    "Japan",
    "Brazil",
    "South Korea",
    "Australia",
    "Thailand",
    "Canada",
    "Nigeria",
    "Turkey",
    "Vietnam",
    "Norway",
    "Mexico",
    "India",
    "Switzerland",
    "Singapore",
];
const PRODUCTS: [&str; 14] = [
    "staking",
    "tokenized bonds",
    "cross-chain swaps",
    "custody",
    "perpetual futures",
    "lending",
    "yield vaults",
    "a payment card",
    "prediction markets",
    "on-chain identity",
    "liquid restaking",
    "copy trading",
    "a stablecoin",
    "settlement rails",
];
const OUTLETS: u64 = 24;

/// One invented report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    pub id: String,
    pub source: String,
    pub title: String,
    pub lead: String,
    pub tickers: Vec<Symbol>,
    pub at: UnixMs,
    /// Reports of one event have the same number.
    pub event: u32,
}

impl Wire {
    pub fn report(&self) -> Report<'_> {
        Report {
            id: &self.id,
            source_key: &self.source,
            title: &self.title,
            lead: &self.lead,
            tickers: &self.tickers,
            at: self.at,
        }
    }
}

/// At least `count` reports in the order of their times, from `start` on, `spacing_ms` apart on the average.
pub fn wires(seed: u64, count: usize, start: UnixMs, spacing_ms: i64) -> Vec<Wire> {
    let kinds = kinds();
    let noise: Vec<&str> = TEXT.lines().filter_map(|line| line.strip_prefix("n ")).collect();
    let mut dice = Dice(seed);
    let mut wires = Vec::with_capacity(count.saturating_add(16));
    let mut event = 0_u32;
    while wires.len() < count {
        let begun = i64::try_from(wires.len()).unwrap_or(i64::MAX).saturating_mul(spacing_ms).saturating_add(start.0);
        let cast = Cast::of(&mut dice);
        let (titles, leads, reports) = if dice.below(10) < 3 {
            (vec![*dice.pick(&noise).unwrap_or(&"")], Vec::new(), 1)
        } else {
            let kind = dice.pick(&kinds).cloned().unwrap_or_default();
            let reports = 2 + dice.below(7);
            (kind.titles, kind.leads, reports)
        };
        let wording = dice.below(u64::try_from(titles.len()).unwrap_or(1));
        for nth in 0..reports {
            let title = cyclic(&titles, wording + nth);
            let lead = if dice.below(10) < 4 { dice.pick(&leads).copied().unwrap_or_default() } else { "" };
            // Most reports come within hours, some a day later.
            let late = if dice.below(12) == 0 { 30 * 3_600_000 } else { 5 * 3_600_000 };
            let after = if nth == 0 { 0 } else { i64::try_from(dice.below(late)).unwrap_or_default() };
            wires.push(Wire {
                id: format!("{seed:x}-{event}-{nth}"),
                source: format!("outlet{}", dice.below(OUTLETS)),
                title: cast.play(title, &mut dice),
                lead: cast.play(lead, &mut dice),
                tickers: cast.tickers(title),
                at: UnixMs(begun.saturating_add(after)),
                event,
            });
        }
        event = event.saturating_add(1);
    }
    wires.sort_by_key(|wire| wire.at);
    wires
}

#[derive(Debug, Clone, Default)]
struct EventKind {
    titles: Vec<&'static str>,
    leads: Vec<&'static str>,
}

fn kinds() -> Vec<EventKind> {
    let lines = |paragraph: &'static str, mark: &str| -> Vec<&'static str> {
        paragraph.lines().filter_map(|line| line.strip_prefix(mark)).collect()
    };
    let kinds = TEXT.split("\n\n").map(|text| EventKind { titles: lines(text, "t "), leads: lines(text, "l ") });
    kinds.filter(|kind| !kind.titles.is_empty()).collect()
}

fn cyclic<'a>(of: &[&'a str], nth: u64) -> &'a str {
    let len = u64::try_from(of.len()).unwrap_or(1).max(1);
    usize::try_from(nth % len).ok().and_then(|nth| of.get(nth)).copied().unwrap_or_default()
}

/// Who and what an event is about.
struct Cast {
    names: [String; 2],
    person: String,
    coin: (&'static str, &'static str),
    place: &'static str,
    product: &'static str,
    money: u64,
    percent: u64,
    small: u64,
}

impl Cast {
    fn of(dice: &mut Dice) -> Self {
        let names = [dice.name(), dice.name()];
        let first = dice.pick(&FIRST_NAMES).copied().unwrap_or_default();
        let family = dice.name();
        Self {
            names,
            person: format!("{first} {family}"),
            coin: dice.pick(&COINS).copied().unwrap_or_default(),
            place: dice.pick(&PLACES).copied().unwrap_or_default(),
            product: dice.pick(&PRODUCTS).copied().unwrap_or_default(),
            money: 3 + dice.below(900),
            percent: 3 + dice.below(38),
            small: 3 + dice.below(25),
        }
    }

    /// A wording with this cast in it, amounts in one of several styles.
    fn play(&self, wording: &str, dice: &mut Dice) -> String {
        let money = match dice.below(4) {
            0 => format!("${} million", self.money),
            1 => format!("{} million dollars", self.money),
            _ => format!("${}M", self.money),
        };
        let percent =
            if dice.below(3) == 0 { format!("{} percent", self.percent) } else { format!("{}%", self.percent) };
        let [one, other] = &self.names;
        let text = wording
            .replace("{o}", one)
            .replace("{p}", other)
            .replace("{n}", &self.person)
            .replace("{c}", self.coin.0)
            .replace("{s}", self.coin.1)
            .replace("{g}", self.place)
            .replace("{d}", self.product)
            .replace("{m}", &money)
            .replace("{r}", &percent)
            .replace("{q}", &self.small.to_string());
        let mut chars = text.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
    }

    fn tickers(&self, wording: &str) -> Vec<Symbol> {
        let about = wording.contains("{c}") || wording.contains("{s}");
        Symbol::parse(self.coin.1).ok().filter(|_| about).into_iter().collect()
    }
}

/// `SplitMix64`: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let nth = self.below(u64::try_from(of.len()).unwrap_or(1));
        of.get(usize::try_from(nth).ok()?)
    }

    fn name(&mut self) -> String {
        let [start, middle, end] = [&STARTS[..], &MIDDLES[..], &ENDS[..]].map(|of| self.pick(of).copied());
        format!("{}{}{}", start.unwrap_or_default(), middle.unwrap_or_default(), end.unwrap_or_default())
    }
}
