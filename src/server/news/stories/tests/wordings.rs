//! Reports of one event in words that have little in common, and of several events in words that have much.

use super::*;

const MINUTE: i64 = 60_000;

/// The stories of reports by several outlets, each so many minutes after the start.
fn stories(told: &[(i64, &str)]) -> Vec<Arc<str>> {
    let mut index = seasoned();
    let placed = told.iter().enumerate().map(|(n, (minutes, title))| {
        let (id, source) = (format!("w{n}"), format!("outlet{n}"));
        index.place(&report(&id, &source, title, UnixMs(START.0 + minutes * MINUTE))).story
    });
    placed.collect()
}

#[test]
fn one_event_in_several_words_within_minutes_is_one_story() {
    let groups: [&[&str]; 6] = [
        &["Velmora to list Stellar", "Stellar (XLM) jumps on Velmora listing", "XLM trading comes to Velmora"],
        &["Velmora to delist BNB", "Velmora ends support for $BNB", "BNB tumbles as Velmora drops it"],
        &[
            "Cardano activates Halyard upgrade",
            "Halyard goes live on Cardano",
            "Cardano rises after smooth Halyard upgrade",
        ],
        &["Solana developers postpone Halyard upgrade", "No Halyard before February, Solana team says"],
        &["Record inflows of $111.6M for Bitcoin ETFs", "Best day ever for Bitcoin funds: $111.6 million"],
        &["Hackers drain nearly $75M from Tarquell", "Tarquell loses $72.9 million in exploit"],
    ];
    for group in groups {
        let told: Vec<(i64, &str)> = (0..).zip(group.iter().copied()).collect();
        let stories = stories(&told);
        assert!(stories.iter().all(|story| *story == stories[0]), "{group:?}: {stories:?}");
    }
}

#[test]
fn events_that_share_a_name_or_an_asset_stay_apart() {
    let groups: [[(i64, &str); 2]; 5] = [
        [(0, "Velmora to list Stellar"), (3, "Velmora to list Dogecoin")],
        [(0, "Regulator sues Velmora over staking"), (3, "Regulator sues Tarquell over staking")],
        [(0, "Tarquell loses $72.9 million in exploit"), (3, "Tarquell raises $20 million from investors")],
        [(0, "Ethereum network halts after validator bug"), (3, "Orlune Bank to offer Ethereum custody")],
        [(0, "Velmora hit with lawsuit from customers"), (7 * 24 * 60, "Velmora hit with lawsuit from customers")],
    ];
    for told in groups {
        let stories = stories(&told);
        assert_ne!(stories[0], stories[1], "{told:?}");
    }
}

#[test]
fn a_label_before_a_title_says_nothing() {
    let title = "Velmora settles with watchdog for $14 million";
    let labeled = ["Correction: Report: ", "Update: ", "JUST IN: ", "🚨 "].map(|label| format!("{label}{title}"));
    let mut told = vec![(0, title)];
    told.extend(labeled.iter().map(|title| (2, title.as_str())));
    let placed = stories(&told);
    assert!(placed.iter().all(|story| *story == placed[0]), "{placed:?}");
    let bare = stories(&[(0, "Update:"), (0, "Correction: ")]);
    assert_ne!(bare[0], bare[1], "a label alone is about nothing");
}
