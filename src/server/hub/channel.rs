//! One symbol: its newest frames, and who wants them.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering, fence},
    },
};

use arc_swap::{ArcSwapOption, Guard};
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{SHARDS, encode, events, ids::Ids, reader::Reader, shard, texts};
use crate::{
    model::{symbol::Symbol, ticker::Ticker},
    wire::{event_stream::Price, realtime::StatusChange},
};

/// The newest messages of a symbol, ready to be sent.
#[derive(Debug)]
pub(super) struct Frames {
    /// Id of the ticker message.
    pub(super) id: u64,
    /// How many tickers the symbol has had, this one included.
    pub(super) count: u64,
    pub(super) ticker: Bytes,
    /// The last change of freshness, with the id of the ticker that it came with.
    pub(super) status: Option<(u64, Bytes)>,
    price: Price,
    price_event: OnceLock<Option<Bytes>>,
    text: OnceLock<Option<Utf8Bytes>>,
    pair: OnceLock<Option<Arc<RawValue>>>,
}

/// The form in which a reader takes the price of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PriceForm {
    /// A whole ticker with its id.
    Ticker,
    /// The same without the id: on this stream ids are places in the log.
    TickerWithoutId,
    /// A `price` event.
    Event,
}

impl Frames {
    pub(super) fn price(&self, form: PriceForm) -> Option<Bytes> {
        match form {
            PriceForm::Ticker => Some(self.ticker.clone()),
            PriceForm::TickerWithoutId => {
                // The id is the first line.
                let body = self.ticker.iter().position(|byte| *byte == b'\n')? + 1;
                Some(self.ticker.slice(body..))
            }
            // Made by the first reader that wants it: few do, and they take one a second.
            PriceForm::Event => self.price_event.get_or_init(|| events::price(&self.price)).clone(),
        }
    }

    /// The ticker as the text of a socket. Made by the first reader that wants it.
    pub(super) fn text(&self) -> Option<Utf8Bytes> {
        self.text.get_or_init(|| texts::ticker(self.price.symbol, &self.ticker)).clone()
    }

    /// The price of a pair as JSON, with its symbol. Made by the first reader that wants it.
    pub(super) fn pair(&self) -> Option<(Symbol, Arc<RawValue>)> {
        let pair = self.pair.get_or_init(|| texts::pair(&self.ticker).map(Arc::from));
        pair.clone().map(|json| (self.price.symbol, json))
    }
}

type Members = HashMap<u64, (Arc<Reader>, usize)>;

pub(super) struct Channel {
    symbol: Symbol,
    frames: ArcSwapOption<Frames>,
    /// What the last ticker said of freshness. Its lock also puts publications in order.
    status: Mutex<Option<StatusChange>>,
    /// By id, with the position that the symbol has among those of the reader.
    readers: [Mutex<Members>; SHARDS],
    count: AtomicUsize,
}

impl Channel {
    pub(super) fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            frames: ArcSwapOption::empty(),
            status: Mutex::default(),
            readers: std::array::from_fn(|_| Mutex::default()),
            count: AtomicUsize::new(0),
        }
    }

    pub(super) const fn symbol(&self) -> Symbol {
        self.symbol
    }

    pub(super) fn readers(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The newest. Not counted among their holders: thousands of readers would meet at the count.
    pub(super) fn frames(&self) -> Guard<Option<Arc<Frames>>> {
        self.frames.load()
    }

    pub(super) fn add(&self, reader: &Arc<Reader>, position: usize) {
        if let Some(shard) = shard(&self.readers, reader.id) {
            shard.lock().insert(reader.id, (Arc::clone(reader), position));
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn remove(&self, id: u64) {
        if shard(&self.readers, id).is_some_and(|shard| shard.lock().remove(&id).is_some()) {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Encodes a ticker, and a status if a freshness changed, and wakes the readers. Returns the id: the one that another
    /// node gave it, where that is greater than the one before it here.
    pub(super) fn publish(&self, ticker: &Ticker, given: Option<u64>, ids: &Ids, now_ms: u64) -> Option<u64> {
        let mut known = self.status.lock();
        let before = self.frames.load();
        let newest = before.as_ref().map_or(0, |frames| frames.id);
        let id = given.filter(|id| *id > newest).inspect(|id| ids.note(*id)).unwrap_or_else(|| ids.next());
        let bytes = encode::ticker(id, ticker)?;
        let status = StatusChange::of(ticker);
        let changed = known.as_ref().is_some_and(|known| *known != status);
        let newest = if changed { encode::status(&status).map(|bytes| (id, bytes)) } else { None };
        let newest = newest.or_else(|| before.as_ref().and_then(|frames| frames.status.clone()));
        *known = Some(status);
        self.frames.store(Some(Arc::new(Frames {
            id,
            count: before.as_ref().map_or(0, |frames| frames.count) + 1,
            ticker: bytes,
            status: newest,
            price: Price::from(ticker),
            price_event: OnceLock::new(),
            text: OnceLock::new(),
            pair: OnceLock::new(),
        })));
        drop(known);
        // Whoever is told below, or knows already, sees these frames.
        fence(Ordering::SeqCst);
        for shard in &self.readers {
            for (reader, position) in shard.lock().values() {
                reader.tell(*position, changed, now_ms);
            }
        }
        Some(id)
    }
}

impl fmt::Debug for Channel {
    /// Without its readers, who hold their channels.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("symbol", &self.symbol).field("count", &self.count).finish_non_exhaustive()
    }
}
