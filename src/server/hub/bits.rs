//! A small set of positions that one thread fills and another empties.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::MAX_SYMBOLS_PER_READER;

const WORD: usize = 64;
const WORDS: usize = MAX_SYMBOLS_PER_READER.div_ceil(WORD);

/// Positions below [`MAX_SYMBOLS_PER_READER`].
#[derive(Debug, Default)]
pub(super) struct AtomicBits([AtomicU64; WORDS]);

/// The same, taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bits([u64; WORDS]);

impl AtomicBits {
    /// Adds a position. Returns whether it was missing.
    ///
    /// One that is there is only looked at: to write would take the word away from the thread that empties it. So that
    /// this thread still finds what the position stands for, there has to be a fence of sequential consistency between
    /// the writing of it and this.
    pub(super) fn set(&self, position: usize) -> bool {
        let bit = 1 << (position % WORD);
        let Some(word) = self.0.get(position / WORD) else { return false };
        word.load(Ordering::Relaxed) & bit == 0 && word.fetch_or(bit, Ordering::AcqRel) & bit == 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| word.load(Ordering::Acquire) == 0)
    }

    /// Takes everything out. What it stands for is looked at after this.
    pub(super) fn take(&self) -> Bits {
        if self.is_empty() {
            return Bits::default();
        }
        let taken = Bits(std::array::from_fn(|i| self.0.get(i).map_or(0, |word| word.swap(0, Ordering::AcqRel))));
        fence(Ordering::SeqCst);
        taken
    }
}

impl Bits {
    /// Takes the lowest position out.
    pub(super) fn pop(&mut self) -> Option<usize> {
        let (i, word) = self.0.iter_mut().enumerate().find(|(_, word)| **word != 0)?;
        let bit = word.trailing_zeros();
        *word &= *word - 1;
        Some(i * WORD + usize::try_from(bit).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_once_and_in_order() {
        let set = AtomicBits::default();
        for position in [99, 0, 63, 64] {
            assert!(set.set(position));
            assert!(!set.set(position), "{position} is in already");
        }
        assert!(!set.is_empty());
        let mut taken = set.take();
        assert!(set.is_empty());
        let order: Vec<_> = std::iter::from_fn(|| taken.pop()).collect();
        assert_eq!(order, [0, 63, 64, 99]);
    }
}
