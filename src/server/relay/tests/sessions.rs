//! What is said over a connection, and how it ends.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::Ordering,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;
use crate::server::services::fixture::Fixture;

/// A node that keeps no log, and what it is a session of.
fn session(stage: &Stage, fixture: &Fixture) -> Session {
    let services = &fixture.services;
    let (board, hub, clock) = (Arc::clone(&services.market), Arc::clone(&services.hub), services.clock);
    let (venues, feeds) = (Arc::clone(&services.venues), Arc::clone(&services.feeds));
    Session {
        client: stage.client.clone(),
        keys: Arc::clone(&stage.keys),
        scripts: Arc::new(Scripts::new()),
        shared: Shared::new("me".to_owned()),
        mirror: Arc::new(Mirror::new(Arc::clone(&board), hub, clock, Duration::from_secs(10))),
        outlet: Arc::default(),
        around: Around { board, venues, feeds, clock },
        wants: Wants::new(Arc::clone(&services.follows)),
        fetches_news: false,
        seed: 7,
    }
}

async fn publish(stage: &Stage, channel: &str, message: &[u8]) {
    let mut connection = stage.client.get_multiplexed_async_connection().await.unwrap();
    let heard: u64 = redis::cmd("PUBLISH").arg(channel).arg(message).query_async(&mut connection).await.unwrap();
    assert_eq!(heard, 1, "{channel}");
}

#[tokio::test]
async fn messages_of_no_use_are_counted_and_the_connection_goes_on() {
    let (stage, fixture) = (Stage::open(), Fixture::new());
    let session = session(&stage, &fixture);
    let (shared, token) = (Arc::clone(&session.shared), CancellationToken::new());
    let running = tokio::spawn(session.run(token.clone()));
    timeout(LIMIT, shared.grew.notified()).await.expect("it leads, and looks at the log");
    for message in [&b"\xff\xfe"[..], b"call of a later version"] {
        publish(&stage, &stage.keys.calls, message).await;
    }
    publish(&stage, &stage.keys.prices, b"{\"node\":\"\xc3\x28\"}").await;
    publish(&stage, &stage.keys.calls, b"news").await;
    timeout(LIMIT, shared.grew.notified()).await.expect("what comes after them is heard");
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    assert_eq!((count(&shared.counters.undecodable), count(&shared.counters.connections)), (3, 1));
    token.cancel();
    timeout(LIMIT, running).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_lease_that_is_not_given_back_is_spoken_of() {
    let (mut stage, fixture) = (Stage::open(), Fixture::new());
    let session = session(&stage, &fixture);
    assert_eq!(session.release().await, Ok(()), "there is none without a connection");
    session.shared.connected(stage.link().await);
    assert_eq!(session.release().await, Ok(()));
    // The node's key is no list of nodes, so the script fails.
    let _: String = stage.ask(&["SET", "m:nodes", "x"]).await;
    assert!(matches!(session.release().await, Err(link::LinkError::Trouble(_))));
    stage.server.pause();
    assert_eq!(session.release().await, Err(link::LinkError::Silent));
    stage.server.resume();
    stage.server.kill();
    assert!(session.release().await.is_err());
}

/// Takes one connection, and answers whatever comes on it with this.
async fn answering(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 1024]).await.unwrap();
        socket.write_all(answer).await.unwrap();
    });
    addr
}

#[tokio::test]
async fn why_there_is_no_connection_is_said() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let of_another_kind = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    for (url, expected) in [
        (format!("redis://{gone}"), link::LinkError::Unreachable),
        (format!("redis://{}", answering(b"").await), link::LinkError::Closed),
        (format!("rediss://{}", answering(of_another_kind).await), link::LinkError::Untrusted),
    ] {
        let client = Client::open(url.as_str()).unwrap();
        let opened = Link::open(&client, Arc::new(Keys::new("m")), Arc::new(Scripts::new())).await;
        assert_eq!(opened.map(|_| ()), Err(expected), "{url}");
    }
}
