//! Texts that nobody means well with.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn any_text_is_placed_once_and_in_the_same_place(
        texts in proptest::collection::vec((".{0,200}", ".{0,200}"), 1..12),
        times in proptest::collection::vec(any::<i64>(), 12),
    ) {
        let run = || -> Vec<Placement> {
            let mut index = StoryIndex::new(StorySettings::default());
            texts.iter().zip(&times).enumerate().map(|(n, ((title, lead), at))| {
                let id = format!("a{n}");
                let report = Report { id: &id, source_key: "x", title, lead, tickers: &[], at: UnixMs(*at) };
                let placed = index.place(&report);
                let again = index.place(&report);
                assert_eq!(placed.story, again.story);
                assert!(again.joined);
                assert_eq!(index.len(), n + 1);
                assert_eq!(index.story_of(&id), Some(placed.story.clone()));
                assert!((0.0..=1.0).contains(&placed.similarity) && (0.0..=1.0).contains(&placed.novelty));
                placed
            }).collect()
        };
        prop_assert_eq!(run(), run());
    }

    #[test]
    fn numbers_of_every_shape_are_read_without_a_panic(
        title in r"([$#€]?[0-9]{1,30}[.,/%]?[0-9]{0,3}(k|m|bn|th|bps|/)? ?(million|percent|May|in June|of|basis points)? ?){1,12}",
    ) {
        let mut index = StoryIndex::new(StorySettings::default());
        index.place(&report("a", "x", &title, START));
        let placed = index.place(&report("b", "y", &title, START));
        prop_assert!(placed.similarity.is_finite());
    }

    #[test]
    fn what_was_added_and_forgotten_leaves_nothing_behind(seed in 0..1_000_u64, count in 1..60_usize) {
        let mut index = StoryIndex::new(StorySettings::default());
        let wires = wires(seed, count, START, 60_000);
        for wire in &wires {
            index.place(&wire.report());
        }
        index.forget_before(after(24 * 365));
        prop_assert!(index.is_empty());
        prop_assert!(index.holds_nothing());
    }
}

#[test]
fn empty_huge_and_wordless_titles_are_stories_of_their_own() {
    let mut index = seasoned();
    let huge = "Bitcoin ".repeat(100_000);
    let letters = "x".repeat(1_000_000);
    let emoji = "🚀🚀🚀 💎🙌 👩‍👩‍👧‍👦";
    let titles =
        ["", " ", huge.as_str(), letters.as_str(), emoji, "!!!", "$", "#", "%", "0", "…", "\u{202e}abc", "'''"];
    for (n, title) in titles.into_iter().enumerate() {
        let placed = index.place(&report(&format!("h{n}"), "x", title, START));
        assert!(placed.similarity.is_finite(), "{title:.20}");
    }
    let empty = index.place(&report("empty", "y", "", START));
    assert!(!empty.joined, "nothing is not about the same as nothing");
}

#[test]
fn titles_without_spaces_are_compared_by_pairs_of_characters() {
    let mut index = seasoned();
    let first = index.place(&report("a", "x", "加密货币交易所遭黑客攻击损失四千万美元", START));
    let same = index.place(&report("b", "y", "快讯：加密货币交易所遭黑客攻击损失四千万美元", after(1)));
    let other = index.place(&report("c", "z", "央行宣布下调基准利率二十五个基点", after(1)));
    assert_eq!(same.story, first.story, "{same:?}");
    assert!(!other.joined, "{other:?}");
}

#[test]
fn ten_kilobytes_of_title_cost_no_more_than_a_title() {
    let mut index = seasoned();
    let mut seed = 1_u64;
    let started = Instant::now();
    for n in 0..200 {
        let words = (0..1_500).map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            format!("{:x}", seed >> 40)
        });
        let title = words.collect::<Vec<_>>().join(" ");
        let id = format!("t{n}");
        let lead = title.clone();
        index.place(&Report { id: &id, source_key: "x", title: &title, lead: &lead, tickers: &[], at: START });
    }
    // Unoptimized, on a busy machine; reading all of it would take far longer.
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert!(index.longest_gist() <= 80, "{}", index.longest_gist());
}

#[test]
fn reports_at_the_ends_of_time_are_placed() {
    let mut index = StoryIndex::new(StorySettings::default());
    for (n, at) in [i64::MIN, i64::MAX, 0, -1].into_iter().enumerate() {
        let placed = index.place(&report(&format!("e{n}"), "x", "Quellmar hacked for $61M", UnixMs(at)));
        assert_eq!(placed.joined, n == 3, "{at}");
    }
    index.forget_before(UnixMs(0));
    assert_eq!(index.len(), 2);
}
