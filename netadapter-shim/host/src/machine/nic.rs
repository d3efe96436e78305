//! The network function on a deterministic machine: it acts when it is told to.

use crate::executive::Actor;
use netadapter_nic::{Next, VirtioNet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Nothing to do before it is woken.
const WHEN_WOKEN: u64 = u64::MAX;

/// A network function without a thread of its own.
pub(super) struct ConductedNic {
    function: Arc<VirtioNet>,
    due_ns: AtomicU64,
}

impl ConductedNic {
    pub(super) fn new(function: Arc<VirtioNet>) -> Self {
        Self {
            function,
            due_ns: AtomicU64::new(WHEN_WOKEN),
        }
    }
}

impl Actor for ConductedNic {
    fn due_ns(&self, now_ns: u64) -> Option<u64> {
        if self.function.is_woken() {
            return Some(now_ns);
        }
        Some(self.due_ns.load(Ordering::Relaxed)).filter(|&due_ns| due_ns != WHEN_WOKEN)
    }

    fn act(&self, now_ns: u64) {
        let due_ns = match self.function.step_at(Duration::from_nanos(now_ns)) {
            Next::Now => now_ns,
            Next::After(time) => now_ns + time.as_nanos() as u64,
            Next::WhenWoken => WHEN_WOKEN,
        };
        self.due_ns.store(due_ns, Ordering::Relaxed);
    }
}
