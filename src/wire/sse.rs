//! Server-sent events as bytes. <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::borrow::Cow;

/// A message with an id and a JSON body of one line. JSON never holds a raw newline, so no event can be forged.
pub fn message(id: Option<u64>, json: &str) -> String {
    debug_assert!(!json.contains(['\n', '\r']), "a body is one line");
    match id {
        Some(id) => format!("id: {id}\ndata: {json}\n\n"),
        None => format!("data: {json}\n\n"),
    }
}

/// An event with a name and a JSON body of one line.
pub fn named(id: Option<u64>, name: &'static str, json: &str) -> String {
    debug_assert!(!json.contains(['\n', '\r']), "a body is one line");
    match id {
        Some(id) => format!("id: {id}\nevent: {name}\ndata: {json}\n\n"),
        None => format!("event: {name}\ndata: {json}\n\n"),
    }
}

/// JSON from elsewhere without any character that ends a line for some reader. Outside a text only white space can be
/// one; inside a text JSON itself forbids the first two, and the others are written as escapes.
pub fn one_line(json: &str) -> Cow<'_, str> {
    const LINE_ENDS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    if !json.contains(LINE_ENDS) {
        return Cow::Borrowed(json);
    }
    let mut line = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            '\n' | '\r' => line.push(' '),
            '\u{85}' => line.push_str("\\u0085"),
            '\u{2028}' => line.push_str("\\u2028"),
            '\u{2029}' => line.push_str("\\u2029"),
            c => line.push(c),
        }
    }
    Cow::Owned(line)
}

/// Tells the client how long to wait before it reconnects, in milliseconds.
pub fn retry(ms: u64) -> String {
    format!("retry: {ms}\n\n")
}

/// A line that clients ignore and that keeps the connection open.
pub const KEEP_ALIVE: &str = ": keep-alive\n\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_id_then_data_then_a_blank_line() {
        assert_eq!(message(Some(7), "{}"), "id: 7\ndata: {}\n\n");
        assert_eq!(message(None, "{}"), "data: {}\n\n");
        assert_eq!(retry(2000), "retry: 2000\n\n");
        assert_eq!(named(Some(7), "news", "{}"), "id: 7\nevent: news\ndata: {}\n\n");
        assert_eq!(named(None, "price", "{}"), "event: price\ndata: {}\n\n");
    }

    #[test]
    fn a_line_is_one_for_every_reader_and_means_the_same() {
        let title = "a\nid: 9\revent: news\u{85}b\u{2028}c\u{2029}d\u{b}e\u{1e}";
        let json = serde_json::json!({ "title": title });
        for text in [json.to_string(), format!("{json:#}").replace('\n', "\r\n")] {
            let line = one_line(&text);
            assert_eq!(
                line.split(|c: char| c.is_control() || ['\u{2028}', '\u{2029}'].contains(&c)).count(),
                1,
                "{line:?}"
            );
            assert_eq!(serde_json::from_str::<serde_json::Value>(&line).expect("JSON"), json);
        }
        assert!(matches!(one_line("{\"plain\":1}"), Cow::Borrowed(_)));
    }
}
