//! How alike two reports are: measures of what they share and where they disagree, and what these add up to.

use smallvec::SmallVec;

use super::{
    amount::{Amount, Relation, Unit},
    gist::Gist,
    lexicon::LEXICON,
    term::{Kind, Mark, Term},
    vocabulary::Vocabulary,
};

/// How many measures there are.
pub const MEASURES: usize = 28;

/// Two reports side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    pub measures: [f64; MEASURES],
}

/// What each measure adds to the log odds of one event.
///
/// Found by logistic regression on the pairs marked `tune` beside the tests and on streams of the simulator's outlets,
/// each weight drawn to what was expected of it and held on its side of nothing. Measures that came out as nothing were
/// taken out.
const WEIGHTS: [f64; MEASURES] = [
    0.24,  // the titles have of each other, the geometric mean
    0.95,  // the heaviest name in both
    -4.72, // both titles name somebody that the other lacks
    -3.99, // any clash, the more so the more alike they are otherwise
    1.54,  // the same is said of the same
    1.81,  // assets in both
    -3.35, // other assets
    1.05,  // acts in both
    -1.75, // other acts
    -0.22, // acts that exclude each other
    2.70,  // amounts in both
    -4.37, // amounts that differ
    -1.61, // one is of a regular column
    -5.02, // leads strange to each other, without a name in both
    -2.64, // other places
    2.89,  // places in both
    2.00,  // the same amounts of the same
    0.44,  // one title has of the other, the greater
    -2.62, // long runs of the same words, and something else in each
    3.83,  // close in time
    2.00,  // close in time, and two subjects in both
    2.48,  // close in time, and neither names another subject
    2.29,  // close in time, and amounts in both
    1.92,  // close in time, and acts in both
    0.51,  // close in time, and the same is said of the same
    3.33,  // close in time, and the titles have of each other
    -0.99, // both titles name somebody, and nobody is in both
    1.80,  // nearly the same title, and nothing against it; set by hand
];

/// What the log odds are before anything is measured: most pairs are about two events.
const BIAS: f64 = -2.72;

/// What it counts that a word of a title is in the other's lead only.
const IN_LEAD: f64 = 0.8;

/// A word that is this likely a name, and this rare, names somebody.
const NAMED: f64 = 0.35;

/// What an amount in a title weighs, beside words of 0 to 1.
const AMOUNT_WEIGHT: f64 = 0.5;

/// Titles that share more than this are nearly the same.
const NEARLY_ALL: f64 = 0.8;

/// What it counts, of 1, that two reports name other assets, where not both do in the title.
const ASSETS_IN_LEAD: f64 = 0.6;

/// Sharing this much beside an asset, closeness in time counts in full.
const PARTICULAR: f64 = 0.35;

/// Reports this far apart are half as fresh as at once.
const HALF_FRESH_MS: f64 = 600_000.0;

