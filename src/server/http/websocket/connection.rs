//! One socket from its greeting to its end, in one task without a timer of its own.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{FutureExt, Sink, SinkExt, StreamExt, future::BoxFuture};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::WebSocketConfig},
};
use tracing::debug;

use super::{
    super::{allowance::Allowance, metered::Metered},
    close::End,
    dialogue::Dialogue,
    protocol::MAX_MESSAGE,
};

/// How long the last frames, and the client's answer to them, may take.
pub(super) const LINGER: Duration = Duration::from_secs(2);
/// What is read of a socket at once, in bytes. Clients say little.
const READ_BUFFER: usize = 1024;
/// What is collected before it is written, in bytes: some tickers.
const WRITE_BUFFER: usize = 2 * 1024;

/// Bytes that one socket may send in a minute, and at once: as many messages as it may, each as long as it may be, with
/// some to spare for what they are wrapped in. It bounds, too, the parts of messages that never end, which nobody counts.
const BYTES_PER_MINUTE: u32 = 5 << 20;

/// A socket, of which only so much is read.
pub(super) type Socket<S> = WebSocketStream<Metered<S>>;

/// The socket of a connection that was upgraded.
pub(super) async fn socket<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Socket<S> {
    use tokio_tungstenite::tungstenite::protocol::Role;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let stream = Metered::new(stream, Arc::new(Allowance::per_minute(BYTES_PER_MINUTE, Instant::now())));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

/// Holds the conversation until one of the two ends it, or `lapsed` does: the end of the token.
pub(super) async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: Socket<S>,
    mut dialogue: Dialogue,
    mut lapsed: Option<BoxFuture<'static, ()>>,
) {
    let mut unflushed = false;
    let end = poll_fn(|cx| {
        if lapsed.as_mut().is_some_and(|lapsed| lapsed.poll_unpin(cx).is_ready()) {
            return Poll::Ready(End::Denied(None));
        }
        poll(&mut socket, &mut dialogue, &mut unflushed, cx)
    })
    .await;
    debug!(end = end.word(), "a socket ends");
    // It costs nobody anything any more, and counts as a connection until it is gone.
    dialogue.retire();
    finish(socket, end).await;
}

/// Ready at the end.
fn poll<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
    dialogue: &mut Dialogue,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<End> {
    loop {
        match write(socket, dialogue, unflushed, cx) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(end)) => return Poll::Ready(end),
            // A client that takes nothing is not heard either, so its messages make no answers that would have to be kept.
            Poll::Pending => return dialogue.poll_end(cx),
        }
        match ready!(socket.poll_next_unpin(cx)) {
            Some(Ok(message)) => {
                if let Err(end) = dialogue.hear(&message) {
                    return Poll::Ready(end);
                }
            }
            Some(Err(error)) => return Poll::Ready(End::of(&error)),
            None => return Poll::Ready(End::Gone),
        }
    }
}

/// Sends everything that there is to send. Pending: the client has to take something first, and nothing is taken from the
/// dialogue until it does.
fn write<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
    dialogue: &mut Dialogue,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Result<(), End>> {
    if *unflushed {
        // What was left the last time.
        ready!(flush(socket, unflushed, cx))?;
    }
    loop {
        if let Err(error) = ready!(socket.poll_ready_unpin(cx)) {
            return Poll::Ready(Err(End::of(&error)));
        }
        let message = match dialogue.poll_next(cx) {
            Poll::Ready(message) => message?,
            Poll::Pending => break,
        };
        *unflushed = true;
        if let Err(error) = socket.start_send_unpin(message) {
            return Poll::Ready(Err(End::of(&error)));
        }
    }
    if *unflushed { flush(socket, unflushed, cx) } else { Poll::Ready(Ok(())) }
}

fn flush(
    socket: &mut (impl Sink<Message, Error = tokio_tungstenite::tungstenite::Error> + Unpin),
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Result<(), End>> {
    let flushed = ready!(socket.poll_flush_unpin(cx));
    *unflushed = false;
    Poll::Ready(flushed.map_err(|error| End::of(&error)))
}

/// Says why, and waits for the client to have heard it, but not for long.
pub(super) async fn finish<S: AsyncRead + AsyncWrite + Unpin>(mut socket: Socket<S>, end: End) {
    if end == End::Gone {
        return;
    }
    // What still comes is not looked at.
    socket.get_mut().lift();
    let last_words = async {
        if let Some(error) = end.error() {
            socket.send(Message::Text(error)).await.ok()?;
        }
        if let Some(frame) = end.close_frame() {
            socket.send(Message::Close(Some(frame))).await.ok()?;
        }
        // Up to the client's own close. After its own, this sends the answer to it.
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
        let mut stream = socket.into_inner();
        stream.shutdown().await.ok()?;
        // A connection that is closed with bytes unread is reset, and with it goes what the client has not read yet: why
        // its long message was refused, above all.
        let mut rest = vec![0; READ_BUFFER];
        while stream.read(&mut rest).await.ok()? > 0 {}
        Some(())
    };
    // However it comes out, the connection is gone after it.
    let _ended = timeout(LINGER, last_words).await;
}
