//! The articles of the window, and the stories they make.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::{
    Placement, Report, StorySettings,
    gist::Gist,
    likeness::{Likeness, probability},
    term::{Kind, Term},
    vocabulary::Vocabulary,
};
use crate::{model::time::UnixMs, server::clock::millis};

/// Most articles that a new one is compared with.
const MAX_COMPARED: usize = 48;

/// Most terms of a new article that others are looked up by: the rarest.
const MAX_LOOKED_UP: usize = 20;

/// Most members that speak for a story: its first and its newest.
const FIRST_MEMBERS: usize = 3;
const MAX_MEMBERS: usize = 9;

/// What is older does not count against novelty.
const NOVELTY_MS: i64 = 7 * 24 * 3_600_000;

/// Every article of the window with its story.
#[derive(Debug)]
pub struct StoryIndex {
    settings: StorySettings,
    /// By number, from `first` on; `None` where one is forgotten.
    articles: VecDeque<Option<Kept>>,
    first: u32,
    len: usize,
    numbers: HashMap<Arc<str>, u32>,
    stories: HashMap<Arc<str>, Members>,
    vocabulary: Vocabulary,
}

#[derive(Debug)]
struct Kept {
    id: Arc<str>,
    story: Arc<str>,
    at: UnixMs,
    source: Term,
    gist: Gist,
}

/// The articles of a story.
#[derive(Debug)]
struct Members {
    count: u32,
    /// The ones that speak for it: the first and the newest.
    speakers: Vec<u32>,
}

/// An article that a new one was compared with.
struct Compared {
    number: u32,
    log_odds: f64,
    overlap: f64,
}

/// A story that a new article may join.
struct Choice {
    story: Arc<str>,
    nearest: f64,
    rank: f64,
}

impl StoryIndex {
    pub fn new(settings: StorySettings) -> Self {
        Self {
            settings,
            articles: VecDeque::new(),
            first: 0,
            len: 0,
            numbers: HashMap::new(),
            stories: HashMap::new(),
            vocabulary: Vocabulary::default(),
        }
    }

    /// Finds the story of an article, or begins one. An article that is known stays where it is.
    pub fn place(&mut self, report: &Report<'_>) -> Placement {
        if let Some(story) = self.story_of(report.id) {
            return Placement { story, joined: true, similarity: 1.0, novelty: 0.0 };
        }
        let gist = Gist::of(report);
        let compared = self.compare(report, &gist);
        let choice = self.choose(report, &gist, &compared);
        let known = choice.as_ref().map(|choice| choice.story.clone());
        let others = compared.iter().filter(|near| {
            self.kept(near.number).is_some_and(|kept| Some(&kept.story) != known.as_ref() && kept.at <= report.at)
        });
        let novelty = 1.0 - others.map(|near| near.overlap).fold(0.0, f64::max).clamp(0.0, 1.0);
        let nearest = compared.iter().map(|near| near.log_odds).fold(f64::NEG_INFINITY, f64::max);
        let placement = match choice {
            Some(choice) => {
                Placement { story: choice.story, joined: true, similarity: probability(choice.nearest), novelty }
            }
            None => Placement {
                story: format!("s-{}", report.id).into(),
                joined: false,
                similarity: probability(nearest),
                novelty,
            },
        };
        self.keep(report, gist, &placement.story);
        placement
    }

    /// Takes in an article whose story was decided before, as at the start from what is stored, oldest first.
    pub fn restore(&mut self, report: &Report<'_>, story_id: &str) {
        if !self.numbers.contains_key(report.id) {
            let story = self.stories.get_key_value(story_id).map_or_else(|| story_id.into(), |(id, _)| id.clone());
            self.keep(report, Gist::of(report), &story);
        }
    }

    /// Forgets every article from before `at`.
    pub fn forget_before(&mut self, at: UnixMs) {
        let old = |kept: &Option<Kept>| kept.as_ref().is_some_and(|kept| kept.at < at);
        let numbers: Vec<u32> =
            self.articles.iter().zip(self.first..).filter(|(kept, _)| old(kept)).map(|(_, number)| number).collect();
        for number in numbers {
            self.forget(number);
        }
    }

    /// How many articles are kept.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The story of an article that is kept.
    pub fn story_of(&self, article_id: &str) -> Option<Arc<str>> {
        self.kept(*self.numbers.get(article_id)?).map(|kept| kept.story.clone())
    }

    fn kept(&self, number: u32) -> Option<&Kept> {
        self.articles.get(usize::try_from(number.checked_sub(self.first)?).ok()?)?.as_ref()
    }

    fn gap(&self, one: UnixMs, other: UnixMs) -> Option<f64> {
        let gap = one.since(other).unsigned_abs();
        let longest = millis(self.settings.longest_gap).max(1);
        #[expect(clippy::cast_precision_loss, reason = "a share of some days")]
        (gap <= longest).then(|| gap as f64 / longest as f64)
    }

    /// The articles that are most likely about the same, by the rarest terms they share, nearest first.
    fn compare(&self, report: &Report<'_>, gist: &Gist) -> Vec<Compared> {
        let mut terms: Vec<(f64, Term)> =
            gist.marks().iter().map(|mark| (self.vocabulary.weight(mark.term()), mark.term())).collect();
        terms.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut found: Vec<(u32, f64)> = Vec::new();
        for (weight, term) in terms.into_iter().take(MAX_LOOKED_UP) {
            // What everybody says finds too many.
            let weight = if term.kind() == Kind::Like { weight * 0.5 } else { weight };
            found.extend(self.vocabulary.newest(term).map(|number| (number, weight)));
        }
        found.sort_unstable_by_key(|(number, _)| *number);
        let summed = found.chunk_by(|a, b| a.0 == b.0);
        let mut near: Vec<(u32, f64)> = summed
            .filter_map(|same| Some((same.first()?.0, same.iter().map(|(_, weight)| weight).sum())))
            .filter(|(number, _)| {
                self.kept(*number).is_some_and(|kept| {
                    self.gap(kept.at, report.at).is_some() || (0..NOVELTY_MS).contains(&report.at.since(kept.at))
                })
            })
            .collect();
        near.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
        near.truncate(MAX_COMPARED);
        let source = Term::new(Kind::Word, report.source_key);
        near.iter().filter_map(|(number, _)| self.compare_with(*number, gist, source, report.at)).collect()
    }

