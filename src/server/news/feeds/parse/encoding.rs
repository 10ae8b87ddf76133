//! Makes text of bytes, whatever they claim to be.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How far a declaration is looked for, in bytes.
const HEAD: usize = 1024;

/// The text of `bytes`. Bytes that mean nothing become replacement characters.
///
/// A byte order mark is believed first, then UTF-8 that is valid, then what header and XML declaration name: many feeds
/// name an encoding that they have left long ago.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0;
    }
    if let Some(encoding) = wide(bytes) {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    let declared = [content_type.and_then(charset), declaration(bytes)];
    let named = |label: Option<&str>| label.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    let mut named = declared.into_iter().filter_map(named);
    // An encoding of seven bits looks like UTF-8 and is none.
    let seven_bit = named.clone().find(|encoding| !encoding.is_ascii_compatible() && !is_wide(encoding));
    if seven_bit.is_none()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Cow::Borrowed(text);
    }
    let other = seven_bit.or_else(|| named.find(|encoding| *encoding != UTF_8 && !is_wide(encoding)));
    match other {
        Some(encoding) => encoding.decode_without_bom_handling(bytes).0,
        None if is_mostly_utf8(bytes) => String::from_utf8_lossy(bytes),
        None => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// UTF-16 without a byte order mark shows by its first character: `<`, `{` or a blank.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<' | b'{' | b' ' | b'\n', 0, _, 0, ..] => Some(UTF_16LE),
        [0, b'<' | b'{' | b' ' | b'\n', 0, _, ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// What claims to be UTF-16 and does not look like it is something else.
fn is_wide(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

fn charset(content_type: &str) -> Option<&str> {
    let value = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    Some(value.trim().trim_matches(['"', '\'']))
}

/// What `<?xml … encoding="…"?>` names.
fn declaration(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..HEAD.min(bytes.len()))?;
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(head.get(..end)?).ok()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value.get(1..)?.split(quote).next()
}

/// More of the characters beyond ASCII are valid than not: UTF-8 with stray bytes, or cut off.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut valid, mut stray) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        stray += usize::from(!chunk.invalid().is_empty());
    }
    valid > stray
}
