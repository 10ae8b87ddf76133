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
    api::{get_stories::get_stories, get_tickers::get_tickers},
    live::{
        clock::ServerClock,
        message::{self, Reading},
        session::{Input, Session, StreamOrder},
        store::LiveStore,
    },
    model::time::UnixMs,
    wire::{
        news::{GapReason, StoriesQuery},
        realtime::RealtimeMessage,
    },
};

/// Added to the quiet limit before a stream that says nothing is called silent: the way through the network, and the
/// second between two ticks.
const SILENCE_GRACE_MS: f64 = 2_000.0;

/// How many of the newest stories are asked for while the stream is away or has a gap: as many as one answer holds.
const NEWEST: u8 = 100;

/// The one live connection of a tab. Lives as long as the tab.
struct Runtime {
    store: LiveStore,
    /// The symbols, with commas between them.
    symbols: String,
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
        symbols: symbols.join(","),
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

    /// Where the stream goes on: after the last entry of the log that this page has. Each stream is one that is opened
    /// anew, which the browser does not know how to resume.
    fn address(&self) -> String {
        let prices = format!("/api/realtime?symbols={}", self.symbols);
        let news = self.store.news();
        if news.is_on() { format!("{prices}&news=1&lastEventId={}", news.position()) } else { prices }
    }

    fn open(self: &Rc<Self>) -> bool {
        let runtime = Rc::downgrade(self);
        let stream = Stream::open(&self.address(), move |event| {
            let Some(runtime) = runtime.upgrade() else { return };
            match event {
                StreamEvent::Opened => runtime.step(Input::Opened),
                StreamEvent::Message { text, id } => runtime.hear(&text, &id),
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

    fn hear(self: &Rc<Self>, text: &str, id: &str) {
        match message::read(text) {
            Reading::Known(message) => {
                self.tell_time(&message);
                if let RealtimeMessage::Heartbeat(heartbeat) = &message {
                    self.remember(&heartbeat.last_id);
                }
                if let RealtimeMessage::StreamError { data } = &message {
                    self.step(Input::Ending { after_ms: data.retry.delay_ms });
                }
                let gap = if let RealtimeMessage::Gap { data } = &message { Some(data.reason) } else { None };
                self.store.take(message);
                self.remember(id);
                self.frames.request();
                if let Some(reason) = gap {
                    self.ask_for_stories(reason == GapReason::Restarted);
                }
            }
            Reading::Unknown => self.remember(id),
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

    /// Remembers how far the page is in the log. Without news, ids are those of prices.
    fn remember(&self, id: &str) {
        let news = self.store.news();
        if let (true, Ok(position)) = (news.is_on(), id.parse()) {
            news.reached(position);
        }
    }

    /// Asks for the newest stories: the stream is away, or can't tell what was missed.
    /// `replaces`: the server has other data than before.
    fn ask_for_stories(self: &Rc<Self>, replaces: bool) {
        let runtime = Rc::clone(self);
        let news = self.store.news();
        let asked = news.ask();
        spawn_local(async move {
            let query = StoriesQuery { limit: NEWEST, ..StoriesQuery::default() };
            match get_stories(query).await {
                Ok(page) => {
                    news.answer(asked, page.stories, replaces);
                    runtime.frames.request();
                }
                // While the stream is away the next question follows by itself.
                Err(error) => leptos::logging::warn!("stories may be missing until the page is loaded anew: {error}"),
            }
        });
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
            RealtimeMessage::Status { .. }
            | RealtimeMessage::Story { .. }
            | RealtimeMessage::Gap { .. }
            | RealtimeMessage::StreamError { .. } => {}
        }
    }

    /// Asks for all tickers once, and for the newest stories.
    fn poll(self: &Rc<Self>) {
        if self.store.news().is_on() {
            self.ask_for_stories(false);
        }
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
