use super::*;
use crate::server::channels::tests::{House, message};

/// What a channel holds in memory after one message of so many bytes.
async fn publish(channel: &Channel, bytes: usize) {
    let mut turn = channel.log.turn().await;
    let events = turn.stamp(vec![message(&format!("\"{}\"", "x".repeat(bytes)))]);
    turn.publish(events);
}

#[tokio::test(start_paused = true)]
async fn the_channels_that_were_published_to_longest_ago_give_up_what_they_hold() {
    let house = House::in_memory();
    let mut channels = Vec::new();
    for n in 0..10 {
        channels.push(house.create(&format!("/{n}")).await.expect("room"));
    }
    let mut memory = Memory::of(200_000);
    let holds = |channels: &[Arc<Channel>]| -> Vec<bool> { channels.iter().map(|c| c.log.memory() > 0).collect() };
    for channel in &channels[..9] {
        publish(channel, 10_000).await;
        memory.note(channel);
    }
    assert_eq!(holds(&channels[..9]), [true; 9]);
    // Of the first one again: now the second is the oldest.
    publish(&channels[0], 100).await;
    memory.note(&channels[0]);
    publish(&channels[9], 10_000).await;
    memory.note(&channels[9]);
    assert_eq!(holds(&channels), [true, false, false, false, false, false, false, true, true, true]);
    let held: usize = channels.iter().map(|channel| channel.log.memory()).sum();
    assert_eq!((memory.bytes, memory.held.len()), (held, 4));
    assert!(memory.bytes <= 100_000, "{}", memory.bytes);

    for channel in &channels {
        memory.forget(channel);
    }
    assert_eq!((memory.bytes, memory.held.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_one_that_is_published_to_keeps_its_newest_however_long_it_is() {
    let house = House::in_memory();
    let channel = house.create("/a").await.expect("room");
    let mut memory = Memory::of(1000);
    publish(&channel, 1 << 20).await;
    memory.note(&channel);
    assert!(channel.log.memory() > 1 << 20);
    assert_eq!(memory.bytes, channel.log.memory());
}
