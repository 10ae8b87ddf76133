//! Tokens as a client sees them.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{extract::OriginalUri, middleware::from_fn_with_state, routing};
use http::Uri;

use super::*;
use crate::server::{
    access::{Lifetime, NewToken, Scope},
    channels::path::ChannelPath,
    config::Reading,
    http::{
        caller::{Caller, admit},
        error::HttpError,
        pages,
    },
    services::Services,
};

/// Told by a route that wants `publish`: whose token it was, and what is left of the request.
async fn publish(
    caller: Caller,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    headers: HeaderMap,
) -> Result<String, HttpError> {
    caller.require(Scope::Publish)?;
    let id = caller.grant().map(|grant| grant.id.to_string()).unwrap_or_default();
    Ok(format!("{id} {uri} {original} {:?}", headers.get("authorization")))
}

/// The API with a route that wants `publish`, as an endpoint would have it.
fn with_route(fixture: &Fixture) -> Router {
    let services = Arc::clone(&fixture.services);
    let extra: Router<Arc<Services>> = Router::new()
        .route("/test/publish", routing::post(publish).get(publish))
        .layer(from_fn_with_state(Arc::clone(&services), admit));
    app(fixture).merge(extra.with_state(services))
}

fn with_header(uri: &str, authorization: &str) -> Request<Body> {
    Request::get(uri).header("authorization", authorization).body(Body::empty()).expect("a request")
}

fn bearer(uri: &str, token: &str) -> Request<Body> {
    with_header(uri, &format!("Bearer {token}"))
}

