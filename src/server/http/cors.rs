//! Which other sites may use the API from a browser. Credentials are never allowed, and never used: a token is shown by
//! the page that has it, never by the browser on its own.
//!
//! With `*` any site may read. Only sites that the settings name may publish, with a token.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

const READING: HeaderValue = HeaderValue::from_static("GET, HEAD");
const PUBLISHING: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, DELETE");
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("accept, authorization, cache-control, content-type, if-none-match, last-event-id");
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static("etag, retry-after");
/// Browsers ask again after a day.
const MAX_AGE_S: HeaderValue = HeaderValue::from_static("86400");

/// The allowed sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    any: bool,
    listed: Vec<HeaderValue>,
}

impl Origins {
    /// Origins such as `https://example.org`; `*` is any.
    pub fn new(origins: &[String]) -> Self {
        Self {
            any: origins.iter().any(|origin| origin == "*"),
            listed: origins
                .iter()
                .filter(|origin| *origin != "*")
                .filter_map(|origin| HeaderValue::from_str(origin).ok())
                .collect(),
        }
    }

    /// The value of `Access-Control-Allow-Origin` for a request from `origin`.
    fn allow(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        if self.any {
            return Some(HeaderValue::from_static("*"));
        }
        origin.filter(|origin| self.names(origin)).cloned()
    }

    fn names(&self, origin: &HeaderValue) -> bool {
        self.listed.contains(origin)
    }
}

/// The layer for everything that other sites may use. <https://fetch.spec.whatwg.org/#http-cors-protocol>
pub async fn cors(State(origins): State<Arc<Origins>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN);
    let allow = origins.allow(origin);
    let methods = if origin.is_some_and(|origin| origins.names(origin)) { PUBLISHING } else { READING };
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    if !origins.listed.is_empty() {
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    if let Some(allow) = allow {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allow);
        if preflight {
            permit(headers, methods);
        } else {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
        }
    }
    response
}

/// What a page may ask for.
fn permit(headers: &mut HeaderMap, methods: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S);
}
