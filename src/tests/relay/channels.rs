//! Named channels are the same at every node.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::{LIMIT, World, node::Node, settled, until};
use crate::{
    sse::{Event, Reader},
    ws::Client,
};

const TRAINING: &str = "/api/v1/channels/training/events";

fn progress(n: usize) -> Value {
    json!({ "event": "training_progress",
            "data": { "task_id": "t", "progress": 50, "status": "running", "metrics": { "n": n } } })
}

/// Publishes how far a training is, wherever it can: goes on with the next node where one says to come back.
async fn train(nodes: &[&Node], n: usize) -> u64 {
    let trying = async {
        for node in nodes.iter().cycle().skip(n) {
            match node.send(Method::POST, TRAINING, &progress(n)).await {
                (202, answer) => return answer["data"]["id"].as_str().unwrap().parse().unwrap(),
                (503, answer) => {
                    assert_eq!(answer["error"]["code"], "channels_unavailable", "nothing was done: {answer}");
                    assert_eq!(answer["retry"]["shouldReconnect"], true);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("there is no node");
    };
    tokio::time::timeout(LIMIT, trying).await.expect("published")
}

/// What a process would find that is started again. No process has ended here, so the database of the node that was
/// killed may be held still.
fn as_after_a_crash(left: &TempDir) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(left.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

/// A reader of the trainings, which goes on where it was wherever it is sent.
struct Follower {
    task: Option<JoinHandle<()>>,
    heard: Arc<Mutex<Heard>>,
    count: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Heard {
    /// Numbers by id.
    numbers: BTreeMap<u64, u64>,
    last_id: Option<u64>,
    wrong: Vec<String>,
}

impl Follower {
    async fn at(api: &Router) -> Self {
        let mut follower = Self { task: None, heard: Arc::default(), count: Arc::default() };
        follower.move_to(api).await;
        follower
    }

    async fn move_to(&mut self, api: &Router) {
        self.leave().await;
        let last = self.heard.lock().unwrap().last_id;
        let resume = last.map(|id| format!("?lastEventId={id}")).unwrap_or_default();
        let mut reader = Reader::open(api, &format!("/api/v1/sse/training{resume}")).await;
        let (heard, count) = (Arc::clone(&self.heard), Arc::clone(&self.count));
        for event in reader.until(LIMIT, |events| !events.is_empty()).await {
            note(&heard, &event);
        }
        self.task = Some(tokio::spawn(async move {
            while let Some(events) = reader.next().await {
                for event in &events {
                    note(&heard, event);
                }
                count.store(heard.lock().unwrap().numbers.len(), Ordering::Relaxed);
            }
        }));
    }

    async fn leave(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // Either way it is over.
            let _ = task.await;
        }
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until it has heard what was published, and checks that it has heard nothing else, once and in order.
    async fn heard_all(&self, published: &BTreeMap<u64, u64>) {
        let waiting = async {
            while self.count() < published.len() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = tokio::time::timeout(LIMIT, waiting).await.is_ok();
        let heard = self.heard.lock().unwrap();
        assert!(in_time, "{} of {}: {:?}", heard.numbers.len(), published.len(), heard.wrong);
        assert_eq!(heard.wrong, Vec::<String>::new());
        assert_eq!(&heard.numbers, published, "under the ids that were answered");
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

fn note(heard: &Mutex<Heard>, event: &Event) {
    let mut heard = heard.lock().unwrap();
    let Some(id) = event.id else { return };
    match &*event.name {
        "training_progress" => {
            if let Some(last) = heard.last_id.filter(|last| id <= *last) {
                heard.wrong.push(format!("{id} after {last}"));
            }
            heard.numbers.insert(id, event.data["data"]["metrics"]["n"].as_u64().unwrap());
        }
        "connected" | "ping" => {}
        _ => heard.wrong.push(format!("{event:?}")),
    }
    heard.last_id = Some(id);
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_go_on_at_any_node_and_miss_nothing_while_nodes_die() {
    let world = World::open();
    let mut nodes = world.three_nodes().await;
    let mut followers = Vec::new();
    for n in 0..6 {
        followers.push(Follower::at(nodes[n % 3].api()).await);
    }
    let mut published = BTreeMap::new();
    let publish = async |nodes: &[&Node], published: &mut BTreeMap<u64, u64>, count: usize| {
        for _ in 0..count {
            let n = published.len();
            let id = train(nodes, n).await;
            assert!(published.insert(id, n as u64).is_none(), "no id is given out twice");
        }
    };
    publish(&nodes.iter().collect::<Vec<_>>(), &mut published, 30).await;
    // Followers move while it goes on.
    for (n, follower) in followers.iter_mut().enumerate() {
        follower.move_to(nodes[(n + 1) % 3].api()).await;
        publish(&[&nodes[n % 3]], &mut published, 3).await;
    }
    // The leader dies: publications need none.
    for follower in &followers {
        follower.heard_all(&published).await;
    }
    let left = nodes.remove(0).kill();
    for (n, follower) in followers.iter_mut().enumerate() {
        follower.move_to(nodes[n % 2].api()).await;
    }
    publish(&[&nodes[0], &nodes[1]], &mut published, 20).await;
    // It is back, and has what it missed. What comes now is on its way to it.
    let back = Node::start_in(&world, as_after_a_crash(&left), true).await;
    nodes.push(back);
    for follower in &mut followers {
        follower.move_to(nodes[2].api()).await;
    }
    settled(&mut nodes).await;
    publish(&nodes.iter().collect::<Vec<_>>(), &mut published, 9).await;
    for follower in &followers {
        follower.heard_all(&published).await;
    }
    // So has one that was never there.
    let fresh = Node::start(&world).await;
    let (first, last) = (*published.keys().next().unwrap(), *published.keys().last().unwrap());
    let mut reader = Reader::open(fresh.api(), &format!("/api/v1/sse/training?lastEventId={first}")).await;
    let told =
        reader.until(LIMIT, |events| events.iter().any(|event| event.id == Some(last) && event.name != "connected"));
    let told: Vec<u64> =
        told.await.iter().filter(|event| event.name != "connected").map(|event| event.id.unwrap()).collect();
    assert_eq!(told, published.keys().skip(1).copied().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_away_and_comes_back_empty_and_publications_go_on_where_they_were() {
    let mut world = World::open();
    let mut nodes = world.three_nodes().await;
    let mut followers = Vec::new();
    for node in &nodes {
        followers.push(Follower::at(node.api()).await);
    }
    let mut published = BTreeMap::new();
    for n in 0..10 {
        published.insert(train(&nodes.iter().collect::<Vec<_>>(), n).await, n as u64);
    }
    for follower in &followers {
        follower.heard_all(&published).await;
    }
    world.redis.kill();
    until("every node is alone", async || {
        nodes[0].is("alone").await && nodes[1].is("alone").await && nodes[2].is("alone").await
    })
    .await;
    for node in &nodes {
        let (status, answer) = node.send(Method::POST, TRAINING, &progress(10)).await;
        assert_eq!((status, answer["error"]["code"].as_str()), (503, Some("channels_unavailable")), "{answer}");
        assert_eq!(answer["retry"]["shouldReconnect"], true);
        let created = node.send(Method::POST, "/api/v1/channels", &json!({ "path": "/a" })).await;
        assert_eq!(created.0, 503, "{created:?}");
    }
    // Whoever comes now goes on with what is here.
    followers[0].move_to(nodes[1].api()).await;
    let from = *published.keys().next().unwrap();
    let mut reader = Reader::open(nodes[2].api(), &format!("/api/v1/sse/training?lastEventId={from}")).await;
    let is_progress = |event: &&Event| event.name == "training_progress";
    reader.until(LIMIT, |events| events.iter().filter(is_progress).count() == 9).await;

    world.redis.restart();
    settled(&mut nodes).await;
    for n in 10..20 {
        published.insert(train(&nodes.iter().collect::<Vec<_>>(), n).await, n as u64);
    }
    let ids: Vec<u64> = published.keys().copied().collect();
    assert!(ids.windows(2).all(|pair| pair[1] == pair[0] + 1), "without a hole and never backwards: {ids:?}");
    for follower in &followers {
        follower.heard_all(&published).await;
    }
    let restored: u64 = nodes.iter().map(|node| node.counters().publications_restored.load(Ordering::Relaxed)).sum();
    assert_eq!(restored, 10, "what it had forgotten was given back once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_created_at_one_node_is_there_at_all_until_it_is_removed_at_any() {
    let world = World::open();
    let nodes = world.three_nodes().await;
    let (status, answer) = nodes[0].send(Method::POST, "/api/v1/channels", &json!({ "path": "/jobs/7" })).await;
    assert_eq!(status, 201, "{answer}");
    // At once: a browser never comes back from a 404.
    let mut reader = Reader::open(nodes[1].api(), "/streams/jobs/7").await;
    let (status, answer) = nodes[2].send(Method::POST, "/streams/jobs/7", &json!({ "n": 1 })).await;
    assert_eq!(status, 202, "{answer}");
    let told = reader.until(LIMIT, |events| !events.is_empty()).await;
    let id = answer["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!((told[0].id.map(|id| id.to_string()), &told[0].data), (Some(id.clone()), &json!({ "n": 1 })));
    let list = nodes[1].get("/api/v1/channels").await;
    assert_eq!(list["data"]["channels"][0]["path"], "/jobs/7", "{list}");
    assert_eq!(list["data"]["channels"][0]["last_event_id"], Value::from(id), "{list}");

    let (status, answer) = nodes[1].send(Method::DELETE, "/api/v1/channels?path=/jobs/7", &Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    let end = reader.until(LIMIT, |events| events.iter().any(|event| event.name == "stream_error")).await;
    assert_eq!(end.last().unwrap().data["code"], "removed");
    for node in &nodes {
        let (status, answer) = node.send(Method::POST, "/streams/jobs/7", &json!(2)).await;
        assert_eq!((status, answer["error"]["code"].as_str()), (404, Some("unknown_channel")));
        until("it is in no list", async || {
            node.get("/api/v1/channels").await["data"]["channels"].as_array().unwrap().is_empty()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_follows_channels_at_any_node_and_goes_on_at_another() {
    let world = World::open();
    let nodes = world.three_nodes().await;
    let all: Vec<&Node> = nodes.iter().collect();
    let channels = ["training".to_owned()];
    let mut client = Client::open(nodes[1].api()).await;
    client.subscribe(&channels, None).await;
    let first = train(&all, 0).await;
    let heard = client.frame().await;
    assert_eq!((heard["type"].as_str(), heard["id"].as_str()), (Some("training_progress"), Some(&*first.to_string())));
    drop(client);
    let missed = train(&all, 1).await;
    let mut client = Client::open(nodes[2].api()).await;
    client.subscribe(&channels, Some(&heard["id"])).await;
    let last = train(&all, 2).await;
    for id in [missed, last] {
        let heard = client.frame().await;
        assert_eq!((heard["channel"].as_str(), heard["id"].as_str()), (Some("training"), Some(&*id.to_string())));
    }
}
