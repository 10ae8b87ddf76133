//! Cuts a JSON Feed into documents of one item each, and mends what strict readers refuse: ids that are numbers, fields
//! of the wrong type, a feed without a title.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{Found, MAX_SEEN, NotAFeed};

/// Most bytes of one text that are taken.
const MAX_TEXT: usize = 64 << 10;

#[derive(Deserialize)]
struct Feed {
    version: Lenient,
    items: Vec<Entry>,
}

/// An item of the feed; anything else is as good as an empty one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Item(Box<Item>),
    Other(IgnoredAny),
}

#[derive(Deserialize, Serialize)]
struct Item {
    #[serde(default)]
    id: Lenient,
    #[serde(default)]
    url: Lenient,
    #[serde(default)]
    external_url: Lenient,
    #[serde(default)]
    title: Lenient,
    #[serde(default)]
    content_html: Lenient,
    #[serde(default)]
    content_text: Lenient,
    #[serde(default)]
    summary: Lenient,
    #[serde(default)]
    date_published: Lenient,
    #[serde(default)]
    date_modified: Lenient,
    #[serde(default, skip_serializing)]
    image: Lenient,
    #[serde(default, skip_serializing)]
    banner_image: Lenient,
    #[serde(default)]
    author: Option<Author>,
    #[serde(default)]
    authors: Authors,
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
}

#[derive(Serialize)]
struct Attachment {
    url: String,
    mime_type: &'static str,
}

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    title: &'static str,
    items: [&'a Item; 1],
}

/// A text where there is one; a number is read as its text, anything else as nothing.
#[derive(Default, Serialize)]
#[serde(transparent)]
struct Lenient(Option<String>);

#[derive(Default, Serialize)]
struct Author {
    name: Lenient,
}

#[derive(Default, Serialize)]
#[serde(transparent)]
struct Authors(Vec<Author>);

/// Hands each item to `take` as a document of its own.
pub(super) fn split(text: &str, take: &mut impl FnMut(&str)) -> Result<Found, NotAFeed> {
    let text = text.trim_matches(super::is_blank);
    let feed: Feed = serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => NotAFeed::CutOff,
        _ => NotAFeed::OtherJson,
    })?;
    if !feed.version.0.is_some_and(|version| version.contains("jsonfeed.org/version/")) {
        return Err(NotAFeed::OtherJson);
    }
    let mut found = Found::default();
    for entry in feed.items {
        found.items = found.items.saturating_add(1);
        let Entry::Item(mut item) = entry else { continue };
        if found.items > MAX_SEEN {
            continue;
        }
        let images = [item.image.0.take(), item.banner_image.0.take()].into_iter().flatten();
        item.attachments = images.map(|url| Attachment { url, mime_type: "image/*" }).collect();
        let document = Document { version: "https://jsonfeed.org/version/1.1", title: "", items: [&item] };
        // Text can't fail to be written as JSON; if it did, the item would count as rejected.
        if let Ok(document) = serde_json::to_string(&document) {
            take(&document);
        }
    }
    Ok(found)
}

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor)
    }
}

struct LenientVisitor;

impl<'de> Visitor<'de> for LenientVisitor {
    type Value = Lenient;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Lenient, E> {
        let end = text.floor_char_boundary(MAX_TEXT);
        Ok(Lenient(text.get(..end).map(ToOwned::to_owned)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Lenient, E> {
        Ok(Lenient(Some(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Lenient, E> {
        Ok(Lenient(Some(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Lenient, E> {
        Ok(Lenient(Some(number.to_string())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Lenient, E> {
        Ok(Lenient(None))
    }

    fn visit_unit<E>(self) -> Result<Lenient, E> {
        Ok(Lenient(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Lenient, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lenient, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Lenient(None))
    }
}

/// `{"name": …}`, or just the name.
#[derive(Deserialize)]
#[serde(untagged)]
enum AnyAuthor {
    Person {
        #[serde(default)]
        name: Lenient,
    },
    Other(Lenient),
}

impl<'de> Deserialize<'de> for Author {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match AnyAuthor::deserialize(deserializer)? {
            AnyAuthor::Person { name } | AnyAuthor::Other(name) => Self { name },
        })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AnyAuthors {
    Several(Vec<Author>),
    Other(IgnoredAny),
}

impl<'de> Deserialize<'de> for Authors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match AnyAuthors::deserialize(deserializer)? {
            AnyAuthors::Several(authors) => Self(authors),
            AnyAuthors::Other(IgnoredAny) => Self::default(),
        })
    }
}
