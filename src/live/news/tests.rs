use super::*;
use crate::model::{
    story::{Breaking, StorySource},
    symbol::Symbol,
};

const AT: i64 = 1_763_640_000_000;

fn story(id: &str, minute: i64) -> StoryHead {
    StoryHead {
        id: id.to_owned(),
        title: format!("Story {id}"),
        link: format!("https://example.com/{id}"),
        description: String::new(),
        category: "markets".to_owned(),
        image_url: None,
        tickers: vec![Symbol::parse("BTC").expect("a symbol")],
        sources: vec![StorySource { key: "wire".to_owned(), name: "The Wire".to_owned() }],
        articles: 1,
        first_seen: UnixMs(AT + minute * 60_000),
        last_seen: UnixMs(AT + minute * 60_000),
        novelty: 1.0,
        breaking: None,
        reaction: Vec::new(),
    }
}

fn breaking(id: &str, minute: i64) -> StoryHead {
    let since = UnixMs(AT + minute * 60_000);
    let breaking = Breaking { score: 0.9, reasons: vec!["novel".to_owned()], state: BreakingState::Breaking, since };
    StoryHead { breaking: Some(breaking), ..story(id, minute) }
}

fn store(stories: Vec<StoryHead>) -> NewsStore {
    let source = SourceName { key: "wire".to_owned(), name: "The Wire".to_owned(), category: "markets".to_owned() };
    NewsStore::new(NewsSnapshot { stories, last_event_id: 7, sources: vec![source] })
}

fn all() -> StoriesQuery {
    StoriesQuery::default()
}

fn of_btc() -> StoriesQuery {
    StoriesQuery { symbol: Symbol::parse("BTC").ok(), ..StoriesQuery::default() }
}

fn ids(news: &NewsStore, query: &StoriesQuery) -> String {
    news.list(query).iter().map(|story| story.id.to_string()).collect::<Vec<_>>().join(" ")
}

fn with_owner(test: impl FnOnce()) {
    Owner::new().with(test);
}

#[test]
fn new_stories_come_on_top_and_changes_keep_their_place() {
    with_owner(|| {
        let news = store(vec![story("b", 2), story("a", 1)]);
        news.receive(story("c", 3));
        assert_eq!(ids(&news, &all()), "b a", "nothing is written before the frame");
        news.receive(StoryHead { articles: 4, last_seen: UnixMs(AT + 9_000_000), ..story("a", 1) });
        news.flush();
        assert_eq!(ids(&news, &all()), "c b a");
        let a = news.list(&all()).pop().expect("three stories");
        assert_eq!(a.head.get_untracked().articles, 4);
    });
}

#[test]
fn a_story_that_comes_again_is_shown_once() {
    with_owner(|| {
        let news = store(vec![story("a", 1)]);
        for _ in 0..3 {
            news.receive(story("b", 2));
            news.receive(story("a", 1));
            news.flush();
        }
        assert_eq!(ids(&news, &all()), "b a");
        let same_again = store(vec![story("a", 1), story("a", 1)]);
        assert_eq!(ids(&same_again, &all()), "a");
    });
}

#[test]
fn new_stories_wait_while_the_reader_is_further_down_and_changes_do_not() {
    with_owner(|| {
        let news = store(vec![story("a", 1)]);
        news.hold(true);
        news.receive(story("b", 2));
        news.receive(StoryHead { articles: 2, ..story("a", 1) });
        news.flush();
        news.receive(StoryHead { articles: 5, ..story("b", 2) });
        news.flush();
        assert_eq!(ids(&news, &all()), "a");
        assert_eq!(news.list(&all())[0].head.get_untracked().articles, 2);
        assert_eq!(news.waiting(&all()), 1, "two states of one story wait as one");
        assert_eq!(news.waiting(&StoriesQuery { source: Some("other".to_owned()), ..all() }), 0);
        news.hold(false);
        assert_eq!(ids(&news, &all()), "b a");
        assert_eq!(news.list(&all())[0].head.get_untracked().articles, 5);
        assert_eq!(news.waiting(&all()), 0);
    });
}

#[test]
fn the_page_keeps_two_hundred_and_drops_the_oldest() {
    with_owner(|| {
        let news = store(vec![story("first", 0)]);
        for n in 1..=300 {
            news.receive(story(&format!("s{n}"), n));
            if n % 70 == 0 {
                news.flush();
            }
        }
        news.flush();
        let list = news.list(&all());
        assert_eq!(list.len(), MAX_STORIES);
        assert_eq!(&*list[0].id, "s300");
        assert!(list.iter().all(|story| &*story.id != "first"));
        // The same where a reader is away for long, and where no frame comes.
        news.hold(true);
        for n in 301..=900 {
            news.receive(story(&format!("s{n}"), n));
            if n < 650 {
                news.flush();
            }
        }
        news.flush();
        assert!(news.waiting(&all()) <= MAX_STORIES);
        news.hold(false);
        assert_eq!(news.list(&all()).len(), MAX_STORIES);
        assert_eq!(&*news.list(&all())[0].id, "s900");
    });
}

