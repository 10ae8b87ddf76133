//! Visits by way of redirects, to servers that are played.

use super::{
    super::script::{Reply, Script, error, ok, redirect, status},
    *,
};
use crate::server::news::source::Source;

const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 5_000_000, redirects: 5 };

fn source(url: &str) -> Source {
    let (key, name, category) = ("a".to_owned(), "A".to_owned(), "general".to_owned());
    Source { key, name, category, tier: 1, trust: 1.0, url: url.to_owned() }
}

/// A visit to the first of these addresses.
async fn go(script: &Arc<Script>, url: &str, etag: Option<&str>) -> Visit {
    let (exception, url) = (Exception::of(&source(url)), Url::parse(url).unwrap());
    let hosts = Arc::new(Hosts::default());
    let turn = hosts.try_enter(&(url.host_str().unwrap().to_owned(), url.port_or_known_default().unwrap())).unwrap();
    let errand = Errand { url, turn, exception: &exception, etag, last_modified: None };
    visit(script.as_ref(), &hosts, LIMITS, errand).await
}

/// The same with these servers.
async fn visit_to(url: &str, servers: &[(&str, Reply)]) -> Visit {
    let script = Script::new();
    for (at, reply) in servers {
        script.at(at, [reply.clone()]);
    }
    go(&script, url, None).await
}

fn moved_to(visit: &Visit) -> Option<&str> {
    visit.moved_to.as_ref().map(Url::as_str)
}

#[tokio::test(start_paused = true)]
async fn a_plain_answer_is_taken() {
    let visit = visit_to("https://a.example/x", &[("https://a.example/x", ok("<rss/>"))]).await;
    assert_eq!(visit.result.as_ref().unwrap().body, "<rss/>");
    assert_eq!((visit.url.as_str(), moved_to(&visit)), ("https://a.example/x", None));
}

