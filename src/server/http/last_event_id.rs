//! Where a reader that comes back wants to go on.

use std::{convert::Infallible, sync::Arc};

use axum::extract::FromRequestParts;
use http::{HeaderMap, request::Parts};

use crate::server::{hub::log::Since, services::Services};

const HEADER: &str = "last-event-id";
const PARAMETER: &str = "lastEventId";

/// The header `Last-Event-ID`, which browsers send by themselves, or else the parameter `lastEventId`.
///
/// An id that can't be read is no error: a browser sends it with every try, so a refusal would lock its page out for
/// good. The stream tells of a gap in its place, and goes on with what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastEventId(pub(super) Since);

impl LastEventId {
    fn of(headers: &HeaderMap, query: &str) -> Self {
        let header = headers.get(HEADER).map(|value| read(value.as_bytes())).filter(|since| *since != Since::Now);
        let parameter = || {
            let pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.filter(|(name, _)| name == PARAMETER).last().map(|(_, value)| read(value.as_bytes()))
        };
        Self(header.or_else(parameter).unwrap_or(Since::Now))
    }
}

/// Empty is no id at all, and neither is 0, which no entry has: what a page starts with where there was no news yet.
pub(super) fn read(id: &[u8]) -> Since {
    let id = id.trim_ascii();
    if id.is_empty() {
        return Since::Now;
    }
    let digits = std::str::from_utf8(id).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|text| text.parse().ok()) {
        Some(0) => Since::Now,
        Some(id) => Since::After(id),
        None => Since::Unknown,
    }
}

impl FromRequestParts<Arc<Services>> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Services>) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_header_wins_and_garbage_is_an_unknown_place() {
        for (header, query, since) in [
            (None, "", Since::Now),
            (None, "lastEventId=", Since::Now),
            (None, "lastEventId=0", Since::Now),
            (None, "lastEventId=7", Since::After(7)),
            (None, "x=1&lastEventId=%207%20&lastEventId=8", Since::After(8)),
            (Some("9"), "", Since::After(9)),
            (Some("9"), "lastEventId=7", Since::After(9)),
            (Some(""), "lastEventId=7", Since::After(7)),
            (Some("18446744073709551615"), "", Since::After(u64::MAX)),
            (Some("18446744073709551616"), "", Since::Unknown),
            (Some("x"), "lastEventId=7", Since::Unknown),
            (Some("+7"), "", Since::Unknown),
            (Some("-7"), "", Since::Unknown),
            (Some("7.0"), "", Since::Unknown),
            (Some("\u{2603}"), "", Since::Unknown),
            (None, "lastEventId=%FF", Since::Unknown),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert(HEADER, HeaderValue::from_bytes(header.as_bytes()).expect("a header"));
            }
            assert_eq!(LastEventId::of(&headers, query), LastEventId(since), "{header:?} {query}");
        }
    }
}
