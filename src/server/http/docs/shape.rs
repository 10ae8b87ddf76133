//! Shapes of JSON in words.

use leptos::prelude::*;

use super::prose;
use crate::wire::json::Json;

/// The name that a schema refers to.
fn referred(schema: &Json) -> Option<&str> {
    schema.get("$ref").text().and_then(|path| path.rsplit('/').next())
}

/// The shape of that name.
fn resolved<'a>(schema: &'a Json, document: &'a Json) -> &'a Json {
    referred(schema).map_or(schema, |name| document.at(&["components", "schemas", name]))
}

/// The choices of a schema, and the word between them.
fn choices(schema: &Json) -> Option<(&[Json], &'static str)> {
    [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")]
        .into_iter()
        .find_map(|(key, between)| Some((schema.get(key).items(), between)).filter(|(items, _)| !items.is_empty()))
}

/// What a value is, in a few words: `string`, `number or null`, `list of Article`. Shapes with a name are links.
pub(super) fn kind(schema: &Json) -> AnyView {
    if let Some(name) = referred(schema) {
        return view! { <a href=format!("#shape-{name}")>{name.to_owned()}</a> }.into_any();
    }
    if let Some((items, between)) = choices(schema) {
        let parts = items.iter().enumerate().map(|(n, item)| view! { {(n > 0).then_some(between)}{kind(item)} });
        return parts.collect_view().into_any();
    }
    if !schema.get("items").fields().is_empty() {
        return view! { "list of "{kind(schema.get("items"))} }.into_any();
    }
    let values = schema.get("additionalProperties");
    if !values.fields().is_empty() {
        return view! { "object of "{kind(values)} }.into_any();
    }
    words(schema).into_any()
}

/// The same of what refers to nothing.
fn words(schema: &Json) -> String {
    if let Some(value) = schema.get("const").text() {
        return format!("\"{value}\"");
    }
    let values = schema.get("enum").items();
    if !values.is_empty() {
        return values.iter().map(|value| value.pretty().trim().to_owned()).collect::<Vec<_>>().join(" or ");
    }
    let named = |name: &str| match name {
        "string" if schema.text_of("format") == "date-time" => "RFC 3339 time".to_owned(),
        "array" => "list".to_owned(),
        name => name.to_owned(),
    };
    let kind = match schema.get("type") {
        Json::Text(name) => named(name),
        Json::List(kinds) => kinds.iter().filter_map(Json::text).map(named).collect::<Vec<_>>().join(" or "),
        _ => "any JSON".to_owned(),
    };
    let bound = |name: &str| if let Json::Number(value) = schema.get(name) { Some(*value) } else { None };
    let range = match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (None, Some(most)) => format!(", at most {most}"),
        _ => String::new(),
    };
    let length = bound("maxLength").map(|most| format!(", at most {most} characters")).unwrap_or_default();
    format!("{kind}{range}{length}")
}

/// One field of an object.
struct Field<'a> {
    name: &'a str,
    schema: &'a Json,
    required: bool,
}

/// Every field of a shape, those that it shares with others included.
fn fields<'a>(schema: &'a Json, document: &'a Json, found: &mut Vec<Field<'a>>) {
    let schema = resolved(schema, document);
    let required = schema.get("required").items();
    for (name, field) in schema.get("properties").fields() {
        let required = required.iter().any(|known| known.text() == Some(name));
        found.push(Field { name, schema: field, required });
    }
    for part in schema.get("allOf").items() {
        fields(part, document, found);
    }
}

/// The fields of a shape; what it is where it has none.
pub(super) fn table(schema: &Json, document: &Json) -> AnyView {
    let mut found = Vec::new();
    fields(schema, document, &mut found);
    if found.is_empty() {
        let shape = resolved(schema, document);
        return view! { <p class="docs-kind">{kind(shape)}</p>{cases(shape)} }.into_any();
    }
    let rows = found.into_iter().map(|Field { name, schema, required }| {
        let about = about(schema, document);
        // Of what may be null the page says once that it may be missing.
        let missing = !required && !may_be_null(schema);
        view! {
            <div>
                <dt>
                    <code>{name.to_owned()}</code>
                    <span class="docs-kind">{kind(schema)}</span>
                    {missing.then(|| view! { <span class="docs-kind">"may be missing"</span> })}
                </dt>
                <dd>{prose::inline(about)}</dd>
            </div>
        }
    });
    view! { <dl class="docs-fields">{rows.collect_view()}</dl> }.into_any()
}

/// What a field means: in its own words, or in those of its shape.
fn about<'a>(schema: &'a Json, document: &'a Json) -> &'a str {
    let choices = choices(schema).map(|(items, _)| items).unwrap_or_default();
    let all = [schema].into_iter().chain(choices).flat_map(|schema| [schema, resolved(schema, document)]);
    let about = all.map(|schema| schema.text_of("description")).find(|about| !about.is_empty());
    about.and_then(|about| about.split("\n\n").next()).unwrap_or_default()
}

fn may_be_null(schema: &Json) -> bool {
    let is_null = |json: &Json| json.text() == Some("null");
    schema.get("type").items().iter().any(is_null)
        || choices(schema).is_some_and(|(items, _)| items.iter().any(|item| is_null(item.get("type"))))
}

/// What the values of a choice mean, where that is told.
fn cases(shape: &Json) -> Option<AnyView> {
    let (items, _) = choices(shape)?;
    let told = items.iter().filter(|item| !item.text_of("description").is_empty());
    let rows = told
        .map(|item| view! { <div><dt>{kind(item)}</dt><dd>{prose::inline(item.text_of("description"))}</dd></div> });
    Some(view! { <dl class="docs-fields">{rows.collect_view()}</dl> }.into_any())
}

/// Every shape with a name.
pub(super) fn all(document: &Json) -> AnyView {
    let mut shapes: Vec<&(String, Json)> = document.at(&["components", "schemas"]).fields().iter().collect();
    shapes.sort_by_key(|(name, _)| name);
    let shapes = shapes.into_iter().map(|(name, schema)| {
        let about = schema.text_of("description");
        view! {
            <section class="docs-shape" id=format!("shape-{name}")>
                <h3><code>{name.clone()}</code></h3>
                {prose::paragraphs(about)}
                {table(schema, document)}
            </section>
        }
    });
    view! {
        <section class="docs-group" aria-labelledby="shapes">
            <h2 id="shapes">"Shapes"</h2>
            <div class="card docs-body">{shapes.collect_view()}</div>
        </section>
    }
    .into_any()
}
