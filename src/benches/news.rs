//! What one core does with news: bytes of a feed to items, items to stories.

#![expect(clippy::print_stdout, reason = "a bench speaks to its user")]

use std::{
    fmt::Write as _,
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use market_pulse::{
    model::{
        asset::{AssetInfo, default_symbols},
        time::UnixMs,
    },
    server::news::{
        feeds::{
            identity::article_id,
            parse::{self, Parsed},
            tickers::Tickers,
        },
        stories::{
            Report, StoryIndex, StorySettings,
            corpus::{Wire, wires},
        },
    },
};
use url::Url;

const START: UnixMs = UnixMs(1_795_176_000_000);
/// Items of one feed.
const ITEMS: usize = 40;
/// Feeds that are read in one round.
const FEEDS: usize = 50;
/// Articles in the window while a new one is placed.
const WINDOW: usize = 100_000;
/// Articles whose placing is timed one by one.
const TIMED: usize = 2_000;
/// 100,000 articles in a week.
const SPACING_MS: i64 = 7 * 86_400_000 / 100_000;

/// A feed as blogs write it: a description, and the first paragraphs as HTML.
fn rss(wires: &[Wire]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">\
         <channel><title>Bench</title><link>https://bench.example/</link>",
    );
    for wire in wires {
        let Wire { id, title, lead, .. } = wire;
        let (title, lead) = (escaped(title), escaped(lead));
        let date = wire.at.to_rfc3339();
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "<item><title>{title}</title><link>https://bench.example/{id}?utm_source=rss</link><guid>{id}</guid>\
             <pubDate>{date}</pubDate><description><![CDATA[<p>{lead}</p>]]></description>\
             <content:encoded><![CDATA[<p>{lead}</p><p>{lead}</p><img src=\"https://bench.example/a.jpg\"/>]]></content:encoded></item>"
        );
    }
    text + "</channel></rss>"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn read(text: &str, base: &Url, tickers: &Tickers) -> Parsed {
    parse::read(text.as_bytes(), Some("application/rss+xml"), base, UnixMs(i64::MAX / 2), tickers).unwrap_or_default()
}

fn parse_clean_place(criterion: &mut Criterion) {
    let assets: Vec<AssetInfo> = default_symbols().into_iter().map(AssetInfo::of).collect();
    let tickers = Tickers::new(&assets);
    let Ok(base) = Url::parse("https://bench.example/feed") else { return };
    let wires = wires(7, ITEMS * FEEDS, START, SPACING_MS);
    let feeds: Vec<String> = wires.chunks(ITEMS).map(rss).collect();
    let items = feeds.iter().map(|feed| read(feed, &base, &tickers).items.len()).sum::<usize>();
    assert!(items >= ITEMS * FEEDS, "every item is read: {items}");

    let mut group = criterion.benchmark_group("news");
    group.sample_size(10).throughput(Throughput::Elements(u64::try_from(items).unwrap_or_default()));
    group.bench_function("parse and clean", |bencher| {
        bencher.iter(|| feeds.iter().map(|feed| black_box(read(feed, &base, &tickers)).items.len()).sum::<usize>());
    });
    group.bench_function("parse, clean and place", |bencher| {
        let index = || StoryIndex::new(StorySettings::default());
        bencher.iter_batched(
            index,
            |mut index| {
                for feed in &feeds {
                    for item in read(feed, &base, &tickers).items {
                        let id = article_id("bench", &item);
                        let at = item.pub_date.unwrap_or(START);
                        let (title, lead, tickers) = (&item.title, &item.description, &item.tickers);
                        black_box(index.place(&Report { id: &id, source_key: "bench", title, lead, tickers, at }));
                    }
                }
                index
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// Not criterion's way: each placing is another one, into a window that is full.
fn place_into_a_full_window(_: &mut Criterion) {
    let wires = wires(11, WINDOW + TIMED, START, SPACING_MS);
    let mut index = StoryIndex::new(StorySettings { max_articles: WINDOW + TIMED, ..StorySettings::default() });
    let started = Instant::now();
    for wire in wires.iter().take(WINDOW) {
        index.place(&wire.report());
    }
    let filled = started.elapsed();
    let mut waits: Vec<Duration> = wires
        .iter()
        .skip(WINDOW)
        .map(|wire| {
            let started = Instant::now();
            black_box(index.place(&wire.report()));
            started.elapsed()
        })
        .collect();
    waits.sort_unstable();
    let at = |percent: usize| waits.get(waits.len() * percent / 100).copied().unwrap_or_default();
    let worst = waits.last().copied().unwrap_or_default();
    println!(
        "news/place into {WINDOW}: median {:.3} ms, p99 {:.3} ms, worst {:.3} ms; {:.0} a second while it filled",
        at(50).as_secs_f64() * 1e3,
        at(99).as_secs_f64() * 1e3,
        worst.as_secs_f64() * 1e3,
        f64::from(u32::try_from(WINDOW).unwrap_or(u32::MAX)) / filled.as_secs_f64(),
    );
}

criterion_group!(benches, parse_clean_place, place_into_a_full_window);
criterion_main!(benches);
