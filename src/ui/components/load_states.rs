//! What stands in for stories while there are none to show.

use leptos::prelude::*;

use crate::ui::story_load::{Stage, StoryLoad};

/// Loading, nothing found, or no answer. Each has a place and words of its own.
#[component]
pub fn LoadStates(load: StoryLoad, #[prop(into)] empty: Signal<bool>) -> impl IntoView {
    let is = move |stage| move || load.stage.get() != stage;
    view! {
        <div class="story-skeletons needs-script" class:hidden=is(Stage::Loading) aria-hidden="true">
            <i></i><i></i><i></i><i></i>
        </div>
        <p class="sr-only" role="status">{move || if load.stage.get() == Stage::Loading { "Loading stories" } else { "" }.to_owned()}</p>
        <p class="empty small" class:hidden=move || !empty.get() data-testid="no-stories">
            <b>"No stories"</b>
            <span>"Nothing that was reported so far fits."</span>
        </p>
        <div class="empty small" role="alert" class:hidden=is(Stage::Failed)>
            <b>"The stories can't be read now"</b>
            <span>"Prices are not affected."</span>
            <button type="button" class="button needs-script" on:click=move |_| load.retries.update(|n| *n += 1)>
                "Try again"
            </button>
        </div>
    }
    .into_any()
}
