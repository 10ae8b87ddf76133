use proptest::prelude::*;

use super::*;

#[test]
fn titles_become_plain_text() {
    for (raw, expected) in [
        ("Bitcoin rises", "Bitcoin rises"),
        ("  Bitcoin\n\trises\r\n", "Bitcoin rises"),
        ("Bitcoin\u{2028}rises\u{2029}again\u{85}and\u{a0}again", "Bitcoin rises again and again"),
        ("Bitcoin &amp; Ethereum", "Bitcoin & Ethereum"),
        ("SEC&#8217;s ruling &mdash; a &quot;first&quot;", "SEC\u{2019}s ruling — a \"first\""),
        ("S&P 500 and AT&T", "S&P 500 and AT&T"),
        ("<b>B</b>it<i>coin</i>", "Bitcoin"),
        ("<p>One</p><p>two</p>three<br>four", "One two three four"),
        ("Up<script>alert(1)</script>date", "Update"),
        ("<style>p{color:red}</style>Up", "Up"),
        ("<ScRiPt src=x>alert(1)</sCrIpT >Up", "Up"),
        ("<img src=x onerror=alert(1)>Up", "Up"),
        ("<svg onload=alert(1)><text>no</text></svg>Up", "Up"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Up", "Up"),
        ("&amp;lt;b&amp;gt;Up&amp;lt;/b&amp;gt; &amp;amp; down", "Up & down"),
        ("&#60;script&#62;alert(1)&#60;/script&#62;Up", "Up"),
        ("<scr<script>ipt>alert(1)</script>Up", "ipt>alert(1)Up"),
        ("<!-- hidden -->Up", "Up"),
        ("Fees < 5 sat and > 1", "Fees < 5 sat and > 1"),
        ("Fees <5 sat", "Fees <5 sat"),
        ("Alpha<Beta", "Alpha< Beta"),
        ("Cut off <a href=\"https://exa", "Cut off"),
        ("\u{202e}evil\u{202c} \u{200b}zero\u{ad}width\u{feff}", "evil zerowidth"),
        ("\u{2066}a\u{2069}\u{200f}b\u{200e}", "ab"),
        ("bell\u{7}\0null\u{1b}[31m", "bellnull[31m"),
        ("&#x202e;evil &#0; &#7;", "evil \u{fffd}"),
        ("&l\u{200b}t;script&g\u{200b}t;alert(1)", ""),
        ("data: x\n\nevent: breaking\ndata: {}", "data: x event: breaking data: {}"),
        ("", ""),
        ("<p> </p>&nbsp;", ""),
    ] {
        assert_eq!(title(raw), expected, "{raw:?}");
    }
}

#[test]
fn texts_are_cut_between_words() {
    let long = "word ".repeat(200);
    let cleaned = title(&long);
    assert!(cleaned.ends_with("word…") && cleaned.chars().count() <= MAX_TITLE, "{cleaned}");
    assert_eq!(cut("one two three", 13), "one two three");
    assert_eq!(cut("one two three", 12), "one two…");
    assert_eq!(cut("one two, three", 12), "one two…");
    assert_eq!(cut("onetwothree", 5), "onet…");
    assert_eq!(cut("比特币价格上涨", 4), "比特币…");
    assert_eq!(description(&"a".repeat(2_000)).chars().count(), MAX_DESCRIPTION);
    assert_eq!(author(&"Jane ".repeat(100)).map(|name| name.chars().count() <= MAX_AUTHOR), Some(true));
}

#[test]
fn a_megabyte_is_cleaned_like_a_line() {
    let huge = format!("{}<b>tail", "<b>x</b> ".repeat(120_000));
    assert_eq!(title(&huge).split(' ').filter(|word| word.starts_with('x')).count(), 150);
    for hostile in ["<", "&", "&amp;", "<b", "<!--", "&lt;", "<div>", "<a href='"] {
        let cleaned = title(&hostile.repeat(1 << 17));
        assert!(cleaned.chars().count() <= MAX_TITLE, "{hostile}");
        assert!(!has_tag(&cleaned), "{hostile}: {cleaned}");
    }
}

#[test]
fn boilerplate_is_not_part_of_a_description() {
    for (raw, expected) in [
        ("It rose. The post Bitcoin rises appeared first on Example Daily.", "It rose."),
        ("<p>It rose.</p><p>The post <a href='x'>Bitcoin rises</a> appeared first on <a>Example</a>.</p>", "It rose."),
        ("It rose. Read more", "It rose."),
        ("It rose… Read More »", "It rose…"),
        ("It rose and then [&#8230;]", "It rose and then"),
        ("It rose [...] Continue reading", "It rose"),
        ("Read more", ""),
        ("The exchange is Open Source", "The exchange is Open Source"),
        ("People read more", "People read more"),
        ("The post office takes bitcoin now", "The post office takes bitcoin now"),
    ] {
        assert_eq!(description(raw), expected, "{raw:?}");
    }
}

#[test]
fn authors_are_names() {
    for (raw, expected) in [
        ("By Jane Doe", Some("Jane Doe")),
        ("(Jane Doe)", Some("Jane Doe")),
        ("by ((By Jane Doe))", Some("Jane Doe")),
        ("<b>Jane</b>\nDoe", Some("Jane Doe")),
        ("—", None),
        ("", None),
    ] {
        assert_eq!(author(raw).as_deref(), expected, "{raw:?}");
    }
}

fn has_tag(text: &str) -> bool {
    text.split('<').skip(1).any(|after| after.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)))
}

/// Texts of pieces that are dangerous together.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<"),
        Just(">"),
        Just("&"),
        Just(";"),
        Just("&lt;"),
        Just("&amp;"),
        Just("&#60;"),
        Just("&#x3c"),
        Just("script"),
        Just("</"),
        Just("<!--"),
        Just("-->"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("<script>"),
        Just("</script>"),
        Just("<b>"),
        Just("<p>"),
        Just("<plaintext>"),
        Just("<svg>"),
        Just("<title>"),
        Just("<table>"),
        Just("\n"),
        Just("\u{202e}"),
        Just("\u{200b}"),
        Just("\0"),
        Just("\u{2028}"),
        Just(" "),
        Just("\""),
        Just("'"),
        Just("="),
        Just("x"),
        Just("lt"),
        Just("amp"),
        Just("#"),
        Just("é"),
        Just("比"),
        Just("The post "),
        Just(" appeared first on "),
        Just("Read more"),
        Just("[…]"),
        Just("."),
        Just("&nbsp;"),
        Just("&copy"),
        Just("&notit;"),
    ];
    prop_oneof![
        proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat()),
        proptest::collection::vec(any::<char>(), 0..200).prop_map(|chars| chars.into_iter().collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_dangerous_is_left_and_cleaning_again_changes_nothing(raw in hostile()) {
        for clean in [title, description, |raw: &str| author(raw).unwrap_or_default()] {
            let cleaned = clean(&raw);
            prop_assert!(!cleaned.chars().any(char::is_control), "{:?}", cleaned);
            prop_assert!(!cleaned.chars().any(is_invisible), "{:?}", cleaned);
            prop_assert!(!cleaned.contains("<script") && !has_tag(&cleaned), "{:?}", cleaned);
            prop_assert!(!cleaned.contains("  ") && cleaned.trim() == cleaned, "{:?}", cleaned);
            prop_assert_eq!(clean(&cleaned), cleaned);
        }
    }
}
