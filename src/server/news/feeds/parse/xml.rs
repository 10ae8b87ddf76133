//! Cuts XML into small documents of one item each, and mends them on the way: what real feeds get wrong, and what
//! hostile ones do to break a reader.
//!
//! - Document types are skipped. No entity but the five of XML and characters by number mean anything, so nothing expands.
//! - Depth, attributes and texts are bounded. What nests deeper loses its tags and keeps its text.
//! - Stray `&` and `<`, end tags that fit nothing, and ends that are missing are mended. The last item of an answer that
//!   was cut off is given up, those before it are kept.
//! - Names get the prefixes that the wrapping document declares; a namespace that is of no use becomes `ignored`.

mod names;
mod tag;

use std::{borrow::Cow, time::Duration};

use names::{Kind, Names};
use tag::Tag;

use super::{Found, MAX_SEEN, NotAFeed};
use crate::server::news::feeds::clean;

/// Elements of an item within each other, at most.
const MAX_DEPTH: usize = 48;
/// Most bytes of one text.
const MAX_TEXT: usize = 64 << 10;
/// Most bytes of one item. What exceeds it is left out.
const MAX_ITEM: usize = 512 << 10;
/// Longest reference to a character, in bytes: `&#x10ffff;` and some zeros.
const MAX_REFERENCE: usize = 14;
/// Longest wait that a feed may ask for, in minutes: a week.
const MAX_TTL: u64 = 10_080;

/// What comes next in the text.
enum Token<'a> {
    Text(&'a str),
    /// Text that is meant literally.
    Verbatim(&'a str),
    Tag(Tag<'a>),
    /// `<!DOCTYPE html>`
    HtmlDoctype,
    /// Comments, instructions, document types.
    Nothing,
    CutOff,
}

struct Scanner<'a> {
    rest: &'a str,
}

/// An item that is being written.
struct Writer<'a> {
    out: String,
    /// Where the item begins, after the head of the document.
    head: usize,
    tail: &'static str,
    kind: Kind,
    open: Vec<Cow<'a, str>>,
    /// Open elements that are too deep to be written.
    deeper: usize,
    text: String,
}

/// Hands each item to `take` as a document of its own.
pub(super) fn split(text: &str, take: &mut impl FnMut(&str)) -> Result<Found, NotAFeed> {
    let mut scanner = Scanner { rest: text };
    let mut names = Names::default();
    let kind = root(&mut scanner, &mut names)?;
    let mut found = Found::default();
    let mut writer = Writer::new(kind);
    let mut in_ttl = false;
    while let Some(token) = scanner.next() {
        match token {
            Token::Text(text) if in_ttl && writer.is_idle() => found.ttl = ttl(text).or(found.ttl),
            Token::Text(text) => writer.text(text),
            Token::Verbatim(text) => writer.verbatim(text),
            Token::Nothing | Token::HtmlDoctype => {}
            Token::CutOff if found.items == 0 || (found.items == 1 && !writer.is_idle()) => {
                return Err(NotAFeed::CutOff);
            }
            Token::CutOff => return Ok(found),
            Token::Tag(tag) => {
                names.learn(&tag);
                let name = names.canonical(tag.name, kind);
                in_ttl = !tag.is_end && name == "ttl";
                if name == kind.item() {
                    if !writer.is_idle() {
                        writer.finish(take);
                    }
                    if !tag.is_end {
                        found.items = found.items.saturating_add(1);
                        if found.items <= MAX_SEEN {
                            writer.begin(&tag);
                        }
                    }
                } else if writer.is_idle() {
                    if tag.is_end && names::local(tag.name) == kind.root() {
                        return Ok(found);
                    }
                } else if tag.is_end {
                    writer.end(&name, tag.raw);
                } else {
                    writer.start(name, &tag);
                }
            }
        }
    }
    // The root was never closed: what was complete is kept.
    if found.items == 0 || (found.items == 1 && !writer.is_idle()) { Err(NotAFeed::CutOff) } else { Ok(found) }
}

