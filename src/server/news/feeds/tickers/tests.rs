use super::*;
use crate::model::asset::KNOWN_ASSETS;

fn tickers() -> Tickers {
    let more = ["ONE", "GAS", "SHIB", "PEPE", "COMP", "GRT", "FLOW", "UNUSUALCOIN"];
    let symbols = KNOWN_ASSETS.iter().map(|(symbol, ..)| *symbol).chain(more);
    let followed: Vec<AssetInfo> =
        symbols.map(|symbol| AssetInfo::of(Symbol::parse(symbol).expect("a symbol"))).collect();
    Tickers::new(&followed)
}

fn found(title: &str) -> String {
    let found = tickers().find(title, "");
    found.iter().map(Symbol::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn symbols_and_names_are_whole_words() {
    for (title, expected) in [
        ("Bitcoin rises", "BTC"),
        ("bitcoin's rise", "BTC"),
        ("BTC/USDT hits a high", "BTC"),
        ("BTCUSDT hits a high", "BTC"),
        ("ETH-BTC and $sol", "ETH BTC SOL"),
        ("Ether and Solana gain, XRP falls", "ETH SOL XRP"),
        ("Ripple wins in court", "XRP"),
        ("The ripple effect of rates", ""),
        ("A ripple of fear", ""),
        ("Bitcoin Cash forks", "BCH"),
        ("Bitcoin and Bitcoin Cash", "BTC BCH"),
        ("Ethereum Classic is not Ethereum", "ETH"),
        ("Bitcoiners meet; Ethereumish", ""),
        ("btc is lower case, as in a hash", ""),
        ("ABTC and BTCX", ""),
        ("1inch and 1000SATS list", "1INCH 1000SATS"),
        ("Shiba Inu burns", "SHIB"),
        ("UNUSUALCOIN lists", "UNUSUALCOIN"),
        ("TRON DAO buys", "TRX"),
        ("an electron and tron", ""),
        ("Dogecoin (DOGE) jumps", "DOGE"),
        ("Bitcoin: BTC, $BTC, BTCUSDT", "BTC"),
        ("Zcash, which nobody follows here", ""),
        ("Ẑ İstanbul ǅ 比特币 BTC", "BTC"),
    ] {
        assert_eq!(found(title), expected, "{title}");
    }
}

#[test]
fn words_that_mean_other_things_need_a_sign() {
    for (title, expected) in [
        ("NEAR token unlocks", "NEAR"),
        ("$NEAR unlocks", "NEAR"),
        ("NEARUSDT volume", "NEAR"),
        ("NEAR/USDT volume", "NEAR"),
        ("NEAR Protocol ships", "NEAR"),
        ("Near Protocol ships", "NEAR"),
        ("Fed is near a decision", ""),
        ("Bitcoin near price record", "BTC"),
        ("Bitcoin Is Near Price Record As Traders Link Price Drop To Fed", "BTC"),
        ("BITCOIN NEAR PRICE RECORD AS TRADERS FLOW IN", "BTC"),
        ("ONE of the largest hacks", ""),
        ("Harmony's ONE token falls", "ONE"),
        ("One coin to rule them all", ""),
        ("LINK price doubles", "LINK"),
        ("Chainlink adds feeds", "LINK"),
        ("A link to the report", ""),
        ("GAS fees on the rise", ""),
        ("Avalanche of liquidations", ""),
        ("An Avalanche network upgrade", "AVAX"),
        ("Cosmos token votes", "ATOM"),
        ("In the cosmos of tokens", ""),
        ("Optimism returns to markets", ""),
        ("Optimism mainnet stalls", "OP"),
        ("OP Mainnet stalls", "OP"),
        ("Stellar year for funds", ""),
        ("Stellar network halts", "XLM"),
        ("Compound interest explained", ""),
        ("Compound protocol exploited", "COMP"),
        ("The Graph token rallies", "GRT"),
        ("The graph shows a rise", ""),
        ("Flow blockchain pauses", "FLOW"),
        ("Money will flow on", ""),
        ("Altcoin DOT gains", "DOT"),
        ("Polkadot gains", "DOT"),
        ("DOT proposes a rule", ""),
        ("UNI of Zurich", ""),
        ("UNI holders vote", "UNI"),
        ("ARB airdrop begins", "ARB"),
        ("APT 29 strikes again", ""),
    ] {
        assert_eq!(found(title), expected, "{title}");
    }
}

#[test]
fn the_title_comes_first_and_there_is_an_end() {
    let tickers = tickers();
    let found = tickers.find("Solana falls", "While bitcoin and SOL fell, ether rose.");
    assert_eq!(found.iter().map(Symbol::as_str).collect::<Vec<_>>(), ["SOL", "BTC", "ETH"]);
    let all = "BTC ETH SOL BNB XRP DOGE ADA AVAX TRX LTC BCH FIL SHIB";
    assert_eq!(tickers.find(all, all).len(), MAX_TICKERS);
    assert_eq!(tickers.find("", ""), []);
    assert_eq!(Tickers::default().find("Bitcoin BTC $BTC BTCUSDT", ""), []);
}

#[test]
fn a_long_text_is_not_read_to_its_end() {
    let long = format!("{}Bitcoin", "word ".repeat(MOST_WORDS));
    assert_eq!(found(&long), "");
    assert_eq!(found(&format!("{} Bitcoin", "x".repeat(1 << 20))), "BTC");
}
