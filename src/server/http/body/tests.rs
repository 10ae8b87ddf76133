use std::convert::Infallible;

use axum::{Router, middleware::from_fn_with_state, routing::post};
use futures_util::StreamExt;
use http::StatusCode;
use tokio::time::sleep;
use tower::ServiceExt;

use super::*;

const BOUNDS: BodyBounds = BodyBounds { most: 1000, patience: Duration::from_secs(10) };

/// Answers with the length of the body.
fn app() -> Router {
    let length = |body: Bytes| async move { body.len().to_string() };
    Router::new().route("/", post(length)).layer(from_fn_with_state(BOUNDS, bound_body))
}

/// A body of parts of so many bytes, each after a wait.
fn parts(parts: Vec<(u64, usize)>) -> Body {
    let parts = futures_util::stream::iter(parts).then(|(seconds, bytes)| async move {
        sleep(Duration::from_secs(seconds)).await;
        Ok::<_, Infallible>(vec![b'a'; bytes])
    });
    Body::from_stream(parts)
}

async fn post_body(request: http::request::Builder, body: Body) -> (StatusCode, String) {
    let response = app().oneshot(request.body(body).expect("a request")).await.expect("infallible");
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 16).await.expect("a body");
    (status, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

async fn send(body: Body) -> (StatusCode, String) {
    post_body(Request::post("/"), body).await
}

#[tokio::test(start_paused = true)]
async fn what_fits_and_keeps_coming_is_taken() {
    assert_eq!(send(Body::empty()).await, (StatusCode::OK, "0".to_owned()));
    assert_eq!(send(Body::from(vec![b'a'; 1000])).await, (StatusCode::OK, "1000".to_owned()));
    assert_eq!(send(parts(vec![(9, 200); 5])).await, (StatusCode::OK, "1000".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_refused_after_it_was_sent() {
    for body in [Body::from(vec![b'a'; 1001]), parts(vec![(0, 600); 2]), parts(vec![(1, 600); 20])] {
        let (status, text) = send(body).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{text}");
        assert!(text.contains(r#""code":"body_too_large","message":"the body is larger than 1000 bytes""#), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_without_an_end_is_not_read_for_ever() {
    let endless = futures_util::stream::repeat_with(|| Ok::<_, Infallible>(vec![b'a'; 1 << 16]));
    assert_eq!(send(Body::from_stream(endless)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_first_need_not_send() {
    let request = Request::post("/").header("content-length", "1001").header("expect", "100-continue");
    let unread = Body::from(vec![b'a'; 1001]);
    assert_eq!(post_body(request, unread).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

/// A body that is announced, and of which nothing comes.
struct Announced(u64);

impl http_body::Body for Announced {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_announced_as_too_large_is_not_waited_for() {
    let started = Instant::now();
    let (status, text) = send(Body::new(Announced(99_999_999_999))).await;
    assert_eq!((status, started.elapsed().as_secs()), (StatusCode::PAYLOAD_TOO_LARGE, 2), "{text}");
    assert_eq!(send(Body::new(Announced(1000))).await.0, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_given_up() {
    for (body, seconds) in [
        (parts(vec![(11, 1)]), 10),
        (parts(vec![(0, 1), (11, 1)]), 10),
        // Never too long without anything, but too long in all.
        (parts(vec![(9, 1); 100]), 60),
        // Too large, and slow about it.
        (parts(vec![(0, 1001), (11, 1)]), 10),
    ] {
        let started = Instant::now();
        let (status, text) = send(body).await;
        assert_eq!(status, StatusCode::REQUEST_TIMEOUT, "{text}");
        assert!(text.contains(r#""code":"body_too_slow""#), "{text}");
        assert_eq!(started.elapsed().as_secs(), seconds);
    }
}
