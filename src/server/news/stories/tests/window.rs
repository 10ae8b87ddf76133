//! What is kept, and what is forgotten.

use super::*;

#[test]
fn the_oldest_go_where_there_are_too_many() {
    let mut index = StoryIndex::new(StorySettings { max_articles: 50, ..StorySettings::default() });
    let wires = wires(3, 400, START, 60_000);
    for wire in &wires {
        index.place(&wire.report());
        assert!(index.len() <= 50);
    }
    assert_eq!(index.len(), 50);
    let last = wires.last().expect("some");
    assert!(index.story_of(&last.id).is_some());
    assert_eq!(index.story_of(&wires[0].id), None);
}

#[test]
fn what_is_before_a_time_is_forgotten_whatever_order_it_came_in() {
    let mut index = StoryIndex::new(StorySettings::default());
    for (id, hours) in [("a", 5), ("b", 1), ("c", 9), ("d", 0), ("e", 7)] {
        index.place(&report(id, "x", &format!("Title of {id}"), after(hours)));
    }
    index.forget_before(after(5));
    assert_eq!(index.len(), 3);
    for (id, kept) in [("a", true), ("b", false), ("c", true), ("d", false), ("e", true)] {
        assert_eq!(index.story_of(id).is_some(), kept, "{id}");
    }
}

#[test]
fn a_story_with_forgotten_members_is_still_joined_by_those_left() {
    let mut index = seasoned();
    let title = "Hackers drain $61 million from Quellmar lending protocol";
    let first = index.place(&report("a", "x", title, after(0)));
    let second = index.place(&report("b", "y", title, after(10)));
    index.forget_before(after(5));
    assert_eq!(index.story_of("a"), None);
    let third = index.place(&report("c", "z", title, after(11)));
    assert_eq!((&second.story, &third.story), (&first.story, &first.story));
}

#[test]
fn an_article_that_is_known_stays_where_it_is() {
    let mut index = seasoned();
    let before = index.len();
    let title = "Hackers drain $61 million from Quellmar lending protocol";
    index.restore(&report("a", "x", title, after(0)), "s-other");
    index.restore(&report("a", "x", title, after(0)), "s-third");
    let placed = index.place(&report("a", "x", "Something else", after(0)));
    assert_eq!((&*placed.story, placed.joined), ("s-other", true));
    assert_eq!(index.len(), before + 1);
}

#[test]
fn members_beyond_those_that_speak_for_a_story_are_counted() {
    let mut index = seasoned();
    let title = "Hackers drain $61 million from Quellmar lending protocol";
    let mut stories = Vec::new();
    for n in 0..40 {
        let (id, source) = (format!("m{n}"), format!("outlet{n}"));
        stories.push(index.place(&report(&id, &source, title, after(n))).story);
    }
    assert!(stories.iter().all(|story| story == &stories[0]));
    index.forget_before(after(39));
    assert!(index.story_of("m39").is_some());
    index.forget_before(after(40));
    let next = index.place(&report("next", "x", title, after(41)));
    assert!(!next.joined, "the story went with its last article");
}
