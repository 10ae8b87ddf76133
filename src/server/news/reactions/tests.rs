use super::*;

const FIRST: UnixMs = UnixMs(1_763_640_000_000);

fn after(minutes: i64) -> UnixMs {
    UnixMs(FIRST.0 + minutes * 60_000)
}

fn btc() -> Symbol {
    Symbol::parse("BTC").expect("a symbol")
}

fn story(id: &str) -> Arc<str> {
    Arc::from(id)
}

fn whats(due: &[Due]) -> Vec<What> {
    due.iter().map(|due| due.what).collect()
}

#[test]
fn each_figure_is_due_at_its_time() {
    let mut reactions = Reactions::default();
    assert!(reactions.watch(&story("s"), &unknown(btc(), FIRST), FIRST));
    assert_eq!(reactions.next_due(), Some(FIRST));
    for (minutes, what, next) in
        [(0, What::First, 5), (5, What::After5m, 15), (15, What::After15m, 60), (60, What::After60m, 0)]
    {
        let early = UnixMs(after(minutes).0 - 1);
        assert_eq!(reactions.due(early), [], "{what:?} comes too early");
        let due = reactions.due(after(minutes));
        assert_eq!(due, [Due { at: after(minutes), story_id: story("s"), symbol: btc(), what }]);
        assert!(!due[0].is_late(after(minutes)) && due[0].is_late(UnixMs(after(minutes).0 + 30_001)));
        assert_eq!(reactions.next_due(), (next > 0).then(|| after(next)));
    }
    assert_eq!(reactions.pending(), 0);
}

#[test]
fn what_is_known_is_not_asked_again_and_nothing_twice() {
    let mut reactions = Reactions::default();
    let known = Reaction { price: Some(100.0), after5m: Some(1.0), ..unknown(btc(), FIRST) };
    assert!(reactions.watch(&story("s"), &known, after(6)));
    assert!(reactions.watch(&story("s"), &known, after(6)));
    assert_eq!(whats(&reactions.due(after(90))), [What::After15m, What::After60m]);
}

#[test]
fn after_a_restart_what_was_missed_is_due_at_once_and_in_order() {
    let mut reactions = Reactions::default();
    assert!(reactions.watch(&story("b"), &unknown(btc(), FIRST), after(20)));
    assert!(reactions.watch(&story("a"), &unknown(btc(), FIRST), after(20)));
    let due = reactions.due(after(20));
    let order = [What::First, What::First, What::After5m, What::After5m, What::After15m, What::After15m];
    assert_eq!(whats(&due), order);
    assert!(due.iter().all(|due| due.is_late(after(20))));
    assert_eq!(reactions.next_due(), Some(after(60)));
}

#[test]
fn what_is_too_long_past_stays_unknown() {
    let mut reactions = Reactions::default();
    // 5 h after the quarter of an hour: price and 5 min are lost, 15 min is just in time.
    let now = after(5 * 60 + 15);
    assert!(reactions.watch(&story("s"), &unknown(btc(), FIRST), now));
    assert_eq!(whats(&reactions.due(now)), [What::After15m, What::After60m]);

    // Watched in time and asked too late, as after a night of sleep.
    assert!(reactions.watch(&story("t"), &unknown(btc(), FIRST), FIRST));
    assert_eq!(reactions.due(after(24 * 60)), []);
    assert_eq!(reactions.pending(), 0);
}

#[test]
fn a_failed_figure_is_tried_again_until_it_is_too_late() {
    let mut reactions = Reactions::default();
    assert!(reactions.watch(&story("s"), &unknown(btc(), FIRST), FIRST));
    let mut now = FIRST;
    let mut attempts = 0;
    while let Some(due) = reactions.due(now).into_iter().find(|due| due.what == What::First) {
        attempts += 1;
        if !reactions.retry(due, now) {
            break;
        }
        assert_eq!(reactions.due(now), [], "not at once");
        now = UnixMs(now.0 + 60_000);
    }
    assert_eq!((attempts, now), (301, after(300)));
}

#[test]
fn a_story_that_is_forgotten_is_due_no_more() {
    let mut reactions = Reactions::default();
    for id in ["s", "t"] {
        assert!(reactions.watch(&story(id), &unknown(btc(), FIRST), FIRST));
    }
    reactions.forget("s");
    assert_eq!(reactions.pending(), 4);
    assert!(reactions.due(after(60)).iter().all(|due| &*due.story_id == "t"));
}

#[test]
fn there_is_room_for_so_many_and_no_more() {
    let mut reactions = Reactions::default();
    let stories = MAX_PENDING / 4;
    for n in 0..stories {
        assert!(reactions.watch(&story(&n.to_string()), &unknown(btc(), FIRST), FIRST));
    }
    assert!(!reactions.watch(&story("more"), &unknown(btc(), FIRST), FIRST));
    assert_eq!(reactions.pending(), MAX_PENDING);
    assert_eq!(reactions.due(FIRST).len(), stories);
    assert!(reactions.watch(&story("more"), &unknown(btc(), FIRST), FIRST));
}

#[test]
fn moves_are_percentages_of_the_first_price() {
    let mut reaction = unknown(btc(), FIRST);
    assert!(!fill(&mut reaction, What::After5m, Some(101.0)), "measured by nothing");
    assert!(!fill(&mut reaction, What::First, None));
    assert!(fill(&mut reaction, What::First, Some(100.0)));
    assert!(!fill(&mut reaction, What::First, Some(200.0)), "the first price stays");
    assert!(fill(&mut reaction, What::After5m, Some(101.0)));
    assert!(fill(&mut reaction, What::After15m, Some(98.0)));
    assert!(!fill(&mut reaction, What::After60m, None));
    assert_eq!(
        (reaction.price, reaction.after5m, reaction.after15m, reaction.after60m),
        (Some(100.0), Some(1.0), Some(-2.0), None)
    );
}

#[test]
fn no_figure_is_ever_none_or_without_end() {
    for price in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut reaction = unknown(btc(), FIRST);
        assert!(!fill(&mut reaction, What::First, Some(price)), "{price}");
        assert_eq!(reaction, unknown(btc(), FIRST));
    }
    let mut tiny = Reaction { price: Some(f64::MIN_POSITIVE), ..unknown(btc(), FIRST) };
    assert!(!fill(&mut tiny, What::After5m, Some(f64::MAX)));
    assert_eq!(tiny.after5m, None);
}
