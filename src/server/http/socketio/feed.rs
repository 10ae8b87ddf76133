//! Sends one client the newest prices of what it follows, as fast as it takes them.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use socketioxide::{SendError, SocketError, extract::SocketRef};
use tokio::{select, time::sleep};
use tracing::error;

use super::line::Line;
use crate::server::hub::session::{PairTurn, SessionEnd};

/// Why a client gets no more prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It left, or its session ended.
    Left,
    GoingDown,
    /// Its token is no longer good.
    Denied,
    /// It took nothing for too long.
    TooSlow,
}

impl From<SessionEnd> for End {
    fn from(end: SessionEnd) -> Self {
        match end {
            SessionEnd::GoingDown => Self::GoingDown,
            SessionEnd::TooSlow => Self::TooSlow,
        }
    }
}

/// Sends prices until the end. The first of them leaves at once; those that come within `pace` after it leave together,
/// as one write serves all of them.
pub(super) async fn feed(socket: &SocketRef, line: &Line, pace: Duration) -> End {
    let mut left = pin!(line.left.cancelled());
    let mut mark = None;
    loop {
        let sent = select! {
            biased;
            () = &mut left => Err(End::Left),
            sent = poll_fn(|cx| send(socket, line, &mut mark, cx)) => sent,
        };
        if let Err(end) = sent {
            return end;
        }
        if !pace.is_zero() {
            select! {
                () = &mut left => return End::Left,
                () = sleep(pace) => {}
            }
        }
    }
}

/// Sends what there is, unless the client has yet to take what was sent before: then the newest waits in the hub. Ready
/// when something was sent, or at the end.
///
/// `mark` says how often the client had taken everything when it was last sent something. So the queue that the library
/// keeps holds one round of prices, or two, and never is full: the library ends a session that has no room for a ping.
fn send(socket: &SocketRef, line: &Line, mark: &mut Option<u64>, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
    let mut session = line.session();
    if line.flow.poll_clear(*mark, cx).is_pending() {
        return session.poll_end(cx).map(|end| Err(end.into()));
    }
    let before = line.flow.taken();
    let mut sent = false;
    while let Poll::Ready(turn) = session.poll_pair(cx) {
        let (symbol, json) = match turn {
            PairTurn::Price(symbol, json) => (symbol, json),
            PairTurn::End(end) => return Poll::Ready(Err(end.into())),
        };
        match socket.emit("price_update", &*json) {
            Ok(()) => sent = true,
            Err(SendError::Socket(SocketError::Closed)) => return Poll::Ready(Err(End::Left)),
            Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                // Full of answers. This price, or a newer one, comes after them.
                if let Err(refusal) = session.follow(symbol) {
                    error!(%symbol, %refusal, "a followed symbol can't be followed");
                }
                *mark = Some(before);
                break;
            }
            Err(SendError::Serialize(reason)) => error!(%reason, %symbol, "a price can't be encoded"),
        }
    }
    if sent {
        *mark = Some(before);
        return Poll::Ready(Ok(()));
    }
    Poll::Pending
}
