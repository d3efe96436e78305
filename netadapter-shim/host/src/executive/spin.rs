//! The spinning that kernel spin locks and interrupt locks share.

use super::system::System;
use super::thread::halt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rounds of spinning before the core is offered to whoever holds the lock.
const SPINS_BEFORE_YIELD: u32 = 64;

/// A lock word: 0 when free, else the holder's mark.
#[derive(Default)]
#[repr(transparent)]
pub struct SpinLock(AtomicUsize);

impl SpinLock {
    /// Takes the lock for the processor with index `processor`, spinning as long as it is held.
    ///
    /// IRQL: DISPATCH_LEVEL or above, so that the holder is never preempted by the caller.
    pub fn acquire(&self, system: &System, processor: u32) {
        let mark = processor as usize + 1;
        let mut spins = 0;
        while self
            .0
            .compare_exchange_weak(0, mark, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            spins += 1;
            if spins < SPINS_BEFORE_YIELD {
                std::hint::spin_loop();
            } else if system.is_stopped() {
                halt();
            } else {
                std::thread::yield_now();
            }
        }
    }

    /// Frees the lock; whether the processor held it.
    pub fn release(&self, processor: u32) -> bool {
        let mark = processor as usize + 1;
        self.0
            .compare_exchange(mark, 0, Ordering::Release, Ordering::Relaxed)
            .is_ok()
    }

    /// The processor that holds the lock.
    pub fn holder(&self) -> Option<u32> {
        self.0
            .load(Ordering::Relaxed)
            .checked_sub(1)
            .map(|index| index as u32)
    }
}
