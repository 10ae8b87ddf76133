//! What feeds of ill will, and broken ones, look like.

use proptest::prelude::*;

use super::*;

const ITEM: &str = "<item><title>Kept</title><link>/1</link></item>";

fn numbered(numbers: std::ops::Range<u32>, text: impl Fn(u32) -> String) -> String {
    numbers.map(text).collect::<Vec<_>>().concat()
}

#[test]
fn what_is_no_feed_is_named() {
    let long = "x".repeat(MAX_BYTES + 1);
    for (text, expected) in [
        ("", NotAFeed::Empty),
        (" \n\u{feff}", NotAFeed::Empty),
        ("<!DOCTYPE html><html><body>Log in</body></html>", NotAFeed::Html),
        ("<!doctype HTML PUBLIC \"x\"><title>Log in</title>", NotAFeed::Html),
        ("<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><head/></html>", NotAFeed::Html),
        ("  <HTML><form action=/login>", NotAFeed::Html),
        ("<script>location='/login'</script>", NotAFeed::Html),
        ("<opml version=\"1.0\"><body/></opml>", NotAFeed::OtherXml),
        ("{\"error\":\"log in\"}", NotAFeed::OtherJson),
        ("{\"version\":\"1\",\"items\":[]}", NotAFeed::OtherJson),
        ("{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{", NotAFeed::CutOff),
        ("{nonsense}", NotAFeed::OtherJson),
        ("Service unavailable", NotAFeed::Unknown),
        ("[1,2,3]", NotAFeed::Unknown),
        ("\0\0\u{1}\u{2}", NotAFeed::Unknown),
        ("<rss version=\"2.0\"><channel><item><title>half", NotAFeed::CutOff),
        ("<rss version=\"2.0\"><chan", NotAFeed::CutOff),
        ("<rss version=\"2.0\"><channel>", NotAFeed::CutOff),
        (&long, NotAFeed::TooLarge),
    ] {
        assert_eq!(read_bytes(text.as_bytes(), None), Err(expected), "{}", clean::head(text, 80));
    }
    assert!(NotAFeed::Html.to_string().contains("an HTML page"));
    assert_eq!(read_text(&rss("")), Parsed::default(), "a feed without items is a feed");
}

#[test]
fn entities_never_expand() {
    let laughs = numbered(1..12, |n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)));
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE rss [<!-- it's --><!ENTITY l0 \"lol\">{laughs}\
         <!ENTITY file SYSTEM \"file:///etc/passwd\">]><rss version=\"2.0\"><channel>\
         <item><title>A &l11; &file; B</title><link>/1</link></item></channel></rss>"
    );
    assert_eq!(titles(&read_text(&bomb)), ["A &l11; &file; B"]);
}

#[test]
fn depth_breaks_nothing() {
    for tag in ["a", "div", "media:group", "description", "content"] {
        for (open, close) in [(100_000, 100_000), (100_000, 0), (0, 100_000)] {
            let deep = format!("{}deep{}", format!("<{tag}>").repeat(open), format!("</{tag}>").repeat(close));
            let inside = rss(&format!("<item><title>Kept</title><link>/1</link>{deep}</item>{ITEM}"));
            assert!(titles(&read_text(&inside)).contains(&"Kept"), "{tag} {open} {close}");
            let before = read_text(&rss(&format!("{deep}{ITEM}")));
            assert!(titles(&before).contains(&"Kept"), "{tag} {open} {close} before the items");
        }
    }
    let items = read_text(&rss(&format!("{}{ITEM}", "<item>".repeat(2_000))));
    assert_eq!((titles(&items), items.rejected), (vec!["Kept"], 2_000));
    let atom = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><title>Kept</title><link href=\"/1\"/><content type=\"xhtml\">{}x</content></entry></feed>",
        "<div>".repeat(100_000)
    );
    assert_eq!(titles(&read_text(&atom)), ["Kept"]);
    let json = format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":{}", "[".repeat(1_000_000));
    assert!(read_bytes(json.as_bytes(), None).is_err());
}

