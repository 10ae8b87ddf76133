//! One venue's connection on the status page.

use leptos::prelude::*;

use super::freshness_dot::FreshnessDot;
use crate::{
    model::{symbol::Symbol, time::UnixMs, venue::VenueInfo},
    ui::{audit::Mark, format, reactive::memo},
    wire::status::{ConnectionState, StatusReport, VenueStatus},
};

/// A card with everything that is known of the connection. `fresh` is false once the report is old.
#[component]
pub fn VenueStatusCard(
    info: VenueInfo,
    report: RwSignal<Option<StatusReport>>,
    #[prop(into)] fresh: Signal<bool>,
) -> impl IntoView {
    let venue = info.venue;
    let at = move || report.with(|r| r.as_ref().map(|r| r.at)).unwrap_or_default();
    let status =
        memo(move || report.with(|r| r.as_ref().and_then(|r| r.venues.iter().find(|v| v.venue == venue).cloned())));
    let mark = Signal::derive(move || {
        if fresh.get() { status.with(|s| s.as_ref().map_or(Mark::Down, |s| mark(s.state))) } else { Mark::Down }
    });
    let state = Signal::derive(move || {
        if !fresh.get() {
            return "Not known".to_owned();
        }
        status.with(|s| s.as_ref().map_or_else(|| "Not known".to_owned(), |s| words(s, at())))
    });
    let detail = Signal::derive(move || status.with(|s| s.as_ref().and_then(|s| s.detail.clone())).unwrap_or_default());
    let read = move |f: fn(&VenueStatus, UnixMs) -> Option<String>| {
        Signal::derive(move || {
            status.with(|s| s.as_ref().and_then(|s| f(s, at()))).unwrap_or_else(|| format::UNKNOWN.to_owned())
        })
    };
    view! {
        <li
            class="card venue-card"
            data-testid="venue-status"
            data-venue=venue.to_string()
            data-state=move || status.with(|s| s.as_ref().map_or("unknown", |s| s.state.as_str()).to_owned())
        >
            <div class="card-head">
                <h2>{info.title}</h2>
                <p class="state"><FreshnessDot mark silent=true/><span>{state}</span></p>
            </div>
            <p class="notice" class:hidden=move || detail.with(String::is_empty)>{detail}</p>
            <dl class="facts-list">
                <Fact name="Last message" value=read(|s, at| Some(format!("{} ago", format::age(at.since(s.last_message_at?)))))/>
                <Fact name="Messages" value=read(|s, _| Some(format!("{:.1} a second", s.messages_per_second)))/>
                <Fact name="Connected for" value=read(connected_for)/>
                <Fact name="Reconnects" value=read(|s, _| Some(s.reconnects.to_string()))/>
                <Fact name="Clock skew" value=read(|s, _| s.clock_skew_ms.map(format::span))/>
                <Fact name="Unusable frames" value=read(|s, _| Some(s.bad_frames.to_string()))/>
                <Fact name="Refused or silent" value=read(|s, _| Some(missing(s)))/>
                <Fact name="Server" value=read(|s, _| s.endpoint.clone())/>
            </dl>
        </li>
    }
    .into_any()
}

/// A name and a figure.
#[component]
pub fn Fact(name: &'static str, #[prop(into)] value: Signal<String>) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
}

const fn mark(state: ConnectionState) -> Mark {
    match state {
        ConnectionState::Connected => Mark::Live,
        ConnectionState::Connecting => Mark::Quiet,
        ConnectionState::Waiting | ConnectionState::Stopped => Mark::Down,
        ConnectionState::RegionBlocked => Mark::LeftOut,
    }
}

fn words(status: &VenueStatus, at: UnixMs) -> String {
    match status.state {
        ConnectionState::Connected => "Connected".to_owned(),
        ConnectionState::Connecting => "Connecting".to_owned(),
        ConnectionState::Stopped => "Stopped".to_owned(),
        ConnectionState::RegionBlocked => "Refuses this region".to_owned(),
        ConnectionState::Waiting => match status.next_attempt_at {
            Some(next) if next.since(at) < 1000 => "Down, trying again".to_owned(),
            Some(next) => format!("Down, next try in {}", format::age(next.since(at))),
            None => "Down".to_owned(),
        },
    }
}

fn connected_for(status: &VenueStatus, at: UnixMs) -> Option<String> {
    let ms = at.since(status.connected_since?);
    Some(format::uptime(u64::try_from(ms).unwrap_or(0) / 1000))
}

/// The assets that this venue does not deliver, by name.
fn missing(status: &VenueStatus) -> String {
    let names: Vec<&str> = status.refused.iter().chain(&status.silent).map(Symbol::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::venue::Venue;

    #[test]
    fn states_are_said_in_words() {
        let mut status = VenueStatus {
            venue: Venue::new("okx").expect("key"),
            state: ConnectionState::Waiting,
            detail: None,
            endpoint: None,
            connected_since: Some(UnixMs(0)),
            last_message_at: None,
            next_attempt_at: Some(UnixMs(14_000)),
            reconnects: 0,
            bad_frames: 0,
            clock_skew_ms: None,
            messages_per_second: 0.0,
            refused: vec![Symbol::parse("SOL").expect("symbol")],
            silent: vec![Symbol::parse("1INCH").expect("symbol")],
        };
        assert_eq!(words(&status, UnixMs(2_000)), "Down, next try in 12 s");
        assert_eq!(words(&status, UnixMs(13_500)), "Down, trying again");
        assert_eq!(missing(&status), "SOL, 1INCH");
        assert_eq!(connected_for(&status, UnixMs(185_000)).as_deref(), Some("3 min 5 s"));
        status.state = ConnectionState::RegionBlocked;
        assert_eq!(words(&status, UnixMs(2_000)), "Refuses this region");
    }
}
