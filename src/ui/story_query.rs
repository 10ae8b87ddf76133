//! Which stories an address asks for. The same on the server and in the browser.

use leptos_router::params::ParamsMap;

use crate::{model::symbol::Symbol, wire::news::StoriesQuery};

/// Stories of one page of a list.
pub const PER_PAGE: u8 = 20;
/// Longest text that is taken from an address, in bytes.
const MAX_TEXT: usize = 200;

/// Reads `asset`, `source`, `category`, `q` and `before`. What is empty, too long or no symbol counts as not given.
pub fn read(params: &ParamsMap) -> StoriesQuery {
    let text = |name| params.get_str(name).map(str::trim).filter(|text| !text.is_empty() && text.len() <= MAX_TEXT);
    StoriesQuery {
        limit: PER_PAGE,
        before: text("before").map(str::to_owned),
        q: text("q").map(str::to_owned),
        source: text("source").map(str::to_owned),
        category: text("category").map(str::to_owned),
        symbol: text("asset").and_then(|asset| Symbol::parse(asset).ok()),
    }
}

/// The newest stories about one asset.
pub fn of_asset(symbol: Symbol) -> StoriesQuery {
    StoriesQuery { limit: PER_PAGE, symbol: Some(symbol), ..StoriesQuery::default() }
}

/// The query of an address in which `name` has another value, on the first page. Empty takes the name away.
pub fn with(params: &ParamsMap, name: &'static str, value: String) -> String {
    let mut params = params.clone();
    params.remove("before");
    for empty in ["asset", "source", "category", "q"] {
        if params.get_str(empty).is_some_and(str::is_empty) {
            params.remove(empty);
        }
    }
    if value.trim().is_empty() {
        params.remove(name);
    } else {
        params.replace(name, value);
    }
    params.to_query_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&'static str, &str)]) -> ParamsMap {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn an_address_says_which_stories() {
        let query = read(&params(&[("asset", "btc-usdt"), ("source", " wire "), ("category", ""), ("q", "two words")]));
        assert_eq!(query.symbol, Symbol::parse("BTC").ok());
        assert_eq!(query.source.as_deref(), Some("wire"));
        assert_eq!(query.category, None);
        assert_eq!(query.q.as_deref(), Some("two words"));
        let long = "x".repeat(201);
        let nothing = read(&params(&[("asset", "<script>"), ("q", &long), ("before", "")]));
        assert_eq!(nothing, StoriesQuery { limit: PER_PAGE, ..StoriesQuery::default() });
    }

    #[test]
    fn another_filter_begins_with_the_first_page() {
        let shown = params(&[("asset", "BTC"), ("before", "c1"), ("q", ""), ("source", "wire")]);
        let text = with(&shown, "source", "other & co".to_owned());
        assert!(text.contains("asset=BTC") && text.contains("source=other%20%26%20co"), "{text}");
        assert!(!text.contains("before") && !text.contains("q="), "{text}");
        assert_eq!(with(&params(&[("asset", "BTC")]), "asset", String::new()), "");
    }
}