#[test]
fn huge_feeds_are_answered() {
    let attributes = numbered(0..300_000, |n| format!(" a{n}=\"\""));
    let spaces = numbered(0..100_000, |n| format!(" xmlns:p{n}=\"u\""));
    let feeds = [
        rss(&format!("<item{attributes}><title>x</title></item>{ITEM}")),
        rss(&format!("<x{spaces}>{}</x>{ITEM}", "<y/>".repeat(300_000))),
        rss(&format!("{}{ITEM}", "<item/>".repeat(500_000))),
        rss(&format!("{ITEM}{}", "<".repeat(3_000_000))),
        rss(&format!("{ITEM}{}", "<a ".repeat(1_000_000))),
        rss(&format!("{ITEM}{}", "<a b=\"".repeat(500_000))),
        rss(&format!("<item><title>{}</title><link>/1</link></item>{ITEM}", "&".repeat(3_000_000))),
        rss(&format!("<item><link>/1</link><description>{}</description></item>{ITEM}", "&lt;b&gt;".repeat(300_000))),
        rss(&format!(
            "<item><title>T</title><link>/1</link><description>{}</description></item>{ITEM}",
            "<img ".repeat(500_000)
        )),
    ];
    for feed in feeds {
        // Whatever it is, it is answered.
        if let Ok(parsed) = read_bytes(feed.as_bytes(), None) {
            assert!(parsed.items.len() <= MAX_ITEMS);
        }
    }
}

#[test]
fn of_ten_thousand_items_the_newest_are_kept() {
    let item = |n: u32| {
        let (h, m, s) = (n / 3600, n / 60 % 60, n % 60);
        format!(
            "<item><title>{n}</title><link>/{n}</link><pubDate>Wed, 19 Nov 2025 {h:02}:{m:02}:{s:02} GMT</pubDate></item>"
        )
    };
    let parsed = read_text(&rss(&numbered(0..10_000, item)));
    assert_eq!((parsed.items.len(), parsed.rejected), (MAX_ITEMS, 9_500));
    assert_eq!((parsed.items[0].title.as_str(), parsed.items[499].title.as_str()), ("9500", "9999"));
}

#[test]
fn a_title_of_a_megabyte_is_a_title() {
    let parsed =
        read_text(&rss(&format!("<item><title>{}</title><link>/1</link></item>{ITEM}", "word ".repeat(200_000))));
    assert_eq!(parsed.items.len(), 2);
    assert!(parsed.items[1].title.chars().count() <= clean::MAX_TITLE);
}

#[test]
fn markup_in_titles_is_harmless() {
    for (title, expected) in [
        ("<![CDATA[Up<script>alert(1)</script>]]>", "Up"),
        ("Up<script>alert(1)</script>", "Up"),
        ("Up &lt;img src=x onerror=alert(1)&gt;", "Up"),
        ("<![CDATA[Up]]>&lt;<![CDATA[script>alert(1)</script>]]>", "Up"),
        ("<![CDATA[a <![CDATA[ b ]]> c ]]>", "a c ]]>"),
        ("<![CDATA[a]]]]><![CDATA[>b]]>", "a]]>b"),
        ("&lt;b&gt;a]]&gt;&lt;/b&gt;z", "a]]>z"),
        ("Up<!-- <b> -->date", "Update"),
        ("Up <b>and <i>down</i></b> again", "Up and down again"),
        ("One\nid: 7\n\nevent: breaking\ndata: {}", "One id: 7 event: breaking data: {}"),
        ("\u{202e}pU\u{2028}now", "pU now"),
        ("Fees &amp; taxes: R&D < 5", "Fees & taxes: R&D < 5"),
        ("&#0;&#xD800;&#99999999999;Up&#x0A;&bogus;", "&#0;&#xD800;Up"),
    ] {
        let parsed = read_text(&rss(&format!("<item><title>{title}</title><link>/1</link></item>")));
        let cleaned = parsed.items.first().map(|item| item.title.as_str()).unwrap_or_default();
        assert!(!cleaned.contains("<script") && !cleaned.chars().any(char::is_control), "{title}: {cleaned}");
        if !title.starts_with("&#0;") && !title.contains("<![CDATA[ b") {
            assert_eq!(cleaned, expected, "{title}");
        }
    }
}

#[test]
fn pictures_that_run_or_count_are_left_out() {
    for element in [
        "<enclosure url=\"https://img.example/a.svg\" type=\"image/svg+xml\" length=\"1\"/>",
        "<enclosure url=\"http://img.example/a.jpg\" type=\"image/jpeg\" length=\"1\"/>",
        "<enclosure url=\"https://cast.example/a.mp3\" type=\"audio/mpeg\" length=\"1\"/>",
        "<media:content url=\"https://img.example/a.gif\" medium=\"image\" width=\"1\" height=\"1\"/>",
        "<media:thumbnail url=\"javascript:alert(1)\"/>",
        "<description>&lt;img src=\"https://pixel.wp.com/b.gif\"&gt; text</description>",
        "<description>&lt;img src=\"data:image/svg+xml,&lt;svg onload=alert(1)&gt;\"&gt; text</description>",
    ] {
        assert_eq!(only(element).image_url, None, "{element}");
    }
    let thumbnail = only("<media:thumbnail url=\"https://img.example/a.jpg\"/>");
    assert_eq!(thumbnail.image_url.as_deref(), Some("https://img.example/a.jpg"));
}

