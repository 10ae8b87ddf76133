//! What elements and attributes are called, and which of them are of use.

use std::borrow::Cow;

use url::Url;

use super::{decode, tag::Tag};

/// Most prefixes that are remembered.
const MAX_PREFIXES: usize = 64;

/// The families of feeds in XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// RSS 0.91 to 2.0.
    Rss,
    /// RSS 0.90 and 1.0.
    Rdf,
    Atom,
}

/// A namespace that is of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    Rss,
    Atom,
    Content,
    Dc,
    Media,
    Other,
}

/// What each prefix stands for.
pub(super) struct Names {
    known: Vec<(String, Space)>,
}

impl Kind {
    pub(super) fn of_root(name: &str) -> Option<Self> {
        match name {
            _ if name.eq_ignore_ascii_case("rss") => Some(Self::Rss),
            _ if name.eq_ignore_ascii_case("rdf") => Some(Self::Rdf),
            _ if name.eq_ignore_ascii_case("feed") => Some(Self::Atom),
            _ => None,
        }
    }

    pub(super) const fn root(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Rdf => "RDF",
            Self::Atom => "feed",
        }
    }

    pub(super) const fn item(self) -> &'static str {
        match self {
            Self::Rss | Self::Rdf => "item",
            Self::Atom => "entry",
        }
    }

    /// What goes before and after an item to make it a document.
    pub(super) const fn wrapper(self) -> (&'static str, &'static str) {
        match self {
            Self::Rss => (
                concat!(
                    "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" ",
                    "xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ",
                    "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\"><channel>",
                ),
                "</channel></rss>",
            ),
            Self::Rdf => (
                concat!(
                    "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" ",
                    "xmlns:atom=\"http://www.w3.org/2005/Atom\" ",
                    "xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ",
                    "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\">",
                ),
                "</rdf:RDF>",
            ),
            Self::Atom => (
                concat!(
                    "<feed xmlns=\"http://www.w3.org/2005/Atom\" ",
                    "xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ",
                    "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\">",
                ),
                "</feed>",
            ),
        }
    }
}

impl Default for Names {
    /// What prefixes mean by custom: some feeds use them without saying so.
    fn default() -> Self {
        let custom = [
            ("atom", Space::Atom),
            ("content", Space::Content),
            ("dc", Space::Dc),
            ("media", Space::Media),
            ("rss", Space::Rss),
        ];
        Self { known: custom.map(|(prefix, space)| (prefix.to_owned(), space)).into() }
    }
}

impl Names {
    /// Takes over the prefixes that a tag declares.
    pub(super) fn learn(&mut self, tag: &Tag<'_>) {
        if tag.is_end || !tag.raw.contains("xmlns:") {
            return;
        }
        for (key, value) in tag.attributes() {
            let Some(prefix) = key.strip_prefix("xmlns:") else { continue };
            let space = Space::of(value.trim());
            if let Some((_, known)) = self.known.iter_mut().find(|(known, _)| known == prefix) {
                *known = space;
            } else if self.known.len() < MAX_PREFIXES {
                self.known.push((prefix.to_owned(), space));
            }
        }
    }

    /// The name with the prefix that the wrapping document has for it, or `ignored`.
    pub(super) fn canonical<'a>(&self, name: &'a str, kind: Kind) -> Cow<'a, str> {
        let Some((prefix, local)) = name.split_once(':') else { return Cow::Borrowed(name) };
        let space = self.known.iter().find(|(known, _)| known == prefix).map_or(Space::Other, |(_, space)| *space);
        let is_used = match space {
            Space::Rss => kind != Kind::Atom,
            Space::Atom => true,
            Space::Content => local == "encoded",
            Space::Dc => matches!(local, "creator" | "date" | "description"),
            Space::Media => matches!(local, "content" | "group" | "thumbnail"),
            Space::Other => false,
        };
        match space {
            _ if !is_used || local.contains(':') || local.is_empty() => Cow::Borrowed("ignored"),
            Space::Rss => Cow::Borrowed(local),
            Space::Atom if kind == Kind::Atom => Cow::Borrowed(local),
            Space::Atom => Cow::Owned(format!("atom:{local}")),
            Space::Content => Cow::Borrowed("content:encoded"),
            Space::Dc => Cow::Owned(format!("dc:{local}")),
            // The reader passes over thumbnails that come without content.
            Space::Media if local == "group" => Cow::Borrowed("media:group"),
            Space::Media | Space::Other => Cow::Borrowed("media:content"),
        }
    }
}

