//! `GET /metrics`, and what it tells of requests.

use std::time::Duration;

use super::*;
use crate::server::{
    access::Scope,
    config::MetricsAccess,
    http::{pages, router::site},
    market::fixture::ticker,
    metrics::{
        reading::{Form, Reading},
        tests::told,
    },
};

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 22).await.expect("a body");
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The API and the pages, as a server joins them.
fn house(fixture: &Fixture) -> Router {
    let options = pages::leptos_options(&std::env::temp_dir(), fixture.services.config.server.addr);
    site(&fixture.services, options.expect("options"))
}

#[tokio::test(start_paused = true)]
async fn either_form_is_sound_and_says_what_it_is() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 1.0));
    let app = app(&fixture);
    let response = get(&app, "/metrics").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["vary"], "accept");
    Reading::of(&text(response).await, Form::Prometheus);
    let request = Request::get("/metrics").header("accept", "application/openmetrics-text; version=1.0.0");
    let response = send(&app, request.body(Body::empty()).expect("a request")).await;
    assert_eq!(response.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let reading = Reading::of(&text(response).await, Form::OpenMetrics);
    assert_eq!(reading.get("market_pulse_build_info", &[("version", "0.1.0")]), Some(1.0));
    let head = send(&app, Request::head("/metrics").body(Body::empty()).expect("a request")).await;
    assert_eq!((head.status(), text(head).await.len()), (StatusCode::OK, 0));
    let post = send(&app, Request::post("/metrics").body(Body::empty()).expect("a request")).await;
    let (status, headers, body) = json(post).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (405, &Value::from("method_not_allowed")));
    assert_eq!(headers["allow"], "GET,HEAD");
}

