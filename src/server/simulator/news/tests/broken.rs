//! Every fault does what it says.

use super::*;

const KEY: &str = "ledger_wire";
const PATH: &str = "/news/ledger_wire.xml";

async fn broken(key: &str, fault: &str) -> Router {
    let router = played();
    let answer = post(&router, "/control/news/fault", &json!({ "source": key, "fault": fault })).await;
    assert_eq!(answer.json()["fault"]["fault"], fault, "{:?}", answer.body);
    router
}

/// The body piece by piece, for at most `limit` bytes or `time`; and whether it came to its proper end.
async fn pieces(router: &Router, path: &str, limit: usize, time: Duration) -> (Vec<u8>, Option<bool>) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    read(router, request, limit, time).await
}

/// The same, compressed.
async fn packed_pieces(router: &Router, limit: usize) -> (Vec<u8>, Option<bool>) {
    let request = Request::get(PATH).header("accept-encoding", "gzip").body(Body::empty()).expect("a request");
    read(router, request, limit, Duration::from_mins(1)).await
}

async fn read(router: &Router, request: Request<Body>, limit: usize, time: Duration) -> (Vec<u8>, Option<bool>) {
    let mut body = router.clone().oneshot(request).await.expect("infallible").into_body().into_data_stream();
    let end = Instant::now() + time;
    let mut bytes = Vec::new();
    while bytes.len() < limit {
        match tokio::time::timeout_at(end, body.next()).await {
            Err(_) => return (bytes, None),
            Ok(None) => return (bytes, Some(true)),
            Ok(Some(Err(_))) => return (bytes, Some(false)),
            Ok(Some(Ok(piece))) => bytes.extend_from_slice(&piece),
        }
    }
    (bytes, None)
}

