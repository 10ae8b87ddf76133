//! One view for each story of a list.

use leptos::prelude::*;

use super::story_item::StoryItem;
use crate::live::news::StoryRef;

/// A view stays as it is while its story stays in the list. All such lists share this one, which keeps the browser's
/// build small.
#[component]
pub fn EachStory(stories: Signal<Vec<StoryRef>>) -> impl IntoView {
    view! {
        <ul class="stories">
            <For each=move || stories.get() key=|story| story.id.clone() children=|story| view! { <StoryItem story/> }.into_any()/>
        </ul>
    }
    .into_any()
}
