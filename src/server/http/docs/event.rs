//! What comes on each stream.

/// One kind of message or event.
pub(super) struct Event {
    /// Its name: `event:`, or `type` in messages without one.
    pub name: &'static str,
    /// The shape of its data, by its name in the description; `None` where the shape of the message says all.
    pub shape: Option<&'static str>,
    pub about: &'static str,
}

const fn event(name: &'static str, shape: &'static str, about: &'static str) -> Event {
    Event { name, shape: Some(shape), about }
}

const REALTIME: [Event; 6] = [
    event("connected", "Connected", "The first message: what the stream is of."),
    event("ticker", "Ticker", "The newest state of one asset. A slow reader gets the newest, never a backlog."),
    event("status", "StatusChange", "The freshness of an asset or of one of its venues changed."),
    event("story", "StoryHead", "With news=1: a story is new or changed. Its id is its place in the log."),
    event("gap", "Gap", "With news=1: stories may have been missed."),
    event("heartbeat", "Heartbeat", "Every 30 s."),
];

const EVENTS: [Event; 9] = [
    event("connected", "EventConnected", "The first event: what was asked for, as it was understood."),
    event("news", "ArticleBody", "An article. Its id is its place in the log."),
    event("breaking", "ArticleBody", "An article whose story is breaking, with the reasons; once for each story."),
    event("breaking_update", "ArticleBody", "The verdict changed: upgraded, or taken back by its sources."),
    event("story_update", "StoryUpdate", "A known story gained a source, or the prices after it became known."),
    event("price", "Price", "The price of an asset; no id, as only the newest counts."),
    event("heartbeat", "EventHeartbeat", "Every 30 s, with the place in the log up to which nothing is missing."),
    event("gap", "Gap", "What was missed can't be replayed: it has expired, or is of another log."),
    event("stream_error", "StreamError", "The last event of a stream that the server ends, and when to come back."),
];

/// The events of a stream; none for what is no stream.
pub(super) fn of(path: &str) -> &'static [Event] {
    match path {
        "/api/realtime" | "/api/realtime/{symbol}" => &REALTIME,
        "/api/sse" => &EVENTS,
        _ => &[],
    }
}
