//! How often each term is in the window, how it is written there, and which of the newest articles have it.

use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasherDefault,
    sync::LazyLock,
};

use super::{
    gist::Gist,
    term::{Case, Kind, Term, TermHasher},
};

/// Newest articles that are remembered for each term. A term that more articles have says too little to look by.
const MAX_POSTINGS: usize = 96;

/// Most terms. Where there are more, new ones are not looked by, until old ones are forgotten.
const MAX_TERMS: usize = 1 << 20;

/// As if so many articles had been seen before the first: so that the first ones are not judged by each other alone.
const PRIOR_ARTICLES: u32 = 2_000;

/// Logarithms of small whole numbers: they are asked for some thousand times for each report.
static LOGARITHMS: LazyLock<Box<[f64]>> = LazyLock::new(|| (0..16_384_u32).map(|n| f64::from(n).ln()).collect());

fn ln(n: u32) -> f64 {
    let small = usize::try_from(n).ok().and_then(|n| LOGARITHMS.get(n));
    small.copied().unwrap_or_else(|| f64::from(n).ln())
}

#[derive(Debug, Default)]
pub struct Vocabulary {
    articles: u32,
    terms: HashMap<Term, Entry, BuildHasherDefault<TermHasher>>,
}

#[derive(Debug)]
struct Entry {
    articles: u32,
    lower: u32,
    capital: u32,
    /// Ascending.
    newest: Newest,
}

/// Most terms are in one article only.
#[derive(Debug)]
enum Newest {
    One(u32),
    #[expect(clippy::box_collection, reason = "most terms have one article, and pay for the size of this")]
    Many(Box<VecDeque<u32>>),
}

impl Vocabulary {
    /// Counts an article. `number` is greater than every one before.
    pub fn add(&mut self, number: u32, gist: &Gist) {
        self.articles = self.articles.saturating_add(1);
        for mark in gist.marks() {
            if self.terms.len() >= MAX_TERMS && !self.terms.contains_key(&mark.term()) {
                continue;
            }
            let entry = self.terms.entry(mark.term()).or_insert(Entry {
                articles: 0,
                lower: 0,
                capital: 0,
                newest: Newest::One(number),
            });
            entry.articles = entry.articles.saturating_add(1);
            entry.count(mark.case(), 1);
            entry.newest.push(number);
        }
    }

    /// Takes back what [`add`](Self::add) counted.
    pub fn remove(&mut self, number: u32, gist: &Gist) {
        self.articles = self.articles.saturating_sub(1);
        for mark in gist.marks() {
            let Some(entry) = self.terms.get_mut(&mark.term()) else { continue };
            entry.articles = entry.articles.saturating_sub(1);
            entry.count(mark.case(), -1);
            if entry.articles == 0 {
                self.terms.remove(&mark.term());
            } else if let Newest::Many(numbers) = &mut entry.newest
                && let Ok(at) = numbers.binary_search(&number)
            {
                numbers.remove(at);
            }
        }
    }

    /// The newest articles with this term, ascending. Some of them may be gone.
    pub fn newest(&self, term: Term) -> impl DoubleEndedIterator<Item = u32> {
        let (one, many) = match self.terms.get(&term).map(|entry| &entry.newest) {
            Some(Newest::One(number)) => (Some(*number), None),
            Some(Newest::Many(numbers)) => (None, Some(numbers)),
            None => (None, None),
        };
        one.into_iter().chain(many.into_iter().flat_map(|numbers| numbers.iter().copied()))
    }

    /// How much it says that two reports share a term: from 0 for what is everywhere to 1 for what is nowhere else.
    pub fn weight(&self, term: Term) -> f64 {
        let seen = self.terms.get(&term).map_or(0, |entry| entry.articles);
        // What the lexicon knows is common in wires, and was before this window.
        let (before, most) = match term.kind() {
            Kind::Word => (1, 1.0),
            Kind::Common => (8, 0.9),
            Kind::Act => (30, 0.8),
            Kind::Like => (60, 0.6),
            Kind::Coin => (20, 0.8),
            Kind::Place => (15, 0.8),
            Kind::Org => (15, 0.9),
            Kind::Form => (30, 0.5),
        };
        let all = ln(self.articles.saturating_add(PRIOR_ARTICLES));
        most * ((all - ln(seen.saturating_add(before))) / all).clamp(0.05, 1.0)
    }

    /// How likely a term is a name, 0 to 1, by how it is written in the window.
    pub fn is_name(&self, term: Term) -> f64 {
        match term.kind() {
            Kind::Org => 1.0,
            Kind::Word => {
                let (capital, lower) = self.terms.get(&term).map_or((0, 0), |entry| (entry.capital, entry.lower));
                let (capital, lower) = (f64::from(capital), f64::from(lower));
                // Unknown counts as likely: a word that no one has written small, outside the lexicon.
                (capital + 0.6) / (capital + 3.0 * lower + 1.0)
            }
            Kind::Act | Kind::Like | Kind::Coin | Kind::Place | Kind::Form | Kind::Common => 0.0,
        }
    }

    #[cfg(test)]
    pub fn terms(&self) -> usize {
        self.terms.len()
    }
}

impl Entry {
    fn count(&mut self, case: Case, by: i32) {
        match case {
            Case::Unknown => {}
            Case::Lower => self.lower = self.lower.saturating_add_signed(by),
            Case::Capital => self.capital = self.capital.saturating_add_signed(by),
        }
    }
}

impl Newest {
    fn push(&mut self, number: u32) {
        match self {
            Self::One(one) if *one == number => {}
            Self::One(one) => *self = Self::Many(Box::new(VecDeque::from([*one, number]))),
            Self::Many(numbers) if numbers.back() == Some(&number) => {}
            Self::Many(numbers) => {
                if numbers.len() >= MAX_POSTINGS {
                    numbers.pop_front();
                }
                numbers.push_back(number);
            }
        }
    }
}
