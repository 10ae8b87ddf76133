//! Writes an endless answer straight to its connection.
//!
//! Who follows a stream asks for nothing more on its connection. The protocol's own code would keep two buffers of 8 KiB
//! for the requests and answers that may still come, and hand five events at most to the kernel at once. Here a connection
//! holds nothing but what its peer has not taken yet, and everything that is due leaves in one write.
//!
//! What is written is plain HTTP/1.1: one chunk for what leaves together, and the connection ends with the answer.
//! <https://www.rfc-editor.org/rfc/rfc9112#section-7.1>

use std::{
    future::Future,
    io::{self, IoSlice, Write},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{body::Body, response::Response};
use bytes::{Buf, Bytes};
use http::{HeaderName, Method, Request, Version, header, response};
use http_body::Body as _;
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{model::time::UnixMs, server::clock::Clock};

/// Events that leave together at most, with what stands before and after them, and bytes after which no more are added: a
/// reader of a hundred assets should have the newest of the last one, too.
const MOST_PIECES: usize = 64;
const MOST_BYTES: usize = 32 * 1024;

/// Room for the prices of a strip. As much as the allocator has at hand for each thread.
const USUAL_PIECES: usize = 32;

/// What a peer may say while it reads, in bytes. It is not looked at.
const MOST_SAID: usize = 16 * 1024;

/// Told by the protocol's own code, and not here.
const CONNECTION_HEADERS: [HeaderName; 3] = [header::CONNECTION, header::TRANSFER_ENCODING, header::DATE];

/// Marks an answer that has no end of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endless;

/// Whether an endless answer to this request can be written here. One with a body is left to the protocol's own code,
/// which reads that.
pub(super) fn suits<B: http_body::Body>(request: &Request<B>) -> bool {
    request.method() == Method::GET && request.version() == Version::HTTP_11 && request.body().is_end_stream()
}

/// An answer on its way. Ends with it, or when the peer has gone.
///
/// # Errors
/// Those of the connection, and [`io::ErrorKind::InvalidData`] where the peer goes on talking.
pub(super) struct Outflow<S> {
    stream: S,
    /// Not asked for more before everything is written: who is slow gets the newest, not a backlog.
    body: Body,
    head: Option<Bytes>,
    unwritten: Unwritten,
    is_over: bool,
    said: usize,
}

impl<S> Outflow<S> {
    pub(super) fn new(stream: S, response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let head = Some(head(&parts, Clock::System.wall()));
        Self { stream, body, head, unwritten: Unwritten::default(), is_over: false, said: 0 }
    }

    /// Takes what is due.
    fn gather(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let pieces = &mut self.unwritten.pieces;
        let mut bytes = 0_usize;
        // A stream that has nothing to say yet has begun all the same.
        pieces.extend(self.head.take());
        // The place of the chunk's size, which is not known yet.
        let size = pieces.len();
        while pieces.len() < MOST_PIECES - 2 && bytes < MOST_BYTES {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(frame)) => {
                    let data = frame.map_err(io::Error::other)?.into_data().unwrap_or_default();
                    if data.is_empty() {
                        continue;
                    }
                    if bytes == 0 {
                        pieces.reserve_exact(USUAL_PIECES);
                        pieces.push(Bytes::new());
                    }
                    bytes = bytes.saturating_add(data.len());
                    pieces.push(data);
                }
                Poll::Ready(None) => {
                    self.is_over = true;
                    break;
                }
                Poll::Pending => break,
            }
        }
        if let Some(size) = pieces.get_mut(size) {
            *size = format!("{bytes:x}\r\n").into();
            pieces.push(Bytes::from_static(b"\r\n"));
        }
        if self.is_over {
            pieces.push(Bytes::from_static(b"0\r\n\r\n"));
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> Outflow<S> {
    /// Waits for the peer to go.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 256];
        loop {
            let mut buf = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.said = self.said.saturating_add(buf.filled().len());
            if self.said > MOST_SAID {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "a reader does not stop talking")));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Outflow<S> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Poll::Ready(gone) = this.poll_gone(cx) {
            return Poll::Ready(gone);
        }
        loop {
            ready!(this.unwritten.poll_write(&mut this.stream, cx))?;
            if this.is_over {
                return Pin::new(&mut this.stream).poll_shutdown(cx);
            }
            this.gather(cx)?;
            if this.unwritten.pieces.is_empty() {
                return Poll::Pending;
            }
        }
    }
}

/// What has left the stream, and not yet the server.
#[derive(Debug, Default)]
struct Unwritten {
    pieces: Vec<Bytes>,
    /// How many of them are written whole.
    written: usize,
}

impl Unwritten {
    /// Writes everything. Holds no memory afterwards.
    fn poll_write<S: AsyncWrite + Unpin>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.pieces.get(self.written..).filter(|rest| !rest.is_empty()) {
            let mut slices = [IoSlice::new(&[]); MOST_PIECES];
            let count = rest.len().min(MOST_PIECES);
            for (slice, piece) in slices.iter_mut().zip(rest) {
                *slice = IoSlice::new(piece);
            }
            let slices = slices.get(..count).unwrap_or_default();
            match ready!(Pin::new(&mut *stream).poll_write_vectored(cx, slices))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                bytes => self.advance(bytes),
            }
        }
        *self = Self::default();
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut bytes: usize) {
        for piece in self.pieces.iter_mut().skip(self.written) {
            if piece.len() > bytes {
                piece.advance(bytes);
                return;
            }
            bytes -= piece.len();
            self.written += 1;
        }
    }
}

/// The head of an answer that ends its connection.
fn head(parts: &response::Parts, now: UnixMs) -> Bytes {
    let mut head = Vec::with_capacity(512);
    // Writing to memory can't fail.
    let _written = write!(head, "HTTP/1.1 {}\r\n", parts.status);
    for (name, value) in parts.headers.iter().filter(|(name, _)| !CONNECTION_HEADERS.contains(name)) {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let date =
        Timestamp::from_millisecond(now.0).and_then(|at| DateTimePrinter::new().timestamp_to_rfc9110_string(&at));
    if let Ok(date) = date {
        let _written = write!(head, "date: {date}\r\n");
    }
    head.extend_from_slice(b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n");
    head.into()
}

#[cfg(test)]
mod tests;