impl Likeness {
    /// `gap_ms` lies between them.
    pub fn of(one: &Gist, other: &Gist, gap_ms: u64, vocabulary: &Vocabulary) -> Self {
        let (a, b) = (Covered::of(one, other, vocabulary), Covered::of(other, one, vocabulary));
        let names = Names::of(one, other, vocabulary);
        let mut coins = Shared::of(one, other, Kind::Coin, vocabulary);
        coins.conflict = coins.conflict.max(strange_assets(one, other));
        let mut acts = Shared::of(one, other, Kind::Act, vocabulary);
        let apart = if apart(one, other) { 1.0 } else { 0.0 };
        if apart > 0.0 {
            // What a lead recalls is not what happened.
            acts = Shared { agree: 0.0, conflict: 1.0 };
        }
        let places = Shared::of(one, other, Kind::Place, vocabulary);
        let opposite = opposite(one, other).max(apart);
        let (agree, differ) = amounts(one, other);
        // To rise above and to fall below one price is not the same.
        let agree = agree * (1.0 - opposite);
        let strange = strange_leads(one, other, vocabulary);
        let form = one.title().iter().chain(other.title()).any(|mark| mark.term().kind() == Kind::Form);
        let clash = names.conflict.max(coins.conflict).max(places.conflict).max(differ).max(opposite);
        let whole = (a.whole() * b.whole()).sqrt();
        let said = (a.said() * b.said()).sqrt();
        let run = run(one, other);
        let twins = ((whole - NEARLY_ALL) / (1.0 - NEARLY_ALL)).max(0.0);
        // Two who speak of other assets, places or acts are no nearer for speaking at once, and neither are two who
        // share an asset and nothing else: much is said of Bitcoin in a minute.
        let particular = names.best.max(acts.agree).max(agree).max(places.agree).max(said);
        let fresh =
            fresh(gap_ms) * (1.0 - coins.conflict.max(places.conflict).max(apart)) * (particular / PARTICULAR).min(1.0);
        let pair = names.pair(coins.agree, places.agree);
        // Neither title names anybody or anything that the other report lacks.
        let whole_cast =
            if names.conflict < NAMED && coins.conflict == 0.0 && places.conflict == 0.0 { pair } else { 0.0 };
        // Who or what both are about.
        let subject = names.best.max(coins.agree).max(places.agree);
        Self {
            measures: [
                whole,
                names.best,
                names.conflict,
                clash * whole,
                subject * said,
                coins.agree.min(1.5),
                coins.conflict,
                acts.agree.min(2.0),
                acts.conflict,
                opposite,
                agree,
                differ,
                if form { 1.0 } else { 0.0 },
                strange * (1.0 - names.best * 0.7),
                places.conflict,
                places.agree.min(1.0),
                subject * agree,
                a.whole().max(b.whole()),
                run * a.lacking().min(b.lacking()).min(1.0),
                fresh,
                fresh * pair,
                fresh * whole_cast,
                fresh * agree,
                fresh * acts.agree.min(1.0),
                fresh * subject * said,
                fresh * whole,
                strangers(one, other, vocabulary),
                twins * (1.0 - clash.min(1.0)) * (1.0 - strange),
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

fn weight(slot: &[Mark], vocabulary: &Vocabulary) -> f64 {
    slot.iter().map(|mark| vocabulary.weight(mark.term())).fold(0.0, f64::max)
}

fn of_kind(slot: &[Mark], kind: Kind) -> bool {
    slot.iter().any(|mark| mark.term().kind() == kind)
}

/// How much of one's title the other has, in its title or, for a little less, in its lead.
#[derive(Default)]
struct Covered {
    /// Who, what and where: all of it, and what the other has of it.
    subjects: (f64, f64),
    /// What is said of them.
    rest: (f64, f64),
}

impl Covered {
    fn of(one: &Gist, other: &Gist, vocabulary: &Vocabulary) -> Self {
        let mut covered = Self::default();
        for slot in slots(one.title()) {
            let all = weight(slot, vocabulary);
            let found = |mark: &Mark| place(other, mark.term()) * vocabulary.weight(mark.term());
            let found = slot.iter().map(found).fold(0.0, f64::max);
            let name = slot.first().map_or(0.0, |mark| match mark.term().kind() {
                Kind::Coin | Kind::Place => 1.0,
                _ => vocabulary.is_name(mark.term()),
            });
            covered.subjects.0 += all * name;
            covered.subjects.1 += found * name;
            covered.rest.0 += all * (1.0 - name);
            covered.rest.1 += found * (1.0 - name);
        }
        for amount in one.title_amounts() {
            covered.rest.0 += AMOUNT_WEIGHT;
            let same = |theirs: &Amount| theirs.relation(*amount) == Relation::Same;
            if other.title_amounts().iter().any(same) {
                covered.rest.1 += AMOUNT_WEIGHT;
            } else if other.amounts().iter().any(same) {
                covered.rest.1 += AMOUNT_WEIGHT * IN_LEAD;
            }
        }
        covered
    }

    fn whole(&self) -> f64 {
        share(self.subjects.1 + self.rest.1, self.subjects.0 + self.rest.0)
    }

    fn found(&self) -> f64 {
        self.subjects.1 + self.rest.1
    }

    fn lacking(&self) -> f64 {
        self.subjects.0 + self.rest.0 - self.found()
    }

    fn said(&self) -> f64 {
        share(self.rest.1, self.rest.0)
    }
}

fn share(found: f64, all: f64) -> f64 {
    if all > 0.0 { (found / all).min(1.0) } else { 0.0 }
}

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

/// Who is in the title is what the report is about; a lead names many.
fn prominence(gist: &Gist, term: Term) -> f64 {
    if gist.title().iter().any(|mark| mark.term() == term) { 1.0 } else { 0.6 }
}

/// What is said of one kind.
fn terms(marks: &[Mark], kind: Kind) -> SmallVec<[Term; 4]> {
    marks.iter().map(|mark| mark.term()).filter(|term| term.kind() == kind).collect()
}

/// Both name something, and nothing that both name.
fn are_strange(mine: &[Term], theirs: &[Term]) -> bool {
    !mine.is_empty() && !theirs.is_empty() && !mine.iter().any(|term| theirs.contains(term))
}

/// 1 where both titles name somebody or something, and nothing that both name.
fn strangers(one: &Gist, other: &Gist, vocabulary: &Vocabulary) -> f64 {
    let subjects = |gist: &Gist| -> Vec<Term> {
        let named = |term: &Term| match term.kind() {
            Kind::Coin | Kind::Place | Kind::Org => true,
            _ => vocabulary.is_name(*term) > NAMED && vocabulary.weight(*term) > NAMED,
        };
        gist.title().iter().map(|mark| mark.term()).filter(named).collect()
    };
    if are_strange(&subjects(one), &subjects(other)) { 1.0 } else { 0.0 }
}

/// How much it says that the reports name no asset in common, where a title leaves it to its lead. A lead names assets
/// that the report is not about, too.
fn strange_assets(one: &Gist, other: &Gist) -> f64 {
    let assets = |gist: &Gist| terms(gist.marks(), Kind::Coin);
    if are_strange(&assets(one), &assets(other)) { ASSETS_IN_LEAD } else { 0.0 }
}

/// The longest run of words that both titles have in one order, as a share of the shorter title. Outlets that word an
/// event by themselves seldom have long ones; titles made of one pattern do.
fn run(one: &Gist, other: &Gist) -> f64 {
    let words = |gist: &Gist| -> Vec<Term> {
        slots(gist.title()).filter_map(<[Mark]>::first).map(|mark| mark.term()).collect()
    };
    let (mine, theirs) = (words(one), words(other));
    let mut longest = 0_usize;
    for from in 0..mine.len() {
        for other_from in 0..theirs.len() {
            let pairs = mine.iter().skip(from).zip(theirs.iter().skip(other_from));
            longest = longest.max(pairs.take_while(|(a, b)| a == b).count());
        }
    }
    let shorter = mine.len().min(theirs.len());
    #[expect(clippy::cast_precision_loss, reason = "some dozens at most")]
    if longest < 2 { 0.0 } else { longest as f64 / shorter as f64 }
}

/// How strange the leads are to each other, 0 to 1; nothing where one has none to speak of.
fn strange_leads(one: &Gist, other: &Gist, vocabulary: &Vocabulary) -> f64 {
    let of = |mine: &Gist, theirs: &Gist| {
        let (mut all, mut found) = (0.0, 0.0);
        for slot in slots(mine.lead()) {
            let weight = weight(slot, vocabulary);
            all += weight;
            if slot.iter().any(|mark| theirs.has(mark.term())) {
                found += weight;
            }
        }
        (share(found, all), all)
    };
    let ((a, size_a), (b, size_b)) = (of(one, other), of(other, one));
    if size_a.min(size_b) < 1.0 {
        return 0.0;
    }
    (1.0 - (a * b).sqrt() * 3.0).max(0.0)
}

/// Names and rare words.
#[derive(Default)]
struct Names {
    /// The heaviest name in both.
    best: f64,
    /// The two heaviest, where what only a lead has counts for less.
    first: f64,
    second: f64,
    /// Both titles have a name that the other report lacks: the lighter of the two.
    conflict: f64,
}

impl Names {
    fn of(one: &Gist, other: &Gist, vocabulary: &Vocabulary) -> Self {
        let mut names = Self::default();
        for term in one.marks().iter().map(|mark| mark.term()) {
            if !matches!(term.kind(), Kind::Word | Kind::Org) || !other.has(term) {
                continue;
            }
            let (weight, name) = (vocabulary.weight(term), vocabulary.is_name(term));
            names.best = names.best.max(weight * name);
            let told = weight * name * prominence(one, term) * prominence(other, term);
            (names.first, names.second) =
                if told > names.first { (told, names.first) } else { (names.first, names.second.max(told)) };
        }
        let name = |slot: &[Mark]| {
            let term = slot.first().map(|mark| mark.term());
            term.map_or(0.0, |term| vocabulary.weight(term) * vocabulary.is_name(term))
        };
        let lacking = |mine: &Gist, theirs: &Gist| {
            // A title that names nobody leaves it to the lead.
            let somebody = slots(mine.title()).any(|slot| name(slot) > NAMED);
            let lacks = slots(if somebody { mine.title() } else { mine.marks() });
            lacks.filter(|slot| !slot.iter().any(|mark| theirs.has(mark.term()))).map(name).fold(0.0, f64::max)
        };
        names.conflict = lacking(one, other).min(lacking(other, one));
        names
    }

    /// The second of all that both are about: two who are named together are a firmer bond than one.
    fn pair(&self, coins: f64, places: f64) -> f64 {
        let mut all = [self.first, self.second, coins.min(1.0), places.min(1.0)];
        all.sort_by(|a, b| b.total_cmp(a));
        let [_, second, ..] = all;
        second
    }
}

/// How close in time two reports are: 1 at once, one half after ten minutes, hardly anything after hours.
fn fresh(gap_ms: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "some days")]
    let gap = gap_ms as f64;
    1.0 / (1.0 + gap / HALF_FRESH_MS)
}

/// What two titles say of one kind.
struct Shared {
    /// The weight of all that both have.
    agree: f64,
    /// 1 where each has something and they share nothing; less where each only has something besides.
    conflict: f64,
}

impl Shared {
    fn of(one: &Gist, other: &Gist, kind: Kind, vocabulary: &Vocabulary) -> Self {
        let (mut agree, mut both) = (0.0, 0_usize);
        let mut apart = |mine: &Gist, theirs: &Gist| {
            let (mut words, mut lacking) = (0_usize, 0_usize);
            // A title in which nothing happens leaves it to the lead.
            let told = kind != Kind::Act || mine.title().iter().any(|mark| mark.term().kind() == kind);
            let marks = if told { mine.title() } else { mine.marks() };
            for slot in slots(marks).filter(|slot| of_kind(slot, kind)) {
                words += 1;
                let shared =
                    slot.iter().map(|mark| mark.term()).filter(|term| term.kind() == kind && theirs.has(*term));
                match shared.map(|term| vocabulary.weight(term)).reduce(f64::max) {
                    Some(weight) => {
                        agree += weight / 2.0;
                        both += 1;
                    }
                    None => lacking += usize::from(!slot.iter().any(|mark| theirs.has(mark.term()))),
                }
            }
            (words, lacking)
        };
        let ((mine, mine_only), (theirs, theirs_only)) = (apart(one, other), apart(other, one));
        let conflict = if mine == 0 || theirs == 0 || mine_only == 0 || theirs_only == 0 {
            0.0
        } else if both == 0 {
            1.0
        } else {
            0.4
        };
        Self { agree, conflict }
    }
}

/// 1 where what one title says first excludes what the other says first; less where anything does that they don't
/// share.
fn opposite(one: &Gist, other: &Gist) -> f64 {
    let acts = |gist| slots(Gist::title(gist)).filter(|slot| of_kind(slot, Kind::Act));
    let shared = |mine: &[Mark], theirs: &[Mark]| mine.iter().any(|a| theirs.iter().any(|b| a.term() == b.term()));
    let against = |mine: &[Mark], theirs: &[Mark]| {
        !shared(mine, theirs) && mine.iter().any(|a| theirs.iter().any(|b| LEXICON.against(a.term(), b.term())))
    };
    if let (Some(mine), Some(theirs)) = (acts(one).next(), acts(other).next())
        && against(mine, theirs)
    {
        return 1.0;
    }
    let free = |slot: &&[Mark], theirs: &Gist| !slot.iter().any(|mark| theirs.has(mark.term()));
    let any = acts(one)
        .filter(|slot| free(slot, other))
        .any(|mine| acts(other).filter(|slot| free(slot, one)).any(|theirs| against(mine, theirs)));
    if any { 0.6 } else { 0.0 }
}

/// The titles tell acts that are never one event, and no act that both tell.
fn apart(one: &Gist, other: &Gist) -> bool {
    let acts = |gist: &Gist| terms(gist.title(), Kind::Act);
    let (mine, theirs) = (acts(one), acts(other));
    are_strange(&mine, &theirs) && mine.iter().any(|act| theirs.iter().any(|their| LEXICON.apart(*act, *their)))
}

/// How far the amounts of two titles agree, 0 to 2, and how sharply they differ, 0 to 2.
fn amounts(one: &Gist, other: &Gist) -> (f64, f64) {
    let (mut agree, mut differ) = (0.0, 0.0_f64);
    for (mine, theirs) in [(one, other), (other, one)] {
        for amount in mine.title_amounts() {
            if theirs.amounts().iter().any(|theirs| theirs.relation(*amount) == Relation::Same) {
                agree += match amount.unit {
                    Unit::Duration => 0.1,
                    Unit::Serial => 0.25,
                    _ if amount.digits() >= 2 => 0.5,
                    _ => 0.35,
                };
                continue;
            }
            let differs = |theirs: &&Amount| theirs.relation(*amount) == Relation::Differ;
            if let Some(found) = theirs.title_amounts().iter().find(differs) {
                // One of several that agree elsewhere is no conflict.
                let elsewhere = mine.amounts().iter().any(|mine| mine.relation(*found) == Relation::Same);
                differ = differ.max(amount.sharpness().min(found.sharpness()) * if elsewhere { 0.3 } else { 1.0 });
            }
        }
    }
    if one.title_amounts().is_empty() && other.title_amounts().is_empty() {
        let all = || one.amounts().iter().flat_map(|mine| other.amounts().iter().map(|theirs| mine.relation(*theirs)));
        let same = all().any(|relation| relation == Relation::Same);
        if !same && all().any(|relation| relation == Relation::Differ) {
            differ = IN_LEAD;
        }
    }
    (f64::min(agree, 2.0), differ)
}
