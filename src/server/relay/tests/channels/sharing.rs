//! What is published, created and removed at one node is so at every node.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_anywhere_is_told_everywhere_once_in_one_order_and_under_the_same_ids() {
    let stage = Stage::open();
    let [(a, _fa), (b, _fb), (c, _fc)] = members::<3>(&stage).await;
    let nodes = [&a, &b, &c];
    let mut readers = nodes.map(|node| node.read(&node.training(), Since::Now));
    let publishing = nodes.into_iter().zip(0_u64..).map(|(node, of)| async move {
        let mut ids = Vec::new();
        for round in 0..20 {
            let together = (0..5).map(|n| node.train(of * 1000 + round * 5 + n));
            ids.extend(futures_util::future::join_all(together).await.into_iter().map(|id| id.expect("published")));
        }
        ids
    });
    let mut ids: Vec<u64> = futures_util::future::join_all(publishing).await.concat();
    let first = readers[0].lines(300).await;
    for reader in &mut readers[1..] {
        assert_eq!(reader.lines(300).await, first, "everybody is told the same");
    }
    let told: Vec<u64> = first.iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(told.windows(2).all(|pair| pair[1] == pair[0] + 1), "without a hole: {told:?}");
    ids.sort_unstable();
    assert_eq!(ids, told, "under the ids that were answered");
    for of in 0..3 {
        let own = first.iter().filter_map(|line| line.split(' ').nth(1)?.parse::<u64>().ok());
        let own: Vec<u64> = own.filter(|n| n / 1000 == of).collect();
        assert!(own.is_sorted(), "what one publishes one after the other stays so: {own:?}");
    }
    // Who was at one node goes on at another.
    let from = told[100];
    for node in nodes {
        let mut back = node.read(&node.training(), Since::After(from));
        assert_eq!(back.lines(199).await, first[101..]);
    }
    assert_eq!(a.count(|counters| &counters.publications_shared), 100);
    assert_eq!(b.count(|counters| &counters.publications_taken), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_comes_while_much_is_published_has_all_of_it() {
    let stage = Stage::open();
    let [(a, _fa)] = members::<1>(&stage).await;
    let first = a.train(0).await.unwrap();
    let (a, folder) = (Arc::new(a), tempfile::tempdir().unwrap());
    let publishing = tokio::spawn({
        let a = Arc::clone(&a);
        async move {
            for n in 1.. {
                if a.train(n).await.is_err() {
                    return;
                }
            }
        }
    });
    a.until("some of it", |a| a.training().log().tip() > first + 300).await;
    for _ in 0..3 {
        let b = Member::start(&stage, folder.path()).await;
        let mut reader = b.read(&b.training(), Since::Now);
        b.opened().await;
        reader.next().await;
        let mut reader = b.read(&b.training(), Since::After(first));
        let expected: Vec<String> = (1..=300).map(|n| line(first + n, n)).collect();
        assert_eq!(reader.lines(300).await, expected);
        drop(reader);
        b.stop().await;
    }
    publishing.abort();
    assert_eq!(a.count(|counters| &counters.publications_refused), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_ahead_of_its_new_node_waits_for_it() {
    let stage = Stage::open();
    let [(a, _fa), (b, fb)] = members::<2>(&stage).await;
    let first = a.train(1).await.unwrap();
    b.until("it has come", |b| b.training().log().tip() == first).await;
    b.stop().await;
    let last = a.train(2).await.unwrap();
    // It is back, and has heard nothing yet.
    let b = Member::alone(fb.path()).await;
    let mut reader = b.read(&b.training(), Since::After(last));
    b.connect(&stage).await;
    let third = a.train(3).await.unwrap();
    assert_eq!(reader.next().await, line(third, 3), "no gap, and nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_are_created_and_removed_at_every_node() {
    let stage = Stage::open();
    let [(a, _fa), (b, _fb)] = members::<2>(&stage).await;
    let channel = a.create("/jobs/1").await.expect("room");
    let there = b.channels.find(&at("/jobs/1")).await.expect("it is known at once");
    assert_eq!((there.log().first(), there.created_at()), (channel.log().first(), channel.created_at()));
    assert_eq!(b.create("/jobs/1").await.map(drop), Err(ChannelError::Exists));
    let mut reader = a.read(&channel, Since::Now);
    let id = b.publish(&there, message("1")).await.expect("published");
    assert_eq!(reader.next().await, line(id, 1));

    let mut here = b.read(&there, Since::After(id - 1));
    assert_eq!(here.next().await, line(id, 1));
    a.channels.remove(at("/jobs/1")).await.expect("removed");
    assert!(here.next().await.starts_with(r#"stream_error {"code":"removed""#));
    b.until("it is gone", |b| b.created("/jobs/1").is_none()).await;
    assert_eq!(b.publish(&there, message("2")).await, Err(ChannelError::Unknown));
    assert_eq!(b.channels.remove(at("/jobs/1")).await, Err(ChannelError::Unknown));
    assert!(b.channels.find(&at("/jobs/1")).await.is_none());

    let again = b.create("/jobs/1").await.expect("room");
    assert!(again.log().first() > id, "ids are never given out twice");
    // There are as many as may be in all, wherever they were created.
    for n in 0..19 {
        [&a, &b][n % 2].create(&format!("/n{n}")).await.expect("room");
    }
    for node in [&a, &b] {
        assert_eq!(node.create("/more").await.map(drop), Err(ChannelError::TooMany));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_comes_late_or_again_has_all_that_there_is_and_nothing_that_is_gone() {
    let stage = Stage::open();
    let [(a, _fa), (b, fb)] = members::<2>(&stage).await;
    let [kept, gone, renewed] = ["/kept", "/gone", "/renewed"];
    for path in [kept, gone, renewed] {
        let channel = a.create(path).await.expect("room");
        a.publish(&channel, message("1")).await.expect("published");
    }
    let old = b.channels.find(&at(renewed)).await.expect("known").log().first();
    let seen = a.train(1).await.unwrap();
    b.until("all of it", |b| b.training().log().tip() == seen).await;
    b.stop().await;

    for path in [gone, renewed] {
        a.channels.remove(at(path)).await.expect("removed");
    }
    let channel = a.create(renewed).await.expect("room");
    let id = a.publish(&channel, message("2")).await.expect("published");
    for n in 2..=30 {
        a.train(n).await.unwrap();
    }
    let (b, fresh) = (Member::start(&stage, fb.path()).await, tempfile::tempdir().unwrap());
    let c = Member::start(&stage, fresh.path()).await;
    for node in [&b, &c] {
        node.opened().await;
        assert!(node.created(gone).is_none());
        assert!(node.created(kept).is_some());
        let channel = node.created(renewed).expect("it is there");
        assert!(channel.log().first() > old);
        assert_eq!(node.read(&channel, Since::After(id - 1)).next().await, line(id, 2));
        let expected: Vec<String> = (2..=30).map(|n| line(seen + n - 1, n)).collect();
        assert_eq!(node.read(&node.training(), Since::After(seen)).lines(29).await, expected);
        let started = node.storage.channels().await.unwrap().into_iter().find(|kept| kept.name == renewed).unwrap();
        assert_eq!(started.first, channel.log().first(), "so it is after the next start");
    }
    assert_eq!(c.read(&c.training(), Since::After(seen - 1)).next().await, line(seen, 1));
    assert_eq!(b.count(|counters| &counters.channels_replaced), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_programs_tell_a_dashboard_is_told_on_that_of_each_node_and_not_kept() {
    let stage = Stage::open();
    let [(a, _fa), (b, fb)] = members::<2>(&stage).await;
    let update = |n: u64| EventDraft { kind: EventKind::DashboardUpdate, ..message(&format!(r#"{{"n":{n}}}"#)) };
    let dashboard = |node: &Member| Arc::clone(node.channels.built_in(BuiltIn::Dashboard));
    let mut readers = [&a, &b].map(|node| node.read(&dashboard(node), Since::Now));
    let id = a.publish(&dashboard(&a), update(1)).await.expect("published");
    assert_eq!(readers[0].next().await, line(id, 1), "under the id that was answered");
    assert!(readers[1].next().await.ends_with(" 1"));
    drop(readers);
    b.stop().await;
    a.publish(&dashboard(&a), update(2)).await.expect("published");
    let b = Member::start(&stage, fb.path()).await;
    let mut reader = b.read(&dashboard(&b), Since::Now);
    b.opened().await;
    a.publish(&dashboard(&a), update(3)).await.expect("published");
    assert!(reader.next().await.ends_with(" 3"), "it is of now");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_log_of_nodes_that_meet_becomes_that_of_all_and_readers_of_others_are_told() {
    let stage = Stage::open();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    // Each was the only one once.
    let mut last = [0, 0];
    for ((folder, last), events) in folders.iter().zip(&mut last).zip([3_u64, 5]) {
        let storage = opened(folder.path()).await;
        let kept = channels::load(&storage, Clock::System).await.unwrap();
        let training = kept.iter().find(|kept| kept.name == "training").unwrap();
        let events = (1..=events).map(|n| crate::server::event::LogEvent {
            id: training.first + n,
            at: UnixMs(1_763_640_000_000),
            draft: progress(n),
        });
        let events: Vec<_> = events.collect();
        *last = events.last().unwrap().id;
        let told = crate::server::storage::channels::ChannelEvents { key: training.key, events };
        storage.tell_channels(vec![told]).await.unwrap();
    }
    // Nothing is published before somebody who is there has met the others.
    let absent = absent(&stage).await;
    let a = Member::start(&stage, folders[0].path()).await;
    a.until("the first has met", |a| a.count(|counters| &counters.publications_restored) > 0).await;
    let mut reader = a.read(&a.training(), Since::After(last[0] - 1));
    assert_eq!(reader.next().await, line(last[0], 3));
    let b = Member::start(&stage, folders[1].path()).await;
    absent.abort();
    for node in [&a, &b] {
        node.opened().await;
        node.until("the same", |node| node.training().log().tip() == last[1]).await;
        let expected: Vec<String> = (2..=5).map(|n| line(last[1] - 5 + n, n)).collect();
        assert_eq!(node.read(&node.training(), Since::After(last[1] - 4)).lines(4).await, expected);
    }
    let gap = reader.next().await;
    assert!(gap.starts_with(&format!(r#"gap {{"from":"{}""#, last[0])) && gap.contains("restarted"), "{gap}");
    let counts = [&a, &b].map(|node| node.count(|counters| &counters.channels_replaced));
    assert_eq!(counts, [1, 2], "the two others of the one that came later had nothing, either");
    let id = a.train(6).await.unwrap();
    assert_eq!(id, last[1] + 1);
}
