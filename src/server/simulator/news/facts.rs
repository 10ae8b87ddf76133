//! The facts of an event, and how each outlet writes them.

use crate::{
    model::{asset::AssetInfo, symbol::Symbol},
    server::simulator::noise::Noise,
};

use super::outlets::Style;

const EXCHANGES: [&str; 6] = ["Harborline", "Quaymark", "Norvex", "Tidegate", "Corvane", "Bitharrow"];
const FUNDS: [&str; 6] =
    ["Alder Point Capital", "Graywick", "Farrow & Lane", "Kestrel Vale", "Meridian Oak", "Thornbury Funds"];
const PROTOCOLS: [&str; 8] =
    ["Marrow Finance", "Tesselate", "Ironvale", "Pollenade", "Cinderpool", "Driftway", "Copperline", "Halvard Vaults"];
const BANKS: [&str; 5] = ["Northmere Bank", "Banque Velaine", "First Ashford", "Kaido Trust", "Ostmark Mercantile"];
const REGULATORS: [&str; 3] = ["Federal Markets Commission", "Nordhaven Securities Authority", "Pacific Conduct Board"];
const MINERS: [&str; 4] = ["Basalt Mining", "Tundra Hash", "Redrock Compute", "Fjordlight"];
const AUDITORS: [&str; 3] = ["Sentinel Ledger Labs", "Glasswing Security", "Cold Quarry Audits"];
const STARTUPS: [&str; 6] = ["Paylark", "Ledgerloft", "Quillpay", "Strandbase", "Openkeel", "Vantry Labs"];
const COMPANIES: [&str; 5] =
    ["Aldermoor Industries", "Tarnwell Software", "Pelhurst Retail", "Cobalt Air", "Sunderby Foods"];
const PEOPLE: [&str; 8] = [
    "Mara Ellisworth",
    "Devon Achterveld",
    "Priya Nandakar",
    "Tomasz Wilkowicz",
    "Lena Okaforde",
    "Hugo Brandtner",
    "Yuki Sandovai",
    "Farid Morelle",
];
const COUNTRIES: [&str; 4] = ["Halvia", "Nordhaven", "Sanmere", "Costa Verana"];
const CITIES: [&str; 5] = ["Port Halden", "Velaine", "Kaido City", "Ashford Bay", "Lindmark"];
const UPGRADES: [&str; 6] = ["Juniper", "Osprey", "Cobble", "Marigold", "Tamarack", "Lodestar"];
const WEEKDAYS: [&str; 5] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
const MONTHS: [&str; 6] = ["January", "February", "March", "May", "September", "October"];
const NTH: [&str; 5] = ["third", "fourth", "fifth", "sixth", "seventh"];

/// What is true of one event, whoever tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub symbol: Symbol,
    /// In USDT, at the event.
    pub price: f64,
    coin: String,
    /// In million dollars.
    amount: f64,
    /// In percent.
    percent: f64,
    fee: f64,
    small: u64,
    count: u64,
    exchange: &'static str,
    fund: &'static str,
    protocol: &'static str,
    bank: &'static str,
    regulator: &'static str,
    miner: &'static str,
    auditor: &'static str,
    startup: &'static str,
    company: &'static str,
    person: &'static str,
    country: &'static str,
    city: &'static str,
    upgrade: &'static str,
    weekday: &'static str,
    month: &'static str,
    nth: &'static str,
}

