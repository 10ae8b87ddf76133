//! What a report says, as terms and amounts.

use smallvec::SmallVec;

use super::{
    Report,
    amount::Amount,
    lexicon::{LEXICON, Lexicon},
    quantity,
    term::{Case, Kind, Mark, Term},
    token::{Token, tokens},
};

/// How much of a report is read. Whatever is longer costs no more than this.
const TITLE: Limits = Limits { chars: 300, tokens: 48, marks: 32, amounts: 6 };
const LEAD: Limits = Limits { chars: 300, tokens: 48, marks: 18, amounts: 4 };

/// Most assets that are taken from what the feed's reader recognized.
const MAX_TICKERS: usize = 6;

/// What outlets put before a title, with a colon. None says what happened.
const LABELS: [&str; 16] = [
    "update",
    "updated",
    "report",
    "reports",
    "correction",
    "corrected",
    "retraction",
    "retracted",
    "just in",
    "breaking",
    "breaking news",
    "developing",
    "exclusive",
    "alert",
    "news",
    "🚨 breaking",
];

/// An amount after one of these is rounded: "nearly $75 million" is told of 72.9.
const ROUGH: [&str; 12] = [
    "nearly",
    "almost",
    "about",
    "around",
    "roughly",
    "approximately",
    "some",
    "over",
    "than",
    "under",
    "least",
    "close",
];

#[derive(Clone, Copy)]
struct Limits {
    chars: usize,
    tokens: usize,
    marks: usize,
    amounts: usize,
}

/// What one report says: first the title, then the lead without what the title has.
#[derive(Debug, Clone, PartialEq)]
pub struct Gist {
    marks: Box<[Mark]>,
    amounts: Box<[Amount]>,
    title_marks: u8,
    title_amounts: u8,
}

/// What one text says.
#[derive(Default)]
struct Section {
    marks: Vec<Mark>,
    amounts: Vec<Amount>,
    /// What the feed's reader recognized: the symbols in lower case, and what they stand for.
    assets: SmallVec<[(String, Term); 2]>,
}

impl Gist {
    pub fn of(report: &Report<'_>) -> Self {
        let assets = report.tickers.iter().take(MAX_TICKERS).map(|ticker| {
            let symbol = ticker.as_str().to_lowercase();
            let term = known_coin(&LEXICON, &symbol).unwrap_or_else(|| Term::new(Kind::Coin, &symbol));
            (symbol, term)
        });
        let mut said = Section { assets: assets.collect(), ..Section::default() };
        said.read(&LEXICON, unlabeled(report.title), TITLE);
        let title_marks = u8::try_from(said.marks.len()).unwrap_or(u8::MAX);
        let title_amounts = u8::try_from(said.amounts.len()).unwrap_or(u8::MAX);
        said.read(&LEXICON, report.lead, LEAD);
        for (_, asset) in std::mem::take(&mut said.assets) {
            said.mark(&[asset], Case::Unknown);
        }
        Self { marks: said.marks.into(), amounts: said.amounts.into(), title_marks, title_amounts }
    }

    pub fn title(&self) -> &[Mark] {
        self.marks.get(..usize::from(self.title_marks)).unwrap_or_default()
    }

    /// What only the lead has, and the assets the report is about.
    pub fn lead(&self) -> &[Mark] {
        self.marks.get(usize::from(self.title_marks)..).unwrap_or_default()
    }

    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    pub fn title_amounts(&self) -> &[Amount] {
        self.amounts.get(..usize::from(self.title_amounts)).unwrap_or_default()
    }

    pub fn amounts(&self) -> &[Amount] {
        &self.amounts
    }

    pub fn has(&self, term: Term) -> bool {
        self.marks.iter().any(|mark| mark.term() == term)
    }
}

/// A title without what an outlet puts before it to say what kind of report this is.
fn unlabeled(title: &str) -> &str {
    let mut rest = title;
    while let Some((label, after)) = rest.split_once(':') {
        let known = LABELS.iter().any(|known| known.eq_ignore_ascii_case(label.trim()));
        // A label alone is all that the title says.
        if !known || after.trim().is_empty() {
            break;
        }
        rest = after;
    }
    rest
}

