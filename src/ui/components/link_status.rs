//! The page's own connection, in words.

use leptos::prelude::*;

use super::{
    freshness_dot::FreshnessDot,
    icon::{Glyph, Icon},
};
use crate::{
    live::{link::Link, store::LiveStore},
    model::freshness::Freshness,
    ui::{audit::Mark, format, reactive::memo},
};

/// `Real-time · 4/4 connected`, with an explanation that keyboards and phones reach too.
#[component]
pub fn LinkStatus() -> impl IntoView {
    let store = LiveStore::expect();
    let strip = store.preferences().strip;
    let link = store.link();
    let site = store.site().clone();
    let counts = {
        let store = store.clone();
        memo(move || {
            let delivers = store.link().get().delivers();
            let symbols = strip.get();
            let connected = symbols.iter().filter(|s| delivers && store.freshness(**s).usable()).count();
            (connected, symbols.len())
        })
    };
    let state = memo(move || link.get());
    view! {
        <div class="link-status needs-script">
            <FreshnessDot mark=Signal::derive(move || mark(state.get(), counts.get())) silent=true/>
            <span class="link-words" data-testid="link-status">{move || words(state.get(), counts.get())}</span>
            <span class="sr-only" role="status">{move || announcement(state.get()).to_owned()}</span>
            <button type="button" class="icon-button small" popovertarget="link-help" aria-label="What this means">
                <Icon glyph=Glyph::Question/>
            </button>
            <div id="link-help" class="popover" popover="auto">
                <p>
                    <b>"Real-time"</b>
                    " means that this page receives every change as it happens. When the stream is away, it asks every 5 seconds (“Polling”) and keeps trying to get back."
                </p>
                <p>
                    <b>{move || { let (connected, total) = counts.get(); format!("{connected}/{total} connected") }}</b>
                    {format!(
                        " counts the assets of this strip whose price is backed by at least one venue that is connected and has sent data within the last {} s.",
                        format::plain(site.stale_after_s),
                    )}
                </p>
                <ul class="legend">
                    <Legend mark=Mark::Live words=format!("live: data within {} s", format::plain(site.quiet_after_s))/>
                    <Legend mark=Mark::Quiet words="quiet: nothing new, still connected".to_owned()/>
                    <Legend mark=Mark::Stale words=format!("stale: no data for {} s", format::plain(site.stale_after_s))/>
                    <Legend mark=Mark::Down words="down: not connected".to_owned()/>
                </ul>
            </div>
        </div>
        <p class="link-status without-script">"Refreshed every 10 s"</p>
    }
    .into_any()
}

#[component]
fn Legend(mark: Mark, words: String) -> impl IntoView {
    view! {
        <li>
            <FreshnessDot mark=Signal::stored(mark) silent=true/>
            <span>{words}</span>
        </li>
    }
}

fn mark(link: Link, (connected, total): (usize, usize)) -> Mark {
    match link {
        Link::Live if connected == total => Mark::Live,
        Link::Live if connected == 0 => Freshness::Down.into(),
        Link::Live | Link::Polling | Link::Connecting | Link::Paused => Mark::Quiet,
        Link::Reconnecting { .. } => Mark::Down,
    }
}

fn words(link: Link, (connected, total): (usize, usize)) -> String {
    let counted = |state: &str| format!("{state} · {connected}/{total} connected");
    match link {
        Link::Connecting => "Connecting…".to_owned(),
        Link::Live => counted("Real-time"),
        Link::Polling => counted("Polling"),
        Link::Reconnecting { in_s: 0 } => counted("Reconnecting"),
        Link::Reconnecting { in_s } => counted(&format!("Reconnecting in {in_s} s")),
        Link::Paused => "Paused".to_owned(),
    }
}

/// What a screen reader is told: the state, without the figures that would make it talk every second.
const fn announcement(link: Link) -> &'static str {
    match link {
        Link::Connecting => "",
        Link::Live => "Prices are live",
        Link::Polling => "The stream is away, prices are asked for every 5 seconds",
        Link::Reconnecting { .. } => "Connection lost, reconnecting",
        Link::Paused => "Updates are paused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_said_in_words_and_as_a_mark() {
        for (link, counts, text, shape) in [
            (Link::Connecting, (0, 4), "Connecting…", Mark::Quiet),
            (Link::Live, (4, 4), "Real-time · 4/4 connected", Mark::Live),
            (Link::Live, (3, 4), "Real-time · 3/4 connected", Mark::Quiet),
            (Link::Live, (0, 4), "Real-time · 0/4 connected", Mark::Down),
            (Link::Polling, (4, 4), "Polling · 4/4 connected", Mark::Quiet),
            (Link::Reconnecting { in_s: 3 }, (0, 4), "Reconnecting in 3 s · 0/4 connected", Mark::Down),
            (Link::Reconnecting { in_s: 0 }, (0, 4), "Reconnecting · 0/4 connected", Mark::Down),
        ] {
            assert_eq!(words(link, counts), text);
            assert_eq!(mark(link, counts), shape, "{text}");
        }
    }
}
