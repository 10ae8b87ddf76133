//! Makes an item of what the reader found.

use feed_rs::model::{Entry, Link};
use url::Url;

use crate::{
    model::time::UnixMs,
    server::news::{
        feeds::{clean, link, tickers::Tickers},
        item::Item,
    },
};

/// Longest guid that is kept as it is, in characters.
const MAX_GUID: usize = 512;
/// Most bytes of a guid or an author that are looked at.
const MAX_FIELD: usize = 4096;
/// Characters of a title that is made of the description.
const MADE_TITLE: usize = 120;
/// The day the first block was mined: no news of a coin is older, and a date before it is a mistake.
const EARLIEST: UnixMs = UnixMs(1_230_940_800_000);

/// The item, cleaned. `None` without a title or a usable link.
pub(super) fn item(entry: &Entry, base: &Url, now: UnixMs, tickers: &Tickers) -> Option<Item> {
    let guid = clean::short(clean::head(&entry.id, MAX_FIELD), MAX_GUID);
    let link = address(&entry.links, &guid, base)?;
    let body = entry.content.as_ref().and_then(|content| content.body.as_deref()).unwrap_or_default();
    let summary = entry.summary.as_ref().map_or("", |text| text.content.as_str());
    let mut description = clean::description(summary);
    if description.is_empty() {
        description = clean::description(body);
    }
    let mut title = clean::title(entry.title.as_ref().map_or("", |text| text.content.as_str()));
    if title.is_empty() {
        title = clean::cut(&description, MADE_TITLE);
    }
    if title.is_empty() {
        return None;
    }
    if description == title {
        description.clear();
    }
    let tickers = tickers.find(&title, &description);
    Some(Item {
        guid: if guid.is_empty() { link.clone() } else { guid },
        link,
        pub_date: entry.published.or(entry.updated).and_then(|at| date(UnixMs(at.timestamp_millis()), now)),
        image_url: image(entry, base, [summary, body]),
        author: entry.authors.iter().find_map(|person| clean::author(clean::head(person.name.as_deref()?, MAX_FIELD))),
        title,
        description,
        tickers,
    })
}

/// Where the item is: the page of its own, or the guid where that is one.
fn address(links: &[Link], guid: &str, base: &Url) -> Option<String> {
    let is_page = |link: &&Link| link.target.is_none() && matches!(link.rel.as_deref(), None | Some("alternate" | ""));
    // An attachment of a JSON Feed has a type, and no relation.
    let is_file = |link: &&Link| link.media_type.as_deref().is_some_and(|kind| !kind.contains("html"));
    let pages = || links.iter().filter(is_page);
    let ordered =
        pages().filter(|link| !is_file(link)).chain(pages().filter(|link| is_file(link) && link.rel.is_some()));
    ordered
        .map(|page| page.href.as_str())
        .find_map(|href| link::canonical(href, base))
        .or_else(|| link::permalink(guid))
}

/// The date as far as it can be believed. What is to come is the time of arrival.
fn date(at: UnixMs, now: UnixMs) -> Option<UnixMs> {
    (at >= EARLIEST).then(|| at.min(now))
}

/// The first picture of: media, enclosures, the text.
fn image(entry: &Entry, base: &Url, texts: [&str; 2]) -> Option<String> {
    let contents = entry.media.iter().flat_map(|media| &media.content).filter_map(|content| {
        let kind = content.content_type.as_ref().map_or("", |kind| kind.as_str());
        let size = [content.width, content.height];
        content.url.as_ref().filter(|url| is_picture(kind, url.path())).map(|url| (url.as_str(), kind, size))
    });
    let mut contents = contents.filter_map(|(url, kind, size)| link::image(url, kind, size, base));
    if let Some(found) = contents.next() {
        return Some(found);
    }
    let mut enclosed = entry.links.iter().filter_map(|file| {
        let kind = file.media_type.as_deref().unwrap_or_default();
        let is_enclosure = matches!(file.rel.as_deref(), None | Some("enclosure"));
        (is_enclosure && kind.starts_with("image/"))
            .then(|| link::image(&file.href, kind, [None, None], base))
            .flatten()
    });
    enclosed.next().or_else(|| texts.into_iter().find_map(|text| link::first_image(text, base)))
}

fn is_picture(kind: &str, path: &str) -> bool {
    let endings = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"];
    kind.starts_with("image/")
        || (kind.is_empty() && endings.iter().any(|ending| path.to_ascii_lowercase().ends_with(ending)))
}
