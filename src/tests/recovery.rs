//! All venues at once, and the way back.

use std::time::Duration;

use market_pulse::model::freshness::Freshness;

use super::stage::{Stage, VENUES};

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[tokio::test(start_paused = true)]
async fn a_start_has_prices_within_a_second_and_is_ready() {
    let stage = Stage::open().await;
    stage
        .until(seconds(2), "the first price", || stage.find("BTC").is_some_and(|t| t.freshness == Freshness::Live))
        .await;
    stage.until(seconds(5), "all venues", || stage.ticker("BTC").sources == 3).await;
    assert_eq!(stage.get("/ready").await.0, 200);
    let (code, price) = stage.get("/price/btc-usdt").await;
    assert_eq!((code.as_u16(), price["data"]["symbol"].as_str()), (200, Some("BTCUSDT")));
    assert_eq!(price["source"], "stream");
    stage.until(seconds(30), "sparklines", || stage.core.services.market.sparks().len() == 4).await;
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn with_all_venues_silent_nothing_is_shown_as_live_and_all_comes_back() {
    let stage = Stage::live().await;
    for venue in VENUES {
        stage.fault(venue, r#"{"fault":"stall"}"#).await;
    }
    let last = stage.ticker("BTC").price;
    stage
        .until(seconds(35), "nothing is live or quiet", || {
            ["BTC", "ETH", "SOL", "BNB"].iter().all(|s| !stage.ticker(s).freshness.usable())
        })
        .await;
    let ticker = stage.ticker("BTC");
    assert_eq!((ticker.sources, ticker.freshness), (0, Freshness::Down));
    assert!((ticker.price / last - 1.0).abs() < 0.05, "the last price stays: {last} → {}", ticker.price);
    assert!(ticker.venues.iter().all(|v| !v.used && v.weight == 0.0));
    let (_, price) = stage.get("/price/BTC").await;
    assert_eq!((price["data"]["freshness"].as_str(), price["source"].as_str()), (Some("down"), Some("cache")));
    let (code, health) = stage.get("/health").await;
    assert!(health["status"] != "healthy", "{code} {health}");

    for venue in VENUES {
        stage.clear(venue).await;
    }
    stage
        .until(seconds(60), "all live again", || {
            ["BTC", "ETH", "SOL", "BNB"].iter().all(|s| stage.ticker(s).sources == 3)
        })
        .await;
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn killing_the_venues_one_after_the_other_keeps_the_price_right_to_the_last() {
    let stage = Stage::live().await;
    for (killed, venue) in (1..).zip(VENUES) {
        stage.fault(venue, r#"{"fault":"refuse"}"#).await;
        stage.fault(venue, r#"{"fault":"disconnect"}"#).await;
        stage.until(seconds(1), "one venue fewer", || stage.ticker("BTC").sources == 3 - killed).await;
        assert!(stage.is_plausible("BTC"));
    }
    assert_eq!(stage.ticker("BTC").freshness, Freshness::Down);
    stage.clear("okx").await;
    stage.until(seconds(45), "one venue is enough", || stage.ticker("BTC").freshness == Freshness::Live).await;
    let ticker = stage.ticker("BTC");
    assert_eq!((ticker.sources, ticker.dispersion), (1, None));
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn two_that_differ_are_both_kept_and_said_to_disagree() {
    let stage = Stage::live().await;
    stage.fault("okx", r#"{"fault":"refuse"}"#).await;
    stage.fault("okx", r#"{"fault":"disconnect"}"#).await;
    stage.until(seconds(1), "two venues", || stage.ticker("BTC").sources == 2).await;
    assert!(stage.ticker("BTC").agree);
    stage.fault("bybit", r#"{"fault":"outlier","symbol":"BTC"}"#).await;
    stage.until(seconds(5), "they disagree", || !stage.ticker("BTC").agree).await;
    let ticker = stage.ticker("BTC");
    assert_eq!(ticker.sources, 2);
    assert!(ticker.dispersion.is_some_and(|d| d > 0.02) && stage.is_plausible("BTC"));
    stage.close().await;
}
