//! The feeds that are followed unless the settings say otherwise.
//!
//! **Tier** says who checks before printing. 1: authorities that publish their own decisions, papers and wires of record,
//! and the two newsrooms of the trade that others quote. 2: newsrooms with named authors, and those who report first-hand
//! on what they make or research. 3: sites that mostly reword others, print much that is paid for, or let anybody post.
//!
//! **Trust** is how far a report alone is believed, 0 to 1. Authorities on themselves: about 1. Papers and wires: 0.9
//! and more. First-hand research: 0.8 to 0.9. Newsrooms: 0.6 to 0.85. Companies on their own trade: 0.65 to 0.75, for
//! they sell it. Rewording sites: 0.4 to 0.5. Posts by anybody: 0.3.

use std::{collections::HashMap, sync::Arc};

use crate::server::{
    config::{Feed, Feeds, NewsConfig},
    news::source::Source,
};

/// Key, name, category, address, tier, trust.
type Row = (&'static str, &'static str, &'static str, &'static str, u8, f64);

#[rustfmt::skip]
const BUILT_IN: [Row; 52] = [
    ("coindesk", "CoinDesk", "general", "https://www.coindesk.com/arc/outboundfeeds/rss/", 1, 0.9),
    ("theblock", "The Block", "general", "https://www.theblock.co/rss.xml", 1, 0.9),
    ("decrypt", "Decrypt", "general", "https://decrypt.co/feed", 2, 0.8),
    ("cointelegraph", "CoinTelegraph", "general", "https://cointelegraph.com/rss", 2, 0.7),
    ("bitcoinmagazine", "Bitcoin Magazine", "bitcoin", "https://bitcoinmagazine.com/.rss/full/", 2, 0.7),
    ("blockworks", "Blockworks", "general", "https://blockworks.co/feed", 2, 0.85),
    ("defiant", "The Defiant", "defi", "https://thedefiant.io/feed", 2, 0.75),
    ("bitcoinist", "Bitcoinist", "bitcoin", "https://bitcoinist.com/feed/", 3, 0.45),
    ("cryptoslate", "CryptoSlate", "general", "https://cryptoslate.com/feed/", 2, 0.6),
    ("newsbtc", "NewsBTC", "general", "https://www.newsbtc.com/feed/", 3, 0.45),
    ("beincrypto", "BeInCrypto", "trading", "https://beincrypto.com/feed/", 3, 0.5),
    ("u_today", "U.Today", "trading", "https://u.today/rss", 3, 0.45),
    ("cryptobriefing", "Crypto Briefing", "research", "https://cryptobriefing.com/feed/", 2, 0.6),
    ("coinjournal", "CoinJournal", "general", "https://coinjournal.net/feed/", 3, 0.5),
    ("cryptoglobe", "CryptoGlobe", "general", "https://www.cryptoglobe.com/latest/feed/", 3, 0.5),
    ("cryptodaily", "Crypto Daily", "general", "https://cryptodaily.co.uk/feed", 3, 0.4),
    ("coinspeaker", "Coinspeaker", "general", "https://www.coinspeaker.com/feed/", 3, 0.45),
    ("unchained_crypto", "Unchained", "journalism", "https://unchainedcrypto.com/feed/", 2, 0.8),
    ("protos", "Protos", "journalism", "https://protos.com/feed/", 2, 0.75),
    ("cryptopolitan", "Cryptopolitan", "general", "https://www.cryptopolitan.com/feed/", 3, 0.45),
    ("watcherguru", "Watcher Guru", "general", "https://watcher.guru/news/feed", 3, 0.4),
    ("thenewscrypto", "TheNewsCrypto", "general", "https://thenewscrypto.com/feed/", 3, 0.4),
    ("cryptonewsflash", "Crypto News Flash", "general", "https://www.crypto-news-flash.com/feed/", 3, 0.4),
    ("finance_magnates_crypto", "Finance Magnates", "general", "https://www.financemagnates.com/cryptocurrency/feed/", 2, 0.75),
    ("thecryptobasic", "TheCryptoBasic", "general", "https://thecryptobasic.com/feed/", 3, 0.4),
    ("bitcoincom", "Bitcoin.com News", "bitcoin", "https://news.bitcoin.com/feed/", 3, 0.5),
    ("forkast", "Forkast", "asia", "https://forkast.news/feed/", 2, 0.7),
    ("wu_blockchain", "Wu Blockchain", "asia", "https://wublock.substack.com/feed", 2, 0.7),
    ("kraken_blog", "Kraken Blog", "institutional", "https://blog.kraken.com/feed/", 2, 0.7),
    ("coinbase_blog", "Coinbase Blog", "institutional", "https://www.coinbase.com/blog/rss.xml", 2, 0.7),
    ("bitfinex_blog", "Bitfinex Blog", "institutional", "https://blog.bitfinex.com/feed/", 2, 0.65),
    ("deribit_insights", "Deribit Insights", "derivatives", "https://insights.deribit.com/feed/", 2, 0.75),
    ("glassnode", "Glassnode Insights", "research", "https://insights.glassnode.com/rss/", 2, 0.8),
    ("coin_metrics", "Coin Metrics", "onchain", "https://coinmetrics.substack.com/feed", 2, 0.8),
    ("chainalysis_blog", "Chainalysis", "security", "https://www.chainalysis.com/blog/feed/", 2, 0.85),
    ("slowmist", "SlowMist", "security", "https://slowmist.medium.com/feed", 2, 0.8),
    ("trailofbits", "Trail of Bits", "security", "https://blog.trailofbits.com/feed/", 2, 0.85),
    ("bitcoinops", "Bitcoin Optech", "bitcoin", "https://bitcoinops.org/feed.xml", 2, 0.9),
    ("ef_blog", "Ethereum Foundation", "ethereum", "https://blog.ethereum.org/feed.xml", 2, 0.9),
    ("blockstream_blog", "Blockstream", "bitcoin", "https://blog.blockstream.com/feed/", 2, 0.7),
    ("stackernews", "Stacker News", "bitcoin", "https://stacker.news/rss", 3, 0.3),
    ("federal_reserve", "Federal Reserve", "geopolitical", "https://www.federalreserve.gov/feeds/press_all.xml", 1, 1.0),
    ("sec_press", "SEC press", "geopolitical", "https://www.sec.gov/news/pressreleases.rss", 1, 1.0),
    ("cftc_press", "CFTC press", "geopolitical", "https://www.cftc.gov/PressRoom/PressReleases/RSS", 1, 1.0),
    ("ecb_press", "ECB press", "macro", "https://www.ecb.europa.eu/rss/press.html", 1, 1.0),
    ("boe_speeches", "Bank of England", "macro", "https://www.bankofengland.co.uk/rss/speeches", 1, 1.0),
    ("bis_speeches", "BIS", "macro", "https://www.bis.org/doclist/cbspeeches.rss", 1, 0.95),
    ("cnbc_crypto", "CNBC", "mainstream", "https://www.cnbc.com/id/100727362/device/rss/rss.html", 1, 0.9),
    ("yahoo_crypto", "Yahoo Finance Crypto", "mainstream", "https://finance.yahoo.com/rss/cryptocurrency", 2, 0.7),
    ("wsj_crypto", "WSJ Tech", "mainstream", "https://feeds.a.dj.com/rss/RSSWSJD.xml", 1, 0.95),
    ("ft_crypto", "Financial Times", "mainstream", "https://www.ft.com/cryptocurrencies?format=rss", 1, 0.95),
    ("techcrunch_crypto", "TechCrunch", "mainstream", "https://techcrunch.com/category/cryptocurrency/feed/", 2, 0.85),
];

