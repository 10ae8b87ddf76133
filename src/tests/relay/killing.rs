//! Nodes that end without a word.

use std::time::Instant;

use market_pulse::model::freshness::Freshness;

use super::{
    LIMIT, World,
    node::Node,
    reporter::{Client, Reporter, goes_on},
    settled, until,
};
use crate::{
    news::{EXPLOIT, OUTLETS},
    sse::Reader,
};

/// Readers of each node.
const READERS: usize = 20;

async fn readers(node: &Node) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..READERS {
        clients.push(Client::connect(node.api()).await);
    }
    clients
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leader_dies_under_load_and_no_reader_misses_or_repeats_anything() {
    let world = World::open();
    let mut nodes = world.three_nodes().await;
    let leader = nodes.remove(0);
    let mut moving = readers(&leader).await;
    let mut staying = readers(&nodes[0]).await;
    staying.extend(readers(&nodes[1]).await);
    let reporter = Reporter::start(&world.feeds);
    until("news flows", async || staying.iter().chain(&moving).all(|client| client.count() >= 10)).await;

    let killed = Instant::now();
    leader.kill();
    until("another leads", async || nodes[0].is("leader").await || nodes[1].is("leader").await).await;
    println!("another node led {:?} after the leader died", killed.elapsed());
    for (n, client) in moving.iter_mut().enumerate() {
        client.move_to(nodes[n % 2].api()).await;
    }
    settled(&mut nodes).await;
    staying.append(&mut moving);
    goes_on(reporter, &staying).await;
    assert!(nodes[1].dials() == 0, "one node at a time asks the exchanges");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_next_leader_reaches_no_exchange_no_node_goes_on_showing_prices_as_live() {
    let world = World::open();
    let leader = Node::start(&world).await;
    until("prices", async || leader.is("leader").await && leader.has_live_prices()).await;
    let others = [Node::start_cut_off(&world).await, Node::start_cut_off(&world).await];
    until("they show them", async || others.iter().all(Node::has_live_prices)).await;
    leader.kill();
    until("another leads", async || others[0].is("leader").await || others[1].is("leader").await).await;
    let is_down = |node: &Node| node.ticker("BTC").is_some_and(|ticker| ticker.freshness == Freshness::Down);
    until("they say so", async || others.iter().all(is_down)).await;
    // What Redis still has is of the leader before.
    let fresh = Node::start_cut_off(&world).await;
    until("a price", async || fresh.ticker("BTC").is_some()).await;
    assert!(is_down(&fresh));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_dies_and_its_readers_go_on_at_the_others() {
    let world = World::open();
    let mut nodes = world.three_nodes().await;
    let follower = nodes.remove(1);
    let mut clients = readers(&follower).await;
    let reporter = Reporter::start(&world.feeds);
    until("news flows", async || clients.iter().all(|client| client.count() >= 10)).await;
    follower.kill();
    for (n, client) in clients.iter_mut().enumerate() {
        client.move_to(nodes[n % 2].api()).await;
    }
    goes_on(reporter, &clients).await;
    assert!(nodes[0].is("leader").await, "nothing else has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_stops_hands_over_at_once() {
    let world = World::open();
    let mut nodes = world.three_nodes().await;
    let client = Client::connect(nodes[1].api()).await;
    let reporter = Reporter::start(&world.feeds);
    until("news flows", async || client.count() >= 5).await;
    nodes.remove(0).stop().await;
    settled(&mut nodes).await;
    goes_on(reporter, &[client]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_breaking_is_told_once_over_a_change_of_the_leader() {
    let world = World::open();
    let mut nodes = world.three_nodes().await;
    let mut reader = Reader::open(nodes[1].api(), "/api/sse?events=news,breaking,breaking_update,story_update").await;
    for (outlet, title) in OUTLETS.iter().zip(EXPLOIT).take(3) {
        world.feeds.publish(outlet, title);
    }
    let told = |events: &[crate::sse::Event], name: &str| events.iter().filter(|event| event.name == name).count();
    reader.until(LIMIT, |events| told(events, "breaking") == 1 && told(events, "news") == 3).await;

    nodes.remove(0).kill();
    settled(&mut nodes).await;
    world.feeds.publish(OUTLETS[3], EXPLOIT[3]);
    let fourth = |event: &crate::sse::Event| {
        event.name == "story_update" && event.data["sources"].as_array().unwrap().len() == 4
    };
    let heard = reader.until(LIMIT, |events| events.iter().any(fourth)).await;
    assert_eq!((told(&heard, "breaking"), told(&heard, "news")), (0, 1), "{heard:#?}");
    for node in &nodes {
        until("one story", async || {
            let stories = node.get("/api/news/stories").await;
            stories["stories"].as_array().unwrap().len() == 1 && stories["stories"][0]["articles"] == 4
        })
        .await;
    }
}
