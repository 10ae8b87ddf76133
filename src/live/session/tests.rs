use proptest::prelude::*;

use super::*;

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
fn three_failed_tries_make_it_ask_every_five_seconds_and_keep_trying() {
    let mut session = Session::new(3);
    let at = fail(&mut session, 0, 2);
    assert!(!matches!(session.link(), Link::Polling));
    let (third, orders) = next_order(&mut session, at, CAP);
    assert_eq!(orders, OPEN);
    assert_eq!(session.step(third, Input::Failed), POLL);
    assert!(matches!(session.link(), Link::Reconnecting { .. }), "no answer yet");
    let _ = session.step(third + 50, Input::PollAnswered);
    assert_eq!(session.link(), Link::Polling);

    let (mut polls, mut tries) = (Vec::new(), 0);
    for at in (third + 100..third + 60_000).step_by(100) {
        let orders = session.step(at, Input::Tick);
        if orders.poll {
            polls.push(at);
            let _ = session.step(at + 10, Input::PollAnswered);
        }
        if orders.stream == Some(StreamOrder::Open) {
            tries += 1;
            let _ = session.step(at + 10, Input::Failed);
        }
        assert_eq!(session.link(), Link::Polling, "at {at}");
    }
    assert!(polls.windows(2).all(|w| w[1] - w[0] == POLL_EVERY_MS), "{polls:?}");
    assert_eq!(polls.len(), 11);
    assert!((3..=8).contains(&tries), "{tries} tries in a minute");

    let (at, _) = next_order_of_stream(&mut session, third + 60_000);
    let _ = session.step(at, Input::Message);
    assert_eq!(session.link(), Link::Live);
    for at in (at..at + 30_000).step_by(500) {
        assert_eq!(session.step(at, Input::Tick), NONE, "no more questions");
    }
}

/// A session that polls: the first question is on its way since the returned time.
fn polling() -> (Session, u64) {
    let mut session = Session::new(5);
    let at = fail(&mut session, 0, POLL_AFTER_FAILURES);
    (session, at)
}

#[test]
fn a_failed_question_is_not_called_polling() {
    let (mut session, at) = polling();
    let _ = session.step(at + 10, Input::PollFailed);
    assert!(matches!(session.link(), Link::Reconnecting { .. }), "{:?}", session.link());
}

#[test]
fn an_old_answer_is_not_called_polling() {
    let (mut session, at) = polling();
    let _ = session.step(at + 10, Input::PollAnswered);
    for now in (at..at + ANSWER_LIMIT_MS).step_by(1_000) {
        if session.step(now, Input::Tick).stream.is_some() {
            let _ = session.step(now, Input::Failed);
        }
        assert_eq!(session.link(), Link::Polling);
    }
    let _ = session.step(at + 10 + ANSWER_LIMIT_MS, Input::Tick);
    assert!(matches!(session.link(), Link::Reconnecting { .. }), "{:?}", session.link());
}

#[test]
fn one_question_at_a_time_and_a_lost_one_is_given_up() {
    let (mut session, at) = polling();
    let mut polls = Vec::new();
    for now in (at..at + 40_000).step_by(100) {
        let orders = session.step(now, Input::Tick);
        if orders.poll {
            polls.push(now - at);
        }
        if orders.stream == Some(StreamOrder::Open) {
            let _ = session.step(now, Input::Failed);
        }
    }
    assert_eq!(polls, [POLL_LIMIT_MS, 2 * POLL_LIMIT_MS], "the first was sent at 0 and never answered");
}

#[test]
fn an_answer_after_failed_ones_brings_the_stream_forward() {
    let mut session = live(0);
    let _ = session.step(20_000, Input::Failed);
    let at = fail(&mut session, 20_000, 7);
    let _ = session.step(at + 10, Input::PollFailed);
    assert_eq!(session.step(at + 20, Input::PollAnswered).stream, Some(StreamOrder::Open));
    // Only the first one: answers that keep coming say nothing about the stream.
    let _ = session.step(at + 30, Input::Failed);
    assert_eq!(session.step(at + 40, Input::PollAnswered).stream, None);
}

