//! What a server function can answer instead of a value.

use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::wire::json::PageEncoding;

/// Errors that a page can act on.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiError {
    #[error("{symbol} is not followed here")]
    UnknownSymbol { symbol: String },
    /// No venue could answer now; asking again later may help.
    #[error("not available at the moment")]
    Unavailable,
    /// The call itself went wrong: no network, or an answer that can't be read.
    #[error("the server can't be reached")]
    Transport { message: String },
}

impl FromServerFnError for ApiError {
    type Encoder = PageEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::Transport { message: error.to_string() }
    }
}
