//! Asks a running server how it is: for container health checks and scripts, where no other HTTP client is at hand.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use thiserror::Error;
use tokio::time::timeout;

use super::{StartError, layers, print_line, runtime};
use crate::{
    server::{
        config,
        venues::http_client::{Http, HttpClient},
    },
    wire::rest::HealthStatus,
};

/// A server that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(5);

/// The server is not well.
#[derive(Debug, Error)]
pub enum Unwell {
    #[error("{0} does not answer")]
    Silent(SocketAddr),
    #[error("{0} answers, but not as this server does")]
    Foreign(SocketAddr),
    #[error("the server at {0} says that it is unhealthy; GET /health tells why")]
    Unhealthy(SocketAddr),
}

/// The part of the answer that counts here.
#[derive(serde::Deserialize)]
struct Health {
    service: String,
    status: HealthStatus,
}

/// Prints the state as one JSON line. A server that is degraded still serves prices, and is well enough.
///
/// # Errors
/// [`StartError::Unwell`], or settings that can't be read.
pub fn health(addr: Option<String>, file: Option<&Path>) -> Result<(), StartError> {
    let config = config::load(&layers(file).flag("--addr", "server.addr", addr))?;
    let addr = reachable(config.server.addr);
    let client = HttpClient::new().map_err(|error| StartError::Setup(error.to_string()))?;
    let url = format!("http://{addr}/health");
    let asked = runtime()?.block_on(async { timeout(PATIENCE, client.get(&url)).await });
    let answer = asked.ok().and_then(Result::ok).ok_or(Unwell::Silent(addr))?;
    let health = read(addr, &answer.body)?;
    print_line(&serde_json::json!({ "status": health }))
}

fn read(addr: SocketAddr, body: &[u8]) -> Result<HealthStatus, Unwell> {
    match serde_json::from_slice(body) {
        Ok(Health { service, status }) if service == "market-pulse" => match status {
            HealthStatus::Unhealthy => Err(Unwell::Unhealthy(addr)),
            status => Ok(status),
        },
        _ => Err(Unwell::Foreign(addr)),
    }
}

/// Where a server that listens on `addr` can be reached from its own machine.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_server_on_every_address_is_asked_on_its_own() {
        for (listens, asked) in [
            ("0.0.0.0:3000", "127.0.0.1:3000"),
            ("[::]:3000", "[::1]:3000"),
            ("192.0.2.7:80", "192.0.2.7:80"),
            ("127.0.0.1:1", "127.0.0.1:1"),
        ] {
            assert_eq!(reachable(addr(listens)), addr(asked));
        }
    }

    #[test]
    fn only_a_server_that_serves_prices_is_well() {
        let at = addr("127.0.0.1:3000");
        let said = |body: &str| read(at, body.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(said(r#"{"service":"market-pulse","status":"healthy","port":1}"#), Ok(HealthStatus::Healthy));
        assert_eq!(said(r#"{"service":"market-pulse","status":"degraded"}"#), Ok(HealthStatus::Degraded));
        let unhealthy = said(r#"{"service":"market-pulse","status":"unhealthy"}"#).expect_err("unwell");
        assert!(unhealthy.contains("unhealthy"), "{unhealthy}");
        for foreign in ["", "<html>", "{}", r#"{"service":"other","status":"healthy"}"#] {
            assert!(said(foreign).expect_err("unwell").contains("not as this server"), "{foreign}");
        }
    }
}
