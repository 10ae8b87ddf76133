//! What blogs put below every text, which says nothing about it.

/// Invitations to read on, as they end a text. The first letter is upper case: a sentence may end with the same words.
const INVITATIONS: [&str; 16] = [
    "Continue reading",
    "Read more",
    "Read More",
    "READ MORE",
    "Read the full article",
    "Read the full story",
    "Read full article",
    "Read full story",
    "Read the rest",
    "Read on",
    "Learn more",
    "Learn More",
    "Click here to read more",
    "Keep reading",
    "View original post",
    "Source",
];

/// Marks of what is missing.
const GAPS: [&str; 6] = ["[…]", "[...]", "[&#8230;]", "(…)", "(...)", "[. . .]"];

/// Sentences that end a text, by what they begin with and what must follow.
const SIGNATURES: [(&str, &str); 4] = [
    ("The post ", " appeared first on "),
    ("The post ", " first appeared on "),
    ("This article ", " first appeared on "),
    ("This article was originally published ", " "),
];

/// Longest signature, in bytes: the title of the article is part of it.
const MAX_SIGNATURE: usize = 700;

/// The text without any of it at its end.
pub(super) fn stripped(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let shorter = without_signature(without_invitation(without_gap(text))).trim_end();
        if shorter.len() == text.len() {
            return text;
        }
        text = shorter;
    }
}

fn without_gap(text: &str) -> &str {
    GAPS.iter().find_map(|gap| text.strip_suffix(gap)).unwrap_or(text)
}

fn without_invitation(text: &str) -> &str {
    let end = text.trim_end_matches([' ', '.', '…', '»', '>', '→', ':', '›']);
    let before = INVITATIONS.iter().find_map(|words| end.strip_suffix(words));
    // "Open Source" and "Bloomberg Read more" differ by a mark before the words.
    before
        .filter(|before| {
            before.trim_end().is_empty()
                || before.trim_end().ends_with(['.', '!', '?', '…', ']', ')', '"', '”', '|', ':'])
        })
        .unwrap_or(text)
}

fn without_signature(text: &str) -> &str {
    let signed = SIGNATURES.iter().find_map(|(begins, follows)| {
        let at = text.rfind(begins)?;
        let rest = text.get(at..)?;
        let is_start = text.get(..at).is_some_and(|before| before.is_empty() || before.ends_with(' '));
        (is_start && rest.len() <= MAX_SIGNATURE && rest.get(begins.len()..)?.contains(follows)).then_some(at)
    });
    signed.and_then(|at| text.get(..at)).unwrap_or(text)
}
