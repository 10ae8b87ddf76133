//! What the page itself says: time passes, it is hidden, it is seen, the network is back.

use std::time::Duration;

use leptos::{
    ev,
    prelude::{set_interval, window_event_listener},
};

use crate::live::session::Input;

const TICK: Duration = Duration::from_secs(1);

/// Tells `listener` for as long as the tab lives.
pub fn listen(listener: impl Fn(Input) + Clone + 'static) {
    let changed = listener.clone();
    // The event is the document's and bubbles to the window.
    let seen = window_event_listener(ev::visibilitychange, move |_| changed(visibility()));
    let back = listener.clone();
    let online = window_event_listener(ev::online, move |_| back(Input::Online));
    // Both stay for good: the handles would only remove them.
    drop((seen, online));
    if visibility() == Input::Hidden {
        listener(Input::Hidden);
    }
    set_interval(move || listener(Input::Tick), TICK);
}

fn visibility() -> Input {
    let hidden = web_sys::window().and_then(|w| w.document()).is_some_and(|d| d.hidden());
    if hidden { Input::Hidden } else { Input::Visible }
}
