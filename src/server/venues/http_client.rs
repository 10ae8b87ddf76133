//! GET over HTTP, behind a trait so that tests can stand in for the network.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Client, redirect::Policy};
use thiserror::Error;

use super::{dialer::tls_config, rest_error::RestError, retry_after::retry_after};

/// The longest body that is read. All spot tickers of a venue are under 1 MiB.
pub const MAX_BODY_BYTES: usize = 8 << 20;

/// A request may take this long, body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What came back, whatever the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    pub status: u16,
    /// The `Retry-After` header, where it is a number of seconds; at most an hour.
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// Sends GET requests.
pub trait Http: Send + Sync {
    /// # Errors
    /// [`RestError::Timeout`], [`RestError::Transport`] or [`RestError::TooLarge`].
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<HttpAnswer, RestError>>;
}

/// The HTTP client can't be set up.
#[derive(Debug, Error)]
pub enum HttpSetupError {
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("HTTP: {0}")]
    Http(#[from] reqwest::Error),
}

/// The real thing.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client,
}

impl HttpClient {
    /// # Errors
    /// [`HttpSetupError`] if the TLS or HTTP library can't be set up.
    pub fn new() -> Result<Self, HttpSetupError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls_config()?)
            .user_agent(concat!("market-pulse/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .timeout(REQUEST_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { client })
    }
}

impl Http for HttpClient {
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<HttpAnswer, RestError>> {
        Box::pin(async move {
            let mut response = self.client.get(url).send().await.map_err(|e| failure(&e))?;
            let retry_after = retry_after(response.headers());
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|e| failure(&e))? {
                if body.len() + chunk.len() > MAX_BODY_BYTES {
                    return Err(RestError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(HttpAnswer { status: response.status().as_u16(), retry_after, body })
        })
    }
}

fn failure(error: &reqwest::Error) -> RestError {
    if error.is_timeout() { RestError::Timeout } else { RestError::Transport }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// Serves one answer, `repeat` times over its body, on a port of this machine.
    async fn serve(head: &'static str, body: &'static [u8], repeat: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            for _ in 0..repeat {
                if stream.write_all(body).await.is_err() {
                    return;
                }
            }
        });
        url
    }

    #[tokio::test]
    async fn status_header_and_body_come_back() {
        let head = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nConnection: close\r\n\r\n";
        let url = serve(head, b"busy", 1).await;
        let answer = HttpClient::new().unwrap().get(&url).await.unwrap();
        let expected = HttpAnswer { status: 429, retry_after: Some(Duration::from_secs(17)), body: b"busy".to_vec() };
        assert_eq!(answer, expected);
    }

    #[tokio::test]
    async fn an_endless_body_is_refused() {
        let url = serve("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", &[b'x'; 16_000], 4000).await;
        assert_eq!(HttpClient::new().unwrap().get(&url).await, Err(RestError::TooLarge));
    }

    #[tokio::test]
    async fn no_server_is_a_transport_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(HttpClient::new().unwrap().get(&url).await, Err(RestError::Transport));
    }
}
