use proptest::prelude::*;

use super::*;
use crate::server::http::refused::{MAX_NAME, MAX_NAMED};

fn subscribe(channels: &[&str], since: Since) -> Request {
    Request::Subscribe { channels: channels.iter().map(|&name| name.to_owned()).collect(), since }
}

#[test]
fn each_message_means_what_it_says() {
    for (text, request) in [
        (r#"{"op":"ping"}"#, Request::Ping),
        (r#" {"op":"ping","id":7,"channels":null,"lastEventId":null} "#, Request::Ping),
        (r#"{"op":"\u0070ing"}"#, Request::Ping),
        (r#"{"op":"subscribe","channels":["news"]}"#, subscribe(&["news"], Since::Now)),
        (r#"{"channels":["a","","a"],"op":"subscribe"}"#, subscribe(&["a", "", "a"], Since::Now)),
        (r#"{"op":"subscribe","channels":["news"],"lastEventId":"7"}"#, subscribe(&["news"], Since::After(7))),
        (r#"{"op":"subscribe","channels":["news"],"lastEventId":7}"#, subscribe(&["news"], Since::After(7))),
        (r#"{"op":"subscribe","channels":["news"],"lastEventId":""}"#, subscribe(&["news"], Since::Now)),
        (r#"{"op":"subscribe","channels":["news"],"lastEventId":null}"#, subscribe(&["news"], Since::Now)),
        (r#"{"op":"subscribe","channels":["news"],"lastEventId":"x"}"#, subscribe(&["news"], Since::Unknown)),
        (r#"{"op":"unsubscribe","channels":["news"]}"#, Request::Unsubscribe { channels: vec!["news".to_owned()] }),
    ] {
        assert_eq!(Request::parse(text), Ok(request), "{text}");
    }
}

#[test]
fn what_makes_no_sense_has_a_name() {
    for (text, code) in [
        ("", "invalid_json"),
        ("ping", "invalid_json"),
        ("{", "invalid_json"),
        (r#"{"op":"ping"} {"op":"ping"}"#, "invalid_json"),
        (r#"{"op":"ping",}"#, "invalid_json"),
        ("{'op':'ping'}", "invalid_json"),
        ("\u{feff}{\"op\":\"ping\"}", "invalid_json"),
        ("null", "bad_message"),
        ("7", "bad_message"),
        (r#""ping""#, "bad_message"),
        ("{}", "bad_message"),
        (r#"["ping",null,null]"#, "bad_message"),
        (r#"{"op":7}"#, "bad_message"),
        (r#"{"op":null}"#, "bad_message"),
        (r#"{"op":"ping","op":"ping"}"#, "bad_message"),
        (r#"{"op":"subscribe","channels":"news"}"#, "bad_message"),
        (r#"{"op":"subscribe","channels":["news",7]}"#, "bad_message"),
        (r#"{"op":"subscribe","channels":{"0":"news"}}"#, "bad_message"),
        (r#"{"op":"subscribe","channels":["news"],"lastEventId":-7}"#, "bad_message"),
        (r#"{"op":"subscribe","channels":["news"],"lastEventId":7.5}"#, "bad_message"),
        (r#"{"op":"subscribe","channels":["news"],"lastEventId":["7"]}"#, "bad_message"),
        (r#"{"op":"subscribe","channels":["news"],"lastEventId":true}"#, "bad_message"),
        (r#"{"op":"subscribe"}"#, "missing_channels"),
        (r#"{"op":"subscribe","channels":[]}"#, "missing_channels"),
        (r#"{"op":"unsubscribe","channels":null}"#, "missing_channels"),
        (r#"{"op":""}"#, "unknown_op"),
        (r#"{"op":"Ping"}"#, "unknown_op"),
        (r#"{"op":"publish","channels":["news"]}"#, "unknown_op"),
    ] {
        let fault = Request::parse(text).expect_err(text);
        assert_eq!(fault.code(), code, "{text}");
    }
    let deep = format!(r#"{{"op":"ping","x":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(Request::parse(&deep), Ok(Request::Ping), "what is not known is passed over, however deep");
}

#[test]
fn an_error_to_the_byte() {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    for (fault, expected) in [
        (
            Fault::NoJson,
            r#"{"type":"error","data":{"code":"invalid_json","message":"a message is JSON","retry":null}}"#,
        ),
        (
            Fault::UnknownChannels(names(&["ticker:XYZ\r\n\"\u{0}"])),
            r#"{"type":"error","channel":"ticker:XYZ\r\n\"\u0000","data":{"code":"unknown_channel","message":"there is no such channel; GET /api/ws lists those that there are","retry":null,"channels":["ticker:XYZ\r\n\"\u0000"]}}"#,
        ),
        (
            Fault::UnknownChannels(names(&["a", "b"])),
            r#"{"type":"error","data":{"code":"unknown_channel","message":"there is no such channel; GET /api/ws lists those that there are","retry":null,"channels":["a","b"]}}"#,
        ),
        (
            Fault::RateLimited(Duration::from_millis(1500)),
            r#"{"type":"error","data":{"code":"rate_limited","message":"at most 60 messages a minute; this one was not heard","retry":{"shouldReconnect":true,"delayMs":1501,"maxDelayMs":30000,"strategy":"exponential-backoff","jitter":true}}}"#,
        ),
    ] {
        assert_eq!(fault.frame().expect("JSON"), expected, "{fault:?}");
    }
}

#[test]
fn an_error_is_short_however_long_the_message_is() {
    let many = Fault::UnknownChannels(vec!["x".repeat(1000); 30_000]).frame().expect("JSON");
    assert!(many.len() < MAX_NAMED * (MAX_NAME + 3) + 200, "{} bytes", many.len());
    let one = Fault::UnknownChannels(vec!["\u{1F600}".repeat(16_000)]).frame().expect("JSON");
    assert!(one.len() < 2 * 4 * MAX_NAME + 200, "{} bytes", one.len());
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in ".{0,200}") {
        prop_assert!(Request::parse(&text).is_err());
    }

    #[test]
    fn no_field_is_too_strange(op in ".{0,20}", names in prop::collection::vec(".{0,20}", 0..20), id in ".{0,20}") {
        let text = serde_json::json!({ "op": op, "channels": names, "lastEventId": id }).to_string();
        prop_assert_eq!(Request::parse(&text), Err(Fault::UnknownOp));
        let text = serde_json::json!({ "op": "subscribe", "channels": names, "lastEventId": id }).to_string();
        match Request::parse(&text) {
            Ok(Request::Subscribe { channels, .. }) => prop_assert_eq!(channels, names),
            other => prop_assert!(names.is_empty() && other == Err(Fault::NoChannels), "{:?}", other),
        }
    }
}
