//! Where a reader is with the prices of its symbols: the newest of each wins.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep};

use super::{
    bits::Bits,
    channel::{Channel, Frames, PriceForm},
    reader::Reader,
};

/// What a reader has seen of each of its channels, and what it is being sent.
pub(super) struct TickerCursor {
    reader: Arc<Reader>,
    form: PriceForm,
    positions: Vec<Position>,
    /// Positions that are being sent.
    statuses: Bits,
    tickers: Bits,
    pace: Option<Pace>,
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

impl TickerCursor {
    pub(super) fn new(reader: Arc<Reader>, form: PriceForm, pace: Duration) -> Self {
        // The snapshot says how fresh things are; only later changes are news.
        let seen = |channel: &Arc<Channel>| {
            let frames = channel.frames();
            Position {
                ticker: 0,
                status: frames.and_then(|f| f.status.as_ref().map(|(id, _)| *id)).unwrap_or_default(),
            }
        };
        let positions = reader.channels.iter().map(seen).collect();
        Self {
            reader,
            form,
            positions,
            statuses: Bits::default(),
            tickers: Bits::default(),
            pace: (!pace.is_zero()).then(|| Pace { every: pace, next: None }),
        }
    }

    /// The next price that the reader has not seen, with its id.
    pub(super) fn next_price(&mut self, cx: &mut Context<'_>) -> Option<(u64, Bytes)> {
        let form = self.form;
        loop {
            while let Some(position) = self.tickers.pop() {
                let Some((frames, seen)) = self.at(position) else { continue };
                if frames.id > seen.ticker {
                    seen.ticker = frames.id;
                    if let Some(bytes) = frames.price(form) {
                        return Some((frames.id, bytes));
                    }
                }
            }
            if !self.reader.has_tickers() || !self.may_go_on(cx) {
                return None;
            }
            self.tickers = self.reader.take_tickers();
        }
    }

    /// The next change of freshness that the reader has not seen. These wait for no pace. None for price events, which
    /// carry it themselves.
    pub(super) fn next_status(&mut self) -> Option<Bytes> {
        if self.form == PriceForm::Event {
            return None;
        }
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
        let frames = self.reader.channels.get(position)?.frames()?;
        Some((frames, self.positions.get_mut(position)?))
    }

    /// Whether the pace lets the next round of prices begin. If not, the stream is woken when it does.
    fn may_go_on(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(pace) = &mut self.pace else { return true };
        match &mut pace.next {
            Some(next) => {
                if next.as_mut().poll(cx) == Poll::Pending {
                    return false;
                }
                next.as_mut().reset(Instant::now() + pace.every);
            }
            None => pace.next = Some(Box::pin(sleep(pace.every))),
        }
        true
    }
}
