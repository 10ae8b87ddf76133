//! The API as a client sees it, without sockets.

mod attacks;
mod bystander;
mod channels;
mod errors;
mod events;
mod hostile;
mod layers;
mod metrics;
mod news;
mod on_demand;
mod openapi;
mod pages;
mod raw_frame;
mod rest;
mod site;
mod slow;
mod socket;
mod socketio;
mod stream;
mod tokens;
mod websocket;

use axum::{
    Router,
    body::{Body, BodyDataStream},
    extract::ConnectInfo,
    response::Response,
};
use futures_util::StreamExt;
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

use super::router::api_router;
use crate::server::services::fixture::Fixture;

fn app(fixture: &Fixture) -> Router {
    api_router(std::sync::Arc::clone(&fixture.services))
}

async fn send(app: &Router, request: Request<Body>) -> Response {
    app.clone().oneshot(request).await.expect("a router never fails")
}

async fn get(app: &Router, uri: &str) -> Response {
    send(app, Request::get(uri).body(Body::empty()).expect("a request")).await
}

/// What a browser asks for that is to show a page.
async fn get_page(app: &Router, uri: &str) -> Response {
    let accepted = "text/html,application/xhtml+xml,*/*;q=0.8";
    send(app, Request::get(uri).header("accept", accepted).body(Body::empty()).expect("a request")).await
}

/// A request from an address.
fn from(address: &str, uri: &str) -> Request<Body> {
    let peer: std::net::SocketAddr = address.parse().expect("an address");
    Request::get(uri).extension(ConnectInfo(peer)).body(Body::empty()).expect("a request")
}

async fn json(response: Response) -> (StatusCode, HeaderMap, Value) {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    assert_eq!(parts.headers["content-type"], "application/json");
    (parts.status, parts.headers, serde_json::from_slice(&bytes).expect("JSON"))
}

/// The next frame of a stream, as text.
async fn frame(stream: &mut BodyDataStream) -> String {
    let frame = stream.next().await.expect("a frame").expect("no error");
    String::from_utf8(frame.to_vec()).expect("UTF-8")
}
