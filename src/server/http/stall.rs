//! Ends connections whose peer takes no bytes.
//!
//! A response body is polled only while the connection takes bytes, so a deadline inside it never fires for a peer that
//! has stopped reading. This one sits below, where the bytes leave: a connection of which nothing was taken for the stall
//! limit, although there was something to take, fails, and with it everything that it held. A moment before that its
//! readers are told: who comes back just then should hear why there is no more.
//!
//! What was taken is what the peer has acknowledged. Whether a write waits says too little: the kernel takes a stream's
//! few bytes for a peer that has vanished without a word, and a connection that was full can be written to again only after
//! a good part of it was taken, which a slow reader needs minutes for. The kernel's own clock for this,
//! `TCP_USER_TIMEOUT`, does not begin anew with every byte, and ends connections of slow readers.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use prometheus_client::metrics::counter::Counter;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use crate::server::uptake::Uptake;

/// How often a waiting connection is looked at within the limit.
const LOOKS: u32 = 4;

/// How long after its readers were told a connection fails, at most: they hear of it within a second, and have two for their
/// last words.
const GRACE: Duration = Duration::from_secs(3);

/// How many bytes of a connection its peer has not taken yet, where that can be known.
type Gauge = Box<dyn Fn() -> Option<u32> + Send + Sync>;

/// A connection that fails when its peer takes no byte for a while. Without a gauge only a write that waits is a sign of
/// that.
pub struct StallGuard<S, H = ()> {
    stream: S,
    limit: Duration,
    gauge: Option<Gauge>,
    /// As long as the peer may have something to take.
    watch: Option<Watch>,
    uptake: Arc<Uptake>,
    /// Where a connection that fails is counted.
    stalled: Counter,
    /// Given back when the connection is gone, whoever had it last.
    _held: H,
}

/// What is known of a peer that may have something to take.
struct Watch {
    /// The last byte was taken no earlier.
    since: Instant,
    /// What it had not taken when it was last looked at, and what was written since then.
    outstanding: Option<u32>,
    written: usize,
    /// A write waits.
    is_full: bool,
    look: Pin<Box<Sleep>>,
}

impl<S, H> StallGuard<S, H> {
    /// Guards a connection that holds something as long as it lives.
    pub fn new(stream: S, limit: Duration, held: H) -> Self {
        let (uptake, stalled) = (Arc::default(), Counter::default());
        Self { stream, limit, gauge: None, watch: None, uptake, stalled, _held: held }
    }

    /// Counted where others are, too, if it fails.
    #[must_use]
    pub fn counting(self, stalled: Counter) -> Self {
        Self { stalled, ..self }
    }

    /// Looks at what the peer has not taken yet.
    #[must_use]
    pub fn measured_by(self, gauge: impl Fn() -> Option<u32> + Send + Sync + 'static) -> Self {
        Self { gauge: Some(Box::new(gauge)), ..self }
    }

    /// What is taken, for those who judge the reader.
    pub const fn uptake(&self) -> &Arc<Uptake> {
        &self.uptake
    }

    fn outstanding(&self) -> Option<u32> {
        self.gauge.as_ref().and_then(|gauge| gauge())
    }

