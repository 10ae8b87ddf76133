//! Decides what becomes of an item: which story it joins, what the story is called, whether it is breaking, and what
//! readers are told. Knows neither network nor disk: what it needs of either is handed in.

use std::collections::{HashMap, HashSet};

use super::{
    active::{Active, Sources},
    breaking::{self, StoryFacts, Thresholds, Verdict},
    bulletin,
    feeds::identity::article_id,
    item::Item,
    reactions::{self, Due, Reactions},
    shelf::Shelf,
    source::Source,
    stories::{Placement, Report, StoryIndex},
};
use crate::{
    model::{article::Article, symbol::Symbol, time::UnixMs},
    server::{
        event::{EventDraft, EventKind},
        storage::{batch::Batch, query::KnownArticle},
    },
};

/// What is stored and told together.
#[derive(Debug, Clone, Default)]
pub(super) struct Edition {
    pub(super) batch: Batch,
    pub(super) drafts: Vec<EventDraft>,
    /// Of the articles, those that were not known before.
    pub(super) new_articles: u64,
    /// The same of the stories.
    pub(super) new_stories: u64,
}

impl Edition {
    pub(super) fn is_empty(&self) -> bool {
        self.drafts.is_empty() && self.batch.articles.is_empty() && self.batch.stories.is_empty()
    }
}

/// An item that was looked at: new, or changed since it came first.
#[derive(Debug)]
enum Filing<'a> {
    New { id: String, item: &'a Item, placement: Placement },
    Revised { id: String, item: &'a Item, story: String },
}

/// Items with their stories, before the stories are at hand.
#[derive(Debug)]
pub(super) struct Filings<'a>(Vec<Filing<'a>>);

impl Filings<'_> {
    /// The stories that must be at hand, if they are known at all.
    pub(super) fn stories(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|filing| match filing {
            Filing::New { placement, .. } => placement.joined.then_some(&*placement.story),
            Filing::Revised { story, .. } => Some(story),
        })
    }
}

/// A price that was looked up for a story.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) due: Due,
    pub(super) price: Option<f64>,
}

/// How long after the first report the price of now counts as a move: as long as the rule looks at moves.
const MOVES_FOR_MS: i64 = 15 * 60_000;

/// What an edition does to one story.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    gained_source: bool,
    prices: bool,
    verdict: Option<EventKind>,
}

/// Articles and stories that an edition touched, in the order it did.
#[derive(Debug, Default)]
struct Touched {
    /// Story and article.
    articles: Vec<(String, String)>,
    order: Vec<String>,
    /// How many of the stories have begun.
    begun: u64,
    changes: HashMap<String, Change>,
}

impl Touched {
    fn story(&mut self, id: &str) -> &mut Change {
        if !self.changes.contains_key(id) {
            self.order.push(id.to_owned());
        }
        self.changes.entry(id.to_owned()).or_default()
    }
}

#[derive(Debug)]
pub(super) struct Editor {
    pub(super) index: StoryIndex,
    pub(super) shelf: Shelf,
    pub(super) reactions: Reactions,
    pub(super) sources: Sources,
    /// The assets that have a price here.
    pub(super) followed: Vec<Symbol>,
    pub(super) thresholds: Thresholds,
}

impl Editor {
    /// The id of each item, in their order.
    pub(super) fn ids(source: &Source, items: &[Item]) -> Vec<String> {
        items.iter().map(|item| article_id(&source.key, item)).collect()
    }

