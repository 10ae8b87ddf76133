//! What a connection hears and what it does about it.

use std::mem;

use tokio::{sync::mpsc, time::Instant};
use tokio_tungstenite::tungstenite::{self, Message};
use tracing::{info, warn};

use super::{
    super::{
        connector::SessionEvent,
        context::VenueContext,
        event::{MarketEvent, Origin, Quote},
        garbage::BadFrame,
        message_kind::MessageKind,
        signal::{End, Signal},
    },
    Connection,
};
use crate::model::symbol::Symbol;

impl Connection {
    pub(super) async fn hear(&mut self, message: Option<Result<Message, tungstenite::Error>>) -> Result<(), End> {
        let now = Instant::now();
        match message {
            Some(Ok(Message::Text(text))) => self.decode(text.as_str(), now).await,
            Some(Ok(Message::Binary(_))) => self.bad_frame(BadFrame::Binary, now),
            Some(Ok(Message::Ping(_))) => {
                // The socket answers by itself.
                self.outbox.ponged(now);
                self.context.board.heard(MessageKind::Heartbeat);
                Ok(())
            }
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Ok(Message::Close(frame))) => Err(frame.map_or_else(
                || End::Lost("closed without a reason".to_owned()),
                |f| End::Closed { code: f.code.into(), reason: f.reason.chars().take(100).collect() },
            )),
            Some(Err(error)) => Err(self.lost(&error)),
            None => Err(End::Lost("end of stream".to_owned())),
        }
    }

    /// A broken socket; what the protocol makes fatal counts as a bad frame, too.
    pub(super) fn lost(&self, error: &tungstenite::Error) -> End {
        let kind = match error {
            tungstenite::Error::Capacity(_) => BadFrame::TooLarge,
            tungstenite::Error::Utf8(_) => BadFrame::NotUtf8,
            other => return End::Lost(other.to_string()),
        };
        self.count_bad(kind, Instant::now());
        End::Garbage(kind)
    }

    fn count_bad(&self, kind: BadFrame, now: Instant) {
        if let Some(count) = self.context.board.bad_frame(kind, now) {
            warn!(venue = %self.context.venue, kind = %kind, count, "frames that can't be used");
        }
    }

    fn bad_frame(&mut self, kind: BadFrame, now: Instant) -> Result<(), End> {
        self.count_bad(kind, now);
        if self.garbage.bad(now) { Err(End::Garbage(kind)) } else { Ok(()) }
    }

    async fn decode(&mut self, text: &str, now: Instant) -> Result<(), End> {
        let mut heard = mem::take(&mut self.heard);
        heard.clear();
        if let Err(error) = self.session.decode(text, &mut heard) {
            self.heard = heard;
            return self.bad_frame(error.into(), now);
        }
        if !heard.iter().any(|event| matches!(event, SessionEvent::BadQuote(_))) {
            self.garbage.good(now);
        }
        for event in heard.drain(..) {
            self.on_event(event, now).await?;
        }
        self.heard = heard;
        Ok(())
    }

    async fn on_event(&mut self, event: SessionEvent, now: Instant) -> Result<(), End> {
        if let Some(kind) = MessageKind::of(&event) {
            self.context.board.heard(kind);
        }
        match event {
            SessionEvent::Quote(quote) => return self.on_quote(quote, now).await,
            SessionEvent::BadQuote(symbol) => return self.on_bad_quote(symbol, now).await,
            SessionEvent::Subscribed(symbols) => self.silence.acknowledged(&symbols),
            SessionEvent::Refused { symbols, reason } => return self.on_refused(&symbols, &reason),
            SessionEvent::Throttled => {
                if self.outbox.hold(now) {
                    self.note("too many requests", now);
                    self.request(&self.silence.open());
                }
            }
            SessionEvent::GoingAway => self.leave("the venue announced it").await,
            SessionEvent::Send(frame) => {
                self.outbox.request(frame);
                return self.send().await;
            }
            SessionEvent::Notice(words) => self.note(&words, now),
            SessionEvent::Pong | SessionEvent::Ignored => {}
        }
        Ok(())
    }

    fn note(&self, words: &str, now: Instant) {
        if let Some(count) = self.context.board.notice(now) {
            let words: String = words.chars().take(200).collect();
            info!(venue = %self.context.venue, ?words, count, "notice of the venue");
        }
    }

    fn on_refused(&mut self, symbols: &[Symbol], reason: &str) -> Result<(), End> {
        let refused = self.silence.refused(symbols);
        if !refused.is_empty() {
            let reason: String = reason.chars().take(200).collect();
            warn!(venue = %self.context.venue, ?refused, ?reason, "symbols refused by the venue");
            self.context.board.refused(&refused);
            self.context.board.silent(self.silence.silent());
        }
        if self.silence.nothing_left() { Err(End::AllRefused) } else { Ok(()) }
    }

    async fn on_bad_quote(&mut self, symbol: Symbol, now: Instant) -> Result<(), End> {
        self.bad_frame(BadFrame::Figures, now)?;
        let at = self.context.clock.now();
        self.forward(MarketEvent::BadQuote { venue: self.context.index, symbol, at }).await
    }

    async fn on_quote(&mut self, quote: Quote, now: Instant) -> Result<(), End> {
        let at = self.context.clock.now();
        if !VenueContext::plausible(&quote, at) {
            return self.on_bad_quote(quote.symbol, now).await;
        }
        if self.first_data.is_none() {
            self.first_data = Some(now);
            tokio::select! {
                () = self.plan.stop.cancelled() => return Err(End::Stopped),
                () = self.context.gate.raise(self.plan.id) => {}
            }
            self.signal(Signal::Delivering).await;
        }
        if self.silence.heard(quote.symbol, now) {
            info!(venue = %self.context.venue, symbol = %quote.symbol, "delivers again");
            self.context.board.silent(self.silence.silent());
        }
        self.context.board.message(quote.time, at);
        let event = MarketEvent::Quote { venue: self.context.index, quote, origin: Origin::Stream, at };
        let sent = self.forward(event).await;
        // After the wait for the market, if there was one: time that we made the venue wait is not its silence.
        self.last_data = Some(Instant::now());
        sent
    }

    /// Hands an event to the market and waits while it is busy. That holds back the socket, and nothing else.
    async fn forward(&mut self, event: MarketEvent) -> Result<(), End> {
        match self.context.events.try_send(event) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(End::Stopped),
            Err(mpsc::error::TrySendError::Full(event)) => tokio::select! {
                () = self.plan.stop.cancelled() => Err(End::Stopped),
                sent = self.context.events.send(event) => sent.map_err(|_| End::Stopped),
            },
        }
    }
}
