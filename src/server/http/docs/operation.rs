//! One endpoint: what it takes, what it answers, how it is used.

use leptos::prelude::*;

use super::{Operation, errors, event, example, prose, shape};
use crate::wire::json::Json;

pub(super) fn view(operation: &Operation, document: &Json) -> AnyView {
    let described = &operation.described;
    let (anchor, title) = (operation.anchor(), format!("title-{}", operation.anchor()));
    view! {
        <article class="card docs-operation" id=anchor.clone() aria-labelledby=title.clone()>
            <div class="card-head">
                <h3 id=title.clone()>
                    <span class="docs-method">{operation.method.clone()}</span>
                    " "
                    {prose::address(&operation.path)}
                </h3>
                {scope(described)}
                <a class="docs-anchor" href=format!("#{anchor}") aria-label=format!("Link to {} {}", operation.method, operation.path)>"#"</a>
            </div>
            <div class="docs-body">
                <p class="docs-summary">{prose::inline(described.text_of("summary"))}</p>
                {prose::paragraphs(described.text_of("description"))}
                {parameters(described)}
                {body(described, document)}
                {event::all(described, "x-commands", "What a client says", document)}
                {event::all(described, "x-events", "What comes", document)}
                {socket(described)}
                {answers(described, document)}
                {examples(&operation.method, &operation.path)}
            </div>
        </article>
    }
    .into_any()
}

/// The scope that a token needs, where one is needed.
fn scope(operation: &Json) -> Option<AnyView> {
    let ways = operation.get("security").items();
    let open = ways.is_empty() || ways.iter().any(|way| way.fields().is_empty());
    let needed = ways.iter().find_map(|way| way.fields().first()?.1.items().first()?.text());
    needed
        .filter(|_| !open)
        .map(|scope| view! { <span class="docs-scope">{format!("token: {scope}")}</span> }.into_any())
}

fn parameters(operation: &Json) -> Option<AnyView> {
    let all = operation.get("parameters").items();
    let rows = all.iter().map(|parameter| {
        let example = match parameter.get("example") {
            Json::Null => None,
            Json::Text(text) => Some(text.clone()),
            other => Some(other.pretty()),
        };
        view! {
            <div>
                <dt>
                    <code>{parameter.text_of("name").to_owned()}</code>
                    <span class="docs-kind">{parameter.text_of("in").to_owned()}</span>
                    <span class="docs-kind">{shape::kind(parameter.get("schema"))}</span>
                </dt>
                <dd>
                    {prose::inline(parameter.text_of("description"))}
                    {example.map(|example| view! { <span class="docs-for">" For example "<code>{example}</code></span> })}
                </dd>
            </div>
        }
    });
    (!all.is_empty())
        .then(|| view! { <h4>"Parameters"</h4><dl class="docs-fields">{rows.collect_view()}</dl> }.into_any())
}

fn body(operation: &Json, document: &Json) -> Option<AnyView> {
    let (kind, media) = operation.at(&["requestBody", "content"]).fields().first()?;
    let examples = media.get("examples").fields().iter().map(|(name, example)| {
        view! {
            <details class="docs-event">
                <summary><code>{name.clone()}</code><span>{prose::inline(example.text_of("summary"))}</span></summary>
                {event::json(example.get("value"))}
            </details>
        }
    });
    let fields = media.get("examples").fields().is_empty().then(|| shape::table(media.get("schema"), document));
    let view = view! {
        <h4>"Body"</h4>
        <p><code>{kind.clone()}</code></p>
        {fields}
        <div>{examples.collect_view()}</div>
    };
    Some(view.into_any())
}

/// The errors and the ends of a socket.
fn socket(operation: &Json) -> Option<AnyView> {
    let (errors, closes) = (operation.get("x-errors"), operation.get("x-close-codes"));
    (!errors.items().is_empty()).then(|| {
        view! {
            <h4>"Errors of a socket"</h4>
            {errors::table(errors)}
            <h4>"Close codes"</h4>
            {errors::closes(closes)}
        }
        .into_any()
    })
}

fn answers(operation: &Json, document: &Json) -> AnyView {
    let all = operation.get("responses").fields().iter();
    let rows = all.filter(|(status, answer)| status != "default" && answer.get("$ref").text().is_none());
    let rows = rows.map(|(status, answer)| {
        let media = answer.get("content").fields().first();
        let kinds = answer.get("content").fields().iter().map(|(kind, _)| kind.clone()).collect::<Vec<_>>().join(", ");
        let json = media.filter(|(kind, _)| kind == "application/json").map(|(_, media)| media);
        let known = json.filter(|media| *media.get("example") != Json::Null);
        let details = known.map(|media| {
            view! {
                <details class="docs-event">
                    <summary><span>"Fields and an example"</span></summary>
                    {shape::table(media.get("schema"), document)}
                    {event::json(media.get("example"))}
                </details>
            }
        });
        view! {
            <p><b>{status.clone()}</b>" "<span class="docs-kind">{kinds}</span>" "{prose::inline(answer.text_of("description"))}</p>
            {details}
        }
    });
    view! { <h4>"Answers"</h4>{rows.collect_view()} }.into_any()
}

fn examples(method: &str, path: &str) -> Option<AnyView> {
    let example = example::of(method, path)?;
    let all = [("curl", example.curl), ("JavaScript", example.javascript), ("Python", example.python)];
    let blocks = all.map(|(language, code)| {
        view! {
            <details class="docs-event" open=language == "curl">
                <summary><span>{language}</span></summary>
                <pre><code>{code.trim_end()}</code></pre>
            </details>
        }
    });
    Some(view! { <h4>"Examples"</h4><div>{blocks.into_iter().collect_view()}</div> }.into_any())
}
