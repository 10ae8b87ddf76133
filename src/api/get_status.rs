//! The state of the venues and of the server.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::error::ApiError;
use crate::wire::{json::PageJson, status::StatusReport};

/// What the status page shows.
///
/// # Errors
/// None of its own.
#[server(prefix = "/api/fn", endpoint = "get_status", input = GetUrl, output = PageJson)]
pub async fn get_status() -> Result<StatusReport, ApiError> {
    Ok(crate::server::services::expect()?.status())
}
