//! Broken frames: what a client must survive.

use axum::extract::ws::Message;
use serde_json::Value;

/// How many kinds there are; kind `n` and kind `n + KINDS` are the same.
pub const KINDS: u64 = 20;

/// Depth of the nested bomb. Deeper than any JSON parser should follow.
const BOMB_DEPTH: usize = 50_000;
/// Length of the oversize frame in bytes: longer than the 16 MiB that most clients allow by default.
const OVERSIZE: usize = 20 * 1024 * 1024;

/// The frame of kind `kind` that is sent instead of `good`.
pub fn frame(good: &str, kind: u64) -> Message {
    let text = match kind % KINDS {
        0 => "this is not JSON".to_owned(),
        1 => cut_off(good),
        2 => String::new(),
        3 => "null".to_owned(),
        4 => "[]".to_owned(),
        5 => figures(good, &Value::from("")),
        6 => figures(good, &Value::from("NaN")),
        7 => figures(good, &Value::from("-1")),
        8 => figures(good, &Value::from("Infinity")),
        9 => figures(good, &Value::from("1e999")),
        10 => figures(good, &Value::Null),
        11 => figures(good, &Value::from(true)),
        12 => figures(good, &serde_json::json!({})),
        13 => figures(good, &Value::from("0")),
        14 => without_figures(good),
        15 => "[".repeat(BOMB_DEPTH),
        16 => format!("{good}{good}"),
        17 => good.replace("USDT", "\\u0000"),
        18 => return Message::Binary(vec![0xff, 0xfe, 0x00, 0xc3, 0x28].into()),
        _ => "x".repeat(OVERSIZE),
    };
    Message::Text(text.into())
}

fn cut_off(good: &str) -> String {
    good.chars().take(good.chars().count() / 2).collect()
}

/// The frame with every figure replaced.
fn figures(good: &str, by: &Value) -> String {
    rewritten(good, &|value| Some(if is_figure(value) { by.clone() } else { value.clone() }))
}

/// The frame without any figure.
fn without_figures(good: &str) -> String {
    rewritten(good, &|value| if is_figure(value) { None } else { Some(value.clone()) })
}

fn is_figure(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<f64>().is_ok())
}

fn rewritten(good: &str, leaf: &impl Fn(&Value) -> Option<Value>) -> String {
    serde_json::from_str(good)
        .map_or_else(|_| cut_off(good), |value| walk(&value, leaf).unwrap_or_default().to_string())
}

fn walk(value: &Value, leaf: &impl Fn(&Value) -> Option<Value>) -> Option<Value> {
    match value {
        Value::Object(fields) => Some(Value::Object(
            fields.iter().filter_map(|(name, field)| Some((name.clone(), walk(field, leaf)?))).collect(),
        )),
        Value::Array(items) => Some(Value::Array(items.iter().filter_map(|item| walk(item, leaf)).collect())),
        other => leaf(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"topic":"tickers.BTCUSDT","ts":5,"data":{"lastPrice":"67000.5","rows":[["1","2"]]}}"#;

    #[test]
    fn every_kind_differs_from_the_good_frame_and_from_the_others() {
        let frames: Vec<Message> = (0..KINDS).map(|kind| frame(GOOD, kind)).collect();
        for (i, message) in frames.iter().enumerate() {
            assert_ne!(message, &Message::Text(GOOD.into()), "{i}");
            assert!(!frames[..i].contains(message), "{i}");
        }
        assert_eq!(frame(GOOD, 3), frame(GOOD, 3 + KINDS));
    }

    #[test]
    fn figures_are_found_at_any_depth() {
        let Message::Text(text) = frame(GOOD, 7) else { panic!("a text frame") };
        assert!(text.contains(r#""lastPrice":"-1""#) && text.contains(r#"[["-1","-1"]]"#), "{text}");
        let Message::Text(text) = frame(GOOD, 14) else { panic!("a text frame") };
        assert!(text.contains(r#""data":{"rows":[[]]}"#), "{text}");
    }
}
