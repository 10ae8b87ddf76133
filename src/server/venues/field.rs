//! Lenient reading of JSON members, so that one odd member never hides what the rest of a frame says.
//!
//! Venues send figures as strings. These types borrow from the frame and never fail on a member of another type:
//! what can't be used is judged later, by name.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// A member that should be a short text, an integer or a truth value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Field<'a> {
    /// Absent, or `null`.
    #[default]
    Missing,
    /// A text without escapes. Figures and names have none.
    Text(&'a str),
    Int(i64),
    Bool(bool),
    /// Anything else.
    Other,
}

impl<'a> Field<'a> {
    pub(super) const fn text(self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// An integer, or a text of digits.
    pub(super) fn int(self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(value),
            Self::Text(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        }
    }
}

/// What visitors do with the kinds of value that they have no use for: read past it and say `$other`.
macro_rules! other_kinds {
    ($other:expr; $($method:ident($type:ty)),*) => {
        $(fn $method<E: serde::de::Error>(self, _: $type) -> Result<Self::Value, E> { Ok($other) })*
    };
    ($other:expr; seq) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($other)
        }
    };
    ($other:expr; map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($other)
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor;

        impl<'de> Visitor<'de> for FieldVisitor {
            type Value = Field<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Field::Text(text))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Field::Int(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(i64::try_from(value).map_or(Field::Other, Field::Int))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Field::Bool(value))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Field::Missing)
            }

            other_kinds!(Field::Other; visit_str(&str), visit_f64(f64));
            other_kinds!(Field::Other; seq);
            other_kinds!(Field::Other; map);
        }

        deserializer.deserialize_any(FieldVisitor)
    }
}

/// A member that should be words for people, escapes included. An integer is taken as its digits; anything else is
/// the empty text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Words<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordsVisitor;

        impl<'de> Visitor<'de> for WordsVisitor {
            type Value = Words<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Words(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Words(Cow::Owned(text.to_owned())))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Words(Cow::Owned(value.to_string())))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Words(Cow::Owned(value.to_string())))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Words::default())
            }

            other_kinds!(Words::default(); visit_f64(f64), visit_bool(bool));
            other_kinds!(Words::default(); seq);
            other_kinds!(Words::default(); map);
        }

        deserializer.deserialize_any(WordsVisitor)
    }
}

/// A member that should be an object; `None` where it is anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Object<T>(pub(super) Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|value| Object(Some(value)))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Object(None))
            }

            other_kinds!(Object(None); visit_str(&str), visit_f64(f64), visit_bool(bool), visit_i64(i64), visit_u64(u64));
            other_kinds!(Object(None); seq);
        }

        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

/// A member that should be an array of objects; elements of another kind are left out. The first is held in place,
/// because one is the rule and the hot path allocates nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rows<T> {
    first: Option<T>,
    more: Vec<T>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { first: None, more: Vec::new() }
    }
}

impl<T> IntoIterator for Rows<T> {
    type Item = T;
    type IntoIter = std::iter::Chain<std::option::IntoIter<T>, std::vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.more)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowsVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for RowsVisitor<T> {
            type Value = Rows<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut rows = Rows::default();
                while let Some(Object(row)) = seq.next_element()? {
                    if rows.first.is_none() {
                        rows.first = row;
                    } else {
                        rows.more.extend(row);
                    }
                }
                Ok(rows)
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Rows::default())
            }

            other_kinds!(Rows::default(); visit_str(&str), visit_f64(f64), visit_bool(bool), visit_i64(i64), visit_u64(u64));
            other_kinds!(Rows::default(); map);
        }

        deserializer.deserialize_any(RowsVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Sample<'a> {
        #[serde(borrow)]
        a: Field<'a>,
        #[serde(borrow)]
        w: Words<'a>,
    }

    #[test]
    fn a_field_takes_any_value() {
        for (json, expected) in [
            ("{}", Field::Missing),
            (r#"{"a":null}"#, Field::Missing),
            (r#"{"a":"1.5"}"#, Field::Text("1.5")),
            (r#"{"a":"\u0031"}"#, Field::Other),
            (r#"{"a":17}"#, Field::Int(17)),
            (r#"{"a":-17}"#, Field::Int(-17)),
            (r#"{"a":18446744073709551615}"#, Field::Other),
            (r#"{"a":1.5}"#, Field::Other),
            (r#"{"a":true}"#, Field::Bool(true)),
            (r#"{"a":[1,{"b":[2]}]}"#, Field::Other),
            (r#"{"a":{"b":{"c":1}}}"#, Field::Other),
        ] {
            let sample: Sample<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(sample.a, expected, "{json}");
        }
    }

    #[test]
    fn words_keep_escapes_and_numbers() {
        for (json, expected) in
            [(r#"{"w":"a \"b\""}"#, "a \"b\""), (r#"{"w":7}"#, "7"), (r#"{"w":[1]}"#, ""), (r#"{"w":true}"#, "")]
        {
            let sample: Sample<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(sample.w.0, expected, "{json}");
        }
    }

    #[test]
    fn rows_keep_the_objects() {
        let rows: Rows<Sample<'_>> = serde_json::from_str(r#"[1,{"a":1},"x",{"a":2},{"a":3},[4]]"#).unwrap();
        let ints: Vec<_> = rows.into_iter().filter_map(|row| row.a.int()).collect();
        assert_eq!(ints, [1, 2, 3]);
        for json in ["{}", "null", "3", "\"x\"", "true"] {
            assert_eq!(serde_json::from_str::<Rows<Sample<'_>>>(json).unwrap().into_iter().count(), 0, "{json}");
        }
    }
}
