//! A database as it is after weeks: many articles in many stories.

use std::path::Path;

use market_pulse::{
    model::{
        article::Article,
        story::{StoryHead, StorySource},
        symbol::Symbol,
        time::UnixMs,
    },
    server::{
        clock::Clock,
        storage::{Storage, batch::Batch},
    },
};

use super::{feeds::now, titles};

/// Articles of one story.
const PER_STORY: usize = 4;
/// Stories that are stored together.
const TOGETHER: usize = 250;
/// The articles are spread over so many days.
const DAYS: i64 = 7;

/// Fills a new database with `articles` articles of the last days.
pub async fn fill(folder: &Path, articles: usize) {
    let storage = Storage::open(folder, Clock::System).expect("a new database");
    let (end, stories) = (now().0, articles / PER_STORY);
    let step = DAYS * 86_400_000 / i64::try_from(stories).expect("a number of stories").max(1);
    let mut batch = Batch::default();
    for n in 0..stories {
        let age = step * i64::try_from(stories - n).expect("a number of stories");
        add(&mut batch, n, UnixMs(end - age));
        if batch.stories.len() == TOGETHER {
            storage.commit(std::mem::take(&mut batch)).await.expect("room on the disk");
        }
    }
    storage.commit(batch).await.expect("room on the disk");
}

fn add(batch: &mut Batch, n: usize, at: UnixMs) {
    let id = format!("story-{n}");
    let tickers: Vec<Symbol> = super::venue::SYMBOLS
        .iter()
        .cycle()
        .nth(n % 20)
        .and_then(|base| Symbol::parse(base).ok())
        .into_iter()
        .collect();
    let title = titles::title(n, 0);
    let mut head = StoryHead {
        id: id.clone(),
        link: format!("https://bench.example/{n}/0"),
        description: titles::lead(n, 0),
        category: "general".to_owned(),
        image_url: None,
        tickers: tickers.clone(),
        sources: Vec::new(),
        articles: 0,
        first_seen: at,
        last_seen: at,
        novelty: 0.5,
        breaking: None,
        reaction: Vec::new(),
        title,
    };
    for k in 0..PER_STORY {
        let source = StorySource { key: format!("bench{}", (n + k) % 50), name: format!("Bench {}", (n + k) % 50) };
        let at = UnixMs(at.0 + i64::try_from(k).unwrap_or_default() * 60_000);
        batch.articles.push(Article {
            id: format!("article-{n}-{k}"),
            title: titles::title(n, k),
            link: format!("https://bench.example/{n}/{k}"),
            description: titles::lead(n, k),
            source: source.name.clone(),
            source_key: source.key.clone(),
            category: "general".to_owned(),
            pub_date: Some(at),
            seen_at: at,
            image_url: None,
            author: None,
            tickers: tickers.clone(),
            story_id: id.clone(),
            is_breaking: false,
        });
        head.sources.push(source);
        head.articles += 1;
        head.last_seen = at;
    }
    batch.stories.push(head);
}
