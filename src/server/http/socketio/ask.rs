//! What a request of Engine.IO asks for. <https://socket.io/docs/v4/engine-io-protocol/>

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, Uri, header};
use serde::Serialize;
use socketioxide::socket::Sid;

use super::super::error::HttpError;
use crate::wire::error::ErrorBody;

/// Where this library listens.
pub(super) const PATH: &str = "/socket.io/";

/// A request that makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// A session, by polling.
    Open,
    /// What there is for the client.
    Poll(Sid),
    /// What the client has to say.
    Post(Sid),
    /// A WebSocket: a session of its own, or for one that began with polling.
    WebSocket(Option<Sid>),
}

impl Ask {
    /// Each parameter counts once: which of two would be meant is anybody's guess, and not to be guessed in two places.
    pub(super) fn read(method: &Method, query: &str) -> Result<Self, HttpError> {
        let (mut transport, mut version, mut sid) = (None, None, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "transport" => &mut transport,
                "EIO" => &mut version,
                "sid" => &mut sid,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(HttpError::BadEngineRequest);
            }
        }
        let websocket = match transport.as_deref() {
            Some("websocket") => true,
            Some("polling") => false,
            _ => return Err(HttpError::UnknownTransport),
        };
        if version.as_deref() != Some("4") {
            return Err(HttpError::OtherEngineVersion);
        }
        let sid = sid.map(|sid| sid.parse::<Sid>().map_err(|_| HttpError::UnknownSession)).transpose()?;
        match (sid, websocket) {
            (sid, true) if method == Method::GET => Ok(Self::WebSocket(sid)),
            (None, false) if method == Method::GET => Ok(Self::Open),
            (Some(sid), false) if method == Method::GET => Ok(Self::Poll(sid)),
            (Some(sid), false) if method == Method::POST => Ok(Self::Post(sid)),
            (None, _) => Err(HttpError::BadEngineMethod),
            (Some(_), _) => Err(HttpError::BadEngineRequest),
        }
    }

    /// The address that means just this, for the library.
    pub(super) fn uri(self) -> Uri {
        let (transport, sid) = match self {
            Self::Open => ("polling", None),
            Self::Poll(sid) | Self::Post(sid) => ("polling", Some(sid)),
            Self::WebSocket(sid) => ("websocket", sid),
        };
        let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
        // Made of letters that need no escape, so it is always an address.
        Uri::try_from(format!("{PATH}?EIO=4&transport={transport}{sid}")).unwrap_or_default()
    }
}

/// An error as the API says it, with what clients of Engine.IO look for beside that.
#[derive(Serialize)]
struct EngineError {
    code: u8,
    message: &'static str,
    #[serde(flatten)]
    body: ErrorBody,
}

/// Answers with an error.
pub(super) fn refuse(error: HttpError) -> Response {
    let (code, message) = match error {
        HttpError::UnknownTransport => (0, "Transport unknown"),
        HttpError::UnknownSession => (1, "Session ID unknown"),
        HttpError::BadEngineMethod => (2, "Bad handshake method"),
        HttpError::BadEngineRequest | HttpError::BadHandshake => (3, "Bad request"),
        HttpError::OriginRefused => (4, "Forbidden"),
        HttpError::OtherEngineVersion => (5, "Unsupported protocol version"),
        // Engine.IO has no code for it.
        other => return other.into_response(),
    };
    let mut response = (error.status(), Json(EngineError { code, message, body: error.body() })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "AAAAAAAAAAAAAAHs";

    fn read(method: &str, query: &str) -> Result<Ask, HttpError> {
        Ask::read(&method.parse().expect("a method"), query)
    }

    #[test]
    fn what_makes_sense_is_understood() {
        let sid: Sid = SID.parse().expect("an id");
        for (method, query, ask) in [
            ("GET", "EIO=4&transport=polling", Ask::Open),
            ("GET", "transport=polling&EIO=4&t=abc&b64=1&foo=1&foo=2", Ask::Open),
            ("GET", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAHs", Ask::Poll(sid)),
            ("POST", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAHs", Ask::Post(sid)),
            ("GET", "EIO=4&transport=websocket", Ask::WebSocket(None)),
            ("GET", "EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAHs", Ask::WebSocket(Some(sid))),
        ] {
            assert_eq!(read(method, query), Ok(ask), "{method} {query}");
            let uri = ask.uri();
            assert_eq!(uri.path(), "/socket.io/");
            assert_eq!(read(method, uri.query().expect("a query")), Ok(ask), "the library reads the same");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for (method, query, error) in [
            ("GET", "", HttpError::UnknownTransport),
            ("GET", "EIO=4", HttpError::UnknownTransport),
            ("GET", "EIO=4&transport=flashsocket", HttpError::UnknownTransport),
            ("GET", "EIO=3&transport=polling", HttpError::OtherEngineVersion),
            ("GET", "EIO=5&transport=websocket", HttpError::OtherEngineVersion),
            ("GET", "EIO=&transport=websocket", HttpError::OtherEngineVersion),
            ("GET", "transport=polling", HttpError::OtherEngineVersion),
            ("GET", "EIO=4&transport=polling&sid=", HttpError::UnknownSession),
            ("GET", "EIO=4&transport=polling&sid=../../etc/passwd", HttpError::UnknownSession),
            ("GET", "EIO=4&transport=websocket&sid=AAAAAAAAAAAAAA%0A1", HttpError::UnknownSession),
            ("POST", "EIO=4&transport=polling", HttpError::BadEngineMethod),
            ("PUT", "EIO=4&transport=websocket", HttpError::BadEngineMethod),
            ("PUT", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAHs", HttpError::BadEngineRequest),
            ("POST", "EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAHs", HttpError::BadEngineRequest),
            ("GET", "EIO=4&transport=polling&transport=websocket", HttpError::BadEngineRequest),
            ("GET", "EIO=3&transport=polling&EIO=4", HttpError::BadEngineRequest),
            ("GET", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAHs&sid=AAAAAAAAAAAAAAHs", HttpError::BadEngineRequest),
        ] {
            assert_eq!(read(method, query), Err(error), "{method} {query}");
        }
    }
}
