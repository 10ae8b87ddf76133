//! Which other sites may read the API from a browser. Credentials are never allowed, and never used.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");
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
            listed: origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect(),
        }
    }

    /// The value of `Access-Control-Allow-Origin` for a request from `origin`.
    fn allow(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        if self.any {
            return Some(HeaderValue::from_static("*"));
        }
        origin.filter(|origin| self.listed.contains(origin)).cloned()
    }
}

/// The layer for everything that other sites may read. <https://fetch.spec.whatwg.org/#http-cors-protocol>
pub async fn cors(State(origins): State<Arc<Origins>>, request: Request, next: Next) -> Response {
    let allow = origins.allow(request.headers().get(header::ORIGIN));
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    if !origins.any {
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    if let Some(allow) = allow {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allow);
        describe(headers, preflight);
    }
    response
}

fn describe(headers: &mut HeaderMap, preflight: bool) {
    if preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S);
    } else {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
    }
}
