//! Ends a stream whose token is no longer good. Whoever comes back then is told why.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use futures_util::StreamExt;
use http::header;
use tokio::time::sleep;

use super::caller::Caller;
use crate::server::{access::TokenId, services::Services};

/// How often the token of an open stream is looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The same answer. One that is a stream, to a caller with a token, ends within five seconds of the token's end.
pub(super) fn while_good(response: Response, caller: &Caller, services: &Arc<Services>) -> Response {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_stream = content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    let Some(id) = caller.grant().filter(|_| is_stream).map(|grant| grant.id) else { return response };
    let lapsed = Box::pin(lapsed(Arc::clone(services), id));
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(lapsed)))
}

/// Waits for the end of a token, and up to five seconds longer.
pub(super) async fn lapsed(services: Arc<Services>, id: TokenId) {
    while services.tokens.holds(id) {
        sleep(LOOK_EVERY).await;
    }
}
