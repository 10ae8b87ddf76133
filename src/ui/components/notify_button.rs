//! Notifications of breaking stories, for those who ask for them.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::live::{permission::Permission, store::LiveStore};

/// A button that asks the browser, and only when it is pressed. Says where the browser refuses or can't.
#[component]
pub fn NotifyButton() -> impl IntoView {
    let store = LiveStore::expect();
    let news = store.news();
    let notify = store.preferences().notify;
    let (permission, wishes) = (news.permission(), news.wishes());
    let state = {
        let notify = notify.clone();
        move || State::of(permission.get(), notify.get())
    };
    let is = |wanted: fn(State) -> bool| {
        let state = state.clone();
        move || wanted(state())
    };
    let (is_on, is_useless) = (is(|s| s == State::On), is(|s| matches!(s, State::Denied | State::Unsupported)));
    let text = |read: fn(State) -> &'static str| {
        let state = state.clone();
        Signal::derive(move || read(state()).to_owned())
    };
    let (words, hint) = (text(State::words), text(State::hint));
    let press = move |_| match untrack(&state) {
        State::On => notify.set(false),
        State::Off => wishes.update(|wishes| *wishes += 1),
        State::Denied | State::Unsupported => {}
    };
    view! {
        <button
            type="button"
            class="button notify needs-script"
            data-testid="notify"
            aria-pressed=move || is_on().to_string()
            disabled=is_useless
            title=hint
            on:click=press
        >
            <Icon glyph=Glyph::Bell/>
            <span>{words}</span>
        </button>
    }
    .into_any()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Off,
    On,
    Denied,
    Unsupported,
}

impl State {
    const fn of(permission: Permission, wanted: bool) -> Self {
        match (permission, wanted) {
            (Permission::Unsupported, _) => Self::Unsupported,
            (Permission::Denied, _) => Self::Denied,
            (Permission::Granted | Permission::Unknown, true) => Self::On,
            (Permission::Unasked, _) | (Permission::Granted | Permission::Unknown, false) => Self::Off,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Off => "Notify me",
            Self::On => "Notifying",
            Self::Denied => "Blocked",
            Self::Unsupported => "Not available",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::Off => "Show a notification when a story is breaking, while this page is open",
            Self::On => "Breaking stories are shown as notifications. Press to stop",
            Self::Denied => "The browser's settings forbid notifications of this site",
            Self::Unsupported => "This browser shows no notifications of this page",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_browser_says_goes_before_what_was_wished() {
        for (permission, wanted, state) in [
            (Permission::Unknown, false, State::Off),
            (Permission::Unknown, true, State::On),
            (Permission::Unasked, true, State::Off),
            (Permission::Granted, false, State::Off),
            (Permission::Granted, true, State::On),
            (Permission::Denied, true, State::Denied),
            (Permission::Unsupported, true, State::Unsupported),
        ] {
            assert_eq!(State::of(permission, wanted), state, "{permission:?} {wanted}");
        }
    }
}
