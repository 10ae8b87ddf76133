//! Server-sent events as bytes. <https://html.spec.whatwg.org/multipage/server-sent-events.html>

/// A message with an id and a JSON body of one line. JSON never holds a raw newline, so no event can be forged.
pub fn message(id: Option<u64>, json: &str) -> String {
    debug_assert!(!json.contains(['\n', '\r']), "a body is one line");
    match id {
        Some(id) => format!("id: {id}\ndata: {json}\n\n"),
        None => format!("data: {json}\n\n"),
    }
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
    }
}
