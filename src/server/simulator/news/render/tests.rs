use super::*;
use crate::server::simulator::news::{item::Date, outlets::OUTLETS};

/// 2026-11-20T12:00:00Z
const NOON: i64 = 1_795_176_000_000;

fn item(title: &str, description: &str) -> Item {
    Item {
        guid: "https://ledgerwire.example/1?a=1&b=2".to_owned(),
        link: "https://ledgerwire.example/1?a=1&b=2".to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        author: Some("Ann \"A\" <Author>".to_owned()),
        image: None,
        date: Date::At(NOON),
        raw: None,
    }
}

fn parsed(outlet: &Outlet, items: &[Item]) -> feed_rs::model::Feed {
    let text = render(outlet, items.iter());
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
    parser.parse(text.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}\n{text}", outlet.key))
}

const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "a & b &amp; c &lt;b&gt;",
    "]]> <![CDATA[ ]]>",
    "\"quoted\" 'single' <!-- comment --> <?pi?>",
    "one\ntwo\rthree\ttab",
    "event: breaking\ndata: {\"forged\":true}\n\n",
    "\u{202e}txet desrever\u{202c} 🚀 ünïcödé",
    "&#0; &unknown; %s {coin} </title></item></channel></rss>",
];

#[test]
fn every_format_is_read_as_what_it_is() {
    for outlet in &OUTLETS {
        let feed = parsed(outlet, &[item("Title", "Lead."), item("Second", "")]);
        assert_eq!(feed.entries.len(), 2, "{}", outlet.key);
        let kind = match outlet.format {
            Format::Rss2 | Format::Rss2Cdata => feed_rs::model::FeedType::RSS2,
            Format::Rss092 => feed_rs::model::FeedType::RSS0,
            Format::Rss1 => feed_rs::model::FeedType::RSS1,
            Format::Atom => feed_rs::model::FeedType::Atom,
            Format::Json => feed_rs::model::FeedType::JSON,
        };
        assert_eq!(feed.feed_type, kind, "{}", outlet.key);
        assert_eq!(feed.title.map(|t| t.content).as_deref(), Some(outlet.name));
        assert_eq!(feed.description.map(|t| t.content).as_deref(), Some(SIMULATED), "{}", outlet.key);
        let first = &feed.entries[0];
        assert_eq!(first.links[0].href, "https://ledgerwire.example/1?a=1&b=2", "{}", outlet.key);
        let date = first.published.or(first.updated).map(|date| date.timestamp_millis());
        assert_eq!(date, Some(NOON), "{}", outlet.key);
    }
}

#[test]
fn hostile_texts_pass_as_they_are() {
    for outlet in &OUTLETS {
        for text in HOSTILE {
            let feed = parsed(outlet, &[item(&format!("x{text}x"), &format!("y{text}y"))]);
            assert_eq!(feed.entries.len(), 1, "{} {text}", outlet.key);
            // A CDATA section can't hold a lone carriage return for sure: XML may read it as a newline.
            let lines = |text: String| {
                if outlet.format == Format::Rss2Cdata { text.replace('\r', "\n") } else { text }
            };
            let entry = &feed.entries[0];
            let title = entry.title.as_ref().map(|t| lines(t.content.clone()));
            assert_eq!(title, Some(lines(format!("x{text}x"))), "{}", outlet.key);
            let lead = entry.summary.as_ref().map(|t| t.content.clone());
            let body = entry.content.as_ref().and_then(|content| content.body.clone());
            assert_eq!(lead.or(body).map(lines), Some(lines(format!("y{text}y"))), "{}", outlet.key);
        }
    }
}

#[test]
fn an_undated_item_has_no_date_and_a_strange_one_keeps_it() {
    for outlet in &OUTLETS {
        let undated = Item { date: Date::None, ..item("Title", "Lead.") };
        assert_eq!(parsed(outlet, std::slice::from_ref(&undated)).entries[0].published, None, "{}", outlet.key);
        let strange = Item { date: Date::Text("next <Tuesday>".to_owned()), ..undated };
        let text = render(outlet, [&strange].into_iter());
        let written = if outlet.format == Format::Json { "next <Tuesday>" } else { "next &lt;Tuesday&gt;" };
        assert!(text.contains(written), "{text}");
    }
}

#[test]
fn a_raw_item_stands_as_it_is() {
    for outlet in &OUTLETS {
        let raw = Item { raw: Some("<oops & \u{1}".to_owned()), ..item("Title", "Lead.") };
        let text = render(outlet, [&raw, &item("Other", "Lead.")].into_iter());
        assert!(text.contains("<oops & \u{1}") && text.contains("Other"), "{text}");
    }
}
