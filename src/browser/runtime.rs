//! Carries out what the session decides, and feeds it with what happens.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::{
    prelude::{GetUntracked, set_timeout},
    task::spawn_local,
};

use super::{
    clock::{now_ms, seed},
    event_source::{Stream, StreamEvent},
    frames::Frames,
    page,
};
use crate::{
    api::get_tickers::get_tickers,
    live::{
        clock::ServerClock,
        message::{self, Reading},
        session::{Input, Session, StreamOrder},
        store::LiveStore,
    },
    model::time::UnixMs,
    wire::realtime::RealtimeMessage,
};

/// Added to the quiet limit before a stream that says nothing is called silent: the way through the network, and the
/// second between two ticks.
const SILENCE_GRACE_MS: f64 = 2_000.0;

/// The one live connection of a tab. Lives as long as the tab.
struct Runtime {
    store: LiveStore,
    address: String,
    silence_limit_ms: u64,
    session: RefCell<Session>,
    clock: RefCell<ServerClock>,
    stream: RefCell<Option<Stream>>,
    frames: Frames,
    /// A timer for the next try runs.
    alarmed: Cell<bool>,
    /// Messages that could not be read.
    malformed: Cell<u32>,
}

/// Follows the server into `store`.
pub fn start(store: LiveStore) {
    let symbols: Vec<String> = store.site().assets.iter().map(|a| a.symbol.to_string()).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; seconds of a setting")]
    let silence_limit_ms = (store.site().quiet_after_s * 1_000.0 + SILENCE_GRACE_MS) as u64;
    let flushed = store.clone();
    let runtime = Rc::new(Runtime {
        address: format!("/api/realtime?symbols={}", symbols.join(",")),
        silence_limit_ms,
        session: RefCell::new(Session::new(seed())),
        clock: RefCell::new(ServerClock::new(store.now().get_untracked(), now_ms())),
        stream: RefCell::new(None),
        frames: Frames::new(move || flushed.flush()),
        alarmed: Cell::new(false),
        malformed: Cell::new(0),
        store,
    });
    let listening = Rc::clone(&runtime);
    page::listen(move |input| {
        listening.step(input);
        if input == Input::Tick {
            listening.store.set_now(listening.clock.borrow().now(now_ms()));
        }
    });
    runtime.step(Input::Tick);
}

impl Runtime {
    /// Lets the session decide, does it, and shows the state.
    fn step(self: &Rc<Self>, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            if input == Input::Failed {
                self.close();
            }
            let orders = self.session.borrow_mut().step(now_ms(), input);
            match orders.stream {
                Some(StreamOrder::Open) if !self.open() => next = Some(Input::Failed),
                Some(StreamOrder::Close) => self.close(),
                Some(StreamOrder::Open) | None => {}
            }
            if orders.poll {
                self.poll();
            }
        }
        let session = self.session.borrow();
        self.store.set_link(session.link());
        self.store.set_silent(session.is_silent(self.silence_limit_ms));
        if let Some(wait_ms) = session.wait_ms() {
            self.wake_in(wait_ms);
        }
    }

    /// Looks at the session again when the next try is due. One timer at a time; the tick sees to what it misses.
    fn wake_in(self: &Rc<Self>, wait_ms: u64) {
        if !self.alarmed.replace(true) {
            let runtime = Rc::clone(self);
            let wake = move || {
                runtime.alarmed.set(false);
                runtime.step(Input::Tick);
            };
            set_timeout(wake, Duration::from_millis(wait_ms));
        }
    }

    fn open(self: &Rc<Self>) -> bool {
        let runtime = Rc::downgrade(self);
        let stream = Stream::open(&self.address, move |event| {
            let Some(runtime) = runtime.upgrade() else { return };
            match event {
                StreamEvent::Opened => runtime.step(Input::Opened),
                StreamEvent::Message(text) => runtime.hear(&text),
                StreamEvent::Failed => runtime.step(Input::Failed),
            }
        });
        let stream = stream.ok();
        let opened = stream.is_some();
        self.stream.replace(stream);
        opened
    }

    /// Closes the stream, right after the current callback: that may be one of its own, which must not free itself.
    fn close(&self) {
        let stream = self.stream.take();
        if stream.is_some() {
            spawn_local(async move { drop(stream) });
        }
    }

    fn hear(self: &Rc<Self>, text: &str) {
        match message::read(text) {
            Reading::Known(message) => {
                self.tell_time(&message);
                self.store.take(message);
                self.frames.request();
            }
            Reading::Unknown => {}
            Reading::Malformed => {
                // No proof of life: a stream of nothing else is given up.
                self.malformed.set(self.malformed.get().saturating_add(1));
                if self.malformed.get() == 1 {
                    leptos::logging::warn!("a message of the live stream could not be read; said once");
                }
                return;
            }
        }
        self.step(Input::Message);
    }

    /// Learns the server's time from a message.
    fn tell_time(&self, message: &RealtimeMessage) {
        let mut clock = self.clock.borrow_mut();
        match message {
            RealtimeMessage::Connected(connected) => {
                if let Some(at) = UnixMs::parse_rfc3339(&connected.timestamp) {
                    clock.reset(at, now_ms());
                }
            }
            RealtimeMessage::Heartbeat(heartbeat) => {
                if let Some(at) = UnixMs::parse_rfc3339(&heartbeat.timestamp) {
                    clock.observe(at, now_ms());
                }
            }
            RealtimeMessage::Ticker { data } => clock.observe(data.received_at, now_ms()),
            RealtimeMessage::Status { .. } | RealtimeMessage::Story { .. } | RealtimeMessage::Gap { .. } => {}
        }
    }

    /// Asks for all tickers once.
    fn poll(self: &Rc<Self>) {
        let runtime = Rc::clone(self);
        let asked = self.store.ask();
        spawn_local(async move {
            match get_tickers(Vec::new()).await {
                Ok(tickers) => {
                    runtime.store.answer(asked, tickers);
                    runtime.frames.request();
                    runtime.step(Input::PollAnswered);
                }
                // What went wrong shows in the link; the next question follows by itself.
                Err(_) => runtime.step(Input::PollFailed),
            }
        });
    }
}
