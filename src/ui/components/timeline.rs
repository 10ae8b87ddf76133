//! Everything that was reported of a story.

use leptos::prelude::*;

use crate::{
    live::store::LiveStore,
    model::{article::Article, time_ago::time_ago},
    ui::{format, reactive::memo},
};

/// One line for each article, oldest first. Titles are text; addresses are those of web pages or none.
#[component]
pub fn Timeline(articles: RwSignal<Vec<Article>>) -> impl IntoView {
    let reports = move || {
        let report = |article| view! { <Report article/> }.into_any();
        articles.get().into_iter().map(report).collect_view().into_any()
    };
    view! { <ol class="timeline" data-testid="timeline">{reports}</ol> }.into_any()
}

#[component]
fn Report(article: Article) -> impl IntoView {
    let now = LiveStore::expect().now();
    let at = article.at();
    let age = memo(move || time_ago(at, now.get()));
    let undated = article.pub_date.is_none();
    let when = if undated { ["first seen ", &format::date_time(at)].concat() } else { format::date_time(at) };
    let author = article.author.map(|author| [" · ", &author].concat());
    view! {
        <li class="report" data-testid="report" data-source=article.source_key>
            <p class="story-meta">
                <b>{article.source}</b>
                {author}
                <time datetime=at.to_rfc3339() title=when>{age}</time>
                <span class="undated" class:hidden=!undated title="The source gives no date: this is when it was first seen here">
                    "undated"
                </span>
            </p>
            <p class="report-title"><Outward link=article.link words=article.title/></p>
        </li>
    }
    .into_any()
}

/// A link to another site, which opens beside this page and learns nothing of it.
#[component]
pub fn Outward(link: String, words: String) -> impl IntoView {
    if is_web(&link) {
        view! { <a href=link target="_blank" rel="noopener noreferrer nofollow ugc">{words}</a> }.into_any()
    } else {
        view! { <span>{words}</span> }.into_any()
    }
}

/// Whether an address is that of a web page. The feeds' cleaning lets no other through; a page doesn't rely on it.
fn is_web(link: &str) -> bool {
    ["https://", "http://"]
        .into_iter()
        .any(|scheme| link.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)))
}

/// The host of an address, for people.
pub fn host(link: &str) -> &str {
    let rest = link.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_pages_are_linked() {
        for link in ["https://a.example/x", "HTTP://a.example"] {
            assert!(is_web(link), "{link}");
        }
        for link in ["javascript:alert(1)", "data:text/html,x", "//a.example", " https://a", "", "https:/a", "ftp://a"]
        {
            assert!(!is_web(link), "{link}");
        }
        assert_eq!(host("https://www.wire.example/a?b#c"), "wire.example");
        assert_eq!(host("nothing"), "");
    }
}
