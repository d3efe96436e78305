//! What `ntoskrnl.exe` is to a driver: processors with IRQL, interrupts, DPCs and threads, waits,
//! physical memory and pool.
//!
//! Driver code always runs on a coroutine: a system thread, or the processor's idle thread, on
//! whose stack interrupts and DPCs are served. Interrupts and DPCs preempt a thread where it calls
//! into the host or lets its IRQL fall, as they may on Windows; nothing else runs on the processor
//! meanwhile.
//!
//! A machine runs in one of two ways. *Free-running*: every simulated processor is an
//! operating-system thread. *Deterministic*: one operating-system thread plays all processors, and
//! a seed decides who goes on at every point at which a processor can be interrupted
//! ([`Conductor`]).

mod callbacks;
mod clock;
mod conductor;
mod dpc;
mod event;
mod finding;
mod gate;
mod interrupt;
mod memory;
mod player;
mod playing;
mod pool;
mod processor;
pub(crate) mod rules;
mod spin;
mod system;
mod thread;
mod timeline;
mod trace;
mod wait_lock;

#[cfg(test)]
mod determinism_tests;
#[cfg(test)]
mod test_machine;
#[cfg(test)]
mod tests;

pub use crate::verifier::Rule;
pub use clock::Clock;
pub use conductor::{Actor, Conductor};
pub use dpc::{HostDpc, KernelDpc, flush_dpcs};
pub use event::{Event, EventKind, WaitOutcome};
pub use finding::{Finding, require_irql, violation, violation_at, violation_by, warn};
pub use gate::gate;
pub use interrupt::Interrupt;
pub use memory::{
    ContiguousMemory, InUse, MemoryCondition, MemoryConditions, MemoryError, PAGE_SIZE,
    PhysicalMemory, Purpose, tag_name,
};
pub use playing::{current_thread_id, current_thread_object, on_processor, processor};
pub use pool::Pool;
pub use processor::{Processor, ProcessorCounters};
pub use spin::{SpinLock, stall};
pub use system::{DriverCode, GROUP_SIZE, System, Topology, system};
pub use thread::{Thread, run_passive, spawn, yield_now, yield_to_others};
pub(crate) use thread::{
    apcs_disabled, disable_apcs, enable_apcs, exit_thread, migrate, new_thread_object, spawn_as,
};
pub use timeline::{Milestone, Timeline};
pub use trace::{Trace, TraceEvent, traced};
pub(crate) use wait_lock::{WaitGuard, WaitLock};

#[cfg(test)]
pub(crate) use test_machine::TestMachine;
