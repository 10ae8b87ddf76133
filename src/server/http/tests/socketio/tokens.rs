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
