//! Sessions: what they follow may change, and neither order nor the newest value suffers.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use serde_json::Value;

use super::{
    log::{START, Script, draft},
    *,
};
use crate::server::{
    event::{EventDraft, EventKind},
    hub::{
        log::EventLog,
        session::{LogChannel, PING_INTERVAL, PairTurn, SessionEnd, SessionTurn},
    },
};

fn session(hub: &Arc<Hub>) -> Session {
    hub.session(address(1), Protocol::WebSocket).expect("room")
}

/// A session that follows these symbols.
fn following(hub: &Arc<Hub>, bases: &[&str]) -> Session {
    let mut session = session(hub);
    for base in bases {
        session.follow(symbol(base)).expect("followed here");
    }
    session
}

fn turn(session: &mut Session) -> Option<SessionTurn> {
    match session.poll_next(&mut Context::from_waker(std::task::Waker::noop())) {
        Poll::Ready(turn) => Some(turn),
        Poll::Pending => None,
    }
}

/// What can be had without waiting, in short: `BTC 1`, `news 7`, `gap news 3 8`, `ping`.
fn told(session: &mut Session) -> Vec<String> {
    std::iter::from_fn(|| turn(session)).map(brief).collect()
}

fn brief(turn: SessionTurn) -> String {
    let text = match turn {
        SessionTurn::Text(text) => text,
        SessionTurn::Ping => return "ping".to_owned(),
        SessionTurn::End(end) => panic!("ended: {end:?}"),
    };
    let frame: Value = serde_json::from_str(&text).expect("JSON");
    let (data, channel) = (&frame["data"], frame["channel"].as_str().expect("a channel"));
    let place = |id: &Value| id.as_str().expect("text").parse::<u64>().expect("a number") - START;
    match frame["type"].as_str().expect("a type") {
        "ticker" => {
            assert_eq!(
                (channel, frame.get("id")),
                (format!("ticker:{}", data["symbol"].as_str().unwrap()).as_str(), None)
            );
            format!("{} {}", data["symbol"].as_str().expect("a symbol"), data["price"].as_f64().expect("a price"))
        }
        "gap" => format!("gap {channel} {} {}", place(&data["from"]), place(&data["to"])),
        kind => format!("{kind} {}", place(&frame["id"])),
    }
}

async fn publish(hub: &Hub, kinds: &[EventKind]) {
    let mut turn = hub.log().turn().await;
    let drafts: Vec<EventDraft> = kinds.iter().map(|kind| draft(*kind, "a", 0)).collect();
    let events = turn.stamp(drafts);
    turn.publish(events);
}

async fn publish_on(log: &Arc<EventLog>, kind: EventKind, count: usize) {
    let mut turn = log.turn().await;
    let events = turn.stamp((0..count).map(|_| EventDraft { data: "{}".to_owned(), ..draft(kind, "a", 0) }).collect());
    turn.publish(events);
}

