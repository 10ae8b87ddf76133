//! A story while it may still change: its head, and the articles that the head is made of.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    breaking::{Move, Voice},
    item::Item,
    reactions::{self, MAX_SYMBOLS},
    source::Source,
};
use crate::model::{
    article::Article,
    story::{MAX_TIMELINE, Reaction, Story, StoryHead, StorySource},
    symbol::Symbol,
    time::UnixMs,
};

/// Assets of one story that are named.
const MAX_TICKERS: usize = 10;
/// Sources of one story that are named.
const MAX_SOURCES: usize = 100;

/// The feeds by key, for the standing of an article.
pub(super) type Sources = HashMap<String, Arc<Source>>;

#[derive(Debug, Clone)]
pub(super) struct Active {
    pub(super) head: StoryHead,
    /// In the order they came; the newest [`MAX_TIMELINE`].
    articles: Vec<Article>,
    /// Ids of articles whose source changed the title while the story was at hand.
    edited: HashSet<String>,
}

impl Active {
    /// A story of one article.
    pub(super) fn begin(article: Article, novelty: f64) -> Self {
        let head = StoryHead {
            id: article.story_id.clone(),
            title: String::new(),
            link: String::new(),
            description: String::new(),
            category: String::new(),
            image_url: None,
            tickers: Vec::new(),
            sources: Vec::new(),
            articles: 0,
            first_seen: article.at(),
            last_seen: article.at(),
            novelty,
            breaking: None,
            reaction: Vec::new(),
        };
        let mut story = Self { head, articles: Vec::new(), edited: HashSet::new() };
        story.join(article);
        story
    }

    /// A story that was kept.
    pub(super) fn restore(story: Story) -> Self {
        Self { head: story.head, articles: story.timeline, edited: HashSet::new() }
    }

    /// Adds an article. [`refresh`](Self::refresh) brings the head up to date.
    pub(super) fn join(&mut self, article: Article) {
        self.head.articles = self.head.articles.saturating_add(1);
        self.head.first_seen = self.head.first_seen.min(article.at());
        self.head.last_seen = self.head.last_seen.max(article.at());
        let known = self.head.sources.iter().any(|source| source.key == article.source_key);
        if !known && self.head.sources.len() < MAX_SOURCES {
            let source = StorySource { key: article.source_key.clone(), name: article.source.clone() };
            self.head.sources.push(source);
        }
        if self.articles.len() >= MAX_TIMELINE {
            self.articles.remove(0);
        }
        self.articles.push(article);
    }

    /// Takes over what a source changed in an article. `false` where that is nothing a reader sees.
    pub(super) fn revise(&mut self, id: &str, item: &Item) -> bool {
        let article = self.articles.iter_mut().find(|article| article.id == id);
        let Some(article) = article.filter(|article| article.title != item.title) else { return false };
        article.title.clone_from(&item.title);
        article.description.clone_from(&item.description);
        self.edited.insert(id.to_owned());
        true
    }

    pub(super) fn articles(&self) -> &[Article] {
        &self.articles
    }

    /// The article whose title the story has: of the best tier, then of the most trusted source, then the earliest.
    pub(super) fn best(&self, sources: &Sources) -> Option<&Article> {
        best(self.articles.iter(), sources)
    }

    /// The article that tells of the story as breaking: the best of those that count for it, which have a date.
    pub(super) fn best_breaking(&self, sources: &Sources) -> Option<&Article> {
        best(self.articles.iter().filter(|article| article.pub_date.is_some()), sources).or_else(|| self.best(sources))
    }

