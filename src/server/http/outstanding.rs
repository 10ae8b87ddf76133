//! How many bytes of a connection its peer has not taken yet, as the kernel counts them.
//!
//! A full connection counts as writable again only when a good part of it was taken, which a slow reader needs minutes
//! for. This sees single segments. Asked through `NETLINK_SOCK_DIAG`, as the shorter way, an `ioctl`, is not to be had
//! without unsafe code. <https://man7.org/linux/man-pages/man7/sock_diag.7.html>

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with};

/// `SOCK_DIAG_BY_FAMILY`, of questions and of answers.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST`.
const REQUEST: u16 = 1;
/// `IPPROTO_TCP`.
const TCP: u8 = 6;
/// `AF_INET` and `AF_INET6`.
const INET: u8 = 2;
const INET6: u8 = 10;
/// Bytes of a question: `nlmsghdr` and `inet_diag_req_v2`.
const QUESTION: usize = 72;
/// `NLMSG_ERROR`.
const FAILED: u16 = 2;
/// Where an answer has its type, the number of its error, below zero, and `idiag_wqueue`: what was written and is not
/// acknowledged.
const TYPE_AT: usize = 4;
const ERROR_AT: usize = 16;
const WRITTEN_AT: usize = 76;

/// A question about one connection.
#[derive(Debug)]
pub(super) struct Outstanding(Vec<u8>);

impl Outstanding {
    /// About the connection between these ends.
    pub(super) fn between(local: SocketAddr, peer: SocketAddr) -> Self {
        let family = if local.is_ipv4() && peer.is_ipv4() { INET } else { INET6 };
        let mut question = Vec::with_capacity(QUESTION);
        question.extend(u32::try_from(QUESTION).unwrap_or_default().to_ne_bytes());
        question.extend(BY_FAMILY.to_ne_bytes());
        question.extend(REQUEST.to_ne_bytes());
        // A number and a port, which nobody looks at; then no extensions, and any state.
        question.extend([0; 8]);
        question.extend([family, TCP, 0, 0]);
        question.extend(u32::MAX.to_ne_bytes());
        question.extend(local.port().to_be_bytes());
        question.extend(peer.port().to_be_bytes());
        question.extend(octets(local.ip()));
        question.extend(octets(peer.ip()));
        // Any interface, and no cookie.
        question.extend([0; 4]);
        question.extend([0xff; 8]);
        Self(question)
    }

    /// About whoever listens there, which the kernel answers like any other: it tells whether it can be asked at all.
    pub(super) fn of_listener(local: SocketAddr) -> Self {
        let nobody: IpAddr = if local.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        Self::between(local, SocketAddr::new(nobody, 0))
    }

    /// Bytes that were written and not acknowledged. The kernel answers before the question is sent: nothing waits.
    ///
    /// # Errors
    /// Where the kernel can't be asked, as in some sandboxes, or knows no such connection.
    pub(super) fn bytes(&self) -> io::Result<u32> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::SOCK_DIAG))?;
        send(&socket, &self.0, SendFlags::empty())?;
        let mut answer = [0; 512];
        let (_, len) = recv(&socket, &mut answer, RecvFlags::DONTWAIT)?;
        let answer = answer.get(..len).unwrap_or_default();
        match answer.get(TYPE_AT..).and_then(|rest| rest.first_chunk()).map(|kind| u16::from_ne_bytes(*kind)) {
            Some(BY_FAMILY) => number_at(answer, WRITTEN_AT).map(u32::from_ne_bytes),
            Some(FAILED) => {
                let number = number_at(answer, ERROR_AT).map(i32::from_ne_bytes)?;
                Err(io::Error::from_raw_os_error(number.saturating_neg()))
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

fn number_at(answer: &[u8], place: usize) -> io::Result<[u8; 4]> {
    let number = answer.get(place..).and_then(|rest| rest.first_chunk());
    number.copied().ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// As 16 bytes, an IPv4 address in the first four.
fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V6(address) => address.octets(),
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    /// A connection to a listener at `bound`, dialed at `dialed`.
    fn pair(bound: &str, dialed: &str) -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(bound).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let theirs = TcpStream::connect((dialed, port)).expect("a connection");
        (listener.accept().expect("a connection").0, theirs)
    }

    fn of(stream: &TcpStream) -> Outstanding {
        Outstanding::between(stream.local_addr().expect("an end"), stream.peer_addr().expect("an end"))
    }

    #[test]
    fn what_the_peer_has_not_taken_is_counted() {
        for (bound, dialed) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"), ("[::]:0", "127.0.0.1")] {
            let (mut ours, mut theirs) = pair(bound, dialed);
            assert_eq!(of(&ours).bytes().expect("known"), 0, "{bound}");
            ours.set_nonblocking(true).expect("set");
            let mut sent = 0;
            while let Ok(count) = ours.write(&[0; 10_000]) {
                sent += count;
            }
            let full = of(&ours).bytes().expect("known");
            assert!(full > 0, "{bound}: the peer can't have taken all of it");
            theirs.read_exact(&mut vec![0; sent]).expect("all of it");
            // What the peer says acknowledges what it has taken.
            theirs.write_all(&[0]).expect("room");
            ours.set_nonblocking(false).expect("set");
            ours.read_exact(&mut [0]).expect("a byte");
            assert_eq!(of(&ours).bytes().expect("known"), 0, "{bound}");
        }
    }

    #[test]
    fn whoever_listens_is_known_to_a_kernel_that_can_be_asked() {
        for bound in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
            let listener = TcpListener::bind(bound).expect("a free port");
            let local = listener.local_addr().expect("bound");
            Outstanding::of_listener(local).bytes().expect(bound);
            drop(listener);
            let error = Outstanding::of_listener(local).bytes().expect_err("nobody listens any more");
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{bound}");
        }
    }

    #[test]
    fn nobody_knows_a_connection_that_is_not_there() {
        let (ours, theirs) = pair("127.0.0.1:0", "127.0.0.1");
        let local = ours.local_addr().expect("an end");
        let nobody = Outstanding::between(local, "192.0.2.1:9".parse().expect("an address"));
        assert_eq!(nobody.bytes().expect_err("nothing there").kind(), io::ErrorKind::NotFound);
        drop(theirs);
    }
}
