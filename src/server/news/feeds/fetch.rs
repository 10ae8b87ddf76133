//! One visit to a feed: the request, the redirects, the limits.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::time::{Instant, timeout};
use url::Url;

use super::{
    client::{FeedAnswer, FeedHttp, FeedRequest},
    fetch_error::FetchError,
    guard::{self, Exception},
    hosts::{Hosts, Turn},
};

/// What a visit may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For all requests of a visit together. Waiting for a host that is being asked does not count.
    pub time: Duration,
    /// After decompression.
    pub bytes: u32,
    pub redirects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(10), bytes: 5_000_000, redirects: 5 }
    }
}

/// Where to go, and what is known of the place.
#[derive(Debug)]
pub(super) struct Errand<'a> {
    pub url: Url,
    /// At the host of `url`.
    pub turn: Turn,
    pub exception: &'a Exception,
    pub etag: Option<&'a str>,
    pub last_modified: Option<&'a str>,
}

/// What a visit came to.
#[derive(Debug)]
pub(super) struct Visit {
    /// An answer has status 200, or 304 if there was something to compare with.
    pub result: Result<FeedAnswer, FetchError>,
    /// The address that was asked last.
    pub url: Url,
    /// Where the feed is now, if every redirect on the way was a permanent one and the end was a success.
    pub moved_to: Option<Url>,
    /// As a server that refused said it.
    pub retry_after: Option<String>,
}

/// Where one answer leads.
enum Step {
    Arrived(FeedAnswer),
    Onward { to: Url, for_good: bool },
    Refused { error: FetchError, retry_after: Option<String> },
}

/// Goes to a feed, by way of all redirects.
///
/// A redirect from `https` to `http` is not followed: whoever is on the way could then write the news. One that everybody
/// may follow is checked like the first address, before and after its name is resolved.
pub(super) async fn visit(http: &dyn FeedHttp, hosts: &Arc<Hosts>, limits: Limits, errand: Errand<'_>) -> Visit {
    let Errand { mut url, turn, exception, etag, last_modified } = errand;
    let conditional = etag.is_some() || last_modified.is_some();
    let mut turn = Some(turn);
    let mut left = limits.time;
    let mut seen = HashSet::from([url.clone()]);
    let mut for_good = true;
    loop {
        let request = FeedRequest {
            url: url.clone(),
            etag: etag.map(str::to_owned),
            last_modified: last_modified.map(str::to_owned),
            excepted: exception.covers(&url),
            max_bytes: limits.bytes,
        };
        let answer = match guard::check(&url, request.excepted) {
            Ok(place) => {
                let turn = match turn.take() {
                    Some(turn) => turn,
                    None => hosts.enter(&place).await,
                };
                let began = Instant::now();
                let answer = timeout(left, http.get(request)).await;
                drop(turn);
                left = left.saturating_sub(began.elapsed());
                answer.unwrap_or(Err(FetchError::Timeout(limits.time)))
            }
            Err(error) => Err(error),
        };
        let step = match answer {
            Ok(answer) => step(answer, &url, conditional),
            Err(error) => Step::Refused { error, retry_after: None },
        };
        let (error, retry_after) = match step {
            Step::Arrived(answer) => {
                let moved_to = (for_good && seen.len() > 1).then(|| url.clone());
                return Visit { result: Ok(answer), url, moved_to, retry_after: None };
            }
            Step::Onward { to, .. } if seen.contains(&to) => (FetchError::RedirectLoop, None),
            Step::Onward { .. } if seen.len() > limits.redirects => (FetchError::TooManyRedirects, None),
            Step::Onward { to, for_good: this_too } => {
                for_good &= this_too;
                seen.insert(to.clone());
                url = to;
                continue;
            }
            Step::Refused { error, retry_after } => (error, retry_after),
        };
        return Visit { result: Err(error), url, moved_to: None, retry_after };
    }
}

fn step(answer: FeedAnswer, from: &Url, conditional: bool) -> Step {
    let refused = |error| Step::Refused { error, retry_after: None };
    match answer.status {
        200 => Step::Arrived(answer),
        // To a question without a condition, this says nothing.
        304 if conditional => Step::Arrived(answer),
        status @ (301 | 302 | 303 | 307 | 308) => match target(&answer, from) {
            Ok(to) => Step::Onward { to, for_good: matches!(status, 301 | 308) },
            Err(error) => refused(error),
        },
        status @ (429 | 503) => Step::Refused { error: FetchError::Status(status), retry_after: answer.retry_after },
        status => refused(FetchError::Status(status)),
    }
}

fn target(answer: &FeedAnswer, from: &Url) -> Result<Url, FetchError> {
    let location = answer.location.as_deref().ok_or(FetchError::BadRedirect)?;
    let mut to = from.join(location).map_err(|_| FetchError::BadRedirect)?;
    to.set_fragment(None);
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(FetchError::Downgrade);
    }
    Ok(to)
}

#[cfg(test)]
mod tests;