fn pick<const N: usize>(from: [&'static str; N], noise: &mut Noise) -> &'static str {
    let at = noise.below(u64::try_from(N).unwrap_or(1));
    from.into_iter().zip(0..).find(|(_, i)| *i == at).map_or("", |(name, _)| name)
}

impl Facts {
    pub fn draw(symbol: Symbol, price: f64, noise: &mut Noise) -> Self {
        Self {
            symbol,
            price,
            coin: AssetInfo::of(symbol).name,
            // Between 4 and 400 million, evenly in the logarithm, in tenths.
            amount: (40.0 * 10_f64.powf(2.0 * noise.unit())).round() / 10.0,
            percent: (15.0 + 60.0 * noise.unit()).round() / 10.0,
            fee: (15.0 + 60.0 * noise.unit()).round() / 100.0,
            small: 5 + noise.below(84),
            count: 1100 + noise.below(24_000),
            exchange: pick(EXCHANGES, noise),
            fund: pick(FUNDS, noise),
            protocol: pick(PROTOCOLS, noise),
            bank: pick(BANKS, noise),
            regulator: pick(REGULATORS, noise),
            miner: pick(MINERS, noise),
            auditor: pick(AUDITORS, noise),
            startup: pick(STARTUPS, noise),
            company: pick(COMPANIES, noise),
            person: pick(PEOPLE, noise),
            country: pick(COUNTRIES, noise),
            city: pick(CITIES, noise),
            upgrade: pick(UPGRADES, noise),
            weekday: pick(WEEKDAYS, noise),
            month: pick(MONTHS, noise),
            nth: pick(NTH, noise),
        }
    }

    /// The agency that acts in it, if one does.
    pub const fn agency(&self) -> &'static str {
        self.regulator
    }

    /// Fills in a wording. Where the coin is named first, a magazine adds its symbol.
    pub fn fill(&self, wording: &str, style: Style) -> String {
        let mut text = String::with_capacity(wording.len() + 40);
        let mut rest = wording;
        let mut named = false;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let (slot, after) = after.split_once('}').unwrap_or((after, ""));
            let value = self.value(slot, style, named);
            named |= slot == "coin" || slot == "sym";
            text.push_str(&value);
            rest = after;
        }
        text.push_str(rest);
        text
    }

    /// The value of a slot; the slot itself in braces where there is none of that name.
    fn value(&self, slot: &str, style: Style, named: bool) -> String {
        let known = match slot {
            "exchange" => self.exchange,
            "fund" => self.fund,
            "protocol" => self.protocol,
            "bank" => self.bank,
            "regulator" => self.regulator,
            "miner" => self.miner,
            "auditor" => self.auditor,
            "startup" => self.startup,
            "company" => self.company,
            "person" => self.person,
            "country" => self.country,
            "city" => self.city,
            "upgrade" => self.upgrade,
            "weekday" => self.weekday,
            "month" => self.month,
            "nth" => self.nth,
            _ => return self.figure(slot, style, named),
        };
        known.to_owned()
    }

    fn figure(&self, slot: &str, style: Style, named: bool) -> String {
        match slot {
            "coin" => self.coin(style, named),
            "sym" if style == Style::Trading => format!("${}", self.symbol),
            "sym" => self.symbol.to_string(),
            "amount" => amount(self.amount, style),
            "about" => about(self.amount, style),
            "percent" if style == Style::Formal => format!("{:.1} percent", self.percent),
            "percent" => format!("{:.1}%", self.percent),
            "fee" => format!("{:.2}", self.fee),
            "small" => self.small.to_string(),
            "count" => thousands(self.count),
            "price" => dollars(self.price),
            "above" => dollars(level(self.price, true)),
            "below" => dollars(level(self.price, false)),
            unknown => format!("{{{unknown}}}"),
        }
    }

    fn coin(&self, style: Style, named: bool) -> String {
        match style {
            Style::Magazine if !named && self.coin != self.symbol.as_str() => {
                format!("{} ({})", self.coin, self.symbol)
            }
            Style::Trading if !named => format!("${}", self.symbol),
            _ => self.coin.clone(),
        }
    }
}

fn amount(millions: f64, style: Style) -> String {
    match style {
        Style::Wire => format!("${millions:.1} million"),
        Style::Magazine => format!("${millions:.1}M"),
        Style::Trading => format!("${millions:.0}M"),
        Style::Formal => format!("USD {millions:.1} million"),
    }
}

/// The amount rounded to two figures, with the word for the side that it was rounded to.
fn about(millions: f64, style: Style) -> String {
    let step = if millions < 20.0 {
        1.0
    } else if millions < 100.0 {
        5.0
    } else {
        10.0
    };
    let rounded = (millions / step).round() * step;
    let word = match () {
        () if (rounded - millions).abs() < 0.05 => "",
        () if rounded > millions => "nearly ",
        () => "more than ",
    };
    match style {
        Style::Wire => format!("{word}${rounded:.0} million"),
        Style::Magazine | Style::Trading => format!("{word}${rounded:.0}M"),
        Style::Formal => format!("{word}USD {rounded:.0} million"),
    }
}

