//! Opening byte streams. The one place where the venues' side meets the network, so that tests can stand in for it.

use std::{io, sync::Arc};

use futures_util::future::BoxFuture;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// A byte stream to a server, encrypted or not.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket for T {}

/// Opens byte streams.
pub trait Dialer: Send + Sync {
    /// Connects to `host` (a name, or an address without brackets) at `port`, with TLS where asked for.
    ///
    /// # Errors
    /// Whatever name resolution, TCP or TLS has to say. The caller sets the time limit.
    fn dial<'a>(&'a self, host: &'a str, port: u16, tls: bool) -> BoxFuture<'a, io::Result<Box<dyn Socket>>>;
}

/// Dials over TCP; TLS with the Mozilla root certificates.
#[derive(Clone)]
pub struct TcpDialer {
    tls: TlsConnector,
}

impl TcpDialer {
    /// # Errors
    /// If the TLS library can't be set up.
    pub fn new() -> Result<Self, rustls::Error> {
        Ok(Self { tls: TlsConnector::from(Arc::new(tls_config()?)) })
    }
}

impl Dialer for TcpDialer {
    fn dial<'a>(&'a self, host: &'a str, port: u16, tls: bool) -> BoxFuture<'a, io::Result<Box<dyn Socket>>> {
        Box::pin(async move {
            let stream = TcpStream::connect((host, port)).await?;
            // Requests and pongs are small and must not wait for more to send.
            stream.set_nodelay(true)?;
            if !tls {
                return Ok(Box::new(stream) as Box<dyn Socket>);
            }
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            Ok(Box::new(self.tls.connect(name, stream).await?) as Box<dyn Socket>)
        })
    }
}

/// TLS as both WebSocket and REST use it: the Mozilla roots, with `ring` for the cryptography.
///
/// # Errors
/// If the library refuses its own defaults.
pub(in crate::server) fn tls_config() -> Result<ClientConfig, rustls::Error> {
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_plain_dial_carries_bytes_both_ways() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut byte = [0];
            stream.read_exact(&mut byte).await.unwrap();
            stream.write_all(&byte).await.unwrap();
        };
        let client = async {
            let mut socket = TcpDialer::new().unwrap().dial("127.0.0.1", port, false).await.unwrap();
            socket.write_all(b"x").await.unwrap();
            let mut byte = [0];
            socket.read_exact(&mut byte).await.unwrap();
            assert_eq!(&byte, b"x");
        };
        tokio::join!(server, client);
    }

    #[tokio::test]
    async fn tls_to_a_server_that_has_none_is_an_error() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        });
        assert!(TcpDialer::new().unwrap().dial("127.0.0.1", port, true).await.is_err());
    }
}
