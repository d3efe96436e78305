//! What a machine shows of itself at one moment.

use super::run::Machine;
use std::sync::atomic::Ordering;

/// One processor at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessorSnapshot {
    /// System-wide index.
    pub index: u32,
    /// Processor group.
    pub group: u16,
    /// Number within the group.
    pub number: u8,
    /// Packets delivered to the protocols on this processor.
    pub packets: u64,
    /// DPCs run.
    pub dpcs: u64,
    /// Interrupts taken.
    pub interrupts: u64,
    /// Processor time used, in nanoseconds.
    pub busy_ns: u64,
}

/// Counters of a machine at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Nanoseconds since the machine was built.
    pub at_ns: u64,
    /// The active processors, by index.
    pub processors: Vec<ProcessorSnapshot>,
    /// Receive queues that the adapter has.
    pub receive_queues: u32,
    /// Entries of the indirection table in use.
    pub indirection_entries: u32,
    /// Packets delivered to the protocols.
    pub packets: u64,
}

impl Snapshot {
    pub(super) fn take(machine: &Machine) -> Self {
        let system = machine.system();
        let edge = machine.upper_edge().map(|edge| edge.snapshot());
        let packets_of = |index: u32| {
            edge.as_ref()
                .and_then(|edge| edge.packets.get(index as usize).copied())
                .unwrap_or(0)
        };
        let processors: Vec<_> = system
            .topology()
            .active()
            .map(|processor| ProcessorSnapshot {
                index: processor.index(),
                group: processor.number().Group,
                number: processor.number().Number,
                packets: packets_of(processor.index()),
                dpcs: processor.counters().dpcs.load(Ordering::Relaxed),
                interrupts: processor.counters().interrupts.load(Ordering::Relaxed),
                busy_ns: processor.busy_ns(),
            })
            .collect();
        Self {
            at_ns: system.clock().now_ns(),
            packets: processors.iter().map(|processor| processor.packets).sum(),
            receive_queues: edge.as_ref().map_or(0, |edge| edge.receive_queues),
            indirection_entries: edge.as_ref().map_or(0, |edge| edge.indirection_entries),
            processors,
        }
    }
}
