//! What a client of the WebSocket sees of all this.

use axum::Router;
use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use serde_json::{Value, json};
use tokio::{
    io::DuplexStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::CloseFrame},
};

use super::{
    news::{LIMIT, Newsroom, OTHERS, OUTLETS},
    stage::{Stage, VENUES},
};

/// Bytes that wait in each direction of a connection.
const BUFFER: usize = 64 * 1024;

/// A client that has been greeted.
pub struct Client(WebSocketStream<DuplexStream>);

impl Client {
    pub async fn open(api: &Router) -> Self {
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        let service = TowerToHyperService::new(api.clone());
        tokio::spawn(async move {
            // A connection that the other end drops is part of these tests.
            let _ended = http1::Builder::new().serve_connection(TokioIo::new(theirs), service).with_upgrades().await;
        });
        let (socket, _) = client_async("ws://localhost/api/ws", ours).await.unwrap();
        let mut client = Self(socket);
        assert_eq!(client.frame().await["type"], "connected");
        client
    }

    pub async fn subscribe(&mut self, channels: &[String], last_id: Option<&Value>) -> Value {
        let message = json!({ "op": "subscribe", "channels": channels, "lastEventId": last_id });
        self.0.send(Message::text(message.to_string())).await.unwrap();
        let answer = self.frame().await;
        assert_eq!(answer["type"], "subscribed", "{answer}");
        answer
    }

    pub async fn frame(&mut self) -> Value {
        let deadline = Instant::now() + LIMIT;
        loop {
            let message = timeout_at(deadline, self.0.next()).await.expect("a frame in time");
            match message.expect("the socket goes on").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("no text: {other:?}"),
            }
        }
    }

    async fn close(&mut self) -> Option<CloseFrame> {
        let reading = async {
            loop {
                if let Message::Close(frame) = self.0.next().await?.unwrap() {
                    return frame;
                }
            }
        };
        timeout(LIMIT, reading).await.expect("an end in time")
    }
}

fn tickers() -> Vec<String> {
    ["BTC", "ETH", "SOL", "BNB"].iter().map(|base| format!("ticker:{base}")).collect()
}

#[tokio::test(start_paused = true)]
async fn prices_come_at_once_move_and_say_how_fresh_they_are() {
    let stage = Stage::live().await;
    let mut client = Client::open(&stage.api).await;
    client.subscribe(&tickers(), None).await;
    let mut first = Vec::new();
    for _ in 0..4 {
        let frame = client.frame().await;
        assert_eq!((&frame["type"], &frame["data"]["sources"]), (&"ticker".into(), &3.into()));
        first.push(frame["channel"].as_str().unwrap().to_owned());
    }
    first.sort();
    let mut all = tickers();
    all.sort();
    assert_eq!(first, all, "a snapshot of each");
    let mut prices = std::collections::HashSet::new();
    while prices.len() < 10 {
        let frame = client.frame().await;
        if frame["channel"] == "ticker:BTC" {
            prices.insert(frame["data"]["price"].to_string());
        }
    }
    for venue in VENUES {
        stage.fault(venue, r#"{"fault":"refuse"}"#).await;
        stage.fault(venue, r#"{"fault":"disconnect"}"#).await;
    }
    let last = loop {
        let frame = client.frame().await;
        if frame["channel"] == "ticker:ETH" && frame["data"]["freshness"] == "down" {
            break frame;
        }
    };
    assert_eq!(last["data"]["sources"], 0, "nothing dead is shown as live");
    stage.close().await;
    let close = client.close().await.expect("a close frame");
    assert_eq!(u16::from(close.code), 1001);
    let retry: Value = serde_json::from_str(&close.reason).unwrap();
    assert_eq!(retry["shouldReconnect"], true);
    assert!((1000..6000).contains(&retry["delayMs"].as_u64().unwrap()), "{retry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_cut_off_for_a_while_and_by_a_restart_get_every_article_once() {
    let mut room = Newsroom::open().await;
    let channels = ["news", "breaking", "ticker:BTC"].map(str::to_owned);
    let mut client = Client::open(&room.api).await;
    let mut last_id = client.subscribe(&channels, None).await["id"].clone();
    let mut heard = Vec::new();
    for round in 0..3 {
        for (n, title) in OTHERS.iter().enumerate().skip(round * 2).take(2) {
            room.feeds.publish(OUTLETS[n % 4], title);
        }
        if round > 0 {
            // Nobody listens.
            room.until("/api/news", |answer| answer["totalCount"] == (round + 1) * 2).await;
            client = Client::open(&room.api).await;
            client.subscribe(&channels, Some(&last_id)).await;
        }
        while heard.len() < (round + 1) * 2 {
            let frame = client.frame().await;
            assert_ne!(frame["type"], "gap", "{frame}");
            if frame.get("id").is_some() {
                last_id = frame["id"].clone();
            }
            if frame["type"] == "news" {
                heard.push(frame["data"]["title"].as_str().unwrap().to_owned());
            }
        }
        drop(client);
        if round == 1 {
            room = room.restart().await;
        }
        client = Client::open(&room.api).await;
    }
    heard.sort();
    let mut expected = OTHERS.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(heard, expected, "each once");
    // A socket that is open when the server ends is part of what is waited for.
    client.subscribe(&channels[..1], None).await;
    let (closed, room) = tokio::join!(client.close(), room.restart());
    assert_eq!(closed.map(|frame| u16::from(frame.code)), Some(1001));
    drop(room);
}
