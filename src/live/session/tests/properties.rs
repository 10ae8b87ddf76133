use proptest::prelude::*;

use super::*;

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
        1 => (0_u64..120_000).prop_map(|after_ms| Input::Ending { after_ms }),
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
