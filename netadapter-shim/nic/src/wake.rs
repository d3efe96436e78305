//! Waking the device thread.

use crate::sync::lock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

/// Lets the device thread sleep until there may be work.
///
/// `requested` is set before `sleeping` is looked at, and the sleeper sets `sleeping` before it
/// looks at `requested`; both sequentially consistent, so one of the two sees the other.
#[derive(Default)]
pub(crate) struct Wakeup {
    requested: AtomicBool,
    sleeping: AtomicBool,
    sleeper: Mutex<Option<Thread>>,
}

impl Wakeup {
    pub fn wake(&self) {
        self.requested.store(true, Ordering::SeqCst);
        if self.sleeping.load(Ordering::SeqCst)
            && let Some(thread) = &*lock(&self.sleeper)
        {
            thread.unpark();
        }
    }

    /// Whether it was woken since last time.
    pub fn take_request(&self) -> bool {
        self.requested.swap(false, Ordering::SeqCst)
    }

    /// Whether it was woken since last time, which stays so.
    pub fn is_requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    /// The calling thread is the one that sleeps from now on.
    pub fn adopt_current_thread(&self) {
        *lock(&self.sleeper) = Some(thread::current());
    }

    /// Sleeps until woken or until the time is over; returns at once if woken since last time.
    pub fn sleep(&self, timeout: Option<Duration>) {
        self.sleeping.store(true, Ordering::SeqCst);
        if !self.requested.swap(false, Ordering::SeqCst) {
            match timeout {
                Some(timeout) => thread::park_timeout(timeout),
                None => thread::park(),
            }
        }
        self.sleeping.store(false, Ordering::SeqCst);
    }
}

/// Wakes the device that a wire is plugged into.
#[derive(Clone)]
pub struct Waker(Weak<Wakeup>);

impl Waker {
    pub(crate) fn new(wakeup: &Arc<Wakeup>) -> Self {
        Self(Arc::downgrade(wakeup))
    }

    /// The wire may have a frame again.
    pub fn wake(&self) {
        if let Some(wakeup) = self.0.upgrade() {
            wakeup.wake();
        }
    }
}

/// The queues whose doorbell rang, one bit each.
pub(crate) struct Doorbells(Vec<AtomicU64>);

impl Doorbells {
    pub fn new(queues: u16) -> Self {
        let words = usize::from(queues).div_ceil(64);
        Self((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    pub fn ring(&self, queue: u16) {
        self.0[usize::from(queue / 64)].fetch_or(1 << (queue % 64), Ordering::Release);
    }

    /// Calls `rung` for each queue whose doorbell rang since last time.
    pub fn take(&self, mut rung: impl FnMut(u16)) {
        for (position, word) in self.0.iter().enumerate() {
            if word.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let mut bits = word.swap(0, Ordering::Acquire);
            while bits != 0 {
                rung((position * 64) as u16 + bits.trailing_zeros() as u16);
                bits &= bits - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_before_the_sleep_is_not_lost() {
        let wakeup = Wakeup::default();
        wakeup.wake();
        wakeup.sleep(None);
    }

    #[test]
    fn a_wake_during_the_sleep_ends_it() {
        let wakeup = Arc::new(Wakeup::default());
        let waker = Waker::new(&wakeup);
        let sleeper = thread::spawn(move || {
            wakeup.adopt_current_thread();
            wakeup.sleep(None);
        });
        // Whenever this comes, before or during the sleep, the thread ends.
        waker.wake();
        sleeper.join().unwrap();
    }

    #[test]
    fn each_doorbell_is_taken_once() {
        let doorbells = Doorbells::new(130);
        for queue in [0, 63, 64, 129, 64] {
            doorbells.ring(queue);
        }
        let mut rung = Vec::new();
        doorbells.take(|queue| rung.push(queue));
        assert_eq!(rung, [0, 63, 64, 129]);
        doorbells.take(|queue| panic!("doorbell {queue} rang twice"));
    }
}
