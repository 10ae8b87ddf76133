use super::*;

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
