//! One view for each story of a list.

use leptos::prelude::*;

use crate::live::news::StoryRef;

/// A view stays as it is while its story stays in the list. All such lists share this one, which keeps the browser's
/// build small.
#[component]
pub fn EachStory(stories: Signal<Vec<StoryRef>>, item: fn(StoryRef) -> AnyView) -> impl IntoView {
    view! { <For each=move || stories.get() key=|story| story.id.clone() children=item/> }
}
