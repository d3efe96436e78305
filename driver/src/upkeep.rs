//! What is done at PASSIVE_LEVEL on a system thread: following the link, the processors, and a device that fails.

use core::sync::atomic::{AtomicBool, Ordering};

use netadapter::context_type;
use netadapter::memory::Shared;
use netadapter::notification::InterfaceListener;
use netadapter::processor;
use netadapter::work_item::WorkItemRoutine;

use crate::nic::{Nic, State};
use crate::spread;
use crate::virtio::Fault;
use crate::virtio::transport::Condition;

/// What [`Upkeep`] has to know.
#[derive(Default)]
pub struct Concerns {
    /// Processors have arrived since it ran last.
    processors_changed: AtomicBool,
    /// A rebalance follows the arrival of a processor.
    takes_part_in_rebalance: AtomicBool,
    /// The framework was asked for a reset, which it can be once.
    reset_requested: AtomicBool,
}

impl Concerns {
    /// Says whether a rebalance follows the arrival of a processor.
    pub fn set_takes_part_in_rebalance(&self, takes_part: bool) {
        self.takes_part_in_rebalance
            .store(takes_part, Ordering::Relaxed);
    }
}

/// Work that can wait, and needs PASSIVE_LEVEL. Each part finds out for itself whether there is something to do.
pub struct Upkeep {
    /// What the work is about.
    pub nic: Shared<Nic>,
}
context_type!(Upkeep);

impl WorkItemRoutine for Upkeep {
    fn run(&self) {
        let nic = &self.nic;
        nic.follow_configuration();
        if nic.health.fault().is_some()
            && !nic.concerns.reset_requested.swap(true, Ordering::Relaxed)
        {
            nic.device.request_reset();
        }
        // A device that takes part in rebalances is planned anew when it is started again.
        if nic
            .concerns
            .processors_changed
            .swap(false, Ordering::Acquire)
            && !nic.concerns.takes_part_in_rebalance.load(Ordering::Relaxed)
        {
            nic.spread_again();
        }
    }
}

impl InterfaceListener for Nic {
    /// A processor's device has started (GUID_DEVICE_PROCESSOR). Quick, and the same twice as once.
    fn interface_arrived(&self) {
        self.concerns
            .processors_changed
            .store(true, Ordering::Release);
        self.health.ask_for_upkeep();
    }
}

impl Nic {
    /// Tells the framework the state of the link, and looks after the device. IRQL: PASSIVE_LEVEL.
    pub(crate) fn follow_configuration(&self) {
        let State::Working(setup) = self.state.lock().clone() else {
            return;
        };
        if setup.transport.condition() == Condition::NeedsReset {
            self.health.report(Err(Fault::NeedsReset));
        }
        let link = setup.transport.link(setup.features);
        if let Ok(adapter) = self.adapter() {
            adapter.set_link(link.up.then_some(link.bits_per_second));
        }
    }

    /// New processors have come and no rebalance follows: the queues at hand are spread over the processors as far as
    /// their messages allow.
    fn spread_again(&self) {
        let Some(setup) = self.setup() else { return };
        let limits = spread::Limits {
            queue_messages: setup.plan.queues.len() as u16,
            ..setup.limits()
        };
        let plan = spread::plan(
            processor::active(),
            &setup.keywords.scaling,
            &limits,
            &self.targets(),
        );
        for (queue, path) in plan.queues.iter().zip(&self.paths) {
            if let Some(path) = path.get() {
                path.interrupt().retarget(queue.processor);
            }
        }
    }
}