/// `12,400`
fn thousands(count: u64) -> String {
    if count < 1000 { count.to_string() } else { format!("{},{:03}", count / 1000, count % 1000) }
}

/// A round price about 4 % above or below.
fn level(price: f64, above: bool) -> f64 {
    let step = 10_f64.powf(price.max(1e-9).log10().floor() - 1.0) / 2.0;
    if above { (price * 1.04 / step).ceil() * step } else { (price * 0.96 / step).floor() * step }
}

/// `$67,100`, `$1.52`, `$0.0001850`: four figures.
fn dollars(price: f64) -> String {
    if price >= 1000.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a price of an asset, in dollars"
        )]
        return format!("${}", thousands((price / 10.0).round() as u64 * 10));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 12")]
    let decimals = (3.0 - price.max(1e-9).log10().floor()).clamp(0.0, 12.0) as usize;
    format!("${price:.decimals$}")
}

/// Headline Case: every word but the small ones gets a capital.
pub fn headline_case(title: &str) -> String {
    const SMALL: [&str; 21] = [
        "a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "of", "off", "on", "or", "over", "per", "the",
        "to", "up", "via", "with",
    ];
    let mut words = Vec::new();
    for (i, word) in title.split(' ').enumerate() {
        let mut letters = word.chars();
        words.push(match letters.next() {
            Some(first) if first.is_lowercase() && (i == 0 || !SMALL.contains(&word)) => {
                first.to_uppercase().chain(letters).collect()
            }
            _ => word.to_owned(),
        });
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::simulator::news::plots;

    fn facts(seed: u64) -> Facts {
        Facts::draw(Symbol::parse("ETH").expect("a symbol"), 3212.5, &mut Noise::new(seed))
    }

    #[test]
    fn every_slot_of_every_wording_has_a_value() {
        for plot in plots::all().chain(plots::columns()) {
            for (title, lead) in plot.told.iter().chain(plot.later) {
                for style in [Style::Wire, Style::Magazine, Style::Trading, Style::Formal] {
                    let told = format!("{} {}", facts(3).fill(title, style), facts(3).fill(lead, style));
                    assert!(!told.contains(['{', '}']), "{told}");
                    assert!(!told.contains("  "), "{told}");
                }
            }
        }
    }

    #[test]
    fn an_unknown_slot_shows() {
        assert_eq!(facts(1).fill("a {thing} of {sym}", Style::Wire), "a {thing} of ETH");
        assert_eq!(facts(1).fill("open {", Style::Wire), "open {}");
    }

    #[test]
    fn outlets_write_one_fact_in_several_ways() {
        let facts = Facts { amount: 48.2, ..facts(1) };
        let told = |style| facts.fill("{coin} {amount}, {about}, {coin}", style);
        assert_eq!(told(Style::Wire), "Ethereum $48.2 million, nearly $50 million, Ethereum");
        assert_eq!(told(Style::Magazine), "Ethereum (ETH) $48.2M, nearly $50M, Ethereum");
        assert_eq!(told(Style::Trading), "$ETH $48M, nearly $50M, Ethereum");
        assert_eq!(told(Style::Formal), "Ethereum USD 48.2 million, nearly USD 50 million, Ethereum");
    }

    #[test]
    fn figures_are_round_where_people_round_them() {
        assert_eq!([67_123.4, 1.5249, 0.000_018_5].map(dollars), ["$67,120", "$1.525", "$0.00001850"]);
        assert_eq!(about(151.0, Style::Wire), "more than $150 million");
        assert_eq!(about(150.0, Style::Wire), "$150 million");
        assert_eq!((thousands(999), thousands(12_045)), ("999".to_owned(), "12,045".to_owned()));
        assert!(level(3212.5, true) > 3212.5 && level(3212.5, false) < 3212.5);
        assert_eq!(headline_case("hackers drain funds from a bridge"), "Hackers Drain Funds from a Bridge");
    }
}
