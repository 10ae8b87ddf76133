//! Titles and leads as wires write them, as many as are wanted, no two alike.

const WHO: [&str; 16] = [
    "Harbor Bank",
    "Regulators",
    "A Tokyo exchange",
    "Northwind Capital",
    "The Basel court",
    "Validators",
    "Miners in Texas",
    "Kestrel Labs",
    "The finance ministry",
    "A pension fund",
    "Orchid Pay",
    "Auditors",
    "Market makers",
    "The foundation",
    "Lawmakers",
    "A custody desk",
];
const DID: [&str; 16] = [
    "approves",
    "delays",
    "sues over",
    "pauses withdrawals of",
    "launches a fund for",
    "warns of risks in",
    "buys",
    "sells a stake in",
    "patches a flaw in",
    "raises money for",
    "drops its case over",
    "opens trading of",
    "moves reserves of",
    "reports record fees on",
    "cuts rewards of",
    "tests a bridge to",
];
const WHAT: [&str; 20] = [
    "Bitcoin",
    "Ethereum",
    "Solana",
    "BNB",
    "XRP",
    "Dogecoin",
    "Cardano",
    "Avalanche",
    "Chainlink",
    "Polkadot",
    "TRON",
    "Litecoin",
    "stablecoins",
    "tokenized bonds",
    "Uniswap",
    "Cosmos",
    "Stellar",
    "Aptos",
    "Arbitrum",
    "lending pools",
];
const WHERE: [&str; 13] = [
    "in Singapore",
    "after an audit",
    "before the vote",
    "in a surprise move",
    "for retail clients",
    "as volumes double",
    "under new rules",
    "across Europe",
    "following an outage",
    "with three partners",
    "in Brazil",
    "by year end",
    "in court",
];

/// The title of the n-th story in its k-th wording.
pub fn title(n: usize, k: usize) -> String {
    let (who, did, what, place) = words(n);
    match k % 4 {
        0 => format!("{who} {did} {what} {place}, case {n}"),
        1 => format!("{what}: {who} {did} it {place} ({n})"),
        2 => format!("Case {n}: {who} {did} {what}"),
        _ => format!("{place}, {who} {did} {what}, file {n}"),
    }
}

/// The lead of that article.
pub fn lead(n: usize, k: usize) -> String {
    let (who, did, what, place) = words(n);
    format!(
        "{who} {did} {what} {place}, people with knowledge of file {n} said on the {k}. day. The step concerns {} clients and \
         {} million in assets; a spokesman would not comment on the terms of the plan.",
        n * 7 % 10_000,
        n * 13 % 900
    )
}

fn words(n: usize) -> (&'static str, &'static str, &'static str, &'static str) {
    let pick = |list: &[&'static str], n: usize| list.get(n % list.len()).copied().unwrap_or_default();
    (pick(&WHO, n), pick(&DID, n / 3), pick(&WHAT, n / 7), pick(&WHERE, n / 11))
}
