use super::*;

const NOW: UnixMs = UnixMs(1_763_640_000_000);

fn at(minutes_ago: i64) -> UnixMs {
    UnixMs(NOW.0 - minutes_ago * 60_000)
}

fn voice(source_key: &'static str, tier: u8, minutes_ago: i64) -> Voice<'static> {
    Voice {
        source_key,
        source_name: source_key,
        tier,
        trust: 0.5,
        published: Some(at(minutes_ago)),
        title: "Exchange halts withdrawals",
        link: "",
        edited: false,
    }
}

fn moved(symbol: &str, minutes: u32, percent: f64) -> Move {
    Move { symbol: Symbol::parse(symbol).expect("a symbol"), minutes, percent, usual: None }
}

const THRESHOLDS: Thresholds = Thresholds { score: 0.6, window: Duration::from_mins(30) };

fn judged(voices: &[Voice<'_>], novelty: f64, moves: &[Move], told: Option<&Breaking>) -> Verdict {
    judge(&StoryFacts { voices, novelty, moves, told }, &THRESHOLDS, NOW)
}

fn told(score: f64, state: BreakingState) -> Breaking {
    Breaking { score, reasons: vec!["novel".to_owned()], state, since: at(10) }
}

/// Reasons of what is told, joined; nothing if it stays quiet.
fn reasons(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Tell(breaking) => breaking.reasons.join(", "),
        Verdict::Quiet => String::new(),
        other => panic!("neither told nor quiet: {other:?}"),
    }
}

/// A name, the voices, the novelty, the moves, and the reasons that are told; none where it stays quiet.
type Case = (&'static str, Vec<Voice<'static>>, f64, Vec<Move>, &'static str);

fn check(cases: Vec<Case>) {
    for (name, voices, novelty, moves, expected) in cases {
        assert_eq!(reasons(&judged(&voices, novelty, &moves, None)), expected, "{name}");
    }
}

#[test]
fn what_several_sources_report() {
    check(vec![
        ("nothing", vec![], 1.0, vec![], ""),
        (
            "three of tier 2",
            vec![voice("a", 2, 9), voice("b", 2, 5), voice("c", 2, 0)],
            1.0,
            vec![],
            "3 sources in 9 min, novel",
        ),
        (
            "two, one of tier 1",
            vec![Voice { trust: 0.9, ..voice("a", 1, 3) }, voice("b", 2, 0)],
            0.9,
            vec![],
            "2 sources in 3 min, novel, tier-1 source",
        ),
        (
            "four of tier 3",
            vec![voice("a", 3, 12), voice("b", 3, 11), voice("c", 3, 4), voice("d", 3, 0)],
            0.8,
            vec![],
            "4 sources in 12 min, novel",
        ),
        ("three of tier 3", vec![voice("a", 3, 12), voice("b", 3, 11), voice("c", 3, 4)], 1.0, vec![], ""),
        ("two of tier 2", vec![voice("a", 2, 3), voice("b", 2, 0)], 1.0, vec![], ""),
        (
            "two of tier 2 and the market",
            vec![voice("a", 2, 8), voice("b", 2, 0)],
            1.0,
            vec![moved("BTC", 5, 2.1)],
            "2 sources in 8 min, novel, BTC +2.1 % in 5 min",
        ),
        (
            "the market falls, too",
            vec![voice("a", 2, 20), voice("b", 2, 16)],
            1.0,
            vec![moved("BTC", 5, 0.1), moved("ETH", 15, -4.25)],
            "2 sources in 4 min, novel, ETH -4.2 % in 15 min",
        ),
        ("one of tier 1 alone", vec![Voice { trust: 1.0, ..voice("a", 1, 1) }], 1.0, vec![], ""),
        (
            "one of tier 1 and the market",
            vec![Voice { trust: 0.9, ..voice("a", 1, 6) }],
            1.0,
            vec![moved("SOL", 5, 3.4)],
            "novel, tier-1 source, SOL +3.4 % in 5 min",
        ),
    ]);
}

#[test]
fn what_does_not_suffice() {
    let undated = |key| Voice { published: None, ..voice(key, 1, 0) };
    check(vec![
        (
            "one of tier 1, a small move",
            vec![Voice { trust: 1.0, ..voice("a", 1, 6) }],
            1.0,
            vec![moved("SOL", 5, 1.4)],
            "",
        ),
        (
            "one of tier 2 and any move",
            vec![Voice { trust: 1.0, ..voice("a", 2, 6) }],
            1.0,
            vec![moved("SOL", 5, 30.0)],
            "",
        ),
        (
            "one of tier 3 and any move",
            vec![Voice { trust: 1.0, ..voice("a", 3, 6) }],
            1.0,
            vec![moved("SOL", 5, 30.0)],
            "",
        ),
        ("the same source thrice", vec![voice("a", 1, 9), voice("a", 1, 5), voice("a", 1, 0)], 1.0, vec![], ""),
        ("nothing new", vec![voice("a", 2, 9), voice("b", 2, 5), voice("c", 2, 0)], 0.1, vec![], ""),
        (
            "nothing new, but everybody and the market",
            vec![voice("a", 1, 9), voice("b", 2, 5), voice("c", 2, 0), voice("d", 2, 0)],
            0.1,
            vec![moved("BTC", 15, -5.0)],
            "4 sources in 9 min, tier-1 source, BTC -5.0 % in 15 min",
        ),
        ("undated", vec![undated("a"), undated("b"), undated("c"), undated("d")], 1.0, vec![], ""),
        (
            "undated ones corroborate nothing",
            vec![voice("a", 2, 3), undated("b"), undated("c"), undated("d")],
            1.0,
            vec![],
            "",
        ),
        ("hours apart", vec![voice("a", 2, 200), voice("b", 2, 100), voice("c", 2, 0)], 1.0, vec![], ""),
        (
            "an old story",
            vec![voice("a", 1, 361), voice("b", 2, 5), voice("c", 2, 1), voice("d", 2, 0)],
            1.0,
            vec![],
            "",
        ),
        (
            "what nobody reported for an hour",
            vec![voice("a", 1, 75), voice("b", 2, 70), voice("c", 2, 65), voice("d", 2, 61)],
            1.0,
            vec![],
            "",
        ),
        (
            "words alone are nothing",
            vec![Voice { title: "BREAKING: Bitcoin bitcoin BITCOIN crashes", ..voice("a", 2, 1) }],
            1.0,
            vec![],
            "",
        ),
    ]);
}

#[test]
fn one_owner_and_copies_corroborate_nothing() {
    let owned = [voice("newsbtc", 2, 3), voice("bitcoinist", 2, 2), voice("a", 2, 1)];
    assert_eq!(reasons(&judged(&owned, 1.0, &[], None)), "");
    let copy = |key| Voice { link: "https://wire.example/1", ..voice(key, 2, 1) };
    assert_eq!(reasons(&judged(&[copy("a"), copy("b"), copy("c")], 1.0, &[], None)), "");
    let own = |key, link| Voice { link, ..voice(key, 2, 1) };
    let three = [own("a", "https://a.example/1"), own("b", "https://b.example/1"), own("c", "https://c.example/1")];
    assert_eq!(reasons(&judged(&three, 1.0, &[], None)), "3 sources in 1 min, novel");
}

#[test]
fn the_score_is_the_sum_of_its_parts() {
    let Verdict::Tell(breaking) = judged(
        &[Voice { trust: 1.0, ..voice("a", 1, 5) }, voice("b", 2, 0)],
        0.35,
        &[moved("BTC", 5, 1.5), moved("ETH", 60, 50.0)],
        None,
    ) else {
        panic!("not told")
    };
    // 0.35 × 0.5 + 0.25 × 0.5 + 0.20 × 1 + 0.20 × 0.5
    assert!((breaking.score - 0.6).abs() < 1e-9, "{}", breaking.score);
    assert_eq!((breaking.state, breaking.since), (BreakingState::Breaking, NOW));
    let all = [1, 2, 3, 4].map(|n| Voice { trust: 1.0, ..voice(["a", "b", "c", "d"][n - 1], 1, 1) });
    let Verdict::Tell(most) = judged(&all, 9.0, &[moved("BTC", 5, 99.0)], None) else { panic!("not told") };
    assert!((most.score - 1.0).abs() < 1e-9);
}

#[test]
fn a_move_is_measured_by_what_is_usual_where_that_is_known() {
    let voices = [voice("a", 2, 8), voice("b", 2, 0)];
    let calm = Move { usual: Some(0.1), ..moved("BTC", 5, 1.0) };
    assert_eq!(reasons(&judged(&voices, 1.0, &[calm], None)), "2 sources in 8 min, novel, BTC +1.0 % in 5 min");
    let wild = Move { usual: Some(2.0), ..moved("DOGE", 5, 3.0) };
    assert_eq!(reasons(&judged(&voices, 1.0, &[wild], None)), "");
}

#[test]
fn figures_that_are_none_count_as_nothing() {
    let voices = [voice("a", 2, 8), voice("b", 2, 0)];
    for percent in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(judged(&voices, 1.0, &[moved("BTC", 5, percent)], None), Verdict::Quiet);
    }
    assert_eq!(judged(&voices, f64::NAN, &[moved("BTC", 5, 3.0)], None), Verdict::Quiet);
    let four = [1, 2, 3, 4].map(|n| Voice { trust: f64::NAN, ..voice(["a", "b", "c", "d"][n - 1], 1, 1) });
    let Verdict::Tell(breaking) = judged(&four, 1.0, &[], None) else { panic!("not told") };
    assert!(breaking.score.is_finite());
}

#[test]
fn moves_come_from_reactions() {
    let symbol = Symbol::parse("BTC").expect("a symbol");
    let reaction =
        Reaction { symbol, at: NOW, price: Some(1.0), after5m: Some(1.5), after15m: None, after60m: Some(9.0) };
    assert_eq!(Move::of(&[reaction]), [moved("BTC", 5, 1.5)]);
}

#[test]
fn a_story_is_told_once_and_upgraded_once() {
    let two = [Voice { trust: 0.9, ..voice("a", 1, 9) }, voice("b", 2, 8)];
    let Verdict::Tell(first) = judged(&two, 1.0, &[], None) else { panic!("not told") };
    assert_eq!(judged(&two, 1.0, &[], Some(&first)), Verdict::Quiet, "nothing changed");

    // One more source is no clear rise, two more are.
    let three = [two[0], two[1], voice("c", 2, 7)];
    assert_eq!(judged(&three, 1.0, &[], Some(&first)), Verdict::Quiet);
    let four = [two[0], two[1], voice("c", 2, 7), voice("d", 2, 6)];
    let Verdict::Upgrade(second) = judged(&four, 1.0, &[], Some(&first)) else { panic!("not upgraded") };
    assert_eq!((second.state, second.since), (BreakingState::Upgraded, first.since));
    assert_eq!(second.reasons, ["4 sources in 3 min", "novel", "tier-1 source"]);

    let big = [moved("BTC", 5, 9.0)];
    assert_eq!(judged(&four, 1.0, &big, Some(&second)), Verdict::Quiet, "once only");
    let long_ago = Breaking { since: at(361), ..first };
    assert_eq!(judged(&four, 1.0, &big, Some(&long_ago)), Verdict::Quiet, "too late");
}

#[test]
fn the_original_source_and_better_ones_take_a_story_back() {
    let told = told(0.7, BreakingState::Breaking);
    let reports = [voice("wire", 2, 9), voice("blog", 3, 8)];
    let with = |voice: Voice<'static>| [reports[0], reports[1], voice];
    let says = |title, key, tier| Voice { title, ..voice(key, tier, 1) };
    let cases: [(Voice<'static>, Option<&str>); 14] = [
        (says("Correction: exchange did not halt withdrawals", "wire", 2), Some("wire")),
        (says("CORRECTED-Exchange slows withdrawals", "wire", 2), Some("wire")),
        (says("[RETRACTED] Exchange halts withdrawals", "wire", 2), Some("wire")),
        (says("Exchange denies reports that withdrawals are halted", "paper", 1), Some("paper")),
        (says("Exchange denies rumors of a halt", "other", 2), Some("other")),
        (says("Exchange CEO dismisses \u{201c}false\u{201d} claims of a halt", "other", 2), Some("other")),
        (says("Halt of withdrawals was a hoax, exchange says", "other", 2), Some("other")),
        (says("Exchange denies rumors of a halt", "gossip", 3), None),
        (says("Correction: exchange did not halt withdrawals", "gossip", 3), None),
        (says("Bitcoin correction deepens as exchange halts withdrawals", "paper", 1), None),
        (says("Correction hits bitcoin after exchange halt", "paper", 1), None),
        (says("Judge denies exchange's motion to dismiss", "paper", 1), None),
        (says("SEC denied spot ETF application", "paper", 1), None),
        (says("Exchange withdraws license application", "paper", 1), None),
    ];
    for (voice, expected) in cases {
        match (judged(&with(voice), 1.0, &[], Some(&told)), expected) {
            (Verdict::Retract(back), Some(name)) => {
                assert_eq!(back.reasons, [format!("taken back by {name}")], "{}", voice.title);
                assert_eq!((back.state, back.since), (BreakingState::Retracted, told.since));
                assert!((back.score - told.score).abs() < 1e-9);
                assert_eq!(judged(&with(voice), 1.0, &[], Some(&back)), Verdict::Quiet, "only once");
            }
            (Verdict::Quiet, None) => {}
            (verdict, _) => panic!("{}: {verdict:?}", voice.title),
        }
    }
}

#[test]
fn an_outlet_that_changes_its_own_title_takes_the_story_back() {
    let told = told(0.7, BreakingState::Upgraded);
    let edited = Voice { title: "Report of halted withdrawals was wrong", edited: true, ..voice("wire", 2, 9) };
    let verdict = judged(&[edited, voice("blog", 3, 8)], 1.0, &[], Some(&told));
    assert!(matches!(&verdict, Verdict::Retract(back) if back.reasons == ["taken back by wire"]), "{verdict:?}");
    let alone = judged(&[edited], 1.0, &[], Some(&told));
    assert!(matches!(alone, Verdict::Retract(_)), "{alone:?}");
}

#[test]
fn a_denial_is_news_of_its_own_where_it_came_first() {
    let denial =
        |key, minutes_ago| Voice { title: "Exchange denies reports of insolvency", ..voice(key, 2, minutes_ago) };
    let denials = [denial("a", 5), denial("b", 3), denial("c", 1)];
    let Verdict::Tell(breaking) = judged(&denials, 1.0, &[], None) else { panic!("not told") };
    assert_eq!(judged(&denials, 1.0, &[], Some(&breaking)), Verdict::Quiet);
}

#[test]
fn what_is_in_doubt_is_not_told() {
    let doubted = [
        voice("a", 1, 9),
        voice("b", 2, 8),
        voice("c", 2, 7),
        Voice { title: "No truth to halt of withdrawals, exchange says", ..voice("d", 3, 1) },
    ];
    assert_eq!(judged(&doubted, 1.0, &[], None), Verdict::Quiet);
    let corrections =
        ["a", "b", "c", "d"].map(|key| Voice { title: "Correction: a date was wrong", ..voice(key, 1, 1) });
    assert_eq!(judged(&corrections, 1.0, &[], None), Verdict::Quiet);
}
