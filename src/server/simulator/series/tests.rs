use proptest::prelude::*;

use super::*;
use crate::{
    model::{asset::default_symbols, symbol::Symbol},
    server::simulator::{
        distortion::Effect,
        exchange::Exchange,
        listing::Asset,
        news::events::Events,
        path::{DAY_MS, HOUR_MS, MINUTE_MS},
        shocks::Shocks,
    },
};

/// 2026-11-20T12:00:00Z
const NOON: i64 = 1_795_176_000_000;

fn series(base: &str, exchange: Exchange) -> Series {
    let asset = Asset::of(Symbol::parse(base).expect("a symbol"), 5);
    Series::new(Listing::new(exchange, asset, 3, 5), 5)
}

fn fold(parts: &[Window]) -> Window {
    let (first, last) = (parts.first().expect("parts"), parts.last().expect("parts"));
    Window {
        from: first.from,
        to: last.to,
        open: first.open,
        high: parts.iter().map(|p| p.high).max().expect("parts"),
        low: parts.iter().map(|p| p.low).min().expect("parts"),
        close: last.close,
        lots: parts.iter().map(|p| p.lots).sum(),
        quote: parts.iter().map(|p| p.quote).sum(),
        trades: parts.iter().map(|p| p.trades).sum(),
        first_trade: first.first_trade,
    }
}

