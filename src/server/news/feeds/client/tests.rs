//! The real client against servers on this machine.

use std::collections::HashMap;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::get,
};
use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tower_http::compression::CompressionLayer;

use super::*;

const MB: u32 = 1_000_000;
const LIMIT: u32 = 5 * MB;

/// Names that a test gives addresses.
#[derive(Default)]
struct Told(HashMap<&'static str, Vec<IpAddr>>);

impl Names for Told {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let found = self.0.get(name.as_str()).cloned();
        Box::pin(async move { found.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}

fn client(names: &[(&'static str, &[&str])]) -> FeedClient {
    let told = names.iter().map(|(name, ips)| (*name, ips.iter().map(|ip| ip.parse().unwrap()).collect()));
    FeedClient::with_names(Some("news@example.org"), Arc::new(Told(told.collect()))).unwrap()
}

fn request(url: &str) -> FeedRequest {
    let url = Url::parse(url).unwrap();
    FeedRequest { url, etag: None, last_modified: None, excepted: true, max_bytes: LIMIT }
}

/// Serves `router` on a free port; returns its address.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/")
}

/// Answers the first connection with these bytes, the last of them over and over, and closes it.
async fn say(head: &'static str, body: &'static [u8], repeat: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 2048];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..repeat {
            if stream.write_all(body).await.is_err() {
                return;
            }
        }
    });
    format!("http://{address}/")
}

/// A body of `mb` million zeros, in pieces.
fn zeros(mb: usize) -> Body {
    let piece = Bytes::from(vec![0; MB as usize]);
    Body::from_stream(stream::repeat(piece).take(mb).map(Ok::<_, io::Error>))
}

#[tokio::test]
async fn the_question_and_the_answer_carry_what_they_should() {
    let heard = Arc::new(Mutex::new(HeaderMap::new()));
    let handler = async |State(heard): State<Arc<Mutex<HeaderMap>>>, headers: HeaderMap| {
        *heard.lock() = headers;
        let said = [
            ("etag", "\"b\""),
            ("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT"),
            ("cache-control", "max-age=60"),
            ("age", "7"),
            ("content-type", "application/rss+xml"),
        ];
        (said, "<rss/>")
    };
    let url = serve(Router::new().route("/", get(handler)).with_state(Arc::clone(&heard))).await;
    let mut asked = request(&url);
    (asked.etag, asked.last_modified) = (Some("W/\"a\"".to_owned()), Some("then".to_owned()));
    let answer = client(&[]).get(asked).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let expected = FeedAnswer {
        status: 200,
        content_type: text("application/rss+xml"),
        etag: text("\"b\""),
        last_modified: text("Wed, 21 Oct 2015 07:28:00 GMT"),
        cache_control: text("max-age=60"),
        age: text("7"),
        body: Bytes::from_static(b"<rss/>"),
        ..FeedAnswer::default()
    };
    assert_eq!(answer, expected);
    let heard = heard.lock();
    let heard = |name: &str| heard.get(name).unwrap().to_str().unwrap();
    assert_eq!((heard("if-none-match"), heard("if-modified-since")), ("W/\"a\"", "then"));
    assert_eq!(heard("user-agent"), concat!("market-pulse/", env!("CARGO_PKG_VERSION"), " (+news@example.org)"));
    assert!(heard("accept-encoding").contains("gzip") && heard("accept-encoding").contains("br"));
    assert!(heard("accept").contains("application/rss+xml"));
}

#[test]
fn a_contact_cannot_end_its_header() {
    let program = concat!("market-pulse/", env!("CARGO_PKG_VERSION"));
    assert_eq!(user_agent(None), program);
    assert_eq!(user_agent(Some(" \r\n")), program);
    assert_eq!(user_agent(Some("a@b.c)\r\nX: (y")), format!("{program} (+a@b.cX: y)"));
}

#[tokio::test]
async fn compressed_bodies_are_read() {
    let page = "<rss>".repeat(1000);
    for layer in [CompressionLayer::new().no_br(), CompressionLayer::new().no_gzip()] {
        let page = page.clone();
        let handler = async move || ([("content-type", "text/xml")], page);
        let url = serve(Router::new().route("/", get(handler)).layer(layer)).await;
        let answer = client(&[]).get(request(&url)).await.unwrap();
        assert_eq!(answer.body, "<rss>".repeat(1000).as_bytes());
    }
}

#[tokio::test]
async fn bombs_are_left_at_the_limit() {
    for layer in [CompressionLayer::new().no_br(), CompressionLayer::new().no_gzip()] {
        let handler = async || ([("content-type", "text/xml")], zeros(100));
        let url = serve(Router::new().route("/", get(handler)).layer(layer)).await;
        assert_eq!(client(&[]).get(request(&url)).await, Err(FetchError::TooLarge(LIMIT)));
    }
}

#[tokio::test]
async fn huge_bodies_are_left_at_the_limit_and_full_ones_are_read() {
    let router = Router::new()
        .route("/huge", get(async || zeros(1000)))
        .route("/announced", get(async || ([("content-length", "1000000000")], zeros(1000))))
        .route("/full", get(async || zeros(5)))
        .route("/full-and-one", get(async || vec![0_u8; LIMIT as usize + 1]));
    let url = serve(router).await;
    let client = client(&[]);
    for path in ["huge", "announced", "full-and-one"] {
        let answer = client.get(request(&format!("{url}{path}"))).await;
        assert_eq!(answer, Err(FetchError::TooLarge(LIMIT)), "{path}");
    }
    assert_eq!(client.get(request(&format!("{url}full"))).await.unwrap().body.len(), LIMIT as usize);
}

#[tokio::test]
async fn redirects_are_told_and_not_followed() {
    let router = Router::new()
        .route("/", get(async || (StatusCode::FOUND, [("location", "/there")])))
        .route("/there", get(async || StatusCode::IM_A_TEAPOT));
    let answer = client(&[]).get(request(&serve(router).await)).await.unwrap();
    assert_eq!((answer.status, answer.location.as_deref()), (302, Some("/there")));
}

#[tokio::test]
async fn the_body_of_a_failure_is_not_read() {
    let endless = async || {
        let body = Body::from_stream(stream::repeat(Bytes::from_static(b"sorry")).map(Ok::<_, io::Error>));
        (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "17")], body).into_response()
    };
    let answer = client(&[]).get(request(&serve(Router::new().route("/", get(endless))).await)).await.unwrap();
    assert_eq!((answer.status, answer.retry_after.as_deref(), answer.body.len()), (503, Some("17"), 0));
}

