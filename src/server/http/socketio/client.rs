//! One client in the namespace: what it says is answered.

use std::{
    collections::HashSet,
    future::{Future, ready},
    sync::Arc,
};

use serde::Serialize;
use serde_json::Value;
use socketioxide::{
    SendError, SocketError,
    extract::{AckSender, SocketRef, TryData},
};
use tracing::{debug, error, info};

use super::{
    super::{
        refused::{Reason, Refused},
        websocket::budget::Spent,
    },
    fault::{Fault, symbols},
    line::Line,
};
use crate::{
    model::symbol::Symbol,
    server::{
        follows::Unfollowed,
        hub::{MAX_SYMBOLS_PER_READER, limits::Refusal, session::Session},
        services::Services,
    },
    wire::socketio::{Acknowledgment, Connected, SymbolError, SymbolList},
};

pub(super) const WELCOME: &str = "connected to the price stream; subscribe to symbols";

/// What a client can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Subscribe,
    Unsubscribe,
}

impl Request {
    const fn event(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }

    const fn answer(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribed",
            Self::Unsubscribe => "unsubscribed",
        }
    }

    const fn error(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe_error",
            Self::Unsubscribe => "unsubscribe_error",
        }
    }

    fn list(self, symbols: Vec<String>) -> SymbolList {
        let message = match self {
            Self::Subscribe => format!("Subscribed to {} symbols", symbols.len()),
            Self::Unsubscribe => format!("Unsubscribed from {} symbols", symbols.len()),
        };
        SymbolList { symbols, message }
    }
}

/// A session with what it is answered from.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) services: Arc<Services>,
    pub(super) line: Arc<Line>,
}

impl Client {
    /// Hears what is said from here on. Every event is answered before the next is looked at, in the order in which they
    /// came: handlers have done their work before the library makes a task of what they return.
    pub(super) fn listen(&self, socket: &SocketRef) {
        for request in [Request::Subscribe, Request::Unsubscribe] {
            let client = self.clone();
            socket.on(request.event(), move |socket: SocketRef, TryData(data): TryData<Value>, ack: AckSender| {
                if client.has_entered(&socket) {
                    client.hear(&socket, request, data.ok(), ack);
                }
                done()
            });
        }
        let client = self.clone();
        socket.on_fallback(move |socket: SocketRef, ack: AckSender| {
            if client.has_entered(&socket) {
                client.refuse_unknown(socket, ack);
            }
            done()
        });
    }

    /// The first event, whoever comes first: the task of the session, or an event of a client that is quicker. The other
    /// waits for it.
    pub(super) fn greet(&self, socket: &SocketRef) {
        self.line.greeted.get_or_init(|| {
            let client_id = self.line.session().client_id();
            self.tell(socket, "connected", &Connected { message: WELCOME, client_id: &client_id });
        });
    }

    /// Whether the client is in the namespace, where it can be answered. It has been greeted then. One that does not wait
    /// to be let in loses its session, as where it is a moment quicker still.
    fn has_entered(&self, socket: &SocketRef) -> bool {
        let is_in = socket.connected();
        if is_in {
            self.greet(socket);
        } else {
            self.line.left.cancel();
        }
        is_in
    }

    fn refuse_unknown(&self, socket: SocketRef, ack: AckSender) {
        match self.count().err().unwrap_or(Fault::UnknownEvent) {
            fault @ Fault::Abuse => self.send_away(socket, &fault),
            fault => {
                self.tell(&socket, "stream_error", &fault.of_stream());
                let list = SymbolList { symbols: Vec::new(), message: fault.to_string() };
                self.acknowledge(ack, list, vec![fault.of_symbols()]);
            }
        }
    }

