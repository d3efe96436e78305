//! What `ntoskrnl.exe` is to a driver: processors with IRQL, interrupts, DPCs and threads, waits,
//! physical memory and pool.
//!
//! Every simulated processor is one operating-system thread. Driver code always runs on a
//! coroutine of that processor: a system thread, or the processor's idle thread, on whose stack
//! interrupts and DPCs are served. Interrupts and DPCs preempt a thread where it calls into the
//! host or lets its IRQL fall, as they may on Windows; nothing else runs on the processor
//! meanwhile.

mod callbacks;
mod clock;
mod dpc;
mod event;
mod finding;
mod interrupt;
mod memory;
mod pool;
mod processor;
pub(crate) mod rules;
mod spin;
mod system;
mod thread;
mod timeline;

#[cfg(test)]
mod test_machine;
#[cfg(test)]
mod tests;

pub use crate::verifier::Rule;
pub use clock::Clock;
pub use dpc::{HostDpc, KernelDpc, flush_dpcs};
pub use event::{Event, EventKind, WaitOutcome};
pub use finding::{Finding, require_irql, violation, violation_at, violation_by, warn};
pub use interrupt::Interrupt;
pub use memory::{ContiguousMemory, PAGE_SIZE, PhysicalMemory};
pub use pool::Pool;
pub use processor::{
    Processor, ProcessorCounters, current_thread_id, current_thread_object, on_processor, processor,
};
pub use spin::SpinLock;
pub use system::{GROUP_SIZE, System, Topology, system};
pub use thread::{Thread, run_passive, spawn, yield_now};
pub(crate) use thread::{migrate, new_thread_object, spawn_as};
pub use timeline::{Milestone, Timeline};

#[cfg(test)]
pub(crate) use test_machine::TestMachine;