#[tokio::test]
async fn names_of_private_addresses_are_refused_unless_the_settings_name_them() {
    let url = serve(Router::new().route("/", get(async || "<rss/>"))).await;
    let port = Url::parse(&url).unwrap().port().unwrap();
    let names: &[(&str, &[&str])] = &[
        ("inside.example", &["127.0.0.1"]),
        ("both.example", &["127.0.0.1", "8.8.8.8"]),
        ("mapped.example", &["::ffff:127.0.0.1"]),
        ("none.example", &[]),
    ];
    let client = client(names);
    let ask = |host: &str, excepted: bool| {
        let mut asked = request(&format!("http://{host}:{port}/"));
        asked.excepted = excepted;
        client.get(asked)
    };
    for host in ["inside.example", "both.example", "mapped.example", "127.0.0.1", "localhost.", "[::1]", "2130706433"] {
        let expected = if host == "localhost." { FetchError::NameNotFound } else { FetchError::PrivateAddress };
        assert_eq!(ask(host, false).await, Err(expected), "{host}");
    }
    // The name means nothing anywhere else: the connection went to the address that the resolver gave.
    assert_eq!(ask("inside.example", true).await.unwrap().status, 200);
    assert_eq!(ask("127.0.0.1", true).await.unwrap().status, 200);
    // A connection that is kept for the one is not used for the other.
    assert_eq!(ask("inside.example", false).await, Err(FetchError::PrivateAddress));
    for host in ["none.example", "unknown.example"] {
        assert_eq!(ask(host, true).await, Err(FetchError::NameNotFound), "{host}");
    }
}

#[tokio::test]
async fn the_systems_own_name_of_this_machine_is_refused() {
    let client = FeedClient::new(None).unwrap();
    let mut asked = request("http://localhost:9/");
    asked.excepted = false;
    assert_eq!(client.get(asked).await, Err(FetchError::PrivateAddress));
}

#[tokio::test]
async fn failures_of_the_connection_have_names() {
    let client = client(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(client.get(request(&closed)).await, Err(FetchError::Connect));

    let plain = say("HTTP/1.1 400 Bad Request\r\n\r\n", b"", 0).await.replace("http:", "https:");
    assert_eq!(client.get(request(&plain)).await, Err(FetchError::Tls));

    let short = say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"<rss>", 1).await;
    assert_eq!(client.get(request(&short)).await, Err(FetchError::Broken));

    let corrupt = say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\n", b"nonsense", 1).await;
    assert_eq!(client.get(request(&corrupt)).await, Err(FetchError::Broken));

    let silent = say("", b"", 0).await;
    assert_eq!(client.get(request(&silent)).await, Err(FetchError::Broken));
}

#[tokio::test]
async fn endless_headers_are_an_error() {
    let endless = say("HTTP/1.1 200 OK\r\n", b"X-Padding: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", 10_000_000).await;
    let answer = tokio::time::timeout(Duration::from_secs(20), client(&[]).get(request(&endless))).await;
    assert_eq!(answer, Ok(Err(FetchError::Broken)));
}

#[test]
fn headers_beyond_bounds_are_not_heeded() {
    let long = "x".repeat(MAX_HEADER + 1);
    for value in [b"".as_slice(), b" ", b"\xe9", long.as_bytes()] {
        let headers = HeaderMap::from_iter([(ETAG, HeaderValue::from_bytes(value).unwrap())]);
        assert_eq!(text(&headers, &ETAG), None);
    }
}
