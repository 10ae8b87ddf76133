//! The one tick that all readers share.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tracing::info;

use super::{
    Hub,
    reader::{Reader, Signal},
};

/// How often the readers are looked at.
const TICK: Duration = Duration::from_millis(500);

impl Hub {
    /// Sends heartbeats and keep-alives, closes stalled readers, and ends every stream at shutdown. Started once by
    /// whoever made the hub; ended by the hub's token.
    ///
    /// A reader has stalled when it was woken and its stream was not polled for the stall limit, and the connection that
    /// it sits on took no byte either: one that is slow asks for nothing for as long, and goes on. It is forgotten here, so
    /// it costs no publication anything, and its stream is marked to end. What this can't do is make the connection poll the
    /// stream: as long as a peer accepts nothing and the connection waits for it, the socket stays.
    /// [`StallGuard`](crate::server::http::stall::StallGuard) says here that nothing was taken for too long, and ends such a
    /// connection from below a moment later.
    pub async fn run(self: Arc<Self>) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => break,
                _ = tick.tick() => self.tick(),
            }
        }
        let now_ms = self.timeline.now_ms();
        self.each_reader(|reader| reader.signal(Signal::Close, now_ms));
    }

    fn tick(&self) {
        let now_ms = self.timeline.now_ms();
        let mut stalled = Vec::new();
        self.each_reader(|reader| {
            if !reader.tick(&self.timeline, now_ms) {
                stalled.push(Arc::clone(reader));
            }
        });
        if !stalled.is_empty() {
            info!(readers = stalled.len(), "took nothing for too long; their streams end");
        }
        for reader in stalled {
            reader.presence.too_slow();
            self.unregister(&reader);
            reader.signal(Signal::Close, now_ms);
        }
    }

    fn each_reader(&self, mut visit: impl FnMut(&Arc<Reader>)) {
        for shard in &self.readers {
            for reader in shard.lock().values() {
                visit(reader);
            }
        }
    }
}
