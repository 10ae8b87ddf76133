//! The four parts of the score.

use std::collections::{HashMap, HashSet};

use super::{CURRENT, Move, StoryFacts, Thresholds, Voice, is_young, withdrawal};
use crate::model::{
    story::{Breaking, BreakingState},
    time::UnixMs,
};

const CORROBORATION: f64 = 0.35;
const NOVELTY: f64 = 0.25;
const STANDING: f64 = 0.20;
const MARKET: f64 = 0.20;

/// Novelty that fills its part.
const WHOLLY_NOVEL: f64 = 0.7;
/// Novelty that is given as a reason.
const NOVEL: f64 = 0.6;
/// A move that fills its part, in percent, where the usual one is not known.
const BIG_MOVE: f64 = 3.0;
/// …and so many times the usual one where it is, within these bounds in percent.
const UNUSUAL: f64 = 4.0;
const UNUSUAL_MOVES: (f64, f64) = (1.0, 12.0);
/// Later moves say little about the story.
const LONGEST_MOVE: u32 = 15;
/// How much of the market's part makes one source of tier 1 enough.
const MARKET_AGREES: f64 = 0.5;
/// Reports beyond this many add nothing to what is known.
const MOST_REPORTS: usize = 256;

/// Feeds of one publisher: the first speaks for the second.
const ONE_OWNER: [(&str, &str); 1] = [("newsbtc", "bitcoinist")];

/// A dated report that counts.
struct Report<'a> {
    voice: &'a Voice<'a>,
    owner: &'a str,
    at: UnixMs,
}

/// The most independent sources within one window.
struct Corroboration {
    sources: usize,
    /// From the first of them to the last, in milliseconds.
    span: i64,
}

/// What would be told of the story. `None` if it is not breaking.
pub(super) fn breaking(facts: &StoryFacts<'_>, thresholds: &Thresholds, now: UnixMs) -> Option<Breaking> {
    let reports = reports(facts.voices, now);
    let first = reports.first()?;
    if !is_young(first.at, now) || !is_current(&reports, now) {
        return None;
    }
    let corroboration = corroboration(&reports, thresholds);
    let novelty = unit(facts.novelty);
    let standing = reports.iter().map(|report| standing(report.voice)).fold(0.0, f64::max);
    let best_tier = reports.iter().map(|report| report.voice.tier).min()?;
    let (market, moved) = market(facts.moves);

    let alone = corroboration.sources < 2;
    if alone && (best_tier > 1 || market < MARKET_AGREES) {
        return None;
    }
    let score = CORROBORATION * share(corroboration.sources)
        + NOVELTY * unit(novelty / WHOLLY_NOVEL)
        + STANDING * standing
        + MARKET * market;
    // Sums of parts are not exact: a score that reads like the threshold has reached it.
    let score = (unit(score) * 1000.0).round() / 1000.0;
    if score < thresholds.score {
        return None;
    }
    let mut reasons = Vec::with_capacity(4);
    if !alone {
        reasons.push(format!("{} sources in {} min", corroboration.sources, minutes(corroboration.span)));
    }
    if novelty >= NOVEL {
        reasons.push("novel".to_owned());
    }
    if best_tier == 1 {
        reasons.push("tier-1 source".to_owned());
    }
    reasons.extend(moved.map(|moved| format!("{} {:+.1} % in {} min", moved.symbol, moved.percent, moved.minutes)));
    if reasons.is_empty() {
        reasons.push(format!("tier-{best_tier} source"));
    }
    Some(Breaking { score, reasons, state: BreakingState::Breaking, since: now })
}

/// Somebody still reports it: what came to rest hours ago is no news to anybody who was there.
fn is_current(reports: &[Report<'_>], now: UnixMs) -> bool {
    let current = i64::try_from(CURRENT.as_millis()).unwrap_or(i64::MAX);
    reports.last().is_some_and(|newest| now.since(newest.at) <= current)
}

/// Every report that counts, in the order of time: dated, no correction, no copy.
fn reports<'a>(voices: &'a [Voice<'a>], now: UnixMs) -> Vec<Report<'a>> {
    let mut dated: Vec<Report<'a>> = voices
        .iter()
        .filter(|voice| !withdrawal::is_correction(voice.title))
        // A clock that is ahead must not make a story younger than it is known to be.
        .filter_map(|voice| Some(Report { voice, owner: owner(voice.source_key), at: voice.published?.min(now) }))
        .collect();
    dated.sort_by_key(|report| report.at);
    let mut linked: HashMap<&str, &str> = HashMap::new();
    dated.retain(|report| {
        let link = report.voice.link;
        link.is_empty() || *linked.entry(link).or_insert(report.owner) == report.owner
    });
    dated.truncate(MOST_REPORTS);
    dated
}

fn owner(key: &str) -> &str {
    ONE_OWNER.iter().find(|(_, other)| *other == key).map_or(key, |(owner, _)| owner)
}

fn corroboration(reports: &[Report<'_>], thresholds: &Thresholds) -> Corroboration {
    let window = i64::try_from(thresholds.window.as_millis()).unwrap_or(i64::MAX);
    let mut best = Corroboration { sources: 0, span: 0 };
    for (start, first) in reports.iter().enumerate() {
        let mut owners = HashSet::new();
        let mut span = 0;
        for report in reports.iter().skip(start).take_while(|report| report.at.since(first.at) <= window) {
            if owners.insert(report.owner) {
                span = report.at.since(first.at);
            }
        }
        if owners.len() > best.sources {
            best = Corroboration { sources: owners.len(), span };
        }
    }
    best
}

const fn share(sources: usize) -> f64 {
    match sources {
        0 | 1 => 0.0,
        2 => 0.5,
        3 => 0.8,
        _ => 1.0,
    }
}

fn standing(voice: &Voice<'_>) -> f64 {
    let tier = match voice.tier {
        0 | 1 => 1.0,
        2 => 0.6,
        _ => 0.2,
    };
    tier * (0.5 + 0.5 * unit(voice.trust))
}

/// The strongest move as a share of one that fills the part, and the move itself where it is worth a word.
fn market(moves: &[Move]) -> (f64, Option<&Move>) {
    let strength = |moved: &Move| {
        let (least, most) = UNUSUAL_MOVES;
        let usual = moved.usual.filter(|usual| usual.is_finite() && *usual > 0.0);
        let big = usual.map_or(BIG_MOVE, |usual| (usual * UNUSUAL).clamp(least, most));
        unit(moved.percent.abs() / big)
    };
    let counts = |moved: &&Move| moved.percent.is_finite() && moved.minutes <= LONGEST_MOVE;
    let strongest = moves
        .iter()
        .filter(counts)
        .map(|moved| (strength(moved), moved))
        .reduce(|best, other| if other.0 > best.0 { other } else { best });
    strongest.map_or((0.0, None), |(strength, moved)| (strength, (strength >= MARKET_AGREES).then_some(moved)))
}

/// Between 0 and 1; what is no number is 0.
fn unit(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

/// Minutes begun, at least 1.
const fn minutes(ms: i64) -> i64 {
    let begun = ms / 60_000 + (ms % 60_000 > 0) as i64;
    if begun < 1 { 1 } else { begun }
}
