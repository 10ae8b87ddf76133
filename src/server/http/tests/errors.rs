use super::*;

/// Request, status, code, whether waiting helps.
const ERRORS: &[(&str, &str, u16, &str, bool)] = &[
    ("GET", "/price/XYZ", 404, "unknown_symbol", false),
    ("GET", "/price/BTC-EUR", 404, "unknown_symbol", false),
    ("GET", "/price/BTC", 503, "no_price_yet", true),
    ("GET", "/price/AAAAAAAAAAAAAAAAAAAAA", 400, "malformed_symbol", false),
    ("GET", "/price/B%20C", 400, "malformed_symbol", false),
    ("GET", "/price/BTC%20", 400, "malformed_symbol", false),
    ("GET", "/price/%0aBTC", 400, "malformed_symbol", false),
    ("GET", "/price/%00", 400, "malformed_symbol", false),
    ("GET", "/price/..%2F..%2Fetc", 400, "malformed_symbol", false),
    ("GET", "/price/%FF", 400, "bad_path", false),
    ("GET", "/price", 404, "not_found", false),
    ("GET", "/price/BTC/USDT", 404, "not_found", false),
    ("GET", "/ready", 503, "starting", true),
    ("GET", "/api", 404, "not_found", false),
    ("GET", "/api/", 404, "not_found", false),
    ("GET", "/api/nothing/here", 404, "not_found", false),
    ("POST", "/api/nothing/here", 404, "not_found", false),
    ("GET", "/api/realtime/", 404, "not_found", false),
    ("GET", "/api/realtime/BTC/more", 404, "not_found", false),
    ("GET", "/api/realtime/XYZ", 404, "unknown_symbol", false),
    ("GET", "/api/realtime/B*C", 400, "malformed_symbol", false),
    ("GET", "/api/realtime/%E2%80%83BTC", 400, "malformed_symbol", false),
    ("GET", "/api/realtime?symbols=BTC,XYZ", 404, "unknown_symbol", false),
    ("GET", "/api/realtime?symbols=BTC,!", 400, "malformed_symbol", false),
    ("GET", "/api/realtime?symbols=", 400, "missing_symbols", false),
    ("GET", "/api/realtime?symbols=,,", 400, "missing_symbols", false),
    ("GET", "/api/realtime/BTC?maxHz=0", 400, "bad_max_hz", false),
    ("GET", "/api/realtime/BTC?maxHz=0.09", 400, "bad_max_hz", false),
    ("GET", "/api/realtime/BTC?maxHz=50.1", 400, "bad_max_hz", false),
    ("GET", "/api/realtime/BTC?maxHz=NaN", 400, "bad_max_hz", false),
    ("GET", "/api/realtime/BTC?maxHz=-1", 400, "bad_max_hz", false),
    ("GET", "/api/realtime/BTC?maxHz=fast", 400, "bad_max_hz", false),
    ("GET", "/api/realtime/BTC?maxHz=", 400, "bad_max_hz", false),
    ("GET", "/api/realtime?news=1&maxHz=0", 400, "bad_max_hz", false),
    ("GET", "/api/sse?sources=nobody", 400, "unknown_source", false),
    ("GET", "/api/sse?events=news,nothing", 400, "unknown_event", false),
    ("GET", "/api/sse?events=story", 400, "unknown_event", false),
    ("GET", "/api/sse?events=error", 400, "unknown_event", false),
    ("GET", "/api/sse?breaking=true", 400, "bad_breaking", false),
    ("GET", "/api/sse?keywords=bitcoin,!!", 400, "bad_keywords", false),
    ("GET", "/api/sse?symbols=XYZ", 404, "unknown_symbol", false),
    ("GET", "/api/sse?symbols=B*C", 400, "malformed_symbol", false),
    ("GET", "/api/sse?maxHz=51", 400, "bad_max_hz", false),
    ("GET", "/api/sse/more", 404, "not_found", false),
    ("POST", "/api/sse", 405, "method_not_allowed", false),
    ("GET", "/api/v1/sse/nothing", 404, "unknown_channel", false),
    ("GET", "/api/v1/sse/Training", 404, "unknown_channel", false),
    ("GET", "/api/v1/sse/%FF", 400, "bad_path", false),
    ("GET", "/api/v1/sse/", 404, "not_found", false),
    ("GET", "/api/v1/sse", 404, "not_found", false),
    ("GET", "/api/v1/sse/training/more", 404, "not_found", false),
    ("GET", "/api/v1/sse/training?client_id=", 400, "bad_client_id", false),
    ("GET", "/api/v1/sse/training?client_id=a%0d%0aid:1", 400, "bad_client_id", false),
    ("POST", "/api/v1/sse/training", 405, "method_not_allowed", false),
    ("POST", "/api/v1/sse/status", 405, "method_not_allowed", false),
    ("POST", "/api/v1/channels", 401, "unauthorized", false),
    ("DELETE", "/api/v1/channels", 401, "unauthorized", false),
    ("POST", "/api/v1/channels/training/events", 401, "unauthorized", false),
    ("POST", "/api/v1/channels/nothing/events", 401, "unauthorized", false),
    ("POST", "/streams/a", 401, "unauthorized", false),
    ("POST", "/streams/", 401, "unauthorized", false),
    ("GET", "/streams", 404, "not_found", false),
    ("GET", "/streams/", 404, "unknown_channel", false),
    ("GET", "/streams/a", 404, "unknown_channel", false),
    ("GET", "/streams/training", 404, "unknown_channel", false),
    ("GET", "/streams/a/../b", 400, "bad_path", false),
    ("GET", "/streams/a%2f..", 400, "bad_path", false),
    ("GET", "/streams/%2e%2e/b", 400, "bad_path", false),
    ("GET", "/streams/a%252f..", 400, "bad_path", false),
    ("GET", "/streams//a", 400, "bad_path", false),
    ("GET", "/streams/a%2f%2fb", 400, "bad_path", false),
    ("GET", "/streams/a%5cb", 400, "bad_path", false),
    ("GET", "/streams/a%0d%0ab", 400, "bad_path", false),
    ("GET", "/streams/%FF", 400, "bad_path", false),
    ("GET", "/api/news?limit=0", 400, "bad_limit", false),
    ("GET", "/api/news?limit=101", 400, "bad_limit", false),
    ("GET", "/api/news?limit=-1", 400, "bad_limit", false),
    ("GET", "/api/news?limit=1.5", 400, "bad_limit", false),
    ("GET", "/api/news?limit=", 400, "bad_limit", false),
    ("GET", "/api/news?before=x", 400, "bad_cursor", false),
    ("GET", "/api/news?source=nobody", 400, "unknown_source", false),
    ("GET", "/api/news?symbol=XYZ", 404, "unknown_symbol", false),
    ("GET", "/api/news/stories?limit=x", 400, "bad_limit", false),
    ("GET", "/api/breaking?limit=999", 400, "bad_limit", false),
    ("GET", "/api/rss?limit=0", 400, "bad_limit", false),
    ("GET", "/api/news/other", 404, "not_found", false),
    ("POST", "/api/news", 405, "method_not_allowed", false),
    ("DELETE", "/api/rss", 405, "method_not_allowed", false),
    ("POST", "/api/realtime", 405, "method_not_allowed", false),
    ("DELETE", "/api/realtime/BTC", 405, "method_not_allowed", false),
    ("POST", "/price/BTC", 405, "method_not_allowed", false),
    ("PUT", "/symbols", 405, "method_not_allowed", false),
    ("POST", "/health", 405, "method_not_allowed", false),
    ("POST", "/ready", 405, "method_not_allowed", false),
    ("PATCH", "/live", 405, "method_not_allowed", false),
    ("OPTIONS", "/live", 405, "method_not_allowed", false),
];

