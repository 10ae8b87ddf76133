use serde_json::{Value, json};

use super::*;

const TRAINING: &str = r#"{"task_id":"t-1","progress":45.5,"status":"running","message":"Epoch 3","metrics":{"loss":0.31,"accuracy":0.87}}"#;

fn published(channel: BuiltIn, name: &str, data: &str) -> Result<EventDraft, BadPublication> {
    event(channel, format!(r#"{{"event":"{name}","data":{data}}}"#).as_bytes())
}

/// The path and the reason of a refusal.
fn misfit(channel: BuiltIn, body: &str) -> String {
    match event(channel, body.as_bytes()) {
        Err(BadPublication::Misfit(misfit)) => misfit.to_string(),
        other => panic!("{body}: {other:?}"),
    }
}

/// `TRAINING` with one field changed; `null` takes it out.
fn training(field: &str, value: Value) -> String {
    let mut data: Value = serde_json::from_str(TRAINING).expect("JSON");
    match value {
        Value::Null => drop(data.as_object_mut().and_then(|data| data.remove(field))),
        value => data[field] = value,
    }
    json!({ "event": "training_progress", "data": data }).to_string()
}

#[test]
fn every_event_of_every_channel_fits_where_it_belongs_and_nowhere_else() {
    let alert = r#"{"alert_type":"drawdown","severity":"high","message":"too deep","metric_name":"drawdown","metric_value":0.12,"threshold":0.1,"entity_type":"portfolio","entity_id":"p-1"}"#;
    let events = [
        (BuiltIn::Training, "training_progress", TRAINING),
        (
            BuiltIn::Backtest,
            "backtest_progress",
            r#"{"backtest_id":"b-1","progress":100,"status":"completed","message":"done","current_date":"2025-06-30","results":{"total_return":0.2,"sharpe_ratio":1.4,"max_drawdown":-0.1}}"#,
        ),
        (BuiltIn::Alerts, "risk_alert", alert),
        (BuiltIn::Alerts, "price_alert", alert),
        (BuiltIn::Alerts, "news_alert", alert),
        (BuiltIn::Alerts, "feed_alert", alert),
        (BuiltIn::Dashboard, "dashboard_update", r#"{"update_type":"positions","data":{"BTC":[1,2]}}"#),
    ];
    for (channel, name, data) in events {
        for other in BuiltIn::ALL {
            let read = published(other, name, data);
            if other == channel {
                let draft = read.expect("it fits");
                assert_eq!((draft.kind.as_str(), draft.data.as_str()), (name, data));
            } else {
                assert!(matches!(read, Err(BadPublication::Misfit(_))), "{name} on {other:?}");
            }
        }
    }
}

#[test]
fn what_is_not_in_the_table_and_what_may_be_missing() {
    for data in [
        r#"{"task_id":"t","progress":0,"status":"started"}"#,
        r#"{"task_id":"t","progress":100.0,"status":"failed","message":null,"metrics":null}"#,
        r#"{"task_id":"t","progress":1e1,"status":"running","metrics":{"loss":null},"eta":[1,{"x":"y"}],"eta":2}"#,
    ] {
        assert_eq!(
            published(BuiltIn::Training, "training_progress", data).expect(data).data,
            data,
            "as it was written"
        );
    }
    let body = format!(
        "{{ \"id\": 9, \"data\" :\n{TRAINING}\r\n, \"event\":\"training\\u005fprogress\", \"timestamp\": \"x\"}} \n"
    );
    assert_eq!(event(BuiltIn::Training, body.as_bytes()).expect("it fits").data, TRAINING);
}

#[test]
fn what_does_not_fit_is_named_by_its_path() {
    for (field, value, expected) in [
        ("task_id", Value::Null, "data.task_id: is missing"),
        ("task_id", json!(""), "data.task_id: must be text of 1 to 128 characters"),
        ("task_id", json!("\u{e9}".repeat(129)), "data.task_id: must be text of 1 to 128 characters"),
        ("task_id", json!(7), "data.task_id: must be text of 1 to 128 characters"),
        ("progress", Value::Null, "data.progress: is missing"),
        ("progress", json!("45"), "data.progress: must be a number from 0 to 100"),
        ("progress", json!(100.0001), "data.progress: must be a number from 0 to 100"),
        ("progress", json!(-1), "data.progress: must be a number from 0 to 100"),
        ("progress", json!([1]), "data.progress: must be a number from 0 to 100"),
        ("status", json!("done"), "data.status: must be one of started, running, completed, failed"),
        ("status", json!("Running"), "data.status: must be one of started, running, completed, failed"),
        ("message", json!("x".repeat(4097)), "data.message: must be text of at most 4096 characters"),
        ("message", json!({}), "data.message: must be text of at most 4096 characters"),
        ("metrics", json!([0.1]), "data.metrics: must be an object of at most 64 numbers"),
        ("metrics", json!({ "loss": "low" }), "data.metrics.loss: must be a number"),
        ("metrics", json!({ "a": 1, "b": { "c": 1 } }), "data.metrics.b: must be a number"),
        ("metrics", json!({ "<script>": "x" }), "data.metrics: must be a number"),
        (
            "metrics",
            (0..65).map(|n| (n.to_string(), json!(n))).collect::<serde_json::Map<_, _>>().into(),
            "data.metrics: must be an object of at most 64 numbers",
        ),
    ] {
        assert_eq!(misfit(BuiltIn::Training, &training(field, value)), expected);
    }
    for (body, expected) in [
        ("[]", "body: must be an object with `event` and `data`"),
        ("\"x\"", "body: must be an object with `event` and `data`"),
        ("{}", "event: is missing"),
        (r#"{"event":"training_progress"}"#, "data: is missing"),
        (r#"{"data":{}}"#, "event: is missing"),
        (r#"{"event":5,"data":{}}"#, "event: must be text"),
        (r#"{"event":"connected","data":{}}"#, "event: must be one of training_progress"),
        (r#"{"event":"x\nid: 9","data":{}}"#, "event: must be one of training_progress"),
        (r#"{"event":"training_progress","data":[]}"#, "data: must be an object"),
        (r#"{"event":"training_progress","data":null}"#, "data: must be an object"),
        (r#"{"event":"training_progress","data":{},"data":{}}"#, "data: is there twice"),
        (r#"{"event":"a","event":"training_progress","data":{}}"#, "event: is there twice"),
        (
            r#"{"event":"training_progress","data":{"task_id":"t","progress":1,"progress":500,"status":"running"}}"#,
            "data.progress: is there twice",
        ),
        (
            r#"{"event":"training_progress","data":{"task_id":"t","progress":1,"status":"running","metrics":{"a":1,"a":2}}}"#,
            "data.metrics: has a name twice",
        ),
    ] {
        assert_eq!(misfit(BuiltIn::Training, body), expected, "{body}");
    }
    for (body, expected) in [
        (r#"{"update_type":"other","data":{}}"#, "data.update_type: must be one of metrics, positions, orders, market"),
        (r#"{"update_type":"orders"}"#, "data.data: is missing"),
        (r#"{"update_type":"orders","data":[]}"#, "data.data: must be an object"),
    ] {
        let body = format!(r#"{{"event":"dashboard_update","data":{body}}}"#);
        assert_eq!(misfit(BuiltIn::Dashboard, &body), expected);
    }
}

#[test]
fn what_is_no_json_is_refused_as_such() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let inside = |extra: &str| TRAINING.replacen('{', &format!("{{\"extra\":{extra},"), 1);
    for body in [
        &b""[..],
        b" ",
        b"{",
        b"nonsense",
        b"{\"event\":\"training_progress\",\"data\":{\"progress\":NaN}}",
        b"{\"event\":\"training_progress\",\"data\":{\"progress\":1e999}}",
        b"{\"event\":\"training_progress\",\"data\":{}}x",
        b"\xef\xbb\xbf{}",
        b"{\"event\":\"training_progress\",\"data\":{\"task_id\":\"\xff\"}}",
        b"{\"event\":\"training_progress\",\"data\":{\"task_id\":\"\\ud800\"}}",
        b"{\"event\":\"training_progress\",\"data\":{\"task_id\":\"a\nb\"}}",
        &[0; 100],
    ] {
        assert_eq!(event(BuiltIn::Training, body), Err(BadPublication::Malformed), "{}", String::from_utf8_lossy(body));
    }
    for (levels, good) in [(100, true), (1000, false)] {
        assert_eq!(published(BuiltIn::Training, "training_progress", &inside(&deep(levels))).is_ok(), good);
    }
}

#[test]
fn a_message_is_any_json_as_it_was_written() {
    for (body, kept) in [
        ("{\"b\": 1,\n \"a\":[1.50, 1e2]}", "{\"b\": 1,\n \"a\":[1.50, 1e2]}"),
        (" \r\n\t42\n", "42"),
        ("null", "null"),
        ("\"id: 9\\n\\nevent: x\"", "\"id: 9\\n\\nevent: x\""),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ] {
        let draft = message(body.as_bytes()).expect(body);
        assert_eq!((draft.kind, draft.data.as_str()), (EventKind::Message, kept));
    }
    for body in [&b""[..], b"x", b"{} {}", b"{\"a\":1,}", b"'x'", b"\"a\nb\"", b"\xff", b"\"\xc3\x28\""] {
        assert_eq!(message(body), Err(BadPublication::Malformed), "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_message_is_not_nested_deeper_than_readers_can_follow() {
    let lists = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(message(lists(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(message(lists(MAX_DEPTH + 1).as_bytes()), Err(BadPublication::Malformed));
    assert_eq!(message(lists(500_000).as_bytes()), Err(BadPublication::Malformed));
    assert!(message(format!("\"{}\\\"{}\"", "[".repeat(1000), "{".repeat(1000)).as_bytes()).is_ok(), "text is flat");
    let objects = format!("{}1{}", "{\"a\":".repeat(MAX_DEPTH + 1), "}".repeat(MAX_DEPTH + 1));
    assert_eq!(message(objects.as_bytes()), Err(BadPublication::Malformed));
}

#[test]
fn one_text_of_an_object_is_there_exactly_once() {
    let read = |body: &str| text_in(body.as_bytes(), "path").map_err(|bad| bad.to_string());
    assert_eq!(read(r#"{"note":1,"path":"/a"}"#), Ok("/a".to_owned()));
    for (body, expected) in [
        (r#"{"path":"/a","path":"/b"}"#, "path: is there twice"),
        (r#"{"path":1}"#, "path: must be text"),
        ("{}", "path: is missing"),
        (r#"["/a"]"#, "body: must be an object"),
    ] {
        assert_eq!(read(body), Err(expected.to_owned()), "{body}");
    }
    assert_eq!(text_in(b"{", "path"), Err(BadPublication::Malformed));
}
