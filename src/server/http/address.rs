//! Whose request it is.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{Extensions, HeaderMap, request::Parts};

use super::stall::PeerAddr;
use crate::server::services::Services;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Addresses in `X-Forwarded-For` that are looked at, from the last one back.
const MAX_HOPS: usize = 16;

/// The address that a request is counted for: the peer's, or what a trusted proxy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The client of a request. `0.0.0.0` where the server was started without addresses, as in tests.
    pub fn of(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpAddr]) -> Self {
        let guarded = extensions.get::<ConnectInfo<PeerAddr>>().map(|info| info.0.0);
        let plain = || extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        let peer = guarded.or_else(plain).map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip());
        Self(client(peer.to_canonical(), headers, trusted))
    }
}

/// Walks back from the peer as long as each hop is a trusted proxy. What stands before the first address that is not
/// trusted was written by who knows whom.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|proxy| proxy.to_canonical() == *ip);
    let mut client = peer;
    let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for hop in hops.take(MAX_HOPS) {
        if !is_trusted(&client) {
            break;
        }
        let Some(before) = parse(hop.trim()) else { break };
        client = before;
    }
    client
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let ip = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(IpAddr::to_canonical(&ip))
}

impl FromRequestParts<Arc<Services>> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions, &parts.headers, &services.config.server.trusted_proxies))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = [ip("10.0.0.1"), ip("10.0.0.2")];
        for (peer, lines, expected) in [
            ("203.0.113.9", &[][..], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.7"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            ("10.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, HeaderValue::from_str(line).expect("a header"));
            }
            assert_eq!(client(ip(peer), &headers, &trusted), ip(expected), "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_mapped_address_is_the_one_it_maps() {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(ip("::ffff:192.0.2.1"), 1)));
        let address = ClientAddress::of(&extensions, &HeaderMap::new(), &[]);
        assert_eq!(address, ClientAddress(ip("192.0.2.1")));
    }
}
