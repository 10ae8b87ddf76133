//! Sessions and tokens: shown when a session is opened, and looked at as long as it lives.

use super::*;
use crate::server::{
    access::{Scope, TokenId},
    config::Reading,
};

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

#[tokio::test(start_paused = true)]
async fn a_token_is_asked_for_as_configured_and_a_bad_one_is_always_refused() {
    for (reading, without) in [(Reading::Open, 200), (Reading::Token, 401)] {
        let fixture = Fixture::with(|config| config.access.read = reading);
        let app = app(&fixture);
        assert_eq!(get(&app, OPEN).await.status().as_u16(), without);
        let socket = Socket::connect(dial(&app, BUFFER), "EIO=4&transport=websocket", &[]).await;
        assert_eq!(socket.is_ok(), without == 200);
        let (status, headers, body) = json(get(&app, &format!("{OPEN}&token=x")).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (401, &Value::from("unauthorized")));
        assert!(headers.contains_key("www-authenticate"));
        let token = fixture.token(Scope::Read);
        assert_eq!(get(&app, &format!("{OPEN}&token={token}")).await.status(), StatusCode::OK);
        let query = format!("EIO=4&transport=websocket&token={token}");
        let mut socket = Socket::connect(dial(&app, BUFFER), &query, &[]).await.expect("a socket");
        assert!(socket.raw().await.expect("a packet").starts_with("0{\"sid\":"));
        let header = [("authorization", &*format!("Bearer {token}"))];
        let socket = Socket::connect(dial(&app, BUFFER), "EIO=4&transport=websocket", &header).await;
        assert!(socket.is_ok(), "as a header, too");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_with_its_token() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let token = fixture.token(Scope::Read);
    let query = format!("EIO=4&transport=websocket&token={token}");
    let mut socket = Socket::connect(dial(&app, BUFFER), &query, &[]).await.expect("a socket");
    assert!(socket.raw().await.expect("a packet").starts_with("0{\"sid\":"));
    let mut socket = socket.greeted().await;
    socket.say(&subscribe(&["BTC"])).await;
    assert!(timeout(Duration::from_mins(1), socket.rest()).await.is_err(), "it stays");
    let id = TokenId::parse(token.split('_').nth(1).expect("an id")).expect("an id");
    fixture.services.tokens.revoke(id).expect("revoked");
    let start = tokio::time::Instant::now();
    let (name, error) = read_event(&socket.packet().await);
    assert_eq!((name.as_str(), &error["code"]), ("stream_error", &Value::from("unauthorized")));
    assert_eq!(error["retry"]["shouldReconnect"], false);
    assert!(start.elapsed() <= Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!(socket.rest().await, ["41"]);
    streams(&fixture, 0).await;
}

/// Where clients of Socket.IO like to put it: too late, as the session has its place by then.
#[tokio::test(start_paused = true)]
async fn a_token_in_the_namespace_s_greeting_is_none() {
    let closed = Fixture::with(|config| config.access.read = Reading::Token);
    let closed_app = app(&closed);
    let token = closed.token(Scope::Read);
    for name in ["cookie", "x-api-key", "sec-websocket-protocol"] {
        let header = [(name, &*token)];
        let refused = Socket::connect(dial(&closed_app, BUFFER), "EIO=4&transport=websocket", &header).await;
        assert!(matches!(refused, Err(tungstenite::Error::Http(answer)) if answer.status() == 401), "{name}");
    }
    streams(&closed, 0).await;
    // Where none is needed it is not looked at, good or not.
    let fixture = Fixture::new();
    let app = app(&fixture);
    for token in [fixture.token(Scope::Admin).as_str(), "x"] {
        let mut socket = Socket::open(&app).await;
        socket.say(&format!("40{{\"token\":\"{token}\"}}")).await;
        let told = socket.told().await;
        assert!(told.len() == 2 && told[0].starts_with("40{\"sid\":") && told[1] == "connected", "{told:?}");
        socket.say(&subscribe(&["BTC"])).await;
        assert_eq!(socket.told().await, ["subscribed BTCUSDT"]);
    }
}
