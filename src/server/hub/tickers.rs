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
    Hub, MAX_SYMBOLS_PER_READER,
    bits::Bits,
    channel::{Channel, Frames},
    limits::Refusal,
    reader::Reader,
};

/// What a reader has seen of each of its channels, and what it is being sent.
pub(super) struct TickerCursor {
    hub: Arc<Hub>,
    reader: Arc<Reader>,
    /// Those of the reader. `None` is free.
    positions: Vec<Option<Position>>,
    /// Positions that are being sent.
    statuses: Bits,
    tickers: Bits,
    pace: Option<Pace>,
}

/// A channel, and the ids of the last messages sent of it.
#[derive(Debug, Clone, Copy)]
struct Position {
    channel: usize,
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
    /// Of a reader of these channels, in this order.
    pub(super) fn new(hub: Arc<Hub>, reader: Arc<Reader>, channels: &[usize], pace: Duration) -> Self {
        // The snapshot says how fresh things are; only later changes are news.
        let seen = |channel: &usize| {
            let frames = hub.channels.get(*channel).and_then(Channel::frames);
            Some(Position {
                channel: *channel,
                ticker: 0,
                status: frames.and_then(|f| f.status.as_ref().map(|(id, _)| *id)).unwrap_or_default(),
            })
        };
        let positions = channels.iter().map(seen).collect();
        Self {
            hub,
            reader,
            positions,
            statuses: Bits::default(),
            tickers: Bits::default(),
            pace: (!pace.is_zero()).then(|| Pace { every: pace, next: None }),
        }
    }

    /// Takes a channel in; its newest price is the next one. A channel that is followed already is begun anew.
    ///
    /// # Errors
    /// [`Refusal::TooManySymbols`] where every position is taken.
    pub(super) fn add(&mut self, channel: usize) -> Result<(), Refusal> {
        let taken = |position: &Option<Position>| position.is_some_and(|p| p.channel == channel);
        let known = self.positions.iter().position(taken);
        let position = known
            .or_else(|| self.positions.iter().position(Option::is_none))
            .or_else(|| (self.positions.len() < MAX_SYMBOLS_PER_READER).then_some(self.positions.len()))
            .ok_or(Refusal::TooManySymbols)?;
        let fresh = Some(Position { channel, ticker: 0, status: 0 });
        match self.positions.get_mut(position) {
            Some(slot) => *slot = fresh,
            None => self.positions.push(fresh),
        }
        if known.is_none() {
            self.hub.join(&self.reader, position, channel);
        }
        self.reader.want(position);
        Ok(())
    }

    /// Leaves a channel out from here on.
    pub(super) fn remove(&mut self, channel: usize) {
        let taken = |position: &Option<Position>| position.is_some_and(|p| p.channel == channel);
        if let Some(position) = self.positions.iter().position(taken) {
            if let Some(slot) = self.positions.get_mut(position) {
                *slot = None;
            }
            self.hub.leave(&self.reader, position);
        }
    }

    /// The frames of the next price that the reader has not seen.
    pub(super) fn next(&mut self, cx: &mut Context<'_>) -> Option<Arc<Frames>> {
        loop {
            while let Some(position) = self.tickers.pop() {
                let Some((frames, seen)) = self.at(position) else { continue };
                if frames.id > seen.ticker {
                    seen.ticker = frames.id;
                    return Some(frames);
                }
            }
            if !self.reader.has_tickers() || !self.may_go_on(cx) {
                return None;
            }
            self.tickers = self.reader.take_tickers();
        }
    }

    /// The next change of freshness that the reader has not seen. These wait for no pace.
    pub(super) fn next_status(&mut self) -> Option<Bytes> {
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
        let seen = self.positions.get_mut(position)?.as_mut()?;
        Some((self.hub.channels.get(seen.channel)?.frames()?, seen))
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
