//! Assigns resources: addresses for memory ranges, vectors and processors for messages.

use super::resources::{AssignedResources, ResourceRequirements};
use crate::executive::{GROUP_SIZE, System, Topology};
use crate::fault_injection::Fault;
use netadapter_abi::nt::{
    CM_PARTIAL_RESOURCE_DESCRIPTOR, CM_RESOURCE_INTERRUPT_LATCHED, CM_RESOURCE_INTERRUPT_MESSAGE,
    CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN, CM_RESOURCE_INTERRUPT_POLICY_INCLUDED,
    CM_RESOURCE_MEMORY_READ_WRITE, CmResourceTypeInterrupt, CmResourceTypeMemory, GROUP_AFFINITY,
    IO_RESOURCE_ALTERNATIVE, IO_RESOURCE_DESCRIPTOR, IrqPolicySpecifiedProcessors,
    IrqPolicySpreadMessagesAcrossAllProcessors,
};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Where device memory begins: above all memory that a machine can have.
const FIRST_REGISTER_ADDRESS: u64 = 1 << 44;

/// The device IRQL of message interrupts.
const MESSAGE_IRQL: u16 = 8;

/// The first interrupt vector of devices; those below are the processors' own.
const FIRST_VECTOR: u32 = 0x50;

/// Hands out addresses and vectors. Nothing is given twice: a driver that keeps using what it had
/// before a rebalance is found out.
pub(super) struct Arbiter {
    next_address: AtomicU64,
    next_vector: AtomicU32,
}

impl Default for Arbiter {
    fn default() -> Self {
        Self {
            next_address: AtomicU64::new(FIRST_REGISTER_ADDRESS),
            next_vector: AtomicU32::new(FIRST_VECTOR),
        }
    }
}

impl Arbiter {
    /// Assigns the first logical configuration.
    pub fn assign(&self, system: &System, wanted: &ResourceRequirements) -> AssignedResources {
        let mut assigned = AssignedResources::default();
        let Some(configuration) = wanted.configurations.first() else {
            return assigned;
        };
        let granted = granted_messages(system, configuration);
        let mut message = 0;
        for descriptor in configuration {
            if descriptor.Option & IO_RESOURCE_ALTERNATIVE != 0 {
                continue;
            }
            if descriptor.Type == CmResourceTypeMemory {
                let memory = self.memory(descriptor);
                assigned.raw.push(memory);
                assigned.translated.push(memory);
            } else if is_message(descriptor) && message < granted {
                let affinity = affinity(system, descriptor, message);
                let vector = self.next_vector.fetch_add(1, Ordering::Relaxed);
                let (raw, translated) = message_interrupt(descriptor, affinity, vector);
                assigned.raw.push(raw);
                assigned.translated.push(translated);
                message += 1;
            }
        }
        assigned
    }

    fn memory(&self, wanted: &IO_RESOURCE_DESCRIPTOR) -> CM_PARTIAL_RESOURCE_DESCRIPTOR {
        // SAFETY: a memory descriptor uses this part of the union.
        let memory = unsafe { wanted.u.Memory };
        let length = memory.Length;
        let alignment = u64::from(memory.Alignment.max(1)).next_power_of_two();
        let size = u64::from(length).next_multiple_of(alignment);
        // One alignment more than needed keeps neighbours apart.
        let after = self
            .next_address
            .fetch_add(size + 2 * alignment, Ordering::Relaxed);
        let mut descriptor = blank(wanted);
        descriptor.Flags = CM_RESOURCE_MEMORY_READ_WRITE;
        descriptor.u.Memory.Start = after.next_multiple_of(alignment) as i64;
        descriptor.u.Memory.Length = length;
        descriptor
    }
}

fn blank(wanted: &IO_RESOURCE_DESCRIPTOR) -> CM_PARTIAL_RESOURCE_DESCRIPTOR {
    // SAFETY: all-zero bytes are a valid descriptor.
    let mut descriptor: CM_PARTIAL_RESOURCE_DESCRIPTOR = unsafe { std::mem::zeroed() };
    descriptor.Type = wanted.Type;
    descriptor.ShareDisposition = wanted.ShareDisposition;
    descriptor
}