#[test]
fn what_was_streamed_after_the_question_is_newer_than_the_answer() {
    with_owner(|| {
        let news = store(vec![story("a", 1)]);
        let asked = news.ask();
        news.receive(StoryHead { articles: 9, ..story("a", 1) });
        news.flush();
        news.answer(asked, vec![story("b", 2), StoryHead { articles: 3, ..story("a", 1) }], false);
        news.flush();
        assert_eq!(ids(&news, &all()), "b a");
        assert_eq!(news.list(&all())[1].head.get_untracked().articles, 9);
        // An answer that was overtaken by a later one says nothing.
        let (early, late) = (news.ask(), news.ask());
        news.answer(late, vec![StoryHead { articles: 12, ..story("a", 1) }], false);
        news.answer(early, vec![StoryHead { articles: 10, ..story("a", 1) }], false);
        news.flush();
        assert_eq!(news.list(&all())[1].head.get_untracked().articles, 12);
    });
}

#[test]
fn a_server_with_other_data_takes_the_old_stories_away() {
    with_owner(|| {
        let news = store(vec![story("b", 2), story("a", 1)]);
        news.hold(true);
        news.receive(story("c", 3));
        news.flush();
        let asked = news.ask();
        news.answer(asked, vec![story("x", 5), story("b", 2)], true);
        assert_eq!(ids(&news, &all()), "b a", "they stay until the new ones are shown");
        news.receive(story("y", 6));
        news.flush();
        news.hold(false);
        assert_eq!(ids(&news, &all()), "y x b");
        news.receive(story("z", 7));
        news.flush();
        assert_eq!(ids(&news, &all()), "z y x b");
    });
}

#[test]
fn what_was_asked_for_under_a_filter_is_not_in_the_list_of_all() {
    with_owner(|| {
        let news = store(vec![story("z", 9)]);
        let refs = news.keep(news.ask(), vec![story("z", 9), story("old", -500)]);
        assert_eq!(refs.iter().map(|r| r.id.to_string()).collect::<Vec<_>>(), ["z", "old"]);
        assert_eq!(ids(&news, &all()), "z");
        assert_eq!(ids(&news, &of_btc()), "z old");
        // A change of a story from before the end of the list leaves no hole in it either.
        news.receive(story("older", -900));
        news.flush();
        assert_eq!(ids(&news, &all()), "z");
        assert_eq!(ids(&news, &of_btc()), "z old older");
        // It goes on living.
        news.receive(StoryHead { articles: 6, ..story("old", -500) });
        news.flush();
        assert_eq!(refs[1].head.get_untracked().articles, 6);
        for n in 0..150 {
            news.keep(news.ask(), vec![story(&format!("k{n}"), -1_000 - n)]);
        }
        assert_eq!(news.list(&of_btc()).len(), 101, "one of the list and a hundred beside it");
    });
}

#[test]
fn arrivals_are_counted_once_and_under_the_filter() {
    with_owner(|| {
        let news = store(vec![story("a", 1)]);
        let (count, seen) = news.arrived_since(0, &all());
        assert_eq!(count, 0, "the first HTML is no news");
        news.receive(story("b", 2));
        news.receive(StoryHead { tickers: Vec::new(), ..story("c", 3) });
        news.receive(StoryHead { articles: 2, ..story("a", 1) });
        news.flush();
        news.hold(true);
        news.receive(story("d", 4));
        news.flush();
        assert_eq!(news.arrived_since(seen, &all()).0, 3);
        let (count, seen) = news.arrived_since(seen, &of_btc());
        assert_eq!(count, 2);
        news.hold(false);
        assert_eq!(news.arrived_since(seen, &all()).0, 0, "let in is not arrived anew");
        let asked = news.ask();
        news.answer(asked, vec![story("e", 5)], false);
        news.flush();
        assert_eq!(news.arrived_since(seen, &all()).0, 1);
    });
}

#[test]
fn a_story_becomes_breaking_once() {
    with_owner(|| {
        let news = store(vec![breaking("known", 1), story("a", 2)]);
        let alarms = news.alarms();
        let told = || alarms.get_untracked().iter().map(|head| head.id.clone()).collect::<Vec<_>>();
        news.receive(breaking("known", 1));
        news.flush();
        assert!(told().is_empty());
        news.receive(breaking("a", 2));
        news.flush();
        assert_eq!(told(), ["a"]);
        alarms.set(Vec::new());
        news.receive(breaking("a", 2));
        news.receive(StoryHead { breaking: None, ..story("b", 3) });
        news.flush();
        assert!(told().is_empty());
        let mut retracted = breaking("c", 4);
        retracted.breaking.as_mut().expect("it is").state = BreakingState::Retracted;
        news.receive(retracted);
        news.flush();
        assert!(told().is_empty());
    });
}

#[test]
fn breaking_stories_are_on_every_page_for_two_hours() {
    with_owner(|| {
        let news = store(vec![breaking("new", 100), breaking("old", 10), story("plain", 5)]);
        let shown = |minute: i64, dismissed: &[&str]| {
            let dismissed: Vec<String> = dismissed.iter().map(|&id| id.to_owned()).collect();
            let told = news.breaking(UnixMs(AT + minute * 60_000), &dismissed);
            told.iter().map(|story| story.id.to_string()).collect::<String>()
        };
        assert_eq!(shown(100, &[]), "new");
        assert_eq!(shown(100, &["new"]), "old", "the next takes the place of one that was put away");
        assert_eq!(shown(100, &["new", "old"]), "");
        assert_eq!(shown(131, &["new"]), "");
        assert_eq!(shown(219, &[]), "new");
        assert_eq!(shown(221, &[]), "");
    });
}

#[test]
fn the_stream_goes_on_from_where_it_was() {
    with_owner(|| {
        let news = store(Vec::new());
        assert_eq!(news.position(), 7);
        news.reached(12);
        assert_eq!(news.position(), 12);
    });
}
