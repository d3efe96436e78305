//! Busy waiting: spin locks, and stalls.

use super::conductor::Awaited;
use super::playing::processor;
use super::system::{System, system};
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
    pub fn acquire(&self, system: &System, index: u32) {
        if system.is_conducted() {
            return self.acquire_conducted(index);
        }
        let mut spins = 0;
        while !self.try_acquire(index) {
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

    fn acquire_conducted(&self, index: u32) {
        let processor = processor();
        processor.preemption_point();
        while !self.try_acquire(index) {
            if let (Some(conductor), Some(holder)) = (processor.conductor(), self.holder()) {
                conductor.spin(Awaited::SpinLock { holder });
            }
            // A processor that spins takes interrupts like any other.
            processor.serve_due();
        }
    }

    fn try_acquire(&self, index: u32) -> bool {
        let mark = index as usize + 1;
        self.0
            .compare_exchange(0, mark, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
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

/// Keeps the processor busy for `span_ns`.
///
/// IRQL: any, on a processor.
pub fn stall(span_ns: u64) {
    if let Some(conductor) = system().conductor() {
        return conductor.stall(span_ns);
    }
    let clock = system().clock();
    let end_ns = clock.now_ns() + span_ns;
    while clock.now_ns() < end_ns {
        std::thread::yield_now();
    }
}
