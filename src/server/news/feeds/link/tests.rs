use super::*;

fn base() -> Url {
    Url::parse("https://news.example/feeds/all.xml").expect("an address")
}

#[test]
fn one_page_has_one_address() {
    for (raw, expected) in [
        ("https://news.example/a", "https://news.example/a"),
        ("  HTTPS://News.Example:443/a#comments \n", "https://news.example/a"),
        ("http://news.example:80/a?", "http://news.example/a"),
        ("/a?id=1", "https://news.example/a?id=1"),
        ("b", "https://news.example/feeds/b"),
        ("//other.example/a", "https://other.example/a"),
        ("https://news.example/a?utm_source=rss&utm_medium=x&id=7&fbclid=abc", "https://news.example/a?id=7"),
        ("https://news.example/a?UTM_Source=rss", "https://news.example/a"),
        ("https://news.example/a?gclid=1&mc_cid=2&mc_eid=3&cmpid=4&ref=5&ref_src=6&_ga=7", "https://news.example/a"),
        ("https://news.example/a?source=rss&p=12", "https://news.example/a?p=12"),
        ("https://news.example/a?source=wire&reference=1", "https://news.example/a?source=wire&reference=1"),
        ("https://news.example/#!/story/1", "https://news.example/#!/story/1"),
        ("https://bank.example@evil.example/", "https://evil.example/"),
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("https://news.example/\u{202e}a", "https://news.example/%E2%80%AEa"),
        ("https://news.example/a\nb", "https://news.example/ab"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ] {
        let link = canonical(raw, &base());
        assert_eq!(link.as_deref(), Some(expected), "{raw:?}");
        assert_eq!(canonical(expected, &base()), link, "{raw:?} changes when it is read again");
    }
}

#[test]
fn what_leads_to_no_page_is_no_link() {
    let long = format!("https://news.example/{}", "a".repeat(MAX_LINK));
    for raw in [
        "",
        " ",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://news.example/a",
        "mailto:a@news.example",
        "https://",
        "http://[",
        "blob:https://a/b",
        &long,
    ] {
        assert_eq!(canonical(raw, &base()), None, "{raw:?}");
        assert_eq!(permalink(raw), None, "{raw:?}");
    }
    assert_eq!(permalink("12345"), None);
    assert_eq!(permalink("urn:uuid:1"), None);
    assert_eq!(permalink("https://news.example/a#x").as_deref(), Some("https://news.example/a"));
}

#[test]
fn pictures_are_safe_and_worth_a_look() {
    let size = [None, None];
    for raw in ["https://img.example/a.jpg", "/a.png?w=800", "//cdn.example/a"] {
        assert!(image(raw, "", size, &base()).is_some_and(|url| url.starts_with("https://")), "{raw}");
    }
    for raw in [
        "http://img.example/a.jpg",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "https://img.example/a.svg",
        "https://img.example/a.SVG?x=1",
        "https://img.example/a.svgz",
        "https://img.example/a?format=svg",
        "https://img.example/p.gif?width=1&height=1",
        "https://pixel.wp.com/b.gif?host=x",
        "https://feeds.feedburner.com/~r/x/~4/y",
        "https://stats.example/pixel/1.png",
        "https://stats.example/1x1.png",
        "https://img.example/spacer.gif",
        "https://b.scorecardresearch.com/p?c1=2",
    ] {
        assert_eq!(image(raw, "", size, &base()), None, "{raw}");
    }
    assert_eq!(image("https://img.example/a", "image/svg+xml", size, &base()), None);
    assert_eq!(image("https://img.example/a.gif", "", [Some(1), Some(1)], &base()), None);
    assert_eq!(image("https://u:p@img.example/a.gif", "", size, &base()).as_deref(), Some("https://img.example/a.gif"));
}

#[test]
fn the_first_picture_of_a_text_is_found() {
    for (html, expected) in [
        ("<p><img src=\"https://img.example/a.jpg\"></p>", Some("https://img.example/a.jpg")),
        ("<IMG alt='x' src='/a.jpg?a=1&amp;b=2'/>", Some("https://news.example/a.jpg?a=1&b=2")),
        (
            "<img data-src=\"https://img.example/b.jpg\" src=https://img.example/a.jpg>",
            Some("https://img.example/a.jpg"),
        ),
        (
            "<img src='https://img.example/t.gif' width='1' height=\"1\"><img src='https://img.example/a.jpg'>",
            Some("https://img.example/a.jpg"),
        ),
        ("<img src='javascript:alert(1)'>", None),
        ("<img>", None),
        ("<img src=", None),
        ("<img src='", None),
        ("no picture", None),
    ] {
        assert_eq!(first_image(html, &base()).as_deref(), expected, "{html}");
    }
}
