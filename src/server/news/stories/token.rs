//! Cuts a text into words and numbers.

/// Longest word that is kept, in characters.
const MAX_WORD: usize = 40;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// In lower case, without dots, apostrophes and thousands separators.
    pub text: String,
    /// It begins with a capital.
    pub capital: bool,
    /// All its letters are capitals, two at least.
    pub shout: bool,
    /// The number it begins with: `42` of `42M`.
    pub number: Option<f64>,
    /// What follows that number without a space: `m` of `42M`.
    pub suffix: String,
    /// `$`, another currency's sign or `#` before it.
    pub sign: Option<char>,
    pub percent: bool,
}

/// The first `most` tokens of the first `chars` characters of a text.
pub fn tokens(text: &str, chars: usize, most: usize) -> Vec<Token> {
    let chars: Vec<char> = text.chars().take(chars).collect();
    let mut rest = chars.as_slice();
    let mut tokens: Vec<Token> = Vec::new();
    let mut sign = None;
    while let Some((&first, after)) = rest.split_first() {
        if tokens.len() >= most {
            break;
        }
        if is_ideograph(first) {
            // Without spaces there are no words: pairs of characters take their place.
            let pair: String = rest.iter().take(2).take_while(|&&c| is_ideograph(c)).collect();
            tokens.push(Token::word(&pair));
            rest = after;
        } else if first.is_alphanumeric() {
            let len = word_len(rest);
            let (word, after) = rest.split_at(len.min(rest.len()));
            let mut token = Token::word(&word.iter().take(MAX_WORD).collect::<String>());
            token.sign = sign;
            token.percent = after.first() == Some(&'%');
            if !token.text.is_empty() {
                tokens.push(token);
            }
            rest = after;
        } else {
            rest = after;
        }
        sign = matches!(first, '$' | '€' | '£' | '¥' | '₩' | '₹' | '#').then_some(first);
    }
    tokens
}

/// How many characters the word has that `chars` begin with. A dot, comma or apostrophe inside belongs to it where it
/// joins digits, initials or a possessive.
fn word_len(chars: &[char]) -> usize {
    let mut len = 0;
    let mut rest = chars;
    while let Some((&c, after)) = rest.split_first() {
        let next = after.first().copied().unwrap_or(' ');
        let before = chars.get(..len).unwrap_or_default();
        let digits = before.last().is_some_and(char::is_ascii_digit) && next.is_ascii_digit();
        let initials = before.last().is_some_and(|c| c.is_alphabetic())
            && (before.len() < 2 || before.get(before.len() - 2) == Some(&'.'))
            && next.is_alphabetic();
        let joins = match c {
            ',' | '/' => digits,
            '.' => digits || initials,
            '\'' | '’' => !before.is_empty() && next.is_alphabetic(),
            _ => c.is_alphanumeric() && !is_ideograph(c),
        };
        if !joins {
            break;
        }
        len += 1;
        rest = after;
    }
    len
}

/// Written without spaces between words.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

impl Token {
    fn word(raw: &str) -> Self {
        let letters = raw.chars().filter(|c| c.is_alphabetic()).count();
        let stripped = match raw.split_once(['\'', '’']) {
            // A possessive, or what is left of a contraction.
            Some((word, end)) if end.chars().count() <= 2 => word,
            _ => raw,
        };
        let plain: String = stripped.chars().filter(|c| !matches!(c, ',' | '\'' | '’')).collect();
        let digits = plain.chars().take_while(|c| c.is_ascii_digit() || *c == '.').count();
        let number = plain.get(..digits).and_then(|digits| digits.trim_end_matches('.').parse().ok());
        let suffix = plain.get(digits..).unwrap_or_default().to_lowercase();
        Self {
            text: if number.is_some() { plain.to_lowercase() } else { plain.replace('.', "").to_lowercase() },
            capital: raw.chars().next().is_some_and(char::is_uppercase),
            shout: letters >= 2 && !raw.chars().any(char::is_lowercase),
            number,
            suffix,
            sign: None,
            percent: false,
        }
    }
}
