//! The feeds on the status page.

use leptos::prelude::*;

use super::freshness_dot::FreshnessDot;
use crate::{
    model::time::UnixMs,
    ui::{audit::Mark, format, sorted::sorted_by},
    wire::{
        news::{SourceState, SourceStatus},
        status::StatusReport,
    },
};

/// Every feed with its state. What fails stands first: none is dropped without a word.
#[component]
pub fn FeedTable(report: RwSignal<Option<StatusReport>>) -> impl IntoView {
    let rows = move || {
        let rows =
            |report: &StatusReport| arranged(&report.feeds).into_iter().map(|feed| row(feed, report.at)).collect_view();
        report.with(|report| report.as_ref().map(rows).unwrap_or_default()).into_any()
    };
    let text = move |read: fn(&StatusReport) -> String| {
        Signal::derive(move || report.with(|report| report.as_ref().map(read)).unwrap_or_default())
    };
    let storage = text(|report| report.storage_error.clone().unwrap_or_default());
    let without_feeds = move || report.with(|report| report.as_ref().is_none_or(|report| report.feeds.is_empty()));
    view! {
        <section class="card" aria-labelledby="feeds" data-testid="feeds">
            <div class="card-head">
                <h2 id="feeds">"News feeds"</h2>
                <p class="muted">{text(|report| summary(&report.feeds))}</p>
            </div>
            <p class="notice" role="alert" class:hidden=move || storage.with(String::is_empty) data-testid="storage-error">
                "Nothing can be stored, so news waits: "{storage}
            </p>
            <table class="feed-table" class:hidden=without_feeds>
                <thead>
                    <tr>
                        <th scope="col">"Feed"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="figure-col">"Last fetch"</th>
                        <th scope="col" class="figure-col">"Next"</th>
                        <th scope="col" class="figure-col">"Items"</th>
                        <th scope="col" class="figure-col">"Rejected"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            <p class="empty small" class:hidden=move || !without_feeds()>"This server follows no feeds."</p>
        </section>
    }
    .into_any()
}

fn row(feed: &SourceStatus, at: UnixMs) -> AnyView {
    let (mark, state) = state(feed);
    let moved = feed.moved_to.as_ref().map(|to| {
        let words = ["Moved to ", to].concat();
        view! { <small class="feed-detail">{words}</small> }.into_any()
    });
    let error = feed.last_error.clone().map(|error| view! { <small class="feed-detail">{error}</small> }.into_any());
    view! {
        <tr data-testid="feed" data-feed=feed.key.clone() data-state=feed.state.as_str()>
            <th scope="row"><b>{feed.name.clone()}</b><small>{feed.category.clone()}</small></th>
            <td>
                <span class="state"><FreshnessDot mark=Signal::stored(mark) silent=true/>{state}</span>
                {error}
                {moved}
            </td>
            <td class="figure-col" data-label="Last fetch">{ago(feed.last_fetch.as_deref(), at)}</td>
            <td class="figure-col" data-label="Next">{ahead(feed.next_fetch.as_deref(), at)}</td>
            <td class="figure-col" data-label="Items">{feed.items.to_string()}</td>
            <td class="figure-col" data-label="Rejected">{feed.rejected.to_string()}</td>
        </tr>
    }
    .into_any()
}

/// Dead ones first, then those that fail, then the others; each by name.
fn arranged(feeds: &[SourceStatus]) -> Vec<&SourceStatus> {
    let rank = |feed: &SourceStatus| match feed.state {
        SourceState::Dead => 0,
        SourceState::Failing => 1,
        SourceState::Pending | SourceState::Ok => 2,
    };
    sorted_by(feeds, &|a, b| rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name)))
}

fn state(feed: &SourceStatus) -> (Mark, String) {
    match feed.state {
        SourceState::Pending => (Mark::Quiet, "not fetched yet".to_owned()),
        SourceState::Ok if feed.moved_to.is_some() => (Mark::Quiet, "moved".to_owned()),
        SourceState::Ok => (Mark::Live, "ok".to_owned()),
        SourceState::Failing => {
            (Mark::Stale, ["failing, ", &format::counted(feed.failures as usize, "time", "times")].concat())
        }
        SourceState::Dead => (Mark::Down, "dead".to_owned()),
    }
}

fn summary(feeds: &[SourceStatus]) -> String {
    let fine = feeds.iter().filter(|feed| feed.state == SourceState::Ok).count();
    [&fine.to_string(), " of ", &feeds.len().to_string(), " deliver"].concat()
}

fn ago(time: Option<&str>, at: UnixMs) -> String {
    match time.and_then(UnixMs::parse_rfc3339) {
        Some(time) => [&format::age(at.since(time)), " ago"].concat(),
        None => format::UNKNOWN.to_owned(),
    }
}

fn ahead(time: Option<&str>, at: UnixMs) -> String {
    match time.and_then(UnixMs::parse_rfc3339) {
        Some(time) if time.since(at) < 1000 => "now".to_owned(),
        Some(time) => ["in ", &format::age(time.since(at))].concat(),
        None => format::UNKNOWN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(name: &str, state: SourceState) -> SourceStatus {
        SourceStatus {
            key: name.to_lowercase(),
            name: name.to_owned(),
            category: "markets".to_owned(),
            tier: 1,
            trust: 0.5,
            url: "https://a.example/rss".to_owned(),
            state,
            moved_to: None,
            last_fetch: None,
            last_success: None,
            last_error: None,
            failures: 3,
            items: 0,
            rejected: 0,
            next_fetch: None,
        }
    }

    #[test]
    fn what_fails_stands_first_and_says_how_often() {
        let feeds = [
            feed("B", SourceState::Ok),
            feed("A", SourceState::Pending),
            feed("D", SourceState::Failing),
            feed("C", SourceState::Dead),
        ];
        let names: Vec<String> = arranged(&feeds).into_iter().map(|feed| feed.name.clone()).collect();
        assert_eq!(names, ["C", "D", "A", "B"]);
        assert_eq!(state(&feeds[2]), (Mark::Stale, "failing, 3 times".to_owned()));
        assert_eq!(summary(&feeds), "1 of 4 deliver");
        let moved = SourceStatus { moved_to: Some("https://b.example/".to_owned()), ..feeds[0].clone() };
        assert_eq!(state(&moved).1, "moved");
    }

    #[test]
    fn times_are_said_from_now() {
        let at = UnixMs(1_763_640_000_000);
        let time = |ms: i64| UnixMs(at.0 + ms).to_rfc3339();
        assert_eq!(ago(Some(&time(-90_000)), at), "1 min ago");
        assert_eq!(ago(None, at), "—");
        assert_eq!(ahead(Some(&time(90_000)), at), "in 1 min");
        assert_eq!(ahead(Some(&time(-5)), at), "now");
        assert_eq!(ahead(Some("soon"), at), "—");
    }
}
