//! The browser side: the one `EventSource`, its backoff, visibility, frames, preferences. Effects only; decisions live
//! in [`crate::live`].

mod clock;
mod event_source;
mod frames;
mod notify;
mod page;
mod preferences;
mod runtime;

use std::cell::Cell;

use crate::live::store::LiveStore;

thread_local! {
    static STARTED: Cell<bool> = const { Cell::new(false) };
}

/// Makes the page live: from now on `store` follows the server, for as long as the tab lives.
///
/// Called once, after hydration. A second call does nothing, because a tab has one stream.
pub fn start(store: LiveStore) {
    if !STARTED.replace(true) {
        // The first page is made; what it did not take is for no other.
        store.news().begin_with(None);
        preferences::follow(store.preferences());
        if store.news().is_on() {
            notify::follow(store.clone());
        }
        runtime::start(store);
    }
}
