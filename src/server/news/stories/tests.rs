use super::{
    corpus::{Wire, wires},
    *,
};

const START: UnixMs = UnixMs(1_763_640_000_000);
const PAIRS: &str = include_str!("pairs.tsv");

struct Pair {
    held_out: bool,
    same: bool,
    kind: &'static str,
    titles: [&'static str; 2],
    leads: [&'static str; 2],
}

fn pairs() -> Vec<Pair> {
    let rows = PAIRS.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.map(|row| Pair {
        held_out: row[0] == "held",
        same: row[1] == "same",
        kind: row[2],
        titles: [row[3], row[4]],
        leads: [row[5], row[6]],
    })
    .collect()
}

/// An index with several thousand other reports of the week in it.
fn busy_week() -> StoryIndex {
    let mut index = StoryIndex::new(StorySettings::default());
    for wire in background() {
        index.place(&wire.report());
    }
    let week = pairs();
    for (n, pair) in week.iter().enumerate() {
        for side in 0..2 {
            let id = format!("p{n}{side}");
            let report = Report {
                id: &id,
                source_key: "week",
                title: pair.titles[side],
                lead: pair.leads[side],
                tickers: &[],
                at: START,
            };
            index.restore(&report, &id);
        }
    }
    index
}

fn background() -> Vec<Wire> {
    wires(7, 5_000, START, 60_000)
}

#[test]
fn dump() {
    let mut index = busy_week();
    let at = UnixMs(START.0 + 5_000 * 60_000);
    for (n, pair) in pairs().iter().enumerate() {
        let m = index.measure([pair.titles[0], pair.titles[1]], pair.leads, at);
        println!("D\t{n}\t{}\t{}\t{}\t{}\t{:?}", pair.held_out, pair.same, pair.kind, m.log_odds(), m.measures);
    }
}