#[tokio::test(start_paused = true)]
async fn every_error_has_the_body_of_the_contract() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    for (method, uri, status, code, waits) in ERRORS {
        let request = Request::builder().method(*method).uri(*uri).body(Body::empty()).expect("a request");
        let (got, headers, body) = json(send(&app, request).await).await;
        let name = format!("{method} {uri}");
        assert_eq!((got.as_u16(), &body["error"]["code"]), (*status, &Value::from(*code)), "{name}");
        assert_eq!(body["success"], false, "{name}");
        assert!(body["error"]["message"].as_str().is_some_and(|m| !m.is_empty()), "{name}");
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(3), "{name}");
        assert_eq!(headers.contains_key("retry-after"), *waits, "{name}");
        assert_eq!(body["retry"].is_object(), *waits, "{name}: {body}");
        assert_eq!(headers.get("allow").is_some(), *status == 405, "{name}");
        if *status == 405 {
            assert_eq!(headers["allow"], "GET,HEAD", "{name}");
        }
        assert_eq!(headers["cache-control"], "no-store", "{name}");
    }
    assert_eq!(fixture.services.hub.streams(), 0, "none of these opened a stream");
}

#[tokio::test(start_paused = true)]
async fn the_retry_object_says_how_to_wait() {
    let fixture = Fixture::new();
    let (_, headers, body) = json(get(&app(&fixture), "/price/BTC").await).await;
    assert_eq!(headers["retry-after"], "1");
    assert_eq!(
        body.to_string(),
        r#"{"error":{"code":"no_price_yet","message":"there is no price yet"},"retry":{"delayMs":1000,"jitter":true,"maxDelayMs":30000,"shouldReconnect":true,"strategy":"exponential-backoff"},"success":false}"#
    );
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_too_long_is_refused() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let fits = format!("/symbols?q={}", "a".repeat(2046));
    assert_eq!(get(&app, &fits).await.status(), StatusCode::OK);
    for uri in [format!("{fits}a"), format!("/api/{}", "a".repeat(2560)), format!("/api/realtime?symbols={fits}")] {
        let (status, _, body) = json(get(&app, &uri).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (414, &Value::from("uri_too_long")));
    }
}

#[tokio::test(start_paused = true)]
async fn searches_and_keywords_are_bounded() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let words = |count: usize| (0..count).map(|n| format!("w{n}")).collect::<Vec<_>>().join(",");
    assert_eq!(get(&app, &format!("/api/news?q={}", "%C3%A9".repeat(200))).await.status(), StatusCode::OK);
    assert_eq!(get(&app, &format!("/api/sse?keywords={}", words(50))).await.status(), StatusCode::OK);
    for (uri, code) in [
        (format!("/api/news?q={}", "a".repeat(201)), "bad_text"),
        (format!("/api/sse?keywords={}", words(51)), "bad_keywords"),
    ] {
        let (status, _, body) = json(get(&app, &uri).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (400, &Value::from(code)), "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_symbols_are_refused() {
    let many = (0..101).map(|n| format!("A{n}")).collect::<Vec<_>>();
    let symbols: Vec<_> = many.iter().map(|text| crate::model::symbol::Symbol::parse(text).expect("ok")).collect();
    let fixture = Fixture::following(&symbols, |_| {});
    let app = app(&fixture);
    let (status, _, body) = json(get(&app, &format!("/api/realtime?symbols={}", many.join(","))).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (400, &Value::from("too_many_symbols")));
    let hundred = get(&app, &format!("/api/realtime?symbols={},A0", many[..100].join(","))).await;
    assert_eq!(hundred.status(), StatusCode::OK, "duplicates don't count");
}
