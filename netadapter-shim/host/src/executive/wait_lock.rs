//! A lock that system threads wait for, so that it can be held over callbacks of the driver.

use super::event::{Event, EventKind};

/// Orders slow operations. Not recursive.
pub(crate) struct WaitLock(Event);

/// Releases the lock when dropped.
pub(crate) struct WaitGuard<'a>(&'a Event);

impl WaitLock {
    pub(crate) fn new() -> Self {
        Self(Event::new(EventKind::Synchronization, true))
    }

    /// Takes the lock.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(crate) fn acquire(&self) -> WaitGuard<'_> {
        self.0.wait();
        WaitGuard(&self.0)
    }
}

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        self.0.set();
    }
}
