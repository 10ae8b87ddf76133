//! A network that is memory only: one server, reached by every name. Nothing waits for a real socket, so tokio's paused
//! clock moves exactly when all tasks wait for it.

use std::{io, time::Duration};

use axum::{Router, body::Body};
use futures_util::future::BoxFuture;
use http::Request;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use market_pulse::server::venues::{
    dialer::{Dialer, Socket},
    http_client::{Http, HttpAnswer},
    rest_error::RestError,
};
use tower::ServiceExt;

/// Bytes that wait in a connection's direction before the writer has to wait.
const BUFFER: usize = 256 * 1024;

/// Every address leads to this router.
#[derive(Clone)]
pub struct MemoryNet(pub Router);

impl Dialer for MemoryNet {
    fn dial<'a>(&'a self, _host: &'a str, _port: u16, _tls: bool) -> BoxFuture<'a, io::Result<Box<dyn Socket>>> {
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        let service = TowerToHyperService::new(self.0.clone());
        tokio::spawn(async move {
            // A connection that the other end drops is part of many tests.
            let _ended = http1::Builder::new().serve_connection(TokioIo::new(theirs), service).with_upgrades().await;
        });
        Box::pin(async move { Ok(Box::new(ours) as Box<dyn Socket>) })
    }
}

impl Http for MemoryNet {
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<HttpAnswer, RestError>> {
        Box::pin(async move {
            let request = Request::get(url).body(Body::empty()).map_err(|_| RestError::Transport)?;
            let answer = self.0.clone().oneshot(request).await.map_err(|_| RestError::Transport)?;
            let retry_after = answer.headers().get("retry-after").and_then(|v| v.to_str().ok());
            let retry_after = retry_after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
            let status = answer.status().as_u16();
            let body = axum::body::to_bytes(answer.into_body(), 8 << 20).await.map_err(|_| RestError::TooLarge)?;
            Ok(HttpAnswer { status, retry_after, body: body.to_vec() })
        })
    }
}
