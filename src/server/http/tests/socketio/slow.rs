//! Slow readers: each gets the newest, none gets a backlog, and nobody waits for them.

use super::*;

/// Rounds of prices while a reader sleeps.
const ROUNDS: u32 = 200;

async fn publish(fixture: &Fixture, rounds: std::ops::RangeInclusive<u32>) {
    for n in rounds {
        for base in ["BTC", "ETH", "SOL"] {
            fixture.post(ticker(base, f64::from(n)));
        }
        sleep(MOMENT).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_stopped_for_a_while_goes_on_with_the_newest() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut fast = Socket::enter(&app).await;
    let mut slow = Socket::over(dial(&app, 2048)).await;
    for socket in [&mut fast, &mut slow] {
        socket.say(&subscribe(&["BTC", "ETH", "SOL"])).await;
        assert_eq!(socket.told().await, ["subscribed BTCUSDT ETHUSDT SOLUSDT"]);
    }
    publish(&fixture, 1..=ROUNDS).await;
    let told = fast.told().await;
    assert_eq!(told.len(), 3 * usize::try_from(ROUNDS).expect("small"), "nothing is held back from the other");
    let told = slow.told().await;
    let newest = [format!("BTCUSDT {ROUNDS}"), format!("ETHUSDT {ROUNDS}"), format!("SOLUSDT {ROUNDS}")];
    assert!(newest.iter().all(|price| told.contains(price)), "{told:?}");
    assert!(told.len() < 30, "what fits the connection, and a round or two: {}", told.len());
    publish(&fixture, ROUNDS + 1..=ROUNDS + 1).await;
    assert_eq!(slow.told().await.len(), 3, "and it is current again");
}

#[tokio::test(start_paused = true)]
async fn a_poller_that_stopped_for_a_while_goes_on_with_the_newest() {
    let fixture = Fixture::new();
    let mut polling = Polling::enter(&app(&fixture)).await;
    polling.say(subscribe(&["BTC", "ETH", "SOL"])).await;
    assert_eq!(polling.told().await, ["subscribed BTCUSDT ETHUSDT SOLUSDT"]);
    publish(&fixture, 1..=ROUNDS).await;
    let told = polling.told().await;
    let newest = [format!("BTCUSDT {ROUNDS}"), format!("ETHUSDT {ROUNDS}"), format!("SOLUSDT {ROUNDS}")];
    assert!(newest.iter().all(|price| told.contains(price)), "{told:?}");
    assert!(told.len() <= 9, "a round or two, then the newest: {told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_takes_nothing_is_dropped_and_delays_nobody() {
    let fixture = Fixture::with(|config| config.limits.stall_s = 10);
    let app = app(&fixture);
    let mut fast = Socket::enter(&app).await;
    let mut stuck = Socket::over(dial(&app, 256)).await;
    for socket in [&mut fast, &mut stuck] {
        socket.say(&subscribe(&["BTC", "ETH", "SOL"])).await;
        assert_eq!(socket.told().await, ["subscribed BTCUSDT ETHUSDT SOLUSDT"]);
    }
    assert_eq!(fixture.services.hub.streams(), 2);
    for n in 1..=300_u32 {
        fixture.post(ticker("BTC", f64::from(n)));
        assert_eq!(brief(&fast.packet().await), format!("BTCUSDT {n}"));
        sleep(MOMENT).await;
    }
    assert_eq!(fixture.services.hub.streams(), 1);
    assert_eq!(fixture.services.hub.subscriptions()[0].1, 1);
    assert!(stuck.rest().await.len() < 10, "what was under way");
}

#[tokio::test(start_paused = true)]
async fn one_that_reads_again_just_as_it_is_dropped_hears_why() {
    let fixture = Fixture::with(|config| config.limits.stall_s = 10);
    let app = app(&fixture);
    let mut stuck = Socket::over(dial(&app, 256)).await;
    stuck.say(&subscribe(&["BTC", "ETH", "SOL"])).await;
    assert_eq!(stuck.told().await, ["subscribed BTCUSDT ETHUSDT SOLUSDT"]);
    for n in 1..=1000_u32 {
        fixture.post(ticker("BTC", f64::from(n)));
        sleep(MOMENT).await;
        if fixture.services.hub.subscriptions().is_empty() {
            break;
        }
    }
    assert_eq!(stuck.rest().await.last().map(String::as_str), Some("stream_error too_slow"));
    streams(&fixture, 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_poller_that_never_comes_back_is_dropped() {
    let fixture = Fixture::with(|config| config.limits.stall_s = 10);
    let app = app(&fixture);
    let mut polling = Polling::enter(&app).await;
    polling.say(subscribe(&["BTC"])).await;
    assert_eq!(polling.told().await, ["subscribed BTCUSDT"]);
    for n in 1..=300_u32 {
        fixture.post(ticker("BTC", f64::from(n)));
        sleep(MOMENT).await;
    }
    assert_eq!(fixture.services.hub.streams(), 0);
    let (status, _, body) = json(get(&app, &polling.uri()).await).await;
    assert_eq!((status.as_u16(), &body["message"]), (400, &Value::from("Session ID unknown")));
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_one_byte_at_a_time_holds_up_nobody() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let fixture = Fixture::with(|config| config.limits.stall_s = 10);
    let app = app(&fixture);
    let mut fast = Socket::enter(&app).await;
    fast.say(&subscribe(&["BTC"])).await;
    assert_eq!(fast.told().await, ["subscribed BTCUSDT"]);
    let mut slow = dial(&app, 64);
    let head = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n\
                upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    let (mut reading, mut writing) = tokio::io::split(&mut slow);
    let say = async {
        writing.write_all(head.as_bytes()).await.expect("written");
        for packet in ["40".to_owned(), subscribe(&["BTC"])] {
            // A masked frame of text; a mask of zeros changes nothing.
            let length = u8::try_from(packet.len()).expect("short");
            writing.write_all(&[0x81, 0x80 | length, 0, 0, 0, 0]).await.expect("written");
            writing.write_all(packet.as_bytes()).await.expect("written");
            sleep(Duration::from_secs(1)).await;
        }
    };
    let read = async {
        let mut byte = [0];
        while let Ok(1) = reading.read(&mut byte).await {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let follow = async {
        // Shorter than its ping may go unanswered.
        for n in 1..=250_u32 {
            fixture.post(ticker("BTC", f64::from(n)));
            assert_eq!(brief(&fast.packet().await), format!("BTCUSDT {n}"));
            sleep(MOMENT).await;
        }
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(say, read) } => panic!("it ended"),
        () = follow => {}
    }
    assert_eq!(fixture.services.hub.streams(), 2, "who takes a byte now and then is slow, not gone");
}
