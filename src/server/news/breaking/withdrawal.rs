//! Finds the source that took a story back, from its words.

use super::Voice;

/// Labels that an outlet puts before what corrects its own report. Only as a label, with a mark behind it: a market's
/// "correction" is news.
const LABELS: [&str; 5] = ["correction", "corrected", "retraction", "retracted", "withdrawn"];

/// Words by which a report is taken back, wherever they stand.
const TAKEN_BACK: [&str; 14] = [
    "false report",
    "false reports",
    "fake news",
    "was a hoax",
    "no truth to",
    "story retracted",
    "report retracted",
    "article retracted",
    "retracts report",
    "retracts story",
    "withdraws report",
    "withdraws story",
    "erroneously reported",
    "published in error",
];

/// What a report is, after "was" and the like, if it is not so.
const NOT_SO: [&str; 8] = ["false", "wrong", "incorrect", "inaccurate", "untrue", "fake", "erroneous", "unfounded"];

/// Verbs that take something back if what follows is a report of others.
const DENIES: [&str; 14] = [
    "denies",
    "deny",
    "denied",
    "refutes",
    "refute",
    "refuted",
    "dismisses",
    "dismissed",
    "debunks",
    "debunked",
    "rejects",
    "rebuts",
    "dispels",
    "disputes",
];

/// What is denied. Who "denies bail" or "denies an application" takes no report back.
const REPORTED: [&str; 14] = [
    "report",
    "reports",
    "rumor",
    "rumors",
    "rumour",
    "rumours",
    "claim",
    "claims",
    "allegation",
    "allegations",
    "speculation",
    "story",
    "stories",
    "reporting",
];

/// What follows belongs to it within so many words: "denies the new reports", "report of a halt was wrong".
const REACH: usize = 6;

/// The title is labelled as the correction of an earlier report.
pub(super) fn is_correction(title: &str) -> bool {
    let title = title.trim_start_matches(['[', '(', '*', ' ']);
    LABELS.iter().any(|label| {
        let head = title.get(..label.len()).filter(|head| head.eq_ignore_ascii_case(label));
        let rest = head.and_then(|_| title.get(label.len()..)).unwrap_or_default();
        // "Corrected-Regulator…" is how wires write it; "Correction deepens" and "correction-hit market" are none.
        let wire = rest.starts_with('-') && title.starts_with(|first: char| first.is_ascii_uppercase());
        rest.trim_start().starts_with([':', ']', ')', '–', '—', '|']) || rest.starts_with(" - ") || wire
    })
}

/// The title says that a report is not so.
fn withdraws(title: &str) -> bool {
    if is_correction(title) {
        return true;
    }
    let lower = title.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let text = format!(" {} ", words.join(" "));
    if TAKEN_BACK.iter().any(|words| text.contains(&format!(" {words} "))) {
        return true;
    }
    let followed = |heads: &[&str], tails: &dyn Fn(&[&str]) -> bool| {
        let starts = words.iter().enumerate().filter(|(_, word)| heads.contains(word)).map(|(at, _)| at + 1);
        starts.filter_map(|start| words.get(start..)).any(|rest| tails(rest.get(..REACH).unwrap_or(rest)))
    };
    let is_false = |rest: &[&str]| {
        rest.windows(2).any(|pair| matches!(pair, ["is" | "are" | "was" | "were", word] if NOT_SO.contains(word)))
    };
    followed(&DENIES, &|rest| rest.iter().any(|word| REPORTED.contains(word))) || followed(&REPORTED, &is_false)
}

/// Who takes the story back, if someone does whose word is enough. Before the story was `told`, nobody's tier matters:
/// a doubt is reason enough to wait.
///
/// A story that begins with a denial is a story about a denial: only what follows a report can take it back, or a title
/// that was changed to say so.
pub(super) fn by<'a>(voices: &'a [Voice<'a>], told: bool) -> Option<&'a Voice<'a>> {
    let reports = || voices.iter().filter(|voice| !withdraws(voice.title));
    let original = voices.first()?;
    let best_tier = reports().map(|voice| voice.tier).min();
    let first_report = voices.iter().position(|voice| !withdraws(voice.title));
    voices.iter().enumerate().filter(|(_, voice)| withdraws(voice.title)).find_map(|(at, voice)| {
        let answers = voice.edited || first_report.is_some_and(|first| first < at);
        let enough =
            !told || voice.source_key == original.source_key || best_tier.is_none_or(|best| voice.tier <= best);
        (answers && enough).then_some(voice)
    })
}
