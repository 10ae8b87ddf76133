//! Answers that a client may keep and ask about: `ETag` and `If-None-Match`.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Kept, but asked about each time.
pub(super) const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Stands for the content of an answer.
///
/// It is a weak one: two answers with the same content differ in the time that they were made at (`fetchedAt`, `timeAgo`),
/// and a client that keeps the first has all there is to know. <https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1>
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Validator(String);

impl Validator {
    /// Of everything in an answer that counts.
    pub(super) fn of(content: &impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        Self(format!("W/\"{:016x}\"", hasher.finish()))
    }

    /// Whether the client has this content.
    fn is_known(&self, request: &HeaderMap) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let ours = opaque(&self.0);
        let tags = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
        tags.flat_map(|line| line.split(',')).any(|tag| tag.trim() == "*" || opaque(tag) == ours)
    }

    /// The whole answer, or `304` for a client that has its content.
    pub(super) fn answer(
        &self,
        request: &HeaderMap,
        cache_control: HeaderValue,
        whole: impl FnOnce() -> Response,
    ) -> Response {
        let known = self.is_known(request);
        let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { whole() };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, cache_control);
        if let Ok(tag) = HeaderValue::from_str(&self.0) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let validator = Validator::of(&"content");
        let ours = validator.0.clone();
        let strong = ours.trim_start_matches("W/").to_owned();
        for (line, known) in [
            (ours.clone(), true),
            (strong.clone(), true),
            (format!("\"x\", {strong}"), true),
            ("*".to_owned(), true),
            ("\"x\"".to_owned(), false),
            (String::new(), false),
            (strong.trim_matches('"').to_owned(), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(&line).expect("a header"));
            assert_eq!(validator.is_known(&headers), known, "{line}");
        }
        assert!(!validator.is_known(&HeaderMap::new()));
        assert_ne!(Validator::of(&"content"), Validator::of(&"contents"));
    }
}
