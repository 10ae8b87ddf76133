//! The shared log: founded once, appended to in order, given back after it was forgotten.

use super::*;

const MINE: Place = Place { first: 1000, after: 1000, last: 1003 };

/// A leader whose log may be written.
async fn open_log(link: &Link) -> Standing {
    attend_until(link, "a", true, place(1000, 1000), |standing| standing.open).await
}

/// Has these nodes attend until one of them founds the shared log.
async fn founded(link: &Link, nodes: [(&'static str, Place); 3]) -> (&'static str, SharedLog) {
    let founding = async {
        loop {
            for (node, place) in nodes {
                if let Some(log) = attend(link, node, true, place).await.log {
                    return (node, log);
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(LIMIT, founding).await.unwrap()
}

#[tokio::test]
async fn the_longest_log_of_those_who_are_there_becomes_that_of_all() {
    let stage = Stage::open();
    let nodes = [("a", place(1000, 1003)), ("b", place(5, 5)), ("c", place(700, 790))];
    let (founder, log) = founded(&stage.link().await, nodes).await;
    assert_eq!((founder, log), ("c", SharedLog { first: 700, tip: 700 }));
}

#[tokio::test]
async fn of_one_log_that_of_which_most_is_there_becomes_that_of_all() {
    let stage = Stage::open();
    let was_away = Place { first: 1000, after: 1500, last: 1600 };
    let long_ago = Place { first: 1, after: 99_990, last: 100_000 };
    let nodes = [("a", was_away), ("b", long_ago), ("c", place(1000, 1600))];
    let (founder, log) = founded(&stage.link().await, nodes).await;
    assert_eq!((founder, log), ("c", SharedLog { first: 1000, tip: 1000 }));
}

#[tokio::test]
async fn editions_are_appended_once_and_in_order() {
    let stage = Stage::open();
    let (link, mut messages) = stage.link_and_messages().await;
    let fence = attend(&link, "a", true, place(1000, 1000)).await.fence;
    assert_eq!(link.append(append(fence, "1", 1000, 1002)).await.unwrap(), Appended::Settling, "others may come");
    assert_eq!(open_log(&link).await.log, Some(SharedLog { first: 1000, tip: 1000 }));

    assert_eq!(link.append(append(fence, "1", 1000, 1002)).await.unwrap(), Appended::Kept);
    assert_eq!(link.append(append(fence, "1", 1000, 1002)).await.unwrap(), Appended::Kept, "the answer was lost");
    assert_eq!(link.append(append(fence, "2", 1000, 1001)).await.unwrap(), Appended::Behind);
    assert_eq!(link.append(append(fence, "3", 1004, 1005)).await.unwrap(), Appended::Behind);
    for attempt in ["4", "5"] {
        assert_eq!(link.append(append(fence, attempt, 1002, 1002)).await.unwrap(), Appended::Kept, "without entries");
    }
    let feeds = [("wire".to_owned(), "{}".to_owned())];
    let last = Append { feeds: &feeds, ..append(fence, "6", 1002, 1003) };
    assert_eq!(link.append(last).await.unwrap(), Appended::Kept);
    let ids: Vec<String> = link.editions("-", 10).await.unwrap().into_iter().map(|kept| kept.id).collect();
    assert_eq!(ids, ["1002-0", "1002-1", "1002-2", "1003-0"]);
    let after: Vec<String> = link.editions("1002-0", 2).await.unwrap().into_iter().map(|kept| kept.id).collect();
    assert_eq!(after, ["1002-1", "1002-2"]);
    assert_eq!(link.log().await.unwrap(), Some(SharedLog { first: 1000, tip: 1003 }));
    assert_eq!(link.feeds().await.unwrap(), ["{}"]);
    let call = timeout(LIMIT, messages.next(&stage.keys)).await.unwrap().unwrap();
    assert_eq!(call, Some(Message::News));
}

#[tokio::test]
async fn the_newest_ten_thousand_editions_are_kept() {
    let stage = Stage::open();
    let link = stage.link().await;
    let fence = open_log(&link).await.fence;
    let fill = "for id = 1001, 11200 do redis.call('XADD', KEYS[1], id .. '-0', 'edition', '{}') end \
                redis.call('HSET', KEYS[2], 'tip', '11200') return 1";
    let _: u64 = stage.ask(&["EVAL", fill, "2", "m:editions", "m:log"]).await;
    assert_eq!(link.append(append(fence, "n", 11_200, 11_201)).await.unwrap(), Appended::Kept);
    let length: u64 = stage.ask(&["XLEN", "m:editions"]).await;
    assert!((10_000..=10_100).contains(&length), "{length}: whole blocks of 100 go");
    assert_eq!(link.editions("11200-0", 2).await.unwrap().len(), 1, "the newest stays");
}

#[tokio::test]
async fn what_redis_forgot_is_given_back_before_anybody_writes_on() {
    let mut stage = Stage::open();
    let fence = open_log(&stage.link().await).await.fence;
    stage.server.restart();
    let link = stage.link().await;
    // The first to come knows less than the second.
    let behind = Place { last: 1001, ..MINE };
    let now = attend(&link, "a", true, behind).await;
    assert!(now.fence > fence && now.log.is_none() && !now.open);
    let founding = async {
        loop {
            attend(&link, "a", true, behind).await;
            if let Some(log) = attend(&link, "b", true, MINE).await.log {
                return log;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let log = timeout(LIMIT, founding).await.unwrap();
    assert_eq!(log, SharedLog { first: 1000, tip: 1000 });
    assert!(!attend(&link, "a", true, behind).await.open, "b has not given everything back");
    assert_eq!(link.append(append(now.fence, "1", 1000, 1001)).await.unwrap(), Appended::Settling);

    assert!(link.restore(log, 1002, "{}").await.unwrap());
    assert!(!link.restore(log, 1003, "{}").await.unwrap(), "somebody was faster");
    assert!(!link.restore(SharedLog { first: 7, tip: 1002 }, 1003, "{}").await.unwrap(), "another log");
    assert!(!attend(&link, "a", true, behind).await.open);
    assert!(link.restore(SharedLog { first: 1000, tip: 1002 }, 1003, "{}").await.unwrap());
    assert!(attend(&link, "a", true, MINE).await.open);
    assert_eq!(link.append(append(now.fence, "1", 1003, 1004)).await.unwrap(), Appended::Kept);
}
