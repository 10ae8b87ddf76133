//! A venue: an exchange that prices are taken from.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MAX_KEY_LEN: usize = 15;

/// The key of a venue in lower case, such as `binance`: 1–15 ASCII letters, digits or `_`.
///
/// The model does not list the venues. The server's registry does, and [`VenueInfo`] carries the names to the pages,
/// so that a new exchange needs no change here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Venue {
    bytes: [u8; MAX_KEY_LEN],
    len: u8,
}

impl Venue {
    /// The venue with this key, or `None` where the text can't be a key. Usable in constants.
    pub const fn new(key: &str) -> Option<Self> {
        let source = key.as_bytes();
        if source.is_empty() || source.len() > MAX_KEY_LEN {
            return None;
        }
        let mut bytes = [0; MAX_KEY_LEN];
        let mut i = 0;
        while i < source.len() {
            #[expect(clippy::indexing_slicing, reason = "const fn: no iterators; i < len <= MAX_KEY_LEN")]
            let byte = source[i];
            if !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
                return None;
            }
            #[expect(clippy::indexing_slicing, reason = "const fn: no iterators; i < len <= MAX_KEY_LEN")]
            {
                bytes[i] = byte;
            }
            i += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX_KEY_LEN")]
        let len = source.len() as u8;
        Some(Self { bytes, len })
    }

    /// The key: `binance`.
    pub fn as_str(&self) -> &str {
        self.bytes.get(..usize::from(self.len)).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
    }
}

impl fmt::Display for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Venue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Venue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| serde::de::Error::custom("not a venue key"))
    }
}

/// How a venue is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueInfo {
    pub venue: Venue,
    /// `Binance`
    pub title: String,
    /// One letter for tight places, unique among the venues: `B`.
    pub mark: char,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_lower_case_words() {
        assert_eq!(Venue::new("binance").map(|v| v.to_string()), Some("binance".to_owned()));
        for key in ["", "Binance", "a b", "sixteen_letters_"] {
            assert_eq!(Venue::new(key), None, "{key}");
        }
    }
}
