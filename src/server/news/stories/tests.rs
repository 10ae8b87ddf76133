mod grouping;
mod hostile;
mod pairs;
mod window;
mod wordings;

use super::{corpus::wires, *};

const START: UnixMs = UnixMs(1_763_640_000_000);
const HOUR: i64 = 3_600_000;

fn report<'a>(id: &'a str, source: &'a str, title: &'a str, at: UnixMs) -> Report<'a> {
    Report { id, source_key: source, title, lead: "", tickers: &[], at }
}

fn after(hours: i64) -> UnixMs {
    UnixMs(START.0 + hours * HOUR)
}

/// An index that has seen several days of other reports, all before [`START`].
fn seasoned() -> StoryIndex {
    let mut index = StoryIndex::new(StorySettings::default());
    for wire in wires(7, 3_000, after(-24 * 8), 2 * 60_000) {
        index.restore(&wire.report(), &format!("background-{}", wire.event));
    }
    index
}

/// What a decision got right and wrong.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    found: u32,
    false_alarms: u32,
    missed: u32,
}

impl Tally {
    fn count(&mut self, same: bool, said: bool) {
        match (same, said) {
            (true, true) => self.found += 1,
            (false, true) => self.false_alarms += 1,
            (true, false) => self.missed += 1,
            (false, false) => {}
        }
    }

    fn precision(self) -> f64 {
        f64::from(self.found) / f64::from((self.found + self.false_alarms).max(1))
    }

    fn recall(self) -> f64 {
        f64::from(self.found) / f64::from((self.found + self.missed).max(1))
    }
}
