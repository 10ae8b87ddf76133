//! The whole site, as it is served: what surrounds every answer.

use std::collections::HashSet;

use http::Method;

use super::*;
use crate::server::http::{pages, router::site};

const SECRET: &str = "not for the public";

/// A server with files, and something beside them that is nobody's business.
struct Place {
    fixture: Fixture,
    app: Router,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new(change: impl FnOnce(&mut crate::server::config::Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("site");
        std::fs::create_dir_all(root.join("pkg")).expect("created");
        std::fs::write(folder.path().join("secret.txt"), SECRET).expect("written");
        std::fs::write(root.join("pkg/app.js"), "export {};").expect("written");
        let fixture = Fixture::with(change);
        let options = pages::leptos_options(&root, fixture.services.config.server.addr).expect("options");
        let app = site(&fixture.services, options);
        Self { fixture, app, _folder: folder }
    }

    async fn text(&self, uri: &str) -> (http::response::Parts, String) {
        let (parts, body) = get_page(&self.app, uri).await.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 22).await.expect("a body");
        (parts, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
    }
}

fn nonce(policy: &str) -> &str {
    let (_, rest) = policy.split_once("script-src 'self' 'nonce-").expect("a nonce");
    rest.split_once('\'').expect("its end").0
}

#[tokio::test]
async fn every_script_of_a_page_carries_the_nonce_of_its_answer() {
    let place = Place::new(|_| {});
    let mut nonces = HashSet::new();
    for uri in ["/", "/news", "/status", "/coin/BTC", "/coin/NOPE", "/nothing/here", "/"] {
        let (parts, html) = place.text(uri).await;
        let policy = parts.headers["content-security-policy"].to_str().expect("text");
        for part in ["default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{uri}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{uri}: {policy}");
        let own = nonce(policy);
        let scripts = html.matches("<script").count();
        assert!(scripts > 0, "{uri}");
        assert_eq!(html.matches(&format!("nonce=\"{own}\"")).count(), scripts, "{uri}: {html}");
        // What a policy without 'unsafe-inline' would block.
        for inline in ["<style", " style=", " onclick=", " onload=", " onerror=", "javascript:"] {
            assert!(!html.contains(inline), "{uri}: {inline} in {html}");
        }
        assert!(nonces.insert(own.to_owned()), "{uri}: the nonce was used before");
        assert_eq!(parts.headers["cache-control"], "no-store", "{uri}");
        assert_eq!(parts.headers["referrer-policy"], "no-referrer", "{uri}");
        assert_eq!(parts.headers["cross-origin-opener-policy"], "same-origin", "{uri}");
        assert!(parts.headers.contains_key("permissions-policy"), "{uri}");
    }
}

#[tokio::test]
async fn every_answer_says_what_it_is() {
    let place = Place::new(|_| {});
    for uri in [
        "/",
        "/pkg/app.js",
        "/pkg/none.js",
        "/symbols",
        "/price/XYZ",
        "/live",
        "/api/realtime/BTC",
        "/api/sse",
        "/api/nothing",
        "/api/rss",
        "/api/fn/get_tickers",
    ] {
        let response = get(&place.app, uri).await;
        assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{uri}");
        let policy = response.headers()["content-security-policy"].to_str().expect("text");
        let is_page = response.headers()["content-type"].as_bytes().starts_with(b"text/html");
        assert_eq!(policy == "default-src 'none'; frame-ancestors 'none'", !is_page, "{uri}: {policy}");
        assert!(!response.headers().contains_key("strict-transport-security"), "{uri}: there is no TLS");
    }
}

#[tokio::test]
async fn an_embedder_can_be_let_in() {
    let place = Place::new(|config| config.server.frame_ancestors = vec!["https://portal.example".to_owned()]);
    let (parts, _) = place.text("/").await;
    let policy = parts.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.ends_with("frame-ancestors https://portal.example"), "{policy}");
}

