//! Which entries of the log a reader wants.

use super::ring::Entry;
use crate::{model::symbol::Symbol, server::event::EventKind};

/// AND between the fields, OR inside one; an empty list lets everything through, but for `kinds`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventFilter {
    pub kinds: Vec<EventKind>,
    /// Keys of sources.
    pub sources: Vec<String>,
    /// In any case.
    pub categories: Vec<String>,
    pub keywords: Vec<Keyword>,
    pub symbols: Vec<Symbol>,
    /// Only entries of breaking stories, or only the others.
    pub breaking: Option<bool>,
}

/// One word or several in a row, found as whole words in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyword(String);

impl Keyword {
    /// `None` for a text without a letter or digit, which nothing could hold.
    pub fn parse(text: &str) -> Option<Self> {
        let words = words(text);
        (words.len() > 1).then_some(Self(words))
    }
}

/// The words of a text in lower case, with one space before, between and after them. Whatever is neither a letter nor a
/// digit is between words.
pub(super) fn words(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + 2);
    words.push(' ');
    for c in text.chars() {
        if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        } else if !words.ends_with(' ') {
            words.push(' ');
        }
    }
    if !words.ends_with(' ') {
        words.push(' ');
    }
    words
}

impl EventFilter {
    /// The heads of stories, as pages want them.
    pub fn stories() -> Self {
        Self { kinds: vec![EventKind::Story], ..Self::default() }
    }

    /// Everything that is in the log.
    pub fn everything() -> Self {
        Self { kinds: EventKind::ALL.to_vec(), ..Self::default() }
    }

    pub(super) fn admits(&self, entry: &Entry) -> bool {
        self.kinds.contains(&entry.kind)
            && self.breaking.is_none_or(|breaking| breaking == entry.breaking)
            && any(&self.symbols, |symbol| entry.tickers.contains(symbol))
            && any(&self.sources, |source| entry.sources.contains(source))
            && any(&self.categories, |category| category.eq_ignore_ascii_case(&entry.category))
            && any(&self.keywords, |keyword| entry.words.contains(&keyword.0))
    }
}

/// Whether one of the wishes is met, or there is none.
fn any<T>(wishes: &[T], met: impl FnMut(&T) -> bool) -> bool {
    wishes.is_empty() || wishes.iter().any(met)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::time::UnixMs,
        server::event::{EventDraft, Facets, LogEvent},
    };

    fn symbol(base: &str) -> Symbol {
        Symbol::parse(base).expect("a symbol")
    }

    fn entry(kind: EventKind, text: &str) -> Entry {
        let facets = Facets {
            sources: vec!["alpha".to_owned(), "beta".to_owned()],
            category: "Markets".to_owned(),
            tickers: vec![symbol("BTC"), symbol("ETH")],
            text: text.to_owned(),
            breaking: kind == EventKind::Breaking,
        };
        Entry::of(LogEvent { id: 1, at: UnixMs(0), draft: EventDraft { kind, data: "{}".to_owned(), facets } })
    }

    fn keywords(texts: &[&str]) -> Vec<Keyword> {
        texts.iter().map(|text| Keyword::parse(text).expect("a keyword")).collect()
    }

    #[test]
    fn keywords_are_whole_words_in_any_case() {
        let text = "SEC approves Bitcoin's first ETF: \u{201c}S&P 500\u{201d} STRASSE Ünïcode 1inch";
        let entry = entry(EventKind::News, text);
        for (keyword, found) in [
            ("bitcoin", true),
            ("BITCOIN", true),
            ("bit", false),
            ("coin", false),
            ("sec", true),
            ("approve", false),
            ("etf", true),
            ("first etf", true),
            ("First  ETF:", true),
            ("etf first", false),
            ("s&p", true),
            ("S&P 50", false),
            ("500", true),
            ("$etf", true),
            ("ÜNÏCODE", true),
            ("1inch", true),
            ("inch", false),
            ("strasse", true),
            ("1", false),
        ] {
            let filter =
                EventFilter { kinds: vec![EventKind::News], keywords: keywords(&[keyword]), ..Default::default() };
            assert_eq!(filter.admits(&entry), found, "{keyword}");
        }
        for nothing in ["", " ", "!!!", "\u{2014}"] {
            assert_eq!(Keyword::parse(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn and_between_fields_or_inside_one() {
        let all = EventFilter { kinds: EventKind::ALL.to_vec(), ..Default::default() };
        let news = entry(EventKind::News, "Bitcoin rises");
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        for (name, filter, admitted) in [
            ("all", all.clone(), true),
            ("no kind", EventFilter::default(), false),
            ("another kind", EventFilter::stories(), false),
            ("one of the sources", EventFilter { sources: owned(&["gamma", "beta"]), ..all.clone() }, true),
            ("none of the sources", EventFilter { sources: owned(&["gamma", "bet"]), ..all.clone() }, false),
            ("category", EventFilter { categories: owned(&["x", "MARKETS"]), ..all.clone() }, true),
            ("other category", EventFilter { categories: owned(&["market"]), ..all.clone() }, false),
            ("symbol", EventFilter { symbols: vec![symbol("SOL"), symbol("ETH")], ..all.clone() }, true),
            ("other symbol", EventFilter { symbols: vec![symbol("SOL")], ..all.clone() }, false),
            ("keyword", EventFilter { keywords: keywords(&["ether", "rises"]), ..all.clone() }, true),
            ("not breaking", EventFilter { breaking: Some(false), ..all.clone() }, true),
            ("breaking only", EventFilter { breaking: Some(true), ..all.clone() }, false),
            (
                "source and keyword",
                EventFilter { sources: owned(&["alpha"]), keywords: keywords(&["falls"]), ..all.clone() },
                false,
            ),
        ] {
            assert_eq!(filter.admits(&news), admitted, "{name}");
        }
        let breaking = entry(EventKind::Breaking, "");
        assert!(EventFilter { breaking: Some(true), ..all.clone() }.admits(&breaking));
        assert!(!EventFilter { breaking: Some(false), ..all }.admits(&breaking));
    }
}
