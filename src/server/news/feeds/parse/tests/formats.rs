//! What feeds of good will look like.

use super::*;

#[test]
fn every_format_is_read_alike() {
    let rss_2 = r#"<?xml version="1.0" encoding="utf-8"?>
        <rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">
        <channel><title>T</title><link>https://news.example</link><ttl>15</ttl>
        <item><guid isPermaLink="false">1</guid><title>Bitcoin &amp; Solana rise</title>
        <link>https://news.example/1?utm_source=rss</link><description><![CDATA[<p>Both <b>rose</b>.</p>]]></description>
        <pubDate>Thu, 20 Nov 2025 10:00:00 GMT</pubDate><dc:creator>Jane Doe</dc:creator>
        <media:content url="https://img.example/1.jpg" medium="image"/></item></channel></rss>"#;
    let rss_1 = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
        xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://news.example"><title>T</title>
        <items><rdf:Seq><rdf:li rdf:resource="https://news.example/1"/></rdf:Seq></items></channel>
        <item rdf:about="https://news.example/1"><title>Bitcoin &amp; Solana rise</title>
        <link>https://news.example/1</link><description>&lt;p&gt;Both rose.&lt;img src="https://img.example/1.jpg"&gt;</description>
        <dc:date>2025-11-20T10:00:00Z</dc:date><dc:creator>Jane Doe</dc:creator></item></rdf:RDF>"#;
    let rss_090 = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://my.netscape.com/rdf/simple/0.9/" xmlns:d="http://purl.org/dc/elements/1.1/"><channel><title>T</title></channel>
        <item><title>Bitcoin &amp; Solana rise</title><link>https://news.example/1</link><description>Both rose.
        &lt;img src="https://img.example/1.jpg"&gt;</description><d:date>2025-11-20T10:00:00Z</d:date>
        <d:creator>Jane Doe</d:creator></item></rdf:RDF>"#;
    let rss_091 = r#"<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/x.dtd">
        <rss version="0.91"><channel><item><title>Bitcoin &#38; Solana rise</title><link>https://news.example/1</link>
        <description>Both rose.</description><pubDate>Thu, 20 Nov 2025 10:00:00 +0000</pubDate><author>a@b.example (Jane Doe)</author>
        <enclosure url="https://img.example/1.jpg" type="image/jpeg" length="1"/></item></channel></rss>"#;
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>x</id>
        <entry><id>tag:1</id><title type="html">Bitcoin &amp;amp; Solana rise</title>
        <link rel="self" href="https://news.example/1.atom"/><link rel="alternate" href="/1"/>
        <link rel="enclosure" type="image/jpeg" href="https://img.example/1.jpg"/>
        <updated>2025-11-20T11:00:00Z</updated><published>2025-11-20T11:00:00+01:00</published><author><name>Jane Doe</name></author>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Both <b>rose</b>.</p></div></content></entry></feed>"#;
    let prefixed = r#"<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:id>1</a:id><a:title>Bitcoin &amp; Solana rise</a:title>
        <a:link href="https://news.example/1"/><a:published>2025-11-20T10:00:00Z</a:published><a:summary>Both rose.</a:summary>
        <a:author><a:name>Jane Doe</a:name></a:author><m:thumbnail xmlns:m="http://search.yahoo.com/mrss/" url="https://img.example/1.jpg"/>
        </a:entry></a:feed>"#;
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":1,"url":"https://news.example/1",
        "title":"Bitcoin &amp; Solana rise","content_html":"<p>Both rose.</p>","image":"https://img.example/1.jpg",
        "date_published":"2025-11-20T10:00:00Z","authors":[{"name":"Jane Doe"}]}]}"#;
    for feed in [rss_2, rss_1, rss_090, rss_091, atom, prefixed, json] {
        let parsed = read_text(feed);
        assert_eq!((parsed.items.len(), parsed.rejected), (1, 0), "{feed}");
        let item = &parsed.items[0];
        assert_eq!(item.title, "Bitcoin & Solana rise", "{feed}");
        assert_eq!(item.link, "https://news.example/1", "{feed}");
        assert_eq!(item.description, "Both rose.", "{feed}");
        assert_eq!(item.pub_date, Some(UnixMs(1_763_632_800_000)), "{feed}");
        assert_eq!(item.author.as_deref(), Some("Jane Doe"), "{feed}");
        assert_eq!(item.image_url.as_deref(), Some("https://img.example/1.jpg"), "{feed}");
        assert_eq!(item.tickers.iter().map(Symbol::as_str).collect::<Vec<_>>(), ["BTC", "SOL"], "{feed}");
    }
    assert_eq!(read_text(rss_2).ttl, Some(Duration::from_mins(15)));
    assert_eq!(read_text(atom).ttl, None);
}

