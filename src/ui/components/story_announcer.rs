//! New stories, for those who hear the page.

use leptos::prelude::*;

use crate::{live::store::LiveStore, ui::format, wire::news::StoriesQuery};

/// At most one sentence in so many milliseconds.
const PAUSE_MS: i64 = 10_000;

/// `3 new stories`, politely. What comes within ten seconds is one sentence.
#[component]
pub fn StoryAnnouncer(query: Memo<StoriesQuery>) -> impl IntoView {
    let store = LiveStore::expect();
    let (news, now) = (store.news(), store.now());
    let words = RwSignal::new(String::new());
    Effect::new(move |before: Option<(u64, i64)>| {
        let (seen, said_at) = before.unwrap_or((0, 0));
        let now = now.get().0;
        let (count, last) = query.with(|query| news.arrived_since(seen, query));
        if before.is_none() {
            return (last, said_at);
        }
        if count == 0 {
            // The same sentence is heard again only if it was gone.
            if now - said_at >= PAUSE_MS && !words.with_untracked(String::is_empty) {
                words.set(String::new());
            }
            return (last, said_at);
        }
        if now - said_at < PAUSE_MS {
            return (seen, said_at);
        }
        words.set(format::counted(count, "new story", "new stories"));
        (last, now)
    });
    view! { <p class="sr-only" role="status" data-testid="announcer">{words}</p> }.into_any()
}
