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
use crate::model::symbol::Symbol;

/// What a reader has seen of each of its channels, and what it is being sent.
pub(super) struct TickerCursor {
    reader: Arc<Reader>,
    /// Those of the reader. `None` is free.
    positions: Vec<Option<Position>>,
    /// Positions that are being sent.
    statuses: Bits,
    tickers: Bits,
    pace: Option<Pace>,
    /// Tickers that newer ones replaced before the reader took them, since this was last asked for.
    superseded: u64,
}

/// A channel, and the ids of the last messages sent of it.
#[derive(Debug, Clone)]
struct Position {
    channel: Arc<Channel>,
    ticker: u64,
    status: u64,
    /// The number of that ticker among those of its symbol; 0 before the first.
    count: u64,
}

/// A reader that asked for fewer messages: the only ones with a timer of their own.
struct Pace {
    every: Duration,
    /// When the next round may begin; `None` before the first.
    next: Option<Pin<Box<Sleep>>>,
}

impl TickerCursor {
    /// Of a reader of these channels, in this order.
    pub(super) fn new(reader: Arc<Reader>, channels: Vec<Arc<Channel>>, pace: Duration) -> Self {
        // The snapshot says how fresh things are; only later changes are news.
        let seen = |channel: Arc<Channel>| {
            let frames = channel.frames();
            Some(Position {
                channel,
                ticker: 0,
                count: 0,
                status: frames.as_deref().and_then(|f| f.status.as_ref()).map(|(id, _)| *id).unwrap_or_default(),
            })
        };
        let positions = channels.into_iter().map(seen).collect();
        Self {
            reader,
            positions,
            statuses: Bits::default(),
            tickers: Bits::default(),
            pace: (!pace.is_zero()).then(|| Pace { every: pace, next: None }),
            superseded: 0,
        }
    }

    /// Takes a channel in; its newest price is the next one. A channel that is followed already is begun anew.
    ///
    /// # Errors
    /// [`Refusal::TooManySymbols`] where every position is taken.
    pub(super) fn add(&mut self, channel: Arc<Channel>) -> Result<(), Refusal> {
        let known = self.position_of(channel.symbol());
        let position = known
            .or_else(|| self.positions.iter().position(Option::is_none))
            .or_else(|| (self.positions.len() < MAX_SYMBOLS_PER_READER).then_some(self.positions.len()))
            .ok_or(Refusal::TooManySymbols)?;
        let fresh = Some(Position { channel: Arc::clone(&channel), ticker: 0, status: 0, count: 0 });
        match self.positions.get_mut(position) {
            Some(slot) => *slot = fresh,
            None => self.positions.push(fresh),
        }
        if known.is_none() {
            Hub::join(&self.reader, position, channel);
        }
        self.reader.want(position);
        Ok(())
    }

    /// Leaves the channel of a symbol out from here on.
    pub(super) fn remove(&mut self, symbol: Symbol) {
        if let Some(position) = self.position_of(symbol) {
            if let Some(slot) = self.positions.get_mut(position) {
                *slot = None;
            }
            Hub::leave(&self.reader, position);
        }
    }

    fn position_of(&self, symbol: Symbol) -> Option<usize> {
        self.positions.iter().position(|taken| taken.as_ref().is_some_and(|taken| taken.channel.symbol() == symbol))
    }

    /// What is wanted of the next price that the reader has not seen. A price of which there is nothing is passed over.
    pub(super) fn next<T>(&mut self, cx: &mut Context<'_>, wanted: impl Fn(&Frames) -> Option<T>) -> Option<T> {
        loop {
            if let Some(found) = self.next_of_round(&wanted) {
                return Some(found);
            }
            if !self.reader.has_tickers() || !self.may_go_on(cx) {
                return None;
            }
            self.tickers = self.reader.take_tickers();
        }
    }

    /// The same, of those that the reader has begun to be sent.
    pub(super) fn next_of_round<T>(&mut self, wanted: impl Fn(&Frames) -> Option<T>) -> Option<T> {
        while let Some(position) = self.tickers.pop() {
            let Some(seen) = self.positions.get_mut(position).and_then(Option::as_mut) else { continue };
            let frames = seen.channel.frames();
            let Some(frames) = frames.as_deref().filter(|frames| frames.id > seen.ticker) else { continue };
            seen.ticker = frames.id;
            let missed = if seen.count == 0 { 0 } else { frames.count.saturating_sub(seen.count + 1) };
            seen.count = frames.count;
            self.superseded += missed;
            let found = wanted(frames);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// How many prices were replaced by newer ones before the reader took them, since this was last asked.
    pub(super) const fn take_superseded(&mut self) -> u64 {
        std::mem::replace(&mut self.superseded, 0)
    }

    /// The next change of freshness that the reader has not seen. These wait for no pace.
    pub(super) fn next_status(&mut self) -> Option<Bytes> {
        loop {
            while let Some(position) = self.statuses.pop() {
                let Some(seen) = self.positions.get_mut(position).and_then(Option::as_mut) else { continue };
                let frames = seen.channel.frames();
                let status = frames.as_deref().and_then(|frames| frames.status.as_ref());
                if let Some((id, bytes)) = status.filter(|(id, _)| *id > seen.status) {
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
