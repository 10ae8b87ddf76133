//! Paths of created channels.

use std::borrow::Cow;

use thiserror::Error;

/// Longest path, in characters.
pub const MAX_PATH_CHARS: usize = 200;

/// How often a path is decoded at most to see what it could be taken for.
const MAX_DECODINGS: usize = 8;

/// The path of a created channel: `/notifications/user123`. As it is looked up, with nothing encoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelPath(Box<str>);

/// It is no path of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a path starts with `/`, has at most {MAX_PATH_CHARS} characters, and no `..`, `\\`, `//` or control characters, not even encoded ones"
)]
pub struct BadChannelPath;

impl ChannelPath {
    /// # Errors
    /// [`BadChannelPath`]. What breaks a rule once it is percent-decoded breaks it already: some proxy decodes it.
    pub fn parse(path: &str) -> Result<Self, BadChannelPath> {
        let mut form = Cow::Borrowed(path);
        for _ in 0..MAX_DECODINGS {
            if !obeys(&form) {
                return Err(BadChannelPath);
            }
            let decoded = decode(form.as_bytes());
            // Bytes that are no text are what they are, and mean nothing further.
            let decoded = String::from_utf8_lossy(&decoded).into_owned();
            if decoded == form {
                return Ok(Self(path.into()));
            }
            form = Cow::Owned(decoded);
        }
        Err(BadChannelPath)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A path as part of an address: everything but letters, digits and a few signs is percent-encoded.
pub fn encode(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let digit = |value: u8| char::from_digit(value.into(), 16).map_or('0', |digit| digit.to_ascii_uppercase());
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

fn obeys(path: &str) -> bool {
    path.starts_with('/')
        && path.chars().count() <= MAX_PATH_CHARS
        && !path.contains("..")
        && !path.contains('\\')
        && !path.contains("//")
        && !path.chars().any(char::is_control)
}

/// The bytes that percent-encoded ones stand for. A `%` without two digits stands for itself.
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let digit = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        let value = digit(0).zip(digit(1)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match value {
            Some(value) if first == b'%' => {
                decoded.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => decoded.push(first),
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_allowed_and_what_is_not() {
        let long = |n: usize| format!("/{}", "x".repeat(n - 1));
        for good in [
            "/",
            "/a",
            "/notifications/user123",
            "/a.b/c-d_e~f/",
            "/training",
            "/status?x=1#y",
            "/100%",
            "/50%25",
            "/\u{e9}t\u{e9}/\u{1f600}",
            "/a b",
            "/.",
            "/%zz",
            &long(200),
            &format!("/{}", "\u{1f600}".repeat(199)),
        ] {
            assert_eq!(ChannelPath::parse(good).map(|path| path.as_str().to_owned()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "a",
            "a/b",
            " /a",
            "//",
            "/a//b",
            "/..",
            "/../a",
            "/a/..",
            "/a..b",
            "/a\\b",
            "/a\nb",
            "/a\0",
            "/a\u{7f}",
            "/a\u{85}b",
            "/%2e%2e/a",
            "/%2E./a",
            "/a%2f..",
            "/%2fa",
            "/a%2F%2Fb",
            "/a%5cb",
            "/a%0d%0aid: 9",
            "/%252e%252e",
            "/a%25252f%25252fb",
            "/%00",
            &long(201),
        ] {
            assert_eq!(ChannelPath::parse(bad), Err(BadChannelPath), "{bad:?}");
        }
    }

    #[test]
    fn a_path_that_is_encoded_again_and_again_is_refused() {
        let mut path = "/%41".to_owned();
        assert!(ChannelPath::parse(&path).is_ok());
        for _ in 0..20 {
            path = path.replace('%', "%25");
        }
        assert_eq!(ChannelPath::parse(&path), Err(BadChannelPath));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_obeys_the_rules_however_it_is_decoded(text in "(/|%2[fF]|%5[cC]|\\.|%2[eE]|%25|%0[aAdD]|\\\\|[a-c]|é|\\PC|\\pC){0,24}") {
            let path = format!("/{text}");
            if let Ok(taken) = ChannelPath::parse(&path) {
                prop_assert_eq!(taken.as_str(), &path);
                let mut form = path.into_bytes();
                loop {
                    let text = String::from_utf8_lossy(&form).into_owned();
                    prop_assert!(text.starts_with('/'), "{text}");
                    for forbidden in ["..", "\\", "//", "\n", "\r", "\0"] {
                        prop_assert!(!text.contains(forbidden), "{text} has {forbidden:?}");
                    }
                    let decoded = decode(&form);
                    if decoded == form {
                        break;
                    }
                    form = decoded;
                }
            }
        }

        #[test]
        fn what_is_encoded_is_an_address_and_decodes_to_itself(text in "[ -~\u{a1}-\u{17f}\u{1f600}]{0,40}") {
            if let Ok(path) = ChannelPath::parse(&format!("/{text}")) {
                let encoded = encode(path.as_str());
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte);
                prop_assert!(encoded.bytes().all(is_plain), "{encoded}");
                prop_assert_eq!(decode(encoded.as_bytes()), path.as_str().as_bytes());
            }
        }
    }
}
