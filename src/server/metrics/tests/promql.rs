//! Reads as much of a query as is needed to know which series and labels it asks for.
//! <https://prometheus.io/docs/prometheus/latest/querying/basics/>

use std::collections::BTreeSet;

/// Words that stand before a list of labels.
const GROUPING: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
const KEYWORDS: [&str; 7] = ["and", "or", "unless", "bool", "offset", "inf", "nan"];

/// A series with its matchers: label, operator, text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) name: String,
    pub(super) matchers: Vec<(String, String, String)>,
}

/// What a query asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Query {
    pub(super) selectors: Vec<Selector>,
    /// Labels that it groups or joins by.
    pub(super) labels: BTreeSet<String>,
    /// Those that are left of a sum over the others; `None` where every label is.
    pub(super) grouped: Option<BTreeSet<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Symbol(char),
}

impl Token {
    /// Whether what stands before it is a function: `rate(`, `sum by (`.
    fn begins_arguments(&self) -> bool {
        match self {
            Self::Symbol(symbol) => *symbol == '(',
            Self::Word(word) => matches!(word.as_str(), "by" | "without"),
            Self::Text(_) => false,
        }
    }
}

fn tokens(query: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = query.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            _ if char.is_whitespace() => {}
            // A range.
            '[' => while chars.next().expect("a range ends") != ']' {},
            '"' => {
                let mut text = String::new();
                loop {
                    match chars.next().expect("a text ends") {
                        '"' => break,
                        '\\' => text.extend(chars.next()),
                        other => text.push(other),
                    }
                }
                tokens.push(Token::Text(text));
            }
            _ if char.is_alphanumeric() || "_:$.".contains(char) => {
                let mut word = String::from(char);
                while let Some(next) = chars.next_if(|c| c.is_alphanumeric() || "_:.".contains(*c)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
            symbol => tokens.push(Token::Symbol(symbol)),
        }
    }
    tokens
}

impl Query {
    pub(super) fn read(text: &str) -> Self {
        let tokens = tokens(text);
        let mut query = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            let next = tokens.get(at + 1);
            match &tokens[at] {
                Token::Word(word) if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {}
                Token::Word(word) if GROUPING.contains(&word.as_str()) => {
                    let (labels, end) = list(&tokens, at + 1);
                    if word == "by" {
                        query.grouped.get_or_insert_default().extend(labels.iter().cloned());
                    }
                    query.labels.extend(labels);
                    at = end;
                }
                Token::Word(word) if KEYWORDS.contains(&word.as_str()) || next.is_some_and(Token::begins_arguments) => {
                }
                Token::Word(name) => {
                    let (matchers, end) = match next {
                        Some(Token::Symbol('{')) => matchers(&tokens, at + 1),
                        _ => (Vec::new(), at),
                    };
                    query.selectors.push(Selector { name: name.clone(), matchers });
                    at = end;
                }
                Token::Text(_) | Token::Symbol(_) => {}
            }
            at += 1;
        }
        query
    }
}

/// `(a, b)` from the bracket on, and where it ends.
fn list(tokens: &[Token], open: usize) -> (Vec<String>, usize) {
    assert_eq!(tokens.get(open), Some(&Token::Symbol('(')), "a list");
    let end = open + tokens[open..].iter().position(|token| *token == Token::Symbol(')')).expect("a list ends");
    let word = |token: &Token| if let Token::Word(word) = token { Some(word.clone()) } else { None };
    (tokens[open..end].iter().filter_map(word).collect(), end)
}

/// `{a="b", c=~"d"}` from the bracket on, and where it ends.
fn matchers(tokens: &[Token], open: usize) -> (Vec<(String, String, String)>, usize) {
    let end = open + tokens[open..].iter().position(|token| *token == Token::Symbol('}')).expect("matchers end");
    let matcher = |part: &[Token]| {
        let (Some(Token::Word(label)), Some(Token::Text(text))) = (part.first(), part.last()) else {
            panic!("no matcher: {part:?}");
        };
        let symbol = |token: &Token| if let Token::Symbol(symbol) = token { Some(*symbol) } else { None };
        (label.clone(), part.iter().filter_map(symbol).collect(), text.clone())
    };
    let parts = tokens[open + 1..end].split(|token| *token == Token::Symbol(','));
    (parts.filter(|part| !part.is_empty()).map(matcher).collect(), end)
}

#[test]
fn a_query_tells_its_series_and_labels() {
    let text = r#"histogram_quantile(0.99, sum by (le, kind) (rate(a_bucket{b="c", d!~"e|f"}[5m])))
                  > 1e-3 + 0.05 * sum without (g) (h) and on (job) time() - x:y offset 5m == bool 1"#;
    let query = Query::read(text);
    let selector = |name: &str, matchers: &[(&str, &str, &str)]| Selector {
        name: name.to_owned(),
        matchers: matchers.iter().map(|(l, o, t)| ((*l).to_owned(), (*o).to_owned(), (*t).to_owned())).collect(),
    };
    let expected =
        [selector("a_bucket", &[("b", "=", "c"), ("d", "!~", "e|f")]), selector("h", &[]), selector("x:y", &[])];
    assert_eq!(query.selectors, expected);
    let set = |labels: &[&str]| labels.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!((query.labels, query.grouped), (set(&["g", "job", "kind", "le"]), Some(set(&["kind", "le"]))));
}