    /// Finds the story of each item that is new, or that says something else than before; `ids` are those of the items.
    /// Items from before `oldest` would be forgotten at once and are left out, and so are those that were forgotten.
    /// Doing it again gives the same stories.
    pub(super) fn file<'a>(
        &mut self,
        source: &Source,
        items: &'a [Item],
        ids: Vec<String>,
        known: &HashMap<String, KnownArticle>,
        now: UnixMs,
        oldest: UnixMs,
    ) -> Filings<'a> {
        let mut filings = Vec::new();
        let mut seen = HashSet::new();
        for (id, item) in ids.into_iter().zip(items) {
            if !seen.insert(id.clone()) {
                continue;
            }
            let at = item.pub_date.unwrap_or(now);
            match known.get(&id) {
                Some(known) if !known.kept || known.title == item.title => {}
                Some(known) => filings.push(Filing::Revised { id, item, story: known.story_id.clone() }),
                None if at < oldest => {}
                None => {
                    let report = Report {
                        id: &id,
                        source_key: &source.key,
                        title: &item.title,
                        lead: &item.description,
                        tickers: &item.tickers,
                        at,
                    };
                    let placement = self.index.place(&report);
                    filings.push(Filing::New { id, item, placement });
                }
            }
        }
        Filings(filings)
    }

    /// Writes the items into their stories, which are at hand by now, and judges these.
    pub(super) fn edit(
        &mut self,
        source: &Source,
        filings: Filings<'_>,
        now: UnixMs,
        price: impl Fn(Symbol) -> Option<f64>,
    ) -> Edition {
        let mut touched = Touched::default();
        let mut new = Vec::new();
        for filing in filings.0 {
            match filing {
                Filing::New { id, item, placement } => {
                    let article = article(source, id, item, &placement.story, now);
                    new.push((article.story_id.clone(), article.id.clone()));
                    self.enter(article, placement.novelty, &mut touched);
                }
                Filing::Revised { id, item, story } => {
                    if self.shelf.touch(&story).is_some_and(|story| story.revise(&id, item)) {
                        touched.story(&story);
                        touched.articles.push((story, id));
                    }
                }
            }
        }
        self.judge(&mut touched, now, price);
        self.finish(touched, &new, now)
    }

    /// Judges stories again whose prices may have moved since.
    pub(super) fn judge_again(&mut self, now: UnixMs, price: impl Fn(Symbol) -> Option<f64>) -> Edition {
        let young = |story: &&Active| {
            let moving = story.head.reaction.iter().any(|reaction| reaction.price.is_some());
            moving && now.since(story.head.first_seen) <= MOVES_FOR_MS
        };
        let young: Vec<String> = self.shelf.iter().filter(young).map(|story| story.head.id.clone()).collect();
        let mut touched = Touched::default();
        for id in young {
            if let Some(kind) = self.judge_one(&id, now, &price) {
                touched.story(&id).verdict = Some(kind);
            }
        }
        self.finish(touched, &[], now)
    }

    /// Writes prices into their stories, which are at hand, and judges these.
    pub(super) fn note_prices(
        &mut self,
        found: Vec<Found>,
        now: UnixMs,
        price: impl Fn(Symbol) -> Option<f64>,
    ) -> Edition {
        let mut touched = Touched::default();
        for Found { due, price } in found {
            let Some(story) = self.shelf.touch(&due.story_id) else { continue };
            let reported = due.reported_at();
            let reaction = story.head.reaction.iter_mut().find(|r| r.symbol == due.symbol && r.at == reported);
            let Some(reaction) = reaction else { continue };
            if reactions::fill(reaction, due.what, price) {
                touched.story(&due.story_id).prices = true;
            } else {
                self.reactions.retry(due, now);
            }
        }
        for id in touched.order.clone() {
            touched.story(&id).verdict = self.judge_one(&id, now, &price);
        }
        self.finish(touched, &[], now)
    }

    fn enter(&mut self, article: Article, novelty: f64, touched: &mut Touched) {
        let id = article.story_id.clone();
        touched.articles.push((id.clone(), article.id.clone()));
        let Some(story) = self.shelf.touch(&id) else {
            self.shelf.put(Active::begin(article, novelty));
            touched.story(&id);
            touched.begun += 1;
            return;
        };
        let sources = story.head.sources.len();
        story.join(article);
        let gained = story.head.sources.len() > sources;
        touched.story(&id).gained_source |= gained;
    }

    fn judge(&mut self, touched: &mut Touched, now: UnixMs, price: impl Fn(Symbol) -> Option<f64>) {
        for id in touched.order.clone() {
            if let Some(story) = self.shelf.touch(&id) {
                story.refresh(&self.sources, &self.followed);
                self.reactions.watch_story(&story.head, now);
            }
            touched.story(&id).verdict = self.judge_one(&id, now, &price);
        }
    }

    fn judge_one(&mut self, id: &str, now: UnixMs, price: &impl Fn(Symbol) -> Option<f64>) -> Option<EventKind> {
        let story = self.shelf.touch(id)?;
        let voices = story.voices(&self.sources);
        let moves = story.moves(&self.sources, now, price);
        let told = story.head.breaking.as_ref();
        let facts = StoryFacts { voices: &voices, novelty: story.head.novelty, moves: &moves, told };
        let (kind, verdict) = match breaking::judge(&facts, &self.thresholds, now) {
            Verdict::Quiet => return None,
            Verdict::Tell(verdict) => (EventKind::Breaking, verdict),
            Verdict::Upgrade(verdict) | Verdict::Retract(verdict) => (EventKind::BreakingUpdate, verdict),
        };
        story.head.breaking = Some(verdict);
        Some(kind)
    }

    /// Collects what is to be stored and told.
    fn finish(&mut self, mut touched: Touched, new: &[(String, String)], now: UnixMs) -> Edition {
        for id in &touched.order {
            if let Some(story) = self.shelf.touch(id) {
                let marked = story.mark_breaking();
                touched.articles.extend(marked.into_iter().map(|article| (id.clone(), article)));
            }
        }
        let mut edition = Edition { new_stories: touched.begun, ..Edition::default() };
        let mut written = HashSet::new();
        for (story, id) in &touched.articles {
            if let Some(article) = self.find(story, id)
                && written.insert(id.as_str())
            {
                edition.batch.articles.push(article.clone());
            }
        }
        let news = new.iter().filter_map(|(story, id)| bulletin::news(self.find(story, id)?, now));
        edition.new_articles = u64::try_from(new.len()).unwrap_or(u64::MAX);
        edition.drafts.extend(news);
        for id in &touched.order {
            let (Some(story), Some(change)) = (self.shelf.get(id), touched.changes.get(id)) else { continue };
            edition.drafts.extend(self.tell(story, *change, now));
            edition.batch.stories.push(story.head.clone());
        }
        edition
    }

    fn tell(&self, story: &Active, change: Change, now: UnixMs) -> impl Iterator<Item = EventDraft> {
        let verdict = change.verdict.and_then(|kind| {
            let best = story.best_breaking(&self.sources)?;
            bulletin::breaking(kind, &story.head, best, now)
        });
        let update = if change.gained_source || change.prices { bulletin::story_update(&story.head) } else { None };
        [verdict, update, bulletin::story(&story.head)].into_iter().flatten()
    }

    fn find(&self, story: &str, id: &str) -> Option<&Article> {
        self.shelf.get(story)?.articles().iter().find(|article| article.id == id)
    }
}

fn article(source: &Source, id: String, item: &Item, story: &str, now: UnixMs) -> Article {
    Article {
        id,
        title: item.title.clone(),
        link: item.link.clone(),
        description: item.description.clone(),
        source: source.name.clone(),
        source_key: source.key.clone(),
        category: source.category.clone(),
        pub_date: item.pub_date,
        seen_at: now,
        image_url: item.image_url.clone(),
        author: item.author.clone(),
        tickers: item.tickers.clone(),
        story_id: story.to_owned(),
        is_breaking: false,
    }
}

#[cfg(test)]
mod tests;
