//! `GET /metrics`: every figure of the server, for Prometheus.
//!
//! OpenMetrics where the request prefers that by its `Accept`, as Prometheus does; otherwise the older text form, which
//! is what every exporter gives to a tool that asks for nothing, and what `promtool check metrics` reads.
//!
//! It stands beside the probes: not rate limited, as a monitor must see most when others ask too much, and cheap
//! however often it is asked. `metrics.access` says who may read it: unless it is set, whoever may read the rest. Other
//! sites can't read it by way of a visitor's browser in any case: it takes no part in CORS.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{Extensions, HeaderMap, header};

use super::{
    address::ClientAddress,
    caller::Caller,
    error::{HttpError, method_not_allowed},
};
use crate::server::{
    access::Scope,
    config::MetricsAccess,
    metrics::exposition::{Exposition, Format, Unwritten},
    services::Services,
};

const OPEN_METRICS: &str = "application/openmetrics-text";
const PLAIN: &str = "text/plain";
/// A request with one of these came by way of somebody else.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

pub(super) struct Endpoint {
    exposition: Arc<Exposition>,
    services: Arc<Services>,
}

/// The route, outside of every layer of the API.
pub(super) fn router<S>(services: &Arc<Services>) -> Router<S> {
    let endpoint = Endpoint { exposition: Arc::new(Exposition::of(services)), services: Arc::clone(services) };
    Router::new()
        .route("/metrics", get(metrics))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(endpoint))
}

/// Every figure of the server, for Prometheus.
///
/// OpenMetrics where `Accept` prefers it, otherwise the text form. The setting `metrics.access` says who may read it:
/// everybody (`open`), the server's own machine (`loopback`), or tokens with the scope `read` (`token`). Not rate limited,
/// and not readable from the pages of other sites.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses(
        (status = 200, description = "The figures.", content(
            (String = "text/plain"),
            (String = "application/openmetrics-text"),
        )),
        (status = "default", response = super::openapi::Refused),
    ),
)]
pub(super) async fn metrics(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Result<Response, HttpError> {
    let (mut parts, _) = request.into_parts();
    match endpoint.services.config.metrics.access {
        MetricsAccess::Open => {}
        MetricsAccess::Loopback if is_local(&parts.extensions, &parts.headers) => {}
        MetricsAccess::Loopback => return Err(HttpError::LocalOnly),
        MetricsAccess::Token => {
            Caller::from_request_parts(&mut parts, &endpoint.services).await?.require(Scope::Read)?;
        }
    }
    let format = preferred(&parts.headers);
    let text = endpoint.exposition.text(format).await?;
    let head = [
        (header::CONTENT_TYPE, format.content_type()),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((head, text).into_response())
}

impl From<Unwritten> for HttpError {
    fn from(_: Unwritten) -> Self {
        Self::MetricsUnavailable
    }
}

/// Whether a request comes from this very machine, and not by way of a proxy on it.
fn is_local(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let peer = ClientAddress::of(extensions, headers, &[]).0;
    let forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
    peer.is_loopback() && !forwarded
}

/// What a request prefers.
fn preferred(headers: &HeaderMap) -> Format {
    let lines = || headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let ranges = || lines().flat_map(|line| line.split(',')).map(range);
    let quality =
        |kind: &str| ranges().filter(|(of, _)| of.eq_ignore_ascii_case(kind)).map(|(_, q)| q).reduce(f32::max);
    let open_metrics = quality(OPEN_METRICS).unwrap_or(0.0);
    let plain = quality(PLAIN).or_else(|| quality("text/*")).or_else(|| quality("*/*")).unwrap_or(0.0);
    if open_metrics > 0.0 && open_metrics >= plain { Format::OpenMetrics } else { Format::Prometheus }
}

/// A kind and how much it is wanted, 0 to 1: `text/plain;version=0.0.4;q=0.5`.
fn range(text: &str) -> (&str, f32) {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let quality = quality.and_then(|q| q.parse::<f32>().ok()).filter(|q| (0.0..=1.0).contains(q));
    (kind, quality.unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;

    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_preferred() {
        // What Prometheus 2.42 and 3.5 send.
        let (two, three) = (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
             text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
             application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
             text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        );
        for (lines, format) in [
            (&[][..], Format::Prometheus),
            (&["*/*"], Format::Prometheus),
            (&[""], Format::Prometheus),
            (&["text/plain"], Format::Prometheus),
            (&["text/html,application/xhtml+xml,*/*;q=0.8"], Format::Prometheus),
            (&["application/openmetrics-text"], Format::OpenMetrics),
            (&["Application/OpenMetrics-Text; version=1.0.0"], Format::OpenMetrics),
            (&["application/openmetrics-text;q=0"], Format::Prometheus),
            (&["application/openmetrics-text;q=0.5, text/plain"], Format::Prometheus),
            (&["text/plain;q=0.5", "application/openmetrics-text"], Format::OpenMetrics),
            (&["application/openmetrics-text;q=nonsense"], Format::OpenMetrics),
            (&["application/openmetrics-text;q=NaN"], Format::OpenMetrics),
            (&["application/vnd.google.protobuf;q=0.7"], Format::Prometheus),
            (&[two], Format::OpenMetrics),
            (&[three], Format::OpenMetrics),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::ACCEPT, line.parse().expect("a header"));
            }
            assert_eq!(preferred(&headers), format, "{lines:?}");
        }
    }

    #[test]
    fn local_is_who_comes_from_here_without_a_proxy() {
        for (peer, header, local) in [
            (Some("127.0.0.1:4711"), None, true),
            (Some("[::1]:4711"), None, true),
            (Some("[::ffff:127.0.0.1]:4711"), None, true),
            (Some("192.0.2.1:4711"), None, false),
            (None, None, false),
            (Some("127.0.0.1:4711"), Some("x-forwarded-for"), false),
            (Some("127.0.0.1:4711"), Some("x-real-ip"), false),
            (Some("127.0.0.1:4711"), Some("forwarded"), false),
            (Some("127.0.0.1:4711"), Some("via"), false),
        ] {
            let (mut extensions, mut headers) = (Extensions::new(), HeaderMap::new());
            if let Some(peer) = peer {
                extensions.insert(ConnectInfo(peer.parse::<SocketAddr>().expect("an address")));
            }
            if let Some(name) = header {
                headers.insert(name, "127.0.0.1".parse().expect("a header"));
            }
            assert_eq!(is_local(&extensions, &headers), local, "{peer:?} {header:?}");
        }
    }
}
