//! Notifications of the browser: asked for by a click, never on load, and one for each story.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission};

use crate::{
    live::{permission::Permission, store::LiveStore},
    model::story::StoryHead,
};

/// Says what the browser allows, asks it when the visitor wishes so, and tells stories that become breaking.
pub fn follow(store: LiveStore) {
    let news = store.news();
    let notify = store.preferences().notify;
    let (permission, wishes, alarms) = (news.permission(), news.wishes(), news.alarms());
    permission.set(current());

    let (asked, wanted) = (permission.clone(), notify.clone());
    Effect::new(move |earlier: Option<u32>| {
        let wish = wishes.get();
        if earlier.is_some_and(|earlier| wish > earlier) {
            ask(asked.clone(), wanted.clone());
        }
        wish
    });
    Effect::new(move |_| {
        let stories = alarms.get();
        if notify.get_untracked() && permission.get_untracked() == Permission::Granted {
            for story in stories {
                if tell(&story).is_err() {
                    // Some browsers grant what only their service workers may use.
                    permission.set(Permission::Unsupported);
                }
            }
        }
    });
}

/// What the browser says now. Where it knows no notifications, even the question would fail.
fn current() -> Permission {
    let window = web_sys::window().map(JsValue::from);
    let known = window.is_some_and(|w| js_sys::Reflect::has(&w, &"Notification".into()).unwrap_or(false));
    if known { read(Notification::permission()) } else { Permission::Unsupported }
}

fn read(permission: NotificationPermission) -> Permission {
    match permission {
        NotificationPermission::Granted => Permission::Granted,
        NotificationPermission::Denied => Permission::Denied,
        _ => Permission::Unasked,
    }
}

fn ask(permission: ArcRwSignal<Permission>, wanted: ArcRwSignal<bool>) {
    if current() == Permission::Unsupported {
        permission.set(Permission::Unsupported);
        return;
    }
    let Ok(question) = Notification::request_permission() else {
        permission.set(Permission::Unsupported);
        return;
    };
    spawn_local(async move {
        // A refusal is an answer too, and what counts is what the browser says afterwards.
        if JsFuture::from(question).await.is_err() {
            leptos::logging::warn!("the browser did not answer whether notifications may be shown");
        }
        permission.set(current());
        wanted.set(current() == Permission::Granted);
    });
}

/// Shows one notification. A second tab with the same story replaces it without a sound.
fn tell(story: &StoryHead) -> Result<(), JsValue> {
    let options = NotificationOptions::new();
    options.set_tag(&story.id);
    options.set_icon("/apple-touch-icon.png");
    if let Some(breaking) = &story.breaking {
        options.set_body(&breaking.reasons.join(" · "));
    }
    let shown = Notification::new_with_options(&story.title, &options)?;
    let address = format!("/news/{}", story.id);
    let opened = shown.clone();
    let open = Closure::once_into_js(move || {
        opened.close();
        let window = web_sys::window();
        if window.is_none_or(|w| w.focus().is_err() || w.location().set_href(&address).is_err()) {
            leptos::logging::warn!("the story of the notification could not be opened");
        }
    });
    shown.set_onclick(Some(open.unchecked_ref()));
    Ok(())
}
