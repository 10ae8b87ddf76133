//! Makes plain text of one line out of whatever a feed puts into its fields.
//!
//! Cleaning a text that is clean changes nothing, and nothing that is cleaned can be read as markup.

mod boilerplate;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use ammonia::Builder;

use crate::model::article::MAX_DESCRIPTION;

/// Longest title, in characters.
pub const MAX_TITLE: usize = 300;
/// Longest name of an author, in characters.
pub const MAX_AUTHOR: usize = 100;

/// Most bytes of a title that are looked at.
const TITLE_HEAD: usize = 4096;
/// Most bytes of a description that are looked at. Enough for 500 characters behind a picture with its captions.
const DESCRIPTION_HEAD: usize = 8192;
/// Some feeds escape twice, none ten times: what still changes then is nonsense.
const MAX_ROUNDS: usize = 8;

/// Tags whose text is none.
const SILENT: [&str; 15] = [
    "script", "style", "head", "title", "noscript", "template", "iframe", "object", "svg", "math", "select", "button",
    "audio", "video", "textarea",
];

/// Tags that keep words apart.
const BLOCKS: [&str; 27] = [
    "p",
    "br",
    "div",
    "li",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "tr",
    "td",
    "th",
    "blockquote",
    "pre",
    "hr",
    "figure",
    "figcaption",
    "section",
    "article",
    "img",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner.tags(HashSet::from(BLOCKS)).clean_content_tags(HashSet::from(SILENT));
    cleaner.generic_attributes(HashSet::new()).link_rel(None);
    cleaner
});

/// A title: at most [`MAX_TITLE`] characters; empty if nothing is left.
pub fn title(raw: &str) -> String {
    cut(&plain(head(raw, TITLE_HEAD)), MAX_TITLE)
}

/// A description: at most [`MAX_DESCRIPTION`] characters, without what blogs put below every text; may be empty.
pub fn description(raw: &str) -> String {
    let mut text = plain(head(raw, DESCRIPTION_HEAD));
    loop {
        let shorter = cut(boilerplate::stripped(&text), MAX_DESCRIPTION);
        if shorter == text {
            return text;
        }
        text = shorter;
    }
}

/// The name of an author: at most [`MAX_AUTHOR`] characters. `None` if nothing is left.
pub fn author(raw: &str) -> Option<String> {
    let name = plain(head(raw, TITLE_HEAD));
    let mut name = name.as_str();
    loop {
        let by = name.strip_prefix("By ").or_else(|| name.strip_prefix("by ")).unwrap_or(name);
        // What is left of `jane@example.com (Jane Doe)`.
        let bare = by.strip_prefix('(').and_then(|by| by.strip_suffix(')')).unwrap_or(by).trim();
        if bare.len() == name.len() {
            break;
        }
        name = bare;
    }
    Some(cut(name, MAX_AUTHOR)).filter(|name| name.chars().any(char::is_alphanumeric))
}

/// Text of one line without markup.
pub fn plain(raw: &str) -> String {
    let mut text = one_line(raw);
    for _ in 0..MAX_ROUNDS {
        if !has_markup(&text) {
            return text;
        }
        let next = one_line(&without_markup(&text));
        if next == text {
            return harmless(text);
        }
        text = next;
    }
    one_line(&text.replace(['&', '<'], " "))
}

/// Text of one line, as it is otherwise, of at most `max` characters.
pub fn short(raw: &str, max: usize) -> String {
    let text = one_line(raw);
    text.char_indices()
        .nth(max)
        .map_or(text.as_str(), |(end, _)| text.get(..end).unwrap_or_default())
        .trim_end()
        .to_owned()
}

/// The first bytes of a text, `max` at most.
pub fn head(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

/// At most `max` characters, cut between words where there are some, with `…` for what is missing.
pub fn cut(text: &str, max: usize) -> String {
    if text.len() <= max || text.chars().count() <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(1);
    let end = text.char_indices().nth(room).map_or(text.len(), |(end, _)| end);
    let kept = text.get(..end).unwrap_or_default();
    let ends_a_word = text.get(end..).is_some_and(|rest| rest.starts_with(' '));
    // Without blanks in reach (Chinese, one long word) it is cut anywhere.
    let word_end = kept.rfind(' ').filter(|at| !ends_a_word && *at >= kept.len() / 2);
    let kept = word_end.and_then(|at| kept.get(..at)).unwrap_or(kept);
    let kept = kept.trim_end_matches([' ', ',', ';', ':', '-', '–', '—', '…']);
    format!("{kept}…")
}

/// Without control characters and what can't be seen; every blank is one space, none at the ends.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else if !is_invisible(c) {
            line.push(c);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// Control characters, what turns the direction of text, what has no width, and what is no character.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}' | '\u{e000}'..='\u{f8ff}')
}

/// Something in it could be a tag or an entity.
fn has_markup(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().zip(bytes.iter().skip(1)).any(|(first, second)| match first {
        b'<' => begins_tag(*second),
        b'&' => second.is_ascii_alphanumeric() || *second == b'#',
        _ => false,
    })
}

const fn begins_tag(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!' | b'?')
}

/// Tags out, entities resolved, once.
fn without_markup(text: &str) -> String {
    let marked = CLEANER.clean(&closed(text)).to_string();
    // What is left of tags are those that keep words apart; every other `<` is escaped.
    let mut rest = marked.as_str();
    let mut words = String::with_capacity(rest.len());
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        words.push(' ');
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    words.push_str(rest);
    unescaped(&words)
}

/// The last `<` may open a tag that was cut off, or be a sign that means "less than".
fn closed(text: &str) -> Cow<'_, str> {
    let Some((before, after)) = text.rsplit_once('<') else { return Cow::Borrowed(text) };
    if after.contains('>') || !after.bytes().next().is_some_and(begins_tag) {
        return Cow::Borrowed(text);
    }
    let is_tag = after.contains('=') || after.starts_with(['/', '!', '?']);
    if is_tag { Cow::Borrowed(before) } else { Cow::Owned(format!("{before}< {after}")) }
}

/// The four entities that the cleaner writes.
fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once('&') {
        plain.push_str(before);
        let known = [("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("nbsp;", ' ')];
        let found = known.iter().find_map(|(name, c)| reference.strip_prefix(name).map(|after| (*c, after)));
        let (c, after) = found.unwrap_or(('&', reference));
        plain.push(c);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// A `<` that the cleaner let stand opens nothing.
fn harmless(text: String) -> String {
    let opens = |text: &str| text.split('<').skip(1).any(|after| after.bytes().next().is_some_and(begins_tag));
    if opens(&text) { one_line(&text.replace('<', " ")) } else { text }
}
