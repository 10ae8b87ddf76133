//! A place in a list.

use std::fmt::Write as _;

use crate::model::time::UnixMs;

/// Longest text that is read as a cursor, in bytes.
const MAX_LEN: usize = 256;

/// A place in a list that new entries don't move: text that a client gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub at: UnixMs,
    pub id: String,
}

impl Cursor {
    /// The text for a client: letters, digits, `.`, `-`, `_` and `~` only, so it needs no escaping in an address.
    pub fn encode(&self) -> String {
        let mut text = format!("{:x}.", self.at.0.cast_unsigned());
        for byte in self.id.bytes() {
            if is_plain(byte) {
                text.push(char::from(byte));
            } else {
                // Writing to a string can't fail.
                let _ = write!(text, "~{byte:02x}");
            }
        }
        text
    }

    /// Reads what [`encode`](Self::encode) writes, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_LEN {
            return None;
        }
        let (at, escaped) = text.split_once('.')?;
        let at = UnixMs(u64::from_str_radix(at, 16).ok()?.cast_signed());
        let mut id = Vec::with_capacity(escaped.len());
        let mut bytes = escaped.bytes();
        while let Some(byte) = bytes.next() {
            id.push(match byte {
                b'~' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
                plain if is_plain(plain) => plain,
                _ => return None,
            });
        }
        let cursor = Self { at, id: String::from_utf8(id).ok()? };
        // One place has one text: no leading zeros, no needless escapes.
        (!cursor.id.is_empty() && cursor.encode() == text).then_some(cursor)
    }
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_is_short_and_plain() {
        let cursor = Cursor { at: UnixMs(1_763_640_000_123), id: "a1B2-c_3".to_owned() };
        assert_eq!(cursor.encode(), "19aa122be7b.a1B2-c_3");
        assert_eq!(Cursor { at: UnixMs(-1), id: "é/".to_owned() }.encode(), "ffffffffffffffff.~c3~a9~2f");
    }

    #[test]
    fn garbage_is_no_cursor() {
        let long = format!("1.{}", "a".repeat(MAX_LEN));
        for text in [
            "",
            ".",
            "1",
            "1.",
            ".a",
            "x.a",
            "+1.a",
            "-1.a",
            "01.a",
            "1.~",
            "1.~4",
            "1.~zz",
            "1.~61",
            "1.~C3~A9",
            "1.~c3",
            "1.a b",
            "1.a'",
            "1.é",
            "1.a\0",
            "10000000000000000.a",
            &long,
        ] {
            assert_eq!(Cursor::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn cursors_read_what_they_write(at: i64, id in "\\PC{1,40}|[a-f0-9]{32}") {
            let cursor = Cursor { at: UnixMs(at), id };
            let text = cursor.encode();
            prop_assert!(text.bytes().all(|b| is_plain(b) || b == b'.' || b == b'~'));
            let read = Cursor::parse(&text);
            prop_assert_eq!(read, (text.len() <= MAX_LEN).then_some(cursor));
        }

        #[test]
        fn a_text_that_is_read_is_the_one_that_is_written(text in "[0-9a-f]{0,17}[.~a-z0-9]{0,12}|\\PC{0,40}") {
            if let Some(cursor) = Cursor::parse(&text) {
                prop_assert_eq!(cursor.encode(), text);
            }
        }
    }
}
