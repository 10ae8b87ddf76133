//! The whole of it over real sockets of this machine.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::watch,
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

use super::{
    dialer::TcpDialer,
    event::Origin,
    http_client::HttpClient,
    peer::{binance_ticker, symbols},
    *,
};
use crate::wire::status::ConnectionState;

const LIMIT: Duration = Duration::from_secs(20);

/// Serves one WebSocket that answers every text with a BTC ticker.
async fn serve_stream(listener: TcpListener) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = accept_async(stream).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        if message.is_text() {
            socket.send(Message::text(binance_ticker("BTC"))).await.unwrap();
        }
    }
}

/// Answers every request with the 24 h ticker of BTC, or with a listing of PEPE.
async fn serve_rest(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 2048];
        let length = stream.read(&mut request).await.unwrap();
        let head = String::from_utf8_lossy(&request[..length]);
        let body = if head.starts_with("GET /binance/api/v3/exchangeInfo?") {
            r#"{"symbols":[{"symbol":"PEPEUSDT","status":"TRADING","baseAsset":"PEPE","quoteAsset":"USDT"}]}"#
        } else {
            assert!(head.starts_with("GET /binance/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22%5D HTTP/1.1"), "{head}");
            r#"[{"symbol":"BTCUSDT","lastPrice":"9","volume":"5","closeTime":1763640000000}]"#
        };
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn a_venue_is_followed_over_real_sockets_until_the_shutdown() {
    let (stream, rest) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let config = VenueConfig {
        venue: binance::Binance.venue(),
        enabled: true,
        ws_urls: vec![format!("ws://{}/binance/stream", stream.local_addr().unwrap())],
        rest_urls: vec![format!("http://{}/binance", rest.local_addr().unwrap())],
    };
    let servers = [tokio::spawn(serve_stream(stream)), tokio::spawn(serve_rest(rest))];
    let (events, mut market) = mpsc::channel(64);
    let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
    let listings = Arc::new(Listings::new(1));
    let mut listed = listings.changes();
    let venues = start(VenuesSetup {
        configs: &[config],
        symbols: &symbols(&["BTC"]),
        demand: watch::Sender::default().subscribe(),
        listings: Arc::clone(&listings),
        dialer: Arc::new(TcpDialer::new().unwrap()),
        http: Arc::new(HttpClient::new().unwrap()),
        clock: Clock::System,
        seed: 1,
        events,
        shutdown: shutdown.clone(),
        tasks: &tasks,
    });
    let mut prices = Vec::new();
    while prices.len() < 2 {
        if let MarketEvent::Quote { quote, origin, .. } = timeout(LIMIT, market.recv()).await.unwrap().unwrap() {
            prices.push((origin == Origin::Stream, quote.last.get()));
        }
    }
    prices.sort_by_key(|(stream, _)| *stream);
    assert_eq!(prices, [(false, 9.0), (true, 10.0)]);
    while listings.symbols().is_empty() {
        timeout(LIMIT, listed.changed()).await.unwrap().unwrap();
    }
    assert_eq!(listings.symbols().into_iter().collect::<Vec<_>>(), symbols(&["PEPE"]));
    let status = &venues.board().snapshot(Clock::System.now())[0];
    assert_eq!(status.venue, binance::Binance.venue());
    assert!(matches!(status.state, ConnectionState::Connecting | ConnectionState::Connected));
    shutdown.cancel();
    tasks.close();
    timeout(LIMIT, tasks.wait()).await.unwrap();
    assert_eq!(venues.board().snapshot(Clock::System.now())[0].state, ConnectionState::Stopped);
    for server in servers {
        server.abort();
    }
}

#[test]
fn only_enabled_venues_take_part_in_the_registry_s_order() {
    let config = |venue, enabled| VenueConfig { venue, enabled, ws_urls: Vec::new(), rest_urls: Vec::new() };
    let configs: Vec<VenueConfig> =
        CONNECTORS.iter().rev().enumerate().map(|(n, c)| config(c.venue(), n != 1)).collect();
    let keys: Vec<String> = enabled(&configs).iter().map(|(connector, _)| connector.venue().to_string()).collect();
    assert_eq!(keys, ["binance", "okx"]);
}
