//! Finds the assets that a text is about, by symbol and by name, as whole words.
//!
//! | in the text | counts when |
//! |---|---|
//! | `$BTC`, `BTCUSDT`, `BTC/USDT` | always |
//! | `BTC` | in upper case |
//! | `Bitcoin` | as the list of names says: in any case, or with a capital |
//! | a symbol that is a word too: `NEAR`, `LINK`, `ONE` | in upper case beside a coin word, and the text is not all upper case |
//! | a name that is a word too: `Avalanche`, `Compound` | with a capital and followed by a coin word |
//!
//! The longest name wins: what is about Bitcoin Cash is not about Bitcoin.

mod names;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use names::{AMBIGUOUS, COIN_WORDS, Case, NAMES, STRONG_WORDS};

use crate::model::{
    asset::AssetInfo,
    symbol::{MAX_SYMBOL_LEN, QUOTE, Symbol},
};

/// Most assets of one article.
pub const MAX_TICKERS: usize = 10;

/// Most words of a name.
const MAX_WORDS: usize = 3;
/// Longest name, in bytes.
const MAX_NAME: usize = 40;
/// Words beyond this many are not looked at.
const MOST_WORDS: usize = 400;

/// Finds followed assets in texts.
#[derive(Debug, Clone, Default)]
pub struct Tickers {
    /// By symbol, as it is written.
    symbols: HashMap<String, Symbol>,
    /// By name, in lower case with one space between its words. A name of an asset that is not followed hides the
    /// shorter ones within it.
    names: HashMap<String, (Option<Symbol>, Case)>,
    /// First words of names.
    begins: HashSet<String>,
    /// Symbols that are words too.
    ambiguous: HashSet<Symbol>,
}

/// A word with what matters of the text around it.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    /// `$` stands before it.
    dollar: bool,
    /// Only blanks or a hyphen are between it and the word before it.
    adjacent: bool,
    /// A slash, hyphen or underscore, and nothing else, is between it and the word before it.
    paired: bool,
}

impl Tickers {
    /// Finds the assets of `followed`, and no others.
    pub fn new(followed: &[AssetInfo]) -> Self {
        let symbols: HashMap<String, Symbol> =
            followed.iter().map(|asset| (asset.symbol.to_string(), asset.symbol)).collect();
        let mut names: HashMap<String, (Option<Symbol>, Case)> = HashMap::new();
        for (name, symbol, case) in NAMES {
            names.insert(name.to_owned(), (symbols.get(symbol).copied(), case));
        }
        for asset in followed {
            let name = asset.name.to_lowercase();
            let is_word = AMBIGUOUS.contains(&asset.name.to_uppercase().as_str());
            let case = if is_word { Case::Beside } else { Case::Capital };
            // Where the name is not known it is the symbol, which is looked for as such.
            let is_name = !asset.name.eq_ignore_ascii_case(asset.symbol.as_str()) && asset.name.chars().count() > 2;
            if is_name && name.split(' ').count() <= MAX_WORDS && name.len() <= MAX_NAME {
                names.entry(name).or_insert((Some(asset.symbol), case));
            }
        }
        let begins = names.keys().filter_map(|name| name.split(' ').next()).map(ToOwned::to_owned).collect();
        let is_word = |symbol: &&Symbol| {
            let text = symbol.as_str();
            text.len() < 3 || text.bytes().all(|byte| byte.is_ascii_digit()) || AMBIGUOUS.contains(&text)
        };
        let ambiguous = symbols.values().filter(is_word).copied().collect();
        Self { symbols, names, begins, ambiguous }
    }

    /// The assets in the order they are named, those of the title first; at most [`MAX_TICKERS`].
    pub fn find(&self, title: &str, description: &str) -> Vec<Symbol> {
        let mut found = Vec::new();
        for text in [title, description] {
            self.scan(text, &mut found);
        }
        found.truncate(MAX_TICKERS);
        found
    }

