//! Waking the polling of a queue.

use core::sync::atomic::{AtomicBool, Ordering};

use netadapter_abi::net::NETPACKETQUEUE;

use crate::sync::SpinLock;

/// Wakes the polling of a queue.
///
/// The driver keeps it beside its interrupt, longer than the queue lives. Between `EvtPacketQueueStart` and
/// `EvtPacketQueueStop` it is tied to the queue; otherwise, and while the framework polls anyway, it does nothing.
///
/// A wake leaves the wish to be woken as it is. The framework looks once more after it has asked for notification, and
/// may take a wake in between for the reason of that look: it then rests without asking again. It does ask again once an
/// `EvtPacketQueueAdvance` has found work, which is when the driver may call [`Self::busy`].
pub struct Notifier {
    queue: SpinLock<Option<Target>>,
    wanted: AtomicBool,
}

/// A queue that is started, and the function that wakes it.
pub(super) struct Target {
    pub queue: NETPACKETQUEUE,
    pub notify: unsafe fn(NETPACKETQUEUE),
}

// SAFETY: WDF handles may be used on any thread.
unsafe impl Send for Target {}

impl Notifier {
    /// Tied to no queue.
    pub const fn new() -> Self {
        Self {
            queue: SpinLock::new(None),
            wanted: AtomicBool::new(false),
        }
    }

    /// Wakes the queue's polling if the framework wants that; tells whether it did.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL.
    pub fn wake(&self) -> bool {
        if !self.wanted.load(Ordering::Acquire) {
            return false;
        }
        // The lock is held over the call, so that EvtPacketQueueStop cannot return in between.
        let queue = self.queue.lock();
        if let Some(target) = &*queue {
            // SAFETY: the target is there between EvtPacketQueueStart and EvtPacketQueueStop, when waking is allowed.
            unsafe { (target.notify)(target.queue) };
        }
        queue.is_some()
    }

    /// `EvtPacketQueueAdvance` has moved packets, so the framework goes on polling, and asks for notification again
    /// before it rests: until then it need not be woken. IRQL: any.
    pub fn busy(&self) {
        self.wanted.store(false, Ordering::Release);
    }

    pub(super) fn tie(&self, target: Target) {
        *self.queue.lock() = Some(target);
        self.wanted.store(true, Ordering::Release);
    }

    /// Whether the framework wants to be woken.
    pub(super) fn want(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::Release);
    }

    pub(super) fn untie(&self) {
        self.wanted.store(false, Ordering::Release);
        *self.queue.lock() = None;
    }
}

impl Default for Notifier {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ptr::null_mut;
    use core::sync::atomic::AtomicU32;

    static WOKEN: AtomicU32 = AtomicU32::new(0);

    unsafe fn count(_: NETPACKETQUEUE) {
        WOKEN.fetch_add(1, Ordering::Relaxed);
    }

    #[test]
    fn a_queue_is_woken_while_it_wants_it_and_until_it_is_busy() {
        let notifier = Notifier::new();
        assert!(!notifier.wake(), "tied to no queue");
        notifier.tie(Target {
            queue: null_mut(),
            notify: count,
        });
        assert!(notifier.wake());
        assert!(notifier.wake(), "the first wake may have been for nothing");
        notifier.busy();
        assert!(!notifier.wake(), "polling");
        notifier.want(true);
        assert!(notifier.wake());
        notifier.untie();
        assert!(!notifier.wake(), "stopped");
        assert_eq!(WOKEN.load(Ordering::Relaxed), 3);
    }
}
