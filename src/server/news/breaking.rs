//! Decides whether a story is breaking, and why. Pure: whoever asks brings the facts and the time.
//!
//! # The rule
//!
//! The score is a sum of four parts, 0 to 1:
//!
//! | part | most | full when |
//! |---|---|---|
//! | corroboration | 0.35 | 4 independent sources report within the window; 2 give half of it, 3 give 0.8 of it |
//! | novelty | 0.25 | the novelty against the last week is 0.7 or more; in proportion below |
//! | standing | 0.20 | the best source is of tier 1 and wholly trusted; tier 2 counts 0.6, tier 3 counts 0.2, no trust halves |
//! | market | 0.20 | an asset of the headline's article moved 3 % within 15 min, or four times its usual move where that is known |
//!
//! A story is breaking from [`Thresholds::score`] on, if all of this holds too:
//!
//! - Its first dated report is at most [`YOUNG`] old, and its newest at most [`CURRENT`]: a server that starts does not
//!   tell the morning's news as breaking.
//! - Two independent sources report it within the window, or one of tier 1 does and the market moved by half of what
//!   fills that part. So one weak source never suffices, however much the price moves, and no words in a title count.
//! - No source took it back.
//!
//! Reports without a date neither qualify nor corroborate. Sources of one owner are one source, and so is an article
//! whose link another source has already given: a copy corroborates nothing. What begins with "Correction:" is no
//! report.
//!
//! With the threshold at 0.6 and a story that is wholly new, these suffice: three sources of tier 2, two of which one
//! is of tier 1, four of any tier, two of tier 2 with a move of 1.3 %, one of tier 1 with a move of 2.4 %.
//!
//! A story is told once. It is upgraded once, when its score rises by [`UPGRADE`] within [`YOUNG`] of the telling. It is
//! retracted when a source takes it back that is at least of the best tier among those who reported it, or the one that
//! reported it first. After that it stays quiet.

mod score;
#[cfg(test)]
mod tests;
mod withdrawal;

use std::time::Duration;

use crate::{
    model::{
        story::{Breaking, BreakingState, Reaction},
        symbol::Symbol,
        time::UnixMs,
    },
    server::config::NewsConfig,
};

/// A story whose first report is older than this is not breaking any more, and one told longer ago is not upgraded.
pub const YOUNG: Duration = Duration::from_hours(6);

/// A story that nobody reported for this long is not breaking any more.
pub const CURRENT: Duration = Duration::from_hours(1);

/// How far the score must rise over the one that was told before the story is told again as upgraded.
pub const UPGRADE: f64 = 0.15;

/// What a story is measured by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Breaking from this score on, 0 to 1.
    pub score: f64,
    /// Reports within this time of each other corroborate each other.
    pub window: Duration,
}

/// One article of the story, as far as this is concerned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Voice<'a> {
    pub source_key: &'a str,
    /// For the reason of a retraction.
    pub source_name: &'a str,
    /// 1 is the best, 3 the least.
    pub tier: u8,
    /// 0 to 1
    pub trust: f64,
    /// As the source dates it.
    pub published: Option<UnixMs>,
    /// As it reads now.
    pub title: &'a str,
    /// Canonical.
    pub link: &'a str,
    /// The source changed the title since it was first seen.
    pub edited: bool,
}

/// How the price of one of the assets of the headline's article moved after the first report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Move {
    pub symbol: Symbol,
    /// Over so many minutes. Only 15 and fewer count.
    pub minutes: u32,
    /// In percent.
    pub percent: f64,
    /// The usual size of such a move in percent, without a sign, where it is known.
    pub usual: Option<f64>,
}

/// What is known of a story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoryFacts<'a> {
    /// Every article, in the order they were seen.
    pub voices: &'a [Voice<'a>],
    /// Unlike anything of the week before, 0 to 1.
    pub novelty: f64,
    pub moves: &'a [Move],
    /// What was told of it, if anything.
    pub told: Option<&'a Breaking>,
}

/// What to do about a story.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing.
    Quiet,
    /// It is breaking: tell it.
    Tell(Breaking),
    /// It was told, and is bigger than it was.
    Upgrade(Breaking),
    /// It was told, and its sources took it back.
    Retract(Breaking),
}

impl Thresholds {
    pub fn of(config: &NewsConfig) -> Self {
        Self { score: config.breaking_score, window: Duration::from_mins(config.breaking_window_min) }
    }
}

impl Move {
    /// The moves of `reactions` that count, without a usual size.
    pub fn of(reactions: &[Reaction]) -> Vec<Self> {
        let moved = |reaction: &Reaction| {
            let moves = [(5, reaction.after5m), (15, reaction.after15m)];
            let symbol = reaction.symbol;
            moves.map(|(minutes, percent)| percent.map(|percent| Self { symbol, minutes, percent, usual: None }))
        };
        reactions.iter().flat_map(moved).flatten().collect()
    }
}

/// What to do about the story, at the time `now`. The module says by which rule.
pub fn judge(facts: &StoryFacts<'_>, thresholds: &Thresholds, now: UnixMs) -> Verdict {
    match facts.told {
        None => {
            if withdrawal::by(facts.voices, false).is_some() {
                return Verdict::Quiet;
            }
            score::breaking(facts, thresholds, now).map_or(Verdict::Quiet, Verdict::Tell)
        }
        Some(told) if told.state == BreakingState::Retracted => Verdict::Quiet,
        Some(told) => match withdrawal::by(facts.voices, true) {
            Some(voice) => Verdict::Retract(Breaking {
                score: told.score,
                reasons: vec![format!("taken back by {}", voice.source_name)],
                state: BreakingState::Retracted,
                since: told.since,
            }),
            None => upgrade(facts, told, thresholds, now),
        },
    }
}

fn upgrade(facts: &StoryFacts<'_>, told: &Breaking, thresholds: &Thresholds, now: UnixMs) -> Verdict {
    if told.state == BreakingState::Upgraded || !is_young(told.since, now) {
        return Verdict::Quiet;
    }
    match score::breaking(facts, thresholds, now) {
        Some(risen) if risen.score >= told.score + UPGRADE => {
            Verdict::Upgrade(Breaking { state: BreakingState::Upgraded, since: told.since, ..risen })
        }
        _ => Verdict::Quiet,
    }
}

fn is_young(since: UnixMs, now: UnixMs) -> bool {
    now.since(since) <= i64::try_from(YOUNG.as_millis()).unwrap_or(i64::MAX)
}
