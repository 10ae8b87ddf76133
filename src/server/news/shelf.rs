//! The stories that are at hand: those that were touched last.

use std::collections::HashMap;

use super::active::Active;

/// Stories that stay at hand. The others are in storage.
const ROOM: usize = 500;

#[derive(Debug, Default)]
pub(super) struct Shelf {
    stories: HashMap<String, (u64, Active)>,
    /// Counts touches, to know which story was touched last.
    touches: u64,
}

impl Shelf {
    pub(super) fn holds(&self, id: &str) -> bool {
        self.stories.contains_key(id)
    }

    pub(super) fn put(&mut self, story: Active) {
        self.touches += 1;
        self.stories.insert(story.head.id.clone(), (self.touches, story));
    }

    pub(super) fn get(&self, id: &str) -> Option<&Active> {
        self.stories.get(id).map(|(_, story)| story)
    }

    pub(super) fn touch(&mut self, id: &str) -> Option<&mut Active> {
        self.touches += 1;
        let (touched, story) = self.stories.get_mut(id)?;
        *touched = self.touches;
        Some(story)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Active> {
        self.stories.values().map(|(_, story)| story)
    }

    /// Puts back what was not touched for longest. Called between editions, so none is torn apart.
    pub(super) fn tidy(&mut self) {
        if self.stories.len() <= ROOM {
            return;
        }
        let mut touched: Vec<u64> = self.stories.values().map(|(touched, _)| *touched).collect();
        touched.sort_unstable();
        let oldest_kept = touched.get(touched.len().saturating_sub(ROOM)).copied().unwrap_or_default();
        self.stories.retain(|_, (touched, _)| *touched >= oldest_kept);
    }
}
