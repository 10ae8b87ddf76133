use std::{collections::HashMap, sync::Arc, time::Duration};

use super::*;
use crate::{
    model::story::{BreakingState, StoryHead},
    server::news::stories::StorySettings,
};

const NOW: UnixMs = UnixMs(1_795_176_000_000);
const MINUTE: i64 = 60_000;

fn source(key: &str, tier: u8, trust: f64) -> Arc<Source> {
    Arc::new(Source {
        key: key.to_owned(),
        name: key.to_uppercase(),
        category: "general".to_owned(),
        tier,
        trust,
        url: format!("https://{key}.example/feed"),
    })
}

fn symbol(base: &str) -> Symbol {
    Symbol::parse(base).expect("a symbol")
}

fn item(guid: &str, title: &str, at: Option<UnixMs>) -> Item {
    Item {
        guid: guid.to_owned(),
        title: title.to_owned(),
        link: format!("https://wire.example/{guid}"),
        description: String::new(),
        pub_date: at,
        image_url: None,
        author: None,
        tickers: vec![symbol("SOL")],
    }
}

/// An editor, and what storage would know.
struct Desk {
    editor: Editor,
    known: HashMap<String, KnownArticle>,
    price: Option<f64>,
}

impl Desk {
    fn new() -> Self {
        let sources = [
            source("alpha", 1, 0.9),
            source("beta", 2, 0.7),
            source("gamma", 2, 0.6),
            source("delta", 3, 0.3),
            source("epsilon", 2, 0.7),
        ];
        let editor = Editor {
            index: StoryIndex::new(StorySettings::default()),
            shelf: Shelf::default(),
            reactions: Reactions::default(),
            sources: sources.into_iter().map(|source| (source.key.clone(), source)).collect(),
            followed: vec![symbol("SOL")],
            thresholds: Thresholds { score: 0.6, window: Duration::from_mins(30) },
        };
        Self { editor, known: HashMap::new(), price: Some(100.0) }
    }

    /// One fetch of a source, `minutes` after the start.
    fn fetch(&mut self, key: &str, minutes: i64, items: &[Item]) -> Edition {
        let now = UnixMs(NOW.0 + minutes * MINUTE);
        let source = Arc::clone(self.editor.sources.get(key).expect("a source"));
        let oldest = UnixMs(now.0 - 30 * 86_400_000);
        let filings = self.editor.file(&source, items, Editor::ids(&source, items), &self.known, now, oldest);
        let price = self.price;
        let edition = self.editor.edit(&source, filings, now, |_| price);
        for article in &edition.batch.articles {
            let known = KnownArticle { title: article.title.clone(), story_id: article.story_id.clone(), kept: true };
            self.known.insert(article.id.clone(), known);
        }
        edition
    }

    /// The same event from three sources, two minutes apart.
    fn exploit(&mut self) -> Vec<Edition> {
        let at = |minutes: i64| Some(UnixMs(NOW.0 + minutes * MINUTE));
        vec![
            self.fetch(
                "beta",
                0,
                &[item("b1", "Solana lender Marrow drained of $41 million in flash loan exploit", at(0))],
            ),
            self.fetch("alpha", 2, &[item("a1", "Marrow, a Solana lender, loses $41M to flash loan exploit", at(2))]),
            self.fetch(
                "gamma",
                4,
                &[item("g1", "$41 million gone as flash loan exploit hits Solana lender Marrow", at(4))],
            ),
        ]
    }
}

fn kinds(edition: &Edition) -> Vec<EventKind> {
    edition.drafts.iter().map(|draft| draft.kind).collect()
}

#[test]
fn one_event_from_three_sources_is_one_story_that_is_told_as_breaking_once() {
    let mut desk = Desk::new();
    let editions = desk.exploit();
    let stories: Vec<&StoryHead> = editions.iter().flat_map(|edition| &edition.batch.stories).collect();
    assert_eq!(stories.len(), 3, "one state of the story an edition");
    let last = stories[2];
    assert!(stories.iter().all(|story| story.id == last.id), "one story");
    assert_eq!(kinds(&editions[0]), [EventKind::News, EventKind::Story]);
    assert_eq!(last.articles, 3);
    let keys: Vec<&str> = last.sources.iter().map(|source| source.key.as_str()).collect();
    assert_eq!(keys, ["beta", "alpha", "gamma"], "in the order of their reports");
    assert_eq!(last.title, "Marrow, a Solana lender, loses $41M to flash loan exploit", "the best source's title");
    assert_eq!((last.first_seen, last.last_seen), (NOW, UnixMs(NOW.0 + 4 * MINUTE)));
    let told: Vec<EventKind> = editions.iter().flat_map(kinds).filter(|kind| *kind == EventKind::Breaking).collect();
    assert_eq!(told.len(), 1);
    let breaking = last.breaking.as_ref().expect("three sources are breaking");
    assert!(!breaking.reasons.is_empty());
    let update = editions[2].drafts.iter().find(|draft| draft.kind == EventKind::StoryUpdate).expect("a third source");
    assert!(update.data.contains("\"sources\":[\"beta\",\"alpha\",\"gamma\"]"), "{}", update.data);
}

