//! One request at a time to each host, whoever asks.

use std::{collections::HashSet, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::{Notify, futures::Notified};

/// Host and port.
pub(super) type Place = (String, u16);

/// The hosts that are being asked.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    busy: Mutex<HashSet<Place>>,
    freed: Notify,
}

/// The right to ask one host; given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    hosts: Arc<Hosts>,
    place: Place,
}

impl Hosts {
    /// `None` while somebody asks that host.
    pub(super) fn try_enter(self: &Arc<Self>, place: &Place) -> Option<Turn> {
        let free = self.busy.lock().insert(place.clone());
        free.then(|| Turn { hosts: Arc::clone(self), place: place.clone() })
    }

    /// Waits until nobody asks that host.
    pub(super) async fn enter(self: &Arc<Self>, place: &Place) -> Turn {
        loop {
            // Made before the look, so that a turn given back in between is heard.
            let freed = self.freed();
            match self.try_enter(place) {
                Some(turn) => return turn,
                None => freed.await,
            }
        }
    }

    /// Ends when any host is free again after this call.
    pub(super) fn freed(&self) -> Notified<'_> {
        self.freed.notified()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.hosts.busy.lock().remove(&self.place);
        self.hosts.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_at_one_host_follow_each_other_and_others_go_on() {
        let hosts = Arc::new(Hosts::default());
        let start = Instant::now();
        let ask = async |host: &str| {
            let _turn = hosts.enter(&(host.to_owned(), 443)).await;
            sleep(Duration::from_secs(1)).await;
            start.elapsed().as_secs()
        };
        let (a, b, c, other) = tokio::join!(ask("a.example"), ask("a.example"), ask("a.example"), ask("b.example"));
        let mut turns = [a, b, c];
        turns.sort_unstable();
        assert_eq!((turns, other), ([1, 2, 3], 1));
        assert!(hosts.busy.lock().is_empty(), "nothing stays behind");
    }
}