#[test]
fn whatever_the_encoding() {
    let text = |declared: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"{declared}\"?>{}",
            rss("<item><title>Öl über 80 €</title><link>https://news.example/1</link></item>")
        )
    };
    let in_encoding = |label: &str, declared: &str| {
        encoding_rs::Encoding::for_label(label.as_bytes()).expect("an encoding").encode(&text(declared)).0.into_owned()
    };
    let utf_16 = |big: bool, mark: bool| {
        let units = mark.then_some(0xfeff).into_iter().chain(text("utf-16").encode_utf16().collect::<Vec<_>>());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect::<Vec<u8>>()
    };
    let cases: [(&str, Vec<u8>, Option<&str>); 12] = [
        ("utf-8", text("utf-8").into_bytes(), None),
        ("utf-8 with a mark", format!("\u{feff}{}", text("utf-8")).into_bytes(), None),
        ("utf-8 that claims to be another", text("windows-1252").into_bytes(), Some("text/xml; charset=ISO-8859-1")),
        ("utf-8 that claims to be utf-16", text("utf-16").into_bytes(), None),
        ("windows-1252", in_encoding("windows-1252", "windows-1252"), None),
        ("windows-1252 as latin 1", in_encoding("windows-1252", "ISO-8859-1"), None),
        ("windows-1252 that claims to be utf-8", in_encoding("windows-1252", "utf-8"), None),
        ("by the header", in_encoding("iso-8859-15", "utf-8"), Some("application/rss+xml; charset=\"iso-8859-15\"")),
        ("an encoding that is none", text("klingon").into_bytes(), Some("text/xml; charset=")),
        ("utf-16 little", utf_16(false, true), None),
        ("utf-16 big", utf_16(true, true), None),
        ("utf-16 without a mark", utf_16(false, false), None),
    ];
    for (name, bytes, content_type) in cases {
        let parsed = read_bytes(&bytes, content_type).expect(name);
        assert_eq!(titles(&parsed), ["Öl über 80 €"], "{name}");
    }
    let mut stray = text("utf-8").into_bytes();
    let at = stray.windows(2).position(|pair| pair == b"80").expect("the number");
    stray.insert(at, 0xff);
    assert_eq!(titles(&read_bytes(&stray, None).expect("a feed")), ["Öl über \u{fffd}80 €"]);
    let japanese =
        "<rss><channel><item><title>ビットコイン</title><link>https://news.example/1</link></item></channel></rss>";
    let seven_bit = encoding_rs::ISO_2022_JP.encode(japanese).0.into_owned();
    assert_eq!(
        titles(&read_bytes(&seven_bit, Some("text/xml; charset=iso-2022-jp")).expect("a feed")),
        ["ビットコイン"]
    );
}

