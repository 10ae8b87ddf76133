//! The dashboard and the alert rules ask for what the server tells, and for nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;
use tokio::time::Instant;

use super::{promql::Query, told, *};
use crate::{
    model::symbol::Symbol,
    server::{
        clock::Clock,
        event::{EventDraft, EventKind, Facets, LogEvent},
        hub::Wish,
        market::fixture::ticker,
        metrics::{clients::Protocol, hub::ReplaySource, news::FetchOutcome},
        services::fixture::{Fixture, WALL},
        storage::{Storage, batch::Batch},
    },
    wire::news::{GapReason, SourceState, SourceStatus},
};

/// Labels that Prometheus itself gives to what it scrapes, or that a histogram has.
const OF_TARGETS: [&str; 2] = ["job", "instance"];

fn file(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn feed() -> SourceStatus {
    SourceStatus {
        key: "coindesk".to_owned(),
        name: "CoinDesk".to_owned(),
        category: "markets".to_owned(),
        tier: 1,
        trust: 0.9,
        url: "https://coindesk.example/rss".to_owned(),
        state: SourceState::Ok,
        moved_to: None,
        last_fetch: None,
        last_success: Some(WALL.to_rfc3339()),
        last_error: None,
        failures: 0,
        items: 10,
        rejected: 1,
        next_fetch: None,
    }
}

fn event(id: u64) -> LogEvent {
    let draft = EventDraft { kind: EventKind::News, data: "{}".to_owned(), facets: Facets::default() };
    LogEvent { id, at: WALL, draft }
}

/// What a server tells to which everything has happened once.
async fn everything() -> Reading {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::following(WALL);
    let storage = Storage::open(folder.path(), clock).expect("a database");
    let first = storage.log_range().await.expect("a log").last + 1;
    let batch = |id| Batch { events: vec![event(id)], ..Batch::default() };
    storage.commit(batch(first)).await.expect("stored");
    storage.commit(batch(first)).await.expect_err("it is there already");
    let fixture = Fixture::with_news(storage, clock, vec![feed()]).await;
    fixture.post(ticker("BTC", 1.0));
    let wish = Wish { symbols: vec![Symbol::parse("BTC").expect("a symbol")], pace: std::time::Duration::ZERO };
    let _reader = fixture.services.hub.connect(std::net::Ipv4Addr::LOCALHOST, &wish).expect("room");
    let (metrics, now) = (&fixture.services.metrics, Instant::now());
    for protocol in Protocol::ALL {
        let client = metrics.clients.enter(protocol);
        client.delivered(1);
        client.superseded(1);
        client.too_slow();
        metrics.clients.refused(protocol, "going_down");
    }
    metrics.market.aggregate.since(now);
    metrics.market.coalesced.inc();
    metrics.hub.event_fan_out.since(now);
    metrics.hub.replayed(ReplaySource::Memory);
    metrics.hub.gap(GapReason::Expired);
    for outcome in FetchOutcome::ALL {
        metrics.feeds.fetched("coindesk", outcome);
    }
    metrics.news.articles.inc();
    metrics.news.stories.inc();
    metrics.http.answered("GET", "/price/{symbol}", 503, now);
    told(&fixture.services).await
}

/// What is wrong with a query, and with the labels that words beside it use.
fn problems(query: &str, used: &[String], told: &Reading) -> Vec<String> {
    let query = Query::read(query);
    let mut values: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for sample in told.samples() {
        let labels = values.entry(&sample.name).or_default();
        for (label, value) in &sample.labels {
            labels.entry(label).or_default().insert(value);
        }
    }
    let (mut problems, mut known) = (Vec::new(), BTreeSet::from(OF_TARGETS));
    for selector in &query.selectors {
        let name = selector.name.as_str();
        let Some(labels) = values.get(name) else {
            problems.push(format!("there is no {name}"));
            continue;
        };
        known.extend(labels.keys().copied());
        for (label, operator, text) in &selector.matchers {
            match labels.get(label.as_str()) {
                None if OF_TARGETS.contains(&label.as_str()) => {}
                None => problems.push(format!("{name} has no label {label}")),
                Some(values) if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '|') => {
                    let words = if operator.contains('~') { text.split('|').collect() } else { vec![text.as_str()] };
                    let unknown = words.into_iter().filter(|word| !values.contains(word));
                    problems.extend(unknown.map(|word| format!("{label} of {name} is never {word}")));
                }
                Some(_) => {}
            }
        }
    }
    problems.extend(query.labels.iter().filter(|l| !known.contains(l.as_str())).map(|l| format!("nothing has a {l}")));
    for label in used {
        let left = query.grouped.as_ref().map_or(known.contains(label.as_str()), |left| left.contains(label));
        if !left {
            problems.push(format!("{label} is not in the result"));
        }
    }
    problems
}

/// What stands between `{{` and `}}`, without what begins otherwise than `prefix`.
fn templates(text: &str, prefix: &str) -> Vec<String> {
    let inside = text.split("{{").skip(1).filter_map(|part| part.split_once("}}"));
    let words = inside.filter_map(|(words, _)| words.split_whitespace().next()?.strip_prefix(prefix));
    words.map(str::to_owned).collect()
}

