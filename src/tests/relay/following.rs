//! Every node answers alike.

use std::collections::BTreeMap;

use axum::Router;
use market_pulse::model::freshness::Freshness;
use serde_json::Value;

use super::{
    LIMIT, World,
    node::Node,
    reporter::{Client, Reporter},
    settled, until, until_fetches_were_due,
};
use crate::{
    news::{EXPLOIT, OUTLETS},
    sse::Reader,
};

/// Tickers of a symbol by id, as a client hears them.
async fn tickers(api: &Router, count: usize) -> BTreeMap<u64, Value> {
    let mut reader = Reader::open(api, "/api/realtime/BTC").await;
    let is_ticker = |event: &&crate::sse::Event| event.data["type"] == "ticker";
    let events = reader.until(LIMIT, |events| events.iter().filter(is_ticker).count() >= count).await;
    let ids: Vec<u64> = events.iter().filter(is_ticker).map(|event| event.id.unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    events.iter().filter(is_ticker).map(|event| (event.id.unwrap(), event.data["data"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_asks_the_exchanges_and_all_tell_the_same_prices_and_news() {
    let world = World::open();
    let nodes = world.three_nodes().await;
    assert!(nodes[0].dials() >= 3, "the leader is connected to every exchange");
    assert_eq!((nodes[1].dials(), nodes[2].dials()), (0, 0), "the others to none");

    let (leads, follows, too) =
        tokio::join!(tickers(nodes[0].api(), 60), tickers(nodes[1].api(), 60), tickers(nodes[2].api(), 60));
    for heard in [&follows, &too] {
        let common: Vec<&u64> = heard.keys().filter(|id| leads.contains_key(id)).collect();
        assert!(common.len() >= 20, "the same ids: {common:?}");
        assert!(common.iter().all(|id| leads[id] == heard[id]), "with the same figures");
    }

    let clients = [Client::connect(nodes[1].api()).await, Client::connect(nodes[2].api()).await];
    let reporter = Reporter::start(&world.feeds);
    until("some news", async || reporter.published() >= 15).await;
    let count = reporter.stop().await;
    let heard = [clients[0].heard_all(count).await, clients[1].heard_all(count).await];
    assert_eq!(heard[0], heard[1], "the same ids for the same news");
    let titles = nodes[0].titles().await;
    assert_eq!(titles.len(), count);
    for node in &nodes[1..] {
        until("the same archive", async || node.titles().await == titles).await;
        let sources = node.get("/api/sources").await;
        assert!(sources["sources"].to_string().contains("\"state\":\"ok\""), "as the leader says it: {sources}");
        let health = node.get("/health").await;
        assert_eq!(health["dependencies"]["cache"]["status"], "ok", "{health}");
        assert_eq!(health["dependencies"]["venues"]["okx"]["status"], "connected", "as the leader says it: {health}");
    }
    // Pages start with the same stories.
    let front = |node: &Node| node.front();
    assert_eq!(front(&nodes[1]), front(&nodes[0]));
    assert_eq!(front(&nodes[2]), front(&nodes[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_node_answers_at_once_though_it_reaches_no_exchange() {
    let world = World::open();
    let nodes = world.three_nodes().await;
    for (outlet, title) in OUTLETS.iter().zip(["Harbor Bank opens a desk in Lisbon", "Miners in Texas power down"]) {
        world.feeds.publish(outlet, title);
    }
    until("news", async || nodes[0].titles().await.len() == 2).await;

    let fresh = Node::start_cut_off(&world).await;
    until("prices and news", async || fresh.has_live_prices() && fresh.titles().await.len() == 2).await;
    until("its part", async || fresh.role().await.starts_with("follower of ")).await;
    assert_eq!(fresh.dials(), 0);
    // Its readers are told what comes, under the same ids.
    let mut readers = Vec::new();
    for node in [&nodes[0], &fresh] {
        readers.push(Reader::open(node.api(), "/api/sse?events=news").await);
    }
    world.feeds.publish(OUTLETS[2], "Kestrel Labs raises $80 million for its wallet");
    let mut heard = Vec::new();
    for reader in &mut readers {
        let events = reader.until(LIMIT, |events| events.iter().any(|event| event.name == "news")).await;
        heard.push(
            events.into_iter().find(|event| event.name == "news").map(|event| (event.id, event.data["title"].clone())),
        );
    }
    assert_eq!(heard[0], heard[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_a_log_of_its_own_takes_over_the_shared_one() {
    let world = World::open();
    let single = Node::start_alone(&world).await;
    world.feeds.publish(OUTLETS[0], "Harbor Bank opens a desk in Lisbon");
    let mut reader = Reader::open(single.api(), "/api/sse?events=news").await;
    let heard = reader.until(LIMIT, |events| events.iter().any(|event| event.name == "news")).await;
    let foreign = heard.last().unwrap().id.unwrap();
    drop(reader);
    let folder = single.stop().await;

    let nodes = world.three_nodes().await;
    until("news", async || nodes[0].titles().await.len() == 1).await;
    let joined = Node::start_in(&world, folder, true).await;
    let mut reader = Reader::open(joined.api(), &format!("/api/sse?events=news&lastEventId={foreign}")).await;
    until("its part", async || joined.role().await.starts_with("follower of ") && !joined.role().await.contains(':'))
        .await;
    world.feeds.publish(OUTLETS[1], "Miners in Texas power down");
    let heard = reader
        .until(LIMIT, |events| events.iter().any(|event| event.data["title"] == "Miners in Texas power down"))
        .await;
    let gaps: Vec<&Value> = heard.iter().filter(|event| event.name == "gap").map(|event| &event.data).collect();
    assert_eq!(gaps.len(), 1, "{heard:#?}");
    assert_eq!(
        (gaps[0]["from"].as_str(), gaps[0]["reason"].as_str()),
        (Some(&*foreign.to_string()), Some("restarted"))
    );
    // A client of the shared log goes on here, too.
    let id = heard.last().unwrap().id.unwrap();
    let mut here = Reader::open(joined.api(), &format!("/api/sse?events=news&lastEventId={}", id - 1)).await;
    let mut there = Reader::open(nodes[1].api(), &format!("/api/sse?events=news&lastEventId={}", id - 1)).await;
    for reader in [&mut here, &mut there] {
        let heard = reader.until(LIMIT, |events| events.iter().any(|event| event.name == "news")).await;
        assert!(heard.iter().all(|event| event.name != "gap"), "{heard:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_ahead_of_its_new_node_waits_for_it_and_one_of_another_log_is_told() {
    let world = World::open();
    let nodes = world.three_nodes().await;
    let tip = nodes[1].tip();
    // Nothing of this was ever given out.
    for from in [tip + 5, tip + 5_000_000, 17] {
        let mut reader = Reader::open(nodes[1].api(), &format!("/api/sse?events=news&lastEventId={from}")).await;
        let heard = reader.until(LIMIT, |events| events.iter().any(|event| event.name == "gap")).await;
        let gap = &heard.last().unwrap().data;
        assert_eq!((gap["from"].as_str(), gap["reason"].as_str()), (Some(&*from.to_string()), Some("restarted")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_redis_from_the_start_a_node_serves_prices_of_its_own_and_joins_when_there_is_one() {
    let mut world = World::open();
    world.redis.kill();
    let mut nodes = vec![Node::start(&world).await, Node::start(&world).await];
    until("prices", async || nodes.iter().all(Node::has_live_prices)).await;
    for node in &nodes {
        assert_eq!(node.role().await, "alone: Redis can't be reached");
        assert_eq!(node.get("/health").await["status"], "degraded");
        assert_eq!(node.ticker("BTC").unwrap().freshness, Freshness::Live);
    }
    world.feeds.publish(OUTLETS[0], EXPLOIT[0]);
    until_fetches_were_due(&nodes[0]).await;
    assert!(nodes[0].titles().await.is_empty(), "nobody writes the log");
    world.redis.restart();
    settled(&mut nodes).await;
    for node in &nodes {
        until("news", async || node.titles().await.len() == 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_away_catches_up_and_says_so_where_it_can_t() {
    let world = World::open();
    let mut nodes = world.three_nodes().await;
    let away = nodes.remove(2);
    let mut client = Client::connect(away.api()).await;
    let reporter = Reporter::start(&world.feeds);
    until("some news", async || client.count() >= 5).await;
    let folder = away.stop().await;
    let before = reporter.published();
    until("more news", async || reporter.published() >= before + 15).await;
    let back = Node::start_in(&world, folder, true).await;
    client.move_to(back.api()).await;
    let before = client.count();
    until("news flows again", async || client.count() >= before + 15).await;
    let count = reporter.stop().await;
    client.heard_all(count).await;

    // Away for longer than Redis keeps the log.
    let tip = back.tip();
    let folder = back.stop().await;
    world.feeds.publish(OUTLETS[0], "Harbor Bank opens a desk in Lisbon");
    until("news", async || nodes[0].tip() > tip && nodes[0].get("/api/news?limit=1").await["totalCount"] == count + 1)
        .await;
    world.redis.command("XTRIM test:editions MAXLEN 0");
    let lost_upto = nodes[0].tip();
    let back = Node::start_in(&world, folder, true).await;
    let mut reader = Reader::open(back.api(), &format!("/api/sse?events=news&lastEventId={tip}")).await;
    until("its part", async || back.role().await.starts_with("follower of ") && !back.role().await.contains(':')).await;
    world.feeds.publish(OUTLETS[1], "Miners in Texas power down");
    let heard = reader.until(LIMIT, |events| events.iter().any(|event| event.name == "news")).await;
    let told: Vec<(&str, Option<u64>)> = heard.iter().map(|event| (event.name.as_str(), event.id)).collect();
    assert_eq!(told[..2], [("connected", Some(tip)), ("gap", Some(lost_upto))], "{heard:#?}");
    assert_eq!(heard[1].data["reason"], "expired");
    assert_eq!(heard[2].data["title"], "Miners in Texas power down");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_symbol_on_demand_reaches_readers_of_every_node_and_is_asked_of_the_exchanges_by_the_leader_alone() {
    let world = World::open();
    let mut nodes = world.three_nodes().await;
    for node in &nodes {
        until("the listings", async || node.supports("AAVE").await).await;
    }
    let three = |event: &crate::sse::Event| event.data["data"]["sources"] == 3;
    let mut readers = Vec::new();
    for node in &nodes[1..] {
        let mut reader = Reader::open(node.api(), "/api/realtime/AAVE").await;
        reader.until(LIMIT, |events| events.iter().any(three)).await;
        readers.push(reader);
    }
    assert_eq!((nodes[1].dials(), nodes[2].dials()), (0, 0));
    assert_eq!(nodes[0].ticker("AAVE").unwrap().sources, 3, "the leader follows it for them");
    let unlisted = nodes[1].get("/price/NOPE").await;
    assert_eq!(unlisted["error"]["code"], "unknown_symbol", "{unlisted}");
    // Another leader goes on with what is wanted.
    nodes.remove(0).kill();
    drop(readers.remove(0));
    settled(&mut nodes).await;
    let mut late = Reader::open(nodes[1].api(), "/api/realtime/AAVE").await;
    let ids = |events: &[crate::sse::Event]| events.iter().filter_map(|event| event.id).max();
    let heard = late.until(LIMIT, |events| events.iter().filter(|event| three(event)).count() >= 5).await;
    let before = ids(&heard).unwrap();
    let heard = readers[0].until(LIMIT, |events| ids(events) > Some(before)).await;
    assert!(heard.iter().any(three), "{heard:#?}");
}
