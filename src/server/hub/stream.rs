//! A reader's stream of frames.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, future::BoxFuture};

use super::{
    Hub,
    channel::{Frames, PriceForm},
    encode,
    ending::End,
    envelope, events,
    limits::Permit,
    reader::{Reader, Signal},
    resume::{LogCursor, Told},
    tally::Tally,
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
    tally: Tally,
    ended: bool,
    /// The end of the reader's token, if it came with one.
    denied: Option<BoxFuture<'static, ()>>,
    _permit: Permit,
    /// What the reader needs while it reads. Let go of after the reader was forgotten.
    kept: Vec<Box<dyn Send>>,
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
        Self {
            hub,
            reader,
            voice,
            form,
            hello: Some(hello),
            tickers,
            log,
            last_id: 0,
            tally: Tally::default(),
            ended: false,
            denied: None,
            _permit: permit,
            kept: Vec::new(),
        }
    }

    /// Keeps something for as long as the stream lives: the interest in its symbols.
    #[must_use]
    pub fn keeping(mut self, what: impl Send + 'static) -> Self {
        self.kept.push(Box::new(what));
        self
    }

    /// Ends with `denied`: when the reader may no longer read.
    #[must_use]
    pub fn until(mut self, denied: impl Future<Output = ()> + Send + 'static) -> Self {
        self.denied = Some(denied.boxed());
        self
    }

    /// The next price that the reader has not seen.
    fn next_price(&mut self, cx: &mut Context<'_>) -> Option<Bytes> {
        let (id, price) = self.tickers.next(cx, in_form(self.form))?;
        self.last_id = id;
        Some(price)
    }

    /// The next price of the round that is being sent.
    fn next_of_round(&mut self) -> Option<Bytes> {
        let (id, price) = self.tickers.next_of_round(in_form(self.form))?;
        self.last_id = id;
        Some(price)
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

    /// Counts what was handed out.
    fn settle(&mut self) {
        self.tally.settle(&self.reader.presence, self.tickers.take_superseded());
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

/// A price with its id.
fn in_form(form: PriceForm) -> impl Fn(&Frames) -> Option<(u64, Bytes)> {
    move |frames| Some((frames.id, frames.price(form)?))
}

impl Stream for FrameStream {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        // What else there may be was looked at when the round began, which is one price a symbol. Only signals come first.
        if !this.reader.has_signals()
            && let Some(price) = this.next_of_round()
        {
            this.tally.delivered();
            return Poll::Ready(Some(price));
        }
        this.reader.look(cx.waker());
        if this.reader.take(Signal::Close) || this.hub.shutdown.is_cancelled() {
            let end = if this.hub.shutdown.is_cancelled() { End::GoingDown } else { End::TooSlow };
            return Poll::Ready(this.end(end));
        }
        if this.denied.as_mut().is_some_and(|denied| denied.poll_unpin(cx).is_ready()) {
            return Poll::Ready(this.end(End::Denied));
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
        let next = this.next_status().or_else(|| this.next_of_log(cx)).or_else(|| this.next_price(cx));
        match next {
            Some(frame) => {
                this.tally.delivered();
                Poll::Ready(Some(frame))
            }
            None if this.log.as_ref().is_some_and(LogCursor::has_ended) => Poll::Ready(this.end(End::Removed)),
            None => {
                this.settle();
                Poll::Pending
            }
        }
    }
}

impl Drop for FrameStream {
    fn drop(&mut self) {
        self.settle();
        self.hub.unregister(&self.reader);
    }
}
