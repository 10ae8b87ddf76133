//! Which assets the table shows, and in which order. Pure.

use std::cmp::Ordering;

use crate::{model::symbol::Symbol, ui::sorted::sorted_by};

/// How many assets count as movers.
const MOVERS: usize = 10;

/// What is known of an asset for sorting and filtering.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub symbol: Symbol,
    pub name: String,
    /// On the visitor's strip.
    pub mine: bool,
    pub price: Option<f64>,
    pub change: Option<f64>,
    pub volume: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Asset,
    Price,
    Change,
    Volume,
}

impl Column {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Asset => "Asset",
            Self::Price => "Price",
            Self::Change => "24 h",
            Self::Volume => "Volume",
        }
    }
}

/// Which part of the market is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    All,
    /// The assets of the visitor's strip.
    Mine,
    /// The ten that moved most in 24 h, up or down.
    Movers,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::All, Self::Mine, Self::Movers];

    pub const fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Mine => "Mine",
            Self::Movers => "Movers",
        }
    }
}

/// The site's own order, or that of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sort(Option<(Column, Way)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Ascending,
    Descending,
}

impl Sort {
    /// Figures start with the largest, names with A; the second click turns it round, the third takes it away.
    pub fn after_click(self, column: Column) -> Self {
        let first = if column == Column::Asset { Way::Ascending } else { Way::Descending };
        let second = if column == Column::Asset { Way::Descending } else { Way::Ascending };
        Self(match self.0 {
            Some((c, way)) if c == column => (way == first).then_some((column, second)),
            _ => Some((column, first)),
        })
    }

    /// The value of `aria-sort`.
    pub fn aria(self, column: Column) -> &'static str {
        match self.way(column) {
            Some(Way::Ascending) => "ascending",
            Some(Way::Descending) => "descending",
            None => "none",
        }
    }

    pub fn mark(self, column: Column) -> &'static str {
        match self.way(column) {
            Some(Way::Ascending) => "↑",
            Some(Way::Descending) => "↓",
            None => "",
        }
    }

    fn way(self, column: Column) -> Option<Way> {
        self.0.filter(|(c, _)| *c == column).map(|(_, way)| way)
    }
}

/// The symbols to show. Unknown figures come last, whichever way is sorted.
pub fn arrange(mut entries: Vec<Entry>, filter: &str, scope: Scope, sort: Sort) -> Vec<Symbol> {
    // Symbols and names are ASCII; the tables of all Unicode would be a part of the browser's build.
    let needle = filter.trim().to_ascii_lowercase();
    entries.retain(|e| matches(e, &needle));
    match scope {
        Scope::All => {}
        Scope::Mine => entries.retain(|e| e.mine),
        Scope::Movers => {
            let size = |e: &Entry| e.change.map(f64::abs);
            entries = sorted_by(entries, &|a, b| figures(size(a), size(b), Way::Descending));
            entries.truncate(MOVERS);
        }
    }
    if let Some((column, way)) = sort.0 {
        // Stable: equal figures keep the site's order.
        entries = sorted_by(entries, &|a, b| match column {
            Column::Asset => turn(a.symbol.cmp(&b.symbol), way),
            Column::Price => figures(a.price, b.price, way),
            Column::Change => figures(a.change, b.change, way),
            Column::Volume => figures(a.volume, b.volume, way),
        });
    }
    entries.into_iter().map(|e| e.symbol).collect()
}

fn matches(entry: &Entry, needle: &str) -> bool {
    needle.is_empty()
        || entry.symbol.as_str().to_ascii_lowercase().contains(needle)
        || entry.symbol.pair().to_ascii_lowercase() == needle
        || entry.name.to_ascii_lowercase().contains(needle)
}

fn turn(ordering: Ordering, way: Way) -> Ordering {
    if way == Way::Descending { ordering.reverse() } else { ordering }
}

fn figures(a: Option<f64>, b: Option<f64>, way: Way) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => turn(a.total_cmp(&b), way),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        [
            ("BTC", "Bitcoin", true, Some(67_000.0), Some(-0.5), Some(9e9)),
            ("ETH", "Ethereum", true, Some(3_200.0), Some(4.0), Some(5e9)),
            ("1INCH", "1inch", false, None, None, None),
            ("SOL", "Solana", false, Some(170.0), Some(-6.0), Some(7e9)),
        ]
        .into_iter()
        .map(|(symbol, name, mine, price, change, volume)| Entry {
            symbol: Symbol::parse(symbol).expect("symbol"),
            name: name.to_owned(),
            mine,
            price,
            change,
            volume,
        })
        .collect()
    }

    fn shown(filter: &str, scope: Scope, sort: Sort) -> String {
        let symbols = arrange(entries(), filter, scope, sort);
        symbols.iter().map(Symbol::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn clicks_go_round() {
        let once = Sort::default().after_click(Column::Price);
        assert_eq!(shown("", Scope::All, once), "BTC ETH SOL 1INCH");
        assert_eq!(once.aria(Column::Price), "descending");
        assert_eq!(once.aria(Column::Change), "none");
        let twice = once.after_click(Column::Price);
        assert_eq!(shown("", Scope::All, twice), "SOL ETH BTC 1INCH");
        assert_eq!(twice.after_click(Column::Price), Sort::default());
        let other = twice.after_click(Column::Change);
        assert_eq!(shown("", Scope::All, other), "ETH BTC SOL 1INCH");
        let name = other.after_click(Column::Asset);
        assert_eq!((shown("", Scope::All, name).as_str(), name.mark(Column::Asset)), ("1INCH BTC ETH SOL", "↑"));
    }

    #[test]
    fn filters_read_symbols_names_and_pairs() {
        for (filter, expected) in [
            ("", "BTC ETH 1INCH SOL"),
            ("  bit ", "BTC"),
            ("h", "ETH 1INCH"),
            ("ethusdt", "ETH"),
            ("1", "1INCH"),
            ("zzz", ""),
        ] {
            assert_eq!(shown(filter, Scope::All, Sort::default()), expected, "{filter}");
        }
    }

    #[test]
    fn scopes_narrow_the_market() {
        assert_eq!(shown("", Scope::Mine, Sort::default()), "BTC ETH");
        assert_eq!(shown("", Scope::Movers, Sort::default()), "SOL ETH BTC 1INCH");
        let by_change = Sort::default().after_click(Column::Change);
        assert_eq!(shown("", Scope::Movers, by_change), "ETH BTC SOL 1INCH");
    }
}
