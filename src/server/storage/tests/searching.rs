//! Full-text search.

use super::*;

async fn found(storage: &Storage, text: &str) -> Vec<String> {
    let page = storage.articles(ArticleQuery { text: text.to_owned(), ..all() }).await.unwrap();
    assert_eq!(page.total, page.articles.len() as u64, "{text:?}");
    page.articles.into_iter().map(|article| article.id).collect()
}

async fn library() -> (tempfile::TempDir, Storage) {
    let (folder, storage) = fresh();
    let texts = [
        ("fed", "Fed raises interest rates by 0.25%", "Markets in the U.S. had expected it"),
        ("sec", "SEC approves spot Bitcoin ETF", "Eleven issuers start trading"),
        ("cafe", "Café Crème accepts ether", "Zürich, São Paulo and Kraków follow"),
        ("kim", "비트코인 가격 상승", "Новости о биткоине"),
        ("hack", "Exchange hacked: $BTC/USDT halted", "NOT a drill, OR so they say"),
    ];
    storage
        .commit(articles((0..).zip(texts).map(|(i, (id, title, description))| Article {
            title: title.to_owned(),
            description: description.to_owned(),
            ..article(id, ago(i))
        })))
        .await
        .unwrap();
    (folder, storage)
}

#[tokio::test]
async fn words_are_found_in_any_case_form_and_accent() {
    let (_folder, storage) = library().await;
    for (text, ids) in [
        ("bitcoin", vec!["sec"]),
        ("BITCOIN etf", vec!["sec"]),
        ("etf bitcoin", vec!["sec"]),
        ("bitc", vec!["sec"]),
        ("bitc etf", vec![]),
        ("approved", vec!["sec"]),
        ("rate", vec!["fed"]),
        ("hacks", vec!["hack"]),
        ("cafe creme", vec!["cafe"]),
        ("CAFÉ", vec!["cafe"]),
        ("cafe\u{301}", vec!["cafe"]),
        ("krakow", vec!["cafe"]),
        ("비트코인", vec!["kim"]),
        ("новости", vec!["kim"]),
        ("trading", vec!["sec"]),
        ("bitcoin rates", vec![]),
        ("u.s.", vec!["fed"]),
        ("0.25%", vec!["fed"]),
        ("$BTC/USDT", vec!["hack"]),
        ("btc-usdt", vec!["hack"]),
        ("usdt btc", vec!["hack"]),
        ("usdt/btc", vec![]),
        ("e", vec![]),
        ("ex", vec!["fed", "hack"]),
    ] {
        assert_eq!(found(&storage, text).await, ids, "{text:?}");
    }
}

#[tokio::test]
async fn blank_asks_for_everything_and_signs_alone_for_nothing() {
    let (_folder, storage) = library().await;
    for text in ["", " ", "\t\n "] {
        assert_eq!(found(&storage, text).await.len(), 5, "{text:?}");
    }
    for text in ["!", "\"", "\"\"", "***", "()", "-", "₿", "\0", "'", ";--"] {
        assert_eq!(found(&storage, text).await, Vec::<String>::new(), "{text:?}");
    }
}

#[tokio::test]
async fn the_language_of_the_index_means_nothing() {
    let (_folder, storage) = library().await;
    for (text, ids) in [
        ("bitcoin OR rates", vec![]),
        ("bitcoin NOT etf", vec![]),
        ("not drill", vec!["hack"]),
        ("title:bitcoin", vec![]),
        ("{title description}:bitcoin", vec![]),
        ("bitcoin\" OR \"rates", vec![]),
        ("\"bitcoin\"", vec!["sec"]),
        ("bitcoin*", vec!["sec"]),
        ("^bitcoin", vec!["sec"]),
        ("+bitcoin -etf", vec!["sec"]),
        ("NEAR(bitcoin etf, 1)", vec![]),
        ("bitcoin AND", vec![]),
        ("(bitcoin", vec!["sec"]),
        ("bitcoin)", vec!["sec"]),
        ("bitcoin'", vec!["sec"]),
        ("bitcoin' OR 1=1 --", vec![]),
        ("x'); DROP TABLE articles; --", vec![]),
        ("bit\0coin", vec![]),
        ("rank:bm25", vec![]),
    ] {
        assert_eq!(found(&storage, text).await, ids, "{text:?}");
    }
    assert_eq!(found(&storage, "").await.len(), 5, "and harms nothing");
}

#[tokio::test]
async fn letters_that_the_index_does_not_know_are_no_error() {
    let (_folder, storage) = library().await;
    // Of scripts that Unicode took in of late, of the private area, and beyond the basic plane.
    for text in ["\u{1e030}", "\u{10d4a}\u{10d4b}", "\u{e000}", "𝔟𝔦𝔱", "½", "\u{301}", "٣", "\u{1f680}"] {
        assert_eq!(found(&storage, text).await, Vec::<String>::new(), "{text:?}");
        let beside_a_word = found(&storage, &format!("{text} bitcoin")).await;
        assert!(beside_a_word.is_empty() || beside_a_word == ["sec"], "{text:?}");
    }
    assert_eq!(found(&storage, "a\u{301}\u{301}").await, ["hack"], "however many accents a letter has");
}

#[tokio::test]
async fn long_questions_are_answered() {
    let (_folder, storage) = library().await;
    assert_eq!(found(&storage, &"bitcoin ".repeat(250)).await, ["sec"]);
    for text in ["a".repeat(2000), "\"".repeat(2000), "a\"".repeat(1000), "( ".repeat(1000), "é ".repeat(1000)] {
        assert_eq!(found(&storage, &text).await, Vec::<String>::new(), "{text:?}");
    }
}
