//! Streams of reports: they group as a person would group them.

use std::collections::HashMap;

use super::*;

#[test]
fn a_stream_of_events_in_many_wordings_becomes_its_stories() {
    let mut index = seasoned();
    let wires = wires(11, 520, START, 12 * 60_000);
    let events = wires.iter().map(|wire| wire.event).collect::<std::collections::HashSet<_>>().len();
    assert!(events >= 80, "{events}");
    let stories: Vec<Arc<str>> = wires.iter().map(|wire| index.place(&wire.report()).story).collect();
    let mut tally = Tally::default();
    for (n, (wire, story)) in wires.iter().zip(&stories).enumerate() {
        for (other, its_story) in wires.iter().zip(&stories).take(n) {
            tally.count(wire.event == other.event, story == its_story);
        }
    }
    println!("{events} events, precision {:.3}, recall {:.3}: {tally:?}", tally.precision(), tally.recall());
    assert!(tally.precision() >= 0.95, "{tally:?}");
    assert!(tally.recall() >= 0.80, "{tally:?}");
}

#[test]
fn three_outlets_make_one_story_and_another_event_makes_another() {
    let mut index = seasoned();
    let titles = [
        ("coindesk", "Hackers drain $61 million from Quellmar lending protocol"),
        ("theblock", "DeFi lender Quellmar loses $61M in overnight exploit"),
        ("decrypt", "Quellmar hacked: 61 million dollars stolen"),
    ];
    let mut placed = Vec::new();
    for (n, (source, title)) in (0..).zip(titles) {
        placed.push(index.place(&report(&format!("q{n}"), source, title, after(n))));
    }
    assert!(!placed[0].joined && placed[1].joined && placed[2].joined, "{placed:?}");
    assert_eq!(&*placed[0].story, "s-q0");
    assert_eq!((&placed[1].story, &placed[2].story), (&placed[0].story, &placed[0].story));
    let other = index.place(&report("o", "decrypt", "DeFi lender Torvane loses $9M in overnight exploit", after(1)));
    assert!(!other.joined, "{other:?}");
    assert_eq!(&*other.story, "s-o");
}

#[test]
fn a_story_is_joined_within_three_days_and_not_after() {
    let title = "Hackers drain $61 million from Quellmar lending protocol";
    for (hours, joins) in [(1, true), (47, true), (73, false), (24 * 6, false), (-2, true)] {
        let mut index = seasoned();
        index.place(&report("first", "coindesk", title, after(200)));
        let later = index.place(&report("later", "theblock", title, after(200 + hours)));
        assert_eq!(later.joined, joins, "after {hours} h");
    }
}

#[test]
fn a_running_story_goes_on_beyond_three_days_of_its_first_report() {
    let mut index = seasoned();
    let mut stories = Vec::new();
    let told = [
        "Quellmar lending protocol drained of $61M by hacker",
        "Quellmar hack: attacker starts moving stolen $61M",
        "Quellmar offers hacker a bounty for return of stolen $61M",
        "Quellmar hacker returns $61M stolen in exploit",
    ];
    for (n, title) in (0..).zip(told) {
        let source = format!("outlet{n}");
        stories.push(index.place(&report(&format!("q{n}"), &source, title, after(40 * n))).story);
    }
    assert!(stories.iter().all(|story| story == &stories[0]), "{stories:?}");
}

#[test]
fn a_story_does_not_drift_from_what_it_began_with() {
    // Each is near the one before, and the last has nothing of the first.
    let chain = [
        "Hackers drain $61M from Quellmar",
        "Quellmar hacked for $61M, Torvane token plunges 30%",
        "Torvane token plunges 30% after Quellmar hack",
        "Torvane token plunges 30% as founder Ruiz resigns",
        "Torvane founder Ruiz resigns",
        "Torvane founder Ruiz resigns, joins Hexalon",
        "Hexalon hires Ruiz, founder of Torvane",
        "Hexalon hires Ruiz, raises $20M from investors",
        "Hexalon raises $20M from investors",
    ];
    let mut index = seasoned();
    let mut stories = Vec::new();
    for (n, title) in (0..).zip(chain) {
        let source = format!("outlet{n}");
        stories.push(index.place(&report(&format!("c{n}"), &source, title, after(n))).story);
    }
    assert_ne!(stories.first(), stories.last(), "{stories:?}");
}

#[test]
fn one_stray_member_does_not_speak_for_a_story() {
    let mut index = seasoned();
    let told = [
        "Hackers drain $61 million from Quellmar lending protocol",
        "DeFi lender Quellmar loses $61M in overnight exploit",
        "Quellmar hacked: 61 million dollars stolen",
        "Torvane founder Ruiz resigns after board dispute",
    ];
    for (n, title) in (0..).zip(told) {
        index.restore(&report(&format!("m{n}"), &format!("outlet{n}"), title, after(n)), "s-hack");
    }
    let stray = index.place(&report("stray", "decrypt", "Torvane founder Ruiz resigns in board dispute", after(5)));
    assert!(!stray.joined, "{stray:?}");
    let told = index.place(&report("told", "decrypt", "Exploit at lender Quellmar: $61M stolen by hackers", after(5)));
    assert_eq!(&*told.story, "s-hack", "{told:?}");
}

#[test]
fn novelty_is_low_for_what_was_told_within_a_week_and_high_for_what_was_not() {
    let mut index = seasoned();
    let title = "Hackers drain $61 million from Quellmar lending protocol";
    let first = index.place(&report("first", "coindesk", title, after(0)));
    let again = index.place(&report("again", "theblock", title, after(5 * 24)));
    let late = index.place(&report("late", "decrypt", title, after(15 * 24)));
    assert!(!again.joined && !late.joined);
    assert!(first.novelty > 0.4, "{first:?}");
    assert!(again.novelty < 0.05, "{again:?}");
    assert!(late.novelty > 0.4, "{late:?}");
}

#[test]
fn the_same_reports_in_the_same_order_make_the_same_stories() {
    let wires = wires(5, 300, START, 20 * 60_000);
    let run = || -> Vec<Placement> {
        let mut index = StoryIndex::new(StorySettings::default());
        wires.iter().map(|wire| index.place(&wire.report())).collect()
    };
    assert_eq!(run(), run());
}

#[test]
fn an_index_rebuilt_from_what_is_stored_decides_the_same() {
    let wires = wires(6, 300, START, 20 * 60_000);
    let (before, after) = wires.split_at(200);
    let mut index = StoryIndex::new(StorySettings::default());
    let mut rebuilt = StoryIndex::new(StorySettings::default());
    for wire in before {
        let placed = index.place(&wire.report());
        rebuilt.restore(&wire.report(), &placed.story);
    }
    for wire in after {
        assert_eq!(index.place(&wire.report()), rebuilt.place(&wire.report()));
    }
    let counts =
        wires.iter().filter_map(|wire| rebuilt.story_of(&wire.id)).fold(HashMap::new(), |mut counts, story| {
            *counts.entry(story).or_insert(0_u32) += 1;
            counts
        });
    assert!(counts.values().any(|count| *count > 2));
}
