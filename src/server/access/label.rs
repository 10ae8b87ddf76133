//! What a token is for, in its owner's words.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::AccessError;

/// Longest label, in characters.
const MAX_LABEL: usize = 64;

/// 1 to 64 printable characters: no line break, and nothing that turns or hides the text around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

impl Label {
    /// Without the spaces around it.
    ///
    /// # Errors
    /// [`AccessError::BadLabel`]
    pub fn parse(text: &str) -> Result<Self, AccessError> {
        let text = text.trim();
        let fits = (1..=MAX_LABEL).contains(&text.chars().count());
        if fits && text.chars().all(is_printable) { Ok(Self(text.to_owned())) } else { Err(AccessError::BadLabel) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the standard library would show of itself, quotes and backslashes among it.
fn is_printable(c: char) -> bool {
    matches!(c, '\'' | '"' | '\\') || c.escape_debug().len() == 1
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Label {
    type Error = AccessError;

    fn try_from(text: String) -> Result<Self, AccessError> {
        Self::parse(&text)
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short_and_printable() {
        for (text, kept) in [
            ("training job", Some("training job")),
            ("  Müller's \"box\" \\ 日本 ", Some("Müller's \"box\" \\ 日本")),
            (&"ä".repeat(64), Some(&*"ä".repeat(64))),
            (&"a".repeat(65), None),
            ("", None),
            ("   ", None),
            ("two\nlines", None),
            ("a\tb", None),
            ("bell\u{7}", None),
            ("turned \u{202e}txt", None),
            ("hid\u{200b}den", None),
        ] {
            assert_eq!(Label::parse(text).ok().as_ref().map(Label::as_str), kept, "{text:?}");
        }
    }
}
