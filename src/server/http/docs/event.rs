//! What comes on a stream, and what is said to a socket.

use leptos::prelude::*;

use super::{prose, shape};
use crate::wire::json::Json;

/// Every message under this key of an endpoint.
pub(super) fn all(operation: &Json, key: &str, title: &'static str, document: &Json) -> Option<AnyView> {
    let events = operation.get(key).items();
    let blocks = events.iter().map(|event| {
        view! {
            <details class="docs-event">
                <summary>
                    <code>{event.text_of("name").to_owned()}</code>
                    <span>{prose::inline(event.text_of("description"))}</span>
                </summary>
                {shape::table(event.get("schema"), document)}
                {json(event.get("example"))}
            </details>
        }
    });
    (!events.is_empty()).then(|| view! { <h4>{title}</h4><div>{blocks.collect_view()}</div> }.into_any())
}

/// An example, as people read it.
pub(super) fn json(example: &Json) -> AnyView {
    view! { <pre><code>{example.pretty()}</code></pre> }.into_any()
}