fn assert_same(whole: &Window, parts: &Window) {
    assert_eq!(Window { quote: 0, ..*whole }, Window { quote: 0, ..*parts });
    // Each is made of typical prices, which lie between the lowest and the highest.
    let tolerance = whole.quote * (whole.high - whole.low) / whole.low + 10_000;
    assert!((whole.quote - parts.quote).abs() <= tolerance, "{} and {}", whole.quote, parts.quote);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn small_candles_make_the_big_ones(at in 0_i64..2000, asset in 0_usize..4) {
        let series = series(["BTC", "XRP", "1000SATS", "SOMETHINGNEW"][asset], Exchange::Okx);
        let over = Distortions::default();
        let spans = ["1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "3d", "1w"];
        for pair in spans.windows(2).filter(|pair| pair != &["3d", "1w"]) {
            let (part, whole) = (Span::of_binance(pair[0]).expect("known"), Span::of_binance(pair[1]).expect("known"));
            let start = whole.start_of(NOON - at * HOUR_MS * 7);
            let end = whole.next(start);
            let parts = series.candles(&over, part, (start, end - 1), NOON + DAY_MS, 1000);
            let big = series.candles(&over, whole, (start, start), NOON + DAY_MS, 1000);
            prop_assert_eq!(big.len(), 1);
            assert_same(&big[0], &fold(&parts));
        }
    }

    #[test]
    fn the_rolling_day_is_that_of_its_candles(minute in 0_i64..3000) {
        let series = series("ETH", Exchange::Binance);
        let over = Distortions::default();
        let now = NOON + minute * MINUTE_MS;
        let day = series.window(&over, now - DAY_MS, now).expect("a day");
        let candles = series.candles(&over, Span::MINUTE, (now - DAY_MS, now - 1), now, 2000);
        prop_assert_eq!(candles.len(), 1440);
        assert_same(&day, &fold(&candles));
        prop_assert!(day.high >= day.close.max(day.open) && day.low <= day.close.min(day.open));
    }

    #[test]
    fn trades_make_the_candle(minute in 0_i64..3000, asset in 0_usize..3) {
        let series = series(["BTC", "DOGE", "1INCH"][asset], Exchange::Bybit);
        let over = Distortions::default();
        let start = NOON + minute * MINUTE_MS;
        let candle = series.window(&over, start, start + MINUTE_MS).expect("a minute");
        let trades = series.trades(&over, start, start + MINUTE_MS);
        prop_assert_eq!(trades.len() as u64, candle.trades);
        prop_assert_eq!(trades.iter().map(|t| t.lots).sum::<u64>(), candle.lots);
        for (i, trade) in trades.iter().enumerate() {
            prop_assert_eq!(trade.id, candle.first_trade + i as u64);
            prop_assert!(trade.lots > 0 && (candle.low..=candle.high).contains(&trade.price));
            prop_assert!((start..start + MINUTE_MS).contains(&trade.time));
        }
        prop_assert!(trades.windows(2).all(|pair| pair[0].time <= pair[1].time));
        if let Some(last) = trades.last() {
            prop_assert_eq!(last.price, candle.close);
        }
        let numbered = series.trades_numbered(&over, candle.first_trade, candle.first_trade + candle.trades);
        prop_assert_eq!(numbered, trades);
    }
}

/// What the news do to prices.
fn news() -> Distortions {
    Distortions::of_news(Arc::new(Shocks::new(Events::new(5, &default_symbols()), 5, NOON)))
}

/// The same without the memory of what was added up before.
fn forgetful(series: &Series) -> Series {
    Series { quarters: Arc::default(), ..series.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn news_move_all_figures_alike(minute in 0_i64..1200, asset in 0_usize..3) {
        let series = series(["BTC", "ETH", "DOGE"][asset], Exchange::Binance);
        let over = news();
        let now = NOON + minute * MINUTE_MS;
        let day = series.window(&over, now - DAY_MS, now).expect("a day");
        for span in [Span::MINUTE, Span::of_binance("5m").expect("known")] {
            let from = span.start_of(now - DAY_MS);
            let candles = series.candles(&over, span, (from, now - 1), now, 2000);
            if from == now - DAY_MS {
                assert_same(&day, &fold(&candles));
            }
            for candle in candles.iter().rev().take(3) {
                let trades = series.trades(&over, candle.from, candle.to.min(now));
                prop_assert_eq!(trades.len() as u64, candle.trades);
                prop_assert!(trades.iter().all(|t| (candle.low..=candle.high).contains(&t.price)));
                prop_assert_eq!(trades.last().map(|t| t.price), trades.last().map(|_| candle.close));
            }
        }
        prop_assert_eq!(series.price(&over, now), day.close);
        prop_assert_eq!(forgetful(&series).window(&over, now - DAY_MS, now), Some(day));
        prop_assert_eq!(series.window(&over, now - DAY_MS, now), Some(day));
    }
}

#[test]
fn news_move_prices_and_a_pin_stands_still() {
    let series = series("BTC", Exchange::Binance);
    let mut over = news();
    let calm = Distortions::default();
    let moved = (0..600).map(|i| NOON + i * MINUTE_MS).filter(|&t| series.price(&over, t) != series.price(&calm, t));
    assert!(moved.count() > 100);
    over.start(Some(series.listing.symbol()), Effect::Pin(70_000.0), NOON, Some(NOON + HOUR_MS));
    let pinned = series.window(&over, NOON, NOON + HOUR_MS).expect("an hour");
    assert_eq!((pinned.high, pinned.low), (7_000_000, 7_000_000));
    // A quarter that was added up before it was pinned is not taken from memory.
    let late = NOON - HOUR_MS;
    let before = series.window(&over, late, NOON).expect("an hour");
    assert!(!series.quarters.lock().is_empty() && before.high > before.low);
    over.start(Some(series.listing.symbol()), Effect::Pin(80_000.0), late, Some(NOON));
    let pinned = series.window(&over, late, NOON).expect("an hour");
    assert_eq!((pinned.high, pinned.low), (8_000_000, 8_000_000));
}

#[test]
fn the_last_trade_has_the_live_price() {
    let series = series("1INCH", Exchange::Okx);
    let over = Distortions::default();
    for i in 0..200 {
        let now = NOON + i * 1250;
        let last = series.last_trades(&over, now, 3);
        assert_eq!(last.len(), 3);
        assert_eq!(last[2].price, series.price(&over, now), "{i}");
        assert!(last[2].time < now);
    }
}

#[test]
fn history_begins_and_ends() {
    let series = series("BTC", Exchange::Binance);
    let over = Distortions::default();
    let first = series.candles(&over, Span::of_binance("1d").expect("known"), (0, NOON), NOON, 5);
    assert_eq!(first.len(), 5);
    assert_eq!(first[0].from, LISTED_MS);
    let last = series.candles(&over, Span::MINUTE, (NOON - 90_000, NOON + DAY_MS), NOON + 30_000, 500);
    assert_eq!(last.len(), 2, "the one that starts at noon is open, none starts after it");
    assert_eq!(last[1].to, NOON + MINUTE_MS);
    assert!(series.open_candle(&over, Span::MINUTE, NOON).is_none());
    assert_eq!(series.open_candle(&over, Span::MINUTE, NOON + 30_000), Some(last[1]));
}

#[test]
fn a_pin_is_in_the_candles_of_its_time_only() {
    let series = series("BTC", Exchange::Binance);
    let mut over = Distortions::default();
    over.start(Some(series.listing.symbol()), Effect::Pin(99_000.5), NOON, Some(NOON + MINUTE_MS));
    let candles = series.candles(&over, Span::MINUTE, (NOON - MINUTE_MS, NOON + MINUTE_MS), NOON + HOUR_MS, 3);
    assert_eq!(
        candles.iter().map(|c| c.high == 9_900_050 && c.low == 9_900_050).collect::<Vec<_>>(),
        [false, true, false]
    );
    assert!(candles[1].lots > 0);
    let five = series.window(&over, NOON, NOON + 5 * MINUTE_MS).expect("five minutes");
    assert_eq!((five.open, five.high), (9_900_050, 9_900_050));
    assert!(series.trades(&over, NOON, NOON + 1000).iter().all(|t| t.price == 9_900_050));
}
