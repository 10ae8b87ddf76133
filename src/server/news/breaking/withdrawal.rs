//! Finds the source that took a story back, from its words.

use super::Voice;

/// Labels that an outlet puts before what corrects its own report. Only as a label, with a mark behind it: a market's
/// "correction" is news.
const LABELS: [&str; 5] = ["correction", "corrected", "retraction", "retracted", "withdrawn"];

/// Words by which a report is taken back, wherever they stand.
const TAKEN_BACK: [&str; 24] = [
    "false report",
    "false reports",
    "report was false",
    "reports were false",
    "report is false",
    "reports are false",
    "report was wrong",
    "reports were wrong",
    "report was incorrect",
    "report was inaccurate",
    "report was fake",
    "was a hoax",
    "no truth to",
    "story retracted",
    "report retracted",
    "article retracted",
    "retracts report",
    "retracts story",
    "retracts article",
    "withdraws report",
    "withdraws story",
    "erroneously reported",
    "published in error",
    "fake news",
];

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

/// At most so many words stand between the verb and what is denied.
const REACH: usize = 4;

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
    let denied_at = |(at, word): (usize, &&str)| DENIES.contains(word).then_some(at);
    let mut denials = words.iter().enumerate().filter_map(denied_at);
    denials.any(|at| words.iter().skip(at + 1).take(REACH).any(|word| REPORTED.contains(word)))
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