    fn compare_with(&self, number: u32, gist: &Gist, source: Term, at: UnixMs) -> Option<Compared> {
        let kept = self.kept(number)?;
        let likeness = Likeness::of(gist, &kept.gist, at.since(kept.at).unsigned_abs(), &self.vocabulary);
        let mut log_odds = likeness.log_odds();
        if kept.source == source && kept.gist.title() != gist.title() {
            log_odds -= SAME_SOURCE;
        }
        Some(Compared { number, log_odds, overlap: likeness.overlap() })
    }

    /// The story whose members are nearest, if they are near enough.
    fn choose(&self, report: &Report<'_>, gist: &Gist, compared: &[Compared]) -> Option<Choice> {
        let join_from = self.settings.join_from.clamp(0.01, 0.99);
        let join_from = (join_from / (1.0 - join_from)).ln();
        let source = Term::new(Kind::Word, report.source_key);
        let mut best: Option<Choice> = None;
        let mut seen: Vec<&Arc<str>> = Vec::new();
        let mut ordered: Vec<&Compared> = compared.iter().filter(|near| near.log_odds >= join_from).collect();
        ordered.sort_by(|a, b| b.log_odds.total_cmp(&a.log_odds).then(a.number.cmp(&b.number)));
        for near in ordered {
            let Some(kept) = self.kept(near.number) else { continue };
            if seen.contains(&&kept.story) {
                continue;
            }
            seen.push(&kept.story);
            let Some(members) = self.stories.get(&kept.story) else { continue };
            let times = members.speakers.iter().filter_map(|number| self.kept(*number)).map(|kept| kept.at);
            let Some(gap) = times.filter_map(|at| self.gap(at, report.at)).reduce(f64::min) else { continue };
            // The older the story, the more it takes to join it.
            let needed = join_from + LATE * (gap - 0.15).max(0.0);
            let odds: Vec<f64> = members
                .speakers
                .iter()
                .filter_map(|number| self.compare_with(*number, gist, source, report.at))
                .map(|with| with.log_odds)
                .collect();
            let support = mean(odds.iter().map(|odds| probability(*odds)));
            if near.log_odds < needed || (odds.len() > 1 && support < SUPPORT) {
                continue;
            }
            let rank = probability(near.log_odds) + support;
            if best.as_ref().is_none_or(|best| rank > best.rank) {
                best = Some(Choice { story: kept.story.clone(), nearest: near.log_odds, rank });
            }
        }
        best
    }

    fn keep(&mut self, report: &Report<'_>, gist: Gist, story: &Arc<str>) {
        while self.len >= self.settings.max_articles.max(1) {
            self.forget(self.first);
        }
        let Some(number) = u32::try_from(self.articles.len()).ok().and_then(|len| self.first.checked_add(len)) else {
            // Four billion articles: a hundred a second for a year and more.
            return;
        };
        let id: Arc<str> = report.id.into();
        self.vocabulary.add(number, &gist);
        let members =
            self.stories.entry(story.clone()).or_insert(Members { count: 0, speakers: Vec::with_capacity(1) });
        members.count = members.count.saturating_add(1);
        if members.speakers.len() >= MAX_MEMBERS {
            members.speakers.remove(FIRST_MEMBERS);
        }
        members.speakers.push(number);
        self.numbers.insert(id.clone(), number);
        let source = Term::new(Kind::Word, report.source_key);
        self.articles.push_back(Some(Kept { id, story: story.clone(), at: report.at, source, gist }));
        self.len += 1;
    }

    fn forget(&mut self, number: u32) {
        let slot = number.checked_sub(self.first).and_then(|at| self.articles.get_mut(usize::try_from(at).ok()?));
        if let Some(kept) = slot.and_then(Option::take) {
            self.len -= 1;
            self.vocabulary.remove(number, &kept.gist);
            self.numbers.remove(&kept.id);
            if let Some(members) = self.stories.get_mut(&kept.story) {
                members.count = members.count.saturating_sub(1);
                members.speakers.retain(|speaker| *speaker != number);
                if members.count == 0 {
                    self.stories.remove(&kept.story);
                }
            }
        }
        while let Some(None) = self.articles.front() {
            self.articles.pop_front();
            self.first = self.first.saturating_add(1);
        }
    }
}

/// An outlet seldom reports one event twice, but often the next one in the same words. Fitted with the weights.
const SAME_SOURCE: f64 = 2.21;

/// What the longest gap adds to the log odds that joining takes.
const LATE: f64 = 1.5;

/// The members of a story of several, on the average, are at least so likely about the same.
const SUPPORT: f64 = 0.5;

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
impl StoryIndex {
    pub fn holds_nothing(&self) -> bool {
        self.articles.is_empty() && self.numbers.is_empty() && self.stories.is_empty() && self.vocabulary.terms() == 0
    }

    /// The most terms and amounts of one article.
    pub fn longest_gist(&self) -> usize {
        let kept = self.articles.iter().flatten();
        kept.map(|kept| kept.gist.marks().len() + kept.gist.amounts().len()).max().unwrap_or_default()
    }
}