#[test]
fn hidden_for_a_minute_closes_and_visible_opens_at_once() {
    let mut session = live(0);
    play(
        &mut session,
        &[
            (1_000, Input::Hidden, NONE, Link::Live),
            (31_000, Input::Message, NONE, Link::Live),
            (60_999, Input::Message, NONE, Link::Live),
            (61_000, Input::Tick, CLOSE, Link::Paused),
            (500_000, Input::Online, NONE, Link::Paused),
            (500_000, Input::PollAnswered, NONE, Link::Paused),
            (500_000, Input::Message, NONE, Link::Paused),
            (900_000, Input::Tick, NONE, Link::Paused),
            (900_000, Input::Visible, OPEN, NOW),
            (900_050, Input::Message, NONE, Link::Live),
        ],
    );
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
fn a_short_absence_changes_nothing() {
    let mut session = live(0);
    play(
        &mut session,
        &[
            (1_000, Input::Hidden, NONE, Link::Live),
            (2_000, Input::Hidden, NONE, Link::Live),
            (40_000, Input::Message, NONE, Link::Live),
            (60_999, Input::Visible, NONE, Link::Live),
            (70_000, Input::Hidden, NONE, Link::Live),
            (80_000, Input::Message, NONE, Link::Live),
            (122_000, Input::Message, NONE, Link::Live),
            (130_000, Input::Tick, CLOSE, Link::Paused),
        ],
    );
}

#[test]
fn a_page_opened_in_the_background_is_served_for_a_minute() {
    play(
        &mut Session::new(1),
        &[
            (0, Input::Hidden, OPEN, Link::Connecting),
            (100, Input::Message, NONE, Link::Live),
            (40_000, Input::Message, NONE, Link::Live),
            (60_000, Input::Tick, CLOSE, Link::Paused),
        ],
    );
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
fn a_pause_while_waiting_has_nothing_to_close() {
    let mut session = live(0);
    let _ = session.step(100, Input::Hidden);
    let mut now = 20_000;
    let _ = session.step(now, Input::Failed);
    while now < 60_100 {
        let orders = session.step(now, Input::Tick);
        assert_ne!(orders.stream, Some(StreamOrder::Close));
        if orders.stream == Some(StreamOrder::Open) {
            let _ = session.step(now, Input::Failed);
        }
        now += 500;
    }
    assert_eq!(session.step(now, Input::Tick), NONE);
    assert_eq!(session.link(), Link::Paused);
}

#[test]
fn a_clock_that_jumps_back_is_harmless() {
    let mut session = live(100_000);
    assert_eq!(session.step(5, Input::Tick), NONE);
    assert_eq!(session.step(5, Input::Failed), NONE);
    assert_eq!(session.link(), Link::Reconnecting { in_s: 1 });
}

/// The browser's side, as far as the session can see it: carries orders out and says what is true.
struct Browser {
    session: Session,
    now: u64,
    open: bool,
    asked: bool,
}

impl Browser {
    fn step(&mut self, input: Input) {
        if input == Input::Failed {
            self.open = false;
        }
        let orders = self.session.step(self.now, input);
        match orders.stream {
            Some(StreamOrder::Open) => {
                assert!(!self.open, "two streams at once");
                self.open = true;
            }
            Some(StreamOrder::Close) => {
                assert!(self.open, "closed without a stream");
                self.open = false;
            }
            None => {}
        }
        self.asked |= orders.poll;
        match self.session.link() {
            Link::Live => assert!(self.open, "live without a stream"),
            Link::Paused => assert!(!self.open, "paused with a stream"),
            Link::Reconnecting { in_s } => assert!(u64::from(in_s) * 1_000 <= CAP, "{in_s} s"),
            Link::Connecting | Link::Polling => {}
        }
    }
}

fn inputs() -> impl Strategy<Value = Vec<(u64, Input)>> {
    let input = prop_oneof![
        4 => Just(Input::Tick),
        2 => Just(Input::Opened),
        4 => Just(Input::Message),
        4 => Just(Input::Failed),
        1 => Just(Input::Hidden),
        1 => Just(Input::Visible),
        1 => Just(Input::Online),
        1 => Just(Input::PollAnswered),
        1 => Just(Input::PollFailed),
    ];
    let pause = prop_oneof![5 => 0..3_000_u64, 1 => 3_000..70_000_u64, 1 => Just(0)];
    prop::collection::vec((pause, input), 0..200)
}

proptest! {
    /// Whatever happened, and even where events come that can't: never two streams, and a visible page always gets
    /// back to a live one as soon as a server answers.
    #[test]
    fn never_two_streams_and_never_stuck(seed: u64, script in inputs()) {
        let mut browser = Browser { session: Session::new(seed), now: 0, open: false, asked: false };
        for (pause, input) in script {
            browser.now += pause;
            browser.step(input);
        }
        // The page is seen, and the server answers whatever is opened.
        browser.step(Input::Visible);
        let deadline = browser.now + CONNECT_LIMIT_MS + SILENCE_LIMIT_MS + CAP + 2_000;
        while browser.session.link() != Link::Live || browser.session.is_silent(1_000) {
            prop_assert!(browser.now < deadline, "stuck: {:?}", browser.session);
            browser.now += 1_000;
            let was_open = browser.open;
            browser.step(Input::Tick);
            if browser.open && !was_open {
                browser.step(Input::Message);
            }
        }
    }

    /// A page without any server keeps trying, and asks too.
    #[test]
    fn without_a_server_it_never_gives_up(seed: u64) {
        let mut browser = Browser { session: Session::new(seed), now: 0, open: false, asked: false };
        let (mut tries, mut questions) = (0, 0);
        for _ in 0..600 {
            browser.now += 1_000;
            browser.step(Input::Tick);
            if browser.open {
                tries += 1;
                browser.step(Input::Failed);
            }
            if std::mem::take(&mut browser.asked) {
                questions += 1;
                browser.step(Input::PollFailed);
            }
        }
        prop_assert!((20..=60).contains(&tries), "{} tries in ten minutes", tries);
        prop_assert!((110..=121).contains(&questions), "{} questions in ten minutes", questions);
    }
}
