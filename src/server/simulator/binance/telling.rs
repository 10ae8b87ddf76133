//! What the streams tell as the market moves on.

use serde_json::{Value, json};

use crate::{
    model::symbol::Symbol,
    server::simulator::{
        exchange::Exchange,
        path::{LEAF_MS, MINUTE_MS, SECOND_MS},
        series::Series,
        socket::Outbox,
    },
};

use super::{
    figures,
    session::{BOOK_DEPTH, Session},
    stream::{Kind, Stream},
};

impl Session {
    fn send(&self, symbol: Option<Symbol>, name: &str, mut data: Value, out: &mut Outbox) {
        if self.micro {
            figures::to_micro(&mut data);
        }
        let frame = if self.combined { json!({ "stream": name, "data": data }) } else { data };
        out.data(symbol, frame.to_string());
    }

    /// Tells what a stream has to tell of the time since `from`, up to `to`.
    pub(super) fn tell(&self, name: &str, stream: &Stream, (from, to): (i64, i64), event: i64, out: &mut Outbox) {
        let market = self.simulator.market();
        match stream {
            Stream::Pair { pair, kind } => {
                if let Some(series) = market.by_pair(Exchange::Binance, pair) {
                    self.tell_pair(name, series, *kind, (from, to), event, out);
                }
            }
            Stream::All(kind) => {
                if !crossed(from, to, SECOND_MS) {
                    return;
                }
                let rows: Vec<Value> = market
                    .series(Exchange::Binance)
                    .iter()
                    .filter(|series| !self.simulator.faults().stalls(Exchange::Binance, Some(series.listing.symbol())))
                    .filter(|series| series.next_trade(to) > series.next_trade(to - SECOND_MS))
                    .filter_map(|series| self.row(series, *kind, to, event))
                    .collect();
                if !rows.is_empty() {
                    self.send(None, name, Value::Array(rows), out);
                }
            }
        }
    }

    fn row(&self, series: &Series, kind: Kind, to: i64, event: i64) -> Option<Value> {
        let market = self.simulator.market();
        let listing = &series.listing;
        Some(match kind {
            Kind::Ticker => figures::ws_ticker(listing, market.ticker(series, to)?.as_ref(), event),
            Kind::MiniTicker => figures::ws_mini_ticker(listing, &market.ticker(series, to)?.day, event),
            Kind::WindowTicker { name, ms } => {
                let over = market.distortions(Exchange::Binance);
                // The window opens on a whole minute.
                let open = (to - ms).div_euclid(MINUTE_MS) * MINUTE_MS;
                figures::ws_window_ticker(listing, name, &series.window(&over, open, to)?, event)
            }
            Kind::AvgPrice => {
                let over = market.distortions(Exchange::Binance);
                let last = market.ticker(series, to)?.last;
                figures::ws_avg_price(listing, &series.window(&over, to - 5 * MINUTE_MS, to)?, &last, event)
            }
            _ => return None,
        })
    }

    fn tell_pair(&self, name: &str, series: &Series, kind: Kind, (from, to): (i64, i64), event: i64, out: &mut Outbox) {
        let over = self.simulator.market().distortions(Exchange::Binance);
        let listing = &series.listing;
        let symbol = Some(listing.symbol());
        let mut send = |data: Value| self.send(symbol, name, data, out);
        match kind {
            Kind::Ticker | Kind::MiniTicker | Kind::WindowTicker { .. } | Kind::AvgPrice => {
                if crossed(from, to, SECOND_MS)
                    && let Some(row) = self.row(series, kind, to, event)
                {
                    send(row);
                }
            }
            Kind::Trade => {
                series.trades(&over, from, to).iter().for_each(|trade| send(figures::ws_trade(listing, trade, event)));
            }
            Kind::AggTrade => {
                series
                    .trades(&over, from, to)
                    .iter()
                    .for_each(|trade| send(figures::ws_agg_trade(listing, trade, event)));
            }
            Kind::BookTicker => {
                let (before, book) = (series.book(&over, from, 1), series.book(&over, to, 1));
                if let (true, Some(bid), Some(ask)) = (before != book, book.bids.first(), book.asks.first()) {
                    send(figures::ws_book_ticker(listing, *bid, *ask, to));
                }
            }
            Kind::Kline(span) => {
                let interval = name.rsplit_once('_').map_or("", |(_, interval)| interval);
                let start = span.start_of(from);
                let closed = span.next(start) <= to;
                if closed && let Some(candle) = series.window(&over, start, span.next(start)) {
                    send(figures::ws_kline(listing, interval, &candle, true, event));
                }
                let every = if interval == "1s" { SECOND_MS } else { 2 * SECOND_MS };
                if crossed(from, to, every)
                    && let Some(candle) = series.open_candle(&over, span, to)
                {
                    send(figures::ws_kline(listing, interval, &candle, false, event));
                }
            }
            Kind::Levels { depth, fast } => {
                if crossed(from, to, if fast { LEAF_MS } else { SECOND_MS }) {
                    let book = series.book(&over, to, depth);
                    send(json!({
                        "lastUpdateId": figures::update_id(to),
                        "bids": figures::levels(listing, &book.bids), "asks": figures::levels(listing, &book.asks),
                    }));
                }
            }
            Kind::Diff { fast } => {
                let every = if fast { LEAF_MS } else { SECOND_MS };
                if crossed(from, to, every) {
                    // The changes since the last frame of this stream, wherever in its second the socket was then.
                    let since = from.div_euclid(every) * every;
                    let change = series.book(&over, since, BOOK_DEPTH).change_to(&series.book(&over, to, BOOK_DEPTH));
                    send(json!({
                        "e": "depthUpdate", "E": event, "s": listing.pair,
                        "U": figures::update_id(since) + 1, "u": figures::update_id(to),
                        "b": figures::levels(listing, &change.bids), "a": figures::levels(listing, &change.asks),
                    }));
                }
            }
        }
    }
}

/// Whether a multiple of `every` lies in `from < x <= to`.
const fn crossed(from: i64, to: i64, every: i64) -> bool {
    from.div_euclid(every) != to.div_euclid(every)
}
