//! The invented outlets: who they are, how they write, and what their feeds look like.

/// What a feed is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// RSS 2.0, texts as entities.
    Rss2,
    /// RSS 2.0, texts as CDATA, the lead as HTML.
    Rss2Cdata,
    /// RSS 0.92: no `guid`.
    Rss092,
    /// RSS 1.0, which is RDF.
    Rss1,
    Atom,
    /// JSON Feed 1.1
    Json,
}

impl Format {
    /// How the name of the feed's file ends.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            _ => "xml",
        }
    }

    /// Its name in the control interface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rss2 | Self::Rss2Cdata => "RSS 2.0",
            Self::Rss092 => "RSS 0.92",
            Self::Rss1 => "RSS 1.0",
            Self::Atom => "Atom",
            Self::Json => "JSON Feed",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Rss2 | Self::Rss2Cdata => "application/rss+xml; charset=utf-8",
            Self::Rss092 => "text/xml; charset=utf-8",
            Self::Rss1 => "application/rdf+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Json => "application/feed+json; charset=utf-8",
        }
    }
}

/// How an outlet writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// Sentence case, full figures: `Bitcoin`, `$48.2 million`.
    Wire,
    /// Headline Case, names with their symbols: `Bitcoin (BTC)`, `$48.2M`.
    Magazine,
    /// Symbols and short figures: `$BTC`, `$48M`; now and then a shout before it.
    Trading,
    /// Sentence case, `USD 48.2 million`, `percent`.
    Formal,
}

/// Where a feed has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// 301
    Forever,
    /// 302
    ForNow,
}

/// What an event is about, and so who is the quickest with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    Security,
    Regulation,
    Markets,
    Business,
    Technology,
}

/// One outlet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlet {
    pub key: &'static str,
    pub name: &'static str,
    /// Where its links lead: a name that is reserved and never resolves.
    pub host: &'static str,
    pub category: &'static str,
    /// 1 is the best, 3 the least.
    pub tier: u8,
    /// 0 to 1
    pub trust: f64,
    pub format: Format,
    pub style: Style,
    pub moved: Option<Moved>,
    /// What it reports; everything where this is empty.
    pub beats: &'static [Topic],
    /// An agency's own office: it tells only of what that agency does.
    pub agency: Option<&'static str>,
    /// Seconds after an event at which it reports: at least, at most.
    pub delay_s: (u32, u32),
    /// Writes columns of its own about prices.
    pub columns: bool,
    /// Of eight items, so many have no date.
    pub undated: u64,
    /// Marks its links for the counters of its trade.
    pub tracking: bool,
}

const BASE: Outlet = Outlet {
    key: "",
    name: "",
    host: "",
    category: "general",
    tier: 2,
    trust: 0.6,
    format: Format::Rss2,
    style: Style::Wire,
    moved: None,
    beats: &[],
    agency: None,
    delay_s: (10, 120),
    columns: false,
    undated: 0,
    tracking: false,
};

use Topic::{Business, Markets, Regulation, Security, Technology};

