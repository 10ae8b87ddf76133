//! A client's stay in the namespace: it comes in, gets prices, and is told why it has to go.

use std::{
    fmt,
    future::{pending, poll_fn, ready},
    sync::{Arc, Weak},
    time::Duration,
};

use socketioxide::{extract::SocketRef, socket::DisconnectReason};
use tokio::{
    select,
    time::{sleep, timeout},
};
use tracing::{debug, info};

use super::{
    super::lapse::lapsed,
    Reception,
    client::Client,
    fault::Fault,
    feed::{End, feed},
    line::Line,
};
use crate::{
    server::{
        services::Services,
        shutdown::{GOING_DOWN, reconnect_after_ms},
        uptake::TOO_SLOW_MS,
    },
    wire::{error::Retry, socketio::StreamError},
};

/// How long a client that was told of the end may take to go.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// What a client hears that takes nothing.
pub(super) const TOO_SLOW: &str = "the prices were not read for too long; reconnect";

/// Why a client may not enter the namespace.
#[derive(Debug)]
pub(super) struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this session ends; open another")
    }
}

/// Before a client is in the namespace: from then on it is heard.
///
/// # Errors
/// [`Ended`], where it was there before.
pub(super) fn admit(services: &Arc<Services>, socket: &SocketRef) -> Result<(), Ended> {
    let line = Line::of(socket).filter(|line| !line.left.is_cancelled()).ok_or(Ended)?;
    Client { services: Arc::clone(services), line: Arc::clone(&line) }.listen(socket);
    socket.on_disconnect(move |reason: DisconnectReason| {
        let stays = matches!(reason, DisconnectReason::ClientNSDisconnect | DisconnectReason::ServerNSDisconnect);
        debug!(%reason, "a client of Socket.IO has left");
        if !stays {
            line.flow.cut();
        }
        line.left.cancel();
        ready(())
    });
    Ok(())
}

/// As long as the client is in the namespace, and until its session is gone.
pub(super) async fn attend(reception: Weak<Reception>, client: Client, socket: SocketRef) {
    client.greet(&socket);
    let pace = Duration::from_millis(client.services.config.market.coalesce_ms);
    let line = Arc::clone(&client.line);
    let end = select! {
        end = feed(&socket, &line, pace) => end,
        () = token_lapsed(&client) => End::Denied,
    };
    // It costs nobody anything any more, and counts as a connection until it is gone.
    line.retire();
    match end {
        End::GoingDown => {
            let retry = Some(Retry::after_ms(reconnect_after_ms(client.line.number())));
            let why = StreamError { code: "going_down", message: GOING_DOWN.into(), retry };
            take_leave(&client, &socket, &why).await;
        }
        End::Left if line.flow.is_cut() => return,
        End::Left => sleep(LINGER).await,
        End::Denied => {
            client.send_away(socket, &Fault::Denied);
            sleep(LINGER).await;
        }
        End::TooSlow => {
            info!("a client of Socket.IO takes nothing for too long; its session ends");
            let retry = Some(Retry::after_ms(TOO_SLOW_MS));
            take_leave(&client, &socket, &StreamError { code: "too_slow", message: TOO_SLOW.into(), retry }).await;
        }
    }
    if let Some(reception) = reception.upgrade() {
        reception.close(&line).await;
    }
}

/// Tells a client why, and when to come back, and gives it the time to hear that. The library's own good-bye is left out:
/// some clients take it for a word not to come back.
async fn take_leave(client: &Client, socket: &SocketRef, why: &StreamError) {
    let flow = &client.line.flow;
    let mark = Some(flow.taken());
    client.tell(socket, "stream_error", why);
    if timeout(LINGER, poll_fn(|cx| flow.poll_clear(mark, cx))).await.is_err() {
        debug!("a client of Socket.IO takes no good-bye; its session is cut off");
    }
}

/// Waits for the end of the token that a session was opened with.
async fn token_lapsed(client: &Client) {
    match client.line.token() {
        Some(token) => lapsed(Arc::clone(&client.services), token).await,
        None => pending().await,
    }
}
