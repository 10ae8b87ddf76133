//! What words mean: the lexicon beside this file, read once.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use rust_stemmers::{Algorithm, Stemmer};
use smallvec::SmallVec;

use super::term::{Kind, Term};

const TEXT: &str = include_str!("lexicon.txt");

/// Longest word that is stemmed, in bytes. Longer ones are no English.
const MAX_STEMMED: usize = 32;

pub static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::read(TEXT));

/// Every meaning of one word.
pub type Senses = SmallVec<[Term; 2]>;

pub struct Lexicon {
    stemmer: Stemmer,
    words: HashMap<Box<str>, Senses>,
    /// By their first word; longer ones come first.
    phrases: HashMap<Box<str>, Vec<Phrase>>,
    stop: HashSet<Box<str>>,
    common: HashSet<Box<str>>,
    acronyms: HashSet<Box<str>>,
    /// Names that are words, too, when written small.
    capital: HashSet<Box<str>>,
    against: HashSet<(Term, Term)>,
    apart: HashSet<(Term, Term)>,
}

struct Phrase {
    rest: Box<[Box<str>]>,
    senses: Senses,
}

impl Lexicon {
    fn read(text: &str) -> Self {
        let mut lexicon = Self {
            stemmer: Stemmer::create(Algorithm::English),
            words: HashMap::new(),
            phrases: HashMap::new(),
            stop: HashSet::new(),
            common: HashSet::new(),
            acronyms: HashSet::new(),
            capital: HashSet::new(),
            against: HashSet::new(),
            apart: HashSet::new(),
        };
        let mut section = "";
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
            } else {
                lexicon.read_line(section, line);
            }
        }
        for phrases in lexicon.phrases.values_mut() {
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.rest.len()));
        }
        lexicon
    }

    fn read_line(&mut self, section: &str, line: &str) {
        let kind = match section {
            "act" => Kind::Act,
            "like" => Kind::Like,
            "coin" => Kind::Coin,
            "place" => Kind::Place,
            "org" => Kind::Org,
            "form" => Kind::Form,
            "against" | "apart" => {
                let pairs = if section == "apart" { &mut self.apart } else { &mut self.against };
                let Some((one, others)) = line.split_once(':') else { return };
                let one = Term::new(Kind::Act, one.trim());
                for other in others.split_whitespace().map(|other| Term::new(Kind::Act, other)) {
                    pairs.insert((one, other));
                    pairs.insert((other, one));
                }
                return;
            }
            "acronym" => {
                self.acronyms.extend(line.split_whitespace().map(Box::from));
                return;
            }
            "common" => {
                for word in line.split_whitespace() {
                    let stem = self.stem(word).into_boxed_str();
                    self.common.insert(stem);
                }
                return;
            }
            _ => {
                self.stop.extend(line.split_whitespace().map(Box::from));
                return;
            }
        };
        let Some((name, words)) = line.split_once(':') else { return };
        for word in words.split_whitespace() {
            self.add(word, Term::new(kind, if name == "each" { word } else { name.trim() }));
        }
    }

    /// `word` as the lexicon writes it: `+` between words, hyphens inside.
    fn add(&mut self, word: &str, sense: Term) {
        let small = word.to_lowercase();
        if small != word {
            self.capital.insert(small.clone().into_boxed_str());
        }
        let word = small.replace('.', "").replace("'s", "");
        let stems: Vec<Box<str>> = word.split(['+', '-']).map(|part| self.stem(part).into_boxed_str()).collect();
        match stems.as_slice() {
            [] => {}
            [one] => push(self.words.entry(one.clone()).or_default(), sense),
            [first, rest @ ..] => {
                let phrases = self.phrases.entry(first.clone()).or_default();
                match phrases.iter_mut().find(|phrase| *phrase.rest == *rest) {
                    Some(phrase) => push(&mut phrase.senses, sense),
                    None => phrases.push(Phrase { rest: rest.into(), senses: SmallVec::from_slice(&[sense]) }),
                }
            }
        }
    }

    /// The stem of a word in lower case. What is not an English word stays as it is.
    pub fn stem(&self, word: &str) -> String {
        if word.len() <= MAX_STEMMED && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            let stem = self.stemmer.stem(word);
            // Brands end like adverbs, and no event turns on an adverb.
            if word.ends_with("ly") && !self.words.contains_key(&*stem) { word.to_owned() } else { stem.into_owned() }
        } else {
            word.to_owned()
        }
    }

    /// Every meaning of a stem; none where the lexicon does not have it.
    pub fn senses(&self, stem: &str) -> &[Term] {
        self.words.get(stem).map_or(&[], SmallVec::as_slice)
    }

    /// The longest phrase that `stems` begin with: how many words it has, and its meanings.
    pub fn phrase<'a>(&self, mut stems: impl Iterator<Item = &'a str> + Clone) -> Option<(usize, &[Term])> {
        let first = stems.next()?;
        let phrase = self.phrases.get(first)?.iter().find(|phrase| {
            let mut following = stems.clone();
            phrase.rest.iter().all(|word| following.next() == Some(&**word))
        })?;
        Some((phrase.rest.len() + 1, &phrase.senses))
    }

    /// The word says nothing. As it is written, in lower case, not its stem.
    pub fn is_stop(&self, word: &str) -> bool {
        self.stop.contains(word)
    }

    /// A word of capitals that is no symbol of an asset. In lower case.
    pub fn is_acronym(&self, word: &str) -> bool {
        self.acronyms.contains(word)
    }

    /// The name counts as one only with a capital. In lower case.
    pub fn needs_capital(&self, word: &str) -> bool {
        self.capital.contains(word)
    }

    /// The stem is of a word that is no name, even where it begins a title.
    pub fn is_common(&self, stem: &str) -> bool {
        self.common.contains(stem)
    }

    /// The two acts exclude each other.
    pub fn against(&self, one: Term, other: Term) -> bool {
        self.against.contains(&(one, other))
    }

    /// The two acts are never one event, though both may be of one venue and one asset.
    pub fn apart(&self, one: Term, other: Term) -> bool {
        self.apart.contains(&(one, other))
    }
}

fn push(senses: &mut Senses, sense: Term) {
    if !senses.contains(&sense) {
        senses.push(sense);
    }
}
