//! What a person types, as a question to the full-text index.

/// Words that are looked for; further ones are ignored.
const MAX_WORDS: usize = 16;
/// Longest word, in characters; the rest of it is ignored.
const MAX_WORD: usize = 64;
/// Shortest last word that is taken for the start of a word, in characters: a single letter begins too many.
const MIN_START: usize = 2;

/// What a search text asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Search {
    /// Nothing was typed.
    Everything,
    /// What was typed has no word in it.
    Nothing,
    /// An expression of FTS5: every word must be there, the last one at least as the start of a word.
    Words(String),
}

impl Search {
    pub(super) fn of(text: &str) -> Self {
        if text.trim().is_empty() {
            return Self::Everything;
        }
        let words: Vec<String> =
            text.split(|c: char| c.is_whitespace() || c.is_control()).filter_map(quoted).take(MAX_WORDS).collect();
        let Some(last) = words.last() else { return Self::Nothing };
        let is_start = last.chars().filter(|c| c.is_alphanumeric()).count() >= MIN_START;
        Self::Words(words.join(" ") + if is_start { "*" } else { "" })
    }
}

/// A word as a string of FTS5, in which nothing has a meaning: `$BTC/USDT` becomes `"BTC USDT"`, two words in a row.
/// `None` where nothing of it can be found.
fn quoted(word: &str) -> Option<String> {
    // Signs beyond ASCII are left to the index's own rules, which also know combining accents.
    let plain = |c: char| if c.is_ascii() && !c.is_ascii_alphanumeric() { ' ' } else { c };
    let kept: String = word.chars().take(MAX_WORD).map(plain).collect();
    let parts: Vec<&str> = kept.split(' ').filter(|part| part.contains(char::is_alphanumeric)).collect();
    (!parts.is_empty()).then(|| format!("\"{}\"", parts.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(expression: &str) -> Search {
        Search::Words(expression.to_owned())
    }

    #[test]
    fn words_are_quoted_and_the_last_may_go_on() {
        for (text, search) in [
            ("", Search::Everything),
            (" \t\n", Search::Everything),
            ("b", words(r#""b""#)),
            ("bi", words(r#""bi"*"#)),
            ("bitcoin", words(r#""bitcoin"*"#)),
            ("  Bitcoin   ETF ", words(r#""Bitcoin" "ETF"*"#)),
            ("$BTC/USDT", words(r#""BTC USDT"*"#)),
            ("U.S. rates", words(r#""U S" "rates"*"#)),
            ("café", words(r#""café"*"#)),
            ("!!! ???", Search::Nothing),
            ("\"", Search::Nothing),
            ("₿ —", Search::Nothing),
            ("\0", Search::Nothing),
        ] {
            assert_eq!(Search::of(text), search, "{text:?}");
        }
    }

    #[test]
    fn the_language_of_the_index_has_no_meaning() {
        for (text, search) in [
            ("a\" OR \"b", words(r#""a" "OR" "b""#)),
            ("title:x", words(r#""title x"*"#)),
            ("NEAR(a b, 2)", words(r#""NEAR a" "b" "2""#)),
            ("-{a}^*", words(r#""a""#)),
            ("a\0b", words(r#""a" "b""#)),
            ("x'; DROP TABLE articles;--", words(r#""x" "DROP" "TABLE" "articles"*"#)),
        ] {
            assert_eq!(Search::of(text), search, "{text:?}");
        }
    }

    #[test]
    fn long_texts_are_bounded() {
        let Search::Words(expression) = Search::of(&"word ".repeat(400)) else { panic!("words") };
        assert_eq!(expression.matches("word").count(), MAX_WORDS);
        let Search::Words(expression) = Search::of(&"é".repeat(2000)) else { panic!("words") };
        assert_eq!(expression.chars().count(), MAX_WORD + 3);
    }
}
