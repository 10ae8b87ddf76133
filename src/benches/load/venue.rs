//! A venue that says exactly what the bench wants, when it wants it.

use std::{
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpListener,
    sync::{broadcast, watch},
};
use tokio_tungstenite::tungstenite::Message;

/// The assets that are played.
pub const SYMBOLS: [&str; 20] = [
    "BTC", "ETH", "SOL", "BNB", "XRP", "DOGE", "ADA", "AVAX", "LINK", "DOT", "TRX", "LTC", "BCH", "NEAR", "UNI",
    "ATOM", "XLM", "APT", "ARB", "1INCH",
];

/// Speaks Binance's combined stream.
pub struct ScriptedVenue {
    addr: SocketAddr,
    frames: broadcast::Sender<String>,
    subscribed: watch::Receiver<bool>,
}

impl ScriptedVenue {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("a bound socket");
        let (frames, _) = broadcast::channel(1024);
        let (tell, subscribed) = watch::channel(false);
        let sender = frames.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                socket.set_nodelay(true).expect("a socket option");
                let (mut frames, tell) = (sender.subscribe(), tell.clone());
                tokio::spawn(async move {
                    // A REST request is no WebSocket: it is turned away.
                    let Ok(mut socket) = tokio_tungstenite::accept_async(socket).await else { return };
                    loop {
                        tokio::select! {
                            frame = frames.recv() => {
                                let Ok(frame) = frame else { return };
                                if socket.send(Message::text(frame)).await.is_err() { return }
                            }
                            request = socket.next() => match request {
                                Some(Ok(Message::Text(_))) => {
                                    if socket.send(Message::text("{\"result\":null,\"id\":1}")).await.is_err() { return }
                                    tell.send_replace(true);
                                }
                                Some(Ok(_)) => {}
                                _ => return,
                            }
                        }
                    }
                });
            }
        });
        Self { addr, frames, subscribed }
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits until the server has subscribed.
    pub async fn subscribed(&self) {
        self.subscribed.clone().wait_for(|yes| *yes).await.expect("the venue runs");
    }

    /// Sends one ticker.
    pub fn send(&self, symbol: &str, price: u32) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        let stream = symbol.to_lowercase();
        let frame = format!(
            "{{\"stream\":\"{stream}usdt@ticker\",\"data\":{{\"e\":\"24hrTicker\",\"E\":{now},\"s\":\"{symbol}USDT\",\"p\":\"0.00\",\
             \"P\":\"0.000\",\"w\":\"{price}\",\"x\":\"{price}\",\"c\":\"{price}\",\"Q\":\"1.0\",\"b\":\"{price}\",\"B\":\"1.0\",\
             \"a\":\"{price}\",\"A\":\"1.0\",\"o\":\"{price}\",\"h\":\"{price}\",\"l\":\"{price}\",\"v\":\"100.0\",\"q\":\"100.0\",\
             \"O\":{now},\"C\":{now},\"F\":1,\"L\":2,\"n\":2}}}}"
        );
        // Nobody listening is for `subscribed` to notice.
        let _readers = self.frames.send(frame);
    }
}
