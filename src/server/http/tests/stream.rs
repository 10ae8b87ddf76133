use std::time::Duration;

use futures_util::FutureExt;

use super::*;
use crate::server::market::fixture::ticker;

async fn open(app: &Router, uri: &str) -> BodyDataStream {
    let response = get(app, uri).await;
    assert_eq!(response.status(), StatusCode::OK, "{uri}");
    response.into_body().into_data_stream()
}

#[tokio::test(start_paused = true)]
async fn the_headers_are_those_of_a_stream() {
    let fixture = Fixture::new();
    let request = Request::get("/api/realtime/BTC")
        .header("accept", "application/json")
        .header("accept-encoding", "gzip, br")
        .header("last-event-id", "anything \u{2603}")
        .body(Body::empty())
        .expect("a request");
    let response = send(&app(&fixture), request).await;
    assert_eq!(response.status(), StatusCode::OK, "neither Accept nor Last-Event-ID is looked at");
    let headers = response.headers();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-cache, no-transform");
    assert_eq!(headers["x-accel-buffering"], "no");
    for absent in ["content-encoding", "content-length", "connection"] {
        assert!(!headers.contains_key(absent), "{absent}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_messages_to_the_byte() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 43_250.5));
    let mut stream = open(&app(&fixture), "/api/realtime/btcusdt").await;
    assert_eq!(
        frame(&mut stream).await,
        "retry: 2000\n\n\
         data: {\"type\":\"connected\",\"symbol\":\"BTC\",\"symbols\":[\"BTC\"],\"clientId\":\"19aa122be00-1\",\
         \"timestamp\":\"2025-11-20T12:00:00.000Z\"}\n\n"
    );
    assert_eq!(
        frame(&mut stream).await,
        "id: 1763640000000001\n\
         data: {\"type\":\"ticker\",\"data\":{\"symbol\":\"BTC\",\"quote\":\"USDT\",\"price\":43250.5,\
         \"change24h\":null,\"changePercent24h\":null,\"high24h\":null,\"low24h\":null,\"volume24h\":1.5,\
         \"volumeQuote24h\":null,\"timestamp\":1763640000000,\"receivedAt\":1763640000000,\"sources\":1,\
         \"freshness\":\"live\",\"agree\":true,\"dispersion\":null,\"venues\":[{\"venue\":\"binance\",\
         \"price\":43250.5,\"weight\":1.0,\"volume24h\":1.5,\"timestamp\":1763640000000,\
         \"receivedAt\":1763640000000,\"freshness\":\"live\",\"used\":true,\"reason\":null}]}}\n\n"
    );
    fixture.post(ticker("ETH", 1.0));
    assert!(stream.next().now_or_never().is_none(), "another symbol is none of its business");
    fixture.post(ticker("BTC", 43_251.0));
    assert!(frame(&mut stream).await.starts_with("id: 1763640000000003\ndata: {\"type\":\"ticker\""));
}

#[tokio::test(start_paused = true)]
async fn symbols_are_in_the_asked_order_without_duplicates() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    for (query, symbols) in [
        ("symbols=ETH,BTC", r#""symbol":"ETH","symbols":["ETH","BTC"]"#),
        ("symbols=eth,ETHUSDT,BTC%2FUSDT,,btc", r#""symbol":"ETH","symbols":["ETH","BTC"]"#),
        ("symbols=SOL&symbols=BTC", r#""symbol":"SOL","symbols":["SOL","BTC"]"#),
        ("", r#""symbol":"BTC","symbols":["BTC","ETH"]"#),
        ("unknown=1&maxHz=50", r#""symbol":"BTC","symbols":["BTC","ETH"]"#),
    ] {
        let mut stream = open(&app, &format!("/api/realtime?{query}")).await;
        let hello = frame(&mut stream).await;
        assert!(hello.contains(symbols), "{query}: {hello}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_poll_gets_the_newest() {
    let fixture = Fixture::new();
    let mut stream = open(&app(&fixture), "/api/realtime?symbols=BTC,ETH").await;
    frame(&mut stream).await;
    for price in 1..=500 {
        fixture.post(ticker("BTC", f64::from(price)));
        fixture.post(ticker("ETH", f64::from(price)));
    }
    for base in ["BTC", "ETH"] {
        let text = frame(&mut stream).await;
        assert!(text.contains(&format!("\"symbol\":\"{base}\"")) && text.contains("\"price\":500.0"), "{text}");
    }
    assert!(stream.next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn max_hz_asks_for_fewer() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut seen = Vec::new();
    let mut streams = [open(&app, "/api/realtime/BTC").await, open(&app, "/api/realtime/BTC?maxHz=2").await];
    for stream in &mut streams {
        frame(stream).await;
        let body = std::mem::replace(stream, Body::empty().into_data_stream());
        seen.push(tokio::spawn(body.take_until(tokio::time::sleep(Duration::from_millis(5_050))).count()));
    }
    for price in 1..=50 {
        fixture.post(ticker("BTC", f64::from(price)));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let counts = futures_util::future::join_all(seen).await;
    let counts: Vec<usize> = counts.into_iter().map(|count| count.expect("no panic")).collect();
    assert_eq!(counts[0], 50);
    assert!((10..=11).contains(&counts[1]), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn streams_beyond_the_limits_are_refused_until_one_closes() {
    let fixture = Fixture::with(|config| {
        config.limits.connections_per_address = 2;
        config.limits.connections_total = 3;
    });
    let app = app(&fixture);
    let mut open = Vec::new();
    for peer in ["192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1"] {
        let response = send(&app, from(peer, "/api/realtime/BTC")).await;
        assert_eq!(response.status(), StatusCode::OK);
        open.push(response);
    }
    for (peer, code) in [("192.0.2.1:3", "server_full"), ("192.0.2.3:1", "server_full")] {
        let (status, headers, body) = json(send(&app, from(peer, "/api/realtime/BTC")).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &Value::from(code)));
        assert_eq!((&headers["retry-after"], &body["retry"]["delayMs"]), (&"5".parse().expect("ok"), &5000.into()));
    }
    open.pop();
    let (_, _, body) = json(send(&app, from("192.0.2.1:3", "/api/realtime/BTC")).await).await;
    assert_eq!(body["error"]["code"], "too_many_streams");
    open.remove(0);
    assert_eq!(send(&app, from("192.0.2.1:3", "/api/realtime/BTC")).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_body_and_refuses_new_ones() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let stream = open(&app, "/api/realtime/BTC").await;
    let rest = tokio::spawn(stream.map(|frame| frame.expect("no error")).collect::<Vec<_>>());
    tokio::time::sleep(Duration::from_millis(1)).await;
    fixture.shutdown.cancel();
    let frames = rest.await.expect("it ends");
    assert_eq!(frames.len(), 2, "the hello, and why it ends");
    let end = std::str::from_utf8(&frames[1]).expect("UTF-8");
    assert!(end.contains("data: {\"type\":\"stream_error\",\"data\":{\"code\":\"going_down\","), "{end}");
    let (status, _, body) = json(get(&app, "/api/realtime/BTC").await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &Value::from("going_down")));
}
