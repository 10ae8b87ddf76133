//! Reads what somebody publishes.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};
use thiserror::Error;

use super::{
    builtin::BuiltIn,
    schema::{self, Misfit},
};
use crate::{
    server::event::{EventDraft, EventKind, Facets},
    wire::json::Json,
};

/// How deep lists and objects may be inside each other: what the common readers of JSON can follow.
pub const MAX_DEPTH: usize = 128;

/// Why something is not published.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadPublication {
    #[error("the body is no JSON, or is nested deeper than {MAX_DEPTH} levels")]
    Malformed,
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

/// `{"event":"training_progress","data":{…}}` for a named channel. What `data` holds is kept as it was written.
///
/// # Errors
/// Where it is no JSON, or does not fit the channel.
pub fn event(channel: BuiltIn, body: &[u8]) -> Result<EventDraft, BadPublication> {
    let members = members(body, "must be an object with `event` and `data`")?;
    let kind = text(&members, "event")?;
    let kind = EventKind::parse(&kind).filter(|kind| channel.kinds().contains(kind)).ok_or_else(|| {
        let known: Vec<_> = channel.kinds().iter().map(|kind| kind.as_str()).collect();
        Misfit::new("event", format!("must be one of {}", known.join(", ")))
    })?;
    let data = member(&members, "data")?;
    schema::check(kind, &parse(data)?)?;
    Ok(EventDraft { kind, data: data.get().to_owned(), facets: Facets::default() })
}

/// One text of an object that may hold others: the path of `{"path":"/notifications"}`.
///
/// # Errors
/// Where it is no JSON, or where the text is not there exactly once: which of two is meant is not guessed.
pub fn text_in(body: &[u8], name: &'static str) -> Result<String, BadPublication> {
    text(&members(body, "must be an object")?, name)
}

/// Any JSON, for a created channel. Kept as it was written, without white space around it.
///
/// # Errors
/// [`BadPublication::Malformed`]
pub fn message(body: &[u8]) -> Result<EventDraft, BadPublication> {
    let json: &RawValue = serde_json::from_slice(body).map_err(|_| BadPublication::Malformed)?;
    if depth(json.get()) > MAX_DEPTH {
        return Err(BadPublication::Malformed);
    }
    Ok(EventDraft { kind: EventKind::Message, data: json.get().to_owned(), facets: Facets::default() })
}

/// The members of an object in the order in which they were written, unread.
struct Members<'a>(Vec<(String, &'a RawValue)>);

fn member<'a>(members: &[(String, &'a RawValue)], name: &'static str) -> Result<&'a RawValue, Misfit> {
    let mut values = members.iter().filter(|(key, _)| key == name).map(|(_, value)| *value);
    match (values.next(), values.next()) {
        (None, _) => Err(Misfit::new(name, "is missing")),
        (Some(value), None) => Ok(value),
        (Some(_), Some(_)) => Err(Misfit::new(name, "is there twice")),
    }
}

fn members<'a>(body: &'a [u8], expected: &'static str) -> Result<Vec<(String, &'a RawValue)>, BadPublication> {
    let read = serde_json::from_slice(body).map(|Members(members)| members);
    read.map_err(|error| match error.classify() {
        Category::Data => Misfit::new("body", expected).into(),
        _ => BadPublication::Malformed,
    })
}

fn text(members: &[(String, &RawValue)], name: &'static str) -> Result<String, BadPublication> {
    match parse(member(members, name)?)? {
        Json::Text(text) => Ok(text),
        _ => Err(Misfit::new(name, "must be text").into()),
    }
}

fn parse(json: &RawValue) -> Result<Json, BadPublication> {
    serde_json::from_str(json.get()).map_err(|_| BadPublication::Malformed)
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// How deep lists and objects of correct JSON are inside each other.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests;
