//! A reader's stream of frames.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep};

use super::{
    Hub,
    bits::Bits,
    channel::{Channel, Frames},
    encode,
    limits::Permit,
    reader::{Reader, Signal},
};

/// Frames for one reader, made when they are asked for: the greeting, a snapshot, then the newest of what changed.
/// Ends when the server goes down or the reader has stalled. Dropping it takes the reader out of every count.
pub struct TickerStream {
    hub: Arc<Hub>,
    reader: Arc<Reader>,
    hello: Option<Bytes>,
    /// What the reader has seen of each of its channels.
    positions: Vec<Position>,
    /// Positions that are being sent.
    statuses: Bits,
    tickers: Bits,
    pace: Option<Pace>,
    last_id: u64,
    ended: bool,
    _permit: Permit,
}

/// Ids of the last messages sent.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    ticker: u64,
    status: u64,
}

/// A reader that asked for fewer messages: the only ones with a timer of their own.
struct Pace {
    every: Duration,
    /// When the next round may begin; `None` before the first.
    next: Option<Pin<Box<Sleep>>>,
}

impl TickerStream {
    pub(super) fn new(hub: Arc<Hub>, reader: Arc<Reader>, hello: Bytes, pace: Duration, permit: Permit) -> Self {
        // The snapshot says how fresh things are; only later changes are news.
        let seen = |channel: &usize| {
            let frames = hub.channels.get(*channel).and_then(Channel::frames);
            Position {
                ticker: 0,
                status: frames.and_then(|f| f.status.as_ref().map(|(id, _)| *id)).unwrap_or_default(),
            }
        };
        let positions = reader.channels.iter().map(seen).collect();
        Self {
            hub,
            reader,
            hello: Some(hello),
            positions,
            statuses: Bits::default(),
            tickers: Bits::default(),
            pace: (!pace.is_zero()).then(|| Pace { every: pace, next: None }),
            last_id: 0,
            ended: false,
            _permit: permit,
        }
    }

    /// The next ticker that the reader has not seen.
    fn next_ticker(&mut self, cx: &mut Context<'_>) -> Option<Bytes> {
        loop {
            while let Some(position) = self.tickers.pop() {
                let Some((frames, seen)) = self.at(position) else { continue };
                if frames.id > seen.ticker {
                    seen.ticker = frames.id;
                    self.last_id = frames.id;
                    return Some(frames.ticker.clone());
                }
            }
            if !self.reader.has_tickers() || !self.may_go_on(cx) {
                return None;
            }
            self.tickers = self.reader.take_tickers();
        }
    }

    /// The next change of freshness that the reader has not seen. These wait for no pace.
    fn next_status(&mut self) -> Option<Bytes> {
        loop {
            while let Some(position) = self.statuses.pop() {
                let Some((frames, seen)) = self.at(position) else { continue };
                if let Some((id, bytes)) = frames.status.as_ref().filter(|(id, _)| *id > seen.status) {
                    seen.status = *id;
                    return Some(bytes.clone());
                }
            }
            self.statuses = self.reader.take_statuses();
            if self.statuses == Bits::default() {
                return None;
            }
        }
    }

    fn at(&mut self, position: usize) -> Option<(Arc<Frames>, &mut Position)> {
        let frames = self.hub.channels.get(*self.reader.channels.get(position)?)?.frames()?;
        Some((frames, self.positions.get_mut(position)?))
    }

    /// Whether the pace lets the next round of tickers begin. If not, the stream is woken when it does.
    fn may_go_on(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(pace) = &mut self.pace else { return true };
        match &mut pace.next {
            Some(next) => {
                if next.as_mut().poll(cx).is_pending() {
                    return false;
                }
                next.as_mut().reset(Instant::now() + pace.every);
            }
            None => pace.next = Some(Box::pin(sleep(pace.every))),
        }
        true
    }
}

impl Stream for TickerStream {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        this.reader.look(cx.waker());
        if this.reader.take(Signal::Close) || this.hub.shutdown.is_cancelled() {
            this.ended = true;
            return Poll::Ready(Some(encode::GOODBYE));
        }
        if let Some(hello) = this.hello.take() {
            return Poll::Ready(Some(hello));
        }
        if this.reader.take(Signal::KeepAlive) {
            return Poll::Ready(Some(encode::KEEP_ALIVE));
        }
        if this.reader.take(Signal::Heartbeat)
            && let Some(heartbeat) = encode::heartbeat(this.last_id, this.hub.clock.wall())
        {
            return Poll::Ready(Some(heartbeat));
        }
        match this.next_status().or_else(|| this.next_ticker(cx)) {
            Some(frame) => Poll::Ready(Some(frame)),
            None => Poll::Pending,
        }
    }
}

impl Drop for TickerStream {
    fn drop(&mut self) {
        self.hub.unregister(&self.reader);
    }
}
