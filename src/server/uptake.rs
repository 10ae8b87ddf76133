//! When a connection last took a byte: what its writer sees, for those who judge its reader.

use std::{future::Future, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{task_local, time::Instant};

/// When a reader should come back that took nothing for too long, in milliseconds.
pub const TOO_SLOW_MS: u64 = 2000;

task_local! {
    /// The connection that the task serves.
    static CONNECTION: Arc<Uptake>;
}

/// When a connection last took a byte, and whether more waits for it.
#[derive(Debug)]
pub struct Uptake(Mutex<State>);

#[derive(Debug, Clone, Copy)]
struct State {
    taken: Instant,
    waits: bool,
    stalled: bool,
}

impl State {
    /// A byte was taken just now.
    fn taken(waits: bool) -> Self {
        Self { taken: Instant::now(), waits, stalled: false }
    }
}

impl Default for Uptake {
    fn default() -> Self {
        Self(Mutex::new(State::taken(false)))
    }
}

impl Uptake {
    /// Runs what serves one connection. Readers that come in meanwhile are known to sit on it.
    pub fn around<F: Future>(self: Arc<Self>, served: F) -> impl Future<Output = F::Output> {
        CONNECTION.scope(self, served)
    }

    /// Of the connection that the running task serves, if it serves one that is watched.
    pub fn here() -> Option<Arc<Self>> {
        CONNECTION.try_with(Arc::clone).ok()
    }

    /// Everything was taken that was there to be written.
    pub fn took_all(&self) {
        *self.0.lock() = State::taken(false);
    }

    /// Something was taken, and more waits.
    pub fn took_some(&self) {
        *self.0.lock() = State::taken(true);
    }

    /// More waits than is taken.
    pub fn waits(&self) {
        self.0.lock().waits = true;
    }

    /// Nothing was taken for as long as may be. The connection is given up soon, unless something is taken after all: until
    /// then its readers can say why.
    pub fn stalls(&self) {
        self.0.lock().stalled = true;
    }

    /// Whether that is so.
    pub fn is_stalled(&self) -> bool {
        self.0.lock().stalled
    }

    /// Whether the last write was taken. Of a writer that goes on until everything is, or one is not, this says that it has
    /// nothing left.
    pub fn has_all(&self) -> bool {
        !self.0.lock().waits
    }

    /// Whether a byte was taken within the limit. Where something waits it is looked only now and then, so the limit is
    /// half as long again: whoever watches the connection finds that it stalls before that.
    pub fn is_within(&self, limit: Duration) -> bool {
        let State { taken, waits, stalled } = *self.0.lock();
        !stalled && taken.elapsed() < if waits { limit * 3 / 2 } else { limit }
    }
}
