//! Ends connections whose peer takes no bytes.
//!
//! A response body is polled only while the connection takes bytes, so a deadline inside it never fires for a peer that
//! has stopped reading. This one sits below, where the bytes leave: a write that could not go on for the stall limit
//! fails, and with it the connection and everything that it held.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use prometheus_client::metrics::counter::Counter;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// A connection that fails when its peer takes no byte for a while.
#[derive(Debug)]
pub struct StallGuard<S, H = ()> {
    stream: S,
    limit: Duration,
    /// Runs only while a write waits, so a reader that keeps up costs no timer.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Where a connection that fails is counted.
    stalled: Counter,
    /// Given back when the connection is gone, whoever had it last.
    _held: H,
}

impl<S, H> StallGuard<S, H> {
    /// Guards a connection that holds something as long as it lives.
    pub fn new(stream: S, limit: Duration, held: H) -> Self {
        Self { stream, limit, deadline: None, stalled: Counter::default(), _held: held }
    }

    /// Counted where others are, too, if it fails.
    #[must_use]
    pub fn counting(self, stalled: Counter) -> Self {
        Self { stalled, ..self }
    }

    /// Looks at a write's result: a waiting one starts the deadline or meets it, any other ends it.
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.deadline = None;
            return written;
        }
        let limit = self.limit;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(deadline.as_mut().poll(cx));
        self.stalled.inc();
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes no bytes")))
    }
}

impl<S: AsyncRead + Unpin, H: Unpin> AsyncRead for StallGuard<S, H> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin, H: Unpin> AsyncWrite for StallGuard<S, H> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::Instant,
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (ours, _theirs) = duplex(16);
        let mut guarded = StallGuard::new(ours, LIMIT, ());
        let started = Instant::now();
        let error = guarded.write_all(&[0; 64]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(started.elapsed().as_secs(), LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_peer_is_not() {
        let (ours, mut theirs) = duplex(16);
        let mut guarded = StallGuard::new(ours, LIMIT, ());
        let reader = tokio::spawn(async move {
            let mut byte = [0];
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_secs(20)).await;
                theirs.read_exact(&mut byte).await.expect("a byte");
            }
            theirs
        });
        guarded.write_all(&[7; 32]).await.expect("each byte taken starts the deadline anew");
        reader.await.expect("the reader ends");
    }
}
