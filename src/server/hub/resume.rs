//! Where a reader is in the log: what comes next, from memory or from the store, and what is lost.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::{
    filter::EventFilter,
    log::{EventLog, EventStoreError, Since},
    ring::{Entry, Following},
};
use crate::{
    server::{event::EventKind, metrics::hub::ReplaySource},
    wire::news::{Gap, GapReason},
};

/// Entries that are passed over before others have their turn.
const BURST: usize = 256;
/// How long a reader waits after the store could not be read.
const RETRY: Duration = Duration::from_secs(2);

/// A reader's place in the log. Every entry after it that the filter admits is given out once, in order, or told of as
/// lost.
pub(super) struct LogCursor {
    log: Arc<EventLog>,
    filter: EventFilter,
    /// The last entry that was given out, left out by the filter or told of as lost. `None` before the loss is told of
    /// that a foreign position stands for.
    position: Option<u64>,
    /// The newest entry when the reader came: up to here it is catching up.
    joined_at: u64,
    /// There may be more.
    behind: bool,
    source: Source,
}

/// Where the next entries come from.
enum Source {
    Ring,
    /// The store is being asked for what follows the position, up to the entry `upto`.
    Asked {
        upto: u64,
        answer: AbortOnDropHandle<Result<Vec<Entry>, EventStoreError>>,
    },
    /// What it answered.
    Page(VecDeque<Entry>),
    /// It could not answer.
    Wait(Pin<Box<Sleep>>),
    /// Of another log: told of first.
    Foreign {
        from: String,
    },
}

/// What a reader is to be told.
#[derive(Debug)]
pub(super) enum Told {
    Entry(Arc<Entry>),
    /// Entries up to this one are lost.
    Gap(u64, Gap),
}

/// What an attempt came to.
enum Step {
    Told(Told),
    Again,
    /// Woken when there is more.
    Nothing,
}

impl LogCursor {
    pub(super) fn new(log: Arc<EventLog>, filter: EventFilter, since: Since) -> Self {
        let tip = log.tip();
        let foreign = |from: String| (None, Source::Foreign { from });
        let (position, source) = match since {
            Since::Now => (Some(tip), Source::Ring),
            Since::After(id) if id <= tip && log.is_ours(id) => (Some(id), Source::Ring),
            Since::After(id) => foreign(id.to_string()),
            Since::Unknown => foreign(String::new()),
        };
        Self { log, filter, position, joined_at: tip, behind: true, source }
    }

    /// The last entry that the reader has or needs no more; `None` while a loss has yet to be told of.
    pub(super) const fn position(&self) -> Option<u64> {
        self.position
    }

    /// What it is a place in.
    pub(super) const fn log(&self) -> &Arc<EventLog> {
        &self.log
    }

    /// The kinds of entries that the reader wants.
    pub(super) fn kinds(&self) -> &[EventKind] {
        &self.filter.kinds
    }

    /// The same that another list of kinds is given out from here on.
    pub(super) fn set_kinds(&mut self, kinds: Vec<EventKind>) {
        self.filter.kinds = kinds;
    }

    /// Whether everything was given out when this was last asked for more.
    pub(super) const fn is_up_to_date(&self) -> bool {
        !self.behind
    }

    /// Whether nothing comes any more.
    pub(super) fn has_ended(&self) -> bool {
        !self.behind && self.log.is_closed()
    }

    /// The log may have grown.
    pub(super) const fn look_again(&mut self) {
        self.behind = true;
    }

    /// What comes next. `None`: nothing now; the stream is woken when there is more.
    pub(super) fn next(&mut self, cx: &mut Context<'_>) -> Option<Told> {
        if !self.behind {
            return None;
        }
        for _ in 0..BURST {
            match self.step(cx) {
                Step::Told(told) => return Some(told),
                Step::Again => {}
                Step::Nothing => return None,
            }
        }
        cx.waker().wake_by_ref();
        None
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Step {
        let position = self.position.unwrap_or_default();
        match &mut self.source {
            Source::Foreign { from } => {
                let from = std::mem::take(from);
                self.source = Source::Ring;
                self.lost(from, self.log.tip(), GapReason::Restarted)
            }
            Source::Ring => match self.log.after(position) {
                Following::Entry(entry) => {
                    let late = entry.id <= self.joined_at;
                    self.pass(entry, late.then_some(ReplaySource::Memory))
                }
                Following::Older(upto) => {
                    self.source = Source::Asked { upto, answer: self.log.fetch(position, upto) };
                    Step::Again
                }
                Following::Tip | Following::Beyond => {
                    self.behind = false;
                    Step::Nothing
                }
            },
            Source::Asked { upto, answer } => {
                let upto = *upto;
                match Pin::new(answer).poll(cx) {
                    Poll::Pending => Step::Nothing,
                    Poll::Ready(answer) => self.take(answer, position, upto),
                }
            }
            Source::Page(page) => match page.pop_front() {
                Some(entry) if entry.id == position + 1 => self.pass(Arc::new(entry), Some(ReplaySource::Store)),
                Some(entry) => {
                    let before = entry.id - 1;
                    page.push_front(entry);
                    self.lost(position.to_string(), before, GapReason::Expired)
                }
                None => {
                    self.source = Source::Ring;
                    Step::Again
                }
            },
            Source::Wait(sleep) => {
                if sleep.as_mut().poll(cx).is_pending() {
                    return Step::Nothing;
                }
                self.source = Source::Ring;
                Step::Again
            }
        }
    }

    /// Gives out the entry after the position, unless it is filtered out. `replayed` says where it was read if others
    /// were given it earlier.
    fn pass(&mut self, entry: Arc<Entry>, replayed: Option<ReplaySource>) -> Step {
        self.position = Some(entry.id);
        if !self.filter.admits(&entry) {
            return Step::Again;
        }
        if let Some(source) = replayed {
            self.log.metrics().replayed(source);
        }
        Step::Told(Told::Entry(entry))
    }

    /// An answer of the store to what follows `position`, up to `upto`.
    fn take(
        &mut self,
        answer: Result<Result<Vec<Entry>, EventStoreError>, tokio::task::JoinError>,
        position: u64,
        upto: u64,
    ) -> Step {
        let failed = match answer {
            Ok(Ok(entries)) if entries.is_empty() => {
                // Places have no holes: what is not there was pruned.
                self.source = Source::Ring;
                return self.lost(position.to_string(), upto, GapReason::Expired);
            }
            Ok(Ok(entries)) => {
                self.source = Source::Page(entries.into());
                return Step::Again;
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        warn!(error = failed, "a reader waits for what it missed");
        self.source = Source::Wait(Box::pin(sleep(RETRY)));
        Step::Again
    }

    fn lost(&mut self, from: String, to: u64, reason: GapReason) -> Step {
        self.position = Some(to);
        self.log.metrics().gap(reason);
        Step::Told(Told::Gap(to, Gap { from, to: to.to_string(), reason }))
    }
}
