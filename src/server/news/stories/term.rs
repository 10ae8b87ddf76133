//! A word of a report, or what it means, as a small number.

use std::hash::Hasher;

/// What a term is. Decided by the term's text alone, so that it is the same wherever it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word that the lexicon does not have: a name, or anything else.
    Word,
    /// What happened.
    Act,
    /// One of several words that mean much the same.
    Like,
    Coin,
    Place,
    Org,
    /// The form of a regular column.
    Form,
    /// A word that is no name.
    Common,
}

/// A term: 25 bits of a hash, and its kind. Two words in a window rarely share a hash (a few in a thousand of them),
/// and where they do, two reports rarely contain just these two: texts need not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term(u32);

/// A term where it stands in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u32);

/// How a word is written where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// Nothing can be told: the first word, or a title with capitals everywhere.
    Unknown,
    Lower,
    Capital,
}

/// A term is a hash already. Its high bits are spread, as tables look at them, too.
#[derive(Debug, Default, Clone, Copy)]
pub struct TermHasher(u64);

impl Hasher for TermHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, n: u32) {
        self.0 = (self.0 ^ u64::from(n)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

const KIND_BITS: u32 = 4;
const TERM_MASK: u32 = 0x1FFF_FFFF;
const ALTERNATIVE: u32 = 1 << 31;
const CAPITAL: u32 = 1 << 30;
const LOWER: u32 = 1 << 29;

impl Term {
    pub fn new(kind: Kind, text: &str) -> Self {
        // FNV-1a, the halves folded: the same over restarts and machines.
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let folded = u32::try_from((hash ^ (hash >> 32)) & u64::from(TERM_MASK)).unwrap_or_default();
        Self(folded & !((1 << KIND_BITS) - 1) | kind as u32)
    }

    pub fn kind(self) -> Kind {
        match self.0 & ((1 << KIND_BITS) - 1) {
            1 => Kind::Act,
            2 => Kind::Like,
            3 => Kind::Coin,
            4 => Kind::Place,
            5 => Kind::Org,
            6 => Kind::Form,
            7 => Kind::Common,
            _ => Kind::Word,
        }
    }
}

impl Mark {
    /// `alternative`: another meaning of the word whose mark came before.
    pub fn new(term: Term, alternative: bool, case: Case) -> Self {
        let case = match case {
            Case::Unknown => 0,
            Case::Lower => LOWER,
            Case::Capital => CAPITAL,
        };
        Self(term.0 | case | if alternative { ALTERNATIVE } else { 0 })
    }

    pub fn term(self) -> Term {
        Term(self.0 & TERM_MASK)
    }

    pub fn is_alternative(self) -> bool {
        self.0 & ALTERNATIVE != 0
    }

    pub fn case(self) -> Case {
        match self.0 & (CAPITAL | LOWER) {
            CAPITAL => Case::Capital,
            LOWER => Case::Lower,
            _ => Case::Unknown,
        }
    }
}