#[test]
fn every_article_of_a_breaking_story_is_marked() {
    let mut desk = Desk::new();
    let editions = desk.exploit();
    let telling = editions.iter().find(|edition| kinds(edition).contains(&EventKind::Breaking)).expect("told");
    assert!(telling.batch.articles.len() > 1, "those of before are written again");
    assert!(telling.batch.articles.iter().all(|article| article.is_breaking));
}

#[test]
fn an_article_without_a_date_is_never_marked_nor_told_as_breaking() {
    let mut desk = Desk::new();
    let title = "Marrow, a Solana lender, loses $41M to flash loan exploit";
    // The best source of all, but who knows of which day.
    let mut editions = vec![desk.fetch("alpha", 0, &[item("a0", title, None)])];
    for (minute, key) in [(1, "beta"), (2, "gamma"), (3, "delta"), (4, "epsilon")] {
        let at = Some(UnixMs(NOW.0 + minute * MINUTE));
        editions.push(desk.fetch(key, minute, &[item(key, title, at)]));
    }
    let drafts = || editions.iter().flat_map(|edition| &edition.drafts);
    let told = drafts().find(|draft| draft.kind == EventKind::Breaking).expect("four others are enough");
    assert!(told.data.contains("\"isBreaking\":true") && !told.data.contains("\"pubDate\":null"), "{}", told.data);
    let written = || editions.iter().flat_map(|edition| &edition.batch.articles);
    assert!(written().any(|article| article.is_breaking));
    assert!(written().all(|article| article.pub_date.is_some() || !article.is_breaking));
}

#[test]
fn what_came_before_is_told_no_more() {
    let mut desk = Desk::new();
    desk.exploit();
    let again = item("b1", "Solana lender Marrow drained of $41 million in flash loan exploit", Some(NOW));
    let edition = desk.fetch("beta", 6, &[again.clone(), again]);
    assert!(edition.is_empty(), "{:?}", kinds(&edition));
}

#[test]
fn an_item_that_comes_twice_at_once_is_one_article() {
    let mut desk = Desk::new();
    let twice = item("x", "Basel court rejects the appeal of Orchid Pay", Some(NOW));
    let edition = desk.fetch("beta", 0, &[twice.clone(), twice]);
    assert_eq!(edition.batch.articles.len(), 1);
    assert_eq!(kinds(&edition), [EventKind::News, EventKind::Story]);
}

#[test]
fn a_source_that_takes_its_report_back_retracts_the_story() {
    let mut desk = Desk::new();
    desk.exploit();
    let title = "RETRACTED: Marrow, a Solana lender, loses $41M to flash loan exploit";
    let edition = desk.fetch("alpha", 20, &[item("a1", title, Some(UnixMs(NOW.0 + 2 * MINUTE)))]);
    assert!(kinds(&edition).contains(&EventKind::BreakingUpdate), "{:?}", kinds(&edition));
    let story = edition.batch.stories.first().expect("the story");
    assert_eq!(story.breaking.as_ref().map(|breaking| breaking.state), Some(BreakingState::Retracted));
    assert!(edition.batch.articles.iter().all(|article| !article.is_breaking));
    assert!(edition.batch.articles.iter().any(|article| article.title == title));
}

#[test]
fn items_from_before_the_retention_are_left_out() {
    let mut desk = Desk::new();
    let old = item("o", "Harbor Bank opens a custody desk", Some(UnixMs(NOW.0 - 31 * 86_400_000)));
    assert!(desk.fetch("beta", 0, &[old]).is_empty());
}