#[test]
fn dates_are_believed_as_far_as_they_can_be() {
    let hour = 3_600_000;
    for (date, expected) in [
        ("Thu, 20 Nov 2025 11:00:00 GMT", Some(NOW.0 - hour)),
        ("Thu, 20 Nov 2025 06:00:00 EST", Some(NOW.0 - hour)),
        ("2025-11-20T11:00:00.000Z", Some(NOW.0 - hour)),
        ("2025-11-20T12:00:00+0100", Some(NOW.0 - hour)),
        ("Fri, 21 Nov 2025 11:00:00 GMT", Some(NOW.0)),
        ("Thu, 20 Nov 9999 11:00:00 GMT", Some(NOW.0)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 02 Jan 2009 23:59:59 GMT", None),
        ("yesterday", None),
        ("", None),
        ("99999999999999999999", None),
    ] {
        assert_eq!(only(&format!("<pubDate>{date}</pubDate>")).pub_date.map(|at| at.0), expected, "{date}");
    }
    assert_eq!(only("").pub_date, None);
}

#[test]
fn items_come_oldest_first() {
    let item = |n: u32, date: &str| format!("<item><title>{n}</title><link>/{n}</link>{date}</item>");
    let at = |hour: u32| format!("<pubDate>Thu, 20 Nov 2025 {hour:02}:00:00 GMT</pubDate>");
    let newest_first = [item(4, &at(9)), item(3, ""), item(2, &at(7)), item(1, &at(6))].concat();
    assert_eq!(titles(&read_text(&rss(&newest_first))), ["1", "2", "3", "4"]);
    let mixed = [item(2, &at(7)), item(4, &at(9)), item(1, &at(6))].concat();
    assert_eq!(titles(&read_text(&rss(&mixed))), ["1", "2", "4"]);
    let undated = [item(3, ""), item(2, ""), item(1, "")].concat();
    assert_eq!(titles(&read_text(&rss(&undated))), ["1", "2", "3"]);
}

#[test]
fn a_link_is_the_page_or_the_guid() {
    let link = |elements: &str| {
        let parsed = read_text(&rss(&format!("<item><title>Title</title>{elements}</item>")));
        parsed.items.first().map(|item| item.link.clone())
    };
    for (elements, expected) in [
        ("<link>/a?utm_source=x</link>", Some("https://news.example/a")),
        ("<guid>https://news.example/g</guid>", Some("https://news.example/g")),
        (
            "<link>javascript:alert(1)</link><guid isPermaLink=\"true\">https://news.example/g</guid>",
            Some("https://news.example/g"),
        ),
        ("<link>javascript:alert(1)</link><guid>7</guid>", None),
        ("<link>data:text/html,x</link>", None),
        ("<guid>7</guid>", None),
        ("", None),
    ] {
        assert_eq!(link(elements).as_deref(), expected, "{elements}");
    }
}

#[test]
fn a_title_is_made_of_the_description_where_there_is_none() {
    let parsed =
        read_text(&rss(&format!("<item><link>/1</link><description>{}</description></item>", "word ".repeat(60))));
    assert!(parsed.items[0].title.ends_with("word…") && parsed.items[0].title.chars().count() <= 120);
    let short = read_text(&rss("<item><title> </title><link>/1</link><description>A short note</description></item>"));
    assert_eq!((short.items[0].title.as_str(), short.items[0].description.as_str()), ("A short note", ""));
    let nothing = read_text(&rss("<item><link>/1</link><description>&lt;img src='x'&gt;</description></item>"));
    assert_eq!((nothing.items.len(), nothing.rejected), (0, 1));
}

#[test]
fn the_same_item_keeps_its_id_and_others_have_their_own() {
    let id = |key: &str, guid: &str, link: &str, title: &str| {
        let item =
            read_text(&rss(&format!("<item><guid>{guid}</guid><link>{link}</link><title>{title}</title></item>")));
        article_id(key, &item.items[0])
    };
    let first = id("a", "1", "https://news.example/1", "Title");
    // The same in every version: stored ids must stay what they are.
    assert_eq!(first, "698e0228923fd239");
    for (what, same) in [
        ("another guid", id("a", "2", "https://news.example/1", "Title")),
        ("an edited title", id("a", "1", "https://news.example/1", "Corrected title")),
        ("tracking", id("a", "1", "http://www.news.example/1/?utm_source=rss#top", "Title")),
    ] {
        assert_eq!(first, same, "{what}");
    }
    for (what, other) in [
        ("another link", id("a", "1", "https://news.example/2", "Title")),
        ("another feed", id("b", "1", "https://news.example/1", "Title")),
        ("the same letters", id("anews.example", "1", "https://1", "Title")),
    ] {
        assert_ne!(first, other, "{what}");
    }
    // Some feeds link every item to their front page.
    let front = id("a", "1", "https://news.example/", "Title");
    assert_eq!(front, id("a", "1", "https://news.example", "Title"));
    assert_ne!(front, id("a", "2", "https://news.example/", "Title"));
    assert_ne!(front, id("a", "1", "https://news.example/", "Another"));
    assert!(front.len() == 16 && front.bytes().all(|byte| byte.is_ascii_hexdigit()));
}
