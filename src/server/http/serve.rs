//! The door: accepts connections, counts them, and has a [`Conversation`] on each.
//!
//! What a stranger can hold without having asked for anything is bounded here: how many sockets in all and from one
//! address, how long the head of the first request may take, how large a head may be, how long it may be until the next
//! one, and how long no bytes may be taken ([`StallGuard`]). HTTP/2 is left to the proxy in front, which speaks TLS:
//! no browser speaks it without, and a server that has to guess the protocol from the first bytes waits for them without
//! a limit.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use ipnet::IpNet;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
    time::sleep,
};
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};
use tracing::{debug, warn};

#[cfg(target_os = "linux")]
use super::outstanding::Outstanding;
use super::{conversation::Conversation, refusal, stall::StallGuard};
use crate::server::{
    client::Client,
    config::Config,
    hub::limits::{Ceilings, ConnectionLimits, Permit, Refusal},
    metrics::connections::{ConnectionMetrics, OpenConnection},
};

/// What the kernel holds of a connection, in bytes: enough for what is on its way to a fast reader.
const SEND_BUFFER: u32 = 128 * 1024;

/// What of that may wait to be sent, in bytes: some messages. A reader that is slow would otherwise get a backlog of old
/// prices before the newest.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 16 * 1024;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Longest head of a request, and what is held back of an answer that ends on top of the kernel's buffer, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// How long nobody is accepted after the machine had no room for another connection.
const BREATHER: Duration = Duration::from_secs(1);

/// Refused connections that are told why at the same time. Others are just closed.
const TOLD: usize = 64;

/// The address at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// What every connection has to keep to.
#[derive(Debug, Clone)]
pub struct Bounds {
    pub sockets: Ceilings,
    /// Counted in all only: everybody comes from there.
    pub trusted_proxies: Vec<IpNet>,
    /// From the beginning to the end of the first request's head.
    pub head: Duration,
    /// From an answer to the end of the next request's head. Longer: proxies keep connections open for later, and one
    /// that is closed while a request is on its way costs that request. Who has asked once has shown no ill will, and
    /// half a head costs no more than none.
    pub idle: Duration,
    /// Without taking a byte.
    pub stall: Duration,
}

impl From<&Config> for Bounds {
    fn from(config: &Config) -> Self {
        let limits = &config.limits;
        Self {
            sockets: Ceilings {
                total: limits.sockets_total(),
                per_address: limits.sockets_per_address(),
                // No token has been shown yet.
                per_token: 0,
            },
            trusted_proxies: config.server.trusted_proxies.clone(),
            head: Duration::from_secs(limits.head_timeout_s),
            idle: Duration::from_secs(limits.idle_timeout_s),
            stall: Duration::from_secs(limits.stall_s),
        }
    }
}

/// Listens on `address`, with a send buffer that suits streams.
///
/// # Errors
/// Those of the operating system: the port is in use, the address is not of this machine.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restarted server gets its port back at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers until `shutdown` is cancelled. Then nobody new is accepted, no connection takes another request, and this
/// returns when the last one has ended, those that became web sockets included.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    metrics: ConnectionMetrics,
    shutdown: CancellationToken,
) {
    #[cfg(target_os = "linux")]
    if let Err(error) = listener.local_addr().and_then(|local| Outstanding::of_listener(local).bytes()) {
        warn!(
            %error,
            "the kernel does not tell what readers have not taken: slow ones may be given up, and those that vanished \
             are noticed late; is AF_NETLINK forbidden here?"
        );
    }
    let door = Door {
        sockets: Arc::new(ConnectionLimits::new(bounds.sockets)),
        conversation: Conversation {
            router,
            http: speaker(&bounds),
            head: bounds.head,
            silent: metrics.silent.clone(),
            shutdown: shutdown.clone(),
        },
        open: TaskTracker::new(),
        told: Arc::new(Semaphore::new(TOLD)),
        bounds,
        metrics,
    };
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            (stream, peer) = accept(&listener) => door.let_in(stream, peer),
        }
    }
    drop(listener);
    door.open.close();
    door.open.wait().await;
}

fn speaker(bounds: &Bounds) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.idle.max(bounds.head)).max_buf_size(MAX_HEAD);
    http
}

/// The next connection. Waits where the machine has no room for one: those that come meanwhile wait in the backlog.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {
                debug!(%error, "a connection was gone before it was accepted");
            }
            Err(error) => {
                warn!(%error, "no connection can be accepted at the moment; is the limit of open files too low?");
                sleep(BREATHER).await;
            }
        }
    }
}

struct Door {
    bounds: Bounds,
    sockets: Arc<ConnectionLimits>,
    conversation: Conversation,
    /// One token for each connection.
    open: TaskTracker,
    told: Arc<Semaphore>,
    metrics: ConnectionMetrics,
}

/// What a connection holds until it is gone.
type Held = (Permit, TaskTrackerToken, OpenConnection);

impl Door {
    fn let_in(&self, stream: TcpStream, peer: SocketAddr) {
        match self.permit(peer) {
            Ok(permit) => {
                if let Err(error) = prepare(&stream) {
                    debug!(%error, "an option of a connection was refused; messages may come late");
                }
                let held = (permit, self.open.token(), self.metrics.enter());
                let guarded = self.guard(stream, peer, held);
                tokio::spawn(self.conversation.clone().hold(guarded, peer));
            }
            Err(refusal) => {
                self.metrics.refused(refusal.as_str());
                if let Ok(told) = Arc::clone(&self.told).try_acquire_owned() {
                    tokio::spawn(async move {
                        refusal::tell(stream, refusal).await;
                        drop(told);
                    });
                }
            }
        }
    }

    fn guard(&self, stream: TcpStream, peer: SocketAddr, held: Held) -> StallGuard<TcpStream, Held> {
        #[cfg(target_os = "linux")]
        let outstanding = stream.local_addr().map(|local| Outstanding::between(local, peer));
        let guarded = StallGuard::new(stream, self.bounds.stall, held).counting(self.metrics.stalled.clone());
        #[cfg(target_os = "linux")]
        if let Ok(outstanding) = outstanding {
            return guarded.measured_by(move || {
                let bytes = outstanding.bytes().inspect_err(|error| debug!(%error, %peer, "no gauge of a slow reader"));
                bytes.ok()
            });
        }
        guarded
    }

    fn permit(&self, peer: SocketAddr) -> Result<Permit, Refusal> {
        let address = peer.ip().to_canonical();
        if self.bounds.trusted_proxies.iter().any(|proxies| proxies.contains(&address)) {
            self.sockets.acquire_unnamed()
        } else {
            self.sockets.acquire(Client::from(address))
        }
    }
}

/// Sets what an accepted connection needs.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT)?;
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_accepted_connection_keeps_little_back() {
        let listener = bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let _theirs = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("a connection");
        let (stream, _) = accept(&listener).await;
        prepare(&stream).expect("set");
        assert!(stream.nodelay().expect("known"));
        assert_eq!(socket2::SockRef::from(&stream).tcp_notsent_lowat().expect("known"), UNSENT);
    }
}