impl Space {
    fn of(uri: &str) -> Self {
        match uri {
            "http://purl.org/rss/1.0/" | "http://my.netscape.com/rdf/simple/0.9/" => Self::Rss,
            "http://www.w3.org/2005/Atom" | "http://purl.org/atom/ns#" => Self::Atom,
            "http://purl.org/rss/1.0/modules/content/" => Self::Content,
            "http://purl.org/dc/elements/1.1/" => Self::Dc,
            _ if uri.trim_end_matches('/').ends_with("://search.yahoo.com/mrss") => Self::Media,
            _ => Self::Other,
        }
    }
}

/// The attributes of an element that the reader needs, with values that it does not refuse.
pub(super) fn attributes<'a>(name: &str, tag: &Tag<'a>, kind: Kind) -> Vec<(Cow<'a, str>, String)> {
    let mut written: Vec<(Cow<'a, str>, String)> = Vec::new();
    for (key, value) in tag.attributes() {
        let mut text = String::new();
        decode(&mut text, value);
        let is_used = match key {
            "xml:base" => Url::parse(&text).is_ok(),
            "src" => !(kind == Kind::Atom && name == "content"),
            _ => !key.contains(':') && key != "xmlns",
        };
        if key == "type" && kind == Kind::Atom && matches!(name, "title" | "summary" | "content" | "rights") {
            // The reader gives up on a type that it does not know.
            text = match text.to_ascii_lowercase().as_str() {
                "xhtml" | "application/xhtml+xml" => "xhtml".to_owned(),
                "text" | "text/plain" => "text".to_owned(),
                _ => "html".to_owned(),
            };
        }
        if is_used {
            written.push((Cow::Borrowed(key), text));
        }
    }
    let has = |written: &[(Cow<'a, str>, String)], wanted: &str| written.iter().any(|(key, _)| key == wanted);
    let is_image =
        local(tag.name) == "thumbnail" || written.iter().any(|(key, value)| key == "medium" && value == "image");
    if name == "media:content" && is_image && !has(&written, "type") {
        written.push((Cow::Borrowed("type"), "image/unknown".to_owned()));
    }
    written
}

pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// What a page begins with, with or without its `<html>`.
pub(super) fn is_html(name: &str) -> bool {
    let html = ["html", "head", "body", "meta", "title", "script", "style", "link", "div", "p", "center", "h1", "form"];
    html.iter().any(|html| name.eq_ignore_ascii_case(html))
}

/// Elements of an item that hold text and nothing else.
pub(super) fn is_text(name: &str) -> bool {
    matches!(
        name,
        "title"
            | "link"
            | "description"
            | "guid"
            | "pubDate"
            | "author"
            | "content:encoded"
            | "dc:creator"
            | "dc:date"
            | "dc:description"
    )
}

pub(super) fn is_person(name: &str) -> bool {
    matches!(name, "author" | "dc:creator")
}

/// Puts blanks around mail addresses. The reader looks for them byte by byte, and stumbles over a wide character beside
/// one.
pub(super) fn addresses_apart(text: &str) -> String {
    let mut apart = String::with_capacity(text.len() + 8);
    for word in text.split_inclusive(char::is_whitespace) {
        if !word.contains('@') || word.is_ascii() {
            apart.push_str(word);
            continue;
        }
        let mut was_ascii = true;
        for c in word.chars() {
            if c.is_ascii() != was_ascii {
                apart.push(' ');
            }
            was_ascii = c.is_ascii();
            apart.push(c);
        }
    }
    apart
}