impl Section {
    fn read(&mut self, lexicon: &Lexicon, text: &str, limits: Limits) {
        let tokens = tokens(text, limits.chars, limits.tokens);
        let stems: Vec<String> = tokens.iter().map(|token| lexicon.stem(&token.text)).collect();
        let style = Style::of(&tokens);
        let (marks, amounts) = (self.marks.len() + limits.marks, self.amounts.len() + limits.amounts);
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if self.marks.len() >= marks {
                break;
            }
            let following = tokens.get(at..).unwrap_or_default();
            let phrase = lexicon.phrase(stems.iter().skip(at).map(String::as_str));
            let case = style.case(token, at == 0);
            if let Some((words, senses)) = phrase {
                self.mark(senses, case);
                at += words;
            } else if let Some(asset) = self.asset(token) {
                // Before amounts are: `$1INCH` is no dollar.
                self.mark(&[asset], case);
                at += 1;
            } else if let Some((amount, words)) = quantity::read(following) {
                match amount {
                    Some(amount) if self.amounts.len() < amounts => {
                        let before = tokens.get(at.saturating_sub(2)..at).unwrap_or_default();
                        let rough = before.iter().any(|token| ROUGH.contains(&token.text.as_str()));
                        self.amounts.push(Amount { rough, ..amount });
                    }
                    Some(_) => {}
                    // A year, a code, `24/7`: a word of its own.
                    None => self.mark(&[Term::new(Kind::Common, &token.text)], Case::Unknown),
                }
                at += words;
            } else {
                if let Some(stem) = stems.get(at) {
                    self.word(lexicon, token, stem, style, case);
                }
                at += 1;
            }
        }
    }

    /// The asset whose symbol the token is. Small letters are of a word, unless they follow a digit.
    fn asset(&self, token: &Token) -> Option<Term> {
        let written = token.shout || token.sign == Some('$') || token.number.is_some();
        let found = self.assets.iter().find(|(symbol, _)| *symbol == token.text).filter(|_| written);
        found.map(|(_, asset)| *asset)
    }

    fn word(&mut self, lexicon: &Lexicon, token: &Token, stem: &str, style: Style, case: Case) {
        if token.sign == Some('$') && token.number.is_none() {
            self.mark(&[coin(lexicon, &token.text)], case);
            return;
        }
        let mut senses = lexicon.senses(stem).to_vec();
        senses.retain(|sense| style.may_be(*sense, token, lexicon));
        // `OPEN` among small letters is a symbol.
        let named = |sense: &Term| matches!(sense.kind(), Kind::Coin | Kind::Place | Kind::Org);
        if style == Style::Sentence && token.shout && !senses.iter().any(named) && !lexicon.is_acronym(&token.text) {
            senses.clear();
            senses.push(coin(lexicon, &token.text));
        }
        if !senses.is_empty() {
            self.mark(&senses, case);
        } else if !lexicon.is_stop(&token.text) && token.text.chars().count() > 1 {
            // A pair of characters of a script without capitals names nobody by itself.
            let bare = token.text.chars().all(|c| !c.is_lowercase());
            let kind = if bare || lexicon.is_common(stem) { Kind::Common } else { Kind::Word };
            self.mark(&[Term::new(kind, stem)], case);
        }
    }

    /// A word with every meaning it may have. Once is enough.
    fn mark(&mut self, senses: &[Term], case: Case) {
        let known = senses
            .first()
            .is_none_or(|first| self.marks.iter().any(|mark| mark.term() == *first && !mark.is_alternative()));
        if !known {
            let marks = senses.iter().enumerate().map(|(n, sense)| Mark::new(*sense, n > 0, case));
            self.marks.extend(marks);
        }
    }
}

/// The asset of a symbol in lower case; one that the lexicon does not have is a name like any other.
fn coin(lexicon: &Lexicon, symbol: &str) -> Term {
    known_coin(lexicon, symbol).unwrap_or_else(|| Term::new(Kind::Word, symbol))
}

fn known_coin(lexicon: &Lexicon, symbol: &str) -> Option<Term> {
    lexicon.senses(&lexicon.stem(symbol)).iter().find(|sense| sense.kind() == Kind::Coin).copied()
}

/// How a text uses capitals.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Sentence,
    /// Every longer word has a capital: Capitals Say Nothing.
    Title,
    Shout,
}

impl Style {
    fn of(tokens: &[Token]) -> Self {
        let long = || tokens.iter().filter(|token| token.number.is_none() && token.text.len() >= 4);
        let count = long().count();
        if count >= 2 && long().all(|token| token.shout) {
            Self::Shout
        } else if count >= 3 && long().filter(|token| token.capital).count() * 4 > count * 3 {
            Self::Title
        } else {
            Self::Sentence
        }
    }

    fn case(self, token: &Token, first: bool) -> Case {
        let inside = token.text.len() >= 2 && token.shout;
        match self {
            Self::Sentence if token.capital && (!first || inside) => Case::Capital,
            Self::Sentence if !token.capital && token.text.starts_with(char::is_lowercase) => Case::Lower,
            Self::Title if inside => Case::Capital,
            _ => Case::Unknown,
        }
    }

    /// Names are written with capitals, and short symbols in capitals only: `link` is a word, `LINK` an asset.
    fn may_be(self, sense: Term, token: &Token, lexicon: &Lexicon) -> bool {
        let short = token.text.len() <= 4;
        match sense.kind() {
            _ if self == Self::Shout => true,
            // A name of four letters or fewer, as the lexicon writes it: `Tron`, `Sui`.
            Kind::Coin if short && !lexicon.needs_capital(&token.text) => token.shout,
            Kind::Place if token.text.len() <= 2 => token.shout,
            Kind::Coin => token.capital || !lexicon.needs_capital(&token.text),
            Kind::Place | Kind::Org => token.capital,
            _ => true,
        }
    }
}
