//! Memory for what is being published, so that a thousand publishers with a megabyte each can't have a gigabyte.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ChannelError;

/// What everything together that is being read or waits to be stored may take.
const TOTAL_KIB: usize = 64 << 10;
const KIB: usize = 1 << 10;

/// All the room there is.
#[derive(Debug)]
pub(super) struct Rooms(Arc<Semaphore>);

impl Default for Rooms {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(TOTAL_KIB)))
    }
}

impl Rooms {
    pub(super) fn empty(&self) -> Room {
        Room { total: Arc::clone(&self.0), held: None }
    }
}

/// Room for one publication. Given back when it is dropped.
#[derive(Debug)]
pub struct Room {
    total: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Makes sure that there is room for so many bytes, those included that there was room for before.
    ///
    /// # Errors
    /// [`ChannelError::Busy`]
    pub fn hold(&mut self, bytes: usize) -> Result<(), ChannelError> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.div_ceil(KIB).max(1).saturating_sub(held);
        let Ok(more) = u32::try_from(more) else { return Err(ChannelError::Busy) };
        let more = Arc::clone(&self.total).try_acquire_many_owned(more).map_err(|_| ChannelError::Busy)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_and_comes_back() {
        let rooms = Rooms::default();
        let mut first = rooms.empty();
        for bytes in [0, 1, 1 << 20, 1 << 20, (TOTAL_KIB - 1) * KIB] {
            assert_eq!(first.hold(bytes), Ok(()));
        }
        let mut second = rooms.empty();
        assert_eq!(second.hold(2 * KIB), Err(ChannelError::Busy));
        assert_eq!(second.hold(KIB), Ok(()));
        assert_eq!(first.hold(TOTAL_KIB * KIB), Err(ChannelError::Busy));
        drop(first);
        assert_eq!(second.hold(TOTAL_KIB * KIB), Ok(()));
        drop(second);
        assert_eq!(rooms.0.available_permits(), TOTAL_KIB);
    }
}