#[tokio::test(start_paused = true)]
async fn statuses_redirects_and_pages() {
    for (fault, status) in
        [("gone", 410), ("server_error", 500), ("rate_limit", 429), ("redirect_loop", 302), ("redirect_private", 302)]
    {
        let answer = get(&broken(KEY, fault).await, PATH).await;
        assert_eq!(answer.status.as_u16(), status, "{fault}");
        match fault {
            "rate_limit" => assert_eq!(header(&answer, "retry-after"), "30"),
            "redirect_loop" => assert_eq!(header(&answer, "location"), PATH),
            "redirect_private" => assert!(header(&answer, "location").starts_with("http://169.254.")),
            _ => {}
        }
    }
    let page = get(&broken(KEY, "html").await, PATH).await;
    assert_eq!((page.status.as_u16(), header(&page, "content-type")), (200, "text/html; charset=utf-8"));
    let empty = get(&broken(KEY, "empty").await, PATH).await;
    assert_eq!((empty.status.as_u16(), empty.body.len()), (200, 0));
    let moved = get(&broken("night_desk", "redirect_loop").await, "/news/at/night_desk.xml").await;
    assert_eq!(header(&moved, "location"), "/news/at/night_desk.xml");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_feed_can_not_be_read_as_one() {
    for key in [KEY, "the_tally", "block_gazette", "coin_lantern"] {
        let path = OUTLETS[outlets::by_key(key).expect("known")].final_path();
        for fault in ["malformed", "nested"] {
            let body = get(&broken(key, fault).await, &path).await.body;
            if fault == "nested" {
                // Readers recurse: one that is not careful overflows its stack, so only the text is looked at.
                let depth = if key == "the_tally" {
                    body.split(|b| *b == b'[').count()
                } else {
                    body.split(|b| *b == b'<').count()
                };
                assert!(depth > 100_000, "{key}");
            } else {
                assert!(parser::parse(body.as_ref()).is_err(), "{key} {fault}");
            }
        }
        let bomb = get(&broken(key, "bomb").await, &path).await;
        let text = String::from_utf8_lossy(&bomb.body).into_owned();
        assert!(text.contains("<!ENTITY l9") || text.contains("1e999999999"), "{key}");
        let latin = get(&broken(key, "wrong_encoding").await, &path).await;
        assert!(header(&latin, "content-type").contains("utf-8") && std::str::from_utf8(&latin.body).is_err(), "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn too_much_is_too_much() {
    let huge = get(&broken(KEY, "huge").await, PATH).await;
    assert!(huge.body.len() > 20_000_000, "{}", huge.body.len());
    let router = broken(KEY, "gzip_bomb").await;
    let (bytes, ended) = pieces(&router, PATH, 6_000_000, Duration::from_mins(1)).await;
    assert_eq!((bytes.len() >= 6_000_000, ended), (true, None));
    // Twenty kilobytes of it are twenty megabytes of blanks, and there is more.
    let (packed, ended) = packed_pieces(&router, 20_000).await;
    assert!(packed.starts_with(&[0x1f, 0x8b]) && ended.is_none());

    let (bytes, ended) = pieces(&broken(KEY, "endless").await, PATH, usize::MAX, Duration::from_mins(1)).await;
    let items = String::from_utf8_lossy(&bytes).matches("<item>").count();
    assert!(ended.is_none() && (2900..3100).contains(&items), "{items}");
}

#[tokio::test(start_paused = true)]
async fn slow_dead_and_cut_off() {
    let router = broken(KEY, "slow").await;
    let (part, ended) = pieces(&router, PATH, usize::MAX, Duration::from_secs(10)).await;
    assert!(!part.is_empty() && ended.is_none());
    let (whole, ended) = pieces(&router, PATH, usize::MAX, Duration::from_secs(90)).await;
    assert!(ended == Some(true) && part.len() < whole.len() / 4, "{} {}", part.len(), whole.len());
    assert!(parser::parse(whole.as_slice()).is_ok());

    let (half, ended) = pieces(&broken(KEY, "truncated").await, PATH, usize::MAX, Duration::from_secs(1)).await;
    assert_eq!(ended, Some(false));
    assert!(half.len() > 1000 && parser::parse(half.as_slice()).is_err());

    let router = broken(KEY, "dead").await;
    assert!(timeout(Duration::from_secs(30), get(&router, PATH)).await.is_err());
    let waiting = tokio::spawn({
        let router = router.clone();
        async move { get(&router, PATH).await.status }
    });
    sleep(Duration::from_secs(1)).await;
    post(&router, "/control/news/clear", &json!({})).await;
    assert_eq!(waiting.await.expect("an answer"), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&router, PATH).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_fault_is_one_feeds_and_ends_in_time() {
    let router = played();
    let fault = json!({ "source": KEY, "fault": "rate_limit", "seconds": 5 });
    post(&router, "/control/news/fault", &fault).await;
    let answer = get(&router, PATH).await;
    assert_eq!((answer.status.as_u16(), header(&answer, "retry-after")), (429, "5"));
    assert_eq!(get(&router, "/news/chain_courier.xml").await.status, 200);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(get(&router, PATH).await.status, 200);
    assert_eq!(get(&router, "/control/news").await.json()["outlets"][0]["fault"], Value::Null);
    post(&router, "/control/news/fault", &json!({ "source": KEY, "fault": "gone" })).await;
    let cleared = post(&router, "/control/news/clear", &json!({ "source": "chain_courier" })).await;
    assert_eq!(cleared.json()["outlets"][0]["fault"]["fault"], "gone");
    assert_eq!(request(&router, "POST", "/control/news/clear", "").await.json()["outlets"][0]["fault"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_simulator_ends_every_answer() {
    let simulator = simulator(NewsMode::Playing);
    let router = simulator.router();
    post(&router, "/control/news/fault", &json!({ "source": KEY, "fault": "endless" })).await;
    let reading = tokio::spawn({
        let router = router.clone();
        async move { pieces(&router, PATH, usize::MAX, Duration::from_hours(1)).await.1 }
    });
    sleep(Duration::from_secs(3)).await;
    simulator.closing().cancel();
    assert_eq!(timeout(Duration::from_secs(1), reading).await.expect("an end").expect("a result"), Some(true));
}
