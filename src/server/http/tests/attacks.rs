//! What strangers try on every way in. Each try has a clear answer, and those who read meanwhile miss nothing.

use std::collections::BTreeMap;

use futures_util::FutureExt;

use super::{
    bystander::{self, Bystanders},
    *,
};
use crate::server::{access::Scope, config::Reading};

/// A request to publish.
fn post(uri: &str, token: Option<&str>, body: &str) -> Request<Body> {
    let mut request = Request::post(uri).header("host", "localhost");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(Body::from(body.to_owned())).expect("a request")
}

async fn code(app: &Router, request: Request<Body>) -> (u16, String) {
    let (status, _, body) = json(send(app, request).await).await;
    (status.as_u16(), body["error"]["code"].as_str().expect("a code").to_owned())
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_streams_of_one_address_leave_room_for_others() {
    for uri in ["/api/realtime/BTC", "/api/sse", "/api/v1/sse/training?client_id=x", "/streams/a"] {
        let fixture = Fixture::with(|config| config.limits.connections_total = 200);
        let app = app(&fixture);
        let token = fixture.token(Scope::Publish);
        let created = send(&app, post("/api/v1/channels", Some(&token), r#"{"path":"/a"}"#)).await;
        assert_eq!(created.status(), StatusCode::CREATED);
        let mut bystanders = Bystanders::of(&app).await;
        let (mut open, mut statuses) = (Vec::new(), BTreeMap::new());
        for n in 1..=10_000 {
            let response = send(&app, from(&format!("192.0.2.1:{n}"), uri)).await;
            assert_eq!(response.headers().contains_key("retry-after"), response.status() != StatusCode::OK);
            *statuses.entry(response.status().as_u16()).or_insert(0) += 1;
            if response.status() == StatusCode::OK {
                open.push(response);
            }
            if n % 1000 == 0 {
                bystanders.tell(&fixture).await;
            }
        }
        assert_eq!((open.len(), statuses[&200]), (100, 100), "{uri}");
        assert_eq!(statuses[&503] + statuses[&429], 9_900, "{uri}: {statuses:?}");
        assert_eq!(send(&app, from("192.0.2.2:1", uri)).await.status(), StatusCode::OK, "another address");
        bystanders.missed_nothing(&fixture).await;
        drop(open);
        assert_eq!(fixture.services.hub.streams(), bystander::STREAMS, "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_in_the_wrong_place_opens_nothing() {
    let fixture = Fixture::with(|config| config.access.read = Reading::Token);
    let app = app(&fixture);
    let token = fixture.token(Scope::Admin);
    let training = "/api/v1/channels/training/events";
    let event = r#"{"event":"training_progress","data":{"task_id":"t","progress":1,"status":"running"}}"#;
    for uri in
        ["/symbols", "/api/sse", "/api/realtime/BTC", "/api/v1/sse/training", "/socket.io/?EIO=4&transport=polling"]
    {
        let separator = if uri.contains('?') { '&' } else { '?' };
        for name in ["access_token", "api_key", "TOKEN", "Token", "auth", "token%00"] {
            let asked = from("192.0.2.1:1", &format!("{uri}{separator}{name}={token}"));
            assert_eq!(code(&app, asked).await, (401, "unauthorized".to_owned()), "{uri} {name}");
        }
        for name in ["cookie", "x-api-key", "x-auth-token", "proxy-authorization", "sec-websocket-protocol"] {
            let mut asked = from("192.0.2.2:1", uri);
            asked.headers_mut().insert(name, format!("token={token}").parse().expect("a header"));
            assert_eq!(code(&app, asked).await, (401, "unauthorized".to_owned()), "{uri} {name}");
        }
    }
    let reader = fixture.token(Scope::Read);
    let mut stream = get(&app, &format!("/api/v1/sse/training?token={reader}")).await.into_body().into_data_stream();
    assert!(frame(&mut stream).await.contains("event: connected"));
    let inside = format!(r#"{{"token":"{token}",{}"#, event.strip_prefix('{').expect("an object"));
    for (uri, body) in [
        (training.to_owned(), inside.as_str()),
        (format!("{training}/{token}"), event),
        (format!("{training}?access_token={token}"), event),
    ] {
        let (status, _, body) = json(send(&app, post(&uri, None, body)).await).await;
        assert!(matches!(status.as_u16(), 401 | 404), "{uri}: {body}");
        assert!(!body.to_string().contains(&token), "and nobody is told: {body}");
    }
    assert!(stream.next().now_or_never().is_none(), "nothing was published");
}

#[tokio::test(start_paused = true)]
async fn nobody_publishes_in_the_name_of_the_server() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let token = fixture.token(Scope::Publish);
    let mut bystanders = Bystanders::of(&app).await;
    bystanders.tell(&fixture).await;
    for channel in ["training", "backtest", "alerts", "dashboard"] {
        for event in ["connected", "ping", "gap", "stream_error", "error", "message", "", "training_progress\r\nid: 9"]
        {
            let body = serde_json::json!({ "event": event, "data": {} }).to_string();
            let uri = format!("/api/v1/channels/{channel}/events");
            let (status, code) = code(&app, post(&uri, Some(&token), &body)).await;
            assert_eq!((status, code.as_str()), (422, "invalid_event"), "{channel} {event:?}");
        }
        // As a created channel they are others, and not there.
        let told = code(&app, post(&format!("/streams/{channel}"), Some(&token), "1")).await;
        assert_eq!(told, (404, "unknown_channel".to_owned()), "{channel}");
    }
    for channel in
        ["channels", "status", "events", "news", "breaking", "price", "training%00", "Training", "training%2f"]
    {
        let told = code(&app, post(&format!("/api/v1/channels/{channel}/events"), Some(&token), "{}")).await;
        assert!(matches!(told.0, 400 | 404), "{channel}: {told:?}");
    }
    // A created one of the same name has readers of its own.
    let created = send(&app, post("/api/v1/channels", Some(&token), r#"{"path":"/training"}"#)).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let forged =
        r#"{"event":"training_progress","data":{"task_id":"t","progress":1,"status":"running","bystander":9}}"#;
    let told = send(&app, post("/streams/training", Some(&token), forged)).await;
    assert_eq!(told.status(), StatusCode::ACCEPTED);
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn line_ends_in_names_break_out_of_nothing() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut bystanders = Bystanders::of(&app).await;
    for end in ["%0d%0a", "%0a", "%0d", "%0d%0a%0d%0a", "%e2%80%a8", "%c2%85"] {
        let name = format!("BTC{end}X-Evil:%201");
        for uri in [
            format!("/price/{name}"),
            format!("/api/realtime/{name}"),
            format!("/api/realtime?symbols=ETH,{name}"),
            format!("/api/sse?symbols={name}"),
            format!("/api/news?symbol={name}"),
            format!("/api/v1/sse/training?client_id={name}"),
            format!("/api/v1/sse/{name}"),
            format!("/streams/{name}"),
        ] {
            let (status, headers, body) = json(get(&app, &uri).await).await;
            assert!(matches!(status.as_u16(), 400 | 404), "{uri}: {body}");
            assert!(headers.keys().all(|name| name != "x-evil"), "{uri}: {headers:?}");
        }
    }
    assert_eq!(fixture.services.hub.streams(), bystander::STREAMS, "a refusal holds no room");
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_said_twice_is_taken_once_or_refused() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let token = fixture.token(Scope::Publish);
    for path in ["/a", "/b"] {
        let body = format!(r#"{{"path":"{path}"}}"#);
        assert_eq!(send(&app, post("/api/v1/channels", Some(&token), &body)).await.status(), StatusCode::CREATED);
    }
    let mut bystanders = Bystanders::of(&app).await;
    for uri in ["/api/v1/channels?path=/a&path=/b", "/api/v1/channels?path=/a&path=/a"] {
        let mut request = post(uri, Some(&token), "");
        *request.method_mut() = http::Method::DELETE;
        assert_eq!(code(&app, request).await, (400, "bad_path".to_owned()), "{uri}");
    }
    assert_eq!(fixture.services.channels.count_created(), 2, "nothing was removed by a guess");
    let uri = "/api/v1/sse/training?client_id=a&client_id=b";
    assert_eq!(code(&app, from("192.0.2.1:1", uri)).await, (400, "bad_client_id".to_owned()));
    let uri = format!("/symbols?token={token}&token=mp_other");
    assert_eq!(code(&app, from("192.0.2.1:1", &uri)).await.0, 401);
    // Elsewhere each is read: one that is wrong is refused wherever it stands.
    for (uri, wrong) in [
        ("/api/realtime?symbols=BTC&maxHz=1&maxHz=2", "/api/realtime?symbols=BTC&maxHz=1&maxHz=none"),
        ("/api/sse?events=price&events=news", "/api/sse?events=none&events=news"),
        ("/api/news?limit=5&limit=6", "/api/news?limit=5&limit=none"),
    ] {
        assert_eq!(get(&app, uri).await.status(), StatusCode::OK, "{uri}");
        assert_eq!(get(&app, wrong).await.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    bystanders.missed_nothing(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn sockets_that_are_refused_are_counted_all_the_same() {
    let fixture = Fixture::with(|config| {
        config.limits.requests_per_minute = 10;
        config.server.cors_origins = vec!["https://example.org".to_owned()];
    });
    let app = app(&fixture);
    for (address, header) in [("192.0.2.1:1", ("origin", "https://evil.example")), ("192.0.2.2:1", ("x", "y"))] {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            let mut request = from(address, "/api/ws");
            for (name, value) in [("connection", "upgrade"), ("upgrade", "websocket"), header] {
                request.headers_mut().insert(name, value.parse().expect("a header"));
            }
            statuses.push(send(&app, request).await.status().as_u16());
        }
        assert!(statuses[..10].iter().all(|status| matches!(status, 400 | 403)), "{statuses:?}");
        assert!(statuses[10..].iter().all(|status| *status == 429), "{statuses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_an_allowed_site_reads_why_its_body_was_refused() {
    let fixture = Fixture::with(|config| config.server.cors_origins = vec!["https://example.org".to_owned()]);
    let app = app(&fixture);
    let token = fixture.token(Scope::Publish);
    let mut request = post("/api/v1/channels/training/events", Some(&token), &"x".repeat((1 << 20) + 1));
    request.headers_mut().insert("origin", "https://example.org".parse().expect("a header"));
    let (status, headers, body) = json(send(&app, request).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (413, &Value::from("body_too_large")));
    assert_eq!(headers["access-control-allow-origin"], "https://example.org");
    assert_eq!(headers["vary"], "origin");
}
