//! A reader's stream of frames.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;

use super::{
    Hub, encode,
    ending::End,
    events,
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
        Self { hub, reader, voice, hello: Some(hello), tickers, log, last_id: 0, ended: false, _permit: permit }
    }

    fn next_of_log(&mut self, cx: &mut Context<'_>) -> Option<Bytes> {
        let log = self.log.as_mut()?;
        if self.reader.take_log() {
            log.look_again();
        }
        match (log.next(cx)?, self.voice) {
            (Told::Entry(frame), _) => Some(frame),
            (Told::Gap(to, gap), Voice::Messages) => encode::gap(to, gap),
            (Told::Gap(to, gap), Voice::Events) => events::gap(to, &gap),
        }
    }

    fn heartbeat(&self) -> Option<Bytes> {
        let now = self.hub.clock.wall();
        let position = self.log.as_ref().map(LogCursor::position);
        match (self.voice, position) {
            (Voice::Messages, None) => encode::heartbeat(self.last_id, now, None),
            (Voice::Messages, Some(position)) => encode::heartbeat(0, now, position),
            (Voice::Events, position) => events::heartbeat(position.flatten(), now),
        }
    }

    fn goodbye(&self) -> Option<Bytes> {
        let end = if self.hub.shutdown.is_cancelled() { End::GoingDown } else { End::TooSlow };
        let told = end.told_to(self.reader.id);
        match self.voice {
            Voice::Messages => encode::end(told),
            Voice::Events => events::end(&told),
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
            this.ended = true;
            return Poll::Ready(this.goodbye());
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
        if let Some(frame) = this.tickers.next_status().or_else(|| this.next_of_log(cx)) {
            return Poll::Ready(Some(frame));
        }
        match this.tickers.next_price(cx) {
            Some((id, frame)) => {
                this.last_id = id;
                Poll::Ready(Some(frame))
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for FrameStream {
    fn drop(&mut self) {
        self.hub.unregister(&self.reader);
    }
}