#[tokio::test(start_paused = true)]
async fn no_site_can_read_it_by_way_of_a_visitor_and_no_limit_hides_it() {
    let fixture = Fixture::with(|config| config.limits.requests_per_minute = 1);
    let app = app(&fixture);
    for _ in 0..3 {
        let mut request = from("192.0.2.1:1", "/metrics");
        request.headers_mut().insert("origin", "https://example.org".parse().expect("a header"));
        let response = send(&app, request).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(!response.headers().contains_key("access-control-allow-origin"));
    }
    let preflight = Request::options("/metrics")
        .header("origin", "https://example.org")
        .header("access-control-request-method", "GET")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(send(&app, preflight).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(start_paused = true)]
async fn a_token_opens_it_where_one_is_needed() {
    let fixture = Fixture::with(|config| config.metrics.access = MetricsAccess::Token);
    let app = app(&fixture);
    let read = fixture.token(Scope::Read);
    for (uri, header, status) in [
        ("/metrics".to_owned(), None, 401),
        ("/metrics".to_owned(), Some("mp_nobody_nothing".to_owned()), 401),
        ("/metrics".to_owned(), Some(read.clone()), 200),
        (format!("/metrics?token={read}"), None, 200),
    ] {
        let mut request = from("192.0.2.1:1", &uri);
        if let Some(token) = header {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        }
        assert_eq!(send(&app, request).await.status().as_u16(), status, "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn loopback_keeps_strangers_and_proxies_out() {
    let fixture = Fixture::with(|config| {
        config.metrics.access = MetricsAccess::Loopback;
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    });
    let app = app(&fixture);
    assert_eq!(send(&app, from("127.0.0.1:1", "/metrics")).await.status(), StatusCode::OK);
    let mut forwarded = from("127.0.0.1:1", "/metrics");
    forwarded.headers_mut().insert("x-forwarded-for", "127.0.0.1".parse().expect("a header"));
    for request in [from("192.0.2.1:1", "/metrics"), forwarded] {
        let (status, _, body) = json(send(&app, request).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (403, &Value::from("local_only")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_crowd_makes_the_work_of_five_a_second() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let clients = async || {
        let reading = Reading::of(&text(get(&app, "/metrics").await).await, Form::Prometheus);
        reading.get("market_pulse_clients", &[("protocol", "sse")]).expect("a figure")
    };
    assert!(clients().await.abs() < f64::EPSILON);
    let _stream = get(&app, "/api/realtime/BTC").await;
    assert!(clients().await.abs() < f64::EPSILON, "what was just written is given again");
    tokio::time::advance(Duration::from_millis(200)).await;
    assert!((clients().await - 1.0).abs() < f64::EPSILON);
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_under_their_template() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 1.0));
    let app = house(&fixture);
    for (method, uri) in [
        ("GET", "/price/BTC"),
        ("GET", "/price/ETH-USDT"),
        ("GET", "/price/XYZ"),
        ("POST", "/price/BTC"),
        ("GET", "/api/realtime/BTC"),
        ("GET", "/api/realtime?symbols=BTC&symbols=x"),
        ("GET", "/coin/BTC"),
        ("GET", "/coin/XYZ"),
        ("GET", "/metrics"),
        ("OPTIONS", "/symbols"),
    ] {
        let request = Request::builder().method(method).uri(uri).body(Body::empty()).expect("a request");
        drop(send(&app, request).await);
    }
    let told = told(&fixture.services).await;
    let requests = |method, route, status| {
        let labels = [("method", method), ("route", route), ("status", status)];
        told.get("market_pulse_http_requests_total", &labels)
    };
    for (method, route, status, count) in [
        ("GET", "/price/{symbol}", "200", 1.0),
        ("GET", "/price/{symbol}", "503", 1.0),
        ("GET", "/price/{symbol}", "404", 1.0),
        ("POST", "/price/{symbol}", "405", 1.0),
        ("GET", "/api/realtime/{symbol}", "200", 1.0),
        ("GET", "/coin/{symbol}", "200", 1.0),
        ("GET", "/coin/{symbol}", "404", 1.0),
        ("GET", "/metrics", "200", 1.0),
        ("OPTIONS", "/symbols", "405", 1.0),
    ] {
        assert_eq!(requests(method, route, status), Some(count), "{method} {route} {status}");
    }
    let timed = |route| told.get("market_pulse_http_request_duration_seconds_count", &[("route", route)]);
    assert_eq!((timed("/price/{symbol}"), timed("/api/realtime/{symbol}")), (Some(4.0), Some(1.0)));
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_stranger_asks_for_becomes_a_label() {
    let fixture = Fixture::new();
    let app = house(&fixture);
    let before = told(&fixture.services).await.samples().count();
    for n in 0..300 {
        for uri in [
            format!("/nothing/{n}"),
            format!("/price/{n}"),
            format!("/price/BTC/{n}"),
            format!("/coin/{n}"),
            format!("/api/{n}/../%2f..%2f{n}"),
            format!("/api/realtime/A{n}?client={n}"),
            format!("/api/fn/get_tickers{n}"),
            format!("/api/sse?keywords={n}&events=e{n}"),
            format!("/pkg/{n}.js"),
            format!("/%00{n}\u{7f}").replace('\u{7f}', "%7f"),
        ] {
            for method in ["GET", &format!("X{n}")] {
                let request = Request::builder().method(method).uri(&uri).body(Body::empty()).expect("a request");
                drop(send(&app, request).await);
            }
        }
    }
    let told = told(&fixture.services).await;
    let families = ["market_pulse_http_requests_total", "market_pulse_http_request_duration_seconds_count"];
    for sample in told.samples().filter(|sample| families.contains(&&*sample.name)) {
        let route = &sample.labels["route"];
        assert!(!route.chars().any(|c| c.is_ascii_digit()), "{sample:?}");
        let method = sample.labels.get("method").map_or("GET", String::as_str);
        assert!(["GET", "other"].contains(&method), "{sample:?}");
    }
    assert!(told.sum("market_pulse_http_requests_total", &[("route", "unmatched")]) >= 300.0);
    let grown = told.samples().count() - before;
    assert!(grown < 250, "6000 requests made {grown} series");
}
