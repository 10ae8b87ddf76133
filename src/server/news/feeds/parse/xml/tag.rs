//! One tag: its name and its attributes, as far as they can be made out.

/// Longest tag, in bytes.
const MAX_TAG: usize = 16 << 10;
/// Most attributes of a tag that are read.
const MAX_ATTRIBUTES: usize = 24;

/// `<name key="value">`, `<name/>` or `</name>`.
pub(super) struct Tag<'a> {
    /// All of it, from `<` to `>`.
    pub raw: &'a str,
    pub name: &'a str,
    pub is_end: bool,
    pub is_empty: bool,
    inside: &'a str,
}

/// What a `<` begins.
pub(super) enum Read<'a> {
    Tag(Tag<'a>),
    /// Nothing: it is a character like others.
    Text,
    CutOff,
}

impl<'a> Tag<'a> {
    /// Reads the tag that `text` begins with.
    pub(super) fn read(text: &'a str) -> Read<'a> {
        let is_end = text.starts_with("</");
        let named = text.get(1 + usize::from(is_end)..).unwrap_or_default();
        match named.chars().next() {
            None => return Read::CutOff,
            Some(first) if !first.is_alphabetic() && first != '_' => return Read::Text,
            Some(_) => {}
        }
        let length = match length(text) {
            Length::Bytes(length) => length,
            Length::CutOff => return Read::CutOff,
            Length::NoTag => return Read::Text,
        };
        let (raw, _) = text.split_at_checked(length).unwrap_or((text, ""));
        let inside = named.get(..(length - 1).saturating_sub(1 + usize::from(is_end))).unwrap_or_default();
        let is_empty = !is_end && inside.ends_with('/');
        let inside = inside.strip_suffix('/').filter(|_| is_empty).unwrap_or(inside);
        let end = inside.find(|c: char| !is_name(c)).unwrap_or(inside.len());
        let (name, inside) = inside.split_at_checked(end).unwrap_or((inside, ""));
        Read::Tag(Self { raw, name, is_end, is_empty, inside })
    }

    /// Names and values as they are written. What is not `name="value"` is left out, and so is a name's second value.
    pub(super) fn attributes(&self) -> Vec<(&'a str, &'a str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        let mut rest = self.inside;
        while found.len() < MAX_ATTRIBUTES {
            rest = rest.trim_start_matches(|c: char| !is_name(c));
            let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            let Some((key, after)) = rest.split_at_checked(end).filter(|(key, _)| !key.is_empty()) else { break };
            rest = after;
            let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else { continue };
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (value, after) = match quote {
                Some(quote) => value.get(1..).and_then(|value| value.split_once(quote)).unwrap_or_default(),
                None => {
                    value.split_at_checked(value.find(char::is_whitespace).unwrap_or(value.len())).unwrap_or_default()
                }
            };
            rest = after;
            if found.iter().all(|(known, _)| *known != key) {
                found.push((key, value));
            }
        }
        found
    }
}

/// How long a tag is.
enum Length {
    /// Up to and including its `>`.
    Bytes(usize),
    /// The text ends before it does.
    CutOff,
    /// It is none: too long, or another tag begins within it.
    NoTag,
}

/// A `>` within quotes ends no tag.
fn length(text: &str) -> Length {
    let mut quote = None;
    let mut after_equals = false;
    for (at, byte) in text.bytes().enumerate().take(MAX_TAG) {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'>') => return Length::Bytes(at + 1),
            (None, b'<') if at > 0 => return Length::NoTag,
            // An apostrophe elsewhere opens nothing.
            (None, b'"' | b'\'') if after_equals => quote = Some(byte),
            _ => {}
        }
        after_equals = byte == b'=' || (after_equals && byte.is_ascii_whitespace());
    }
    if text.len() < MAX_TAG { Length::CutOff } else { Length::NoTag }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}
