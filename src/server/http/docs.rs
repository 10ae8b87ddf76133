//! `GET /docs`: the API for people, made of its description for programs. One page without a script.

mod errors;
mod event;
mod example;
mod operation;
mod prose;
mod shape;

use std::sync::{Arc, LazyLock};

use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use leptos::prelude::*;

use super::openapi::document;
use crate::{
    live::preferences::{Choices, Theme},
    server::services::Services,
    ui::components::footer,
    wire::{json::Json, page::SiteInfo},
};

/// The part that is the same for everybody.
static CONTENT: LazyLock<String> = LazyLock::new(|| plain(content(document())));

/// Without the marks by which a script would find its places: there is no script.
fn plain(view: AnyView) -> String {
    view.to_html().replace("<!>", "")
}

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
    let page = page(theme, &services.site);
    // The same for as long as the server runs, but a visitor may choose another theme.
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Html(page)).into_response()
}

fn page(theme: Theme, site: &SiteInfo) -> String {
    let theme_attribute = match theme {
        Theme::System => String::new(),
        chosen => format!(" data-theme=\"{}\"", chosen.as_str()),
    };
    let head = view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content=theme.color_scheme()/>
            <meta name="description" content="The API of Market Pulse: every endpoint, stream and event, with examples."/>
            <title>"API · Market Pulse"</title>
            <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
            <link rel="apple-touch-icon" href="/apple-touch-icon.png"/>
            <link
                rel="preload"
                href="/fonts/inter-latin-wght-normal.woff2"
                r#as="font"
                r#type="font/woff2"
                crossorigin="anonymous"
            />
            <link rel="stylesheet" href="/pkg/market-pulse.css"/>
            <link rel="stylesheet" href="/docs.css"/>
        </head>
    };
    let (head, header, footer) = (plain(head.into_any()), plain(header()), plain(footer(site)));
    format!(
        "<!DOCTYPE html><html lang=\"en\"{theme_attribute}>{head}<body>{header}\
         <main id=\"main\" class=\"docs\" tabindex=\"-1\">{}</main>{footer}</body></html>",
        *CONTENT
    )
}

fn header() -> AnyView {
    view! {
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
    }
    .into_any()
}

fn footer(site: &SiteInfo) -> AnyView {
    view! {
        <footer class="footer">
            <p>{footer::source(site)}</p>
            <p>
                {format!("Market Pulse {} · ", site.version)}
                <a href="/api/openapi.json">"OpenAPI"</a>
                " · "
                <a href="/api/rss">"News as RSS"</a>
            </p>
        </footer>
    }
    .into_any()
}

fn content(document: &Json) -> AnyView {
    let groups: Vec<Group> = document.get("tags").items().iter().map(|tag| Group::of(tag, document)).collect();
    let contents = groups.iter().map(Group::contents).collect_view();
    let parts = groups.iter().map(|group| group.view(document)).collect_view();
    let info = document.get("info");
    view! {
        <nav class="docs-contents" aria-label="Contents">
            <details>
                <summary>"Contents"</summary>
                <ul>
                    <li><a href="#overview">"Overview"</a></li>
                    {contents}
                    <li><a href="#errors">"Errors"</a></li>
                    <li><a href="#shapes">"Shapes"</a></li>
                </ul>
            </details>
        </nav>
        <div class="docs-text">
            <section class="card" id="overview" aria-labelledby="title">
                <div class="card-head"><h1 id="title">"API"</h1></div>
                <div class="docs-body">
                    {prose::paragraphs(info.text_of("description"))}
                    <p class="docs-links">
                        <a class="button" href="/api/openapi.json">"OpenAPI 3.1 document"</a>
                        <a class="button" href="#errors">"Errors"</a>
                        <a class="button" href="#shapes">"Shapes"</a>
                    </p>
                    {tokens(document)}
                </div>
            </section>
            {parts}
            {errors::view(document)}
            {shape::all(document)}
        </div>
    }
    .into_any()
}

/// How a token is shown.
fn tokens(document: &Json) -> AnyView {
    let schemes = document.at(&["components", "securitySchemes"]).fields().iter();
    let rows = schemes.map(|(_, scheme)| {
        let name = match scheme.text_of("type") {
            "http" => "Authorization: Bearer …".to_owned(),
            _ => format!("?{}=…", scheme.text_of("name")),
        };
        view! { <div><dt><code>{name}</code></dt><dd>{prose::inline(scheme.text_of("description"))}</dd></div> }
    });
    view! {
        <h2 class="docs-small">"Tokens"</h2>
        <dl class="docs-fields">{rows.collect_view()}</dl>
    }
    .into_any()
}

/// Endpoints that belong together.
struct Group {
    name: String,
    title: String,
    operations: Vec<Operation>,
}

/// One endpoint: its method, its path, and its description.
struct Operation {
    method: String,
    path: String,
    described: Json,
}

impl Group {
    fn of(tag: &Json, document: &Json) -> Self {
        let name = tag.text_of("name");
        let all = document.get("paths").fields().iter().flat_map(|(path, item)| {
            item.fields().iter().map(move |(method, operation)| Operation {
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                described: operation.clone(),
            })
        });
        let operations = all.filter(|operation| operation.is_of(name)).collect();
        Self { name: name.to_owned(), title: tag.text_of("description").to_owned(), operations }
    }

    fn contents(&self) -> AnyView {
        let links = self.operations.iter().map(|operation| {
            let (anchor, method) = (format!("#{}", operation.anchor()), operation.method.clone());
            view! { <li><a href=anchor><span class="docs-method">{method}</span>" "{prose::address(&operation.path)}</a></li> }
        });
        view! { <li><a href=format!("#group-{}", self.name)>{self.title.clone()}</a><ul>{links.collect_view()}</ul></li> }
            .into_any()
    }

    fn view(&self, document: &Json) -> AnyView {
        let operations = self.operations.iter().map(|operation| operation::view(operation, document));
        let anchor = format!("group-{}", self.name);
        view! {
            <section class="docs-group" aria-labelledby=anchor.clone()>
                <h2 id=anchor.clone()>{self.title.clone()}</h2>
                {operations.collect_view()}
            </section>
        }
        .into_any()
    }
}

impl Operation {
    fn is_of(&self, tag: &str) -> bool {
        self.described.get("tags").items().first().and_then(Json::text) == Some(tag)
    }

    /// Its place in the page.
    fn anchor(&self) -> String {
        self.described.text_of("operationId").to_owned()
    }
}

#[cfg(test)]
mod tests;
