//! One request to a feed's server, behind a trait so that tests can stand in for the network.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT, AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
        RETRY_AFTER,
    },
};
use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use url::Url;

use super::{fetch_error::FetchError, guard};
use crate::server::venues::{dialer::tls_config, http_client::HttpSetupError};

/// Longest header that is heeded, in bytes.
const MAX_HEADER: usize = 2048;

const FEED_TYPES: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
                          application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.8, */*;q=0.1";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRequest {
    /// `http` or `https`, without a user's name or password.
    pub url: Url,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// The settings name this host and port: it may be private.
    pub excepted: bool,
    /// The longest body that is read, in bytes after decompression.
    pub max_bytes: u32,
}

/// What came back: the status, the headers that matter as the server wrote them, and the body of a `200`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedAnswer {
    pub status: u16,
    pub content_type: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub location: Option<String>,
    pub retry_after: Option<String>,
    pub cache_control: Option<String>,
    pub age: Option<String>,
    /// Decompressed. Empty with any other status than 200.
    pub body: Bytes,
}

/// Sends one request and follows nothing. The caller sets the time limit.
pub trait FeedHttp: Send + Sync {
    /// # Errors
    /// Whatever [`FetchError`] says of connections, private addresses and sizes.
    fn get(&self, request: FeedRequest) -> BoxFuture<'_, Result<FeedAnswer, FetchError>>;
}

/// Finds the addresses of a name.
pub trait Names: Send + Sync {
    /// # Errors
    /// If there are none, or nobody can be asked.
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// As the operating system knows them.
#[derive(Debug, Clone, Copy)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// The real thing. Connections are made to the very addresses that were checked: the check is part of the resolver, and
/// addresses without a name are checked before.
#[derive(Debug, Clone)]
pub struct FeedClient {
    /// Refuses names of private addresses.
    public: Client,
    /// For hosts that the settings name.
    excepted: Client,
}

impl FeedClient {
    /// `contact` is said to every server.
    ///
    /// # Errors
    /// [`HttpSetupError`] if the TLS or HTTP library can't be set up.
    pub fn new(contact: Option<&str>) -> Result<Self, HttpSetupError> {
        Self::with_names(contact, Arc::new(SystemNames))
    }

    /// The same with another way to find addresses.
    ///
    /// # Errors
    /// [`HttpSetupError`] if the TLS or HTTP library can't be set up.
    pub fn with_names(contact: Option<&str>, names: Arc<dyn Names>) -> Result<Self, HttpSetupError> {
        let build = |private: bool| -> Result<Client, HttpSetupError> {
            Ok(Client::builder()
                .tls_backend_preconfigured(tls_config()?)
                .user_agent(user_agent(contact))
                .redirect(Policy::none())
                // Through a proxy, somebody else would resolve the names.
                .no_proxy()
                .dns_resolver(Checked { names: Arc::clone(&names), private })
                // Enough for redirects and short intervals. With long ones, a server's patience would end first.
                .pool_idle_timeout(Duration::from_secs(10))
                .pool_max_idle_per_host(1)
                .build()?)
        };
        Ok(Self { public: build(false)?, excepted: build(true)? })
    }

    async fn fetch(&self, request: FeedRequest) -> Result<FeedAnswer, FetchError> {
        guard::check(&request.url, request.excepted)?;
        let client = if request.excepted { &self.excepted } else { &self.public };
        let mut get = client.get(request.url).header(ACCEPT, FEED_TYPES);
        for (name, value) in [(IF_NONE_MATCH, request.etag), (IF_MODIFIED_SINCE, request.last_modified)] {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                get = get.header(name, value);
            }
        }
        let response = get.send().await.map_err(|error| failure(&error))?;
        let said = |name: HeaderName| text(response.headers(), &name);
        let mut answer = FeedAnswer {
            status: response.status().as_u16(),
            content_type: said(CONTENT_TYPE),
            etag: said(ETAG),
            last_modified: said(LAST_MODIFIED),
            location: said(LOCATION),
            retry_after: said(RETRY_AFTER),
            cache_control: said(CACHE_CONTROL),
            age: said(AGE),
            body: Bytes::new(),
        };
        if answer.status == 200 {
            answer.body = body(response, request.max_bytes).await?;
        }
        Ok(answer)
    }
}

impl FeedHttp for FeedClient {
    fn get(&self, request: FeedRequest) -> BoxFuture<'_, Result<FeedAnswer, FetchError>> {
        Box::pin(self.fetch(request))
    }
}

/// Reads no further than the limit, whatever the server says of the length.
async fn body(mut response: Response, max_bytes: u32) -> Result<Bytes, FetchError> {
    let limit = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    if response.content_length().is_some_and(|length| length > u64::from(max_bytes)) {
        return Err(FetchError::TooLarge(max_bytes));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if chunk.len() > limit - body.len() {
            return Err(FetchError::TooLarge(max_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Bytes::from(body))
}

/// A header of bearable length. Some servers write UTF-8 there.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = std::str::from_utf8(headers.get(name)?.as_bytes()).ok()?.trim();
    (!value.is_empty() && value.len() <= MAX_HEADER).then(|| value.to_owned())
}

/// Names the program and whom to write to. Anything in `contact` that would end the comment or the header is left out.
fn user_agent(contact: Option<&str>) -> String {
    let program = concat!("market-pulse/", env!("CARGO_PKG_VERSION"));
    let fit = |c: &char| (' '..='~').contains(c) && !matches!(c, '(' | ')' | '\\');
    let contact: String = contact.unwrap_or_default().chars().filter(fit).take(200).collect();
    if contact.trim().is_empty() { program.to_owned() } else { format!("{program} (+{})", contact.trim()) }
}

/// Resolves names and refuses those of private addresses.
struct Checked {
    names: Arc<dyn Names>,
    /// Private ones are let through.
    private: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, private) = (self.names.addresses(name.as_str().to_owned()), self.private);
        Box::pin(async move {
            let addresses = found.await.map_err(|_| NameError::NotFound)?;
            if addresses.is_empty() {
                return Err(NameError::NotFound.into());
            }
            // One is enough: a name that has both kinds is a trick.
            if !private && !addresses.iter().copied().all(guard::is_public) {
                return Err(NameError::Private.into());
            }
            Ok(Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked").field("private", &self.private).finish_non_exhaustive()
    }
}

/// Carries the reason through the HTTP library.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum NameError {
    #[error("name not found")]
    NotFound,
    #[error("private address")]
    Private,
}

/// What the HTTP library's error means.
fn failure(error: &reqwest::Error) -> FetchError {
    let mut cause = Error::source(error);
    while let Some(inner) = cause {
        match inner.downcast_ref::<NameError>() {
            Some(NameError::NotFound) => return FetchError::NameNotFound,
            Some(NameError::Private) => return FetchError::PrivateAddress,
            None => {}
        }
        if is_tls(inner) {
            return FetchError::Tls;
        }
        cause = inner.source();
    }
    if error.is_connect() { FetchError::Connect } else { FetchError::Broken }
}

/// An I/O error hides what it carries from the chain of sources, and may carry another.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || carried.is_some_and(|carried| is_tls(carried))
}

#[cfg(test)]
mod tests;
