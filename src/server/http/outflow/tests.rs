use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::response::IntoResponse;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
};

use super::*;

type Stopped = io::Result<()>;

/// The other end of a connection that holds `room` bytes, and the answer that is written to it.
fn outflow(
    room: usize,
    events: impl Stream<Item = Bytes> + Send + 'static,
) -> (DuplexStream, tokio::task::JoinHandle<Stopped>) {
    let (ours, theirs) = duplex(room);
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CONNECTION, "keep-alive")];
    let response = (StatusCode::OK, headers, Body::from_stream(events.map(Ok::<_, Infallible>))).into_response();
    (theirs, tokio::spawn(Outflow::new(ours, response)))
}

fn events(texts: &'static [&'static str]) -> impl Stream<Item = Bytes> + Send + 'static {
    stream::iter(texts.iter().map(|text| Bytes::from_static(text.as_bytes())))
}

/// The head without its date, and what follows it.
fn parted(text: &str) -> (String, &str) {
    let (head, rest) = text.split_once("\r\n\r\n").expect("a head");
    let dates = head.lines().filter(|line| line.starts_with("date: ") && line.ends_with(" GMT")).count();
    assert_eq!(dates, 1, "{head}");
    (head.lines().filter(|line| !line.starts_with("date: ")).collect::<Vec<_>>().join("\n"), rest)
}

#[tokio::test]
async fn what_is_due_leaves_in_one_chunk_and_the_end_is_told() {
    let (mut theirs, ended) = outflow(4096, events(&["a: 1\n\n", "", "b: 22\n\n"]));
    let mut text = String::new();
    theirs.read_to_string(&mut text).await.expect("text");
    let (head, rest) = parted(&text);
    let expected = "HTTP/1.1 200 OK\ncontent-type: text/event-stream\ntransfer-encoding: chunked\nconnection: close";
    assert_eq!(head, expected);
    assert_eq!(rest, "d\r\na: 1\n\nb: 22\n\n\r\n0\r\n\r\n");
    ended.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn nothing_is_lost_where_only_a_few_bytes_fit() {
    let long: Vec<Bytes> = (0..500_u32).map(|n| format!("data: {n} {}\n\n", "x".repeat(97)).into()).collect();
    let expected = long.concat();
    let (mut theirs, ended) = outflow(7, stream::iter(long));
    let mut text = Vec::new();
    theirs.read_to_end(&mut text).await.expect("bytes");
    let text = String::from_utf8(text).expect("UTF-8");
    let (_, mut rest) = parted(&text);
    let mut body = Vec::new();
    loop {
        let (size, after) = rest.split_once("\r\n").expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a hexadecimal size");
        let (chunk, after) = after.split_at(size);
        body.extend_from_slice(chunk.as_bytes());
        rest = after.strip_prefix("\r\n").expect("the end of a chunk");
        if size == 0 {
            break;
        }
    }
    assert_eq!((rest, body), ("", expected));
    ended.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn an_event_leaves_when_it_comes() {
    let (tell, told) = mpsc::unbounded_channel();
    let told = stream::unfold(told, |mut told: mpsc::UnboundedReceiver<Bytes>| async move {
        told.recv().await.map(|event| (event, told))
    });
    let (mut theirs, ended) = outflow(4096, told);
    let mut seen = String::new();
    for event in ["one\n\n", "two\n\n", "three\n\n"] {
        tell.send(Bytes::from_static(event.as_bytes())).expect("it is read");
        while !seen.ends_with(&format!("{event}\r\n")) {
            let mut bytes = [0; 512];
            let count = theirs.read(&mut bytes).await.expect("bytes");
            seen.push_str(std::str::from_utf8(&bytes[..count]).expect("UTF-8"));
        }
    }
    assert!(!ended.is_finished());
    drop(theirs);
    ended.await.expect("no panic").expect("who goes is no error");
    assert!(tell.is_closed(), "nobody reads any more");
}

#[tokio::test]
async fn who_takes_nothing_holds_up_no_more_than_one_write() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let endless = stream::repeat_with(move || {
        count.fetch_add(1, Ordering::Relaxed);
        Bytes::from_static(&[b'x'; 1024])
    });
    let (ours, theirs) = duplex(1024);
    let mut outflow = Outflow::new(ours, Body::from_stream(endless.map(Ok::<_, Infallible>)).into_response());
    for _ in 0..10 {
        assert!((&mut outflow).now_or_never().is_none());
    }
    assert_eq!(asked.load(Ordering::Relaxed), MOST_BYTES / 1024, "the rest is not even made");
    drop(theirs);
}

#[tokio::test]
async fn who_goes_on_talking_is_left() {
    let (mut theirs, ended) = outflow(1024, stream::pending());
    let mut sent = 0;
    while theirs.write_all(&[b'G'; 1024]).await.is_ok() {
        sent += 1024;
        assert!(sent <= MOST_SAID + 4096, "it is taken for ever");
    }
    let error = ended.await.expect("no panic").expect_err("too much");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn a_body_that_breaks_does_not_look_whole() {
    let broken = stream::iter([Ok(Bytes::from_static(b"data: 1\n\n")), Err("broken")]);
    let (ours, mut theirs) = duplex(4096);
    let outflow = Outflow::new(ours, Body::from_stream(broken).into_response());
    outflow.await.expect_err("it broke");
    let mut text = String::new();
    theirs.read_to_string(&mut text).await.expect("text");
    assert!(!text.ends_with("0\r\n\r\n"), "{text}");
}

#[test]
fn only_what_http_1_1_asks_for_is_answered_here() {
    let suited = |method: Method, version, body: &'static str| {
        let mut request = Request::new(Body::from(body));
        (*request.method_mut(), *request.version_mut()) = (method, version);
        suits(&request)
    };
    assert!(suited(Method::GET, Version::HTTP_11, ""));
    assert!(!suited(Method::HEAD, Version::HTTP_11, ""), "the answer has no body");
    assert!(!suited(Method::GET, Version::HTTP_10, ""), "it knows no chunks");
    assert!(!suited(Method::GET, Version::HTTP_11, "body"), "it is to be read");
}
