//! One connection: its requests, one after the other, until it ends or becomes a stream.

use std::{
    convert::Infallible,
    future::{Future, pending, poll_fn},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http::{HeaderValue, Request, header};
use http_body::Body as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Sleep, sleep},
};
use tokio_util::sync::CancellationToken;
use tower::Service;
use tracing::debug;

use super::{
    amend::Amended,
    error::HttpError,
    outflow::{self, Endless, Outflow},
    serve::PeerAddr,
    stall::StallGuard,
};
use crate::server::uptake::Uptake;

/// What is the same for all connections.
#[derive(Clone)]
pub(super) struct Conversation {
    pub(super) router: Router,
    pub(super) http: http1::Builder,
    /// From the beginning to the end of the first request's head.
    pub(super) head: Duration,
    /// Counts those that asked for nothing in time.
    pub(super) silent: Counter,
    pub(super) shutdown: CancellationToken,
}

impl Conversation {
    /// Holds it to its end.
    pub(super) async fn hold<S, H>(self, stream: StallGuard<S, H>, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        H: Send + Unpin + 'static,
    {
        let uptake = Arc::clone(stream.uptake());
        let talk = self.talk(stream, peer, Arc::clone(&uptake));
        if let Some(outflow) = uptake.around(talk).await {
            // A task of its own: that of a conversation is ten times as large.
            tokio::spawn(async move {
                if let Err(error) = outflow.await {
                    debug!(%peer, %error, "a stream ended early");
                }
            });
        }
    }

    /// Answers until the connection ends, or at shutdown with the answer that is under way. An endless answer is handed
    /// out with the connection.
    async fn talk<S, H>(
        self,
        stream: StallGuard<S, H>,
        peer: SocketAddr,
        uptake: Arc<Uptake>,
    ) -> Option<Outflow<StallGuard<S, H>>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        H: Send + Unpin + 'static,
    {
        let Self { router, http, head, silent, shutdown } = self;
        let has_asked = Arc::new(AtomicBool::new(false));
        let is_amended = Arc::new(AtomicBool::new(true));
        let endless = Arc::new(Mutex::new(None));
        let amended = Amended::new(stream, Arc::clone(&is_amended));
        let service = {
            let (has_asked, endless) = (Arc::clone(&has_asked), Arc::clone(&endless));
            service_fn(move |request| {
                has_asked.store(true, Ordering::Relaxed);
                let (is_amended, endless) = (Arc::clone(&is_amended), Arc::clone(&endless));
                let suits = outflow::suits(&request);
                let answering = answer(router.clone(), request, peer);
                async move {
                    let response = answering.await?;
                    if suits && response.extensions().get::<Endless>().is_some() {
                        *endless.lock() = Some(response);
                        return pending().await;
                    }
                    if response.body().size_hint().exact().is_none() {
                        is_amended.store(false, Ordering::Relaxed);
                    }
                    Ok::<_, Infallible>(response)
                }
            })
        };
        let mut connection = http.serve_connection(TokioIo::new(amended), service).with_upgrades();
        let mut patience = Some(Box::pin(sleep(head)));
        let mut goes_on = true;
        let ended = loop {
            let next = poll_fn(|cx| match connection.poll_unpin(cx) {
                Poll::Ready(ended) => Poll::Ready(Err(ended)),
                // What was answered before has left: hyper writes all it has in each turn, unless pipelined answers are to
                // leave together, which is not asked for.
                Poll::Pending if uptake.has_all() => {
                    endless.lock().take().map_or(Poll::Pending, |r| Poll::Ready(Ok(r)))
                }
                Poll::Pending => Poll::Pending,
            });
            tokio::select! {
                next = next => match next {
                    Ok(response) => {
                        let stream = connection.into_parts()?.io.into_inner().into_inner();
                        return Some(Outflow::new(stream, response));
                    }
                    Err(ended) => break ended,
                },
                () = expiry(&mut patience) => {
                    patience = None;
                    if !has_asked.load(Ordering::Relaxed) {
                        silent.inc();
                        debug!(%peer, "nothing was asked for in time");
                        return None;
                    }
                }
                () = shutdown.cancelled(), if goes_on => {
                    goes_on = false;
                    Pin::new(&mut connection).graceful_shutdown();
                }
            }
        };
        if let Err(error) = ended {
            debug!(%peer, %error, "a connection ended early");
        }
        None
    }
}

/// The end of a timer, if there is one.
async fn expiry(timer: &mut Option<Pin<Box<Sleep>>>) {
    match timer {
        Some(timer) => timer.await,
        None => pending().await,
    }
}

/// Hands a request to the router, with the address that it came from.
///
/// A request to a proxy (`CONNECT host:80`) or to the server as a whole (`OPTIONS *`) names no path, which everything
/// behind the door takes for granted.
///
/// A chunked body ends the connection with the answer: where a `Content-Length` came beside it, which is not seen here
/// any more, a proxy in between may have another opinion of where the next request begins.
/// <https://www.rfc-editor.org/rfc/rfc9112#section-6.1-15>
fn answer(
    mut router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> impl Future<Output = Result<Response, Infallible>> {
    let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(PeerAddr(peer)));
    let answering = request.uri().path().starts_with('/').then(|| router.call(request));
    async move {
        let mut response = match answering {
            Some(answering) => answering.await?,
            None => HttpError::BadTarget.into_response(),
        };
        if chunked {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests;
