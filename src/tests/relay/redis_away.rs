//! Redis ends, forgets, or says nothing.

use std::{sync::atomic::Ordering, time::Duration};

use market_pulse::model::freshness::Freshness;

use super::{
    World,
    node::{A_WHILE, Node},
    reporter::{Client, Reporter, goes_on, title},
    settled, until,
};
use crate::news::OUTLETS;

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_killed_and_comes_back_empty_under_load() {
    let mut world = World::open();
    let mut nodes = world.three_nodes().await;
    let mut clients = Vec::new();
    for node in &nodes {
        for _ in 0..10 {
            clients.push(Client::connect(node.api()).await);
        }
    }
    let reporter = Reporter::start(&world.feeds);
    until("news flows", async || clients.iter().all(|client| client.count() >= 10)).await;

    world.redis.kill();
    until("every node is alone", async || {
        nodes[0].is("alone").await && nodes[1].is("alone").await && nodes[2].is("alone").await
    })
    .await;
    for node in &nodes {
        until("prices of its own", async || node.dials() >= 3 && node.has_live_prices()).await;
        let health = node.get("/health").await;
        assert_eq!(
            (health["status"].as_str(), health["dependencies"]["cache"]["status"].as_str()),
            (Some("degraded"), Some("degraded"))
        );
        let moves = async || {
            let before = node.ticker("BTC").unwrap().timestamp;
            tokio::time::sleep(Duration::from_millis(300)).await;
            node.ticker("BTC").unwrap().timestamp > before
        };
        until("they move", moves).await;
    }
    let counts: Vec<usize> = clients.iter().map(Client::count).collect();
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(clients.iter().map(Client::count).collect::<Vec<_>>(), counts, "nobody writes the log meanwhile");

    world.redis.restart();
    settled(&mut nodes).await;
    until("news flows again", async || clients.iter().all(|client| client.count() >= reporter.published() - 20)).await;
    // Clients move while it does.
    for (n, client) in clients.iter_mut().enumerate() {
        client.move_to(nodes[n % 3].api()).await;
    }
    let count = reporter.stop().await;
    let heard = clients[0].heard_all(count).await;
    for client in &clients {
        assert_eq!(client.heard_all(count).await, heard);
    }
    for node in &nodes {
        assert!(node.dials() <= 12, "no storm at the exchanges: {}", node.dials());
        assert_eq!(node.counters().connections.load(Ordering::Relaxed), 2, "nor at Redis");
    }
    // A node that comes now finds what was told before Redis forgot it.
    let fresh = Node::start(&world).await;
    until("all of the news", async || fresh.get("/api/news?limit=1").await["totalCount"] == count).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_comes_back_with_what_it_had_and_everything_goes_on() {
    let mut world = World::with(crate::redis::RedisServer::lasting());
    let mut nodes = world.three_nodes().await;
    let client = Client::connect(nodes[1].api()).await;
    let reporter = Reporter::start(&world.feeds);
    until("news flows", async || client.count() >= 5).await;
    world.redis.restart();
    until("all know of it", async || nodes.iter().all(|node| node.counters().connections.load(Ordering::Relaxed) == 2))
        .await;
    settled(&mut nodes).await;
    goes_on(reporter, &[client]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_is_as_good_as_none_and_nothing_stays_live_that_is_old() {
    let world = World::open();
    let mut nodes = world.three_nodes().await;
    // Nobody reaches an exchange any more.
    for venue in ["binance", "bybit", "okx"] {
        world.fault(venue, r#"{"fault":"refuse"}"#).await;
        world.fault(venue, r#"{"fault":"disconnect"}"#).await;
    }
    until("the leader says so and the others with it", async || {
        nodes.iter().all(|node| node.ticker("BTC").unwrap().freshness == Freshness::Down)
    })
    .await;
    for venue in ["binance", "bybit", "okx"] {
        world.clear(venue).await;
    }
    settled(&mut nodes).await;

    world.redis.pause();
    for venue in ["binance", "bybit", "okx"] {
        world.fault(venue, r#"{"fault":"refuse"}"#).await;
        world.fault(venue, r#"{"fault":"disconnect"}"#).await;
    }
    for node in &nodes {
        let price = node.ticker("BTC").unwrap().price;
        until("marked as what it is", async || {
            let ticker = node.ticker("BTC").unwrap();
            (ticker.freshness, ticker.sources) == (Freshness::Down, 0)
        })
        .await;
        assert!((node.ticker("BTC").unwrap().price / price - 1.0).abs() < 0.05, "the last price stays");
        until("said so", async || node.role().await == "alone: Redis does not answer").await;
        assert_eq!(node.get("/health").await["status"], "degraded");
    }
    for venue in ["binance", "bybit", "okx"] {
        world.clear(venue).await;
    }
    until("prices of their own", async || nodes.iter().all(Node::has_live_prices)).await;
    world.redis.resume();
    settled(&mut nodes).await;
    world.feeds.publish(OUTLETS[0], &title(0));
    for node in &nodes {
        until("news", async || node.titles().await.len() == 1).await;
    }
}

/// How often nodes have given their own logs up for the shared one.
fn replaced(nodes: &[Node]) -> u64 {
    nodes.iter().map(|node| node.counters().logs_replaced.load(Ordering::Relaxed)).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_comes_back_with_an_older_state_and_nobody_misses_or_repeats_anything() {
    let mut world = World::open();
    let mut nodes = world.three_nodes().await;
    let mut clients = Vec::new();
    for node in &nodes {
        clients.push(Client::connect(node.api()).await);
    }
    let reporter = Reporter::start(&world.feeds);
    until("news flows", async || clients.iter().all(|client| client.count() >= 5)).await;
    world.redis.save();
    let joined = replaced(&nodes);
    let saved = clients[0].count();
    until("news flows on", async || clients.iter().all(|client| client.count() >= saved + 10)).await;
    world.redis.restart();
    until("all know of it", async || nodes.iter().all(|node| node.counters().connections.load(Ordering::Relaxed) == 2))
        .await;
    settled(&mut nodes).await;
    let restored = nodes.iter().map(|node| node.counters().editions_restored.load(Ordering::Relaxed)).sum::<u64>();
    assert!(restored > 0, "what it had forgotten was given back");
    goes_on(reporter, &clients).await;
    assert_eq!(replaced(&nodes), joined, "the log of each went on");
}
