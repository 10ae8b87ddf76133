//! Reading JSON with little code.
//!
//! A derived reader is a large function for each type, and many of them were a third of the browser's build. Here one
//! reader makes a tree of any text, and a type says which fields it takes from it. The server writes with serde, and a
//! test sees to it that what it writes of each type is read back as it was.

use std::{borrow::Cow, fmt};

use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// Any JSON. Numbers are as exact as in a browser: whole ones up to 2^53.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// What can be read from [`Json`].
pub trait FromJson: Sized {
    /// `None` for anything else.
    fn from_json(json: Json) -> Option<Self>;

    /// What a field is that is not there; `None` where it must be.
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads a text from its bytes.
///
/// # Errors
/// Where it is no JSON, or not of this type.
pub fn read<T: FromJson>(text: &[u8]) -> serde_json::Result<T> {
    T::from_json(parse(text)?).ok_or_else(|| serde_json::Error::custom("another shape was expected"))
}

#[inline(never)]
fn parse(text: &[u8]) -> serde_json::Result<Json> {
    serde_json::from_slice(text)
}

/// The answers of server functions: written by serde, read as [`FromJson`] says.
pub type PageJson = Post<PageEncoding>;

#[derive(Debug)]
pub struct PageEncoding;

impl ContentType for PageEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for PageEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for PageEncoding {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: FromJson> Decodes<T> for PageEncoding {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        read(&bytes)
    }
}

/// The fields of an object, taken out one by one.
pub struct Fields(Vec<(String, Json)>);

impl Fields {
    pub fn of(json: Json) -> Option<Self> {
        if let Json::Object(fields) = json { Some(Self(fields)) } else { None }
    }

    /// The value of a field.
    pub fn take<T: FromJson>(&mut self, name: &str) -> Option<T> {
        match self.find(name) {
            Some(json) => T::from_json(json),
            None => T::absent(),
        }
    }

    /// What was not taken.
    pub fn rest(self) -> Json {
        Json::Object(self.0)
    }

    #[inline(never)]
    fn find(&mut self, name: &str) -> Option<Json> {
        let (_, value) = self.0.iter_mut().find(|(key, _)| key == name)?;
        Some(std::mem::replace(value, Json::Null))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "as in a browser")]
    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "as in a browser")]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            fields.push(entry);
        }
        Ok(Json::Object(fields))
    }
}

impl FromJson for Json {
    fn from_json(json: Json) -> Option<Self> {
        Some(json)
    }
}

impl FromJson for String {
    fn from_json(json: Json) -> Option<Self> {
        if let Json::Text(text) = json { Some(text) } else { None }
    }
}

impl FromJson for Cow<'static, str> {
    fn from_json(json: Json) -> Option<Self> {
        String::from_json(json).map(Self::Owned)
    }
}

impl FromJson for bool {
    fn from_json(json: Json) -> Option<Self> {
        if let Json::Bool(value) = json { Some(value) } else { None }
    }
}

impl FromJson for f64 {
    fn from_json(json: Json) -> Option<Self> {
        if let Json::Number(value) = json { Some(value) } else { None }
    }
}

/// Largest whole number that is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl FromJson for i64 {
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within the limits")]
    fn from_json(json: Json) -> Option<Self> {
        let value = f64::from_json(json).filter(|value| value.fract() == 0.0 && value.abs() <= EXACT);
        value.map(|value| value as Self)
    }
}

macro_rules! smaller_numbers {
    ($($type:ty)*) => {$(
        impl FromJson for $type {
            fn from_json(json: Json) -> Option<Self> {
                Self::try_from(i64::from_json(json)?).ok()
            }
        }
    )*};
}

smaller_numbers! { u8 u32 u64 usize }

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: Json) -> Option<Self> {
        if json == Json::Null { Some(None) } else { T::from_json(json).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(json: Json) -> Option<Self> {
        T::from_json(json).map(Self::new)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: Json) -> Option<Self> {
        let Json::List(items) = json else { return None };
        let mut list = Self::with_capacity(items.len());
        for item in items {
            list.push(T::from_json(item)?);
        }
        Some(list)
    }
}
