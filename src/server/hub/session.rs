//! A reader whose wishes change while it is connected: what a socket holds.
//!
//! Like a stream it holds positions and no queue, however many symbols it follows: one reader, one permit.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    Hub,
    channel::Frames,
    filter::EventFilter,
    limits::{Permit, Refusal},
    log::{EventLog, Since},
    reader::{Reader, Signal},
    resume::{LogCursor, Told},
    tally::Tally,
    texts,
    tickers::TickerCursor,
};
pub use super::{
    reader::PING_INTERVAL,
    texts::{LogChannel, ticker_channel},
};
use crate::{model::symbol::Symbol, server::event::EventKind};

/// Entries before the end of the log that are no older than a moment.
const NEAR: u64 = 16;

/// What a session does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionTurn {
    /// Send this.
    Text(Utf8Bytes),
    /// Ask whether the peer is still there.
    Ping,
    /// No more.
    End(SessionEnd),
}

/// What a session of prices of pairs does next.
#[derive(Debug, Clone)]
pub enum PairTurn {
    /// Send this [`PriceUpdate`](crate::wire::rest::PriceUpdate).
    Price(Symbol, Arc<RawValue>),
    /// No more.
    End(SessionEnd),
}

/// Why the hub ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    GoingDown,
    /// Nothing was taken for the stall limit.
    TooSlow,
}

/// One reader. Dropping it takes it out of every count.
pub struct Session {
    hub: Arc<Hub>,
    reader: Arc<Reader>,
    tickers: TickerCursor,
    /// One while all channels are at one place; they become one again when they meet. At most one a channel.
    logs: Vec<LogCursor>,
    /// The named channels that it follows, each with its own log. The one that is asked last has told something last.
    named: Vec<NamedCursor>,
    /// Losses that are yet to be told.
    gaps: VecDeque<Utf8Bytes>,
    tally: Tally,
    _permit: Permit,
}

/// A named channel that a session follows.
struct NamedCursor {
    name: &'static str,
    cursor: LogCursor,
}

impl Session {
    pub(super) fn new(hub: Arc<Hub>, reader: Arc<Reader>, permit: Permit) -> Self {
        let tickers = TickerCursor::new(Arc::clone(&reader), Vec::new(), Duration::ZERO);
        Self {
            hub,
            reader,
            tickers,
            logs: Vec::new(),
            named: Vec::new(),
            gaps: VecDeque::new(),
            tally: Tally::default(),
            _permit: permit,
        }
    }

    /// Unlike that of any other reader of this server.
    pub fn client_id(&self) -> String {
        self.hub.client_id(self.reader.id)
    }

    /// Which of the server's readers it is, counted from 1.
    pub fn number(&self) -> u64 {
        self.reader.id
    }

    /// Follows the price of a symbol, or begins anew with it: the newest comes at once.
    ///
    /// # Errors
    /// [`Refusal::UnknownSymbol`], or [`Refusal::TooManySymbols`] over [`super::MAX_SYMBOLS_PER_READER`].
    pub fn follow(&mut self, symbol: Symbol) -> Result<(), Refusal> {
        self.tickers.add(self.hub.channel_of(symbol)?)
    }

    /// Follows a symbol no more.
    pub fn unfollow(&mut self, symbol: Symbol) {
        self.tickers.remove(symbol);
    }

    /// Follows channels of the log that are not followed yet, from one place on. Channels that are followed from one place
    /// on come in the order of the log.
    pub fn follow_log(&mut self, channels: &[LogChannel], since: Since) {
        let followed = |kind: &EventKind| self.logs.iter().any(|log| log.kinds().contains(kind));
        let kinds: Vec<EventKind> =
            channels.iter().flat_map(|channel| channel.kinds()).copied().filter(|kind| !followed(kind)).collect();
        if kinds.is_empty() {
            return;
        }
        let tip = self.hub.log().tip();
        let is_near = |log: &&mut LogCursor| log.position().is_some_and(|position| tip - position.min(tip) <= NEAR);
        let near = if since == Since::Now { self.logs.iter_mut().find(is_near) } else { None };
        if let Some(log) = near {
            // A moment early, and so in order with the others.
            log.set_kinds([log.kinds(), &kinds].concat());
            return;
        }
        if self.logs.is_empty() {
            self.hub.join_log(&self.reader);
        }
        let filter = EventFilter { kinds, ..EventFilter::default() };
        self.logs.push(LogCursor::new(Arc::clone(self.hub.log()), filter, since));
        self.reader.want_log();
    }

    /// The place up to which the reader has everything of the channels of the log that it follows. `None` where it follows
    /// none, or where a loss is to be told first.
    pub fn position(&self) -> Option<u64> {
        let mut places = self.logs.iter().map(LogCursor::position);
        places.next()?.and_then(|first| places.try_fold(first, |least, place| place.map(|place| least.min(place))))
    }

    /// Follows channels of the log no more.
    pub fn unfollow_log(&mut self, channels: &[LogChannel]) {
        let dropped = |kind: &EventKind| channels.iter().any(|channel| channel.kinds().contains(kind));
        for log in &mut self.logs {
            log.set_kinds(log.kinds().iter().copied().filter(|kind| !dropped(kind)).collect());
        }
        self.logs.retain(|log| !log.kinds().is_empty());
        if self.logs.is_empty() {
            self.hub.log().remove(self.reader.id);
        }
    }

