use std::time::Duration;

use super::*;
use crate::server::access::Scope;

#[tokio::test(start_paused = true)]
async fn rest_is_limited_by_address_and_probes_and_streams_are_not() {
    let fixture = Fixture::with(|config| config.limits.requests_per_minute = 60);
    let app = app(&fixture);
    for _ in 0..60 {
        assert_eq!(send(&app, from("192.0.2.1:1", "/symbols")).await.status(), StatusCode::OK);
    }
    let (status, headers, body) = json(send(&app, from("192.0.2.1:2", "/symbols")).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (429, &Value::from("rate_limited")));
    assert_eq!(headers["retry-after"], "61", "whole seconds, rounded up");
    assert_eq!(headers["access-control-allow-origin"], "*", "a page may read why");
    assert!(body["retry"]["delayMs"].as_u64().is_some_and(|ms| (60_000..=60_001).contains(&ms)), "{body}");
    for uri in [
        "/stats",
        "/api/v1/channels",
        "/api/v1/sse/status",
        "/api/ws",
        "/api/news",
        "/api/news/stories",
        "/api/breaking",
        "/api/sources",
        "/api/rss",
    ] {
        let status = send(&app, from("192.0.2.1:3", uri)).await.status();
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{uri}");
    }
    for uri in ["/health", "/live", "/api/realtime/BTC", "/api/sse"] {
        let status = send(&app, from("192.0.2.1:3", uri)).await.status();
        assert_ne!(status, StatusCode::TOO_MANY_REQUESTS, "{uri}");
    }
    assert_eq!(send(&app, from("192.0.2.2:1", "/symbols")).await.status(), StatusCode::OK, "another address");
    tokio::time::advance(Duration::from_millis(60_001)).await;
    assert_eq!(send(&app, from("192.0.2.1:4", "/symbols")).await.status(), StatusCode::OK, "a minute later");
}

#[tokio::test(start_paused = true)]
async fn the_description_for_people_is_counted_as_a_page() {
    let fixture = Fixture::with(|config| config.limits.requests_per_minute = 2);
    let app = app(&fixture);
    let ask = async |uri| send(&app, from("192.0.2.1:1", uri)).await.status().as_u16();
    let pages = fixture.services.config.limits.pages_per_minute();
    for _ in 0..pages {
        assert_eq!(ask("/docs").await, 200);
    }
    assert_eq!((ask("/docs").await, ask("/symbols").await), (429, 200), "a script's requests are its own");
    assert_eq!((ask("/api/openapi.json").await, ask("/api/openapi.json").await), (200, 429));
}

