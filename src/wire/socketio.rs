//! The events of Socket.IO. Their prices are those of [`PriceUpdate`](super::rest::PriceUpdate).

use std::borrow::Cow;

use serde::Serialize;

use super::error::Retry;

/// `connected`: the first event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = SocketIoConnected))]
pub struct Connected<'a> {
    pub message: &'a str,
    pub client_id: &'a str,
}

/// `subscribed` and `unsubscribed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = SocketIoSymbols))]
pub struct SymbolList {
    /// Pairs, in the asked order, without duplicates.
    pub symbols: Vec<String>,
    pub message: String,
}

/// What acknowledges a request where the client asks for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = SocketIoAcknowledgment))]
pub struct Acknowledgment {
    #[serde(flatten)]
    pub list: SymbolList,
    /// What could not be done.
    pub errors: Vec<SymbolError>,
}

/// `subscribe_error` and `unsubscribe_error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = SocketIoSymbolError))]
pub struct SymbolError {
    /// Those that it is about, as the client wrote them; shortened where they are many or long.
    pub symbols: Vec<String>,
    pub message: String,
    pub code: &'static str,
    /// `null` where waiting does not help.
    pub retry: Option<Retry>,
}

/// `stream_error`: what is wrong with a client as a whole, or why the server ends its connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = SocketIoError))]
pub struct StreamError {
    pub code: &'static str,
    pub message: Cow<'static, str>,
    /// `null` where waiting does not help.
    pub retry: Option<Retry>,
}