/// Goes past the start of the root and says what kind of feed it is.
fn root(scanner: &mut Scanner<'_>, names: &mut Names) -> Result<Kind, NotAFeed> {
    while let Some(token) = scanner.next() {
        match token {
            Token::HtmlDoctype => return Err(NotAFeed::Html),
            Token::CutOff => return Err(NotAFeed::CutOff),
            Token::Tag(tag) if tag.is_end => {}
            Token::Tag(tag) => {
                names.learn(&tag);
                return Kind::of_root(names::local(tag.name))
                    .ok_or_else(|| if names::is_html(tag.name) { NotAFeed::Html } else { NotAFeed::OtherXml });
            }
            Token::Text(_) | Token::Verbatim(_) | Token::Nothing => {}
        }
    }
    Err(NotAFeed::Unknown)
}

fn ttl(text: &str) -> Option<Duration> {
    let minutes = text.trim().parse::<u64>().ok().filter(|minutes| *minutes > 0)?;
    Some(Duration::from_mins(minutes.min(MAX_TTL)))
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        if !self.rest.starts_with('<') {
            return Some(Token::Text(self.take(self.rest.find('<').unwrap_or(self.rest.len()))));
        }
        if self.rest.starts_with("<!--") {
            return Some(self.until(4, "-->").map_or(Token::CutOff, |_| Token::Nothing));
        }
        if self.rest.starts_with("<![CDATA[") {
            return Some(self.until(9, "]]>").map_or(Token::CutOff, Token::Verbatim));
        }
        if self.rest.starts_with("<?") {
            return Some(self.until(2, "?>").map_or(Token::CutOff, |_| Token::Nothing));
        }
        if self.rest.starts_with("<!") {
            return Some(self.declaration());
        }
        match Tag::read(self.rest) {
            tag::Read::Tag(tag) => {
                self.take(tag.raw.len());
                Some(Token::Tag(tag))
            }
            tag::Read::Text => Some(Token::Text(self.take(1))),
            tag::Read::CutOff => {
                self.rest = "";
                Some(Token::CutOff)
            }
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// What is between an opening of `open` bytes and `close`, which it goes past.
    fn until(&mut self, open: usize, close: &str) -> Option<&'a str> {
        self.take(open);
        let length = self.rest.find(close);
        let inside = self.take(length.unwrap_or(self.rest.len()));
        self.take(close.len());
        length.map(|_| inside)
    }

    /// `<!DOCTYPE …>` with all that it defines, unread.
    fn declaration(&mut self) -> Token<'a> {
        let (mut brackets, mut quote, mut comment) = (0_usize, None, false);
        for (at, byte) in self.rest.bytes().enumerate() {
            let here = self.rest.as_bytes().get(at..).unwrap_or_default();
            if comment || (quote.is_none() && brackets > 0 && here.starts_with(b"<!--")) {
                // An apostrophe in a comment opens nothing.
                comment = !here.starts_with(b"-->");
                continue;
            }
            match (quote, byte) {
                (Some(open), _) if open == byte => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'[') => brackets = brackets.saturating_add(1),
                (None, b']') => brackets = brackets.saturating_sub(1),
                (None, b'>') if brackets == 0 => {
                    let mut words = self.take(at + 1).split(|c: char| c.is_whitespace() || c == '>');
                    let doctype = words.next().is_some_and(|word| word.eq_ignore_ascii_case("<!doctype"));
                    let html = words.next().is_some_and(|word| word.eq_ignore_ascii_case("html"));
                    return if doctype && html { Token::HtmlDoctype } else { Token::Nothing };
                }
                _ => {}
            }
        }
        self.rest = "";
        Token::CutOff
    }
}

impl<'a> Writer<'a> {
    fn new(kind: Kind) -> Self {
        let (head, tail) = kind.wrapper();
        let out = head.to_owned();
        Self { head: out.len(), out, tail, kind, open: Vec::new(), deeper: 0, text: String::new() }
    }

    /// No item is being written.
    fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    fn begin(&mut self, tag: &Tag<'a>) {
        self.out.truncate(self.head);
        self.start(Cow::Borrowed(self.kind.item()), tag);
    }

    fn finish(&mut self, take: &mut impl FnMut(&str)) {
        self.flush();
        self.deeper = 0;
        while let Some(name) = self.open.pop() {
            self.close(&name);
        }
        self.out.push_str(self.tail);
        take(&self.out);
    }