#[tokio::test]
async fn no_path_leads_out_of_the_site() {
    let place = Place::new(|_| {});
    for uri in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/pkg/../../secret.txt",
        "/pkg/..%2f..%2fsecret.txt",
        "/pkg/%2f..%2f..%2fsecret.txt",
        "/pkg/..%5c..%5csecret.txt",
        "/pkg/%252e%252e/%252e%252e/secret.txt",
        "//secret.txt",
        "/%2fetc%2fpasswd",
        "/pkg/app.js%00",
        "/pkg/%ff",
        "/coin/..%2f..%2fsecret.txt",
        "/news/..%2f..%2fsecret.txt",
        "/coin/%2e%2e",
        "/coin/%2E",
        "/coin/..",
        "/price/..%2f..%2fsecret.txt",
        "/api/realtime/..%2f..%2fsecret.txt",
    ] {
        let (parts, text) = place.text(uri).await;
        assert!(parts.status.is_client_error(), "{uri}: {}", parts.status);
        assert!(!text.contains(SECRET) && !text.contains("root:"), "{uri}");
    }
    assert_eq!(place.text("/pkg/app.js").await.1, "export {};", "what is inside is served");
}

#[tokio::test]
async fn programs_are_told_what_is_wrong_as_everywhere() {
    let place = Place::new(|_| {});
    for (method, uri, status, code) in [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/price/", 404, "not_found"),
        ("GET", "/health/", 404, "not_found"),
        ("GET", "/pkg/none.js", 404, "not_found"),
        ("POST", "/nothing", 404, "not_found"),
        ("POST", "/", 405, "method_not_allowed"),
        ("DELETE", "/news", 405, "method_not_allowed"),
        ("PUT", "/coin/BTC", 405, "method_not_allowed"),
        ("GET", "/coin/%2e%2e", 400, "bad_path"),
    ] {
        for accepted in ["*/*", "application/json", "text/html"] {
            let request = Request::builder().method(method).uri(uri).header("accept", accepted);
            let response = send(&place.app, request.body(Body::empty()).expect("a request")).await;
            if (method, status, accepted) == ("GET", 404, "text/html") {
                assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8", "{uri}");
                continue;
            }
            let (told, headers, body) = json(response).await;
            assert_eq!((told.as_u16(), &body["error"]["code"]), (status, &code.into()), "{method} {uri} {accepted}");
            assert_eq!((&body["success"], &body["retry"]), (&false.into(), &Value::Null), "{method} {uri}");
            assert_eq!(headers["cache-control"], "no-store", "{method} {uri}");
            assert_eq!(headers.contains_key("allow"), status == 405, "{method} {uri}");
        }
    }
}

#[tokio::test]
async fn other_methods_change_nothing() {
    let place = Place::new(|_| {});
    for uri in ["/", "/news", "/status", "/coin/BTC", "/pkg/app.js", "/symbols", "/api/sse", "/api/fn/get_tickers"] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let request = Request::builder().method(&method).uri(uri).body(Body::empty()).expect("a request");
            let status = send(&place.app, request).await.status();
            assert!(status.is_client_error(), "{method} {uri}: {status}");
        }
    }
    assert_eq!(place.fixture.services.hub.streams(), 0);
}

#[tokio::test(start_paused = true)]
async fn pages_and_their_calls_are_limited_by_address_and_files_are_not() {
    let place = Place::new(|config| config.limits.pages_per_minute = 4);
    let ask = async |peer: &str, uri: &str| send(&place.app, from(peer, uri)).await;
    for uri in ["/", "/news", "/nothing", "/api/fn/get_tickers"] {
        assert_ne!(ask("192.0.2.1:1", uri).await.status(), StatusCode::TOO_MANY_REQUESTS, "{uri}");
    }
    for uri in ["/", "/nothing", "/api/fn/get_tickers"] {
        let (status, headers, body) = json(ask("192.0.2.1:1", uri).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (429, &Value::from("rate_limited")), "{uri}");
        assert!(headers.contains_key("retry-after") && body["retry"].is_object(), "{uri}: {body}");
    }
    assert_eq!(ask("192.0.2.1:1", "/pkg/app.js").await.status(), StatusCode::OK);
    assert_eq!(ask("192.0.2.1:1", "/symbols").await.status(), StatusCode::OK, "REST has a budget of its own");
    assert_eq!(ask("192.0.2.2:1", "/").await.status(), StatusCode::OK, "another address");
}
