//! How alike two reports are: measures of what they share and where they disagree, and what these add up to.

use super::{
    amount::{Amount, Relation},
    gist::Gist,
    lexicon::LEXICON,
    term::{Kind, Mark, Term},
    vocabulary::Vocabulary,
};

/// How many measures there are.
pub const MEASURES: usize = 17;

/// Two reports side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    pub measures: [f64; MEASURES],
}

/// What each measure adds to the log odds of one event, and what is there before.
const WEIGHTS: [f64; MEASURES] = [5.0, 2.0, 2.0, 0.5, -2.0, 0.5, -3.0, 0.8, -1.0, -2.0, 1.0, -2.0, -1.0, 1.0, -1.0, 1.0, 0.5];
const BIAS: f64 = -3.0;

impl Likeness {
    pub fn of(one: &Gist, other: &Gist, vocabulary: &Vocabulary) -> Self {
        let (a, b) = (covered(one, other, vocabulary), covered(other, one, vocabulary));
        let names = Names::of(one, other, vocabulary);
        let coins = Shared::of(one, other, Kind::Coin);
        let acts = Shared::of(one, other, Kind::Act);
        let places = Shared::of(one, other, Kind::Place);
        let (agree, differ) = amounts(one, other);
        let leads = match (one.lead(), other.lead()) {
            ([], _) | (_, []) => 0.0,
            (mine, theirs) => share(mine, other, vocabulary).min(share(theirs, one, vocabulary)),
        };
        let form = one.title().iter().chain(other.title()).any(|mark| mark.term().kind() == Kind::Form);
        Self {
            measures: [
                (a * b).sqrt(),
                a.min(b),
                names.best,
                names.all.min(3.0),
                names.conflict,
                coins.agree(),
                coins.conflict(),
                acts.agree(),
                acts.conflict(),
                opposite(one, other),
                agree,
                differ,
                if form { 1.0 } else { 0.0 },
                leads,
                places.conflict(),
                a.max(b),
                names.rare.min(3.0),
            ],
        }
    }

    /// The log odds that they are about one event.
    pub fn log_odds(&self) -> f64 {
        BIAS + self.measures.iter().zip(WEIGHTS).map(|(measure, weight)| measure * weight).sum::<f64>()
    }

    /// How much of them is the same, 0 to 1, whatever that means.
    pub fn overlap(&self) -> f64 {
        self.measures.first().copied().unwrap_or_default()
    }
}

/// From log odds to 0 to 1.
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The words of a section, each with every meaning it may have.
fn slots(marks: &[Mark]) -> impl Iterator<Item = &[Mark]> {
    marks.chunk_by(|_, next| next.is_alternative())
}

/// How much of one's title the other has, in its title or, for a little less, in its lead.
fn covered(one: &Gist, other: &Gist, vocabulary: &Vocabulary) -> f64 {
    let (mut all, mut found) = (0.0, 0.0);
    for slot in slots(one.title()) {
        let weight = slot.iter().map(|mark| vocabulary.weight(mark.term())).fold(0.0, f64::max);
        all += weight;
        found += weight * slot.iter().map(|mark| place(other, mark.term())).fold(0.0, f64::max);
    }
    for amount in one.title_amounts() {
        let weight = 0.5;
        all += weight;
        let same = |theirs: &Amount| theirs.relation(*amount) == Relation::Same;
        if other.title_amounts().iter().any(same) {
            found += weight;
        } else if other.amounts().iter().any(same) {
            found += weight * IN_LEAD;
        }
    }
    if all > 0.0 { found / all } else { 0.0 }
}

/// What it counts that a word of a title is in the other's lead only.
const IN_LEAD: f64 = 0.8;

fn place(gist: &Gist, term: Term) -> f64 {
    let has = |marks: &[Mark]| marks.iter().any(|mark| mark.term() == term);
    if has(gist.title()) {
        1.0
    } else if has(gist.lead()) {
        IN_LEAD
    } else {
        0.0
    }
}

fn share(marks: &[Mark], other: &Gist, vocabulary: &Vocabulary) -> f64 {
    let (mut all, mut found) = (0.0, 0.0);
    for slot in slots(marks) {
        let weight = slot.iter().map(|mark| vocabulary.weight(mark.term())).fold(0.0, f64::max);
        all += weight;
        if slot.iter().any(|mark| other.has(mark.term())) {
            found += weight;
        }
    }
    if all > 0.0 { found / all } else { 0.0 }
}