#[test]
fn one_bad_item_costs_only_itself() {
    let json = r#"{"version":"https://jsonfeed.org/version/1","items":[null,7,"x",[],{},{"title":{"a":1},"url":["x"]},
        {"id":["x"],"url":"/1","title":"Kept","authors":"nobody","author":"Jane","date_published":17}]}"#;
    let parsed = read_text(json);
    assert_eq!((titles(&parsed), parsed.rejected), (vec!["Kept"], 6));
    assert_eq!(parsed.items[0].author.as_deref(), Some("Jane"));
    for broken in [
        "<item><title>No link</title></item>",
        "<item>",
        "<item/>",
        "<item><title>Never closed<link>/2</item>",
        "<item></title></link></channel></item>",
        "<item xmlns=\"\"><title/></item>",
        "<item><link>https://[</link><title>x</title></item>",
    ] {
        let parsed = read_text(&rss(&format!("{ITEM}{broken}{ITEM}")));
        assert_eq!(titles(&parsed), ["Kept", "Kept"], "{broken}");
        assert_eq!(parsed.rejected, 1, "{broken}");
    }
    let strange = "<item><title>Kept</title><link>/2</link><media:title/><media:description type=\"x/y\"/><itunes:episode>x</itunes:episode>\
        <media:text start=\"x\">y</media:text></item>";
    assert_eq!(titles(&read_text(&rss(strange))), ["Kept"]);
}

#[test]
fn what_was_cut_off_keeps_what_was_whole() {
    let feed = rss(&format!("{ITEM}{ITEM}<item><title>Half of a</title><link>/3</link>"));
    let cut = feed.strip_suffix("</channel></rss>").expect("its end");
    let parsed = read_text(cut);
    assert_eq!((titles(&parsed), parsed.rejected), (vec!["Kept", "Kept"], 1));
    let in_tag = format!("{cut}<descr");
    assert_eq!(titles(&read_text(&in_tag)), ["Kept", "Kept"]);
}

#[test]
fn real_feeds_are_not_well_formed() {
    let feed = "Warning: mysql in /var/www/feed.php\n\n<?xml version='1.0'?>\n<rss>\n<channel>\n<link>https://a.example/?a=1&b=2</link>\
        <item><title>R&D at AT&T</title><link>https://a.example/?a=1&b=2</link><description>x</b> & <y</description></item></channel></rss>\
        <script>counter()</script>";
    let parsed = read_text(feed);
    assert_eq!(titles(&parsed), ["R&D at AT&T"]);
    assert_eq!(parsed.items[0].link, "https://a.example/?a=1&b=2");
}

#[test]
fn addresses_beside_wide_characters_are_read() {
    for author in [
        "bob@news.example（Bob）",
        "é.bob@news.example",
        "—bob@news.example",
        "Bob—bob@news.example—",
        "（bob@news.example）@",
    ] {
        assert_eq!(only(&format!("<author>{author}</author>")).title, "Title", "{author}");
    }
    assert_eq!(only("<author>jo@a.example (Jürgen Groß)</author>").author.as_deref(), Some("Jürgen Groß"));
}

#[test]
fn one_guid_for_two_items_and_two_guids_for_one() {
    let item =
        |guid: &str, link: &str| format!("<item><guid>{guid}</guid><title>Title</title><link>{link}</link></item>");
    let parsed = read_text(&rss(&[item("1", "/a"), item("1", "/b"), item("2", "/b")].concat()));
    let ids: std::collections::BTreeSet<String> = parsed.items.iter().map(|item| article_id("a", item)).collect();
    assert_eq!((parsed.items.len(), ids.len()), (3, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_bytes(&bytes, None);
    }

    #[test]
    fn no_pieces_of_xml_break_it(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "<item>", "</item>", "<title>", "</title>", "<link>", "</link>", "/1", "x", "<![CDATA[", "]]>", "<!--", "-->", "&", ";", "<",
        ">", "\"", "'", "<a b='", "<a b=\"c\"/>", "<media:content url=\"https://a.example/b.jpg\">", "</media:content>", "<media:group>",
        "<author>", "a@b.example", "é", "（", "<?", "?>", "<!DOCTYPE x [", "]>", "</channel>", "</rss>", "<guid>", "<pubDate>", "&#x41;",
        "<content type='", "<entry>", "<description>", "</description>",
    ]), 0..80)) {
        if let Ok(parsed) = read_bytes(rss(&pieces.concat()).as_bytes(), None) {
            for item in parsed.items {
                prop_assert!(!item.title.is_empty() && item.link.starts_with("http"));
                prop_assert!(!item.title.chars().chain(item.guid.chars()).any(char::is_control));
            }
        }
    }
}
