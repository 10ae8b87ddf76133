use super::*;

#[tokio::test(start_paused = true)]
async fn readers_of_a_removed_channel_get_what_there_is_and_then_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::stored(folder.path(), WALL).await;
    let channel = house.create("/a").await.expect("room");
    let other = house.create("/b").await.expect("room");
    let mut streams = [house.open(&channel, Since::Now), house.open(&other, Since::Now)];
    let mut ids = Vec::new();
    for n in 0..100 {
        ids.push(house.publish(&channel, message(&n.to_string())).await.expect("stored"));
    }
    let mut back = house.open(&channel, Since::After(ids[0]));
    house.remove("/a").await.expect("removed");
    let end = r#"stream_error {"code":"removed","message":"the channel was removed","retry":{"shouldReconnect":false,"delayMs":2000,"maxDelayMs":30000,"strategy":"exponential-backoff","jitter":true}}"#;
    for (stream, from) in [(&mut streams[0], 0), (&mut back, 1)] {
        for (n, id) in ids.iter().enumerate().skip(from) {
            assert_eq!(next(stream).await, Some(format!("{id} {n}")));
        }
        assert_eq!(next(stream).await.as_deref(), Some(end));
        assert_eq!(next(stream).await, None);
    }
    assert_eq!(house.publish(&channel, message("1")).await, Err(ChannelError::Unknown));
    let wish = ChannelWish { log: channel.log(), form: ChannelForm::Plain };
    let refused = house.hub.connect_channel(ADDRESS, wish, Since::Now).map(drop);
    assert_eq!(refused, Err(crate::server::hub::limits::Refusal::Removed));
    drop((streams, back));
    assert_eq!((house.hub.streams(), channel.log.readers()), (0, 0), "nobody is remembered");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_waits_is_woken_by_the_end() {
    let house = House::in_memory();
    let channel = house.create("/a").await.expect("room");
    let mut stream = house.open(&channel, Since::Now);
    let reading = tokio::spawn(async move { (next(&mut stream).await, next(&mut stream).await) });
    tokio::task::yield_now().await;
    house.remove("/a").await.expect("removed");
    let (last, after) = reading.await.expect("it ends");
    assert!(last.is_some_and(|line| line.starts_with("stream_error {\"code\":\"removed\"")));
    assert_eq!(after, None);
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_created_again_is_another_channel() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::stored(folder.path(), WALL).await;
    let first = house.create("/a").await.expect("room");
    assert_eq!(house.create("/a").await.map(drop), Err(ChannelError::Exists));
    let mut last = 0;
    for n in 0..5 {
        last = house.publish(&first, message(&n.to_string())).await.expect("stored");
    }
    house.remove("/a").await.expect("removed");
    assert_eq!(house.remove("/a").await, Err(ChannelError::Unknown));
    let second = house.create("/a").await.expect("room");
    let mut back = house.open(&second, Since::After(last));
    let id = house.publish(&second, message("\"new\"")).await.expect("stored");
    assert!(id > last, "{id} {last}");
    let gap = next(&mut back).await.expect("a gap");
    assert!(gap.starts_with("gap ") && gap.ends_with(r#""reason":"restarted"}"#), "{gap}");
    assert_eq!(told(&mut back).len(), 0, "the gap covers what came while nobody looked");
    let next_id = house.publish(&second, message("1")).await.expect("stored");
    assert_eq!(told(&mut back), [format!("{next_id} 1")]);
}

#[tokio::test(start_paused = true)]
async fn there_are_as_many_as_may_be_and_a_removed_one_makes_room() {
    let house = House::of(None, Vec::new(), Clock::following(WALL), 3, 1 << 20);
    for path in ["/c", "/a", "/b"] {
        house.create(path).await.expect("room");
    }
    assert_eq!(house.create("/d").await.map(drop), Err(ChannelError::TooMany));
    assert_eq!(house.create("/a").await.map(drop), Err(ChannelError::Exists), "the clearer reason first");
    house.remove("/b").await.expect("removed");
    house.create("/d").await.expect("room");
    let all: Vec<String> = house.channels.all_created().iter().map(|channel| channel.name().to_owned()).collect();
    assert_eq!(all, ["/a", "/c", "/d"]);
}
