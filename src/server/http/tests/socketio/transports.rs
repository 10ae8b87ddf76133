//! Engine.IO: how sessions are opened, carried, and ended.

use std::{future::poll_fn, task::Poll};

use super::*;

#[tokio::test(start_paused = true)]
async fn polling_to_the_byte() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 1.0));
    let app = app(&fixture);
    let response = get(&app, "/socket.io/?EIO=4&transport=polling&t=PqYyVnV").await;
    assert_eq!(response.headers()["content-type"], "text/plain; charset=UTF-8");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let body = text(response).await;
    let open: Value = serde_json::from_str(body.strip_prefix('0').expect("an open packet")).expect("JSON");
    let expected = serde_json::json!({
        "sid": open["sid"], "upgrades": ["websocket"], "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 65_536,
    });
    assert_eq!(open, expected);
    let mut polling = Polling::enter(&app).await;
    polling.say(subscribe(&["BTC"])).await;
    assert_eq!(polling.told().await, ["subscribed BTCUSDT", "BTCUSDT 1"]);
    // Two packets in one request.
    polling.say(format!("{}\u{1e}{}", unsubscribe(&["BTC"]), subscribe(&["BTC"]))).await;
    assert_eq!(polling.told().await, ["unsubscribed BTCUSDT", "subscribed BTCUSDT", "BTCUSDT 1"]);
    fixture.post(ticker("BTC", 2.0));
    assert_eq!(polling.told().await, ["BTCUSDT 2"]);
    assert_eq!(
        get(&app, "/socket.io?EIO=4&transport=polling").await.status(),
        StatusCode::OK,
        "without the last slash"
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_from_polling_to_a_websocket_and_misses_nothing() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut polling = Polling::enter(&app).await;
    polling.say(subscribe(&["BTC", "ETH"])).await;
    assert_eq!(polling.told().await, ["subscribed BTCUSDT ETHUSDT"]);
    let waiting = tokio::spawn({
        let (app, uri) = (app.clone(), polling.uri());
        async move { text(get(&app, &uri).await).await }
    });
    let query = format!("EIO=4&transport=websocket&sid={}", polling.sid);
    let mut socket = Socket::connect(dial(&app, BUFFER), &query, &[]).await.expect("a socket");
    socket.say("2probe").await;
    assert_eq!(socket.raw().await.as_deref(), Some("3probe"));
    assert_eq!(waiting.await.expect("no panic"), "6", "the request that waits is let go");
    fixture.post(ticker("BTC", 1.0));
    let again = Socket::connect(dial(&app, BUFFER), &query, &[]).await;
    assert!(matches!(again, Err(tungstenite::Error::Http(answer)) if answer.status() == 400), "one is enough");
    socket.say("5").await;
    assert_eq!(socket.told().await, ["BTCUSDT 1"]);
    fixture.post(ticker("ETH", 2.0));
    assert_eq!(socket.told().await, ["ETHUSDT 2"]);
    let late = get(&app, &polling.uri()).await;
    assert_eq!(late.status(), StatusCode::BAD_REQUEST, "it polls no more");
    assert_eq!(fixture.services.hub.streams(), 1, "one session all the time");
    socket.say("41").await;
    assert_eq!(socket.rest().await, [""; 0]);
    streams(&fixture, 0).await;
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_is_not_finished_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    for said in [None, Some("garbage"), Some("4"), Some("2probe")] {
        let polling = Polling::enter(&app).await;
        let query = format!("EIO=4&transport=websocket&sid={}", polling.sid);
        let mut socket = Socket::connect(dial(&app, BUFFER), &query, &[]).await.expect("a socket");
        if let Some(said) = said {
            socket.say(said).await;
        }
        drop(socket);
        streams(&fixture, 0).await;
        let (status, _, body) = json(get(&app, &polling.uri()).await).await;
        assert_eq!((status.as_u16(), &body["code"]), (400, &1.into()), "{said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn clients_that_fall_silent_are_given_up() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let _polling = Polling::enter(&app).await;
    let mut socket = Socket::enter(&app).await;
    assert_eq!(fixture.services.hub.streams(), 2);
    let start = tokio::time::Instant::now();
    // Its pings are read, and not answered.
    while socket.raw().await.is_some() {}
    assert!(start.elapsed() < Duration::from_secs(46), "{:?}", start.elapsed());
    streams(&fixture, 0).await;
}

#[tokio::test(start_paused = true)]
async fn clients_that_answer_stay() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut socket = Socket::enter(&app).await;
    socket.say(&subscribe(&["BTC"])).await;
    assert!(timeout(Duration::from_mins(10), socket.rest()).await.is_err(), "it does not end");
    fixture.post(ticker("BTC", 1.0));
    assert_eq!(socket.told().await, ["BTCUSDT 1"]);
    let mut polling = Polling::enter(&app).await;
    polling.say(subscribe(&["ETH"])).await;
    assert_eq!(brief(&polling.packet().await), "subscribed ETHUSDT");
    assert!(timeout(Duration::from_mins(10), polling.packet()).await.is_err());
    fixture.post(ticker("ETH", 1.0));
    assert_eq!(polling.told().await, ["ETHUSDT 1"]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_enter_the_namespace_is_not_waited_for() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut socket = Socket::open(&app).await;
    let polling = Polling::open(&app).await;
    let start = tokio::time::Instant::now();
    assert_eq!(socket.rest().await, ["1"]);
    assert_eq!(start.elapsed().as_secs(), 10);
    streams(&fixture, 0).await;
    assert_eq!(get(&app, &polling.uri()).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_the_namespace_has_to_open_another_session() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut socket = Socket::enter(&app).await;
    socket.say(&subscribe(&["BTC"])).await;
    assert_eq!(socket.told().await, ["subscribed BTCUSDT"]);
    socket.say("41").await;
    sleep(MOMENT).await;
    assert_eq!(fixture.services.hub.subscriptions(), []);
    socket.say("40").await;
    assert_eq!(socket.rest().await, [r#"44{"message":"this session ends; open another"}"#]);
    streams(&fixture, 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_is_told_and_ends_every_session() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut socket = Socket::enter(&app).await;
    let polling = Polling::enter(&app).await;
    let outside = Polling::open(&app).await;
    // Clients that poll always have a request that waits.
    let [inside, outside] = [polling.uri(), outside.uri()].map(|uri| {
        let app = app.clone();
        tokio::spawn(async move { get(&app, &uri).await })
    });
    sleep(MOMENT).await;
    let start = tokio::time::Instant::now();
    fixture.shutdown.cancel();
    let (name, error) = read_event(&socket.packet().await);
    assert_eq!((name.as_str(), &error["code"]), ("stream_error", &Value::from("going_down")));
    let delay = error["retry"]["delayMs"].as_u64().expect("a delay");
    assert!((1000..=6000).contains(&delay), "{error}");
    assert_eq!(socket.rest().await, [""; 0], "the connection ends without a word, so clients come back by themselves");
    let told = text(inside.await.expect("no panic")).await;
    assert!(told.split('\u{1e}').any(|packet| brief(packet) == "stream_error going_down"), "{told}");
    assert!(outside.await.expect("no panic").status().is_success(), "nobody is left waiting");
    fixture.services.tasks.close();
    fixture.services.tasks.wait().await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let (status, headers, body) = json(get(&app, "/socket.io/?EIO=4&transport=polling").await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &Value::from("going_down")));
    assert_eq!((&headers["retry-after"], &body["retry"]["delayMs"]), (&"5".parse().expect("a value"), &5000.into()));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_goodbye_does_not_hold_the_server() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut socket = Socket::over(dial(&app, 512)).await;
    socket.say(&subscribe(&["BTC", "ETH", "SOL"])).await;
    for n in 0..50 {
        for base in ["BTC", "ETH", "SOL"] {
            fixture.post(ticker(base, f64::from(n)));
        }
        sleep(MOMENT).await;
    }
    let start = tokio::time::Instant::now();
    fixture.shutdown.cancel();
    fixture.services.tasks.close();
    fixture.services.tasks.wait().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

/// Lets every task that is ready run once.
async fn turn() {
    let mut waited = false;
    poll_fn(|cx| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn connected_is_the_first_event_however_quick_the_client_is() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut answered = 0;
    // So many turns of other tasks between asking to be let in and asking for prices.
    for turns in 0..10 {
        let mut socket = Socket::open(&app).await;
        // A task, as the tasks of the server have turns between its own then.
        let quick = tokio::spawn(async move {
            socket.say("40").await;
            for _ in 0..turns {
                turn().await;
            }
            // Who is too quick has no session any more.
            let _sent = socket.0.send(Message::text(subscribe(&["BTC"]))).await;
            socket
        });
        let mut socket = quick.await.expect("no panic");
        let mut events = Vec::new();
        while let Ok(Some(packet)) = timeout(MOMENT, socket.packet_or_end()).await {
            events.extend(packet.starts_with("42").then(|| brief(&packet)));
        }
        assert!(events.first().is_none_or(|first| first == "connected"), "{turns}: {events:?}");
        answered += usize::from(events.iter().any(|event| event == "subscribed BTCUSDT"));
    }
    assert!(answered > 0, "who waits to be let in is answered");
}
