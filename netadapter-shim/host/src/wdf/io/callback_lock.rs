//! The lock that serialises callbacks of a device or queue (*Using Automatic Synchronization*).

use super::rules;
use crate::executive::{
    Event, EventKind, SpinLock, current_thread_id, processor, system, violation,
};
use netadapter_abi::nt::{DISPATCH_LEVEL, KIRQL};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// Which callbacks exclude each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wdf) enum Scope {
    /// Those of the device, its queues, and what is below them.
    Device,
    /// Those of one queue.
    Queue,
    /// None.
    None,
}

/// A callback lock: a spin lock, or, where callbacks come at PASSIVE_LEVEL, one to wait for.
pub(in crate::wdf) struct CallbackLock {
    passive: bool,
    spin: SpinLock,
    /// IRQL before the spin lock was taken; written by the holder.
    irql_before: AtomicU8,
    /// Signalled while nobody holds the waiting lock.
    free: Event,
    /// The thread that holds the lock; 0 if none does.
    owner: AtomicUsize,
}

impl CallbackLock {
    pub(in crate::wdf) fn new(passive: bool) -> Self {
        Self {
            passive,
            spin: SpinLock::default(),
            irql_before: AtomicU8::new(0),
            free: Event::new(EventKind::Synchronization, true),
            owner: AtomicUsize::new(0),
        }
    }

    pub(in crate::wdf) fn is_passive(&self) -> bool {
        self.passive
    }

    /// Whether the calling thread holds the lock.
    pub(in crate::wdf) fn is_owned(&self) -> bool {
        self.owner.load(Ordering::Acquire) == current_thread_id()
    }

    pub(in crate::wdf) fn acquire(&self) {
        if self.is_owned() {
            violation(
                &rules::WDF_OBJECT_LOCK_RECURSION,
                "the thread holds the callback lock already".to_owned(),
            );
        }
        if self.passive {
            self.free.wait();
        } else {
            let before: KIRQL = processor().raise_irql(DISPATCH_LEVEL);
            self.spin.acquire(system(), processor().index());
            self.irql_before.store(before, Ordering::Relaxed);
        }
        self.owner.store(current_thread_id(), Ordering::Release);
    }

    pub(in crate::wdf) fn release(&self) {
        if !self.is_owned() {
            violation(
                &rules::WDF_OBJECT_LOCK_NOT_HELD,
                "the thread does not hold the callback lock".to_owned(),
            );
        }
        self.owner.store(0, Ordering::Release);
        if self.passive {
            self.free.set();
        } else {
            let before = self.irql_before.load(Ordering::Relaxed);
            let held = self.spin.release(processor().index());
            debug_assert!(held, "the owner holds the spin lock");
            processor().lower_irql(before);
        }
    }

    /// Runs `callback` under the lock, if there is one.
    pub(in crate::wdf) fn around<T>(lock: Option<&Self>, callback: impl FnOnce() -> T) -> T {
        let Some(lock) = lock else {
            return callback();
        };
        lock.acquire();
        let result = callback();
        lock.release();
        result
    }
}
