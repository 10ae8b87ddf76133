//! Channels that come and go.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_opened_channel_is_like_any_other_until_it_is_closed() {
    let (hub, _shutdown) = hub();
    assert_eq!(hub.connect(address(1), &wish(&["PEPE"])).err(), Some(Refusal::UnknownSymbol));
    hub.publish(&ticker("PEPE", 1.0));
    hub.open(symbol("PEPE"));
    hub.publish(&ticker("PEPE", 2.0));
    let mut stream = connect(&hub, &wish(&["ETH", "PEPE"]));
    assert_eq!(brief(&ready(&mut stream)), ["PEPE 2"]);
    hub.publish(&of(Freshness::Stale, "PEPE", 3.0));
    assert_eq!(brief(&ready(&mut stream)), ["status PEPE stale", "PEPE 3"]);
    assert_eq!(hub.subscriptions(), [(symbol("ETH"), 1), (symbol("PEPE"), 1)]);
    drop(stream);
    assert!(hub.close(symbol("PEPE")));
    hub.publish(&ticker("PEPE", 4.0));
    hub.open(symbol("PEPE"));
    let mut again = connect(&hub, &wish(&["PEPE"]));
    assert_eq!(ready(&mut again).len(), 0, "nothing is left of before");
}

#[tokio::test(start_paused = true)]
async fn a_channel_is_open_as_long_as_a_reader_has_it() {
    let (hub, _shutdown) = hub();
    hub.open(symbol("PEPE"));
    let mut stream = connect(&hub, &wish(&["PEPE"]));
    assert!(!hub.close(symbol("PEPE")));
    hub.open(symbol("PEPE"));
    hub.publish(&ticker("PEPE", 1.0));
    assert_eq!(brief(&ready(&mut stream)), ["PEPE 1"], "opened again, it is the same");
    drop(stream);
    assert!(hub.close(symbol("PEPE")));
    assert!(hub.close(symbol("PEPE")), "closed is closed");
}

#[tokio::test(start_paused = true)]
async fn configured_channels_stay() {
    let (hub, _shutdown) = hub();
    assert!(!hub.close(symbol("BTC")));
    hub.open(symbol("BTC"));
    hub.publish(&ticker("BTC", 1.0));
    assert_eq!(brief(&ready(&mut connect(&hub, &wish(&["BTC"])))), ["BTC 1"]);
}
