//! A connection of which only so many bytes are read in a minute, whatever they are: messages, parts of messages that never
//! end, or frames without anything in them.

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

use super::allowance::Allowance;

/// A connection with an allowance, which it may share with others.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    /// `None` when all is read: what comes is thrown away anyway.
    allowance: Option<Arc<Allowance>>,
}

impl<S> Metered<S> {
    pub(super) const fn new(stream: S, allowance: Arc<Allowance>) -> Self {
        Self { stream, allowance: Some(allowance) }
    }

    /// Counts nothing from here on.
    pub(super) fn lift(&mut self) {
        self.allowance = None;
    }
}

/// Whether it was the allowance that ended a connection.
pub(super) fn is_spent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::QuotaExceeded
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`] where the peer says too much.
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let bytes = buf.filled().len().saturating_sub(before);
        let counted = self
            .allowance
            .as_ref()
            .map_or(Ok(()), |allowance| if bytes == 0 { Ok(()) } else { allowance.take(bytes, Instant::now()) });
        match counted {
            Ok(()) => read,
            Err(_) => Poll::Ready(Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the peer says too much"))),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
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
