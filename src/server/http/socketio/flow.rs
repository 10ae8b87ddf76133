//! Whether a peer takes what it is sent.
//!
//! The library keeps a queue for each session, and says only when it is full. Prices are worth nothing in a queue, so
//! whoever sends them asks here first: the last of them must have left before the next do, and until then the newest
//! waits in the hub.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;

/// What a connection tells the task that sends prices into it, and the other way round.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// How often the peer took all that there was.
    taken: AtomicU64,
    /// A write waits for the peer.
    blocked: AtomicBool,
    /// The connection is to end.
    cut: AtomicBool,
    sender: AtomicWaker,
    /// The halves of the connection, which wait for the peer and must hear of the end.
    reading: AtomicWaker,
    writing: AtomicWaker,
}

/// A half of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Reading,
    Writing,
}

impl Flow {
    /// The peer took all that there was.
    pub(super) fn took_all(&self) {
        self.taken.fetch_add(1, Ordering::AcqRel);
        self.blocked.store(false, Ordering::Release);
        self.sender.wake();
    }

    /// A write waits for the peer.
    pub(super) fn blocks(&self) {
        self.blocked.store(true, Ordering::Release);
    }

    /// Makes the sender look again.
    pub(super) fn wake_sender(&self) {
        self.sender.wake();
    }

    /// How often the peer took all that there was.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    /// Ready when nothing that was sent before waits: when no write does, and all was taken since `mark`, which is
    /// [`taken`](Self::taken) of before the last was sent. In any case the task is woken by what changes from here on.
    pub(super) fn poll_clear(&self, mark: Option<u64>, cx: &Context<'_>) -> Poll<()> {
        self.sender.register(cx.waker());
        let waits = mark == Some(self.taken()) || self.blocked.load(Ordering::Acquire);
        if waits { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Ends the connection.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.reading.wake();
        self.writing.wake();
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Ready when the connection is to end; the half is woken then.
    pub(super) fn poll_cut(&self, half: Half, cx: &Context<'_>) -> Poll<()> {
        match half {
            Half::Reading => self.reading.register(cx.waker()),
            Half::Writing => self.writing.register(cx.waker()),
        }
        if self.is_cut() { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::task::noop_waker;

    use super::*;

    #[test]
    fn what_was_sent_must_have_left_before_more_is() {
        let flow = Flow::default();
        let waker = noop_waker();
        let cx = Context::from_waker(&waker);
        assert!(flow.poll_clear(None, &cx).is_ready(), "nothing was sent yet");
        let mark = Some(flow.taken());
        assert!(flow.poll_clear(mark, &cx).is_pending());
        flow.blocks();
        assert!(flow.poll_clear(mark, &cx).is_pending());
        assert!(flow.poll_clear(None, &cx).is_pending(), "something else waits");
        flow.took_all();
        assert!(flow.poll_clear(mark, &cx).is_ready());
    }
}
