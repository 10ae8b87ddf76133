//! Sockets and tokens: a bad one is told by a close code, as a browser's script sees nothing else.

use super::*;
use crate::server::{
    access::{Scope, TokenId},
    config::Reading,
};

const NEVER: &str = r#"{"shouldReconnect":false,"delayMs":0,"maxDelayMs":0,"strategy":"none","jitter":false}"#;

impl Client {
    /// A connection with a token, as browsers can say it.
    async fn with_token(app: &Router, peer: &str, token: &str) -> Self {
        let request = format!("ws://localhost/api/ws?token={token}").into_client_request().expect("a request");
        let (socket, _) = client_async(request, connection(app, peer, BUFFER)).await.expect("a socket");
        Self(socket)
    }

    async fn end(&mut self) -> (u16, String) {
        let frame = self.close().await;
        (frame.code.into(), frame.reason.to_string())
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_asked_for_as_configured_and_a_bad_one_is_always_refused() {
    let open = Fixture::new();
    let closed = Fixture::with(|config| config.access.read = Reading::Token);
    let refused = (4001, NEVER.to_owned());
    for (fixture, needed) in [(&open, false), (&closed, true)] {
        let app = app(fixture);
        let mut nobody = Client::dial(&app, PEER).await;
        if needed {
            assert_eq!(nobody.end().await, refused);
        } else {
            assert_eq!(nobody.frame().await["type"], "connected");
        }
        let token = fixture.token(Scope::Read);
        let mut by_parameter = Client::with_token(&app, PEER, &token).await;
        assert_eq!(by_parameter.frame().await["type"], "connected");
        let header = [("authorization", format!("Bearer {token}"))];
        let header = header.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut by_header = Client::dial_with(&app, PEER, BUFFER, &header).await.expect("a socket");
        assert_eq!(by_header.frame().await["type"], "connected");
        for bad in ["x", "", &format!("{token}0")] {
            assert_eq!(Client::with_token(&app, PEER, bad).await.end().await, refused, "{bad:?}");
        }
        let (status, _, _) = json(get(&app, "/api/ws").await).await;
        assert_eq!(status.as_u16(), if needed { 401 } else { 200 }, "the document, too");
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_wrong_tokens_are_told_when_to_come_back() {
    let fixture = Fixture::with(|config| config.access.wrong_tokens_per_minute = 2);
    let app = app(&fixture);
    for _ in 0..2 {
        assert_eq!(Client::with_token(&app, PEER, "x").await.end().await, (4001, NEVER.to_owned()));
    }
    let frame = Client::with_token(&app, PEER, "x").await.close().await;
    let (code, wait) = code_and_wait(&frame);
    assert!(code == 4001 && (1..=60_001).contains(&wait), "{code} {wait}");
    assert_eq!(Client::dial(&app, PEER).await.frame().await["type"], "connected", "who shows none is let in");
}

#[tokio::test(start_paused = true)]
async fn a_socket_ends_with_its_token() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let token = fixture.token(Scope::Read);
    let mut client = Client::with_token(&app, PEER, &token).await;
    client.frame().await;
    client.subscribe(&["ticker:BTC"]).await;
    client.frame().await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    fixture.post(ticker("BTC", 1.0));
    assert_eq!(client.frame().await["type"], "ticker", "it is still good");
    let id = TokenId::parse(token.split('_').nth(1).expect("an id")).expect("an id");
    fixture.services.tokens.revoke(id).expect("revoked");
    let before = Instant::now();
    assert_eq!(client.end().await, (4001, NEVER.to_owned()));
    assert!(before.elapsed() <= Duration::from_secs(5), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_token_is_counted_over_all_addresses_and_raises_nothing_for_one() {
    let fixture = Fixture::with(|config| {
        config.limits.connections_per_address = 1;
        config.limits.connections_per_token = 2;
    });
    let app = app(&fixture);
    let token = fixture.token(Scope::Read);
    let _nobody = Client::open(&app).await;
    let mut refused = Client::with_token(&app, PEER, &token).await;
    assert_eq!(code_and_wait(&refused.close().await), (4002, 5000), "the address has as many as it may");
    let mut named = Vec::new();
    for peer in ["192.0.2.6:1", "192.0.2.7:1"] {
        let mut client = Client::with_token(&app, peer, &token).await;
        assert_eq!(client.frame().await["type"], "connected", "{peer}");
        named.push(client);
    }
    let mut third = Client::with_token(&app, "192.0.2.8:1", &token).await;
    assert_eq!(code_and_wait(&third.close().await), (4002, 5000));
}

#[tokio::test(start_paused = true)]
async fn the_opening_of_sockets_has_a_rate() {
    let fixture = Fixture::with(|config| config.limits.streams_per_minute = 2);
    let app = app(&fixture);
    for _ in 0..2 {
        Client::open(&app).await;
    }
    match Client::dial_with(&app, PEER, BUFFER, &[]).await {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS),
        other => panic!("{:?}", other.map(|_| "a socket")),
    }
    Client::dial(&app, "192.0.2.9:1").await;
}

#[tokio::test(start_paused = true)]
async fn a_token_in_the_wrong_place_is_none() {
    let fixture = Fixture::with(|config| config.access.read = Reading::Token);
    let app = app(&fixture);
    let token = fixture.token(Scope::Read);
    for (name, before) in [("sec-websocket-protocol", "market-pulse.v1, "), ("cookie", "token="), ("x-api-key", "")] {
        let header = [(name, &*format!("{before}{token}"))];
        let mut client = Client::dial_with(&app, PEER, BUFFER, &header).await.expect("a socket");
        assert_eq!(client.end().await, (4001, NEVER.to_owned()), "{name}");
    }
    let mut client = Client::dial(&app, PEER).await;
    // Said before anything is answered.
    client.say(&format!(r#"{{"op":"subscribe","channels":["news"],"token":"{token}"}}"#)).await;
    assert_eq!(client.end().await, (4001, NEVER.to_owned()));
    let twice = format!("ws://localhost/api/ws?token={token}&token=x").into_client_request().expect("a request");
    let (socket, _) = client_async(twice, connection(&app, PEER, BUFFER)).await.expect("a socket");
    assert_eq!(Client(socket).end().await, (4001, NEVER.to_owned()), "two that differ");
}
