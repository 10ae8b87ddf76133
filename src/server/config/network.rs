//! Networks of addresses, as the settings write them.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

/// Bits of `::ffff:0:0/96`, the IPv6 network that all IPv4 addresses have a place in.
const MAPPED_BITS: u8 = 96;

/// `10.0.0.0/8`, `fd00::/8`, or one address. What maps IPv4 is that: peers are looked up in this form.
pub(super) fn network(item: &str) -> Result<IpNet, String> {
    let wrong = || format!("has `{item}`, which is neither an IP address nor a network such as 10.0.0.0/8");
    let network = match item.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => item.parse::<IpAddr>().map_err(|_| wrong())?.into(),
    };
    let network = canonical(network);
    if network.prefix_len() == 0 {
        return Err(format!("has `{item}`, which is everybody: then anybody could claim any address"));
    }
    Ok(network.trunc())
}

fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let mapped = Ipv6Addr::to_ipv4_mapped(&v6.addr());
    let bits = v6.prefix_len().checked_sub(MAPPED_BITS);
    mapped.zip(bits).and_then(|(v4, bits)| Ipv4Net::new(v4, bits).ok()).map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_read() {
        for (item, expected) in [
            ("10.0.0.1", "10.0.0.1/32"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("fd00::/8", "fd00::/8"),
            ("::1", "::1/128"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(network(item).map(|network| network.to_string()), Ok(expected.to_owned()), "{item}");
        }
        for item in
            ["", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0", "0.0.0.0/0", "::/0", "::ffff:0:0/96", "a:80"]
        {
            assert!(network(item).is_err(), "{item}");
        }
    }
}