async fn status(app: &Router, request: Request<Body>) -> u16 {
    send(app, request).await.status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn publishing_needs_a_token_of_that_scope() {
    let fixture = Fixture::new();
    let app = with_route(&fixture);
    let (answer, headers, body) = json(get(&app, "/test/publish").await).await;
    assert_eq!((answer.as_u16(), &body["error"]["code"]), (401, &Value::from("unauthorized")));
    assert_eq!(headers["www-authenticate"], "Bearer");
    assert_eq!(body["retry"], Value::Null);

    let read = fixture.token(Scope::Read);
    let (answer, headers, body) = json(send(&app, bearer("/test/publish", &read)).await).await;
    assert_eq!((answer.as_u16(), &body["error"]["code"]), (403, &Value::from("forbidden")));
    assert_eq!(headers["www-authenticate"], "Bearer error=\"insufficient_scope\"");

    for scope in [Scope::Publish, Scope::Admin] {
        let token = fixture.token(scope);
        assert_eq!(status(&app, bearer("/test/publish", &token)).await, 200);
        assert_eq!(get(&app, &format!("/test/publish?token={token}")).await.status(), StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_good_is_refused_where_none_is_needed_too() {
    let fixture = Fixture::with(|config| config.access.wrong_tokens_per_minute = 1000);
    let app = app(&fixture);
    let good = fixture.token(Scope::Read);
    let other = fixture.token(Scope::Admin);
    let id = good.split('_').nth(1).expect("an id");
    let wrong_secret = format!("mp_{id}_{}", "0".repeat(64));
    let unknown_id = format!("mp_zzzzzzzz_{}", "0".repeat(64));
    let mut answers = Vec::new();
    for token in [&wrong_secret, &unknown_id, "", "x", "mp_", &good[..good.len() - 1], &good.to_uppercase()] {
        for uri in ["/symbols", "/api/sse", "/api/realtime/BTC", "/api/news", "/api/nothing"] {
            let (answer, headers, body) = json(send(&app, bearer(uri, token)).await).await;
            assert_eq!((answer.as_u16(), &body["error"]["code"]), (401, &Value::from("unauthorized")), "{uri} {token}");
            assert_eq!(headers["www-authenticate"], "Bearer error=\"invalid_token\"");
            assert_eq!(headers["access-control-allow-origin"], "*", "a page may read why");
            answers.push(body);
        }
        assert_eq!(get(&app, &format!("/symbols?token={token}")).await.status().as_u16(), 401);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "an unknown id and a wrong secret are told the same");
    for authorization in [
        good.clone(),
        format!("Token {good}"),
        format!("Bearer{good}"),
        format!("Bearer {good} {good}"),
        format!("Bearer \"{good}\""),
    ] {
        assert_eq!(status(&app, with_header("/symbols", &authorization)).await, 401, "{authorization}");
    }
    let mut not_text = bearer("/symbols", &good);
    not_text.headers_mut().insert("authorization", http::HeaderValue::from_bytes(b"Bearer \xff").expect("a value"));
    assert_eq!(status(&app, not_text).await, 401);
    // Two that differ are a mistake, wherever they are; twice the same is not.
    let mut twice = bearer("/symbols", &good);
    twice.headers_mut().append("authorization", format!("Bearer {other}").parse().expect("a value"));
    assert_eq!(status(&app, twice).await, 401);
    assert_eq!(status(&app, bearer(&format!("/symbols?token={other}"), &good)).await, 401);
    assert_eq!(get(&app, &format!("/symbols?token={good}&token={other}")).await.status().as_u16(), 401);
    assert_eq!(status(&app, bearer(&format!("/symbols?token={good}"), &good)).await, 200);
    assert_eq!(status(&app, with_header("/symbols", &format!("bEaReR  {good}"))).await, 200);
    // A proxy's own question to the browser is not ours.
    assert_eq!(status(&app, with_header("/symbols", "Basic bWU6c2VjcmV0")).await, 200);
    assert_eq!(fixture.services.hub.streams(), 0);
}

#[tokio::test(start_paused = true)]
async fn probes_ask_nobody_and_a_preflight_needs_no_token() {
    let fixture = Fixture::with(|config| config.access.read = Reading::Token);
    let app = app(&fixture);
    for uri in ["/health", "/ready", "/live", "/live?token=wrong"] {
        assert_ne!(get(&app, uri).await.status().as_u16(), 401, "{uri}");
    }
    let request = Request::options("/api/sse")
        .header("origin", "https://example.org")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization")
        .body(Body::empty())
        .expect("a request");
    let response = send(&app, request).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert!(response.headers()["access-control-allow-headers"].to_str().expect("text").contains("authorization"));
}

#[tokio::test(start_paused = true)]
async fn reading_can_be_closed() {
    let fixture = Fixture::with(|config| config.access.read = Reading::Token);
    let app = app(&fixture);
    let token = fixture.token(Scope::Read);
    for uri in ["/symbols", "/api/news", "/api/rss", "/api/sse", "/api/realtime/BTC", "/api/realtime", "/api/sources"] {
        let (answer, headers, body) = json(get(&app, uri).await).await;
        assert_eq!((answer.as_u16(), &body["error"]["code"]), (401, &Value::from("unauthorized")), "{uri}");
        assert_eq!(headers["www-authenticate"], "Bearer");
        assert_eq!(status(&app, bearer(uri, &token)).await, 200, "{uri}");
        let separator = if uri.contains('?') { '&' } else { '?' };
        assert_eq!(get(&app, &format!("{uri}{separator}token={token}")).await.status(), StatusCode::OK, "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_pages_are_closed_with_the_rest() {
    for (read, expected) in [(Reading::Open, 200), (Reading::Token, 401)] {
        let fixture = Fixture::with(|config| config.access.read = read);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file.txt"), "a file").expect("written");
        let options = pages::leptos_options(folder.path(), fixture.services.config.server.addr).expect("options");
        let site = pages::router(&fixture.services, options);
        let token = fixture.token(Scope::Read);
        for uri in ["/", "/news", "/file.txt"] {
            assert_eq!(get(&site, uri).await.status().as_u16(), expected, "{uri}");
            assert_eq!(status(&site, bearer(uri, &token)).await, 200, "{uri}");
            assert_eq!(status(&site, bearer(uri, "wrong")).await, 401, "{uri}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_behind_the_door_can_tell_the_token() {
    let fixture = Fixture::new();
    let app = with_route(&fixture);
    let token = fixture.token(Scope::Admin);
    let id = token.split('_').nth(1).expect("an id");
    for (query, left) in [
        (format!("?token={token}"), ""),
        (format!("?a=1&token={token}&b=%2F"), "?a=1&b=%2F"),
        (format!("?%74oken={token}&b"), "?b"),
        (format!("?token={token}&tokens=x&TOKEN=y"), "?tokens=x&TOKEN=y"),
    ] {
        let response = send(&app, bearer(&format!("/test/publish{query}"), &token)).await;
        let text = axum::body::to_bytes(response.into_body(), 4096).await.expect("a body");
        let text = String::from_utf8(text.to_vec()).expect("text");
        assert_eq!(text, format!("{id} /test/publish{left} /test/publish{left} None"));
    }
    assert!(!format!("{:?}", fixture.services.tokens).contains(token.rsplit('_').next().expect("a secret")));
}

#[tokio::test(start_paused = true)]
async fn a_page_does_not_tell_the_token_it_was_asked_for_with() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().expect("a folder");
    let options = pages::leptos_options(folder.path(), fixture.services.config.server.addr).expect("options");
    let site = pages::router(&fixture.services, options);
    let token = fixture.token(Scope::Read);
    for path in ["/", "/news", "/coin/BTC", "/nothing"] {
        let response = get_page(&site, &format!("{path}?token={token}&source=alpha")).await;
        let headers = format!("{:?}", response.headers());
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        assert!(body.len() > 500, "{path}");
        for text in [headers, String::from_utf8_lossy(&body).into_owned()] {
            assert!(!text.contains(&token) && !text.contains("mp_"), "{path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_tokens_are_counted_by_address() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let good = fixture.token(Scope::Read);
    let show = |address: &str, token: &str| from(address, &format!("/symbols?token={token}"));
    for _ in 0..30 {
        assert_eq!(status(&app, show("192.0.2.1:1", "wrong")).await, 401);
    }
    let (answer, headers, body) = json(send(&app, show("192.0.2.1:2", "wrong")).await).await;
    assert_eq!((answer.as_u16(), &body["error"]["code"]), (429, &Value::from("rate_limited")));
    assert_eq!(
        (&headers["retry-after"], body["retry"]["delayMs"].as_u64()),
        (&"3".parse().expect("a value"), Some(2001))
    );
    assert_eq!(status(&app, show("192.0.2.2:1", "wrong")).await, 401, "another address");
    assert_eq!(status(&app, from("192.0.2.1:3", "/symbols")).await, 200, "no token, nothing guessed");
    assert_eq!(status(&app, show("192.0.2.1:3", &good)).await, 200, "a neighbor with a good one is not locked out");
    tokio::time::advance(Duration::from_millis(2001)).await;
    assert_eq!(status(&app, show("192.0.2.1:4", "wrong")).await, 401, "two seconds later");
    assert_eq!(status(&app, show("192.0.2.1:4", "wrong")).await, 429);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_refused_too_often_is_told_to_wait() {
    let fixture = Fixture::with(|config| {
        config.access.read = Reading::Token;
        config.limits.requests_per_minute = 6;
    });
    let folder = tempfile::tempdir().expect("a folder");
    let options = pages::leptos_options(folder.path(), fixture.services.config.server.addr).expect("options");
    let app = app(&fixture).fallback_service(pages::router(&fixture.services, options));
    let malformed = |address: &str, uri: &str| {
        let mut request = from(address, uri);
        request.headers_mut().insert("authorization", http::HeaderValue::from_static("Token x"));
        request
    };
    for (n, uri) in ["/symbols", "/api/sse", "/streams/a", "/api/ws", "/news"].into_iter().enumerate() {
        let address = format!("192.0.2.{}:1", n + 10);
        for _ in 0..3 {
            assert_eq!(status(&app, from(&address, uri)).await, 401, "{uri}");
            assert_eq!(status(&app, malformed(&address, uri)).await, 401, "{uri}");
        }
        for request in [from(&address, uri), malformed(&address, uri)] {
            let (answer, headers, body) = json(send(&app, request).await).await;
            assert_eq!((answer.as_u16(), &body["error"]["code"]), (429, &Value::from("rate_limited")), "{uri}");
            assert_eq!(headers["retry-after"], "61", "{uri}");
        }
    }
    assert_eq!(status(&app, from("192.0.2.1:1", "/symbols")).await, 401, "another address");
}

#[tokio::test(start_paused = true)]
async fn guessing_at_one_token_is_slow_even_when_it_is_guessed() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let (aimed_at, other) = (fixture.token(Scope::Read), fixture.token(Scope::Read));
    let id = aimed_at.split('_').nth(1).expect("an id");
    let guess = format!("mp_{id}_{}", "0".repeat(64));
    let show = |address: &str, token: &str| from(address, &format!("/symbols?token={token}"));
    for n in 0..40 {
        assert_eq!(status(&app, show("192.0.2.1:1", &guess)).await, if n < 30 { 401 } else { 429 });
    }
    assert_eq!(status(&app, show("192.0.2.1:1", &aimed_at)).await, 429, "the right one is not told from a wrong one");
    assert_eq!(status(&app, show("192.0.2.2:1", &aimed_at)).await, 200, "its owner is elsewhere");
    assert_eq!(status(&app, show("192.0.2.1:1", &other)).await, 200, "or has another one");
    tokio::time::advance(Duration::from_millis(2001)).await;
    assert_eq!(status(&app, show("192.0.2.1:1", &aimed_at)).await, 200);
}

#[tokio::test(start_paused = true)]
async fn an_expired_and_a_revoked_token_are_refused() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let lifetime: Lifetime = "1h".parse().expect("a lifetime");
    let wish = NewToken {
        scope: Scope::Read,
        label: crate::server::access::Label::parse("job").expect("a label"),
        lifetime: Some(lifetime),
    };
    let (record, token) = fixture.services.tokens.issue(wish.clone()).expect("a token");
    let uri = format!("/symbols?token={}", token.reveal());
    tokio::time::advance(Duration::from_millis(3_599_999)).await;
    assert_eq!(get(&app, &uri).await.status(), StatusCode::OK);
    tokio::time::advance(Duration::from_millis(1)).await;
    let (answer, headers, body) = json(get(&app, &uri).await).await;
    assert_eq!((answer.as_u16(), &body["error"]["code"]), (401, &Value::from("unauthorized")));
    assert_eq!(body["error"]["message"], "the token has expired");
    assert_eq!(headers["www-authenticate"], "Bearer error=\"invalid_token\"");
    assert_eq!(fixture.services.tokens.revoke(record.id).expect("there").id, record.id);

    let (record, token) = fixture.services.tokens.issue(wish).expect("a token");
    let uri = format!("/symbols?token={}", token.reveal());
    assert_eq!(get(&app, &uri).await.status(), StatusCode::OK);
    fixture.services.tokens.revoke(record.id).expect("there");
    assert_eq!(get(&app, &uri).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_token() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let lifetime: Lifetime = "1m".parse().expect("a lifetime");
    let label = crate::server::access::Label::parse("job").expect("a label");
    let wish = NewToken { scope: Scope::Read, label, lifetime: Some(lifetime) };
    let (_, expiring) = fixture.services.tokens.issue(wish.clone()).expect("a token");
    let (record, revoked) = fixture.services.tokens.issue(NewToken { lifetime: None, ..wish }).expect("a token");
    fixture.services.channels.create(ChannelPath::parse("/a").expect("a path")).await.expect("a channel");
    let mut open = Vec::new();
    for uri in ["/api/sse", "/api/realtime/BTC", "/api/v1/sse/alerts", "/streams/a"] {
        for token in [&expiring, &revoked] {
            open.push(send(&app, bearer(uri, &token.reveal())).await.into_body().into_data_stream());
        }
        open.push(get(&app, uri).await.into_body().into_data_stream());
    }
    fixture.services.tokens.revoke(record.id).expect("there");
    let start = tokio::time::Instant::now();
    let lasts = |mut stream: BodyDataStream| async move {
        let end = async {
            let mut last = String::new();
            while let Some(frame) = stream.next().await {
                last = String::from_utf8(frame.expect("no error").to_vec()).expect("UTF-8");
            }
            last
        };
        let last = tokio::time::timeout(Duration::from_mins(2), end).await.ok();
        last.map(|last| (start.elapsed().as_secs(), last))
    };
    let lasted = futures_util::future::join_all(open.into_iter().map(lasts)).await;
    for (lasted, (name, type_at)) in lasted.chunks(3).zip([
        ("event: stream_error\n", None),
        ("", Some("/type")),
        ("event: stream_error\n", Some("/event")),
        ("event: stream_error\n", None),
    ]) {
        let [Some((expired, _)), Some((revoked, _)), None] = lasted else { panic!("{lasted:?}") };
        assert!((60..=65).contains(expired) && *revoked <= 5, "{lasted:?}");
        for (_, last) in lasted.iter().flatten() {
            assert!(last.contains(name), "in its own voice: {last}");
            let data = last.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
            let data: Value = serde_json::from_str(data).expect("JSON");
            assert!(type_at.is_none_or(|at| data.pointer(at) == Some(&"stream_error".into())), "{data}");
            let error = data.get("data").unwrap_or(&data);
            assert_eq!((&error["code"], &error["retry"]["shouldReconnect"]), (&"unauthorized".into(), &false.into()));
        }
    }
}

/// Everything that was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_line_tells_a_token() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    tracing::info!("lines are kept");

    let fixture = Fixture::new();
    let good = fixture.token(Scope::Read);
    let wrong = format!("mp_{}_{}", good.split('_').nth(1).expect("an id"), "5".repeat(64));
    let (address, server) = super::socket::serve(&fixture, with_route(&fixture), super::socket::bounds());
    for token in [&good, &wrong] {
        for path in ["/symbols", "/test/publish", "/api/nothing", "/price/%FF", "/price/!", "/api/realtime?symbols=XYZ"]
        {
            let separator = if path.contains('?') { '&' } else { '?' };
            for (path, header) in [
                (format!("{path}{separator}token={token}"), String::new()),
                (path.to_owned(), format!("authorization: Bearer {token}\r\n")),
            ] {
                let mut socket = super::socket::request_with(address, &path, &header).await;
                super::socket::read_until(&mut socket, "\r\n\r\n").await;
            }
        }
    }
    fixture.shutdown.cancel();
    server.await.expect("ends");
    let text = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("text");
    assert!(text.contains("lines are kept"));
    for token in [&good, &wrong] {
        let secret = token.rsplit('_').next().expect("a secret");
        assert!(!text.contains(secret), "{text}");
    }
}
