//! How prices moved after the first report of a story: which figure is due when. Pure: prices are asked and stored by
//! the task that owns this.
//!
//! A story is watched from its first report on, for each of its first [`MAX_SYMBOLS`] assets. After a restart, the
//! stories whose reactions have gaps are watched again: what is past is due at once, and its price is that of the candle
//! that contains the time. A figure that can't be had within [`GIVE_UP`] stays unknown.

#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
    sync::Arc,
    time::Duration,
};

use tracing::warn;

use crate::model::{
    story::{Reaction, StoryHead},
    symbol::Symbol,
    time::UnixMs,
};

/// Assets of one story that are watched.
pub const MAX_SYMBOLS: usize = 3;

/// A figure that is missing this long after its time is not asked for any more.
pub const GIVE_UP: Duration = Duration::from_hours(5);

/// A figure this much after its time is not the live price any more but that of a candle.
pub const LATE: Duration = Duration::from_secs(30);

/// Figures that are waited for at once, in all. 500 stories an hour with three assets each need a fifth of it.
pub const MAX_PENDING: usize = 40_000;

/// Between two attempts to get one figure.
const RETRY: Duration = Duration::from_mins(1);

/// One figure of a reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// The price at the first report.
    First,
    After5m,
    After15m,
    After60m,
}

/// A price that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Due {
    /// The time whose price is wanted.
    pub at: UnixMs,
    pub story_id: Arc<str>,
    pub symbol: Symbol,
    pub what: What,
}

/// The figures that are waited for, soonest first.
#[derive(Debug, Default)]
pub struct Reactions {
    /// With the time of the next attempt, which is the figure's own time at first.
    waiting: BinaryHeap<Reverse<(UnixMs, Due)>>,
    /// The same figures, to find one that is waited for already.
    known: HashSet<Due>,
}

impl What {
    pub const ALL: [Self; 4] = [Self::First, Self::After5m, Self::After15m, Self::After60m];

    /// From the first report to the figure.
    pub const fn after(self) -> Duration {
        match self {
            Self::First => Duration::ZERO,
            Self::After5m => Duration::from_mins(5),
            Self::After15m => Duration::from_mins(15),
            Self::After60m => Duration::from_hours(1),
        }
    }

    const fn of(self, reaction: &Reaction) -> Option<f64> {
        match self {
            Self::First => reaction.price,
            Self::After5m => reaction.after5m,
            Self::After15m => reaction.after15m,
            Self::After60m => reaction.after60m,
        }
    }
}

impl Due {
    /// Too late for the live price: the candle that contains [`at`](Self::at) has it.
    pub fn is_late(&self, now: UnixMs) -> bool {
        now.since(self.at) > ms(LATE)
    }

    /// The time of the first report.
    pub fn reported_at(&self) -> UnixMs {
        UnixMs(self.at.0.saturating_sub(ms(self.what.after())))
    }
}

/// A reaction of which nothing is known yet.
pub const fn unknown(symbol: Symbol, at: UnixMs) -> Reaction {
    Reaction { symbol, at, price: None, after5m: None, after15m: None, after60m: None }
}

impl Reactions {
    /// Waits for what `reaction` lacks, unless its time is too long past or it is waited for already. `false` if there
    /// was no room for all of it: those figures stay unknown.
    pub fn watch(&mut self, story_id: &Arc<str>, reaction: &Reaction, now: UnixMs) -> bool {
        for what in What::ALL.into_iter().filter(|what| what.of(reaction).is_none()) {
            let at = later(reaction.at, what.after());
            let due = Due { at, story_id: Arc::clone(story_id), symbol: reaction.symbol, what };
            if is_lost(&due, now) || self.known.contains(&due) {
                continue;
            }
            if self.known.len() >= MAX_PENDING {
                return false;
            }
            self.waiting.push(Reverse((at, due.clone())));
            self.known.insert(due);
        }
        true
    }

    /// Waits for what the reactions of a story lack.
    pub fn watch_story(&mut self, story: &StoryHead, now: UnixMs) {
        let id: Arc<str> = story.id.as_str().into();
        for reaction in &story.reaction {
            if !self.watch(&id, reaction, now) {
                warn!(story = %story.id, "too many prices after news are waited for; those of this story stay unknown");
            }
        }
    }

    /// What is due by `now`, in the order of time, and not waited for any more from here on. What nobody asked for in
    /// time is left out.
    pub fn due(&mut self, now: UnixMs) -> Vec<Due> {
        let mut due = Vec::new();
        while self.waiting.peek().is_some_and(|Reverse((next, _))| *next <= now) {
            let Some(Reverse((_, figure))) = self.waiting.pop() else { break };
            if self.known.remove(&figure) && !is_lost(&figure, now) {
                due.push(figure);
            }
        }
        // The price of the first report comes before the moves that are measured by it.
        due.sort();
        due
    }

    /// Waits again for a figure that could not be had, or a move that came before the price it is measured by. `false` if its time is too long past.
    pub fn retry(&mut self, due: Due, now: UnixMs) -> bool {
        let next = later(now, RETRY);
        if is_lost(&due, next) || self.known.len() >= MAX_PENDING || !self.known.insert(due.clone()) {
            return false;
        }
        self.waiting.push(Reverse((next, due)));
        true
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<UnixMs> {
        self.waiting.peek().map(|Reverse((next, _))| *next)
    }

    /// Waits for nothing more of this story.
    pub fn forget(&mut self, story_id: &str) {
        self.known.retain(|due| &*due.story_id != story_id);
        self.waiting.retain(|Reverse((_, due))| &*due.story_id != story_id);
    }

    /// How many figures are waited for.
    pub fn pending(&self) -> usize {
        self.known.len()
    }
}

/// Puts what is known into the reaction: the price of the first report, or the move since then as a percentage of it.
/// `true` if that told something new. A price that is none, or a move from a price that is not known, tells nothing.
pub fn fill(reaction: &mut Reaction, what: What, price: Option<f64>) -> bool {
    let Some(price) = price.filter(|price| price.is_finite() && *price > 0.0) else { return false };
    if what.of(reaction).is_some() {
        return false;
    }
    if what == What::First {
        reaction.price = Some(price);
        return true;
    }
    let Some(moved) = reaction.price.map(|first| (price - first) / first * 100.0).filter(|moved| moved.is_finite())
    else {
        return false;
    };
    match what {
        What::First => return false,
        What::After5m => reaction.after5m = Some(moved),
        What::After15m => reaction.after15m = Some(moved),
        What::After60m => reaction.after60m = Some(moved),
    }
    true
}

fn is_lost(due: &Due, now: UnixMs) -> bool {
    now.since(due.at) > ms(GIVE_UP)
}

fn later(at: UnixMs, by: Duration) -> UnixMs {
    UnixMs(at.0.saturating_add(ms(by)))
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
