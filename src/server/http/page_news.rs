//! What a page shows of the stored news, read before it is rendered: rendering itself waits for nothing.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use leptos::prelude::use_context;
use leptos_router::params::ParamsMap;
use url::form_urlencoded;

use crate::{
    live::news::filters,
    model::symbol::Symbol,
    server::services::Services,
    ui::story_query,
    wire::news::{FirstNews, StoriesQuery, StoryBody},
};

/// What was read for the request that is being answered.
pub fn of_request() -> Option<FirstNews> {
    use_context::<http::request::Parts>()?.extensions.get::<Arc<FirstNews>>().map(|news| FirstNews::clone(news))
}

/// What an address asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Stories(StoriesQuery),
    Story(String),
}

/// Reads what the page will show, and hands it on with the request.
pub async fn read(State(services): State<Arc<Services>>, mut request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) && !services.news.snapshot().sources.is_empty() {
        let news = match wanted(request.uri().path(), request.uri().query().unwrap_or_default()) {
            Wanted::Nothing => None,
            Wanted::Stories(query) => {
                Some(FirstNews { stories: services.stories(&query).await.ok(), ..FirstNews::default() })
            }
            Wanted::Story(id) => {
                let answer = services.story(&id).await;
                let unknown = matches!(answer, Ok(None));
                let story = answer.ok().flatten().map(StoryBody::from);
                Some(FirstNews { story, unknown, ..FirstNews::default() })
            }
        };
        if let Some(news) = news {
            request.extensions_mut().insert(Arc::new(news));
        }
    }
    next.run(request).await
}

fn wanted(path: &str, query: &str) -> Wanted {
    let params = || {
        form_urlencoded::parse(query.as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect::<ParamsMap>()
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match *parts.as_slice() {
        // The newest stories of all are a part of every page.
        [] => Some(story_query::read(&params())).filter(filters).map_or(Wanted::Nothing, Wanted::Stories),
        ["news"] => Wanted::Stories(story_query::read(&params())),
        ["news", id] => Wanted::Story(id.to_owned()),
        ["coin", name] => {
            let name = form_urlencoded::parse(name.as_bytes()).next().map(|(name, _)| name.into_owned());
            let symbol = name.and_then(|name| Symbol::parse(&name).ok());
            symbol.map_or(Wanted::Nothing, |symbol| Wanted::Stories(story_query::of_asset(symbol)))
        }
        _ => Wanted::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_asks_for_what_it_shows() {
        let of_btc = story_query::of_asset(Symbol::parse("BTC").expect("a symbol"));
        let everything = StoriesQuery { limit: story_query::PER_PAGE, ..StoriesQuery::default() };
        for (path, query, expected) in [
            ("/", "", Wanted::Nothing),
            ("/", "asset=BTC&source=&category=", Wanted::Stories(of_btc.clone())),
            ("/coin/BTC", "interval=1h", Wanted::Stories(of_btc.clone())),
            ("/coin/btc%2Fusdt", "", Wanted::Stories(of_btc)),
            ("/coin/%3Cscript%3E", "", Wanted::Nothing),
            ("/news", "", Wanted::Stories(everything.clone())),
            ("/news/", "q=bridge+pauses", {
                Wanted::Stories(StoriesQuery { q: Some("bridge pauses".to_owned()), ..everything })
            }),
            ("/news/s1", "", Wanted::Story("s1".to_owned())),
            ("/status", "asset=BTC", Wanted::Nothing),
            ("/news/s1/more", "", Wanted::Nothing),
        ] {
            assert_eq!(wanted(path, query), expected, "{path}?{query}");
        }
    }
}
