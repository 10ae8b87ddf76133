//! A connection that became a WebSocket, with eyes: how much comes, whether what leaves is taken, and when to end.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{flow::Half, line::Line};

/// The stream below a WebSocket.
pub(super) struct Conduit<S> {
    stream: S,
    line: Arc<Line>,
    /// Dropped with this.
    gone: Option<DropGuard>,
}

impl<S> Conduit<S> {
    pub(super) fn new(stream: S, line: Arc<Line>) -> Self {
        Self { stream, line, gone: None }
    }

    /// Cancels `gone` when the library lets go of it.
    pub(super) fn signaling(mut self, gone: CancellationToken) -> Self {
        self.gone = Some(gone.drop_guard());
        self
    }

    fn check(&self, half: Half, cx: &Context<'_>) -> io::Result<()> {
        match self.line.flow.poll_cut(half, cx) {
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the server ends this session")),
            Poll::Pending => Ok(()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Conduit<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(Half::Reading, cx)?;
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let bytes = buf.filled().len().saturating_sub(before);
        if bytes > 0 && self.line.heard(bytes, Instant::now()).is_err() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the peer says too much")));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Conduit<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(Half::Writing, cx)?;
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        match &written {
            Poll::Ready(Ok(bytes)) if *bytes == buf.len() => self.line.flow.took_all(),
            Poll::Ready(Ok(_)) | Poll::Pending => self.line.flow.blocks(),
            // The library goes on writing after an error. Its reading half ends the session.
            Poll::Ready(Err(_)) => self.line.flow.cut(),
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(Half::Writing, cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
