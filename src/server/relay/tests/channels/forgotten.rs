//! Redis has forgotten something, or keeps it no more.

use super::*;

/// Connects nodes again after Redis was started anew.
async fn reconnect(stage: &Stage, nodes: &[&Member]) {
    for node in nodes {
        node.until("it knows that Redis has ended", |node| node.shared.link().is_none()).await;
        assert_eq!(node.train(0).await, Err(ChannelError::Away));
    }
    for node in nodes {
        node.connect(stage).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_redis_forgot_everything_ids_go_on_and_nothing_that_was_told_is_lost() {
    let mut stage = Stage::open();
    let [(a, _fa), (b, _fb)] = members::<2>(&stage).await;
    let channel = a.create("/a").await.expect("room");
    let message_id = a.publish(&channel, message("1")).await.expect("published");
    let mut readers = [&a, &b].map(|node| node.read(&node.training(), Since::Now));
    let mut last = 0;
    for n in 1..=20 {
        last = a.train(n).await.unwrap();
    }
    b.until("all of it", |b| b.training().log().tip() == last && b.created("/a").is_some()).await;
    // One node knows more than the other.
    let behind = tempfile::tempdir().unwrap();
    let c = Member::start(&stage, behind.path()).await;
    c.until("all of it", |c| c.training().log().tip() == last).await;
    c.stop().await;
    let last = a.train(21).await.unwrap();
    b.until("all of it", |b| b.training().log().tip() == last).await;

    stage.server.restart();
    reconnect(&stage, &[&b, &a]).await;
    let c = Member::start(&stage, behind.path()).await;
    assert_eq!(c.train(0).await, Err(ChannelError::Away), "nobody writes before all have met");
    for node in [&a, &b, &c] {
        node.opened().await;
    }
    let next = c.train(22).await.unwrap();
    assert_eq!(next, last + 1, "ids go on where they were");
    for reader in &mut readers {
        let told = reader.lines(22).await;
        let expected: Vec<String> = (1..=22).map(|n| line(last + n - 21, n)).collect();
        assert_eq!(told, expected, "once, in order, and without a gap");
    }
    // A node that comes now finds what was told before.
    let folder = tempfile::tempdir().unwrap();
    let fresh = Member::start(&stage, folder.path()).await;
    fresh.opened().await;
    assert_eq!(fresh.read(&fresh.training(), Since::After(last - 21)).lines(22).await.len(), 22);
    let channel = fresh.created("/a").expect("it is there");
    assert_eq!(fresh.read(&channel, Since::After(message_id - 1)).next().await, line(message_id, 1));
    let restored = [&a, &b, &c].map(|node| node.count(|counters| &counters.publications_restored));
    assert_eq!(restored.iter().sum::<u64>(), 22, "each is given back once: {restored:?}");
    let replaced = [&a, &b, &c].map(|node| node.count(|counters| &counters.channels_replaced));
    assert_eq!(replaced[..2], [0, 3], "only where they met first");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_comes_back_with_an_older_state_and_no_id_is_given_out_twice() {
    let mut stage = Stage::open();
    stage.server = RedisServer::lasting();
    stage.client = Client::open(stage.server.url()).unwrap();
    let [(a, _fa), (b, _fb)] = members::<2>(&stage).await;
    let mut saved = 0;
    for n in 1..=5 {
        saved = a.train(n).await.unwrap();
    }
    b.until("all of it", |b| b.training().log().tip() == saved).await;
    // What is written from here on does not last.
    let _: String = stage.ask(&["CONFIG", "SET", "appendonly", "no"]).await;
    let mut reader = b.read(&b.training(), Since::Now);
    let mut last = 0;
    for n in 6..=10 {
        last = b.train(n).await.unwrap();
    }
    reader.lines(5).await;
    a.until("all of it", |a| a.training().log().tip() == last).await;
    stage.server.restart();
    reconnect(&stage, &[&a, &b]).await;
    for node in [&a, &b] {
        node.opened().await;
    }
    let restored = [&a, &b].map(|node| node.count(|counters| &counters.publications_restored));
    assert_eq!(restored.iter().sum::<u64>(), 5, "{restored:?}");
    assert_eq!(a.train(11).await, Ok(last + 1));
    assert_eq!(reader.next().await, line(last + 1, 11));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_emptied_while_it_runs_is_noticed() {
    let stage = Stage::open();
    let [(a, _fa), (b, _fb)] = members::<2>(&stage).await;
    let last = a.train(1).await.unwrap();
    b.until("it has come", |b| b.training().log().tip() == last).await;
    let _: String = stage.ask(&["FLUSHALL"]).await;
    b.until("it is noticed", |b| !b.shared.are_channels_open()).await;
    for node in [&a, &b] {
        node.opened().await;
    }
    assert_eq!(b.train(2).await, Ok(last + 1));
    a.until("it has come", |a| a.training().log().tip() == last + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_away_for_longer_than_redis_keeps_says_so() {
    let stage = Stage::open();
    let [(a, _fa), (b, fb)] = members::<2>(&stage).await;
    let seen = a.train(1).await.unwrap();
    b.until("it has come", |b| b.training().log().tip() == seen).await;
    b.stop().await;
    for n in 2..=9 {
        a.train(n).await.unwrap();
    }
    let _: u64 = stage.ask(&["XTRIM", "m:publications", "MAXLEN", "3"]).await;
    let b = Member::start(&stage, fb.path()).await;
    b.opened().await;
    let mut reader = b.read(&b.training(), Since::After(seen));
    let gap = format!(r#"gap {{"from":"{seen}","to":"{}","reason":"expired"}}"#, seen + 5);
    assert_eq!(reader.next().await, gap);
    let expected: Vec<String> = (7..=9).map(|n| line(seen + n - 1, n)).collect();
    assert_eq!(reader.lines(3).await, expected);
    // Where nothing of it is left, the log goes on all the same.
    drop(reader);
    b.stop().await;
    let last = a.train(10).await.unwrap();
    let _: u64 = stage.ask(&["XTRIM", "m:publications", "MAXLEN", "0"]).await;
    let b = Member::start(&stage, fb.path()).await;
    b.opened().await;
    let mut reader = b.read(&b.training(), Since::After(last - 1));
    assert_eq!(reader.next().await, format!(r#"gap {{"from":"{}","to":"{last}","reason":"expired"}}"#, last - 1));
    assert_eq!(b.train(11).await, Ok(last + 1));
    assert_eq!(reader.next().await, line(last + 1, 11));
    // While it is there, too, a node may be too slow.
    b.shared.disconnected(crate::server::relay::link::LinkError::Silent);
    for n in 12..=14 {
        a.train(n).await.unwrap();
    }
    let _: u64 = stage.ask(&["XTRIM", "m:publications", "MAXLEN", "1"]).await;
    b.connect(&stage).await;
    let gap = format!(r#"gap {{"from":"{}","to":"{}","reason":"expired"}}"#, last + 1, last + 3);
    assert_eq!(reader.lines(2).await, [gap, line(last + 4, 14)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_has_told_something_else_under_the_same_id_gives_way_and_says_so() {
    let stage = Stage::open();
    let [(a, _fa), (b, fb)] = members::<2>(&stage).await;
    for n in 1..=5 {
        a.train(n).await.unwrap();
    }
    let last = a.training().log().tip();
    b.until("all of it", |b| b.training().log().tip() == last).await;
    let key = b.storage.channels().await.unwrap().into_iter().find(|kept| kept.name == "training").unwrap().key;
    b.stop().await;
    // As if Redis had forgotten this, and nobody else had been told of it.
    let storage = opened(fb.path()).await;
    let event = crate::server::event::LogEvent { id: last + 1, at: UnixMs(5), draft: progress(100) };
    let told = crate::server::storage::channels::ChannelEvents { key, events: vec![event] };
    storage.tell_channels(vec![told]).await.unwrap();
    drop(storage);
    for n in 6..=7 {
        a.train(n).await.unwrap();
    }
    let b = Member::alone(fb.path()).await;
    let mut reader = b.read(&b.training(), Since::After(last));
    assert_eq!(reader.next().await, line(last + 1, 100));
    b.connect(&stage).await;
    let gap = reader.next().await;
    assert!(gap.starts_with(&format!(r#"gap {{"from":"{}""#, last + 1)) && gap.contains("restarted"), "{gap}");
    b.opened().await;
    let expected: Vec<String> = (1..=7).map(|n| line(last + n - 5, n)).collect();
    assert_eq!(b.read(&b.training(), Since::After(last - 5)).lines(7).await, expected);
    assert_eq!(b.count(|counters| &counters.channels_replaced), 1);
    let kept = b.storage.channel_events(key, 0, 100).await.unwrap();
    assert_eq!(kept.iter().map(|event| event.id).collect::<Vec<_>>(), (last - 4..=last + 2).collect::<Vec<_>>());
}
