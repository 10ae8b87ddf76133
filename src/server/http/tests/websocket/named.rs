//! The named channels over a socket.

use super::{super::channels::Server, *};
use crate::server::access::Scope;

const ALERTS: &str = "/api/v1/channels/alerts/events";

impl Server {
    /// Publishes an alert, and returns its id.
    async fn alert(&self, n: u32) -> String {
        let data = format!(r#"{{"alert_type":"drawdown","severity":"high","message":"\",\"timestamp\":\"","n":{n}}}"#);
        self.publish(ALERTS, format!(r#"{{"event":"risk_alert","data":{data}}}"#)).await
    }
}

async fn subscribe_after(client: &mut Client, channel: &str, id: &str) {
    client.say(&format!(r#"{{"op":"subscribe","channels":["{channel}"],"lastEventId":"{id}"}}"#)).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_published_on_a_channel_reaches_its_sockets_as_it_was_written() {
    let server = Server::new();
    let mut client = Client::open(&server.app).await;
    client.subscribe(&["alerts"]).await;
    let subscribed = client.frame().await;
    assert_eq!((&subscribed["type"], &subscribed["channel"]), (&"subscribed".into(), &"alerts".into()));
    let id = server.alert(1).await;
    assert_eq!(subscribed["id"].as_str().and_then(|id| id.parse().ok()), id.parse::<u64>().ok().map(|id| id - 1));
    let frame = client.frame().await;
    let expected = serde_json::json!({
        "type": "risk_alert", "channel": "alerts", "id": id,
        "data": { "alert_type": "drawdown", "severity": "high", "message": "\",\"timestamp\":\"", "n": 1 },
    });
    assert_eq!(frame, expected);
    server.train(10).await;
    publish(&server.fixture, 1, &[EventKind::News]).await;
    assert!(client.is_quiet().await, "neither of another channel nor of the news");
    client.say(r#"{"op":"unsubscribe","channels":["alerts","training"]}"#).await;
    assert_eq!(client.frame().await["data"]["channels"], serde_json::json!(["alerts", "training"]));
    server.alert(2).await;
    assert!(client.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_with_the_last_id_misses_nothing_and_gets_nothing_twice() {
    let server = Server::new();
    let mut client = Client::open(&server.app).await;
    client.subscribe(&["ticker:BTC", "training", "news", "alerts"]).await;
    let mut ids = std::collections::HashMap::new();
    for channels in [serde_json::json!(["ticker:BTC", "news"]), "training".into(), "alerts".into()] {
        let subscribed = client.frame().await;
        let expected = if channels.is_array() { channels } else { serde_json::json!([channels]) };
        assert_eq!((&subscribed["data"]["channels"], &subscribed["data"]["subscriptions"]), (&expected, &4.into()));
        ids.insert(subscribed["channel"].clone().to_string(), subscribed["id"].as_str().expect("an id").to_owned());
    }
    server.alert(1).await;
    let seen = client.frame().await["id"].as_str().expect("an id").to_owned();
    drop(client);
    server.alert(2).await;
    server.train(10).await;
    server.alert(3).await;
    let mut back = Client::open(&server.app).await;
    subscribe_after(&mut back, "alerts", &seen).await;
    assert_eq!(back.frame().await["id"], seen, "up to here nothing is missing");
    assert_eq!(
        (back.frame().await["data"]["n"].clone(), back.frame().await["data"]["n"].clone()),
        (2.into(), 3.into())
    );
    subscribe_after(&mut back, "training", &ids["\"training\""]).await;
    assert_eq!(back.frame().await["type"], "subscribed");
    assert_eq!(back.frame().await["data"]["progress"], 10);
    subscribe_after(&mut back, "alerts", &seen).await;
    assert_eq!(back.frame().await["type"], "subscribed", "followed already: it goes on where it is");
    assert!(back.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_could_be_of_two_logs_is_refused_and_an_unknown_one_is_a_gap() {
    let server = Server::new();
    let mut client = Client::open(&server.app).await;
    for channels in [r#"["news","alerts"]"#, r#"["alerts","training","ticker:BTC"]"#] {
        client.say(&format!(r#"{{"op":"subscribe","channels":{channels},"lastEventId":"7"}}"#)).await;
        assert_eq!(client.error().await, "mixed_last_event_id");
    }
    assert!(client.is_quiet().await, "nothing was followed");
    subscribe_after(&mut client, "alerts", "7").await;
    assert_eq!(client.frame().await["data"]["subscriptions"], 1);
    let gap = client.frame().await;
    assert_eq!((&gap["type"], &gap["channel"], &gap["data"]["from"]), (&"gap".into(), &"alerts".into(), &"7".into()));
}

#[tokio::test(start_paused = true)]
async fn a_socket_is_a_reader_of_the_channel_until_it_leaves_or_ends() {
    let server = Server::new();
    let admin = server.fixture.token(Scope::Admin);
    let count = async || {
        let (_, _, public) = json(get(&server.app, "/api/v1/sse/status").await).await;
        let (_, _, told) = json(get(&server.app, &format!("/api/v1/sse/status?token={admin}")).await).await;
        assert_eq!(told["channels"]["alerts"]["clients"], serde_json::json!([]), "they have no names");
        let [public, told] = [public, told].map(|status| status["channels"]["alerts"]["connection_count"].clone());
        assert_eq!(told, public, "whoever asks");
        public
    };
    let (mut leaving, mut ending) = (Client::open(&server.app).await, Client::open(&server.app).await);
    for client in [&mut leaving, &mut ending] {
        client.subscribe(&["alerts"]).await;
        client.frame().await;
    }
    assert_eq!(count().await, 2);
    leaving.say(r#"{"op":"unsubscribe","channels":["alerts"]}"#).await;
    leaving.frame().await;
    assert_eq!(count().await, 1);
    drop(ending);
    tokio::time::sleep(LIMIT).await;
    assert_eq!(count().await, 0);
}
