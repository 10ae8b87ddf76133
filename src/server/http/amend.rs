//! Gives a body to the answers that the protocol's own code makes: to heads that it can't read. They never get as far as
//! the routes, and come out with a status and nothing else.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::{error::HttpError, refusal};

/// A first line that is longer than this is what makes a head too large, in bytes.
const LONG_LINE: usize = 8 * 1024;
/// What is read on of a request that was refused, in bytes, and for how long: most clients look for an answer only after
/// they have sent everything.
const MAX_WASTE: usize = 256 * 1024;
const LINGER: Duration = Duration::from_secs(2);

/// A connection below HTTP.
pub(super) struct Amended<S> {
    stream: S,
    /// Cleared once something was answered that is not of a known length: what is written then may be anything.
    is_on: Arc<AtomicBool>,
    line: FirstLine,
    /// A refusal on its way out.
    refusal: Option<Refusal>,
}

/// How much of the connection's first line was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FirstLine {
    Reading(usize),
    Whole,
}

struct Refusal {
    bytes: Vec<u8>,
    written: usize,
    /// Once it was written: what is left to be read, and for how long.
    waste: Option<(usize, Pin<Box<Sleep>>)>,
}

impl<S> Amended<S> {
    pub(super) fn new(stream: S, is_on: Arc<AtomicBool>) -> Self {
        Self { stream, is_on, line: FirstLine::Reading(0), refusal: None }
    }

    /// The connection, where nothing was refused on it.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    /// What is to be said in place of an answer that has no body. `None` for any other answer.
    fn instead(&self, written: &[u8]) -> Option<Vec<u8>> {
        if self.refusal.is_some() || !self.is_on.load(Ordering::Relaxed) {
            return None;
        }
        let error = match bare_status(written)? {
            "431" if matches!(self.line, FirstLine::Reading(LONG_LINE..)) => HttpError::UriTooLong,
            "431" => HttpError::HeadTooLarge,
            "414" => HttpError::UriTooLong,
            "400" => HttpError::MalformedRequest,
            _ => return None,
        };
        Some(refusal::answer(&error))
    }
}

/// The status of an answer without a body, and without any header that an answer of ours has.
fn bare_status(answer: &[u8]) -> Option<&str> {
    let head = answer.strip_prefix(b"HTTP/1.1 4").and_then(|_| std::str::from_utf8(answer).ok())?;
    let mut lines = head.strip_suffix("\r\n\r\n")?.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?;
    let is_bare = |line: &str| matches!(line, "content-length: 0" | "connection: close") || line.starts_with("date: ");
    lines.all(is_bare).then_some(status)
}

impl<S: AsyncWrite + Unpin> Amended<S> {
    /// Writes what is left of a refusal.
    fn poll_refusal(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(refusal) = &mut self.refusal else { return Poll::Ready(Ok(())) };
        while let Some(rest) = refusal.bytes.get(refusal.written..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => refusal.written += count,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Amended<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let FirstLine::Reading(so_far) = self.line {
            let new = buf.filled().get(before..).unwrap_or_default();
            let ends = new.contains(&b'\n');
            self.line = if ends { FirstLine::Whole } else { FirstLine::Reading(so_far.saturating_add(new.len())) };
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Amended<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_refusal(cx))?;
        match self.instead(buf) {
            Some(bytes) => {
                self.refusal = Some(Refusal { bytes, written: 0, waste: None });
                Poll::Ready(Ok(buf.len()))
            }
            None => Pin::new(&mut self.stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut full = bufs.iter().filter(|buf| !buf.is_empty());
        // An answer of the protocol's own comes alone.
        if let (Some(only), None) = (full.next(), full.next()) {
            return self.poll_write(cx, only);
        }
        ready!(self.poll_refusal(cx))?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// After a refusal the request is read on, and not looked at: a connection that is closed with unread bytes is reset,
    /// and its peer might never see the answer.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(cx))?;
        let this = &mut *self;
        let Some(refusal) = &mut this.refusal else { return Pin::new(&mut this.stream).poll_shutdown(cx) };
        if refusal.waste.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        let (left, patience) = refusal.waste.get_or_insert_with(|| (MAX_WASTE, Box::pin(sleep(LINGER))));
        let mut waste = [0; 4096];
        while *left > 0 && patience.as_mut().poll(cx).is_pending() {
            let mut buf = ReadBuf::new(&mut waste);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => *left = left.saturating_sub(buf.filled().len()),
                // The end of it, one way or another.
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_answer_is_amended() {
        for (answer, status) in [
            ("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: now\r\n\r\n", Some("400")),
            ("HTTP/1.1 431 Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: now\r\n\r\n", Some("431")),
            ("HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\ndate: now\r\n\r\n", None),
            ("HTTP/1.1 400 Bad Request\r\ncontent-type: a/b\r\ncontent-length: 0\r\n\r\n", None),
            ("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\nmore", None),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", None),
            ("", None),
        ] {
            assert_eq!(bare_status(answer.as_bytes()), status, "{answer}");
        }
    }
}