/// How many of the messages asked for there are: all, at least one.
fn granted_messages(system: &System, wanted: &[IO_RESOURCE_DESCRIPTOR]) -> u32 {
    let messages = wanted.iter().filter(|wanted| is_message(wanted)).count() as u32;
    let fewer = (messages > 1).then(|| system.faults().strikes(Fault::FewerMessages));
    match fewer.flatten() {
        Some(struck) => 1 + struck.below(u64::from(messages) - 1) as u32,
        None => messages,
    }
}

fn is_message(descriptor: &IO_RESOURCE_DESCRIPTOR) -> bool {
    // SAFETY: an interrupt descriptor uses this part of the union.
    let interrupt = unsafe { descriptor.u.Interrupt };
    descriptor.Type == CmResourceTypeInterrupt
        && descriptor.Flags & CM_RESOURCE_INTERRUPT_MESSAGE != 0
        && interrupt.MinimumVector == CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN
}

/// The processors that may take a message, by its policy (*Interrupt Affinity*).
fn affinity(system: &System, descriptor: &IO_RESOURCE_DESCRIPTOR, message: u32) -> GROUP_AFFINITY {
    if let Some(struck) = system.faults().strikes(Fault::OtherAffinity) {
        let active = u64::from(system.topology().active_count());
        let number = Topology::number(struck.below(active) as u32);
        return group_affinity(number.Group, 1 << number.Number);
    }
    // SAFETY: an interrupt descriptor uses this part of the union.
    let interrupt = unsafe { descriptor.u.Interrupt };
    let topology = system.topology();
    let included = descriptor.Flags & CM_RESOURCE_INTERRUPT_POLICY_INCLUDED != 0;
    if included && interrupt.AffinityPolicy == IrqPolicySpecifiedProcessors {
        let mask = interrupt.TargetedProcessors & active_mask(topology, interrupt.Group);
        if mask != 0 {
            return group_affinity(interrupt.Group, mask);
        }
    } else if included && interrupt.AffinityPolicy == IrqPolicySpreadMessagesAcrossAllProcessors {
        let number = Topology::number(message % topology.active_count().max(1));
        return group_affinity(number.Group, 1 << number.Number);
    }
    group_affinity(0, active_mask(topology, 0))
}

fn group_affinity(group: u16, mask: usize) -> GROUP_AFFINITY {
    GROUP_AFFINITY {
        Mask: mask,
        Group: group,
        Reserved: [0; 3],
    }
}

fn active_mask(topology: &Topology, group: u16) -> usize {
    let first = u32::from(group) * GROUP_SIZE;
    let members = topology
        .active_count()
        .saturating_sub(first)
        .min(GROUP_SIZE);
    (0..members).fold(0, |mask, number| mask | 1 << number)
}

fn message_interrupt(
    wanted: &IO_RESOURCE_DESCRIPTOR,
    affinity: GROUP_AFFINITY,
    vector: u32,
) -> (
    CM_PARTIAL_RESOURCE_DESCRIPTOR,
    CM_PARTIAL_RESOURCE_DESCRIPTOR,
) {
    let mut raw = blank(wanted);
    raw.Flags = CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE;
    let mut translated = raw;
    raw.u.MessageInterrupt.Raw.Group = affinity.Group;
    raw.u.MessageInterrupt.Raw.MessageCount = 1;
    raw.u.MessageInterrupt.Raw.Vector = vector;
    raw.u.MessageInterrupt.Raw.Affinity = affinity.Mask;
    translated.u.MessageInterrupt.Translated.Level = MESSAGE_IRQL;
    translated.u.MessageInterrupt.Translated.Group = affinity.Group;
    translated.u.MessageInterrupt.Translated.Vector = vector;
    translated.u.MessageInterrupt.Translated.Affinity = affinity.Mask;
    (raw, translated)
}
