use super::*;

mod polling;
mod properties;
mod visibility;

const NONE: Orders = Orders { stream: None, poll: false };
const OPEN: Orders = Orders { stream: Some(StreamOrder::Open), poll: false };
const CLOSE: Orders = Orders { stream: Some(StreamOrder::Close), poll: false };
const POLL: Orders = Orders { stream: None, poll: true };

const NOW: Link = Link::Reconnecting { in_s: 0 };

/// Plays a script and checks orders and link after every line.
fn play(session: &mut Session, script: &[(u64, Input, Orders, Link)]) {
    for (line, (at, input, orders, link)) in script.iter().enumerate() {
        assert_eq!(session.step(*at, *input), *orders, "line {line}: {input:?} at {at}");
        assert_eq!(session.link(), *link, "line {line}: after {input:?} at {at}");
    }
}

/// A session that went live at `at`.
fn live(at: u64) -> Session {
    let mut session = Session::new(1);
    play(&mut session, &[(at, Input::Tick, OPEN, Link::Connecting), (at, Input::Message, NONE, Link::Live)]);
    session
}

/// Ticks every 100 ms until something is ordered; the time and the orders.
fn next_order(session: &mut Session, from: u64, limit: u64) -> (u64, Orders) {
    (from..=from + limit)
        .step_by(100)
        .map(|at| (at, session.step(at, Input::Tick)))
        .find(|(_, orders)| *orders != NONE)
        .unwrap_or_else(|| panic!("nothing was ordered within {limit} ms: {session:?}"))
}

/// Like [`next_order`], past the questions.
fn next_order_of_stream(session: &mut Session, from: u64) -> (u64, StreamOrder) {
    (from..=from + CAP)
        .step_by(100)
        .find_map(|at| session.step(at, Input::Tick).stream.map(|order| (at, order)))
        .unwrap_or_else(|| panic!("the stream was left alone: {session:?}"))
}

/// Fails so many tries in a row; the time of the last failure.
fn fail(session: &mut Session, from: u64, tries: u32) -> u64 {
    let mut at = from;
    for _ in 0..tries {
        let (opened, order) = next_order_of_stream(session, at);
        assert_eq!(order, StreamOrder::Open);
        at = opened;
        let _ = session.step(at, Input::Failed);
    }
    at
}

const CAP: u64 = super::super::backoff::CAP_MS;

#[test]
fn it_opens_goes_live_and_stays() {
    play(
        &mut Session::new(1),
        &[
            (5, Input::Tick, OPEN, Link::Connecting),
            (1_000, Input::Tick, NONE, Link::Connecting),
            (1_500, Input::Opened, NONE, Link::Connecting),
            (1_600, Input::Message, NONE, Link::Live),
            (31_600, Input::Message, NONE, Link::Live),
            (76_599, Input::Tick, NONE, Link::Live),
        ],
    );
}

#[test]
fn a_server_that_goes_down_says_when_to_come_back() {
    let mut session = live(0);
    let _ = session.step(20_000, Input::Ending { after_ms: 4_700 });
    let _ = session.step(20_000, Input::Message);
    let _ = session.step(20_001, Input::Failed);
    assert_eq!(session.wait_ms(), Some(4_700));
    assert_eq!(next_order(&mut session, 20_001, CAP), (24_701, OPEN));
    // Said once, and of no use for what comes after; and no server keeps a page away for long.
    let _ = session.step(24_800, Input::Failed);
    assert!(session.wait_ms().is_some_and(|ms| ms <= 1_000), "{session:?}");
    let mut session = live(0);
    let _ = session.step(20_000, Input::Ending { after_ms: u64::MAX });
    let _ = session.step(20_000, Input::Failed);
    assert_eq!(session.wait_ms(), Some(CAP));
}

#[test]
fn before_the_first_step_nothing_is_wrong_yet() {
    assert_eq!(Session::new(1).link(), Link::Connecting);
}

#[test]
fn an_open_stream_that_says_nothing_is_dead() {
    let mut session = live(0);
    assert!(!session.is_silent(12_000));
    play(&mut session, &[(44_999, Input::Tick, NONE, Link::Live)]);
    assert!(session.is_silent(12_000));
    assert_eq!(session.step(45_000, Input::Tick), CLOSE);
    assert_eq!(session.link(), Link::Reconnecting { in_s: 1 });
    assert!(!session.is_silent(12_000), "not silent but away");
    let (at, orders) = next_order(&mut session, 45_000, 1_000);
    assert_eq!(orders, OPEN, "{at}");
}

#[test]
fn a_try_that_hangs_is_given_up() {
    play(
        &mut Session::new(1),
        &[
            (0, Input::Tick, OPEN, Link::Connecting),
            (9_999, Input::Tick, NONE, Link::Connecting),
            (10_000, Input::Tick, CLOSE, Link::Reconnecting { in_s: 1 }),
        ],
    );
    // An answer without a message buys as long again, once.
    play(
        &mut Session::new(1),
        &[
            (0, Input::Tick, OPEN, Link::Connecting),
            (9_000, Input::Opened, NONE, Link::Connecting),
            (18_999, Input::Tick, NONE, Link::Connecting),
            (19_000, Input::Tick, CLOSE, Link::Reconnecting { in_s: 1 }),
        ],
    );
}

