use std::time::Duration;

use super::*;

#[tokio::test(start_paused = true)]
async fn rest_is_limited_by_address_and_probes_and_streams_are_not() {
    let fixture = Fixture::with(|config| config.limits.requests_per_minute = 60);
    let app = app(&fixture);
    for _ in 0..60 {
        assert_eq!(send(&app, from("192.0.2.1:1", "/symbols")).await.status(), StatusCode::OK);
    }
    let (status, headers, body) = json(send(&app, from("192.0.2.1:2", "/symbols")).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (429, &Value::from("rate_limited")));
    assert_eq!(headers["retry-after"], "2", "whole seconds, rounded up");
    assert_eq!(headers["access-control-allow-origin"], "*", "a page may read why");
    assert!(body["retry"]["delayMs"].as_u64().is_some_and(|ms| (1000..=1001).contains(&ms)), "{body}");
    for uri in ["/api/news", "/api/news/stories", "/api/breaking", "/api/sources", "/api/rss"] {
        let status = send(&app, from("192.0.2.1:3", uri)).await.status();
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{uri}");
    }
    for uri in ["/health", "/live", "/api/realtime/BTC", "/api/sse"] {
        let status = send(&app, from("192.0.2.1:3", uri)).await.status();
        assert_ne!(status, StatusCode::TOO_MANY_REQUESTS, "{uri}");
    }
    assert_eq!(send(&app, from("192.0.2.2:1", "/symbols")).await.status(), StatusCode::OK, "another address");
    tokio::time::advance(Duration::from_millis(1001)).await;
    assert_eq!(send(&app, from("192.0.2.1:4", "/symbols")).await.status(), StatusCode::OK, "a second later");
}

#[tokio::test(start_paused = true)]
async fn a_forwarded_address_counts_only_behind_a_trusted_proxy() {
    let fixture = Fixture::with(|config| {
        config.limits.requests_per_minute = 1;
        config.server.trusted_proxies = vec![[10, 0, 0, 1].into()];
    });
    let app = app(&fixture);
    for (peer, forwarded, status) in [
        ("10.0.0.1:1", "198.51.100.1", 200),
        ("10.0.0.1:1", "198.51.100.2", 200),
        ("10.0.0.1:1", "198.51.100.1", 429),
        ("203.0.113.1:1", "198.51.100.3", 200),
        ("203.0.113.1:1", "198.51.100.4", 429),
    ] {
        let mut request = from(peer, "/symbols");
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("a header"));
        assert_eq!(send(&app, request).await.status().as_u16(), status, "{peer} for {forwarded}");
    }
}

#[tokio::test(start_paused = true)]
async fn any_site_may_read_by_default_but_without_credentials() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    for uri in ["/api/realtime/BTC", "/api/sse", "/api/news", "/api/rss", "/symbols", "/price/XYZ", "/api/nothing"] {
        let headers = get(&app, uri).await.headers().clone();
        assert_eq!(headers["access-control-allow-origin"], "*", "{uri}");
        assert!(!headers.contains_key("access-control-allow-credentials"), "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_sites_lets_only_those_in() {
    let fixture = Fixture::with(|config| config.server.cors_origins = vec!["https://example.org".to_owned()]);
    let app = app(&fixture);
    for (origin, allowed) in [("https://example.org", true), ("https://example.com", false)] {
        let request = Request::get("/symbols").header("origin", origin).body(Body::empty()).expect("a request");
        let headers = send(&app, request).await.headers().clone();
        let allow = headers.get("access-control-allow-origin").map(|value| value.to_str().expect("text"));
        assert_eq!(allow, allowed.then_some(origin));
        assert_eq!(headers["vary"], "origin");
    }
}

#[tokio::test(start_paused = true)]
async fn a_preflight_is_answered() {
    let fixture = Fixture::new();
    let response = preflight_of(&app(&fixture), "/api/realtime/BTC").await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(response.headers()["access-control-allow-methods"], "GET, HEAD");
    assert!(response.headers()["access-control-allow-headers"].to_str().expect("text").contains("last-event-id"));
}

/// What a browser asks before it lets another site's script read an address.
pub(super) async fn preflight_of(app: &Router, uri: &str) -> Response {
    let request = Request::options(uri)
        .header("origin", "https://example.org")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "last-event-id")
        .body(Body::empty())
        .expect("a request");
    send(app, request).await
}
