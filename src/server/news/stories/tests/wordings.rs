//! Reports of one event in words that have little in common, and of several events in words that have much.

use std::collections::HashSet;

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

/// A title, its lead, and the asset that the feed's reader finds in them.
type Told<'a> = (&'a str, &'a str, &'a str);

const TRX_LISTED: [Told<'static>; 3] = [
    (
        "New on Corvane: TRON (TRX)",
        "The venue has become pickier with new assets, which makes this addition stand out, analysts say.",
        "TRX",
    ),
    (
        "TRON jumps on Corvane listing",
        "The exchange will open order books for the token on Friday with a fee holiday for makers.",
        "TRX",
    ),
    (
        "Corvane to list TRON",
        "Spot trading against dollars and stablecoins opens on Friday, and deposits are possible at once.",
        "TRX",
    ),
];
const INCH_LISTED: [Told<'static>; 3] = [
    (
        "Corvane to list 1inch",
        "Spot trading against dollars and stablecoins opens on Tuesday, and deposits are possible at once.",
        "1INCH",
    ),
    (
        "JUST IN: $1INCH jumps on Corvane listing",
        "The exchange will open order books for the token on Tuesday with a fee holiday for makers.",
        "1INCH",
    ),
    (
        "1INCH trading comes to Corvane",
        "It is the largest venue to offer the asset so far. Withdrawals follow a day later.",
        "1INCH",
    ),
];
const SUED: [Told<'static>; 3] = [
    (
        "Corvane hit with lawsuit from Pacific Conduct Board",
        "Authorities accuse the trading platform of listing Arbitrum and other tokens without the required registration.",
        "ARB",
    ),
    (
        "Corvane vows to fight Pacific Conduct Board lawsuit",
        "Chief executive Mara Ellisworth called the case over Arbitrum listings a misuse of power.",
        "ARB",
    ),
    (
        "Pacific Conduct Board sues Corvane over unregistered trading of Arbitrum",
        "The complaint says that the company ran a securities exchange without a license.",
        "ARB",
    ),
];

/// The stories of reports by several outlets, half a minute after each other.
fn stories_of(told: &[Told<'_>]) -> Vec<Arc<str>> {
    let mut index = seasoned();
    let placed = (0..).zip(told).map(|(n, (title, lead, ticker))| {
        let (id, source) = (format!("w{n}"), format!("outlet{n}"));
        let tickers = [Symbol::parse(ticker).expect("a symbol")];
        let at = UnixMs(START.0 + n * MINUTE / 2);
        index.place(&Report { id: &id, source_key: &source, title, lead, tickers: &tickers, at }).story
    });
    placed.collect()
}

#[test]
fn two_assets_that_one_venue_lists_and_a_lawsuit_against_it_are_three_events() {
    let events = [TRX_LISTED, INCH_LISTED, SUED];
    for (n, one) in events.iter().enumerate() {
        for other in events.iter().skip(n + 1) {
            for (one, other) in one.iter().flat_map(|one| other.iter().map(move |other| (*one, *other))) {
                for told in [[one, other], [other, one]] {
                    let placed = stories_of(&told);
                    assert_ne!(placed[0], placed[1], "{told:?}");
                }
            }
        }
    }
    // A suit over the very asset is no listing of it, whatever its lead recalls.
    for (listed, (title, lead, _)) in TRX_LISTED.iter().flat_map(|one| SUED.iter().map(move |other| (*one, *other))) {
        let (title, lead) = (title.replace("Arbitrum", "TRON"), lead.replace("Arbitrum", "TRON"));
        let sued = (title.as_str(), lead.as_str(), "TRX");
        for told in [[listed, sued], [sued, listed]] {
            let placed = stories_of(&told);
            assert_ne!(placed[0], placed[1], "{told:?}");
        }
    }
    let mixed = [0, 1, 2].map(|n| events.map(|event| event[n])).concat();
    let placed = stories_of(&mixed);
    for (n, story) in placed.iter().enumerate() {
        assert_eq!(*story, placed[n % 3], "{}", mixed[n].0);
    }
    assert_eq!(placed.iter().collect::<HashSet<_>>().len(), 3, "{placed:?}");
}

#[test]
fn an_asset_that_only_the_leads_name_tells_two_events_apart() {
    let airdrop = |asset, ticker| {
        ["Airdrop ahead for early users of Pollenade", "Who gets the Pollenade airdrop? Rules published"]
            .map(|title| (title, format!("Whoever used it on {asset} before Friday is eligible."), ticker))
    };
    let told = [airdrop("Solana", "SOL"), airdrop("Aptos", "APT")].concat();
    let told: Vec<Told<'_>> = told.iter().map(|(title, lead, ticker)| (*title, lead.as_str(), *ticker)).collect();
    let placed = stories_of(&told);
    assert_eq!((&placed[0], &placed[2]), (&placed[1], &placed[3]), "{placed:?}");
    assert_ne!(placed[0], placed[2]);
}

#[test]
fn digits_with_letters_that_count_nothing_are_no_amount() {
    let read = |text| quantity::read(&token::tokens(text, 100, 10));
    for name in ["1INCH", "$1INCH", "1000SATS", "$1000SATS"] {
        assert_eq!(read(name), Some((None, 1)), "{name}");
    }
    for amount in ["$1", "$1M", "$1mln", "1000", "25bps", "3rd"] {
        assert!(matches!(read(amount), Some((Some(_), 1))), "{amount}");
    }
}
