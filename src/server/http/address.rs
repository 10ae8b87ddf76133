//! Whose request it is.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{Extensions, HeaderMap, request::Parts};
use ipnet::IpNet;

use super::{caller::Caller, serve::PeerAddr};
use crate::server::{client::Client, services::Services};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Addresses in `X-Forwarded-For` that are looked at, from the last one back.
const MAX_HOPS: usize = 16;

/// The address that a request comes from: the peer's, or what a trusted proxy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The client of a request. `0.0.0.0` where the server was started without addresses, as in tests.
    pub fn of(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let guarded = extensions.get::<ConnectInfo<PeerAddr>>().map(|info| info.0.0);
        let plain = || extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        let peer = guarded.or_else(plain).map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip());
        Self(client(peer.to_canonical(), headers, trusted))
    }
}

/// Walks back from the peer as long as each hop is a trusted proxy. What stands before the first address that is not
/// trusted was written by who knows whom.
///
/// The lines are bytes: a client may have put anything into its own, and the proxy's stands behind that.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|proxies| proxies.contains(ip));
    let mut client = peer;
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for hop in hops.take(MAX_HOPS) {
        if !is_trusted(&client) {
            break;
        }
        let Some(before) = std::str::from_utf8(hop).ok().and_then(|hop| parse(hop.trim())) else { break };
        client = before;
    }
    client
}

/// Whom the limits count for a request: its address and, where it has shown a good one and [`admit`](super::caller::admit)
/// stands before, its token.
pub fn client_of(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> Client {
    let grant = extensions.get::<Caller>().and_then(Caller::grant);
    Client::from(ClientAddress::of(extensions, headers, trusted).0).with_token(grant.map(|grant| grant.id))
}

/// Whom the limits count for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted(pub Client);

impl FromRequestParts<Arc<Services>> for Counted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, Infallible> {
        Ok(Self(client_of(&parts.extensions, &parts.headers, &services.config.server.trusted_proxies)))
    }
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

    fn net(text: &str) -> IpNet {
        text.parse().expect("a network")
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.1/32", "10.0.0.2/32", "172.16.0.0/12", "fd00::/8"].map(net);
        let many = vec!["10.0.0.2"; 5000].join(",");
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
            ("172.31.255.255", &["198.51.100.7, 172.16.0.1, fd00::7"], "198.51.100.7"),
            ("172.32.0.0", &["198.51.100.7"], "172.32.0.0"),
            ("fd12::1", &["198.51.100.7"], "198.51.100.7"),
            ("::ffff:10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            // What a client wrote itself stands before what the proxy added, and does not hide it.
            ("10.0.0.1", &["\u{ff}\u{fe}, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["\u{ff}", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["10.0.0.2", "127.0.0.1", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &[&many, "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7, ", &many], "10.0.0.2"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).expect("a header"));
            }
            let peer = ip(peer).to_canonical();
            assert_eq!(client(peer, &headers, &trusted), ip(expected), "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_mapped_address_is_the_one_it_maps() {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(ip("::ffff:192.0.2.1"), 1)));
        let address = ClientAddress::of(&extensions, &HeaderMap::new(), &[]);
        assert_eq!(address, ClientAddress(ip("192.0.2.1")));
    }

    #[test]
    fn other_headers_name_no_client() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("forwarded", "for=198.51.100.7"), ("x-real-ip", "198.51.100.7")] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        assert_eq!(client(ip("10.0.0.1"), &headers, &[net("10.0.0.1/32")]), ip("10.0.0.1"));
    }
}
