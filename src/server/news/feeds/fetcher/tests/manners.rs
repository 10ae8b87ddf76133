//! How often, how many at once, and when not at all.

use super::*;

/// So many feeds, each at a host of its own, which takes `seconds` to answer.
fn crowd(script: &Script, count: usize, seconds: u64) -> Vec<(String, String)> {
    let feeds: Vec<_> = (0..count).map(|n| (format!("f{n}"), format!("https://h{n}.example/feed"))).collect();
    for (_, url) in &feeds {
        script.at(url, [ok(rss(&["one"])).after(seconds)]);
    }
    feeds
}

fn stage(script: &Arc<Script>, feeds: &[(String, String)], choice: Choice) -> Stage {
    let feeds: Vec<_> = feeds.iter().map(|(key, url)| (key.as_str(), url.as_str())).collect();
    Stage::new(script, &feeds, choice)
}

#[tokio::test(start_paused = true)]
async fn the_first_round_is_spread_over_some_seconds_and_later_ones_stay_apart() {
    let script = Script::new();
    let feeds = crowd(&script, 52, 0);
    let stage = stage(&script, &feeds, Choice::default());
    sleep(Duration::from_secs(11)).await;
    let first: Vec<f64> = script.asked().iter().map(|(at, _)| at.as_secs_f64()).collect();
    assert_eq!(first.len(), 52);
    for third in [0.0..3.4, 3.3..6.7, 6.6..10.1] {
        let there = first.iter().filter(|at| third.contains(*at)).count();
        assert!((8..30).contains(&there), "{there} in {third:?}");
    }
    sleep(FIVE_MINUTES * 2).await;
    for (_, url) in &feeds {
        let times = script.times(url);
        assert!(times.windows(2).all(|pair| (269.9..330.1).contains(&(pair[1] - pair[0]))), "{times:?}");
        assert!(times.len() >= 2);
    }
    assert_eq!(stage.board.statuses().len(), 52);
}

#[tokio::test(start_paused = true)]
async fn a_second_is_an_interval_too() {
    let script = Script::new();
    script.at(A, [ok(rss(&["one"]))]);
    let choice = Choice { interval: Duration::from_secs(1), ..Choice::default() };
    let _stage = Stage::new(&script, &[("a", A)], choice);
    sleep(Duration::from_mins(1)).await;
    assert!((54..=66).contains(&script.asked().len()), "{}", script.asked().len());
}

#[tokio::test(start_paused = true)]
async fn eight_are_asked_at_once_and_each_host_once() {
    let script = Script::new();
    let mut feeds = crowd(&script, 30, 4);
    for n in 0..6 {
        let url = format!("https://h0.example/{n}");
        script.at(&url, [ok(rss(&["one"])).after(4)]);
        feeds.push((format!("same{n}"), url));
    }
    let mut stage = stage(&script, &feeds, Choice::default());
    for _ in &feeds {
        stage.fetched().await;
    }
    assert_eq!(script.most(), (1, 8));
}

#[tokio::test(start_paused = true)]
async fn redirects_into_a_busy_host_wait_for_their_turn() {
    let script = Script::new();
    let feeds: Vec<_> = (0..5).map(|n| (format!("f{n}"), format!("https://h{n}.example/"))).collect();
    for (n, (_, url)) in feeds.iter().enumerate() {
        script.at(url, [redirect(302, &format!("https://shared.example/{n}"))]);
        script.at(&format!("https://shared.example/{n}"), [ok(rss(&["one"])).after(8)]);
    }
    let choice = Choice { interval: Duration::from_secs(1), ..Choice::default() };
    let mut stage = stage(&script, &feeds, choice);
    for _ in &feeds {
        assert_eq!(stage.fetched().await.record.last_error, None, "waiting for others costs no time");
    }
    assert_eq!(script.most().0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_host_holds_up_nobody_else() {
    let script = Script::new();
    let mut feeds: Vec<_> = (0..20).map(|n| (format!("slow{n}"), format!("https://slow.example/{n}"))).collect();
    for (_, url) in &feeds {
        script.at(url, [ok("").after(3600)]);
    }
    feeds.extend(crowd(&script, 5, 0));
    let stage = stage(&script, &feeds, Choice::default());
    sleep(Duration::from_secs(11)).await;
    let fine = stage.board.statuses().iter().filter(|status| status.state == SourceState::Ok).count();
    assert_eq!(fine, 5);
    sleep(Duration::from_secs(190)).await;
    let slow: Vec<_> = stage.board.statuses().into_iter().filter_map(|status| status.last_error).collect();
    assert!(slow.iter().all(|error| error == "timed out after 10 s"), "{slow:?}");
    assert!(slow.len() >= 19, "{}", slow.len());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_dropped_while_nobody_listens() {
    let script = Script::new();
    let feeds = crowd(&script, 30, 0);
    let mut stage = stage(&script, &feeds, Choice { room: 1, ..Choice::default() });
    sleep(HOUR).await;
    assert_eq!(script.asked().len(), 9, "eight wait to be heard, one was taken");
    let mut keys = Vec::new();
    while keys.len() < 30 {
        let fetched = stage.fetched().await;
        if !keys.contains(&fetched.source.key) {
            keys.push(fetched.source.key.clone());
        }
        assert_eq!(titles(&fetched), ["one"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_is_left_alone_for_as_long_as_it_says() {
    for (code, text, seconds) in [
        (429, "7200", 7200.0),
        (503, "7200", 7200.0),
        (429, "Fri, 15 Jan 2027 12:00:00 GMT", 14_400.0),
        (503, "999999", 86_400.0),
        (503, "1", 300.0),
        (500, "7200", 300.0),
    ] {
        let script = Script::new();
        script.at(A, [status(code).with(|answer| answer.retry_after = Some(text.to_owned())), ok(rss(&["one"]))]);
        let mut stage = Stage::of(&script, A);
        assert_eq!(stage.fetched().await.record.last_error, Some(format!("HTTP {code}")));
        stage.fetched().await;
        let times = script.times(A);
        let share = (times[1] - times[0]) / seconds;
        let least = if seconds > 300.0 { 0.999 } else { 0.9 };
        assert!((least..1.11).contains(&share), "{code} {text}: {share}");
        assert_eq!(stage.status().state, SourceState::Ok);
    }
}

#[tokio::test(start_paused = true)]
async fn feeds_and_servers_may_ask_for_longer() {
    let with_ttl = rss(&["one"]).replace("<channel>", "<channel><ttl>60</ttl>");
    let script = Script::new();
    let cached = |seconds: &str| {
        let seconds = format!("max-age={seconds}");
        ok(rss(&["one"])).with(|answer| answer.cache_control = Some(seconds))
    };
    for (url, replies, minutes) in [
        ("https://ttl.example/", vec![ok(with_ttl.clone())], 60.0),
        ("https://ttl-kept.example/", vec![ok(with_ttl.clone()), status(500), ok(with_ttl)], 60.0),
        ("https://cache.example/", vec![cached("1800")], 30.0),
        ("https://short.example/", vec![cached("10")], 5.0),
        ("https://forever.example/", vec![cached("31536000")], 360.0),
    ] {
        script.at(url, replies);
        let mut stage = Stage::of(&script, url);
        for _ in 0..3 {
            stage.fetched().await;
        }
        for pair in script.times(url).windows(2) {
            let share = (pair[1] - pair[0]) / 60.0 / minutes;
            assert!((0.9..1.11).contains(&share), "{url}: {share}");
        }
        assert_eq!(script.times(url).len(), 3);
    }
}