    fn start(&mut self, name: Cow<'a, str>, tag: &Tag<'a>) {
        if self.is_in_text() {
            self.verbatim(tag.raw);
            return;
        }
        self.flush();
        if self.open.len() >= MAX_DEPTH || self.out.len() >= MAX_ITEM {
            self.deeper = self.deeper.saturating_add(usize::from(!tag.is_empty));
            return;
        }
        self.out.push('<');
        self.out.push_str(&name);
        for (key, value) in names::attributes(&name, tag, self.kind) {
            self.out.push(' ');
            self.out.push_str(&key);
            self.out.push_str("=\"");
            escape(&mut self.out, &value);
            self.out.push('"');
        }
        self.out.push('>');
        if tag.is_empty { self.close(&name) } else { self.open.push(name) }
    }

    fn end(&mut self, name: &str, raw: &str) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        if self.is_in_text() && self.open.last().is_some_and(|open| open != name) {
            self.verbatim(raw);
            return;
        }
        self.flush();
        // What closes nothing is dropped; what closes an outer element closes those within it. The item itself is left.
        let Some(at) = self.open.iter().rposition(|open| open == name).filter(|at| *at > 0) else { return };
        while self.open.len() > at {
            if let Some(name) = self.open.pop() {
                self.close(&name);
            }
        }
    }

    fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// Markup within a plain text of RSS is part of the text: the reader would drop what follows it.
    fn is_in_text(&self) -> bool {
        self.kind != Kind::Atom && self.open.len() == 2 && self.open.last().is_some_and(|name| names::is_text(name))
    }

    fn text(&mut self, text: &str) {
        if !self.is_idle() && self.text.len() < MAX_TEXT {
            decode(&mut self.text, clean::head(text, MAX_TEXT));
        }
    }

    fn verbatim(&mut self, text: &str) {
        if !self.is_idle() && self.text.len() < MAX_TEXT {
            self.text.push_str(clean::head(text, MAX_TEXT));
        }
    }

    fn flush(&mut self) {
        if self.text.is_empty() {
            return;
        }
        self.text.truncate(self.text.floor_char_boundary(MAX_TEXT));
        if self.out.len() < MAX_ITEM {
            if self.open.last().is_some_and(|name| names::is_person(name)) {
                self.text = names::addresses_apart(&self.text);
            }
            write_text(&mut self.out, &self.text);
        }
        self.text.clear();
    }
}

/// Resolves what XML itself defines, and nothing else.
fn decode(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, reference) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        // Looking no further than the longest reference keeps a text of many `&` cheap.
        let end = reference.bytes().take(MAX_REFERENCE).position(|byte| byte == b';');
        let resolved = end.and_then(|end| Some((resolve(reference.get(1..end)?)?, end + 1)));
        let (c, length) = resolved.unwrap_or(('&', 1));
        out.push(c);
        rest = reference.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
}

fn resolve(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = reference.strip_prefix('#')?;
            let hexadecimal = number.strip_prefix(['x', 'X']);
            let code = hexadecimal.map_or_else(|| number.parse(), |digits| u32::from_str_radix(digits, 16)).ok()?;
            char::from_u32(code)
        }
    }
}

/// Text as one section: the reader takes every escaped character for an event of its own.
fn write_text(out: &mut String, text: &str) {
    let is_plain = |byte: u8| !matches!(byte, b'&' | b'<') && is_allowed(byte);
    if text.bytes().all(is_plain) {
        out.push_str(text);
        return;
    }
    out.push_str("<![CDATA[");
    let allowed = text.split(|c: char| u8::try_from(c).is_ok_and(|byte| !is_allowed(byte)));
    let start = out.len();
    out.extend(allowed);
    // Where the text itself would end the section, another one begins.
    if out.get(start..).is_some_and(|text| text.contains("]]>")) {
        let text = out.split_off(start);
        out.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
    }
    out.push_str("]]>");
}

/// The value of an attribute.
fn escape(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            _ if u8::try_from(c).is_ok_and(|byte| !is_allowed(byte)) => {}
            _ => out.push(c),
        }
    }
}

/// XML has no way to say most control characters.
const fn is_allowed(byte: u8) -> bool {
    byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r')
}