    /// Takes note of a write's result, and looks at the peer when it is time to.
    fn note(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let bytes = match &written {
            Poll::Ready(Ok(bytes)) => *bytes,
            Poll::Ready(Err(_)) => return written,
            Poll::Pending => 0,
        };
        let is_full = written.is_pending();
        if is_full {
            self.uptake.waits();
        } else {
            self.uptake.took_all();
        }
        if let Some(watch) = &mut self.watch {
            if watch.is_full && !is_full {
                // There was no room until something was taken.
                watch.since = Instant::now();
            }
            watch.is_full = is_full;
            watch.written = watch.written.saturating_add(bytes);
        } else if is_full || self.gauge.is_some() {
            let look = Box::pin(sleep(self.limit / LOOKS));
            // Nothing was left of what was written before.
            let outstanding = Some(0);
            self.watch = Some(Watch { since: Instant::now(), outstanding, written: bytes, is_full, look });
        }
        match self.look(cx) {
            Ok(()) => written,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Looks at the peer, where it is time to. The task is woken for the next time.
    fn look(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let every = self.limit / LOOKS;
        while let Some(mut watch) = self.watch.take_if(|watch| watch.look.as_mut().poll(cx).is_ready()) {
            let now = Instant::now();
            let outstanding = self.outstanding();
            if !watch.is_full && outstanding.unwrap_or_default() == 0 {
                break;
            }
            let taken = outstanding.zip(watch.outstanding).is_some_and(|(left, before)| {
                let all = usize::try_from(before).unwrap_or(usize::MAX).saturating_add(watch.written);
                usize::try_from(left).is_ok_and(|left| left < all)
            });
            if taken {
                watch.since = now;
                if watch.is_full {
                    self.uptake.took_some();
                }
            }
            let (idle, grace) = (now.duration_since(watch.since), GRACE.min(self.limit));
            if idle >= self.limit + grace {
                self.stalled.inc();
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes no bytes"));
            }
            let stalls = idle >= self.limit;
            if stalls {
                self.uptake.stalls();
            }
            (watch.outstanding, watch.written) = (outstanding, 0);
            watch.look.as_mut().reset(now + if stalls { grace.min(every) } else { every });
            self.watch = Some(watch);
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin, H: Unpin> AsyncRead for StallGuard<S, H> {
    /// Also looks at the peer, as nothing may be written for long.
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.look(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin, H: Unpin> AsyncWrite for StallGuard<S, H> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.note(cx, written)
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
    use std::sync::atomic::{AtomicU32, Ordering};

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
        assert_eq!(started.elapsed(), LIMIT + GRACE);
        assert!(guarded.uptake().is_stalled(), "the hub hears of it, too");
    }

    #[tokio::test(start_paused = true)]
    async fn readers_are_told_before_the_end_and_a_byte_that_is_taken_then_saves_the_connection() {
        let (ours, mut theirs) = duplex(16);
        let mut guarded = StallGuard::new(ours, LIMIT, ());
        let uptake = Arc::clone(guarded.uptake());
        let peer = async {
            tokio::time::sleep(LIMIT.saturating_sub(Duration::from_secs(1))).await;
            assert!(!uptake.is_stalled());
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert!(uptake.is_stalled() && !uptake.is_within(LIMIT));
            theirs.read_exact(&mut [0; 32]).await.expect("bytes");
            assert!(!uptake.is_stalled() && uptake.is_within(LIMIT));
        };
        let (written, ()) = tokio::join!(guarded.write_all(&[0; 40]), peer);
        written.expect("in time");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_less_than_makes_room_is_not() {
        let (ours, theirs) = duplex(16);
        let started = Instant::now();
        // A byte every 25 s for ten minutes, then nothing.
        let taken = move || u32::try_from(started.elapsed().as_secs().min(600) / 25).expect("small");
        let mut guarded = StallGuard::new(ours, LIMIT, ()).measured_by(move || Some(1000 - taken()));
        let uptake = Arc::clone(guarded.uptake());
        let watched = async {
            for _ in 0..620 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert!(uptake.is_within(LIMIT), "{:?}", started.elapsed());
            }
        };
        let (written, ()) = tokio::join!(guarded.write_all(&[0; 64]), watched);
        assert_eq!(written.expect_err("it stops").kind(), io::ErrorKind::TimedOut);
        assert!((630..=640).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
        drop(theirs);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_has_vanished_is_given_up_although_little_is_written() {
        let (ours, _theirs) = duplex(1 << 20);
        let (written, taken) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let left = {
            let (written, taken) = (Arc::clone(&written), Arc::clone(&taken));
            move || Some(written.load(Ordering::Relaxed) - taken.load(Ordering::Relaxed))
        };
        let guarded = StallGuard::new(ours, LIMIT, ()).measured_by(left);
        let (mut reading, mut writing) = tokio::io::split(guarded);
        let started = Instant::now();
        let stream = async {
            for second in (0..).step_by(14) {
                written.fetch_add(14, Ordering::Relaxed);
                writing.write_all(&[0; 14]).await.expect("there is room");
                // For an hour all is taken, some of it late; then nothing.
                tokio::time::sleep(Duration::from_secs(10)).await;
                if second < 3600 {
                    taken.store(written.load(Ordering::Relaxed), Ordering::Relaxed);
                }
                tokio::time::sleep(Duration::from_secs(4)).await;
            }
        };
        let error = tokio::select! {
            () = stream => unreachable!("it has no end"),
            read = reading.read_u8() => read.expect_err("nothing is sent"),
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!((3630..=3660).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
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
