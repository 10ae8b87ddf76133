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
use url::Url;

const READING: HeaderValue = HeaderValue::from_static("GET, HEAD");
const PUBLISHING: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, DELETE");
/// Clients of Socket.IO that poll say what they have to say by POST. They publish nothing.
const POLLING: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
const POLLING_PATHS: [&str; 2] = ["/socket.io/", "/socket.io"];
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
    /// The server's own, where it is configured.
    own: Option<HeaderValue>,
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
            own: None,
        }
    }

    /// With the address that others use to reach this server.
    #[must_use]
    pub fn of_server(mut self, public_url: Option<&str>) -> Self {
        let origin = public_url.and_then(|url| Url::parse(url).ok()).map(|url| url.origin().ascii_serialization());
        self.own = origin.and_then(|origin| HeaderValue::try_from(origin).ok());
        self
    }

    /// Whether a socket may be opened by whoever sends these headers. CORS does not hold for sockets: a browser lets any
    /// page open one, and tells its origin. A program tells none, and is let in, as is the server's own page.
    pub fn admit_socket(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(_), None) if self.any => true,
            (Some(origin), None) => {
                self.names(origin)
                    || self.own.as_ref() == Some(origin)
                    || is_same_host(origin, headers.get(header::HOST))
            }
            (Some(_), Some(_)) => false,
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

/// Whether a page comes from the host that it asks.
fn is_same_host(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    let host = host.and_then(|host| host.to_str().ok());
    origin.zip(host).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
}

/// The layer for everything that other sites may use. <https://fetch.spec.whatwg.org/#http-cors-protocol>
pub async fn cors(State(origins): State<Arc<Origins>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN);
    let allow = origins.allow(origin);
    let methods = match origin {
        _ if POLLING_PATHS.contains(&request.uri().path()) => POLLING,
        Some(origin) if origins.names(origin) => PUBLISHING,
        _ => READING,
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_for_listed_sites_for_own_pages_and_for_programs() {
        let listed = Origins::new(&["https://example.org".to_owned()]).of_server(Some("https://pulse.example/app"));
        let any = Origins::new(&["*".to_owned()]);
        for (origins, host, admitted) in [
            (&[][..], "a.example", true),
            (&["https://example.org"], "a.example", true),
            (&["https://EXAMPLE.org"], "a.example", false),
            (&["http://example.org"], "a.example", false),
            (&["https://example.org.evil.example"], "a.example", false),
            (&["https://evil.example"], "a.example", false),
            (&["null"], "a.example", false),
            (&["https://pulse.example"], "a.example", true),
            (&["http://127.0.0.1:3000"], "127.0.0.1:3000", true),
            (&["http://127.0.0.1:3001"], "127.0.0.1:3000", false),
            (&["https://example.org", "https://evil.example"], "a.example", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            for origin in origins {
                headers.append(header::ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(listed.admit_socket(&headers), admitted, "{origins:?} at {host}");
            assert_eq!(any.admit_socket(&headers), origins.len() < 2, "{origins:?}");
        }
    }
}
