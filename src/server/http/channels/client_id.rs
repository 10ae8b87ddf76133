//! What a reader calls itself.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::server::{http::error::HttpError, services::Services};

/// Longest label, in characters.
pub const MAX_CLIENT_ID: usize = 64;

const PARAMETER: &str = "client_id";

/// The parameter `client_id`: a label that the client chose. It says nothing about who the client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId(pub Option<Box<str>>);

impl ClientId {
    fn of(query: &str) -> Result<Self, HttpError> {
        let mut given = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == PARAMETER);
        let Some((_, label)) = given.next() else { return Ok(Self(None)) };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let is_label = (1..=MAX_CLIENT_ID).contains(&label.len()) && label.bytes().all(is_plain);
        // Two different ones are none.
        if is_label && given.all(|(_, other)| other == label) {
            Ok(Self(Some(label.into())))
        } else {
            Err(HttpError::BadClientId)
        }
    }
}

impl FromRequestParts<Arc<Services>> for ClientId {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Services>) -> Result<Self, HttpError> {
        Self::of(parts.uri.query().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_plain_and_short() {
        let longest = "x".repeat(64);
        for (query, label) in [
            ("", None),
            ("x=1", None),
            ("client_id=a", Some("a")),
            ("x=1&client_id=job-7_b.C&y=2", Some("job-7_b.C")),
            ("client_id=a&client_id=a", Some("a")),
            (&format!("client_id={longest}"), Some(longest.as_str())),
        ] {
            assert_eq!(ClientId::of(query), Ok(ClientId(label.map(Into::into))), "{query}");
        }
        for query in [
            "client_id",
            "client_id=",
            "client_id=a&client_id=b",
            "client_id=a%20b",
            "client_id=a+b",
            "client_id=%0d%0aid:%209",
            "client_id=a%0a",
            "client_id=%00",
            "client_id=%C3%A9",
            "client_id=a/b",
            "client_id=<b>",
            &format!("client_id={longest}x"),
        ] {
            assert_eq!(ClientId::of(query), Err(HttpError::BadClientId), "{query}");
        }
    }
}
