use axum::{Extension, routing::get};
use futures_util::stream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;

const LONG: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.";

fn router() -> Router {
    let events = || stream::iter(["data: 1\n\n", "data: 2\n\n"].map(Ok::<_, Infallible>));
    Router::new()
        .route("/long", get(async || LONG.repeat(100)))
        .route("/stream", get(async move || (Extension(Endless), Body::from_stream(events()))))
}

/// What a connection that holds a few bytes only answers to these requests.
async fn answers(requests: &str) -> String {
    let (ours, mut theirs) = duplex(64);
    let conversation = Conversation {
        router: router(),
        http: http1::Builder::new(),
        head: Duration::from_secs(20),
        silent: Counter::default(),
        shutdown: CancellationToken::new(),
    };
    let guarded = StallGuard::new(ours, Duration::from_secs(30), ());
    let held = tokio::spawn(conversation.hold(guarded, ([192, 0, 2, 1], 1000).into()));
    theirs.write_all(requests.as_bytes()).await.expect("it is read");
    let mut text = String::new();
    theirs.read_to_string(&mut text).await.expect("text, and an end");
    held.await.expect("no panic");
    text
}

#[tokio::test]
async fn what_was_asked_before_a_stream_is_answered_whole_before_it() {
    let requests = "GET /long HTTP/1.1\r\nhost: a\r\n\r\nGET /stream HTTP/1.1\r\nhost: a\r\n\r\n";
    let text = answers(requests).await;
    let (head, rest) = text.split_once(&LONG.repeat(100)).expect("the first answer, whole");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-length: 6400\r\n"), "{head}");
    assert!(rest.starts_with("HTTP/1.1 200 OK\r\n") && rest.contains("\r\nconnection: close\r\n\r\n"), "{rest}");
    assert!(rest.ends_with("\r\n\r\n12\r\ndata: 1\n\ndata: 2\n\n\r\n0\r\n\r\n"), "{rest}");
}

#[tokio::test]
async fn a_stream_is_the_last_answer_of_its_connection_and_its_body_is_the_same_in_any_version() {
    let both = answers("GET /stream HTTP/1.1\r\nhost: a\r\n\r\nGET /long HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(both.matches("HTTP/1.1 200 OK\r\n").count(), 1, "{both}");
    let old = answers("GET /stream HTTP/1.0\r\nhost: a\r\n\r\n").await;
    assert!(old.ends_with("\r\n\r\ndata: 1\n\ndata: 2\n\n"), "{old}");
    let head = answers("HEAD /stream HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
}
