use super::*;

/// Numbers of the messages that were told, in order.
fn numbers(lines: &[String]) -> Vec<u64> {
    lines.iter().map(|line| line.split_once(' ').and_then(|(_, data)| data.parse().ok()).expect("a number")).collect()
}

#[tokio::test(start_paused = true)]
async fn what_many_publish_at_once_is_told_in_the_order_of_its_ids_on_each_channel() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::stored(folder.path(), WALL).await;
    let channels = [house.create("/a").await.expect("room"), house.create("/b").await.expect("room")];
    let mut streams = channels.each_ref().map(|channel| house.open(channel, Since::Now));
    let publications = (0..600_u64).map(|n| {
        let channel = &channels[usize::from(n % 3 == 0)];
        let house = &house;
        async move { house.publish(channel, message(&n.to_string())).await.expect("stored") }
    });
    let ids: Vec<u64> = futures_util::future::join_all(publications).await;
    for (stream, at) in streams.iter_mut().zip([0_u64, 1]) {
        let expected: Vec<u64> = (0..600).filter(|n| u64::from(n % 3 == 0) == at).collect();
        let mut lines = Vec::new();
        for _ in &expected {
            lines.push(next(stream).await.expect("a message"));
        }
        assert_eq!(told(stream).len(), 0, "once");
        assert_eq!(numbers(&lines), expected, "in the order in which they were asked for");
        let told: Vec<u64> = lines.iter().filter_map(|line| line.split(' ').next()?.parse().ok()).collect();
        let answered: Vec<u64> = expected.iter().map(|n| ids[usize::try_from(*n).expect("small")]).collect();
        assert_eq!(told, answered, "with the ids that were answered");
        assert!(told.windows(2).all(|pair| pair[1] == pair[0] + 1), "without a hole");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_refuses_loses_nothing_that_was_answered_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::stored(folder.path(), WALL).await;
    let storage = house.storage.clone().expect("a database");
    let channel = house.create("/a").await.expect("room");
    let training = Arc::clone(house.channels.built_in(BuiltIn::Training));
    let dashboard = Arc::clone(house.channels.built_in(BuiltIn::Dashboard));
    let mut streams = [&channel, &training].map(|channel| house.open(channel, Since::Now));
    let first = house.publish(&channel, message("1")).await.expect("stored");
    storage.refuse_writes(true).await;
    let refused = Err(ChannelError::Storage(StorageError::ReadOnly));
    for _ in 0..3 {
        assert_eq!(house.publish(&channel, message("2")).await, refused);
        assert_eq!(house.publish(&training, progress("t", 1)).await, refused);
        assert_eq!(house.create("/b").await.map(drop), Err(ChannelError::Storage(StorageError::ReadOnly)));
        assert_eq!(house.remove("/a").await, Err(ChannelError::Storage(StorageError::ReadOnly)));
    }
    let update = EventDraft { kind: EventKind::DashboardUpdate, ..message("{}") };
    assert!(house.publish(&dashboard, update).await.is_ok(), "it is in memory only");
    assert_eq!(told(&mut streams[0]), [format!("{first} 1")], "what was refused was sent to nobody");
    assert_eq!(told(&mut streams[1]).len(), 0);
    storage.refuse_writes(false).await;
    let third = house.publish(&channel, message("3")).await.expect("stored");
    assert_eq!(told(&mut streams[0]), [format!("{third} 3")]);
    assert_eq!(third, first + 1, "no place is lost");
    let mut back = house.open(&channel, Since::After(first));
    assert_eq!(told(&mut back), [format!("{third} 3")]);
    house.create("/b").await.expect("room");
}

