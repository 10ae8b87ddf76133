//! What Redis does in one go.

use super::*;
use crate::server::{
    event::LogEvent,
    relay::link::channels::{
        Bounds, Change, Own, Wanted,
        Written::{self, Done, Exists, Full, Unknown},
    },
};

const AT: UnixMs = UnixMs(1_763_640_000_000);
const BOUNDS: Bounds = Bounds { max_created: 2, keep: Duration::MAX, entries: 1000, bytes: 1 << 20 };

fn own(name: &str, first: u64, from: u64, last: u64) -> Own {
    Own { name: name.to_owned(), first, from, last, created_at: AT }
}

/// A Redis whose channels may be written.
async fn open(link: &Link, channels: &[Own]) {
    let epoch = Some(link.meet(channels).await.unwrap().epoch);
    attend(link, "a", false, Place::default()).await;
    let opening = async {
        while !link.follow("a", epoch, 0).await.unwrap().open {
            attend(link, "a", false, Place::default()).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(LIMIT, opening).await.expect("it opens");
}

#[tokio::test]
async fn places_are_given_out_in_order_to_what_is_known_only() {
    let stage = Stage::open();
    let (link, mut messages) = stage.link_and_messages().await;
    assert_eq!(link.follow("a", None, 0).await.unwrap().epoch, 0, "it knows of no channels");
    let draft = progress(1);
    let publish = |first: u64| Wanted::Publish { name: "training", first, at: AT, draft: &draft };
    assert_eq!(link.write(&[publish(100)], BOUNDS).await.unwrap(), [Written::Settling]);
    open(&link, &[own("training", 100, 100, 100)]).await;
    let wanted = [
        publish(100),
        publish(99),
        Wanted::Create { name: "/a", first: 7, at: AT },
        Wanted::Create { name: "/a", first: 8, at: AT },
        Wanted::Create { name: "/b", first: 7, at: AT },
        Wanted::Create { name: "/c", first: 7, at: AT },
        Wanted::Publish { name: "/a", first: 7, at: AT, draft: &draft },
        Wanted::Remove { name: "/a", at: AT },
        Wanted::Remove { name: "/a", at: AT },
        Wanted::Remove { name: "training", at: AT },
        Wanted::Publish { name: "/a", first: 7, at: AT, draft: &draft },
        Wanted::Create { name: "/a", first: 1, at: AT },
        publish(100),
    ];
    let written = link.write(&wanted, BOUNDS).await.unwrap();
    let expected = [
        Done(101),
        Unknown,
        Done(7),
        Exists,
        Done(7),
        Full,
        Done(8),
        Done(7),
        Unknown,
        Unknown,
        Unknown,
        // After the last one of the channel that was removed.
        Done(9),
        Done(102),
    ];
    assert_eq!(written, expected);
    let page = link.follow("a", None, 0).await.unwrap();
    assert_eq!((page.place, page.entries.len()), (7, 7));
    assert!(page.entries.iter().zip(1..).all(|(entry, place)| entry.place == place), "{page:?}");
    let event = LogEvent { id: 101, at: AT, draft: draft.clone() };
    assert_eq!(page.entries[0].change, Some(Change::Published { name: "training".to_owned(), first: 100, event }));
    assert_eq!(page.entries[4].change, Some(Change::Removed { name: "/a".to_owned(), first: 7 }));
    assert_eq!(link.follow("a", None, 5).await.unwrap().entries, page.entries[5..]);
    let call = timeout(LIMIT, messages.next(&stage.keys)).await.unwrap().unwrap();
    assert_eq!(call, Some(Message::Channels));

    let comes = [own("/a", 7, 7, 8), own("/b", 7, 7, 7), own("/z", 7, 700, 900), own("training", 3, 3, 900)];
    let meeting = link.meet(&comes).await.unwrap();
    let mut known: Vec<_> = meeting.channels.iter().map(|known| (&*known.name, known.first, known.tip)).collect();
    known.sort_unstable();
    // No id of a channel that was a node's own is given out again.
    let expected = [("/a", 9, 9), ("/b", 7, 7), ("/z", 7, 900), ("training", 100, 102)];
    assert_eq!(known, expected, "nobody overturns what is written");
    let page = link.follow("a", None, page.place).await.unwrap();
    assert_eq!(page.entries[0].change, Some(Change::Created { name: "/z".to_owned(), first: 7, tip: 900, at: AT }));
}

#[tokio::test]
async fn there_is_an_end_to_what_is_kept() {
    let stage = Stage::open();
    let link = stage.link().await;
    open(&link, &[own("training", 100, 100, 100)]).await;
    let bounds = Bounds { entries: 5, bytes: 10_000, ..BOUNDS };
    let write = async |draft: &EventDraft, at: UnixMs, bounds: Bounds| {
        let wanted = [Wanted::Publish { name: "training", first: 100, at, draft }];
        assert!(matches!(link.write(&wanted, bounds).await.unwrap()[..], [Written::Done(_)]));
        let places: Vec<u64> =
            link.follow("a", None, 0).await.unwrap().entries.iter().map(|entry| entry.place).collect();
        places
    };
    for _ in 0..7 {
        write(&progress(1), AT, bounds).await;
    }
    assert_eq!(write(&progress(1), AT, bounds).await, [4, 5, 6, 7, 8], "by count");
    let long = EventDraft { data: format!("\"{}\"", "x".repeat(6000)), ..progress(1) };
    assert_eq!(write(&long, AT, bounds).await, [5, 6, 7, 8, 9]);
    assert_eq!(write(&long, AT, bounds).await, [10], "by bytes");
    let longer = EventDraft { data: format!("\"{}\"", "x".repeat(20_000)), ..progress(1) };
    assert_eq!(write(&longer, AT, bounds).await, [11], "the newest stays, however long it is");
    let now = Clock::System.wall();
    let ago = |hours: i64| UnixMs(now.0 - hours * 3_600_000);
    write(&progress(1), ago(30), bounds).await;
    let fewer = Bounds { keep: Duration::from_hours(20), ..bounds };
    assert_eq!(write(&progress(1), ago(10), fewer).await, [13], "by age");
    assert_eq!(write(&progress(1), ago(-1000), fewer).await, [13, 14], "whatever the clock of the node says");
    let bytes: u64 = stage.ask(&["HGET", "m:channel-state", "bytes"]).await;
    assert!((1..500).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn what_is_given_back_follows_the_end_and_a_page_has_an_end() {
    let stage = Stage::open();
    let link = stage.link().await;
    link.meet(&[own("training", 100, 105, 108)]).await.unwrap();
    let event = |id: u64| LogEvent { id, at: AT, draft: EventDraft { data: "1".repeat(600_000), ..progress(1) } };
    let events: Vec<LogEvent> = (106..=108).map(event).collect();
    let restore = |tip: u64, event| Wanted::Restore { name: "training", first: 100, tip, event };
    let wanted = [restore(105, &events[0]), restore(106, &events[1]), restore(106, &events[2])];
    let bounds = Bounds { bytes: 8 << 20, ..BOUNDS };
    let written = link.write(&wanted, bounds).await.unwrap();
    assert_eq!(written, [Written::Done(106), Written::Done(107), Written::Moved]);
    let reach = Wanted::Reach { name: "training", first: 100, tip: 107, last: 120 };
    assert_eq!(link.write(&[reach, reach], bounds).await.unwrap(), [Written::Done(120), Written::Moved]);
    assert_eq!(link.follow("a", None, 0).await.unwrap().entries.len(), 2, "with the one that reaches the bound");
    let meeting = link.meet(&[]).await.unwrap();
    assert_eq!((meeting.channels[0].first, meeting.channels[0].tip), (100, 120));
}

#[tokio::test]
async fn nobody_writes_before_those_who_are_there_have_met_or_were_waited_for_long_enough() {
    let stage = Stage::open();
    let link = stage.link().await;
    let epoch = Some(link.meet(&[own("training", 100, 100, 100)]).await.unwrap().epoch);
    let begun = Instant::now();
    let mut met = false;
    let waiting = async {
        loop {
            for node in ["a", "b"] {
                attend(&link, node, false, Place::default()).await;
            }
            if link.follow("a", epoch, 0).await.unwrap().open {
                return;
            }
            assert!(!met || begun.elapsed() < Duration::from_secs(20), "both have met");
            assert!(!link.follow("b", None, 0).await.unwrap().open);
            assert!(!link.follow("b", Some(1), 0).await.unwrap().open, "that was another time");
            if begun.elapsed() > Duration::from_secs(5) {
                met = true;
                link.follow("b", epoch, 0).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(LIMIT, waiting).await.expect("it opens");
    assert!(met, "b was waited for");
}