    /// Follows a named channel from a place of its log on. One that is followed already is left as it is.
    pub fn follow_named(&mut self, name: &'static str, log: &Arc<EventLog>, since: Since) {
        if self.named.iter().any(|named| named.name == name) {
            return;
        }
        log.add(&self.reader);
        self.named
            .push(NamedCursor { name, cursor: LogCursor::new(Arc::clone(log), EventFilter::everything(), since) });
        self.reader.want_log();
    }

    /// Follows a named channel no more.
    pub fn unfollow_named(&mut self, name: &str) {
        for left in self.named.extract_if(.., |named| named.name == name) {
            left.cursor.log().remove(self.reader.id);
        }
    }

    /// The place up to which the reader has everything of a named channel. `None` where it does not follow it, or where a
    /// loss is to be told first.
    pub fn position_of(&self, name: &str) -> Option<u64> {
        self.named.iter().find(|named| named.name == name)?.cursor.position()
    }

    /// What comes next. Pending: nothing now; the task is woken when there is something.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<SessionTurn> {
        self.reader.look(cx.waker());
        if let Some(end) = self.end() {
            return Poll::Ready(SessionTurn::End(end));
        }
        if self.reader.take(Signal::Heartbeat) {
            return Poll::Ready(SessionTurn::Ping);
        }
        if let Some(text) = self.next_of_log(cx).or_else(|| self.next_price(cx)) {
            self.tally.delivered();
            return Poll::Ready(SessionTurn::Text(text));
        }
        self.settle();
        Poll::Pending
    }

    fn next_price(&mut self, cx: &mut Context<'_>) -> Option<Utf8Bytes> {
        self.tickers.next(cx, Frames::text)
    }

    /// Counts what was handed out.
    fn settle(&mut self) {
        self.tally.settle(&self.reader.presence, self.tickers.take_superseded());
    }

    /// The next price as that of a pair, for sessions that follow nothing of the log and whose protocol has pings of its
    /// own. Pending: nothing now; the task is woken when there is something.
    pub fn poll_pair(&mut self, cx: &mut Context<'_>) -> Poll<PairTurn> {
        self.reader.look(cx.waker());
        if let Some(end) = self.end() {
            return Poll::Ready(PairTurn::End(end));
        }
        self.reader.take(Signal::Heartbeat);
        if let Some((symbol, json)) = self.tickers.next(cx, Frames::pair) {
            self.tally.delivered();
            return Poll::Ready(PairTurn::Price(symbol, json));
        }
        self.settle();
        Poll::Pending
    }

    /// The end, for a session that can send nothing at the moment: it takes nothing, and is woken for the end only by
    /// and by, as it would be for anything else.
    pub fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<SessionEnd> {
        self.reader.wait(cx.waker());
        self.end().map_or(Poll::Pending, Poll::Ready)
    }

    /// Takes it out of every count but that of connections: from here on it costs no publication anything.
    pub fn retire(&mut self) {
        self.hub.unregister(&self.reader);
        for named in self.named.drain(..) {
            named.cursor.log().remove(self.reader.id);
        }
    }

    fn end(&self) -> Option<SessionEnd> {
        if self.hub.shutdown.is_cancelled() {
            return Some(SessionEnd::GoingDown);
        }
        self.reader.take(Signal::Close).then_some(SessionEnd::TooSlow)
    }

    fn next_of_log(&mut self, cx: &mut Context<'_>) -> Option<Utf8Bytes> {
        if self.logs.is_empty() && self.named.is_empty() {
            return None;
        }
        if self.reader.take_log() {
            self.logs.iter_mut().for_each(LogCursor::look_again);
            self.named.iter_mut().for_each(|named| named.cursor.look_again());
        }
        if let Some(gap) = self.gaps.pop_front() {
            return Some(gap);
        }
        for log in &mut self.logs {
            while let Some(told) = log.next(cx) {
                match told {
                    Told::Entry(entry) => {
                        if let Some(text) = entry.text() {
                            return Some(text);
                        }
                    }
                    Told::Gap(to, gap) => {
                        let concerned = |c: &LogChannel| c.kinds().iter().any(|kind| log.kinds().contains(kind));
                        let channels = LogChannel::ALL.into_iter().filter(concerned);
                        self.gaps.extend(channels.filter_map(|channel| texts::gap(channel.name(), to, &gap)));
                        if let Some(gap) = self.gaps.pop_front() {
                            return Some(gap);
                        }
                    }
                }
            }
        }
        self.unite();
        self.next_of_named(cx)
    }

    /// The next of the named channels. They take turns: one on which much is told holds up no other.
    fn next_of_named(&mut self, cx: &mut Context<'_>) -> Option<Utf8Bytes> {
        for n in 0..self.named.len() {
            let NamedCursor { name, cursor } = self.named.get_mut(n)?;
            while let Some(told) = cursor.next(cx) {
                let text = match told {
                    Told::Entry(entry) => entry.text(),
                    Told::Gap(to, gap) => texts::gap(name, to, &gap),
                };
                if text.is_some() {
                    self.named.rotate_left(n + 1);
                    return text;
                }
            }
        }
        None
    }

    /// Makes one of those that have met.
    fn unite(&mut self) {
        let Some((first, others)) = self.logs.split_first_mut() else { return };
        if others.is_empty() || !first.is_up_to_date() {
            return;
        }
        let mut kinds = first.kinds().to_vec();
        let place = first.position();
        others.iter_mut().filter(|log| log.is_up_to_date() && log.position() == place).for_each(|log| {
            kinds.extend_from_slice(log.kinds());
            log.set_kinds(Vec::new());
        });
        first.set_kinds(kinds);
        self.logs.retain(|log| !log.kinds().is_empty());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.settle();
        self.retire();
    }
}
