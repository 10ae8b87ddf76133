//! Redis is away, a disk is full, or somebody writes nonsense.

use super::*;
use crate::server::storage::error::StorageError;

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_away_publishers_are_told_to_come_back_and_readers_have_what_there_is() {
    let mut stage = Stage::open();
    let [(a, _fa)] = members::<1>(&stage).await;
    let id = a.train(1).await.unwrap();
    let channel = a.create("/a").await.expect("room");
    let mut reader = a.read(&a.training(), Since::Now);
    stage.server.kill();
    a.until("it is known", |a| a.shared.link().is_none()).await;
    assert_eq!(a.train(2).await, Err(ChannelError::Away));
    assert_eq!(a.publish(&channel, message("2")).await, Err(ChannelError::Away));
    assert_eq!(a.create("/b").await.map(drop), Err(ChannelError::Away));
    assert_eq!(a.channels.remove(at("/a")).await, Err(ChannelError::Away));
    assert!(a.channels.find(&at("/b")).await.is_none(), "what is here is answered");
    assert_eq!(a.read(&a.training(), Since::After(id - 1)).next().await, line(id, 1));
    stage.server.restart();
    a.connect(&stage).await;
    a.opened().await;
    let next = a.train(2).await.unwrap();
    assert_eq!(reader.next().await, line(next, 2));
    assert_eq!(next, id + 1, "what was refused took no place");
    assert_eq!(a.count(|counters| &counters.publications_refused), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_says_nothing_leaves_it_open_whether_something_was_published() {
    let stage = Stage::open();
    let [(a, _fa)] = members::<1>(&stage).await;
    let id = a.train(1).await.unwrap();
    let mut unconfirmed = None;
    for n in 2..20 {
        stage.server.pause();
        let answer = a.train(n).await;
        stage.server.resume();
        if answer == Err(ChannelError::Unconfirmed) {
            unconfirmed = Some(n);
            break;
        }
        // The node was looking for something new just then, and has noticed before it wrote.
        assert_eq!(answer, Err(ChannelError::Away));
        a.opened().await;
    }
    // It was, and is told once; what was refused was not.
    let mut reader = a.read(&a.training(), Since::After(id));
    assert_eq!(reader.next().await, line(id + 1, unconfirmed.expect("one was on its way")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_full_refuses_and_nothing_was_published() {
    let stage = Stage::open();
    let [(a, _fa)] = members::<1>(&stage).await;
    let id = a.train(1).await.unwrap();
    let _: String = stage.ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(a.train(2).await, Err(ChannelError::Away));
    let _: String = stage.ask(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert_eq!(a.train(3).await, Ok(id + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_a_full_disk_publishes_nothing_and_has_all_of_it_later() {
    let stage = Stage::open();
    let [(a, _fa), (b, _fb)] = members::<2>(&stage).await;
    let mut reader = b.read(&b.training(), Since::Now);
    b.storage.refuse_writes(true).await;
    let first = a.train(1).await.unwrap();
    b.until("it has noticed", |b| !b.shared.are_channels_open()).await;
    assert_eq!(b.train(2).await, Err(ChannelError::Storage(StorageError::ReadOnly)));
    assert_eq!(a.train(3).await, Ok(first + 1), "others go on");
    b.storage.refuse_writes(false).await;
    assert_eq!(reader.lines(2).await, [line(first, 1), line(first + 1, 3)]);
    b.opened().await;
    assert_eq!(b.train(4).await, Ok(first + 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_t_be_read_is_counted_and_the_rest_is_told() {
    let stage = Stage::open();
    let [(a, _fa)] = members::<1>(&stage).await;
    let id = a.train(1).await.unwrap();
    let first = a.training().log().first().to_string();
    let mut reader = a.read(&a.training(), Since::Now);
    let (next, later) = ((id + 1).to_string(), (id + 2).to_string());
    let publish = |id: &str, kind: &str, data: &str| -> Vec<String> {
        let fields =
            ["op", "publish", "name", "training", "first", &first, "id", id, "at", "5", "kind", kind, "data", data];
        fields.iter().map(|field| (*field).to_owned()).collect()
    };
    let of = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<Vec<String>>();
    let nonsense = [
        of(&["op", "dance"]),
        of(&["no", "op", "at", "all"]),
        of(&["op", "create", "name", "/../etc", "first", "7", "tip", "7", "at", "5"]),
        of(&["op", "create", "name", "nothing", "first", "7", "tip", "7", "at", "5"]),
        of(&["op", "note", "name", "training", "at", "5", "kind", "training_progress", "data", "{}"]),
        of(&["op", "note", "name", "dashboard", "at", "5", "kind", "dashboard_update", "data", "{"]),
        publish("0", "training_progress", "{}"),
        publish("18446744073709551615", "training_progress", "{}"),
        publish("9007199254740993", "training_progress", "{}"),
        publish(&next, "risk_alert", "{}"),
        publish(&next, "training_progress", "{}\n\nevent: forged"),
        publish(&next, "training_progress", &format!("\"{}\"", "x".repeat(1 << 20))),
    ];
    let place: u64 = stage.ask(&["HGET", "m:channel-state", "position"]).await;
    let count = u64::try_from(nonsense.len()).unwrap();
    for (n, fields) in (place + 1..).zip(&nonsense) {
        let id = format!("{n}-0");
        let mut command = vec!["XADD", "m:publications", &id];
        command.extend(fields.iter().map(String::as_str));
        let _: String = stage.ask(&command).await;
    }
    let good = publish(&later, "training_progress", r#"{"task_id":"t","progress":1,"status":"running","n":2}"#);
    let good_id = format!("{}-0", place + count + 1);
    let mut command = vec!["XADD", "m:publications", &good_id];
    command.extend(good.iter().map(String::as_str));
    let _: String = stage.ask(&command).await;
    let position = (place + count + 1).to_string();
    let _: u64 = stage.ask(&["HSET", "m:channel-state", "position", &position]).await;
    // What has no place was nobody's: the one in its place is lost.
    let gap = format!(r#"gap {{"from":"{id}","to":"{next}","reason":"expired"}}"#);
    assert_eq!(reader.lines(2).await, [gap, line(id + 2, 2)]);
    assert_eq!(a.count(|counters| &counters.undecodable), count);
    assert!(a.channels.all_created().is_empty());
}