    /// Its articles, as the rule for breaking stories asks for them.
    pub(super) fn voices<'a>(&'a self, sources: &Sources) -> Vec<Voice<'a>> {
        let voice = |article: &'a Article| {
            let (tier, trust) = standing(sources, article);
            Voice {
                source_key: &article.source_key,
                source_name: &article.source,
                tier,
                trust,
                published: article.pub_date,
                title: &article.title,
                link: &article.link,
                edited: self.edited.contains(&article.id),
            }
        };
        self.articles.iter().map(voice).collect()
    }

    /// How the assets of the article that it is told by moved: up to now, and at the times that are noted. An asset
    /// that only other articles name is no reason to tell this headline.
    pub(super) fn moves(&self, sources: &Sources, now: UnixMs, price: impl Fn(Symbol) -> Option<f64>) -> Vec<Move> {
        let told = self.best(sources).map_or(&[][..], |best| &best.tickers);
        let reactions: Vec<Reaction> =
            self.head.reaction.iter().filter(|reaction| told.contains(&reaction.symbol)).cloned().collect();
        let live = reactions.iter().filter_map(|reaction| {
            let minutes = u32::try_from(now.since(reaction.at).max(0) / 60_000).unwrap_or(u32::MAX).max(1);
            let percent = (price(reaction.symbol)? / reaction.price? - 1.0) * 100.0;
            percent.is_finite().then_some(Move { symbol: reaction.symbol, minutes, percent, usual: None })
        });
        live.chain(Move::of(&reactions)).collect()
    }

    /// Makes the head of the articles. `followed` are the assets that have a price here.
    pub(super) fn refresh(&mut self, sources: &Sources, followed: &[Symbol]) {
        let Some(best) = self.best(sources).cloned() else { return };
        self.head.tickers = self.tickers();
        let head = &mut self.head;
        head.title = best.title;
        head.link = best.link;
        head.description = best.description;
        head.category = best.category;
        head.image_url = best.image_url;
        // An article that came later and was written earlier moves the first report: the prices are of that time.
        head.reaction.retain(|reaction| reaction.at == head.first_seen);
        for symbol in head.tickers.iter().filter(|symbol| followed.contains(symbol)) {
            let known = head.reaction.iter().any(|reaction| reaction.symbol == *symbol);
            if !known && head.reaction.len() < MAX_SYMBOLS {
                head.reaction.push(reactions::unknown(*symbol, head.first_seen));
            }
        }
    }

    /// Writes the story's standing into its articles. One without a date may be of any day, and is never breaking. Returns
    /// the ids of those that changed.
    pub(super) fn mark_breaking(&mut self) -> Vec<String> {
        let is_breaking = self.head.is_breaking();
        let mut changed = Vec::new();
        for article in &mut self.articles {
            let is_breaking = is_breaking && article.pub_date.is_some();
            if article.is_breaking != is_breaking {
                article.is_breaking = is_breaking;
                changed.push(article.id.clone());
            }
        }
        changed
    }

    /// The assets of all articles, the most often named first.
    fn tickers(&self) -> Vec<Symbol> {
        let mut counts: Vec<(Symbol, usize)> = Vec::new();
        for symbol in self.articles.iter().flat_map(|article| &article.tickers) {
            match counts.iter_mut().find(|(known, _)| known == symbol) {
                Some((_, count)) => *count += 1,
                None => counts.push((*symbol, 1)),
            }
        }
        // Stable: equals stay in the order they were named.
        counts.sort_by_key(|(_, count)| Reverse(*count));
        counts.into_iter().map(|(symbol, _)| symbol).take(MAX_TICKERS).collect()
    }
}

fn best<'a>(articles: impl Iterator<Item = &'a Article>, sources: &Sources) -> Option<&'a Article> {
    articles.min_by(|a, b| {
        let (tier_a, trust_a) = standing(sources, a);
        let (tier_b, trust_b) = standing(sources, b);
        tier_a.cmp(&tier_b).then(trust_b.total_cmp(&trust_a)).then(a.at().cmp(&b.at()))
    })
}

/// Tier and trust of an article's source. One that is no longer followed stands last.
pub(super) fn standing(sources: &Sources, article: &Article) -> (u8, f64) {
    sources.get(&article.source_key).map_or((u8::MAX, 0.0), |source| (source.tier, source.trust))
}