/// The feeds that these settings ask for: the built-in ones or those that stand in their place, then the extra ones. An
/// extra feed with the key of another takes its place.
pub fn sources(config: &NewsConfig) -> Vec<Arc<Source>> {
    let mut sources: Vec<Source> = match &config.feeds {
        Feeds::BuiltIn => BUILT_IN.iter().map(built_in).collect(),
        Feeds::Off => return Vec::new(),
        Feeds::These(feeds) => feeds.iter().map(configured).collect(),
    };
    let mut places: HashMap<String, usize> =
        sources.iter().enumerate().map(|(place, source)| (source.key.clone(), place)).collect();
    for extra in config.extra_feeds.iter().map(configured) {
        let place = places.get(&extra.key).copied();
        if let Some(known) = place.and_then(|place| sources.get_mut(place)) {
            *known = extra;
        } else {
            places.insert(extra.key.clone(), sources.len());
            sources.push(extra);
        }
    }
    sources.into_iter().map(Arc::new).collect()
}

/// Nobody configured this address: it came with the program.
pub(super) fn is_built_in(url: &str) -> bool {
    BUILT_IN.iter().any(|(_, _, _, known, ..)| *known == url)
}

fn built_in(&(key, name, category, url, tier, trust): &Row) -> Source {
    let (key, name, category, url) = (key.to_owned(), name.to_owned(), category.to_owned(), url.to_owned());
    Source { key, name, category, tier, trust, url }
}

