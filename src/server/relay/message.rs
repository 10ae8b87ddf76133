//! What nodes tell each other, as JSON.
//!
//! Tickers travel as values, not as frames: a node needs them for its board, from which pages, REST and every other way
//! out are served, and making the frame of one takes no longer than finding its parts in bytes would.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::link::Bulletin;
use crate::{
    model::{symbol::Symbol, ticker::Ticker, time::UnixMs},
    server::storage::batch::Batch,
    wire::{news::SourceStatus, page::Spark, rest::PriceSource, status::VenueStatus},
};

/// A ticker with what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Told<T = Ticker> {
    /// The id that the leader gave it.
    pub(super) id: u64,
    /// Of the leader who told it; nodes of older versions don't say. Redis keeps what one leader told while the next
    /// one has told nothing of that symbol.
    #[serde(default)]
    pub(super) fence: Option<u64>,
    pub(super) source: PriceSource,
    pub(super) ticker: T,
}

/// What the leader tells of prices in one go. Its parts are read one by one: one that a leader of another version tells
/// otherwise spoils none of the others.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PriceMessage<'a> {
    pub(super) node: String,
    pub(super) fence: u64,
    /// On the clock of that node.
    pub(super) at: UnixMs,
    /// Of [`VenueStatus`].
    #[serde(borrow)]
    pub(super) venues: Option<&'a RawValue>,
    /// Of [`SourceStatus`].
    #[serde(borrow)]
    pub(super) feeds: Option<&'a RawValue>,
    /// [`Told`]
    #[serde(borrow)]
    pub(super) tickers: Vec<&'a RawValue>,
    /// [`Spark`]
    #[serde(borrow)]
    pub(super) sparks: Vec<&'a RawValue>,
}

/// What the leader tells beside tickers.
#[derive(Debug, Default)]
pub(super) struct Beside<'a> {
    pub(super) venues: Option<&'a [VenueStatus]>,
    pub(super) feeds: Option<&'a [SourceStatus]>,
    pub(super) sparks: &'a [Spark],
    /// Every symbol that is followed, where that is said.
    pub(super) followed: &'a [Symbol],
}

/// A message of the leader, in the parts that Redis puts together.
pub(super) fn bulletin(
    node: &str,
    fence: u64,
    at: UnixMs,
    tickers: &[Told<&Ticker>],
    beside: &Beside<'_>,
) -> Result<Bulletin, serde_json::Error> {
    let mut head = format!(r#"{{"node":{},"fence":{fence},"at":{},"#, serde_json::to_string(node)?, at.0);
    let mut beat = vec![("node", node.to_owned()), ("at", at.0.max(0).to_string())];
    let venues = beside.venues.map(serde_json::to_string).transpose()?;
    let feeds = beside.feeds.map(serde_json::to_string).transpose()?;
    for (name, json) in [("venues", venues), ("feeds", feeds)] {
        if let Some(json) = json {
            head.extend(["\"", name, "\":", &json, ","]);
            beat.push((name, json));
        }
    }
    let ticker = |told: &Told<&Ticker>| Ok((told.ticker.symbol.to_string(), serde_json::to_string(told)?));
    let spark = |spark: &Spark| Ok((spark.symbol.to_string(), serde_json::to_string(spark)?));
    Ok(Bulletin {
        head,
        tickers: tickers.iter().map(ticker).collect::<Result<_, serde_json::Error>>()?,
        sparks: beside.sparks.iter().map(spark).collect::<Result<_, serde_json::Error>>()?,
        followed: beside.followed.iter().map(ToString::to_string).collect(),
        beat,
    })
}

/// An edition as it is kept. `None` for one that could not be read back: a figure that is no number, or a time beyond
/// the calendar.
pub(super) fn edition(batch: &Batch) -> Option<String> {
    let json = serde_json::to_string(batch).ok()?;
    serde_json::from_str::<Batch>(&json).ok().map(|_| json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        event::{EventDraft, EventKind, Facets, LogEvent},
        market::fixture::ticker,
    };

    #[test]
    fn a_bulletin_is_read_as_it_was_told() {
        let (btc, eth) = (ticker("BTC", 43_250.5), ticker("ETH", 3_000.25));
        let told =
            [(7, &btc), (8, &eth)].map(|(id, ticker)| Told { id, fence: Some(9), source: PriceSource::Stream, ticker });
        let spark = Spark { symbol: btc.symbol, start: UnixMs(5), step_ms: 60, closes: vec![1.5, 2.0] };
        let beside =
            Beside { venues: Some(&[]), feeds: None, sparks: std::slice::from_ref(&spark), followed: &[btc.symbol] };
        let bulletin = bulletin("n\"1", 9, UnixMs(1_763_640_000_000), &told, &beside).unwrap();
        // As the script puts it together.
        let join =
            |parts: &[(String, String)]| parts.iter().map(|(_, json)| json.as_str()).collect::<Vec<_>>().join(",");
        let text = format!(
            r#"{}"tickers":[{}],"sparks":[{}]}}"#,
            bulletin.head,
            join(&bulletin.tickers),
            join(&bulletin.sparks)
        );
        let message: PriceMessage<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!((&*message.node, message.fence, message.at), ("n\"1", 9, UnixMs(1_763_640_000_000)));
        assert_eq!((message.venues.map(RawValue::get), message.feeds.map(RawValue::get)), (Some("[]"), None));
        let tickers: Vec<Told> = message.tickers.iter().map(|json| serde_json::from_str(json.get()).unwrap()).collect();
        assert_eq!(
            tickers.iter().map(|told| (told.id, told.fence, &told.ticker)).collect::<Vec<_>>(),
            [(7, Some(9), &btc), (8, Some(9), &eth)]
        );
        assert_eq!(message.sparks.len(), 1);
        assert_eq!(serde_json::from_str::<Spark>(message.sparks[0].get()).unwrap(), spark);
        assert_eq!((&*bulletin.tickers[1].0, &*bulletin.followed), ("ETH", &["BTC".to_owned()][..]));
        assert_eq!(bulletin.beat.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["node", "at", "venues"]);
    }

    #[test]
    fn what_can_t_be_read_back_is_no_edition() {
        let draft = EventDraft { kind: EventKind::BreakingUpdate, data: "{}".to_owned(), facets: Facets::default() };
        let batch = Batch { events: vec![LogEvent { id: 3, at: UnixMs(4), draft }], ..Batch::default() };
        let json = edition(&batch).unwrap();
        assert_eq!(serde_json::from_str::<Batch>(&json).unwrap(), batch);
        assert!(json.contains("breaking_update"));
        let beyond: Batch = serde_json::from_str(
            r#"{"articles":[{"id":"a","title":"t","link":"l","description":"d","source":"s","sourceKey":"k","category":"c",
               "pubDate":null,"seenAt":"2026-01-01T00:00:00.000Z","tickers":[],"storyId":"s","isBreaking":false}],
               "stories":[],"events":[],"feeds":[]}"#,
        )
        .unwrap();
        assert!(edition(&beyond).is_some());
        let mut article = beyond.articles[0].clone();
        article.seen_at = UnixMs(i64::MAX);
        assert_eq!(edition(&Batch { articles: vec![article], ..Batch::default() }), None);
    }
}
