//! The articles of the window, and the stories they make.

use std::{collections::HashMap, sync::Arc};

use super::{Placement, Report, StorySettings};
use crate::model::time::UnixMs;

/// Every article of the window with its story.
#[derive(Debug)]
pub struct StoryIndex {
    settings: StorySettings,
    stories: HashMap<Box<str>, (UnixMs, Arc<str>)>,
}

impl StoryIndex {
    pub fn new(settings: StorySettings) -> Self {
        Self { settings, stories: HashMap::new() }
    }

    /// Finds the story of an article, or begins one. An article that is known stays where it is.
    pub fn place(&mut self, report: &Report<'_>) -> Placement {
        if let Some(story) = self.story_of(report.id) {
            return Placement { story, joined: true, similarity: 1.0, novelty: 0.0 };
        }
        let story: Arc<str> = format!("s-{}", report.id).into();
        self.restore(report, &story);
        Placement { story, joined: false, similarity: 0.0, novelty: 1.0 }
    }

    /// Takes in an article whose story was decided before, as at the start from what is stored.
    pub fn restore(&mut self, report: &Report<'_>, story_id: &str) {
        if self.stories.len() < self.settings.max_articles {
            self.stories.insert(report.id.into(), (report.at, story_id.into()));
        }
    }

    /// Forgets every article from before `at`.
    pub fn forget_before(&mut self, at: UnixMs) {
        self.stories.retain(|_, (seen, _)| *seen >= at);
    }

    /// How many articles are kept.
    pub fn len(&self) -> usize {
        self.stories.len()
    }

    pub fn is_empty(&self) -> bool {
        self.stories.is_empty()
    }

    /// The story of an article that is kept.
    pub fn story_of(&self, article_id: &str) -> Option<Arc<str>> {
        self.stories.get(article_id).map(|(_, story)| story.clone())
    }
}
