//! Clients by the protocol that they speak.

use std::{array, fmt, sync::Arc};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// The limits that every way in has.
const LIMITS: [&str; 2] = ["server_full", "address_full"];

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Server-sent events for programs: prices and news.
    Sse,
    /// Server-sent events for our own pages.
    Page,
    WebSocket,
    SocketIo,
    /// Server-sent events of a named channel.
    Channel,
}

impl Protocol {
    pub const ALL: [Self; 5] = [Self::Sse, Self::Page, Self::WebSocket, Self::SocketIo, Self::Channel];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sse => "sse",
            Self::Page => "page",
            Self::WebSocket => "websocket",
            Self::SocketIo => "socketio",
            Self::Channel => "channel",
        }
    }
}

impl EncodeLabelValue for Protocol {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        self.as_str().encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByProtocol {
    protocol: Protocol,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    protocol: Protocol,
    reason: &'static str,
}

/// What is counted of the clients of each protocol.
#[derive(Debug, Clone)]
pub struct ClientMetrics {
    open: Family<ByProtocol, Gauge>,
    delivered: Family<ByProtocol, Counter>,
    superseded: Family<ByProtocol, Counter>,
    slow: Family<ByProtocol, Counter>,
    refused: Family<Refused, Counter>,
    /// By the protocol's number.
    handles: [Arc<Handles>; Protocol::ALL.len()],
}

/// One protocol's place in each family.
#[derive(Debug)]
struct Handles {
    open: Gauge,
    delivered: Counter,
    superseded: Counter,
    slow: Counter,
}

impl Default for ClientMetrics {
    fn default() -> Self {
        let open = Family::<ByProtocol, Gauge>::default();
        let [delivered, superseded, slow] = array::from_fn(|_| Family::<ByProtocol, Counter>::default());
        let handles = Protocol::ALL.map(|protocol| {
            let labels = ByProtocol { protocol };
            Arc::new(Handles {
                open: open.get_or_create_owned(&labels),
                delivered: delivered.get_or_create_owned(&labels),
                superseded: superseded.get_or_create_owned(&labels),
                slow: slow.get_or_create_owned(&labels),
            })
        });
        let refused = Family::<Refused, Counter>::default();
        for protocol in Protocol::ALL {
            for reason in LIMITS {
                // A rate needs something to start from.
                drop(refused.get_or_create(&Refused { protocol, reason }));
            }
        }
        Self { open, delivered, superseded, slow, refused, handles }
    }
}

impl ClientMetrics {
    /// Counts a client that was let in, until what is returned is dropped.
    pub fn enter(&self, protocol: Protocol) -> Presence {
        let [sse, page, websocket, socketio, channel] = &self.handles;
        let handles = match protocol {
            Protocol::Sse => sse,
            Protocol::Page => page,
            Protocol::WebSocket => websocket,
            Protocol::SocketIo => socketio,
            Protocol::Channel => channel,
        };
        handles.open.inc();
        Presence(Arc::clone(handles))
    }

    /// Counts a client that was turned away. The reason is a word of the code, so that there are few.
    pub fn refused(&self, protocol: Protocol, reason: &'static str) {
        self.refused.get_or_create(&Refused { protocol, reason }).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("clients", "Clients that are connected", self.open.clone());
        let delivered = "Messages that were handed to connections, without greetings and signs of life";
        registry.register("deliveries", delivered, self.delivered.clone());
        let superseded = "Prices that a newer one replaced before the reader took them";
        registry.register("deliveries_superseded", superseded, self.superseded.clone());
        let slow = "Readers whose stream was ended because they did not read";
        registry.register("slow_readers", slow, self.slow.clone());
        registry.register("streams_refused", "Clients that were turned away, by reason", self.refused.clone());
    }
}

/// A client that is there, counted as long as this lives.
#[derive(Debug)]
pub struct Presence(Arc<Handles>);

impl Presence {
    /// Counts messages that were handed to the client's connection.
    pub fn delivered(&self, messages: u64) {
        self.0.delivered.inc_by(messages);
    }

    /// Counts prices that were replaced by newer ones before the client took them.
    pub fn superseded(&self, messages: u64) {
        self.0.superseded.inc_by(messages);
    }

    /// Counts that the server ends this client's stream because it did not read.
    pub fn too_slow(&self) {
        self.0.slow.inc();
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.open.dec();
    }
}
