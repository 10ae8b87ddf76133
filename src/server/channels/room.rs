//! Memory for what is being published, so that a thousand publishers with a megabyte each can't have a gigabyte.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ChannelError;
use crate::server::access::TokenId;

/// What everything together that is being read or waits to be stored may take.
const TOTAL_KIB: usize = 64 << 10;
/// What one token may have of that, so that it keeps none from another: eight of the longest publications.
const TOKEN_KIB: usize = 8 << 10;
const KIB: usize = 1 << 10;

/// All the room there is.
#[derive(Debug)]
pub(super) struct Rooms {
    total: Arc<Semaphore>,
    /// KiB that the publications of a token have; without those that have none.
    shares: Arc<Mutex<HashMap<TokenId, usize>>>,
}

impl Default for Rooms {
    fn default() -> Self {
        Self { total: Arc::new(Semaphore::new(TOTAL_KIB)), shares: Arc::default() }
    }
}

impl Rooms {
    /// For something that is published with this token, or by the server itself.
    pub(super) fn empty(&self, token: Option<TokenId>) -> Room {
        Room { total: Arc::clone(&self.total), shares: Arc::clone(&self.shares), token, held: None }
    }
}

/// Room for one publication. Given back when it is dropped.
#[derive(Debug)]
pub struct Room {
    total: Arc<Semaphore>,
    shares: Arc<Mutex<HashMap<TokenId, usize>>>,
    token: Option<TokenId>,
    held: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Makes sure that there is room for so many bytes, those included that there was room for before.
    ///
    /// # Errors
    /// [`ChannelError::Busy`]
    pub fn hold(&mut self, bytes: usize) -> Result<(), ChannelError> {
        let more_kib = bytes.div_ceil(KIB).max(1).saturating_sub(self.held_kib());
        let Ok(more) = u32::try_from(more_kib) else { return Err(ChannelError::Busy) };
        let mut shares = self.shares.lock();
        if let Some(token) = self.token {
            let of_token = shares.get(&token).copied().unwrap_or_default();
            if of_token.saturating_add(more_kib) > TOKEN_KIB {
                return Err(ChannelError::Busy);
            }
        }
        let more = Arc::clone(&self.total).try_acquire_many_owned(more).map_err(|_| ChannelError::Busy)?;
        if let Some(token) = self.token {
            *shares.entry(token).or_default() += more_kib;
        }
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }

    fn held_kib(&self) -> usize {
        self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let (Some(token), held) = (self.token, self.held_kib()) else { return };
        let mut shares = self.shares.lock();
        if let Some(of_token) = shares.get_mut(&token) {
            *of_token = of_token.saturating_sub(held);
            if *of_token == 0 {
                shares.remove(&token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_and_comes_back() {
        let rooms = Rooms::default();
        let mut first = rooms.empty(None);
        for bytes in [0, 1, 1 << 20, 1 << 20, (TOTAL_KIB - 1) * KIB] {
            assert_eq!(first.hold(bytes), Ok(()));
        }
        let mut second = rooms.empty(None);
        assert_eq!(second.hold(2 * KIB), Err(ChannelError::Busy));
        assert_eq!(second.hold(KIB), Ok(()));
        assert_eq!(first.hold(TOTAL_KIB * KIB), Err(ChannelError::Busy));
        drop(first);
        assert_eq!(second.hold(TOTAL_KIB * KIB), Ok(()));
        drop(second);
        assert_eq!(rooms.total.available_permits(), TOTAL_KIB);
    }

    #[test]
    fn one_token_keeps_no_room_from_another() {
        let rooms = Rooms::default();
        let token = |n: u8| TokenId::parse(&format!("t0ken00{n}"));
        let mut greedy: Vec<Room> = (0..9).map(|_| rooms.empty(token(1))).collect();
        let held = greedy.iter_mut().filter_map(|room| room.hold(1 << 20).ok()).count();
        assert_eq!(held, 8);
        assert_eq!(greedy[8].hold(1), Err(ChannelError::Busy), "not even a little");
        assert_eq!(rooms.empty(token(2)).hold(1 << 20), Ok(()));
        greedy.truncate(1);
        assert_eq!(rooms.empty(token(1)).hold(7 << 20), Ok(()));
        drop(greedy);
        assert_eq!((rooms.shares.lock().len(), rooms.total.available_permits()), (0, TOTAL_KIB));
    }
}