#[test]
fn a_lost_stream_is_opened_again_after_a_short_wait_with_a_countdown() {
    for seed in 0..50 {
        let mut session = Session::new(seed);
        let _ = session.step(0, Input::Tick);
        let _ = session.step(0, Input::Message);
        assert_eq!(session.step(20_000, Input::Failed), NONE);
        assert_eq!(session.link(), Link::Reconnecting { in_s: 1 });
        let (at, orders) = next_order(&mut session, 20_000, 1_000);
        assert_eq!(orders, OPEN);
        assert!(at >= 20_500, "{at}: everybody at once");
        play(&mut session, &[(at, Input::Tick, NONE, NOW), (at + 1, Input::Message, NONE, Link::Live)]);
    }
}

#[test]
fn the_countdown_falls_by_whole_seconds() {
    let mut session = live(0);
    let _ = session.step(20_000, Input::Failed);
    let at = fail(&mut session, 20_000, 5);
    let Link::Reconnecting { in_s: first } = session.link() else { panic!("{:?}", session.link()) };
    assert!((8..=16).contains(&first), "{first}");
    for gone in 1..u64::from(first) {
        let _ = session.step(at + gone * 1_000, Input::Tick);
        assert_eq!(
            u64::from(first) - gone,
            match session.link() {
                Link::Reconnecting { in_s } => u64::from(in_s),
                other => panic!("{other:?}"),
            }
        );
    }
}

#[test]
fn waits_grow_and_a_steady_stream_makes_them_short_again() {
    let mut session = live(0);
    let _ = session.step(20_000, Input::Failed);
    let at = fail(&mut session, 20_000, 8);
    let (reopened, _) = next_order_of_stream(&mut session, at);
    assert!(reopened - at >= CAP / 2, "{}", reopened - at);
    let _ = session.step(reopened, Input::Message);
    let lost = reopened + STEADY_MS;
    let _ = session.step(lost, Input::Failed);
    let (again, _) = next_order_of_stream(&mut session, lost);
    assert!(again - lost <= 1_000, "{}", again - lost);
}

#[test]
fn a_stream_that_is_cut_again_and_again_counts_as_failing() {
    let mut session = live(0);
    let mut at = 1_000;
    let mut asked = Vec::new();
    for _ in 0..3 {
        asked.push(session.step(at, Input::Failed).poll);
        at = next_order_of_stream(&mut session, at).0;
        let _ = session.step(at, Input::Message);
        assert_eq!(session.link(), Link::Live);
    }
    assert_eq!(asked, [false, false, true]);
    let _ = session.step(at + 1_000, Input::Failed);
    let (again, _) = next_order_of_stream(&mut session, at + 1_000);
    assert!(again - at >= 3_000, "it is left alone for longer: {}", again - at);
}

#[test]
fn a_steady_stream_forgets_the_failures_before_it() {
    let mut session = Session::new(1);
    let mut at = fail(&mut session, 0, POLL_AFTER_FAILURES);
    let _ = session.step(at, Input::PollAnswered);
    at = next_order_of_stream(&mut session, at).0;
    play(
        &mut session,
        &[
            (at, Input::Message, NONE, Link::Live),
            (at + STEADY_MS, Input::Message, NONE, Link::Live),
            (at + STEADY_MS, Input::Hidden, NONE, Link::Live),
            (at + STEADY_MS + HIDDEN_LIMIT_MS, Input::Tick, CLOSE, Link::Paused),
            (at + 900_000, Input::Visible, OPEN, NOW),
        ],
    );
}

#[test]
fn the_wait_until_the_next_try_is_told() {
    let mut session = live(0);
    assert_eq!(session.wait_ms(), None);
    let _ = session.step(20_000, Input::Failed);
    let wait = session.wait_ms().expect("a wait");
    assert!((500..=1_000).contains(&wait), "{wait}");
    assert_eq!(session.step(20_000 + wait - 1, Input::Tick), NONE);
    assert_eq!(session.step(20_000 + wait, Input::Tick), OPEN);
    assert_eq!(session.wait_ms(), None);
}

#[test]
fn a_wait_ends_early_when_the_network_or_the_visitor_is_back() {
    for reason in [Input::Online, Input::Visible] {
        let mut session = live(0);
        let _ = session.step(20_000, Input::Failed);
        let at = fail(&mut session, 20_000, 2);
        assert_eq!(session.step(at + 10, reason), OPEN, "{reason:?}");
        assert_eq!(session.step(at + 20, reason), NONE, "one is on its way");
    }
    let mut session = live(0);
    assert_eq!(session.step(10, Input::Online), NONE, "a live stream is left alone");
}

#[test]
fn a_clock_that_jumps_back_is_harmless() {
    let mut session = live(100_000);
    assert_eq!(session.step(5, Input::Tick), NONE);
    assert_eq!(session.step(5, Input::Failed), NONE);
    assert_eq!(session.link(), Link::Reconnecting { in_s: 1 });
}
