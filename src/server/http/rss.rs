//! `GET /api/rss`: our own feed, RSS 2.0 of the newest stories. Takes the parameters of `GET /api/news/stories`.
//!
//! Links lead to the pages of this server: to `server.public_url`, or where that is not set to the host that was asked.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header, uri::Authority};
use jiff::{Timestamp, fmt::rfc2822, tz::TimeZone};
use rss::{Category, Channel, Guid, Item, extension::Extension};

use super::{error::HttpError, news_query::NewsQuery, validator::Validator};
use crate::{
    model::{story::StoryHead, time::UnixMs},
    server::services::Services,
};

const CONTENT_TYPE: &str = "application/rss+xml; charset=utf-8";
const ATOM: &str = "http://www.w3.org/2005/Atom";
const SPECIFICATION: &str = "https://www.rssboard.org/rss-specification";
/// Readers need not ask again before, in minutes.
const TTL_MIN: &str = "5";
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// The newest stories as RSS 2.0.
#[utoipa::path(
    get, path = "/api/rss", tag = "news",
    params(super::openapi::NewsParameters),
    responses(
        (status = 200, content_type = "application/rss+xml", body = String),
        (status = "default", response = super::openapi::Refused),
    ),
)]
pub(super) async fn rss(
    State(services): State<Arc<Services>>,
    query: NewsQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let stories = services.story_rows(query.stories(None)).await?.stories;
    let text = channel(&base(&services, &headers), &stories).to_string();
    let validator = Validator::of(&text);
    let whole = || ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response();
    Ok(validator.answer(&headers, CACHE, whole))
}

/// The address of this server without a slash at its end.
fn base(services: &Services, headers: &HeaderMap) -> String {
    if let Some(url) = &services.config.server.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // Whatever a client may write there, only a host with or without a port goes on.
    let host = host.and_then(|host| host.parse::<Authority>().ok()).filter(|host| !host.as_str().contains('@'));
    format!("http://{}", host.map_or_else(|| services.config.server.addr.to_string(), |host| host.to_string()))
}

fn channel(base: &str, stories: &[StoryHead]) -> Channel {
    let mut channel = Channel::default();
    channel.set_title("Market Pulse: stories");
    channel.set_link(format!("{base}/news"));
    channel.set_description("What happened on the markets: one entry for each story, with everybody who reported it.");
    channel.set_generator(format!("Market Pulse {}", env!("CARGO_PKG_VERSION")));
    channel.set_docs(SPECIFICATION.to_owned());
    channel.set_ttl(TTL_MIN.to_owned());
    channel.set_last_build_date(stories.iter().map(|story| story.last_seen).max().and_then(date));
    let this = [("href", format!("{base}/api/rss")), ("rel", "self".into()), ("type", "application/rss+xml".into())];
    let this = Extension {
        name: "atom:link".to_owned(),
        attrs: this.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Extension::default()
    };
    channel.set_namespaces(BTreeMap::from([("atom".to_owned(), ATOM.to_owned())]));
    channel.set_extensions(BTreeMap::from([("atom".to_owned(), BTreeMap::from([("link".to_owned(), vec![this])]))]));
    channel.set_items(stories.iter().map(|story| item(base, story)).collect::<Vec<_>>());
    channel
}

fn item(base: &str, story: &StoryHead) -> Item {
    let names: Vec<&str> = story.sources.iter().map(|source| source.name.as_str()).collect();
    let paragraphs = [story.description.clone(), format!("Reported by {}.", names.join(", "))];
    let paragraphs = paragraphs.iter().filter(|text| !text.is_empty()).map(|text| format!("<p>{}</p>", html(text)));
    let categories = std::iter::once(story.category.clone()).chain(story.tickers.iter().map(ToString::to_string));
    let mut item = Item::default();
    item.set_title(plain(&story.title));
    item.set_link(format!(
        "{base}/news/{}",
        url::form_urlencoded::byte_serialize(story.id.as_bytes()).collect::<String>()
    ));
    item.set_description(plain(&paragraphs.collect::<String>()));
    item.set_categories(categories.map(category).collect::<Vec<_>>());
    // The id alone: it stays the same when the address of the server changes.
    item.set_guid(Guid { value: plain(&story.id), permalink: false });
    item.set_pub_date(date(story.first_seen));
    item
}

fn category(name: String) -> Category {
    Category { name: plain(&name), domain: None }
}

/// `Thu, 20 Nov 2025 12:00:00 +0000`
fn date(at: UnixMs) -> Option<String> {
    let at = Timestamp::from_millisecond(at.0).ok()?.to_zoned(TimeZone::UTC);
    rfc2822::to_string(&at).ok()
}

/// Text as HTML, which is what a description is to readers.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Without the characters that XML 1.0 has no way to write. <https://www.w3.org/TR/xml/#charsets>
fn plain(text: &str) -> String {
    let is_char =
        |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(is_char).collect()
}