/// Names and rare words.
struct Names {
    /// The heaviest name in both.
    best: f64,
    /// All names in both.
    all: f64,
    /// Both titles have a name that the other report lacks: the lighter of the two.
    conflict: f64,
    /// Other rare words in both.
    rare: f64,
}

impl Names {
    fn of(one: &Gist, other: &Gist, vocabulary: &Vocabulary) -> Self {
        let mut names = Self { best: 0.0, all: 0.0, conflict: 0.0, rare: 0.0 };
        for mark in one.marks() {
            let term = mark.term();
            if !matches!(term.kind(), Kind::Word | Kind::Org) || !other.has(term) {
                continue;
            }
            let (weight, name) = (vocabulary.weight(term), vocabulary.is_name(term));
            names.best = names.best.max(weight * name);
            names.all += weight * name;
            names.rare += weight * (1.0 - name);
        }
        let lacking = |mine: &Gist, theirs: &Gist| {
            let lacks = mine.title().iter().map(|mark| mark.term()).filter(|term| !theirs.has(*term));
            lacks.map(|term| vocabulary.weight(term) * vocabulary.is_name(term)).fold(0.0, f64::max)
        };
        names.conflict = lacking(one, other).min(lacking(other, one));
        names
    }
}

/// Terms of one kind in two reports.
struct Shared {
    both: usize,
    /// Each has at least one.
    compared: bool,
    /// Of each, the ones in its title that the other report lacks.
    lacking: (usize, usize),
}

impl Shared {
    fn of(one: &Gist, other: &Gist, kind: Kind) -> Self {
        let words = |gist: &Gist| slots(gist.title()).filter(|slot| of_kind(slot, kind)).count();
        let lacking = |mine: &Gist, theirs: &Gist| {
            let lacks = |slot: &&[Mark]| of_kind(slot, kind) && !slot.iter().any(|mark| theirs.has(mark.term()));
            slots(mine.title()).filter(lacks).count()
        };
        let (a, b) = (words(one), words(other));
        let lacking = (lacking(one, other), lacking(other, one));
        Self { both: (a - lacking.0).max(b - lacking.1), compared: a > 0 && b > 0, lacking }
    }

    fn agree(&self) -> f64 {
        [0.0, 1.0, 1.5].get(self.both).copied().unwrap_or(1.8)
    }

    fn conflict(&self) -> f64 {
        match (self.compared, self.both, self.lacking) {
            (true, 0, _) => 1.0,
            (true, _, (mine, theirs)) if mine > 0 && theirs > 0 => 0.4,
            _ => 0.0,
        }
    }
}

fn of_kind(slot: &[Mark], kind: Kind) -> bool {
    slot.iter().any(|mark| mark.term().kind() == kind)
}

/// 1 where one title says what excludes the other's, and they share no act.
fn opposite(one: &Gist, other: &Gist) -> f64 {
    let acts = |gist: &Gist| -> Vec<Term> {
        gist.title().iter().map(|mark| mark.term()).filter(|term| term.kind() == Kind::Act).collect()
    };
    let (mine, theirs) = (acts(one), acts(other));
    let free = |mine: &[Term], theirs: &[Term]| -> Vec<Term> {
        mine.iter().copied().filter(|act| !theirs.contains(act)).collect()
    };
    let (mine, theirs) = (free(&mine, &theirs), free(&theirs, &mine));
    let against = mine.iter().any(|act| theirs.iter().any(|other| LEXICON.against(*act, *other)));
    if against { 1.0 } else { 0.0 }
}

/// How far the amounts of two titles agree, 0 to 2, and how sharply they differ, 0 to 1.
fn amounts(one: &Gist, other: &Gist) -> (f64, f64) {
    let (mut agree, mut differ) = (0.0, 0.0_f64);
    for (mine, theirs) in [(one, other), (other, one)] {
        for amount in mine.title_amounts() {
            let related = |wanted| move |theirs: &&Amount| theirs.relation(*amount) == wanted;
            if theirs.amounts().iter().any(|theirs| related(Relation::Same)(&theirs)) {
                agree += if amount.digits() >= 2 { 0.5 } else { 0.35 };
            } else if let Some(found) = theirs.title_amounts().iter().find(related(Relation::Differ)) {
                // One of several that agree elsewhere is no conflict.
                let elsewhere = mine.amounts().iter().any(|mine| mine.relation(*found) == Relation::Same);
                differ = differ.max(amount.sharpness().min(found.sharpness()) * if elsewhere { 0.3 } else { 1.0 });
            }
        }
    }
    (f64::min(agree, 2.0), differ)
}
