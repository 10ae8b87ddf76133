use super::*;

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
