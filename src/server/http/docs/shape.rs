//! Shapes of JSON in words.

use leptos::prelude::*;
use serde_json::Value;

/// The last part of a reference.
fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
}

/// What a value is, in a few words: `string`, `number or null`, `list of Article`.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(name) = referred(schema) {
        return name.to_owned();
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema.get(key).and_then(Value::as_array) {
            let joined = if key == "allOf" { " and " } else { " or " };
            return choices.iter().map(kind).collect::<Vec<_>>().join(joined);
        }
    }
    let of_items =
        |of: &str| schema.get("items").map_or_else(|| of.to_owned(), |items| format!("{of} of {}", kind(items)));
    let named = |name: &str| match name {
        "array" => of_items("list"),
        "object" => schema
            .get("additionalProperties")
            .map_or_else(|| "object".to_owned(), |value| format!("map of {}", kind(value))),
        "string" if schema.get("format").and_then(Value::as_str) == Some("date-time") => "RFC 3339 time".to_owned(),
        name => name.to_owned(),
    };
    match schema.get("type") {
        Some(Value::String(name)) => named(name),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).map(named).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    }
}

/// Every field of a shape, those that it shares with others included.
fn fields(schema: &Value, components: &Value, found: &mut Vec<(String, Value)>) {
    let schema = referred(schema).and_then(|name| components.get(name)).unwrap_or(schema);
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        found.extend(properties.iter().map(|(name, field)| (name.clone(), field.clone())));
    }
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        fields(part, components, found);
    }
}

/// A table of the fields of a shape; one line where it has none.
pub(super) fn table(schema: &Value, components: &Value) -> AnyView {
    let mut found = Vec::new();
    fields(schema, components, &mut found);
    if found.is_empty() {
        let resolved = referred(schema).and_then(|name| components.get(name)).unwrap_or(schema);
        return view! { <p class="doc-kind"><code>{kind(resolved)}</code></p> }.into_any();
    }
    let rows = found.into_iter().map(|(name, field)| {
        let about = field.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        view! { <tr><td><code>{name}</code></td><td>{linked(&field)}</td><td>{about}</td></tr> }
    });
    view! {
        <div class="doc-scroll"><table class="doc-table">
            <thead><tr><th scope="col">"Field"</th><th scope="col">"Is"</th><th scope="col">"Meaning"</th></tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

/// What a value is, with a link to its shape where it has a name.
pub(super) fn linked(schema: &Value) -> AnyView {
    let items = schema.get("items").unwrap_or(schema);
    match referred(items) {
        Some(name) => view! { <a href=format!("#shape-{name}")>{kind(schema)}</a> }.into_any(),
        None => kind(schema).into_any(),
    }
}
