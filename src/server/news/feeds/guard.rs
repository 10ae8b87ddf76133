//! Which addresses a feed may be read from. A feed says where its reader goes next, so without a guard it could make
//! this server ask machines that only this server can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::{builtin, fetch_error::FetchError, hosts::Place};
use crate::server::news::source::Source;

/// No longer address is followed or remembered.
const MAX_URL: usize = 2048;

/// Where the settings let a feed be read from although it may not be of the public internet: host and port of its own
/// address, to the letter. Not of another feed's: a public feed can't lead anywhere inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exception(Option<Place>);

impl Exception {
    /// Addresses that came with the program are no exception: nobody asked for them.
    pub(super) fn of(source: &Source) -> Self {
        let own = Url::parse(&source.url).ok().filter(|_| !builtin::is_built_in(&source.url));
        Self(own.and_then(|url| place(&url)))
    }

    pub(super) fn covers(&self, url: &Url) -> bool {
        self.0.is_some() && self.0 == place(url)
    }
}

fn place(url: &Url) -> Option<Place> {
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}

/// Checks what can be said of an address before its name is resolved, and returns its host and port. `excepted` lets
/// private addresses pass.
///
/// The parser of [`Url`] has made all spellings of an IPv4 address one: decimal, octal, hexadecimal, short.
///
/// # Errors
/// [`FetchError::UnusableAddress`] or [`FetchError::PrivateAddress`].
pub(super) fn check(url: &Url, excepted: bool) -> Result<Place, FetchError> {
    let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    if !plain || url.as_str().len() > MAX_URL || url.port() == Some(0) {
        return Err(FetchError::UnusableAddress);
    }
    let public = match url.host() {
        None | Some(Host::Domain(_)) => true,
        Some(Host::Ipv4(ip)) => is_public(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_public(IpAddr::V6(ip)),
    };
    if !excepted && !public {
        return Err(FetchError::PrivateAddress);
    }
    place(url).ok_or(FetchError::UnusableAddress)
}

/// Whether `ip` is of a machine on the public internet, as far as addresses tell.
///
/// Follows the registries of special-purpose addresses, <https://www.iana.org/assignments/iana-ipv4-special-registry> and
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special = matches!(
        ip.octets(),
        // "This" network, private, loopback, and from multicast up: reserved and broadcast.
        [0 | 10 | 127 | 224.., ..]
            // Shared by the customers of a provider.
            | [100, 64..=127, ..]
            // Link-local; clouds tell secrets there.
            | [169, 254, ..]
            | [172, 16..=31, ..]
            // Protocol assignments, documentation, 6to4 relays, private.
            | [192, 0, 0 | 2, _] | [192, 88, 99, _] | [192, 168, ..]
            // Benchmarks, documentation.
            | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _]
    );
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // An IPv4 address as IPv6 writes it, and through the well-known prefix of NAT64.
        [0, 0, 0, 0, 0, 0xFFFF, high, low] | [0x64, 0xFF9B, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocol assignments with Teredo among them, documentation, 6to4, documentation: ways into other networks, or
        // of no network at all.
        [0x2001, 0..=0x01FF | 0x0DB8, ..] | [0x2002, ..] | [0x3FFF, 0..=0x0FFF, ..] => false,
        // All that is handed out so far. Loopback, compatible, unique local, link-local and multicast are outside.
        [first, ..] => first & 0xE000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn only_addresses_of_the_public_internet_pass() {
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::808:808",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        for text in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://0x7f000001/",
            "http://127.0.0.1./",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "http://0/",
            "http://１２７.0.0.1/",
            "http://169.254.169.254/latest/meta-data/",
        ] {
            assert_eq!(check(&url(text), false), Err(FetchError::PrivateAddress), "{text}");
            assert_eq!(check(&url(text), true).map(|_| ()), Ok(()), "{text}");
        }
    }

    #[test]
    fn only_plain_web_addresses_are_of_use() {
        let long = format!("https://a.example/{}", "x".repeat(MAX_URL));
        for text in [
            "ftp://a.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/xml,x",
            "gopher://a.example/",
            "http://user@a.example/",
            "http://user:word@a.example/",
            "http://:word@a.example/",
            "http://a.example:0/",
            &long,
        ] {
            assert_eq!(check(&url(text), false), Err(FetchError::UnusableAddress), "{text}");
            assert_eq!(check(&url(text), true), Err(FetchError::UnusableAddress), "{text}");
        }
        for text in ["http://a.example/", "https://a.example:8443/feed?x=1", "https://8.8.8.8/"] {
            assert_eq!(check(&url(text), false).map(|_| ()), Ok(()), "{text}");
        }
    }

    fn source(address: &str) -> Source {
        Source {
            key: "a".to_owned(),
            name: "A".to_owned(),
            category: "general".to_owned(),
            tier: 1,
            trust: 1.0,
            url: address.to_owned(),
        }
    }

    #[test]
    fn the_exception_is_host_and_port_of_a_configured_feed() {
        let exception = Exception::of(&source("http://127.0.0.1:9000/news/a.xml"));
        assert!(exception.covers(&url("http://127.0.0.1:9000/elsewhere")));
        for other in ["http://127.0.0.1:9001/", "http://127.0.0.1/", "http://localhost:9000/", "http://127.0.0.2:9000/"]
        {
            assert!(!exception.covers(&url(other)), "{other}");
        }
        assert!(Exception::of(&source("https://feeds.lan/x")).covers(&url("https://feeds.lan:443/y")));
    }

    #[test]
    fn a_built_in_feed_is_no_exception() {
        let address = "https://decrypt.co/feed";
        assert!(!Exception::of(&source(address)).covers(&url(address)));
    }
}
