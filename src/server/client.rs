//! Whom a limit counts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::access::TokenId;

/// A client as limits see it: where it comes from, and its token, where it has shown one. It counts for both, so a token
/// raises nothing of what one address may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    block: Block,
    token: Option<TokenId>,
}

/// What a limit counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Account {
    /// Everybody in one block of addresses.
    Address(Block),
    /// Whoever shows this token, from wherever.
    Token(TokenId),
}

impl Client {
    /// The same client with the token that it has shown.
    #[must_use]
    pub const fn with_token(self, token: Option<TokenId>) -> Self {
        Self { token, ..self }
    }

    /// That of everybody at its address.
    pub const fn address(self) -> Account {
        Account::Address(self.block)
    }

    /// That of its token, if it has shown one.
    pub fn token(self) -> Option<Account> {
        self.token.map(Account::Token)
    }

    /// All that it counts for.
    pub fn accounts(self) -> impl Iterator<Item = Account> {
        [Some(self.address()), self.token()].into_iter().flatten()
    }
}

/// What one customer of a provider is given: an IPv4 address, or an IPv6 network of 64 bits. A host has 2^64 addresses of
/// its own in such a network, so counting single ones would count nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Block(IpAddr);

/// Bits of an IPv6 address that name the host within its network.
const HOST_BITS: u32 = 64;

impl Block {
    /// The block of an address. An IPv4 address that was written as an IPv6 one is what it maps.
    pub const fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => Self(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> HOST_BITS << HOST_BITS))),
        }
    }
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        Self { block: Block::of(address), token: None }
    }
}

impl From<Ipv4Addr> for Client {
    fn from(address: Ipv4Addr) -> Self {
        IpAddr::V4(address).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_is_one_client() {
        let client = |text: &str| Client::from(text.parse::<IpAddr>().expect("an address"));
        for (a, b, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
            ("2001:db8::", "::", false),
        ] {
            assert_eq!(client(a) == client(b), same, "{a} and {b}");
        }
    }
}
