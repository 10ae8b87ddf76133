//! The newest stories, as every page starts with them.

use crate::model::story::StoryHead;

/// Stories in the first HTML.
pub const FRONT_STORIES: usize = 20;

/// The newest [`FRONT_STORIES`] stories, newest first.
#[derive(Debug, Default)]
pub(super) struct Front(Vec<StoryHead>);

impl Front {
    /// Takes a story in, or what changed in it.
    pub(super) fn take(&mut self, story: &StoryHead) {
        self.0.retain(|known| known.id != story.id);
        let key = |story: &StoryHead| (story.first_seen, story.id.clone());
        let place = self.0.partition_point(|known| key(known) > key(story));
        if place < FRONT_STORIES {
            self.0.insert(place, story.clone());
            self.0.truncate(FRONT_STORIES);
        }
    }

    pub(super) fn stories(&self) -> &[StoryHead] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::UnixMs;

    fn story(id: &str, first_seen: i64, title: &str) -> StoryHead {
        StoryHead {
            id: id.to_owned(),
            title: title.to_owned(),
            link: String::new(),
            description: String::new(),
            category: String::new(),
            image_url: None,
            tickers: Vec::new(),
            sources: Vec::new(),
            articles: 1,
            first_seen: UnixMs(first_seen),
            last_seen: UnixMs(first_seen),
            novelty: 1.0,
            breaking: None,
            reaction: Vec::new(),
        }
    }

    #[test]
    fn it_holds_the_newest_in_order_and_each_once() {
        let mut front = Front::default();
        for n in [5_i64, 1, 30, 7, 25, 12] {
            front.take(&story(&n.to_string(), n, "a"));
        }
        front.take(&story("7", 7, "b"));
        let titles: Vec<(&str, &str)> = front.stories().iter().map(|s| (s.id.as_str(), s.title.as_str())).collect();
        assert_eq!(titles, [("30", "a"), ("25", "a"), ("12", "a"), ("7", "b"), ("5", "a"), ("1", "a")]);
        for n in 100..130 {
            front.take(&story(&n.to_string(), n, "a"));
        }
        assert_eq!(front.stories().len(), FRONT_STORIES);
        assert_eq!(front.stories().first().map(|s| s.id.as_str()), Some("129"));
        front.take(&story("old", 2, "a"));
        assert!(front.stories().iter().all(|story| story.id != "old"), "too old for the front");
    }
}
