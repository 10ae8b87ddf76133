//! What goes wrong, and whether waiting helps.

use leptos::prelude::*;

use super::{event::json, prose, shape};
use crate::wire::json::Json;

/// The part of the page about errors.
pub(super) fn view(document: &Json) -> AnyView {
    let refused = document.at(&["components", "responses", "Refused"]);
    let content = refused.at(&["content", "application/json"]);
    let example = content.at(&["examples", "rate_limited", "value"]);
    view! {
        <section class="docs-group" aria-labelledby="errors">
            <h2 id="errors">"Errors"</h2>
            <div class="card docs-body">
                {prose::paragraphs(refused.text_of("description"))}
                {shape::table(content.get("schema"), document)}
                {json(example)}
                {table(refused.get("x-errors"))}
            </div>
        </section>
    }
    .into_any()
}

/// Codes with their words.
pub(super) fn table(errors: &Json) -> AnyView {
    let rows = errors.items().iter().map(|error| {
        let status = match error.get("status") {
            Json::Number(status) => Some(status.to_string()),
            _ => None,
        };
        let waits = *error.get("retry") == Json::Bool(true);
        let ends = *error.get("ends") == Json::Bool(true);
        view! {
            <div>
                <dt>
                    {status.map(|status| view! { <b>{status}</b> })}
                    <code>{error.text_of("code").to_owned()}</code>
                    {waits.then(|| view! { <span class="docs-kind">"retry"</span> })}
                    {ends.then(|| view! { <span class="docs-kind">"ends the socket"</span> })}
                </dt>
                <dd>{prose::inline(error.text_of("message"))}</dd>
            </div>
        }
    });
    view! { <dl class="docs-fields">{rows.collect_view()}</dl> }.into_any()
}

/// How a socket ends.
pub(super) fn closes(codes: &Json) -> AnyView {
    let rows = codes.items().iter().map(|close| {
        view! {
            <div>
                <dt><code>{close.get("code").pretty()}</code></dt>
                <dd>{prose::inline(close.text_of("description"))}</dd>
            </div>
        }
    });
    view! { <dl class="docs-fields">{rows.collect_view()}</dl> }.into_any()
}
