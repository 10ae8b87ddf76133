//! Every fault that the simulator plays, and what the server makes of it.

use std::time::Duration;

use market_pulse::{
    model::{freshness::Freshness, ticker::Reason},
    wire::status::ConnectionState,
};

use super::stage::{Stage, VENUES};

const SECOND: Duration = Duration::from_secs(1);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// The other two venues go on as if nothing had happened.
fn others_are_live(stage: &Stage, victim: &str) -> bool {
    VENUES.iter().filter(|v| **v != victim).all(|v| stage.freshness("BTC", v) == Freshness::Live)
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_is_down_at_once_and_comes_back_by_itself() {
    for venue in VENUES {
        let stage = Stage::live().await;
        stage.fault(venue, r#"{"fault":"disconnect"}"#).await;
        stage.until(SECOND, "the venue is down", || stage.freshness("BTC", venue) == Freshness::Down).await;
        let part = stage.part("BTC", venue);
        assert!(!part.used && part.reason == Some(Reason::Down));
        assert_eq!((part.weight, stage.ticker("BTC").sources), (0.0, 2));
        assert!(others_are_live(&stage, venue) && stage.is_plausible("BTC"));
        stage.until(seconds(10), "it is back", || stage.ticker("BTC").sources == 3).await;
        assert_eq!(stage.status(venue).reconnects, 1);
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_refuses_is_tried_ever_less_often() {
    for venue in VENUES {
        let stage = Stage::live().await;
        stage.fault(venue, r#"{"fault":"refuse"}"#).await;
        stage.fault(venue, r#"{"fault":"disconnect"}"#).await;
        stage.until(SECOND, "the venue is down", || stage.freshness("BTC", venue) == Freshness::Down).await;
        stage
            .throughout(seconds(120), "it stays down, the others are live and the price is right", || {
                stage.freshness("BTC", venue) == Freshness::Down
                    && others_are_live(&stage, venue)
                    && stage.is_plausible("BTC")
            })
            .await;
        stage.clear(venue).await;
        // The longest wait between two tries is 30 s.
        stage.until(seconds(45), "it is back", || stage.ticker("BTC").sources == 3).await;
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_pongs_and_says_nothing_is_dead_within_30_seconds() {
    for venue in VENUES {
        let stage = Stage::live().await;
        stage.fault(venue, r#"{"fault":"stall"}"#).await;
        let quiet =
            stage.until(seconds(12), "it gets quiet", || stage.freshness("BTC", venue) == Freshness::Quiet).await;
        assert!(quiet >= seconds(9), "{venue}: quiet after {quiet:?}");
        assert!(stage.part("BTC", venue).used, "a quiet venue is still used");
        let down = stage.until(seconds(20), "it is dead", || stage.freshness("BTC", venue) == Freshness::Down).await;
        assert!(quiet + down <= seconds(30), "{venue}: dead after {:?}", quiet + down);
        assert!(others_are_live(&stage, venue));
        stage.clear(venue).await;
        stage.until(seconds(60), "it is back", || stage.ticker("BTC").sources == 3).await;
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_stops_among_others_is_named_and_gets_stale() {
    for venue in VENUES {
        let stage = Stage::live().await;
        stage.fault(venue, r#"{"fault":"stall_symbol","symbol":"ETH"}"#).await;
        stage
            .until(seconds(45), "ETH is named", || stage.status(venue).silent.iter().any(|s| s.as_str() == "ETH"))
            .await;
        stage.until(seconds(30), "ETH is stale", || stage.freshness("ETH", venue) == Freshness::Stale).await;
        assert_eq!(stage.part("ETH", venue).reason, Some(Reason::Stale));
        assert_eq!(stage.ticker("ETH").sources, 2);
        assert_eq!(stage.freshness("BTC", venue), Freshness::Live, "its neighbors go on");
        stage.clear(venue).await;
        stage.until(seconds(75), "ETH is back", || stage.freshness("ETH", venue) == Freshness::Live).await;
        stage.until(seconds(5), "nothing is silent", || stage.status(venue).silent.is_empty()).await;
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn garbage_is_counted_and_never_reaches_the_market() {
    for venue in VENUES {
        let stage = Stage::live().await;
        stage.fault(venue, r#"{"fault":"garbage"}"#).await;
        stage.until(seconds(30), "it is counted", || stage.status(venue).bad_frames > 0).await;
        stage
            .throughout(seconds(90), "the price is right", || {
                let ticker = stage.ticker("BTC");
                stage.is_plausible("BTC")
                    && ticker.price.is_finite()
                    && ticker.sources >= 2
                    && others_are_live(&stage, venue)
            })
            .await;
        assert!(stage.status(venue).reconnects > 0, "a socket on which garbage persists is dropped");
        stage.clear(venue).await;
        stage.until(seconds(60), "it is back", || stage.ticker("BTC").sources == 3).await;
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_outlier_is_left_out_until_it_is_back() {
    for venue in VENUES {
        let stage = Stage::live().await;
        let before = stage.ticker("BTC").price;
        stage.fault(venue, r#"{"fault":"outlier","symbol":"BTC"}"#).await;
        stage.until(seconds(5), "it is left out", || stage.part("BTC", venue).reason == Some(Reason::Outlier)).await;
        let part = stage.part("BTC", venue);
        assert!(!part.used && part.freshness == Freshness::Live && part.price.is_some());
        let ticker = stage.ticker("BTC");
        assert_eq!((ticker.sources, ticker.freshness), (2, Freshness::Live));
        assert!((ticker.price / before - 1.0).abs() < 0.02, "{before} → {}", ticker.price);
        assert_eq!(stage.ticker("ETH").sources, 3);
        stage.clear(venue).await;
        stage.until(seconds(5), "it is used again", || stage.ticker("BTC").sources == 3).await;
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_pinned_price_counts_with_its_weight() {
    let stage = Stage::live().await;
    let price = stage.ticker("BTC").price;
    let pinned = (price * 1.005 * 10.0).round() / 10.0;
    stage.pin("bybit", "BTC", pinned).await;
    stage.until(seconds(5), "the pin arrives", || stage.part("BTC", "bybit").price == Some(pinned)).await;
    let ticker = stage.ticker("BTC");
    let sum: f64 = ticker.venues.iter().filter(|v| v.used).map(|v| v.weight * v.price.unwrap()).sum();
    assert!((sum / ticker.price - 1.0).abs() < 1e-6, "weights times prices: {sum}, price: {}", ticker.price);
    // Back within 1 % matters only to one that was left out: between 1 and 2 % a newcomer stays.
    stage.pin("bybit", "BTC", (price * 1.03 * 10.0).round() / 10.0).await;
    stage.until(seconds(5), "3 % is too far", || !stage.part("BTC", "bybit").used).await;
    stage.pin("bybit", "BTC", (price * 1.015 * 10.0).round() / 10.0).await;
    stage.throughout(seconds(5), "1.5 % is not back yet", || !stage.part("BTC", "bybit").used).await;
    stage.clear("bybit").await;
    stage.until(seconds(5), "it is used again", || stage.part("BTC", "bybit").used).await;
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_latency_and_nothing_else() {
    for venue in VENUES {
        let stage = Stage::live().await;
        stage.fault(venue, r#"{"fault":"delay"}"#).await;
        let latency = || {
            let part = stage.part("BTC", venue);
            part.received_at.unwrap().since(part.timestamp.unwrap())
        };
        stage.until(seconds(10), "the delay shows", || latency() >= 1500).await;
        stage.throughout(seconds(60), "it stays live", || stage.freshness("BTC", venue) == Freshness::Live).await;
        assert_eq!(stage.status(venue).reconnects, 0);
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_half_open_socket_is_found() {
    for venue in VENUES {
        let stage = Stage::live().await;
        stage.fault(venue, r#"{"fault":"half_open"}"#).await;
        let took = stage.until(seconds(30), "it is down", || stage.freshness("BTC", venue) == Freshness::Down).await;
        assert!(took >= seconds(9), "{venue}: {took:?}");
        stage.clear(venue).await;
        stage.until(seconds(60), "it is back", || stage.ticker("BTC").sources == 3).await;
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_announced_end_costs_no_gap() {
    for venue in ["binance", "okx"] {
        let stage = Stage::live().await;
        stage.fault(venue, r#"{"fault":"shutdown_notice"}"#).await;
        stage
            .throughout(seconds(100), "the venue is live all along", || {
                stage.freshness("BTC", venue) == Freshness::Live && stage.part("BTC", venue).used
            })
            .await;
        assert!(stage.status(venue).reconnects >= 1, "{venue}: another socket took over");
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_region_is_named_and_not_stormed() {
    for venue in VENUES {
        let stage = Stage::live().await;
        stage.fault(venue, r#"{"fault":"region_block"}"#).await;
        stage.fault(venue, r#"{"fault":"disconnect"}"#).await;
        stage.until(seconds(30), "it is named", || stage.status(venue).state == ConnectionState::RegionBlocked).await;
        let status = stage.status(venue);
        assert!(status.detail.as_deref().is_some_and(|d| d.contains("region")), "{status:?}");
        let (code, health) = stage.get("/health").await;
        assert_eq!((code.as_u16(), health["status"].as_str()), (200, Some("degraded")));
        assert_eq!(health["dependencies"]["venues"][venue]["status"], "region_blocked");
        stage
            .throughout(seconds(120), "nothing is tried for minutes", || {
                stage.status(venue).state == ConnectionState::RegionBlocked && others_are_live(&stage, venue)
            })
            .await;
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_obeyed_and_passes() {
    for venue in VENUES {
        let stage = Stage::live().await;
        stage.fault(venue, r#"{"fault":"rate_limit","seconds":60}"#).await;
        stage.fault(venue, r#"{"fault":"disconnect"}"#).await;
        stage
            .throughout(seconds(50), "the others go on, and no region is blamed", || {
                others_are_live(&stage, venue)
                    && stage.is_plausible("BTC")
                    && stage.status(venue).state != ConnectionState::RegionBlocked
            })
            .await;
        if venue == "bybit" {
            // It asks those who came too often to stay away for ten minutes.
            let (now, status) = (stage.core.services.status().at, stage.status(venue));
            assert!(status.next_attempt_at.is_some_and(|next| next.since(now) > 8 * 60_000), "{status:?}");
        } else {
            stage.until(seconds(120), "it is back", || stage.ticker("BTC").sources == 3).await;
        }
        stage.close().await;
    }
}
