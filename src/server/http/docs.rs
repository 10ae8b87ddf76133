//! `GET /docs`: the API for people, made of its description for programs. One page without a script.

mod event;
mod example;
mod operation;
mod shape;

use std::sync::{Arc, LazyLock};

use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use leptos::prelude::*;
use serde_json::Value;

use super::openapi::document;
use crate::{
    live::preferences::{Choices, Theme},
    server::services::Services,
};

/// The part that is the same for everybody.
static CONTENT: LazyLock<String> = LazyLock::new(|| {
    let document = serde_json::to_value(document().written()).unwrap_or_else(|error| {
        tracing::error!(%error, "the description of the API can't be read");
        Value::Null
    });
    content(&document).to_html()
});

/// This description, for people.
#[utoipa::path(
    get, path = "/docs", tag = "operations",
    responses(
        (status = 200, description = "A page.", content_type = "text/html", body = String),
        (status = "default", response = super::openapi::Refused),
    ),
)]
pub(super) async fn docs(State(services): State<Arc<Services>>, headers: HeaderMap) -> Response {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let theme = Choices::from_cookies(&cookies.collect::<Vec<_>>().join("; ")).theme;
    let page = page(theme, &services.site.version);
    // A version of the server has one, but a visitor may choose another theme.
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Html(page)).into_response()
}

fn page(theme: Theme, version: &str) -> String {
    let attribute = (theme != Theme::System).then(|| theme.as_str());
    let head = view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content=theme.color_scheme()/>
            <meta name="description" content="The API of Market Pulse: every endpoint, stream and event, with examples."/>
            <title>"API · Market Pulse"</title>
            <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
            <link rel="stylesheet" href="/pkg/market-pulse.css"/>
            <link rel="stylesheet" href="/docs.css"/>
        </head>
    };
    let header = view! {
        <a class="skip-link" href="#main">"Skip to the content"</a>
        <header class="header">
            <a href="/" class="logo" aria-label="Market Pulse">
                <svg viewBox="0 0 22 22" aria-hidden="true">
                    <rect width="22" height="22" rx="6"></rect>
                    <path d="M3.5 12h3.2l2-5.5 3.4 9 2.2-6 1.2 2.5h3"></path>
                </svg>
                <span class="logo-name">"Market Pulse"</span>
            </a>
            <nav class="nav" aria-label="Pages">
                <a href="/">"Markets"</a>
                <a href="/news">"News"</a>
                <a href="/status">"Status"</a>
                <a href="/docs" aria-current="page">"API"</a>
            </nav>
        </header>
    };
    let html = attribute
        .map_or_else(|| "<html lang=\"en\">".to_owned(), |theme| format!("<html lang=\"en\" data-theme=\"{theme}\">"));
    format!(
        "<!DOCTYPE html>{html}{}<body>{}<main id=\"main\" class=\"doc\">{}</main>\
         <footer class=\"footer\"><p>Market Pulse {version} · <a href=\"/api/openapi.json\">OpenAPI</a></p></footer></body></html>",
        head.to_html(),
        header.to_html(),
        *CONTENT
    )
}

fn content(document: &Value) -> AnyView {
    let nothing = Value::Null;
    let info = document.get("info").unwrap_or(&nothing);
    let components = document.pointer("/components/schemas").unwrap_or(&nothing);
    let tags = document.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
    let all = operations(document);
    let word = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let index = tags.iter().map(|tag| {
        let name = word(tag, "name");
        let links = of_tag(&all, &name).map(|(method, path, operation)| {
            view! { <li><a href=format!("#{}", operation::anchor(operation))><code>{format!("{} {path}", method.to_uppercase())}</code></a></li> }
        });
        view! { <li><b>{word(tag, "description")}</b><ul>{links.collect_view()}</ul></li> }
    });
    let parts = tags.iter().map(|tag| {
        let name = word(tag, "name");
        let operations =
            of_tag(&all, &name).map(|(method, path, operation)| operation::view(method, path, operation, components));
        view! { <h2>{word(tag, "description")}</h2>{operations.collect_view()} }
    });
    let shapes = components.as_object().into_iter().flatten().map(|(name, schema)| {
        view! {
            <section class="card doc-operation" id=format!("shape-{name}")>
                <div class="card-head"><h3><code>{name.clone()}</code></h3></div>
                <div class="doc-body">{operation::paragraphs(&word(schema, "description"))}{shape::table(schema, components)}</div>
            </section>
        }
    });
    view! {
        <section class="card doc-operation">
            <div class="card-head"><h1>"API"</h1></div>
            <div class="doc-body">
                {operation::paragraphs(&word(info, "description"))}
                <p>"Errors are JSON with a code for programs, words for people, and "<code>"retry"</code>" where waiting helps: "
                    <a href="#shape-ErrorBody">"ErrorBody"</a>"."</p>
                <ul class="doc-index">{index.collect_view()}</ul>
            </div>
        </section>
        {parts.collect_view()}
        <h2>"Shapes"</h2>
        {shapes.collect_view()}
    }
    .into_any()
}

fn of_tag<'a>(all: &'a [Operation], tag: &'a str) -> impl Iterator<Item = &'a Operation> {
    all.iter().filter(move |(_, _, operation)| operation.pointer("/tags/0").and_then(Value::as_str) == Some(tag))
}

/// Method, path and description.
type Operation = (String, String, Value);

/// The endpoints in their order.
fn operations(document: &Value) -> Vec<Operation> {
    let paths = document.get("paths").and_then(Value::as_object);
    let all = paths.into_iter().flatten().flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (method.clone(), path.clone(), operation.clone()))
    });
    all.filter(|(_, _, operation)| operation.get("responses").is_some()).collect()
}
