//! Counts every request under the template of its route.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{Method, StatusCode};
use tokio::time::Instant;

use crate::server::metrics::http::HttpMetrics;

/// The outermost layer of a router. The time is that to the head of the answer: what a stream takes is not known yet.
pub async fn measure(State(metrics): State<HttpMetrics>, request: Request, next: Next) -> Response {
    let asked = Instant::now();
    let method = word(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let status = response.status();
    let route = match &route {
        Some(route) => route.as_str(),
        // What a stranger asks for must not become a label.
        None if status == StatusCode::NOT_FOUND => "unmatched",
        None => "files",
    };
    metrics.answered(method, route, status.as_u16(), asked);
    response
}

/// Methods may be any word, too.
fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
