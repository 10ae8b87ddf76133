//! How much memory the created channels take together, and which of them give theirs up.

use std::{collections::HashMap, sync::Arc};

use super::Channel;

/// What all created channels may keep in memory, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// Who holds how much. Of use to one task.
#[derive(Debug)]
pub(super) struct Memory {
    /// By the number of the channel.
    held: HashMap<u64, Held>,
    bytes: usize,
    most: usize,
    /// Grows with every publication.
    turn: u64,
}

#[derive(Debug)]
struct Held {
    channel: Arc<Channel>,
    bytes: usize,
    /// When it was last published to.
    turn: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self::of(MAX_BYTES)
    }
}

impl Memory {
    fn of(most: usize) -> Self {
        Self { held: HashMap::new(), bytes: 0, most, turn: 0 }
    }

    /// Something was published. Where all of it is too much, the channels that were published to longest ago give up
    /// what they hold, until it is half.
    pub(super) fn note(&mut self, channel: &Arc<Channel>) {
        self.turn += 1;
        let bytes = channel.log.memory();
        let held = Held { channel: Arc::clone(channel), bytes, turn: self.turn };
        let before = self.held.insert(channel.number, held).map_or(0, |before| before.bytes);
        self.bytes = self.bytes + bytes - before;
        if self.bytes > self.most {
            self.give_up();
        }
    }

    /// The channel is no more.
    pub(super) fn forget(&mut self, channel: &Channel) {
        if let Some(held) = self.held.remove(&channel.number) {
            self.bytes -= held.bytes;
        }
    }

    fn give_up(&mut self) {
        let mut oldest: Vec<(u64, u64)> = self.held.iter().map(|(number, held)| (held.turn, *number)).collect();
        oldest.sort_unstable();
        for (_, number) in oldest {
            // The newest stays: its readers are about to take it.
            if self.bytes <= self.most / 2 || self.held.len() == 1 {
                break;
            }
            if let Some(held) = self.held.remove(&number) {
                held.channel.log.give_up_memory();
                self.bytes -= held.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests;
