//! One venue over REST: its servers in turn, and no request while it asked for quiet.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use rand::{SeedableRng as _, rngs::SmallRng};
use tokio::time::Instant;

use super::{
    backoff::jittered,
    connector::{Connector, RestRequest},
    event::Quote,
    http_client::Http,
    rest_error::{Answer, RestError},
};
use crate::model::{
    candle::{Candle, Interval},
    symbol::Symbol,
};

/// How long a region refusal is believed.
pub(super) const REGION_WAIT: Duration = Duration::from_mins(5);

/// A venue's REST side.
pub(super) struct Rest {
    connector: &'static dyn Connector,
    urls: Vec<String>,
    http: Arc<dyn Http>,
    state: Mutex<State>,
}

struct State {
    /// The server that answered last.
    preferred: usize,
    /// Until then every request fails with this, unsent.
    quiet: Option<(Instant, RestError)>,
    rng: SmallRng,
}

impl Rest {
    /// `urls` are origins with an optional path prefix.
    pub(super) fn new(connector: &'static dyn Connector, urls: Vec<String>, http: Arc<dyn Http>, seed: u64) -> Self {
        let state = Mutex::new(State { preferred: 0, quiet: None, rng: SmallRng::seed_from_u64(seed) });
        Self { connector, urls, http, state }
    }

    /// The 24 h tickers of those of `symbols` that the venue has.
    pub(super) async fn tickers(&self, symbols: &[Symbol]) -> Result<Vec<Quote>, RestError> {
        let mut quotes = Vec::new();
        let mut groups = vec![symbols];
        while let Some(group) = groups.pop() {
            match self.get(&self.connector.tickers_request(group)).await {
                Ok(body) => quotes.extend(self.connector.parse_tickers(&body, group)?),
                // One unknown symbol fails the whole request and is not named: look for it by halves.
                Err(RestError::UnknownSymbol) if group.len() > 1 => {
                    let (first, second) = group.split_at(group.len() / 2);
                    groups.extend([second, first]);
                }
                Err(RestError::UnknownSymbol) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(quotes)
    }

    /// The symbols that the venue lists.
    pub(super) async fn listing(&self) -> Result<Vec<Symbol>, RestError> {
        let body = self.get(&self.connector.listing_request()).await?;
        self.connector.parse_listing(&body)
    }

    /// The newest `limit` candles, oldest first.
    pub(super) async fn candles(
        &self,
        symbol: Symbol,
        interval: Interval,
        limit: u16,
    ) -> Result<Vec<Candle>, RestError> {
        let body = self.get(&self.connector.candles_request(symbol, interval, limit)).await?;
        self.connector.parse_candles(&body)
    }

    /// The body of the first server's answer that is none of an error.
    async fn get(&self, request: &RestRequest) -> Result<Vec<u8>, RestError> {
        let first = {
            let state = self.state.lock();
            if let Some((until, error)) = state.quiet
                && Instant::now() < until
            {
                return Err(error);
            }
            state.preferred
        };
        let mut last = RestError::Transport;
        for turn in 0..self.urls.len() {
            let index = (first + turn) % self.urls.len();
            let Some(origin) = self.urls.get(index) else { continue };
            match self.get_from(origin, request).await {
                Ok(body) => {
                    self.state.lock().preferred = index;
                    return Ok(body);
                }
                Err(error) => {
                    last = error;
                    if !error.another_server_may_help() {
                        break;
                    }
                }
            }
        }
        self.remember(last);
        Err(last)
    }

    async fn get_from(&self, origin: &str, request: &RestRequest) -> Result<Vec<u8>, RestError> {
        let url = format!("{}{}", origin.trim_end_matches('/'), request.path_and_query);
        let answer = self.http.get(&url).await?;
        let seen = Answer { status: answer.status, retry_after: answer.retry_after, body: &answer.body };
        self.connector.refusal(&seen).map_or(Ok(answer.body), Err)
    }

    fn remember(&self, error: RestError) {
        let mut state = self.state.lock();
        let wait = match error {
            RestError::RateLimited { retry_after } => retry_after,
            RestError::RegionBlocked { .. } => jittered(REGION_WAIT, 0.2, &mut state.rng),
            _ => return,
        };
        state.quiet = Some((Instant::now() + wait, error));
    }
}

#[cfg(test)]
mod tests;