    fn scan(&self, text: &str, found: &mut Vec<Symbol>) {
        let words: Vec<Word<'_>> = words(text).take(MOST_WORDS).collect();
        let shouts = !text.chars().any(char::is_lowercase);
        let title_case = is_title_case(&words);
        let mut name = String::with_capacity(MAX_NAME);
        let mut rest = words.as_slice();
        let mut before: Option<Word<'_>> = None;
        while let Some((word, after)) = rest.split_first() {
            let (symbol, used) = match self.named(rest, title_case, &mut name) {
                Some(named) => named,
                None => (self.written(*word, before, after.first(), shouts), 1),
            };
            if let Some(symbol) = symbol
                && found.len() < MAX_TICKERS
                && !found.contains(&symbol)
            {
                found.push(symbol);
            }
            before = rest.get(used - 1).copied();
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// The asset whose name `words` begin with, if they do, and of how many words the name is.
    fn named(&self, words: &[Word<'_>], title_case: bool, name: &mut String) -> Option<(Option<Symbol>, usize)> {
        let first = words.first()?;
        lower(first.text, name)?;
        if !self.begins.contains(name.as_str()) {
            return None;
        }
        let mut longest = None;
        name.clear();
        for (at, word) in words.iter().take(MAX_WORDS).enumerate() {
            if at > 0 {
                if !word.adjacent {
                    break;
                }
                name.push(' ');
            }
            if name.len() + word.text.len() > MAX_NAME {
                break;
            }
            name.extend(word.text.chars().flat_map(char::to_lowercase));
            if let Some((symbol, case)) = self.names.get(name.as_str())
                && fits(*case, first, words.get(at + 1), title_case)
            {
                longest = Some((*symbol, at + 1));
            }
        }
        longest
    }

    /// The asset whose symbol the word is.
    fn written(
        &self,
        word: Word<'_>,
        before: Option<Word<'_>>,
        after: Option<&Word<'_>>,
        shouts: bool,
    ) -> Option<Symbol> {
        if word.text.len() > MAX_SYMBOL_LEN + QUOTE.len() {
            return None;
        }
        if word.dollar {
            return self.symbols.get(word.text).or_else(|| self.symbols.get(&word.text.to_uppercase())).copied();
        }
        if let Some(symbol) = self.symbols.get(word.text) {
            let is_pair = after.is_some_and(|after| after.paired && is_quote(after.text));
            let is_plain = !self.ambiguous.contains(symbol);
            return (is_plain || is_pair || (!shouts && is_beside(word, before, after))).then_some(*symbol);
        }
        let base = ["USDT", "USDC"].iter().find_map(|quote| word.text.strip_suffix(quote))?;
        self.symbols.get(base).copied()
    }
}

/// A name written like this counts.
fn fits(case: Case, first: &Word<'_>, after: Option<&Word<'_>>, title_case: bool) -> bool {
    let capital = first.text.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    match case {
        Case::Any => true,
        Case::Capital => capital,
        // "Traders Link Price Drop to…": where every word has a capital, a capital says nothing.
        Case::Beside => {
            let list: &[&str] = if title_case { &STRONG_WORDS } else { &COIN_WORDS };
            let follows = |after: &Word<'_>| {
                after.adjacent && (is_one_of(after.text, list) || is_one_of(after.text, &STRONG_WORDS))
            };
            first.dollar || (capital && after.is_some_and(follows))
        }
    }
}

/// An ambiguous symbol beside a word that says it is a coin.
fn is_beside(word: Word<'_>, before: Option<Word<'_>>, after: Option<&Word<'_>>) -> bool {
    let says = |text: &str| is_one_of(text, &COIN_WORDS) || is_one_of(text, &STRONG_WORDS);
    after.is_some_and(|after| (after.adjacent || after.paired) && says(after.text))
        || (word.adjacent && before.is_some_and(|before| is_one_of(before.text, &STRONG_WORDS)))
}

fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_quote(word: &str) -> bool {
    matches!(word, "USDT" | "USDC" | "USD" | "BTC" | "ETH" | "EUR" | "KRW")
}

/// Most words of more than three letters begin with a capital, as headlines of some houses do.
fn is_title_case(words: &[Word<'_>]) -> bool {
    let long = || words.iter().filter(|word| word.text.len() > 3 && word.text.starts_with(char::is_alphabetic));
    let capitals = long().filter(|word| word.text.starts_with(char::is_uppercase)).count();
    let all = long().count();
    all >= 4 && capitals * 3 >= all * 2
}

/// Lower case into `name`. `None` if it is too long for a name.
fn lower(word: &str, name: &mut String) -> Option<()> {
    name.clear();
    (word.len() <= MAX_NAME).then(|| name.extend(word.chars().flat_map(char::to_lowercase)))
}

/// The words of a text: letters and digits.
fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(char::is_alphanumeric)?;
        let (gap, word) = rest.split_at_checked(start)?;
        let end = word.find(|c: char| !c.is_alphanumeric()).unwrap_or(word.len());
        let (text, after) = word.split_at_checked(end)?;
        rest = after;
        Some(Word {
            text,
            dollar: gap.ends_with('$'),
            adjacent: matches!(gap, " " | "-" | " $" | " (" | ") "),
            paired: matches!(gap, "/" | "-" | "_" | " / "),
        })
    })
}
