//! All of it over the network of this machine, on the real clock.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::get,
};
use bytes::Bytes;
use futures_util::stream;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;

use super::{super::super::client::FeedClient, *};

/// Serves `router` on a free port; returns its address.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn feed(headers: HeaderMap) -> impl IntoResponse {
    let tag = [("etag", "\"v1\""), ("content-type", "application/rss+xml")];
    if headers.get("if-none-match").is_some_and(|known| known == "\"v1\"") {
        (StatusCode::NOT_MODIFIED, tag, String::new())
    } else {
        (StatusCode::OK, tag, rss(&["two", "one"]))
    }
}

/// Invented outlets, one of each kind, on one server; `elsewhere` is another.
fn outlets(elsewhere: &str) -> Router {
    let away = elsewhere.to_owned();
    Router::new()
        .route("/fine", get(feed))
        .route("/old", get(async || (StatusCode::MOVED_PERMANENTLY, [("location", "/fine")])))
        .route("/away", get(async move || (StatusCode::FOUND, [("location", away)])))
        .route("/circle", get(async || (StatusCode::FOUND, [("location", "/circle")])))
        .route(
            "/page",
            get(async || ([("content-type", "text/html")], "<!doctype html><html><body>Log in</body></html>")),
        )
        .route(
            "/bomb",
            get(async || {
                let zeros = stream::iter((0..100).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![0; 1 << 20]))));
                ([("content-type", "text/xml")], Body::from_stream(zeros))
            }),
        )
        .route("/silent", get(async || std::future::pending::<()>().await))
        .layer(CompressionLayer::new())
}

#[tokio::test]
async fn every_kind_of_feed_is_fetched_or_named() {
    let elsewhere = serve(Router::new().route("/fine", get(feed))).await;
    let server = serve(outlets(&format!("{elsewhere}/fine"))).await;
    let kinds = [
        ("fine", None),
        ("old", None),
        ("away", Some("refuses private address")),
        ("circle", Some("redirected in a circle")),
        ("page", Some("not a feed: an HTML page")),
        ("bomb", Some("larger than 5 MB")),
        ("silent", Some("timed out after 2 s")),
        ("missing", Some("HTTP 404")),
    ];
    let sources = kinds.iter().map(|(kind, _)| source(kind, &format!("{server}/{kind}"))).collect();
    let (sender, mut out) = mpsc::channel(8);
    let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
    let limits = Limits { time: Duration::from_secs(2), ..Limits::default() };
    let setup = FeedsSetup {
        sources,
        records: Vec::new(),
        interval: Duration::from_millis(20),
        http: Arc::new(FeedClient::new(None).unwrap()),
        clock: Clock::System,
        seed: 1,
        followed: Arc::default(),
        out: sender,
        metrics: FeedMetrics::default(),
        shutdown: shutdown.clone(),
        tasks: &tasks,
    };
    let board = start_within(limits, setup);
    tasks.close();
    let fetched =
        async {
            while board.statuses().iter().any(|status| {
                status.state == SourceState::Pending || status.key == "fine" && status.last_fetch.is_none()
            }) {
                let fetched = out.recv().await.unwrap();
                let first = fetched.record.failures == 0 && !fetched.items.is_empty();
                if first {
                    assert_eq!(titles(&fetched), ["one", "two"]);
                    assert_eq!(fetched.record.etag.as_deref(), Some("\"v1\""));
                }
            }
        };
    timeout(Duration::from_mins(1), fetched).await.expect("every feed in a minute");
    for (status, (kind, error)) in board.statuses().iter().zip(kinds) {
        assert_eq!((status.key.as_str(), status.last_error.as_deref()), (kind, error));
    }
    assert_eq!(board.statuses()[1].moved_to, Some(format!("{server}/fine")));
    let unchanged = async {
        while let Some(fetched) = out.recv().await {
            if fetched.source.key == "fine" {
                return fetched;
            }
        }
        panic!("no more news");
    };
    let unchanged = timeout(Duration::from_mins(1), unchanged).await.unwrap();
    assert_eq!((unchanged.items.len(), unchanged.record.items, unchanged.record.failures), (0, 2, 0));
    shutdown.cancel();
    tasks.wait().await;
}
