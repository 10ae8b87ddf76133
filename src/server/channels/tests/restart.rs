use super::*;

#[tokio::test(start_paused = true)]
async fn nothing_that_was_answered_is_lost_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = House::stored(folder.path(), WALL).await;
    let training = Arc::clone(first.channels.built_in(BuiltIn::Training));
    let created = first.create("/a").await.expect("room");
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(first.publish(&training, progress("t", n)).await.expect("stored"));
    }
    let message_id = first.publish(&created, message("{ \"a\":\n1 }")).await.expect("stored");
    drop((training, created));
    first.close().await;

    let second = House::stored(folder.path(), UnixMs(WALL.0 + 60_000)).await;
    let training = Arc::clone(second.channels.built_in(BuiltIn::Training));
    let created = second.channels.created(&ChannelPath::parse("/a").expect("a path")).expect("it is still there");
    assert_eq!(created.created_at(), WALL);
    let mut stream = second.open(&training, Since::After(ids[1]));
    let next_id = second.publish(&training, progress("t", 99)).await.expect("stored");
    assert_eq!(next_id, ids[4] + 1, "it goes on where it was");
    let name = "training_progress ";
    for n in [2, 3, 4, 99] {
        let line = next(&mut stream).await.expect("an event");
        let envelope: serde_json::Value =
            serde_json::from_str(line.strip_prefix(name).expect("its name")).expect("JSON");
        assert_eq!(envelope["data"]["progress"], n);
        let told_at = if n == 99 { UnixMs(WALL.0 + 60_000) } else { WALL };
        assert_eq!(envelope["timestamp"], told_at.to_rfc3339(), "when it was told first");
    }
    let mut stream = second.open(&created, Since::After(message_id - 1));
    assert_eq!(next(&mut stream).await, Some(format!("{message_id} {{ \"a\": 1 }}")));
}

#[tokio::test(start_paused = true)]
async fn the_dashboard_starts_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = House::stored(folder.path(), WALL).await;
    let dashboard = Arc::clone(first.channels.built_in(BuiltIn::Dashboard));
    let update = EventDraft { kind: EventKind::DashboardUpdate, ..message("{}") };
    let id = first.publish(&dashboard, update.clone()).await.expect("published");
    drop(dashboard);
    first.close().await;
    let second = House::stored(folder.path(), UnixMs(WALL.0 + 60_000)).await;
    let dashboard = Arc::clone(second.channels.built_in(BuiltIn::Dashboard));
    let mut stream = second.open(&dashboard, Since::After(id));
    let gap = next(&mut stream).await.expect("a gap");
    assert!(gap.starts_with("gap ") && gap.contains("restarted"), "{gap}");
    assert!(second.publish(&dashboard, update).await.expect("published") > id);
}

#[tokio::test(start_paused = true)]
async fn a_removed_channel_stays_removed_and_its_ids_are_of_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = House::stored(folder.path(), WALL).await;
    let created = first.create("/a").await.expect("room");
    let id = first.publish(&created, message("1")).await.expect("stored");
    drop(created);
    first.remove("/a").await.expect("removed");
    first.close().await;
    let second = House::stored(folder.path(), UnixMs(WALL.0 + 1000)).await;
    assert!(second.channels.all_created().is_empty());
    let created = second.create("/a").await.expect("room");
    let mut stream = second.open(&created, Since::After(id));
    assert!(next(&mut stream).await.is_some_and(|line| line.contains("restarted")));
}