#[tokio::test(start_paused = true)]
async fn named_channels_take_turns_each_in_its_own_order() {
    let (hub, _shutdown) = hub();
    let [training, alerts] = [(); 2].map(|()| hub.log_of_channel(LogSetup::starting(START)));
    let mut session = session(&hub);
    session.follow_named("training", &training, Since::Now);
    session.follow_named("alerts", &alerts, Since::Now);
    publish_on(&training, EventKind::TrainingProgress, 4).await;
    publish_on(&alerts, EventKind::RiskAlert, 2).await;
    let expected = [
        "training_progress 1",
        "risk_alert 1",
        "training_progress 2",
        "risk_alert 2",
        "training_progress 3",
        "training_progress 4",
    ];
    assert_eq!(told(&mut session), expected);
    publish_on(&alerts, EventKind::RiskAlert, 1).await;
    assert_eq!(told(&mut session), ["risk_alert 3"]);
    assert_eq!(session.position_of("alerts"), Some(START + 3));
    session.unfollow_named("alerts");
    assert_eq!((alerts.readers(), training.readers(), session.position_of("alerts")), (0, 1, None));
    session.retire();
    assert_eq!(training.readers(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_followed_may_change() {
    let (hub, _shutdown) = hub();
    for base in ["BTC", "ETH", "SOL"] {
        hub.publish(&ticker(base, 1.0));
    }
    let mut session = session(&hub);
    assert_eq!(told(&mut session).len(), 0, "nothing was asked for");
    session.follow(symbol("ETH")).expect("followed here");
    assert_eq!(told(&mut session), ["ETH 1"], "a snapshot at once");
    session.follow(symbol("BTC")).expect("followed here");
    assert_eq!(told(&mut session), ["BTC 1"], "only what is new");
    session.follow(symbol("BTC")).expect("followed here");
    assert_eq!(told(&mut session), ["BTC 1"], "or begun anew");
    assert_eq!(hub.subscriptions(), [(symbol("BTC"), 1), (symbol("ETH"), 1)], "and counted once");
    session.unfollow(symbol("ETH"));
    session.unfollow(symbol("ETH"));
    hub.publish(&ticker("ETH", 2.0));
    hub.publish(&ticker("BTC", 2.0));
    assert_eq!(told(&mut session), ["BTC 2"]);
    session.follow(symbol("SOL")).expect("followed here");
    hub.publish(&ticker("BTC", 3.0));
    let mut both = told(&mut session);
    both.sort();
    assert_eq!(both, ["BTC 3", "SOL 1"], "in the place that has become free");
    assert_eq!(session.follow(symbol("XYZ")), Err(Refusal::UnknownSymbol));
    drop(session);
    assert_eq!((hub.streams(), hub.subscriptions()), (0, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_publication_that_meets_a_change_is_of_the_symbol_that_it_says() {
    let (hub, _shutdown) = hub();
    let mut session = following(&hub, &["BTC"]);
    hub.publish(&ticker("BTC", 1.0));
    session.unfollow(symbol("BTC"));
    session.follow(symbol("ETH")).expect("followed here");
    assert_eq!(told(&mut session).len(), 0, "the mark of BTC is looked up as ETH, which has no price");
    hub.publish(&ticker("ETH", 2.0));
    assert_eq!(told(&mut session), ["ETH 2"]);
}

#[tokio::test(start_paused = true)]
async fn every_session_gets_the_same_bytes() {
    let (hub, _shutdown) = hub();
    let mut sessions = [following(&hub, &["BTC"]), following(&hub, &["ETH", "BTC"])];
    for session in &mut sessions {
        session.follow_log(&[LogChannel::News], Since::Now);
        assert_eq!(told(session).len(), 0);
    }
    hub.publish(&ticker("BTC", 1.0));
    publish(&hub, &[EventKind::News]).await;
    let [first, second] = sessions.map(|mut session| {
        let texts = std::iter::from_fn(|| match turn(&mut session)? {
            SessionTurn::Text(text) => Some(text),
            other => panic!("{other:?}"),
        });
        texts.map(|text| text.as_ptr()).collect::<Vec<_>>()
    });
    assert_eq!(first.len(), 2);
    assert_eq!(first, second, "shared, not copied");
}

#[tokio::test(start_paused = true)]
async fn the_newest_wins_for_a_slow_session_and_no_entry_is_left_out() {
    let (hub, _shutdown) = hub();
    let mut session = following(&hub, &["BTC"]);
    session.follow_log(&LogChannel::ALL, Since::Now);
    for price in 1..=1000 {
        hub.publish(&ticker("BTC", f64::from(price)));
    }
    let kinds =
        [EventKind::News, EventKind::Breaking, EventKind::Story, EventKind::StoryUpdate, EventKind::BreakingUpdate];
    publish(&hub, &kinds).await;
    let expected = ["news 1", "breaking 2", "story_update 4", "breaking_update 5", "BTC 1000"];
    assert_eq!(told(&mut session), expected, "heads of stories are for pages");
}

#[tokio::test(start_paused = true)]
async fn channels_of_the_log_go_on_where_they_were() {
    let (hub, _shutdown) = hub();
    publish(&hub, &[EventKind::News, EventKind::Breaking, EventKind::News, EventKind::Breaking]).await;
    let mut session = session(&hub);
    assert_eq!(session.position(), None);
    session.follow_log(&LogChannel::ALL, Since::After(START + 1));
    assert_eq!(session.position(), Some(START + 1));
    assert_eq!(told(&mut session), ["breaking 2", "news 3", "breaking 4"], "in one order");
    publish(&hub, &[EventKind::News]).await;
    assert_eq!(told(&mut session), ["news 5"], "once");
    session.unfollow_log(&[LogChannel::News]);
    publish(&hub, &[EventKind::News, EventKind::Breaking]).await;
    assert_eq!(told(&mut session), ["breaking 7"]);
    session.unfollow_log(&LogChannel::ALL);
    publish(&hub, &[EventKind::Breaking]).await;
    assert_eq!((told(&mut session).len(), session.position(), hub.log().readers()), (0, None, 0));
    session.follow_log(&[LogChannel::Breaking], Since::After(START + 7));
    assert_eq!(told(&mut session), ["breaking 8"]);
}

#[tokio::test(start_paused = true)]
async fn channels_with_places_of_their_own_become_one_when_they_meet() {
    let (hub, _shutdown) = hub();
    publish(&hub, &[EventKind::News, EventKind::Breaking, EventKind::News]).await;
    let mut session = session(&hub);
    session.follow_log(&[LogChannel::News], Since::Now);
    assert_eq!(told(&mut session).len(), 0);
    session.follow_log(&[LogChannel::News, LogChannel::Breaking], Since::After(START));
    assert_eq!(session.position(), Some(START), "what both are sure to have");
    assert_eq!(told(&mut session), ["breaking 2"], "news goes on where it is");
    assert_eq!(session.position(), Some(START + 3));
    publish(&hub, &[EventKind::Breaking, EventKind::News, EventKind::Breaking]).await;
    assert_eq!(told(&mut session), ["breaking 4", "news 5", "breaking 6"], "in one order again");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_joins_does_not_put_the_place_forward() {
    let (hub, _shutdown) = hub();
    let mut session = session(&hub);
    session.follow_log(&[LogChannel::News], Since::Now);
    assert_eq!(told(&mut session).len(), 0);
    publish(&hub, &[EventKind::News, EventKind::Breaking]).await;
    session.follow_log(&[LogChannel::Breaking], Since::Now);
    assert_eq!(session.position(), Some(START), "an entry is on its way");
    assert_eq!(told(&mut session), ["news 1", "breaking 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_loss_is_told_for_each_channel() {
    let clock = Clock::following(WALL);
    let (hub, _shutdown) = hub_with(LogSetup::in_memory(clock).keeping(2), clock);
    publish(&hub, &[EventKind::News; 5]).await;
    let mut session = session(&hub);
    session.follow_log(&LogChannel::ALL, Since::After(START + 1));
    let mut lines = Vec::new();
    while lines.len() < 4 {
        lines.push(brief(poll_fn(|cx| session.poll_next(cx)).await));
    }
    assert_eq!(lines, ["gap news 1 3", "gap breaking 1 3", "news 4", "news 5"]);
    let mut other = hub.session(address(2), Protocol::WebSocket).expect("room");
    other.follow_log(&[LogChannel::Breaking], Since::Unknown);
    assert_eq!(other.position(), None, "a loss comes first");
    let Some(SessionTurn::Text(text)) = turn(&mut other) else { panic!("no gap") };
    let tip = START + 5;
    assert_eq!(
        text,
        format!(
            r#"{{"type":"gap","channel":"breaking","id":"{tip}","data":{{"from":"","to":"{tip}","reason":"restarted"}}}}"#
        )
    );
}

#[tokio::test(start_paused = true)]
async fn what_has_left_the_memory_comes_from_the_store() {
    let (script, clock) = (Script::default(), Clock::following(WALL));
    let (hub, _shutdown) = hub_with(script.setup(START, 2).await, clock);
    let mut turn = hub.log().turn().await;
    let events = turn.stamp((0..6).map(|n| draft(EventKind::News, "a", n)).collect());
    script.0.lock().events.extend(events.clone());
    turn.publish(events);
    let mut session = session(&hub);
    session.follow_log(&[LogChannel::News], Since::After(START + 1));
    let mut lines = Vec::new();
    while lines.len() < 5 {
        lines.push(brief(poll_fn(|cx| session.poll_next(cx)).await));
    }
    assert_eq!(lines, ["news 2", "news 3", "news 4", "news 5", "news 6"]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_is_woken_by_pings_only() {
    let (hub, _shutdown) = hub();
    let mut session = following(&hub, &["BTC"]);
    session.follow_log(&[LogChannel::News], Since::Now);
    let (counted, wakes) = futures_count();
    let look = |session: &mut Session| session.poll_next(&mut Context::from_waker(&counted));
    let mut pings = 0;
    for second in 1..=95 {
        if second == 1 {
            assert!(look(&mut session).is_pending());
        }
        hub.publish(&ticker("ETH", f64::from(second)));
        sleep(Duration::from_secs(1)).await;
        if wakes.count() > pings {
            pings = wakes.count();
            assert_eq!(look(&mut session), Poll::Ready(SessionTurn::Ping));
            assert!(look(&mut session).is_pending());
        }
    }
    assert_eq!(u128::from(pings), 95_000 / PING_INTERVAL.as_millis());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_takes_nothing_is_told_to_end_and_leaks_nothing() {
    let (hub, _shutdown) = hub();
    let mut session = following(&hub, &["BTC"]);
    assert_eq!(told(&mut session).len(), 0);
    hub.publish(&ticker("BTC", 1.0));
    let started = tokio::time::Instant::now();
    assert_eq!(poll_fn(|cx| session.poll_end(cx)).await, SessionEnd::TooSlow);
    let took = started.elapsed().as_secs_f64();
    assert!((30.0..31.0).contains(&took), "{took}");
    assert_eq!((hub.subscriptions(), hub.streams()), (vec![], 1), "the connection is still there");
    // A message that came in meanwhile.
    session.follow(symbol("ETH")).expect("followed here");
    session.follow_log(&[LogChannel::News], Since::Now);
    assert_eq!((hub.subscriptions(), hub.log().readers()), (vec![], 0), "it was forgotten");
    drop(session);
    assert_eq!(hub.streams(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_sessions_at_once_also_one_that_takes_nothing() {
    let (hub, shutdown) = hub();
    let (mut lively, mut stuck) = (following(&hub, &["BTC"]), following(&hub, &["BTC"]));
    let ends = tokio::spawn(async move {
        let end = poll_fn(|cx| lively.poll_next(cx));
        let stuck = poll_fn(|cx| stuck.poll_end(cx));
        futures_util::future::join(end, stuck).await
    });
    sleep(Duration::from_millis(1)).await;
    let before = tokio::time::Instant::now();
    shutdown.cancel();
    let ends = ends.await.expect("no panic");
    assert_eq!(ends, (SessionTurn::End(SessionEnd::GoingDown), SessionEnd::GoingDown));
    assert_eq!((before.elapsed(), hub.streams()), (Duration::ZERO, 0));
    assert_eq!(hub.session(address(1), Protocol::WebSocket).err(), Some(Refusal::GoingDown));
}

#[tokio::test(start_paused = true)]
async fn the_price_of_a_pair_is_made_once_for_everybody() {
    let (hub, _shutdown) = hub();
    let mut sessions = [following(&hub, &["BTC"]), following(&hub, &["ETH", "BTC"])];
    hub.publish(&ticker("BTC", 1.0));
    hub.publish(&ticker("BTC", 2.0));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let made = sessions.each_mut().map(|session| match session.poll_pair(&mut cx) {
        Poll::Ready(PairTurn::Price(_, json)) => json,
        turn => panic!("no price: {turn:?}"),
    });
    assert!(made[0].get().starts_with(r#"{"symbol":"BTCUSDT","price":2.0,"#), "{}", made[0]);
    assert!(Arc::ptr_eq(&made[0], &made[1]));
    assert!(sessions.iter_mut().all(|session| session.poll_pair(&mut cx).is_pending()));
}
