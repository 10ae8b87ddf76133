//! One endpoint: what it takes, what it answers, how it is used.

use leptos::prelude::*;
use serde_json::Value;

use super::{event, example, shape};

fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// An operation's place in the page.
pub(super) fn anchor(operation: &Value) -> String {
    text(operation, "operationId").to_owned()
}

pub(super) fn view(method: &str, path: &str, operation: &Value, components: &Value) -> AnyView {
    let title = format!("{} {path}", method.to_uppercase());
    view! {
        <section class="card doc-operation" id=anchor(operation)>
            <div class="card-head"><h3><code>{title}</code></h3></div>
            <div class="doc-body">
                <p class="doc-summary">{text(operation, "summary").to_owned()}</p>
                {paragraphs(text(operation, "description"))}
                {parameters(operation)}
                {body(operation)}
                {events(path)}
                {answers(operation, components)}
                {examples(path)}
            </div>
        </section>
    }
    .into_any()
}

pub(super) fn paragraphs(text: &str) -> AnyView {
    let all = text.split("\n\n").filter(|part| !part.trim().is_empty());
    all.map(|part| view! { <p>{part.to_owned()}</p> }).collect_view().into_any()
}

fn parameters(operation: &Value) -> Option<AnyView> {
    let all = operation.get("parameters")?.as_array()?;
    let rows = all.iter().map(|parameter| {
        let schema = parameter.get("schema").unwrap_or(&Value::Null);
        let place = text(parameter, "in").to_owned();
        let example = parameter.get("example").map(|example| match example {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        view! {
            <tr>
                <td><code>{text(parameter, "name").to_owned()}</code></td>
                <td>{place}</td>
                <td>{shape::kind(schema)}</td>
                <td>
                    {text(parameter, "description").to_owned()}
                    {example.map(|example| view! { " " <code>{example}</code> })}
                </td>
            </tr>
        }
    });
    Some(
        view! {
            <h4>"Parameters"</h4>
            <div class="doc-scroll"><table class="doc-table">
                <thead><tr>
                    <th scope="col">"Name"</th><th scope="col">"In"</th><th scope="col">"Is"</th><th scope="col">"Meaning"</th>
                </tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table></div>
        }
        .into_any(),
    )
}

fn body(operation: &Value) -> Option<AnyView> {
    let content = operation.get("requestBody")?.get("content")?.as_object()?;
    let (kind, media) = content.iter().next()?;
    let schema = media.get("schema")?;
    Some(view! { <h4>"Body"</h4><p><code>{kind.clone()}</code>": "{shape::linked(schema)}</p> }.into_any())
}

fn events(path: &str) -> Option<AnyView> {
    let events = event::of(path);
    let rows = events.iter().map(|event| {
        let shape = event.shape.map(|shape| view! { <a href=format!("#shape-{shape}")>{shape}</a> });
        view! { <tr><td><code>{event.name}</code></td><td>{shape}</td><td>{event.about}</td></tr> }
    });
    (!events.is_empty()).then(|| {
        view! {
            <h4>"What comes"</h4>
            <div class="doc-scroll"><table class="doc-table">
                <thead><tr><th scope="col">"Event"</th><th scope="col">"Data"</th><th scope="col">"Meaning"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    })
}

fn answers(operation: &Value, components: &Value) -> Option<AnyView> {
    let all = operation.get("responses")?.as_object()?;
    let rows = all.iter().filter(|(status, _)| status.as_str() != "default").map(|(status, answer)| {
        let media = answer.get("content").and_then(Value::as_object).and_then(|content| content.iter().next());
        let kind = media.map(|(kind, _)| kind.clone());
        let schema = media.and_then(|(_, media)| media.get("schema"));
        let fields = schema.filter(|_| kind.as_deref() == Some("application/json"));
        view! {
            <p><b>{status.clone()}</b>" "{kind.map(|kind| view! { <code>{kind}</code> })}" "{text(answer, "description").to_owned()}</p>
            {fields.map(|schema| shape::table(schema, components))}
        }
    });
    Some(view! { <h4>"Answers"</h4>{rows.collect_view()} }.into_any())
}

fn examples(path: &str) -> Option<AnyView> {
    let example = example::of(path)?;
    let all = [("curl", example.curl), ("JavaScript", example.javascript), ("Python", example.python)];
    let blocks = all.map(|(language, code)| {
        view! { <details open=language == "curl"><summary>{language}</summary><pre tabindex="0"><code>{code}</code></pre></details> }
    });
    Some(view! { <h4>"Examples"</h4>{blocks.into_iter().collect_view()} }.into_any())
}
