//! Connections that end on announcement: the next one delivers before the old one goes.

use tokio::time::timeout;

use super::*;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn an_announced_end_is_bridged() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut old, _) = stage.peer(SECOND).await;
    old.repeat(&binance_ticker("BTC"), SECOND, 12 * SECOND).await;
    old.say(r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#).await;
    let (mut new, said) = stage.peer(SECOND).await;
    assert!(said.contains("SUBSCRIBE"));
    assert!(old.say(&binance_ticker("BTC")).await, "the old one is still there");
    new.say(&binance_ticker("BTC")).await;
    let gone = timeout(SECOND, old.hear()).await.expect("it goes when the new one delivers");
    assert_eq!(gone, None);
    new.repeat(&binance_ticker("BTC"), SECOND, 5 * SECOND).await;
    let (links, quotes) = stage.so_far();
    assert_eq!(links, [true], "nobody noticed");
    assert!(quotes >= 19, "{quotes}");
    assert_eq!((stage.status().state, stage.status().reconnects), (ConnectionState::Connected, 1));
}

#[tokio::test(start_paused = true)]
async fn an_end_that_comes_before_the_successor_delivers_is_told() {
    let mut stage = Stage::new(&Okx, &["BTC"]);
    let (mut old, _) = stage.peer(SECOND).await;
    old.repeat(OKX_BTC, SECOND, 12 * SECOND).await;
    old.say(r#"{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade."}"#)
        .await;
    let (mut new, _) = stage.peer(SECOND).await;
    drop(old);
    sleep(SECOND).await;
    assert_eq!(stage.so_far().0, [true, false]);
    assert_eq!(stage.status().state, ConnectionState::Connecting);
    new.say(OKX_BTC).await;
    assert!(stage.link(SECOND).await);
    sleep(SECOND).await;
    assert_eq!(stage.status().state, ConnectionState::Connected);
}

#[tokio::test(start_paused = true)]
async fn a_loss_right_after_the_change_over_is_told_at_once() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut old, _) = stage.peer(SECOND).await;
    old.repeat(&binance_ticker("BTC"), SECOND, 12 * SECOND).await;
    old.say(r#"{"e":"serverShutdown","E":1770123456789}"#).await;
    let (mut new, _) = stage.peer(SECOND).await;
    new.say(&binance_ticker("BTC")).await;
    sleep(Duration::from_millis(10)).await;
    assert_eq!(stage.so_far().0, [true]);
    // The old one does not answer its polite end, and is not waited for.
    drop(new);
    assert!(!stage.link(Duration::from_millis(100)).await);
    drop(old);
}

#[tokio::test(start_paused = true)]
async fn a_successor_that_fails_is_tried_again_while_the_old_one_delivers() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let (mut old, _) = stage.peer(SECOND).await;
    old.repeat(&binance_ticker("BTC"), SECOND, 12 * SECOND).await;
    old.say(r#"{"e":"serverShutdown","E":1770123456789}"#).await;
    let old = feed(old);
    for _ in 0..3 {
        stage.arrival(SOON).await.refuse("502 Bad Gateway").await;
    }
    let (mut new, _) = stage.peer(SOON).await;
    assert!(!old.is_finished());
    new.say(&binance_ticker("BTC")).await;
    timeout(SECOND, old).await.expect("the old one goes").unwrap();
    assert_eq!(stage.so_far().0, [true]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sends_everybody_away_at_once_sees_no_storm() {
    let mut stage = Stage::new(&Binance, &["BTC"]);
    let start = Instant::now();
    let mut attempts = 0;
    while start.elapsed() < Duration::from_mins(10) {
        let (mut peer, _) = stage.peer(SOON).await;
        attempts += 1;
        peer.say(&binance_ticker("BTC")).await;
        peer.say(r#"{"e":"serverShutdown","E":1770123456789}"#).await;
        drop(feed(peer));
        stage.so_far();
    }
    assert!(attempts < 120, "{attempts}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_replaced_before_the_venue_s_greatest_age() {
    let mut rules = Binance.rules();
    rules.change_over = Some(HOUR);
    let mut stage = Stage::with_rules(&Binance, &["BTC"], rules, 5);
    let (old, _) = stage.peer(SECOND).await;
    let opened = Instant::now();
    let old = feed(old);
    let drain = async {
        while let Some(event) = stage.events.recv().await {
            assert!(!matches!(event, MarketEvent::Link { up: false, .. }), "the link went down");
        }
    };
    let next = async {
        let peer = stage.arrivals.recv().await.unwrap().accept().await;
        let age = opened.elapsed();
        assert!(age > HOUR.mul_f64(0.99) && age < HOUR.mul_f64(1.01), "{age:?}");
        let new = feed(peer);
        let (left, _) = timeout(HOUR, old).await.expect("the old one goes").unwrap();
        assert!(left - opened < HOUR.mul_f64(1.02));
        sleep(10 * SECOND).await;
        assert!(!new.is_finished());
    };
    tokio::select! {
        () = drain => panic!("the events ended"),
        () = next => {}
    }
}

#[test]
fn binance_is_left_before_its_twenty_four_hours() {
    let age = Binance.rules().change_over.unwrap();
    assert!(age.mul_f64(1.003) < Duration::from_hours(24) && age > Duration::from_hours(23));
}