#[test]
fn without_dates_nothing_is_breaking() {
    let mut desk = Desk::new();
    for (n, key) in ["alpha", "beta", "gamma", "delta"].into_iter().enumerate() {
        let title = "Marrow, a Solana lender, loses $41M to flash loan exploit";
        let edition = desk.fetch(key, i64::try_from(n).expect("small"), &[item(key, title, None)]);
        assert!(!kinds(&edition).contains(&EventKind::Breaking));
    }
}

#[test]
fn the_price_at_the_report_and_the_moves_after_it_are_told() {
    let mut desk = Desk::new();
    desk.fetch("delta", 0, &[item("d", "Solana validators vote on lower rewards", Some(NOW))]);
    for (minutes, price, field) in
        [(0, 200.0, "price"), (5, 202.0, "after5m"), (15, 198.0, "after15m"), (60, 210.0, "after60m")]
    {
        let now = UnixMs(NOW.0 + minutes * MINUTE);
        let dues = desk.editor.reactions.due(now);
        assert_eq!(dues.len(), 1, "{field}");
        let found = dues.into_iter().map(|due| Found { due, price: Some(price) }).collect();
        let edition = desk.editor.note_prices(found, now, |_| Some(price));
        assert_eq!(kinds(&edition), [EventKind::StoryUpdate, EventKind::Story], "{field}");
        assert!(edition.drafts.iter().all(|draft| !draft.data.contains(&format!("\"{field}\":null"))), "{field}");
    }
    let story = desk.editor.shelf.iter().next().expect("the story");
    let reaction = story.head.reaction.first().expect("SOL is followed");
    let moves = [reaction.after5m, reaction.after15m, reaction.after60m].map(|moved| moved.expect("known").round());
    assert_eq!((reaction.price, moves), (Some(200.0), [1.0, -1.0, 5.0]));
}

#[test]
fn only_a_move_of_what_the_headline_is_about_is_a_reason() {
    let mut desk = Desk::new();
    desk.editor.followed = vec![symbol("SOL"), symbol("ETH")];
    for (key, minutes, title, tickers) in [
        ("beta", 0, "Solana lender Marrow drained of $41 million in flash loan exploit", ["SOL", "ETH"].as_slice()),
        ("alpha", 2, "Marrow, a Solana lender, loses $41M to flash loan exploit", &["SOL"]),
        ("gamma", 4, "$41 million gone as flash loan exploit hits Solana lender Marrow", &["SOL", "ETH"]),
    ] {
        let tickers = tickers.iter().copied().map(symbol).collect();
        let told = item(key, title, Some(UnixMs(NOW.0 + minutes * MINUTE)));
        desk.fetch(key, minutes, &[Item { tickers, ..told }]);
    }
    let dues = desk.editor.reactions.due(NOW);
    assert_eq!(dues.len(), 2, "both are watched");
    let found = dues.into_iter().map(|due| Found { due, price: Some(100.0) }).collect();
    desk.editor.note_prices(found, NOW, |_| None);
    let now = UnixMs(NOW.0 + 8 * MINUTE);
    let mut judged = |moved: &str| {
        let moved = symbol(moved);
        desk.editor.judge_again(now, |symbol| Some(if symbol == moved { 103.0 } else { 100.0 }))
    };
    let other = judged("ETH");
    assert!(other.is_empty(), "the headline is not about ETH: {:?}", kinds(&other));
    let own = judged("SOL");
    assert!(kinds(&own).contains(&EventKind::BreakingUpdate), "{:?}", kinds(&own));
    let breaking = own.batch.stories.first().and_then(|story| story.breaking.as_ref()).expect("breaking");
    assert!(breaking.reasons.contains(&"SOL +3.0 % in 8 min".to_owned()), "{:?}", breaking.reasons);
}

#[test]
fn an_earlier_report_that_comes_later_moves_the_price_at_first_report() {
    let mut desk = Desk::new();
    let at = |minutes: i64| Some(UnixMs(NOW.0 + minutes * MINUTE));
    desk.fetch("beta", 10, &[item("b", "Kestrel Labs raises $80 million for its Solana wallet", at(9))]);
    let edition = desk.fetch("alpha", 11, &[item("a", "Solana wallet maker Kestrel Labs raises $80 million", at(1))]);
    let story = edition.batch.stories.first().expect("the story");
    assert_eq!(story.articles, 2);
    assert_eq!(story.reaction.first().map(|reaction| reaction.at), at(1));
}