#[tokio::test(start_paused = true)]
async fn only_redirects_that_are_permanent_all_the_way_are_remembered() {
    for (codes, expected) in [
        ([301, 308], Some("https://b.example/z")),
        ([308, 301], Some("https://b.example/z")),
        ([302, 301], None),
        ([301, 302], None),
        ([303, 307], None),
    ] {
        let servers = [
            ("https://a.example/x", redirect(codes[0], "https://b.example/y#part")),
            ("https://b.example/y", redirect(codes[1], "z")),
            ("https://b.example/z", ok("<rss/>")),
        ];
        let visit = visit_to("https://a.example/x", &servers).await;
        assert!(visit.result.is_ok());
        assert_eq!((visit.url.as_str(), moved_to(&visit)), ("https://b.example/z", expected), "{codes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_permanent_redirect_to_nothing_is_not_remembered() {
    let servers = [("https://a.example/", redirect(301, "/gone")), ("https://a.example/gone", status(404))];
    let visit = visit_to("https://a.example/", &servers).await;
    assert_eq!((visit.result.as_ref().unwrap_err(), moved_to(&visit)), (&FetchError::Status(404), None));
}

#[tokio::test(start_paused = true)]
async fn five_redirects_are_followed_and_no_more() {
    for (count, expected) in [(5, None), (6, Some(FetchError::TooManyRedirects))] {
        let script = Script::new();
        for hop in 0..count {
            script.at(&format!("https://a.example/{hop}"), [redirect(302, &format!("/{}", hop + 1))]);
        }
        script.at(&format!("https://a.example/{count}"), [ok("")]);
        let visit = go(&script, "https://a.example/0", None).await;
        assert_eq!((visit.result.err(), script.asked().len()), (expected, 6));
    }
}

#[tokio::test(start_paused = true)]
async fn circles_are_named() {
    let servers = [
        ("https://a.example/", redirect(301, "https://b.example/")),
        ("https://b.example/", redirect(302, "https://a.example/#again")),
    ];
    assert_eq!(visit_to("https://a.example/", &servers).await.result, Err(FetchError::RedirectLoop));
    let own = [("https://a.example/", redirect(301, "/"))];
    assert_eq!(visit_to("https://a.example/", &own).await.result, Err(FetchError::RedirectLoop));
}

#[tokio::test(start_paused = true)]
async fn redirects_lead_to_no_forbidden_place() {
    for (to, expected) in [
        ("http://127.0.0.1:8080/", FetchError::Downgrade),
        ("https://127.0.0.1/", FetchError::PrivateAddress),
        ("https://2130706433/", FetchError::PrivateAddress),
        ("https://[::ffff:10.0.0.1]/", FetchError::PrivateAddress),
        ("https://169.254.169.254/latest/meta-data", FetchError::PrivateAddress),
        ("https://user:word@b.example/", FetchError::UnusableAddress),
        ("file:///etc/passwd", FetchError::UnusableAddress),
        ("data:text/xml,<rss/>", FetchError::UnusableAddress),
        ("http://a.example/", FetchError::Downgrade),
        ("https://", FetchError::BadRedirect),
    ] {
        let script = Script::new();
        script.at("https://a.example/", [redirect(302, to)]);
        let visit = go(&script, "https://a.example/", None).await;
        assert_eq!((visit.result.err(), script.asked().len()), (Some(expected), 1), "{to}");
    }
    let nowhere = visit_to("https://a.example/", &[("https://a.example/", status(302))]).await;
    assert_eq!(nowhere.result, Err(FetchError::BadRedirect));
}

#[tokio::test(start_paused = true)]
async fn a_configured_private_feed_may_lead_to_its_own_host_and_port_only() {
    let start = "http://127.0.0.1:9000/a";
    let script = Script::new();
    script.at(start, [redirect(302, "/b")]);
    script.at("http://127.0.0.1:9000/b", [ok("<rss/>")]);
    assert!(go(&script, start, None).await.result.is_ok());
    assert!(script.asked().iter().all(|(_, request)| request.excepted));
    script.at(start, [redirect(302, "http://127.0.0.1:9001/")]);
    assert_eq!(go(&script, start, None).await.result, Err(FetchError::PrivateAddress));
    script.at(start, [redirect(302, "http://b.example/")]);
    script.at("http://b.example/", [ok("<rss/>")]);
    assert!(go(&script, start, None).await.result.is_ok());
    assert!(!script.asked().last().unwrap().1.excepted, "a name elsewhere must be of a public address");
}

#[tokio::test(start_paused = true)]
async fn all_requests_share_one_time_limit() {
    let servers =
        [("https://a.example/", redirect(302, "/b").after(6)), ("https://a.example/b", ok("<rss/>").after(5))];
    let start = Instant::now();
    let visit = visit_to("https://a.example/", &servers).await;
    assert_eq!(visit.result, Err(FetchError::Timeout(LIMITS.time)));
    assert_eq!(start.elapsed(), LIMITS.time);
    let in_time = visit_to("https://a.example/b", &[("https://a.example/b", ok("<rss/>").after(9))]).await;
    assert!(in_time.result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nothing_changed_is_an_answer_only_to_a_condition() {
    let script = Script::new();
    script.at("https://a.example/", [status(304)]);
    let visit = go(&script, "https://a.example/", Some("\"x\"")).await;
    assert_eq!(visit.result.unwrap().status, 304);
    assert_eq!(script.asked()[0].1.etag.as_deref(), Some("\"x\""));
    assert_eq!(go(&script, "https://a.example/", None).await.result, Err(FetchError::Status(304)));
}

#[tokio::test(start_paused = true)]
async fn refusals_keep_what_the_server_said() {
    for (code, expected) in [(429, Some("17")), (503, Some("17")), (500, None), (404, None)] {
        let reply = status(code).with(|answer| answer.retry_after = Some("17".to_owned()));
        let visit = visit_to("https://a.example/", &[("https://a.example/", reply)]).await;
        assert_eq!(visit.result, Err(FetchError::Status(code)));
        assert_eq!(visit.retry_after.as_deref(), expected, "{code}");
    }
    let visit = visit_to("https://a.example/", &[("https://a.example/", error(FetchError::Tls))]).await;
    assert_eq!(visit.result, Err(FetchError::Tls));
}

#[test]
fn failures_are_told_in_a_few_words() {
    for (error, words) in [
        (FetchError::Status(503), "HTTP 503"),
        (FetchError::Timeout(Duration::from_secs(10)), "timed out after 10 s"),
        (FetchError::TooLarge(5_000_000), "larger than 5 MB"),
        (FetchError::PrivateAddress, "refuses private address"),
        (FetchError::TooManyRedirects, "redirected too often"),
        (FetchError::NameNotFound, "name not found"),
    ] {
        assert_eq!(error.to_string(), words);
    }
}
