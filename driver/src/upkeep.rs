//! What is done at PASSIVE_LEVEL on a system thread: following the link, the processors, the memory, and a device that
//! fails.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use netadapter::context_type;
use netadapter::debug::Level;
use netadapter::debug_print;
use netadapter::device::DeviceHandle;
use netadapter::memory::Shared;
use netadapter::notification::InterfaceListener;
use netadapter::processor;
use netadapter::sync::SpinLock;
use netadapter::work_item::WorkItemRoutine;

use crate::nic::{Nic, State};
use crate::rebalance::Policy;
use crate::spread;
use crate::virtio::Fault;
use crate::virtio::transport::Condition;

/// What [`Upkeep`] has to know.
#[derive(Default)]
pub struct Concerns {
    /// Processors have arrived since it ran last.
    processors_changed: AtomicBool,
    /// Memory has arrived since it ran last, or the queues have changed.
    memory_changed: AtomicBool,
    /// Queues for which memory is to be ready, because there will be so many at the next start; else 0.
    queues_to_come: AtomicUsize,
    /// The rebalance policy in force, once it was read.
    policy: SpinLock<Option<Policy>>,
    /// The framework was asked for a reset, which it can be once.
    reset_requested: AtomicBool,
    turn: Turn,
}

impl Concerns {
    /// Reads the rebalance policy, and says so when it is another than before. IRQL: PASSIVE_LEVEL.
    pub fn follow_policy(&self, device: DeviceHandle) -> Policy {
        let policy = Policy::query(device);
        if self.policy.lock().replace(policy) != Some(policy) {
            debug_print!(Level::Info, "dhpnic: {policy}");
        }
        policy
    }

    /// The rebalance policy as it was last read. IRQL: ≤ DISPATCH_LEVEL.
    pub fn policy(&self) -> Policy {
        self.policy.lock().unwrap_or(Policy::ClassDefault)
    }
}

/// Lets one thread at a time do some work, and do it once more when it was asked for meanwhile. Nobody waits.
#[derive(Default)]
struct Turn(AtomicU32);

impl Turn {
    fn take(&self, work: impl Fn()) {
        if self.0.fetch_add(1, Ordering::AcqRel) > 0 {
            // Whoever is at it sees that the number has changed.
            return;
        }
        let mut asked = 1;
        loop {
            work();
            match self
                .0
                .compare_exchange(asked, 0, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return,
                Err(now) => asked = now,
            }
        }
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
        self.nic.concerns.turn.take(|| self.nic.look_after());
    }
}

/// Is told of processors that have arrived (GUID_DEVICE_PROCESSOR).
pub struct ProcessorArrivals {
    /// Who makes use of them.
    pub nic: Shared<Nic>,
}

impl InterfaceListener for ProcessorArrivals {
    /// Quick, and the same twice as once.
    fn interface_arrived(&self) {
        self.nic
            .concerns
            .processors_changed
            .store(true, Ordering::Release);
        self.nic.health.ask_for_upkeep();
    }
}

/// Is told of memory that has arrived (GUID_DEVICE_MEMORY).
pub struct MemoryArrivals {
    /// Who makes use of it.
    pub nic: Shared<Nic>,
}

impl InterfaceListener for MemoryArrivals {
    /// Quick, and the same twice as once.
    fn interface_arrived(&self) {
        self.nic.memory_has_changed();
    }
}

impl Nic {
    /// Has the pools follow the memory and the queues that there are now. IRQL: ≤ DISPATCH_LEVEL.
    pub(crate) fn memory_has_changed(&self) {
        self.concerns.memory_changed.store(true, Ordering::Release);
        self.health.ask_for_upkeep();
    }

    fn look_after(&self) {
        self.follow_configuration();
        let concerns = &self.concerns;
        if self.health.fault().is_some() && !concerns.reset_requested.swap(true, Ordering::Relaxed)
        {
            self.device.request_reset();
        }
        // A device that takes part in rebalances is planned anew when it is started again.
        if concerns.processors_changed.swap(false, Ordering::Acquire)
            && !concerns.policy().takes_part()
        {
            self.spread_again();
            // The queues that the new processors use now have their full share of buffers.
            concerns.memory_changed.store(true, Ordering::Relaxed);
        }
        self.free_chunks();
        if concerns.memory_changed.swap(false, Ordering::Acquire)
            && let Some(setup) = self.setup()
        {
            let to_come = concerns.queues_to_come.swap(0, Ordering::Relaxed);
            self.follow_memory(&setup, setup.plan.queues.len().max(to_come));
        }
    }

    /// Has everything ready that so many queues will need, and waits for it. IRQL: PASSIVE_LEVEL.
    pub(crate) fn prepare_queues(&self, count: usize) {
        self.concerns.queues_to_come.store(count, Ordering::Relaxed);
        self.memory_has_changed();
        self.health.await_upkeep();
    }

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
            // No queue can be made now, and none goes.
            device_pairs: setup.plan.queues.len() as u16,
            ..setup.limits(self.concerns.policy())
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn work_that_is_asked_for_during_the_work_is_done_once_more_by_the_same_thread() {
        let turn = Turn::default();
        let runs = AtomicUsize::new(0);
        turn.take(|| {
            if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                (0..3).for_each(|_| turn.take(|| panic!("another thread is at it")));
            }
        });
        assert_eq!(runs.load(Ordering::Relaxed), 2);
        turn.take(|| _ = runs.fetch_add(1, Ordering::Relaxed));
        assert_eq!(runs.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn no_two_threads_are_at_it_and_no_wish_is_lost() {
        let turn = Turn::default();
        let (inside, wishes, served) = (
            AtomicUsize::new(0),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        wishes.fetch_add(1, Ordering::Relaxed);
                        turn.take(|| {
                            assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                            served.store(wishes.load(Ordering::Relaxed), Ordering::Relaxed);
                            inside.fetch_sub(1, Ordering::Relaxed);
                        });
                    }
                });
            }
        });
        assert_eq!(served.load(Ordering::Relaxed), 2000);
    }
}