#[tokio::test(start_paused = true)]
async fn a_commit_whose_answer_was_lost_is_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::stored(folder.path(), WALL).await;
    let storage = house.storage.clone().expect("a database");
    let channel = house.create("/a").await.expect("room");
    let mut stream = house.open(&channel, Since::Now);
    let first = house.publish(&channel, message("1")).await.expect("stored");
    // As if a commit had reached the disk, and its answer nobody.
    let key = channel.key.expect("kept");
    let events = vec![crate::server::event::LogEvent { id: first + 1, at: WALL, draft: message("2") }];
    storage.tell_channels(vec![crate::server::storage::channels::ChannelEvents { key, events }]).await.expect("stored");
    let refused = house.publish(&channel, message("3")).await;
    assert!(matches!(refused, Err(ChannelError::Storage(StorageError::OutOfOrder { .. }))), "{refused:?}");
    let third = house.publish(&channel, message("3")).await.expect("stored");
    assert_eq!(third, first + 2);
    let mut lines = Vec::new();
    while lines.len() < 3 {
        lines.push(next(&mut stream).await.expect("a message"));
    }
    assert_eq!(lines, [format!("{first} 1"), format!("{} 2", first + 1), format!("{third} 3")]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_stuck_delays_nobody_and_costs_no_publisher_anything() {
    let house = House::in_memory();
    let channel = house.create("/a").await.expect("room");
    let _stuck: Vec<FrameStream> = (0..50).map(|_| house.open(&channel, Since::Now)).collect();
    let mut lively = house.open(&channel, Since::Now);
    let started = tokio::time::Instant::now();
    for n in 0..500 {
        let id = house.publish(&channel, message(&n.to_string())).await.expect("published");
        assert_eq!(told(&mut lively), [format!("{id} {n}")]);
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_memory_is_read_from_the_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::stored(folder.path(), WALL).await;
    let channel = house.create("/a").await.expect("room");
    let mut slow = house.open(&channel, Since::Now);
    assert_eq!(told(&mut slow).len(), 0);
    let mut ids = Vec::new();
    for n in 0..200 {
        ids.push(house.publish(&channel, message(&n.to_string())).await.expect("stored"));
    }
    assert!(channel.log.memory() < CREATED_BOUNDS.bytes * 2);
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(next(&mut slow).await, Some(format!("{id} {n}")));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_disk_what_left_the_memory_is_told_as_lost() {
    let house = House::in_memory();
    let channel = house.create("/a").await.expect("room");
    let start = channel.log.tip();
    for n in 0..=CREATED_BOUNDS.entries {
        house.publish(&channel, message(&n.to_string())).await.expect("published");
    }
    let mut back = house.open(&channel, Since::After(start));
    let lost = format!(r#"gap {{"from":"{start}","to":"{}","reason":"expired"}}"#, start + 1);
    assert_eq!(next(&mut back).await, Some(lost));
    assert_eq!(next(&mut back).await, Some(format!("{} 1", start + 2)));
}

#[tokio::test(start_paused = true)]
async fn more_than_may_wait_is_refused_and_the_rest_is_told() {
    let house = House::in_memory();
    let channel = house.create("/a").await.expect("room");
    let publications = (0..=MAX_WAITING).map(|n| house.publish(&channel, message(&n.to_string())).boxed());
    let answers = futures_util::future::join_all(publications).await;
    let refused = answers.iter().filter(|answer| **answer == Err(ChannelError::Busy)).count();
    assert_eq!((refused, answers.last()), (1, Some(&Err(ChannelError::Busy))), "nobody has worked yet");
    assert!(house.publish(&channel, message("0")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn at_the_end_what_was_asked_for_is_done_and_nothing_is_taken_any_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::stored(folder.path(), WALL).await;
    let channel = house.create("/a").await.expect("room");
    let waiting = futures_util::future::join_all((0..20).map(|n| house.publish(&channel, message(&n.to_string()))));
    let mut waiting = Box::pin(waiting);
    assert!(futures_util::poll!(&mut waiting).is_pending());
    house.token.cancel();
    assert_eq!(waiting.await.iter().filter(|answer| answer.is_ok()).count(), 20);
    assert_eq!(house.publish(&channel, message("0")).await, Err(ChannelError::GoingDown));
    assert_eq!(house.create("/b").await.map(drop), Err(ChannelError::GoingDown));
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_much_of_the_disk_goes_the_oldest_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::sized(folder.path(), WALL, 1 << 20).await;
    let (old, new) = (house.create("/old").await.expect("room"), house.create("/new").await.expect("room"));
    let long = message(&format!("\"{}\"", "x".repeat(50_000)));
    let start = old.log.tip();
    house.publish(&old, message("1")).await.expect("stored");
    for _ in 0..100 {
        house.publish(&new, long.clone()).await.expect("stored");
    }
    let storage = house.storage.clone().expect("a database");
    let left = storage.channel_events(new.key.expect("kept"), 0, 1000).await.expect("readable");
    assert!(!left.is_empty());
    assert_eq!(storage.channel_events(old.key.expect("kept"), 0, 10).await, Ok(vec![]));
    old.log.give_up_memory();
    let mut back = house.open(&old, Since::After(start));
    assert!(next(&mut back).await.is_some_and(|line| line.starts_with("gap ")));
}
