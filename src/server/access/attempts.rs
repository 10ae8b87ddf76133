//! Wrong tokens of one address: so many a minute.
//!
//! Two budgets. The one of the address decides what a wrong token is told, so that the answer says nothing of which ids
//! there are. The one of the address and the token that was named decides whether the right secret would still be
//! taken: guessing at one token is slow, and a program that keeps showing a revoked one does not lock out its
//! neighbors.

use std::time::Duration;

use tokio::time::Instant;

use super::TokenId;
use crate::server::{
    client::{Account, Client},
    rate::RateLimiter,
};

#[derive(Debug)]
pub(super) struct Attempts {
    by_address: RateLimiter,
    by_token: RateLimiter<(Account, TokenId)>,
}

impl Attempts {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { by_address: RateLimiter::new(per_minute), by_token: RateLimiter::new(per_minute) }
    }

    /// Counts a wrong token, with the id that it names where there is one like it.
    ///
    /// # Errors
    /// How long to wait, where there were too many.
    pub(super) fn wrong(&self, client: Client, named: Option<TokenId>, now: Instant) -> Result<(), Duration> {
        let guessed = named.map_or(Ok(()), |id| self.by_token.take((client.address(), id), now));
        self.by_address.take(client.address(), now).and(guessed)
    }

    /// Whether a right token may be taken.
    ///
    /// # Errors
    /// How long to wait, where this one was guessed at too often.
    pub(super) fn good(&self, client: Client, id: TokenId, now: Instant) -> Result<(), Duration> {
        self.by_token.peek((client.address(), id), now)
    }
}
