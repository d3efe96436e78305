//! Whether the device can be used: what the data path asks without a lock, and tells when it finds something wrong.

use core::sync::atomic::{AtomicBool, Ordering};

use netadapter::debug::Level;
use netadapter::debug_print;
use netadapter::sync::Once;
use netadapter::work_item::WorkItem;

use crate::upkeep::Upkeep;
use crate::virtio::Fault;
use crate::virtio::transport::{Condition, Transport};

/// The state of a device, as far as its queues care.
#[derive(Default)]
pub struct Health {
    fault: Once<Fault>,
    gone: AtomicBool,
    queue_reset: AtomicBool,
    scaling: AtomicBool,
    pausing: AtomicBool,
    upkeep: Once<WorkItem<Upkeep>>,
}

impl Health {
    /// Says who looks after the device from now on.
    pub fn set_upkeep(&self, upkeep: WorkItem<Upkeep>) {
        let _ = self.upkeep.set(upkeep);
    }

    /// Has [`Upkeep`] run soon. IRQL: ≤ DISPATCH_LEVEL.
    pub fn ask_for_upkeep(&self) {
        if let Some(upkeep) = self.upkeep.get() {
            upkeep.enqueue();
        }
    }

    /// Waits until [`Upkeep`] has run as often as it was asked for. IRQL: PASSIVE_LEVEL.
    pub fn await_upkeep(&self) {
        if let Some(upkeep) = self.upkeep.get() {
            upkeep.flush();
        }
    }

    /// The first rule that the device broke.
    pub fn fault(&self) -> Option<Fault> {
        self.fault.get().copied()
    }

    /// Takes note of a rule that the device broke: its queues stop, and the framework is asked to reset it.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL.
    pub fn report(&self, result: core::result::Result<(), Fault>) {
        let Err(fault) = result else { return };
        if self.fault.set(fault).is_ok() {
            debug_print!(
                Level::Error,
                "dhpnic: {fault}; the device is not used any more"
            );
            self.ask_for_upkeep();
        }
    }

    /// Whether the device is there and has broken no rule.
    pub fn is_usable(&self) -> bool {
        self.fault().is_none() && !self.gone.load(Ordering::Relaxed)
    }

    /// The device was removed: from now on nothing is expected of it.
    pub fn set_gone(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// Sees whether the device is still there.
    pub fn look_for_device(&self, transport: &Transport) {
        if transport.condition() == Condition::Gone {
            self.set_gone();
        }
    }

    /// Whether single queues can be reset.
    pub fn has_queue_reset(&self) -> bool {
        self.queue_reset.load(Ordering::Relaxed)
    }

    /// Says whether single queues can be reset.
    pub fn set_queue_reset(&self, available: bool) {
        self.queue_reset.store(available, Ordering::Relaxed);
    }

    /// Whether receive scaling is on.
    pub fn scaling_is_enabled(&self) -> bool {
        self.scaling.load(Ordering::Relaxed)
    }

    /// Says whether receive scaling is on.
    pub fn set_scaling(&self, enabled: bool) {
        self.scaling.store(enabled, Ordering::Relaxed);
    }

    /// Whether the system is pausing the adapter, because the device is about to lose its power: what is handed up now
    /// is dropped.
    pub fn is_pausing(&self) -> bool {
        self.pausing.load(Ordering::Relaxed)
    }

    /// Says whether the system is pausing the adapter.
    pub fn set_pausing(&self, pausing: bool) {
        self.pausing.store(pausing, Ordering::Relaxed);
    }
}