#[tokio::test(start_paused = true)]
async fn a_forwarded_address_counts_only_behind_a_trusted_proxy() {
    let fixture = Fixture::with(|config| {
        config.limits.requests_per_minute = 1;
        config.server.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
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

/// What a browser is told before it sends what a page of `origin` asks for.
async fn preflight(app: &Router, origin: &str, method: &str) -> HeaderMap {
    let request = Request::options("/api/realtime/BTC")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization, content-type, last-event-id")
        .body(Body::empty())
        .expect("a request");
    let response = send(app, request).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    response.headers().clone()
}

#[tokio::test(start_paused = true)]
async fn any_site_may_read_and_named_ones_may_publish() {
    let any = Fixture::new();
    let named = Fixture::with(|config| {
        config.server.cors_origins = vec!["*".to_owned(), "https://example.org".to_owned()];
    });
    let (any, named) = (app(&any), app(&named));
    for (app, origin, methods) in [
        (&any, "https://example.org", "GET, HEAD"),
        (&named, "https://example.org", "GET, HEAD, POST, DELETE"),
        (&named, "https://example.com", "GET, HEAD"),
        (&named, "https://example.org.evil.example", "GET, HEAD"),
        (&named, "null", "GET, HEAD"),
    ] {
        let headers = preflight(app, origin, "POST").await;
        assert_eq!(headers["access-control-allow-methods"], methods, "{origin}");
        assert_eq!(headers["access-control-allow-origin"], "*", "{origin}");
        assert!(!headers.contains_key("access-control-allow-credentials"), "{origin}");
        let allowed = headers["access-control-allow-headers"].to_str().expect("text");
        for name in ["authorization", "content-type", "last-event-id"] {
            assert!(allowed.contains(name), "{origin}: {allowed}");
        }
    }
    let only = Fixture::with(|config| config.server.cors_origins = vec!["https://example.org".to_owned()]);
    let only = app(&only);
    assert_eq!(
        preflight(&only, "https://example.org", "DELETE").await["access-control-allow-origin"],
        "https://example.org"
    );
    let refused = preflight(&only, "https://example.com", "GET").await;
    assert!(
        !refused.contains_key("access-control-allow-origin") && !refused.contains_key("access-control-allow-methods")
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_opens_streams_again_and_again_has_to_wait() {
    let fixture = Fixture::with(|config| config.limits.streams_per_minute = 3);
    let app = app(&fixture);
    for uri in ["/api/realtime", "/api/realtime/BTC", "/api/sse"] {
        assert_eq!(send(&app, from("192.0.2.1:1", uri)).await.status(), StatusCode::OK, "{uri}");
    }
    let (status, headers, body) = json(send(&app, from("192.0.2.1:1", "/api/sse")).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (429, &Value::from("rate_limited")));
    assert!(headers.contains_key("retry-after") && body["retry"].is_object(), "{body}");
    assert_eq!(send(&app, from("192.0.2.2:1", "/api/sse")).await.status(), StatusCode::OK, "another address");
}

#[tokio::test(start_paused = true)]
async fn all_together_are_limited_too() {
    let fixture = Fixture::with(|config| config.limits.total_requests_per_minute = 3);
    let app = app(&fixture);
    for n in 1..=3 {
        assert_eq!(send(&app, from(&format!("192.0.2.{n}:1"), "/symbols")).await.status(), StatusCode::OK);
    }
    let (status, headers, body) = json(send(&app, from("192.0.2.4:1", "/symbols")).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &Value::from("server_busy")));
    assert!(headers.contains_key("retry-after") && body["retry"].is_object(), "{body}");
    assert_eq!(send(&app, from("192.0.2.4:1", "/live")).await.status(), StatusCode::OK, "monitors may ask");
}

#[tokio::test(start_paused = true)]
async fn a_network_of_64_bits_counts_as_one_address() {
    let fixture = Fixture::with(|config| {
        config.limits.requests_per_minute = 2;
        config.limits.connections_per_address = 2;
    });
    let app = app(&fixture);
    let mut open = Vec::new();
    for n in 1..=2 {
        let peer = format!("[2001:db8:0:1::{n}]:1");
        assert_eq!(send(&app, from(&peer, "/symbols")).await.status(), StatusCode::OK);
        open.push(send(&app, from(&peer, "/api/sse")).await);
    }
    let ask = async |peer: &str, uri: &str| send(&app, from(peer, uri)).await.status().as_u16();
    assert_eq!(ask("[2001:db8:0:1:ffff::9]:1", "/symbols").await, 429);
    assert_eq!(ask("[2001:db8:0:1:ffff::9]:1", "/api/sse").await, 503);
    assert_eq!(ask("[2001:db8:0:2::1]:1", "/symbols").await, 200);
    assert_eq!(ask("[2001:db8:0:2::1]:1", "/api/sse").await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_token_raises_nothing_for_its_address_and_counts_over_all_of_them() {
    let fixture = Fixture::with(|config| {
        config.limits.requests_per_minute = 2;
        config.limits.token_requests_per_minute = 5;
        config.limits.connections_per_address = 2;
        config.limits.connections_per_token = 3;
    });
    let app = app(&fixture);
    let (one, other) = (fixture.token(Scope::Read), fixture.token(Scope::Read));
    let ask = async |address: u8, token: Option<&String>, uri: &str| {
        let mut request = from(&format!("192.0.2.{address}:1"), uri);
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().expect("a header");
            request.headers_mut().insert("authorization", value);
        }
        send(&app, request).await
    };
    let mut open = Vec::new();
    for (address, token, uri, status) in [
        (1, Some(&one), "/api/sse", 200),
        (1, Some(&other), "/api/realtime/BTC", 200),
        (1, Some(&one), "/api/sse", 503),
        (1, None, "/api/sse", 503),
        (2, Some(&one), "/api/v1/sse/alerts", 200),
        (2, Some(&one), "/api/sse", 200),
        // Three streams and a refusal, which counts as a request: of its five one is left.
        (3, Some(&one), "/api/sse", 503),
        (3, Some(&one), "/symbols", 429),
        (1, None, "/symbols", 200),
        (1, Some(&other), "/symbols", 200),
        (1, Some(&other), "/symbols", 429),
        (1, None, "/symbols", 429),
        (4, Some(&other), "/symbols", 200),
    ] {
        let response = ask(address, token, uri).await;
        assert_eq!(response.status().as_u16(), status, "{address} {uri} {token:?}");
        assert_eq!(response.headers().contains_key("retry-after"), status != 200);
        open.push(response);
    }
}

#[tokio::test(start_paused = true)]
async fn a_forged_address_gets_round_no_limit_of_streams() {
    let fixture = Fixture::with(|config| {
        config.limits.connections_per_address = 2;
        config.server.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    });
    let app = app(&fixture);
    let ask = async |peer: &str, forwarded: &str, uri: &str| {
        let mut request = from(peer, uri);
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("a header"));
        send(&app, request).await
    };
    let streams = ["/api/sse", "/api/realtime/BTC", "/api/v1/sse/alerts", "/socket.io/?EIO=4&transport=polling"];
    let mut open = Vec::new();
    for (n, uri) in streams.iter().enumerate() {
        let response = ask("203.0.113.1:1", &format!("198.51.100.{n}"), uri).await;
        assert_eq!(response.status().as_u16(), if n < 2 { 200 } else { 503 }, "nobody may say who it is: {uri}");
        open.push(response);
    }
    for uri in streams {
        // What the client wrote stands before what the proxy added.
        let lines = format!("198.51.100.{}, 203.0.113.1", open.len());
        assert_eq!(ask("10.0.0.1:1", &lines, uri).await.status().as_u16(), 503, "nor through a proxy: {uri}");
        assert_eq!(ask("10.0.0.1:1", "203.0.113.1, 198.51.100.9", uri).await.status().as_u16(), 200);
        open.truncate(2);
    }
}
