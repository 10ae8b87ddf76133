//! The end of a token, and with it of what was opened with it.

use std::{sync::Arc, time::Duration};

use axum::extract::FromRequestParts;
use http::request::Parts;
use tokio::time::sleep;

use super::{caller::Caller, error::HttpError};
use crate::server::{access::TokenId, hub::stream::FrameStream, services::Services};

/// How often the token of an open stream is looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a caller may read what it opens now: as long as its token is good, or for ever without one.
pub(super) struct Admission(Option<(Arc<Services>, TokenId)>);

impl Admission {
    /// The same stream. It says why and ends within five seconds of the token's end.
    pub(super) fn bound(self, stream: FrameStream) -> FrameStream {
        match self.0 {
            Some((services, id)) => stream.until(lapsed(services, id)),
            None => stream,
        }
    }
}

impl FromRequestParts<Arc<Services>> for Admission {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, HttpError> {
        let caller = Caller::from_request_parts(parts, services).await?;
        Ok(Self(caller.grant().map(|grant| (Arc::clone(services), grant.id))))
    }
}

/// Waits for the end of a token, and up to five seconds longer.
pub(super) async fn lapsed(services: Arc<Services>, id: TokenId) {
    while services.tokens.holds(id) {
        sleep(LOOK_EVERY).await;
    }
}