/// Name, query and words of each rule. Reads YAML as this one file is written.
fn alerts(text: &str) -> Vec<(String, String, String)> {
    let rules = text.split("      - alert: ").skip(1);
    let rule = |text: &str| {
        let (name, rest) = text.split_once('\n').expect("a name");
        let (_, rest) = rest.split_once("        expr: ").expect("a query");
        let mut lines = rest.lines();
        let mut query = lines.next().expect("a query").trim_start_matches(">-").to_owned();
        for line in lines.take_while(|line| line.starts_with("          ")) {
            query.push(' ');
            query.push_str(line.trim());
        }
        let (_, words) = rest.split_once("annotations:").expect("words");
        (name.to_owned(), query, words.to_owned())
    };
    rules.map(rule).collect()
}

#[tokio::test]
async fn every_alert_asks_for_what_there_is_and_says_what_to_do() {
    let told = everything().await;
    let alerts = alerts(&file("prometheus/alerts.yml"));
    let mut names = BTreeSet::new();
    for (name, query, words) in &alerts {
        assert!(name.starts_with("MarketPulse") && names.insert(name), "{name}");
        let used: Vec<String> = templates(words, "$labels.");
        assert_eq!(problems(query, &used, &told), [""; 0], "{name}: {query}");
        assert!(words.contains("summary: ") && words.contains("description: "), "{name}");
        assert!(!query.contains("instance="), "{name} is about any instance");
    }
    for needed in [
        "VenueDown",
        "VenueSilent",
        "NoFeedFetched",
        "EventLogStill",
        "StorageFailing",
        "SlowReaders",
        "Refusals",
        "ServerFull",
        "MemoryHigh",
        "RestartLoop",
    ] {
        assert!(names.contains(&format!("MarketPulse{needed}")), "{needed}");
    }
}

#[tokio::test]
async fn every_panel_asks_for_what_there_is() {
    let told = everything().await;
    let text = file("grafana/market-pulse.json");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let (mut ids, mut places, mut queries) = (BTreeSet::new(), BTreeSet::new(), 0);
    for panel in panels {
        let title = panel["title"].as_str().expect("a title");
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{title}: the id is another's");
        let of = |field: &str| panel["gridPos"][field].as_u64().expect("a place");
        for (x, y) in (of("x")..of("x") + of("w")).flat_map(|x| (of("y")..of("y") + of("h")).map(move |y| (x, y))) {
            assert!(x < 24 && places.insert((x, y)), "{title} lies on another panel");
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "{title}: what is it?");
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title}: of which unit?");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        for target in panel["targets"].as_array().expect("targets") {
            let (query, legend) = (target["expr"].as_str().expect("a query"), target["legendFormat"].as_str());
            let used = templates(legend.expect("a legend"), "");
            assert_eq!(problems(query, &used, &told), [""; 0], "{title}: {query}");
            assert!(query.contains(r#"job=~"$job", instance=~"$instance""#), "{title}: of which instance?");
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            queries += 1;
        }
    }
    assert!(queries > 40, "{queries}");
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let names: Vec<&str> = variables.iter().filter_map(|variable| variable["name"].as_str()).collect();
    assert_eq!(names, ["datasource", "job", "instance"]);
    for variable in &variables[1..] {
        let query = variable["definition"].as_str().expect("a query");
        let (series, label) = query.trim_start_matches("label_values(").split_once(", ").expect("a label");
        assert_eq!(problems(series, &[label.trim_end_matches(')').to_owned()], &told), [""; 0]);
    }
}

#[tokio::test]
async fn what_there_is_not_is_found() {
    let told = everything().await;
    let labels = |labels: &[&str]| labels.iter().map(ToString::to_string).collect::<Vec<_>>();
    let good = r#"sum by (protocol) (rate(market_pulse_deliveries_total{job="x", protocol=~"sse|page"}[5m]))"#;
    assert_eq!(problems(good, &labels(&["protocol"]), &told), [""; 0]);
    for (query, used, problem) in [
        ("rate(market_pulse_delivery_total[5m])", &[][..], "there is no market_pulse_delivery_total"),
        ("market_pulse_deliveries", &[], "there is no market_pulse_deliveries"),
        ("market_pulse_clients{protocl=\"sse\"}", &[], "market_pulse_clients has no label protocl"),
        ("market_pulse_clients{protocol=~\"sse|ftp\"}", &[], "protocol of market_pulse_clients is never ftp"),
        ("sum by (venue) (market_pulse_clients)", &[], "nothing has a venue"),
        ("sum by (job) (market_pulse_clients)", &["protocol"], "protocol is not in the result"),
        ("market_pulse_clients", &["venue"], "venue is not in the result"),
    ] {
        assert_eq!(problems(query, &labels(used), &told), [problem], "{query}");
    }
}

#[tokio::test]
async fn every_figure_of_the_process_is_told_under_its_usual_name() {
    let told = everything().await;
    let names: BTreeSet<&str> = told.0.iter().map(|family| family.name.as_str()).collect();
    assert!(names.iter().all(|name| name.starts_with("market_pulse_") || name.starts_with("process_")), "{names:?}");
    let started = told.get("process_start_time_seconds", &[]).expect("a time");
    assert!((1_763_640_000.0..1_763_640_600.0).contains(&started), "{started}");
    #[cfg(target_os = "linux")]
    for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds"] {
        assert!(told.get(name, &[]).is_some(), "{name}");
    }
}
