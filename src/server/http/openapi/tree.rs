//! JSON whose fields keep the order in which they are sent.

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

use crate::wire::json::Json;

static NULL: Json = Json::Null;

impl Json {
    /// What a value is written as. Null where it can't be written, which the log tells.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        let text = serde_json::to_vec(value);
        text.and_then(|text| serde_json::from_slice(&text)).unwrap_or_else(|error| {
            tracing::error!(%error, "a part of the description of the API can't be written");
            Self::Null
        })
    }

    pub fn word(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn object<const N: usize>(fields: [(&str, Self); N]) -> Self {
        Self::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The fields of an object; none of anything else.
    pub fn fields(&self) -> &[(String, Self)] {
        if let Self::Object(fields) = self { fields } else { &[] }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// A field; null where there is none.
    pub fn get(&self, name: &str) -> &Self {
        self.fields().iter().find(|(key, _)| key == name).map_or(&NULL, |(_, value)| value)
    }

    /// A field of a field of a field.
    pub fn at(&self, names: &[&str]) -> &Self {
        names.iter().fold(self, |json, name| json.get(name))
    }

    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The text of a field; empty where there is none.
    pub fn text_of(&self, name: &str) -> &str {
        self.get(name).text().unwrap_or_default()
    }

    /// The same to change; `None` where it is not there.
    pub fn at_mut(&mut self, names: &[&str]) -> Option<&mut Self> {
        names.iter().try_fold(self, |json, name| {
            let Self::Object(fields) = json else { return None };
            fields.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value)
        })
    }

    /// Puts a field in the place of one of its name, or at the end. Does nothing to what is no object.
    pub fn set(&mut self, name: &str, value: Self) {
        if let Self::Object(fields) = self {
            match fields.iter_mut().find(|(key, _)| key == name) {
                Some((_, old)) => *old = value,
                None => fields.push((name.to_owned(), value)),
            }
        }
    }

    /// As serde writes it.
    pub fn written(&self) -> impl Serialize {
        Written(self)
    }

    /// With a line for each field, as people read it.
    pub fn pretty(&self) -> String {
        serde_json::to_string_pretty(&self.written()).unwrap_or_default()
    }
}

struct Written<'a>(&'a Json);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(value) => number(*value, serializer),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Written(item))?;
                }
                list.end()
            }
            Json::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, &Written(value))?;
                }
                map.end()
            }
        }
    }
}

/// Whole numbers without a point.
fn number<S: Serializer>(value: f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within the limits")]
        serializer.serialize_i64(value as i64)
    } else {
        serializer.serialize_f64(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_numbers_are_kept() {
        let text =
            "{\n  \"z\": 1,\n  \"a\": [\n    1763640000123,\n    0.5,\n    null,\n    true,\n    \"é\\n\"\n  ]\n}";
        let json: Json = serde_json::from_str(text).expect("JSON");
        assert_eq!(json.pretty(), text);
        assert_eq!(json.at(&["a"]).items().len(), 5);
        assert_eq!(json.at(&["a", "b"]), &Json::Null);
    }

    #[test]
    fn a_field_is_put_in_its_place() {
        let mut json = Json::object([("a", Json::word("x")), ("b", Json::object([("c", Json::Null)]))]);
        json.set("a", Json::word("y"));
        json.at_mut(&["b"]).expect("a field").set("d", Json::Bool(true));
        assert_eq!(serde_json::to_string(&Written(&json)).expect("JSON"), r#"{"a":"y","b":{"c":null,"d":true}}"#);
        assert!(json.at_mut(&["b", "x"]).is_none());
    }
}