    /// Tells a client something that it has to hear. Prices are none of that.
    pub(super) fn tell<T: Serialize>(&self, socket: &SocketRef, event: &'static str, data: &T) {
        match socket.emit(event, data) {
            Ok(()) | Err(SendError::Socket(SocketError::Closed)) => {}
            Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                debug!("a client asks and does not take the answers; its session ends");
                self.line.left.cancel();
            }
            Err(SendError::Serialize(reason)) => error!(%reason, event, "an event can't be encoded"),
        }
    }

    fn count(&self) -> Result<(), Fault> {
        self.line.count_event().map_err(|spent| match spent {
            Spent::Wait(wait) => Fault::RateLimited(wait),
            Spent::Abuse => Fault::Abuse,
        })
    }

    /// Says why, and ends the client's stay; it is not to come back by itself.
    pub(super) fn send_away(&self, socket: SocketRef, why: &Fault) {
        if !socket.connected() {
            return;
        }
        info!(%why, "a client of Socket.IO is sent away");
        self.tell(&socket, "stream_error", &why.of_stream());
        if socket.disconnect().is_err() {
            self.line.left.cancel();
        }
    }

    fn hear(&self, socket: &SocketRef, request: Request, data: Option<Value>, ack: AckSender) {
        let names = match self.count().and_then(|()| symbols(data)) {
            Ok(names) => names,
            Err(fault @ Fault::Abuse) => return self.send_away(socket.clone(), &fault),
            Err(fault) => return self.answer(socket, request, Vec::new(), &[fault], ack),
        };
        match request {
            Request::Subscribe => self.subscribe(socket, names, ack),
            Request::Unsubscribe => self.unsubscribe(socket, names, ack),
        }
    }

    /// Those that are known and have room are followed, whatever is wrong with the others.
    fn subscribe(&self, socket: &SocketRef, names: Vec<String>, ack: AckSender) {
        let (known, unknown) = self.look_up(names);
        let (mut followed, mut refused) = (Vec::new(), Refused::unknown(unknown));
        {
            // Held until the answer is on its way: the prices come after it.
            let mut session = self.line.session();
            for symbol in known {
                let pair = symbol.pair();
                match self.follow(&mut session, symbol) {
                    Ok(()) => followed.push(pair),
                    Err(reason) => refused.add(reason, pair),
                }
            }
            self.answer(socket, Request::Subscribe, followed, &faults_of(refused), ack);
        }
        self.line.flow.wake_sender();
    }

    /// A symbol that is not followed for this client yet is followed at the venues first.
    fn follow(&self, session: &mut Session, symbol: Symbol) -> Result<(), Reason> {
        let mut interests = self.line.interests();
        // Asked first: what there is no room for is not followed at the venues either.
        if !interests.holds(symbol) && interests.len() >= MAX_SYMBOLS_PER_READER {
            return Err(Reason::Beyond);
        }
        interests.want(symbol)?;
        session.follow(symbol).map_err(|refusal| {
            // Only one that is not followed yet is refused.
            interests.leave(symbol);
            if refusal == Refusal::UnknownSymbol { Reason::Unknown } else { Reason::Beyond }
        })
    }

    /// Naming what is not followed changes nothing.
    fn unsubscribe(&self, socket: &SocketRef, names: Vec<String>, ack: AckSender) {
        let (known, unknown) = self.look_up(names);
        let mut session = self.line.session();
        for symbol in &known {
            session.unfollow(*symbol);
            self.line.interests().leave(*symbol);
        }
        let pairs = known.iter().map(Symbol::pair).collect();
        self.answer(socket, Request::Unsubscribe, pairs, &faults_of(Refused::unknown(unknown)), ack);
    }

    /// What was done, then what was not, then all of it once more for a client that waits for it.
    fn answer(&self, socket: &SocketRef, request: Request, done: Vec<String>, faults: &[Fault], ack: AckSender) {
        let list = request.list(done);
        let errors: Vec<_> = faults.iter().map(Fault::of_symbols).collect();
        if !list.symbols.is_empty() {
            self.tell(socket, request.answer(), &list);
        }
        for error in &errors {
            self.tell(socket, request.error(), error);
        }
        self.acknowledge(ack, list, errors);
    }

    /// Does nothing where nobody waits.
    fn acknowledge(&self, ack: AckSender, list: SymbolList, errors: Vec<SymbolError>) {
        match ack.send(&Acknowledgment { list, errors }) {
            Ok(()) | Err(SendError::Socket(SocketError::Closed)) => {}
            Err(reason) => {
                debug!(%reason, "an acknowledgment can't be sent; the session ends");
                self.line.left.cancel();
            }
        }
    }

    /// The known symbols without duplicates, and the names that no symbol has.
    fn look_up(&self, names: Vec<String>) -> (Vec<Symbol>, Vec<String>) {
        let (mut known, mut unknown, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for name in names {
            match Symbol::parse(name.trim()) {
                Ok(symbol) if self.services.follows.check(symbol) != Err(Unfollowed::Unlisted) => {
                    if seen.insert(symbol) {
                        known.push(symbol);
                    }
                }
                _ => unknown.push(name),
            }
        }
        (known, unknown)
    }
}

fn faults_of(refused: Refused) -> Vec<Fault> {
    refused.by_reason().map(Fault::refused).collect()
}

/// What a handler returns that has done its work.
fn done() -> impl Future<Output = ()> + Send + 'static {
    ready(())
}
