//! A reader's stream of frames.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;

use super::{
    Hub,
    channel::PriceForm,
    encode,
    ending::End,
    envelope, events,
    limits::Permit,
    reader::{Reader, Signal},
    resume::{LogCursor, Told},
    tickers::TickerCursor,
};

/// Frames for one reader, made when they are asked for: the greeting, what it missed of the log, a snapshot, then what
/// is new. Ends when the server goes down or the reader has stalled. Dropping it takes the reader out of every count.
pub struct FrameStream {
    hub: Arc<Hub>,
    reader: Arc<Reader>,
    voice: Voice,
    form: PriceForm,
    hello: Option<Bytes>,
    tickers: TickerCursor,
    /// Where the reader follows the log.
    log: Option<LogCursor>,
    /// Id of the last ticker message that was sent.
    last_id: u64,
    ended: bool,
    _permit: Permit,
}

/// The words that a stream has for what is not data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// Messages without a name: pages, and clients of one symbol.
    Messages,
    /// Named events.
    Events,
    /// Named events of a channel, each in an envelope.
    Envelopes,
    /// What somebody publishes, as messages without a name; anything else by name, and rarely.
    Plain,
}

impl FrameStream {
    pub(super) fn new(
        hub: Arc<Hub>,
        voice: Voice,
        hello: Bytes,
        tickers: TickerCursor,
        log: Option<LogCursor>,
        reader: Arc<Reader>,
        permit: Permit,
    ) -> Self {
        let form = match voice {
            Voice::Messages if log.is_some() => PriceForm::TickerWithoutId,
            Voice::Messages => PriceForm::Ticker,
            // Channels have no prices.
            Voice::Events | Voice::Envelopes | Voice::Plain => PriceForm::Event,
        };
        Self { hub, reader, voice, form, hello: Some(hello), tickers, log, last_id: 0, ended: false, _permit: permit }
    }

    /// The next price that the reader has not seen.
    fn next_price(&mut self, cx: &mut Context<'_>) -> Option<Bytes> {
        loop {
            let frames = self.tickers.next(cx)?;
            if let Some(bytes) = frames.price(self.form) {
                self.last_id = frames.id;
                return Some(bytes);
            }
        }
    }

    /// The next change of freshness. Price events carry it themselves.
    fn next_status(&mut self) -> Option<Bytes> {
        if self.form == PriceForm::Event { None } else { self.tickers.next_status() }
    }

    fn next_of_log(&mut self, cx: &mut Context<'_>) -> Option<Bytes> {
        let log = self.log.as_mut()?;
        if self.reader.take_log() {
            log.look_again();
        }
        match (log.next(cx)?, self.voice) {
            (Told::Entry(entry), _) => Some(entry.frame.clone()),
            (Told::Gap(to, gap), Voice::Messages) => encode::gap(to, gap),
            (Told::Gap(to, gap), Voice::Events | Voice::Plain) => events::gap(to, &gap),
            (Told::Gap(to, gap), Voice::Envelopes) => envelope::gap(to, &gap, self.hub.clock.wall()),
        }
    }

    fn heartbeat(&self) -> Option<Bytes> {
        let now = self.hub.clock.wall();
        let position = self.log.as_ref().map(LogCursor::position);
        match (self.voice, position) {
            (Voice::Messages, None) => encode::heartbeat(self.last_id, now, None),
            (Voice::Messages, Some(position)) => encode::heartbeat(0, now, position),
            (Voice::Events, position) => events::heartbeat(position.flatten(), now),
            (Voice::Envelopes, position) => envelope::ping(position.flatten(), now),
            // Every message is somebody's; keep-alives say that the connection stands.
            (Voice::Plain, _) => None,
        }
    }

    fn end(&mut self, end: End) -> Option<Bytes> {
        self.ended = true;
        let told = end.told_to(self.reader.id);
        match self.voice {
            Voice::Messages => encode::end(told),
            Voice::Events | Voice::Plain => events::end(&told),
            Voice::Envelopes => envelope::end(&told, self.hub.clock.wall()),
        }
    }
}

impl Stream for FrameStream {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        this.reader.look(cx.waker());
        if this.reader.take(Signal::Close) || this.hub.shutdown.is_cancelled() {
            let end = if this.hub.shutdown.is_cancelled() { End::GoingDown } else { End::TooSlow };
            return Poll::Ready(this.end(end));
        }
        if let Some(hello) = this.hello.take() {
            return Poll::Ready(Some(hello));
        }
        if this.reader.take(Signal::KeepAlive) {
            return Poll::Ready(Some(encode::KEEP_ALIVE));
        }
        if this.reader.take(Signal::Heartbeat)
            && let Some(heartbeat) = this.heartbeat()
        {
            return Poll::Ready(Some(heartbeat));
        }
        if let Some(frame) = this.next_status().or_else(|| this.next_of_log(cx)) {
            return Poll::Ready(Some(frame));
        }
        if this.log.as_ref().is_some_and(LogCursor::has_ended) {
            return Poll::Ready(this.end(End::Removed));
        }
        this.next_price(cx).map_or(Poll::Pending, |frame| Poll::Ready(Some(frame)))
    }
}

impl Drop for FrameStream {
    fn drop(&mut self) {
        self.hub.unregister(&self.reader);
    }
}
