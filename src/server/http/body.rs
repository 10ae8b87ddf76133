//! Bodies of requests: how large they may be, and how long they may take.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::header;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::error::HttpError;

/// Largest body that is taken, in bytes.
pub const MAX_BODY: usize = 1 << 20;
/// A body that is too large is read on for so many bytes, and thrown away: most clients look for an answer only after
/// they have sent everything.
const MAX_WASTE: usize = 8 << 20;
/// How long more of a body that is announced as too large is waited for: the answer is known already.
const WASTE_PATIENCE: Duration = Duration::from_secs(2);
/// A whole body may take so many times as long as a part of it.
const WHOLE: u32 = 6;

/// The bounds of every body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyBounds {
    /// Largest one, in bytes.
    pub most: usize,
    /// More of it must come within this long.
    pub patience: Duration,
}

/// The layer around everything. Whoever reads the body is told of an error in it; the client is told here what is
/// wrong, whatever became of that error.
pub async fn bound_body(State(bounds): State<BodyBounds>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let fault = Fault::default();
    let announced = request.body().size_hint().lower();
    let is_asking = request.headers().contains_key(header::EXPECT);
    let is_too_large = announced > u64::try_from(bounds.most).unwrap_or(u64::MAX);
    let bounds =
        if is_too_large { BodyBounds { patience: bounds.patience.min(WASTE_PATIENCE), ..bounds } } else { bounds };
    let request = request.map(|body| Body::new(BoundBody::new(body, bounds, Arc::clone(&fault))));
    if is_too_large {
        // Who asks before it sends has not sent anything yet.
        if !is_asking {
            waste(request.into_body()).await;
        }
        return bounds.too_large().into_response();
    }
    let response = next.run(request).await;
    fault.get().cloned().map_or(response, HttpError::into_response)
}

impl BodyBounds {
    const fn too_large(self) -> HttpError {
        HttpError::BodyTooLarge { most: self.most }
    }
}

/// Reads a body to its end, or to its fault.
async fn waste(mut body: Body) {
    while std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await.is_some_and(|frame| frame.is_ok()) {}
}

/// What was wrong with a body.
type Fault = Arc<OnceLock<HttpError>>;

/// The body was not taken. What is wrong with it is kept beside it.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("the body is too large or too slow")]
    OutOfBounds,
    #[error(transparent)]
    Broken(#[from] axum::Error),
}

struct BoundBody {
    inner: Body,
    bounds: BodyBounds,
    read: usize,
    fault: Fault,
    whole: Instant,
    deadline: Pin<Box<Sleep>>,
}

impl BoundBody {
    fn new(inner: Body, bounds: BodyBounds, fault: Fault) -> Self {
        let now = Instant::now();
        let deadline = Box::pin(sleep_until(now + bounds.patience));
        Self { inner, bounds, read: 0, fault, whole: now + bounds.patience * WHOLE, deadline }
    }

    fn give_up(&self, error: HttpError) -> NotTaken {
        // Where something was wrong before, that is what is told.
        let _told = self.fault.set(error);
        NotTaken::OutOfBounds
    }

    /// Counts what came, and gives the rest its time.
    fn count(&mut self, bytes: usize) {
        self.read = self.read.saturating_add(bytes);
        let next = (Instant::now() + self.bounds.patience).min(self.whole);
        self.deadline.as_mut().reset(next);
    }
}

impl http_body::Body for BoundBody {
    type Data = Bytes;
    type Error = NotTaken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, NotTaken>>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
                ready!(self.deadline.as_mut().poll(cx));
                return Poll::Ready(Some(Err(self.give_up(HttpError::BodyTooSlow))));
            };
            let is_too_large = self.read > self.bounds.most;
            let frame = match frame {
                Some(Ok(frame)) => frame,
                None if is_too_large => return Poll::Ready(Some(Err(self.give_up(self.bounds.too_large())))),
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            };
            self.count(frame.data_ref().map_or(0, Bytes::len));
            if self.read <= self.bounds.most {
                return Poll::Ready(Some(Ok(frame)));
            }
            if self.read > self.bounds.most.saturating_add(MAX_WASTE) {
                return Poll::Ready(Some(Err(self.give_up(self.bounds.too_large()))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && self.read <= self.bounds.most
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests;
