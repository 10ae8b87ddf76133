mod formats;
mod hostile;

use super::*;
use crate::{
    model::{
        asset::{AssetInfo, default_symbols},
        symbol::Symbol,
    },
    server::news::feeds::{clean, identity::article_id},
};

/// 2025-11-20T12:00:00Z
const NOW: UnixMs = UnixMs(1_763_640_000_000);

fn tickers() -> Tickers {
    Tickers::new(&default_symbols().into_iter().map(AssetInfo::of).collect::<Vec<_>>())
}

fn read_bytes(bytes: &[u8], content_type: Option<&str>) -> Result<Parsed, NotAFeed> {
    let base = Url::parse("https://news.example/feed.xml").expect("an address");
    read(bytes, content_type, &base, NOW, &tickers())
}

fn read_text(text: &str) -> Parsed {
    read_bytes(text.as_bytes(), None).expect("a feed")
}

/// An RSS feed of these items.
fn rss(items: &str) -> String {
    format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>")
}

/// The only item of an RSS feed with these elements beside a title and a link.
fn only(elements: &str) -> Item {
    let parsed =
        read_text(&rss(&format!("<item><title>Title</title><link>https://news.example/1</link>{elements}</item>")));
    assert_eq!((parsed.items.len(), parsed.rejected), (1, 0), "{elements}");
    parsed.items.into_iter().next().expect("one item")
}

fn titles(parsed: &Parsed) -> Vec<&str> {
    parsed.items.iter().map(|item| item.title.as_str()).collect()
}
