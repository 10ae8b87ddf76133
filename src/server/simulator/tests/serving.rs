use tokio::{net::TcpListener, time::sleep};

use super::*;
use crate::server::simulator::{
    serve,
    testing::{Ended, get},
};

#[tokio::test(start_paused = true)]
async fn every_exchange_goes_on_without_a_break() {
    let world = World::start();
    let mut binance = world.binance(&["1inchusdt@ticker"]).await;
    let mut okx = world.okx("public", "tickers", &["1INCH-USDT"]).await;
    let mut bybit = world.bybit(&["tickers.1INCHUSDT"]).await;
    let (mut pushes, mut longest) = ([0_usize; 3], 0);
    for _ in 0..40 {
        for (i, socket) in [&mut binance, &mut okx, &mut bybit].into_iter().enumerate() {
            let texts = socket.texts(10 * SECOND).await;
            pushes[i] += texts.len();
            longest = longest.max(usize::from(texts.is_empty()));
        }
    }
    assert_eq!(longest, 0, "ten seconds without a word");
    assert!(pushes.iter().all(|n| *n > 300), "{pushes:?}");
    for socket in [&mut binance, &mut okx, &mut bybit] {
        assert_eq!(socket.ended(SECOND).await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_closes_every_socket() {
    let world = World::start();
    let mut sockets = [
        world.binance(&["btcusdt@ticker"]).await,
        world.bybit(&["tickers.BTCUSDT"]).await,
        world.okx("public", "tickers", &["BTC-USDT"]).await,
    ];
    world.shutdown.cancel();
    for socket in &mut sockets {
        assert!(matches!(socket.ended(5 * SECOND).await, Some(Ended::Closed { code: 1001, .. })));
    }
    sleep(10 * SECOND).await;
    assert_eq!(get(&world.router, "/control").await.json()["venues"]["okx"]["sockets"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_keep_up_is_dropped() {
    let world = World::start();
    let symbols: Vec<String> =
        default_symbols().iter().map(|s| format!("{}usdt@depth20@100ms", s.as_str().to_lowercase())).collect();
    let names: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let _silent = world.binance(&names).await;
    let open = || get(&world.router, "/control/binance");
    assert_eq!(open().await.json()["sockets"], 1);
    for _ in 0..200 {
        sleep(SECOND).await;
    }
    assert_eq!(open().await.json()["sockets"], 0);
}

#[tokio::test]
async fn it_serves_on_a_port_and_ends_on_its_token() {
    let settings =
        SimulatorSettings { seed: 1, symbols: default_symbols(), clock: Clock::System, news: NewsMode::Playing };
    let simulator = Simulator::new(settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let served = tokio::spawn(serve(listener, simulator.clone(), shutdown.clone()));
    let (mut socket, _) =
        tokio_tungstenite::connect_async(format!("ws://{base}/binance/ws/btcusdt@ticker")).await.unwrap();
    let first = futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap();
    assert!(first.into_text().unwrap().contains("24hrTicker"));
    shutdown.cancel();
    drop(socket);
    served.await.unwrap().unwrap();

    let urls = serde_json::to_value(simulator.urls(base)).unwrap();
    assert_eq!(
        urls["okx"],
        json!({
            "ws": format!("ws://{base}/okx/ws/v5/public"), "business_ws": format!("ws://{base}/okx/ws/v5/business"),
            "rest": format!("http://{base}/okx"),
        })
    );
    assert_eq!(urls["binance"]["rest"], format!("http://{base}/binance"));
    assert_eq!(urls["control"], format!("http://{base}/control"));
    assert_eq!(urls["news"]["control"], format!("http://{base}/control/news"));
    assert_eq!(urls["news"]["feeds"][0]["url"], format!("http://{base}/news/ledger_wire.xml"));
}

#[tokio::test(start_paused = true)]
async fn the_overview_says_that_it_is_simulated() {
    let world = World::start();
    assert_eq!(get(&world.router, "/").await.json()["simulated"], true);
    assert_eq!(get(&world.router, "/nowhere").await.status, 404);
}