fn configured(feed: &Feed) -> Source {
    let Feed { key, name, category, url, tier, trust } = feed.clone();
    Source { key, name, category, tier, trust, url }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use url::Url;

    use super::*;

    fn config(feeds: Feeds, extra_feeds: Vec<Feed>) -> NewsConfig {
        NewsConfig {
            feeds,
            extra_feeds,
            interval_s: 300,
            contact: None,
            retention_days: 30,
            event_hours: 24,
            max_mb: 100,
            breaking_score: 0.6,
            breaking_window_min: 30,
        }
    }

    fn feed(key: &str, url: &str) -> Feed {
        let (key, url) = (key.to_owned(), url.to_owned());
        Feed { key, name: "Name".to_owned(), category: "mine".to_owned(), url, tier: 3, trust: 0.25 }
    }

    #[test]
    fn built_in_feeds_are_of_use() {
        let sources = sources(&config(Feeds::BuiltIn, Vec::new()));
        assert!(sources.len() >= 50);
        let keys: HashSet<&str> = sources.iter().map(|source| source.key.as_str()).collect();
        let urls: HashSet<&str> = sources.iter().map(|source| source.url.as_str()).collect();
        assert_eq!((keys.len(), urls.len()), (sources.len(), sources.len()), "each of them once");
        for source in &sources {
            let url = Url::parse(&source.url).unwrap();
            assert_eq!((url.scheme(), url.as_str()), ("https", source.url.as_str()), "{}", source.key);
            assert!((1..=3).contains(&source.tier) && (0.0..=1.0).contains(&source.trust), "{}", source.key);
            assert!(!source.name.is_empty() && !source.category.is_empty(), "{}", source.key);
            assert!(is_built_in(&source.url));
        }
        for tier in 1..=3 {
            assert!(sources.iter().any(|source| source.tier == tier), "tier {tier}");
        }
    }

    #[test]
    fn better_tiers_are_trusted_more() {
        let mean = |tier: u8| {
            let trusts: Vec<f64> = BUILT_IN.iter().filter(|row| row.4 == tier).map(|row| row.5).collect();
            trusts.iter().sum::<f64>() / f64::from(u32::try_from(trusts.len()).unwrap())
        };
        assert!(mean(1) > mean(2) && mean(2) > mean(3));
    }

    #[test]
    fn an_extra_feed_joins_the_others_or_takes_the_place_of_its_namesake() {
        let extra = vec![feed("decrypt", "https://mine.example/d"), feed("mine", "https://mine.example/m")];
        let plain = sources(&config(Feeds::BuiltIn, Vec::new()));
        let merged = sources(&config(Feeds::BuiltIn, extra));
        assert_eq!(merged.len(), plain.len() + 1);
        assert_eq!((merged[2].key.as_str(), merged[2].url.as_str()), ("decrypt", "https://mine.example/d"));
        assert_eq!((merged[2].tier, merged[2].name.as_str()), (3, "Name"));
        assert_eq!(merged.last().unwrap().key, "mine");
        assert_eq!(merged[3], plain[3]);
    }

    #[test]
    fn configured_feeds_stand_alone_and_off_is_off() {
        let these = Feeds::These(vec![feed("a", "https://a.example/"), feed("b", "https://b.example/")]);
        let keys = |config: &NewsConfig| sources(config).iter().map(|source| source.key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&config(these, vec![feed("c", "https://c.example/")])), ["a", "b", "c"]);
        assert_eq!(keys(&config(Feeds::Off, vec![feed("c", "https://c.example/")])), [""; 0]);
        assert!(!is_built_in("https://a.example/"));
    }
}