/// Every outlet.
pub const OUTLETS: [Outlet; 14] = [
    Outlet {
        key: "ledger_wire",
        name: "Ledger Wire",
        host: "ledgerwire.example",
        tier: 1,
        trust: 0.92,
        delay_s: (0, 25),
        ..BASE
    },
    Outlet {
        key: "chain_courier",
        name: "Chain Courier",
        host: "www.chaincourier.example",
        tier: 1,
        trust: 0.85,
        format: Format::Rss2Cdata,
        style: Style::Magazine,
        tracking: true,
        ..BASE
    },
    Outlet {
        key: "block_gazette",
        name: "Block Gazette",
        host: "blockgazette.example",
        trust: 0.7,
        format: Format::Atom,
        style: Style::Magazine,
        columns: true,
        ..BASE
    },
    Outlet {
        key: "the_tally",
        name: "The Tally",
        host: "thetally.example",
        category: "research",
        trust: 0.75,
        format: Format::Json,
        delay_s: (40, 240),
        columns: true,
        ..BASE
    },
    Outlet {
        key: "coin_lantern",
        name: "Coin Lantern",
        host: "coinlantern.example",
        format: Format::Rss1,
        delay_s: (15, 150),
        ..BASE
    },
    Outlet {
        key: "hashrate_herald",
        name: "Hashrate Herald",
        host: "hashrateherald.example",
        category: "bitcoin",
        trust: 0.65,
        format: Format::Rss092,
        beats: &[Markets, Technology, Business, Regulation],
        delay_s: (20, 180),
        ..BASE
    },
    Outlet {
        key: "ferry_report",
        name: "The Ferry Report",
        host: "ferryreport.example",
        category: "defi",
        trust: 0.62,
        beats: &[Security, Technology, Business, Markets],
        delay_s: (12, 140),
        tracking: true,
        ..BASE
    },
    Outlet {
        key: "night_desk",
        name: "Night Desk Asia",
        host: "nightdesk.example",
        category: "asia",
        trust: 0.64,
        moved: Some(Moved::Forever),
        delay_s: (8, 110),
        ..BASE
    },
    Outlet {
        key: "harborline_blog",
        name: "Harborline Exchange Blog",
        host: "blog.harborline.example",
        category: "institutional",
        trust: 0.7,
        format: Format::Atom,
        style: Style::Formal,
        beats: &[Technology],
        delay_s: (30, 200),
        ..BASE
    },
    Outlet {
        key: "fmc_press",
        name: "Federal Markets Commission Press Office",
        host: "press.fmc.example",
        category: "geopolitical",
        tier: 1,
        trust: 0.98,
        style: Style::Formal,
        beats: &[Regulation],
        agency: Some("Federal Markets Commission"),
        delay_s: (0, 60),
        ..BASE
    },
    Outlet {
        key: "sentinel_labs",
        name: "Sentinel Ledger Labs",
        host: "sentinel-labs.example",
        category: "security",
        tier: 1,
        trust: 0.9,
        format: Format::Atom,
        beats: &[Security],
        delay_s: (0, 40),
        ..BASE
    },
    Outlet {
        key: "market_morning",
        name: "Market Morning",
        host: "marketmorning.example",
        category: "mainstream",
        tier: 1,
        trust: 0.88,
        style: Style::Magazine,
        beats: &[Regulation, Markets, Business, Security],
        delay_s: (30, 240),
        ..BASE
    },
    Outlet {
        key: "candle_club",
        name: "Candle Club Daily",
        host: "candleclub.example",
        category: "trading",
        tier: 3,
        trust: 0.35,
        style: Style::Trading,
        moved: Some(Moved::ForNow),
        delay_s: (5, 90),
        columns: true,
        tracking: true,
        ..BASE
    },
    Outlet {
        key: "node_notes",
        name: "Node Notes",
        host: "nodenotes.example",
        category: "journalism",
        tier: 3,
        trust: 0.5,
        format: Format::Rss2Cdata,
        undated: 3,
        delay_s: (25, 260),
        columns: true,
        ..BASE
    },
];

impl Outlet {
    /// The name of its file: `ledger_wire.xml`.
    pub fn file(&self) -> String {
        format!("{}.{}", self.key, self.format.extension())
    }

    /// The path that its feed is known by; one that has moved answers there with a redirect.
    pub fn path(&self) -> String {
        format!("/news/{}", self.file())
    }

    /// The path that its feed is at in the end.
    pub fn final_path(&self) -> String {
        if self.moved.is_some() { format!("/news/at/{}", self.file()) } else { self.path() }
    }

    /// Whether it reports on the topic at all.
    pub fn covers(&self, topic: Topic) -> bool {
        self.beats.is_empty() || self.beats.contains(&topic)
    }
}

/// The place in [`OUTLETS`] of the one with this key.
pub fn by_key(key: &str) -> Option<usize> {
    OUTLETS.iter().position(|outlet| outlet.key == key)
}

/// The place in [`OUTLETS`] of the one with this file.
pub fn by_file(file: &str) -> Option<usize> {
    OUTLETS.iter().position(|outlet| outlet.file() == file)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_outlet_is_its_own_and_every_format_has_one() {
        let keys: HashSet<&str> = OUTLETS.iter().map(|o| o.key).collect();
        let hosts: HashSet<&str> = OUTLETS.iter().map(|o| o.host).collect();
        let formats: HashSet<Format> = OUTLETS.iter().map(|o| o.format).collect();
        assert_eq!((keys.len(), hosts.len(), formats.len()), (OUTLETS.len(), OUTLETS.len(), 6));
        for outlet in &OUTLETS {
            assert!((1..=3).contains(&outlet.tier) && (0.0..=1.0).contains(&outlet.trust), "{}", outlet.key);
            assert!(outlet.host.ends_with(".example"), "{}", outlet.host);
            assert!(outlet.delay_s.0 < outlet.delay_s.1, "{}", outlet.key);
            assert_eq!(by_key(outlet.key), by_file(&outlet.file()));
        }
        let moved: Vec<Moved> = OUTLETS.iter().filter_map(|o| o.moved).collect();
        assert_eq!(moved, [Moved::Forever, Moved::ForNow]);
        assert_eq!(by_key("nobody"), None);
    }
}
