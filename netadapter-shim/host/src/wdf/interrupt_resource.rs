//! The interrupt messages among a device's resources.

use crate::pnp::AssignedResources;
use netadapter_abi::nt::{
    CM_PARTIAL_RESOURCE_DESCRIPTOR, CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt_Translated,
    CM_RESOURCE_INTERRUPT_LATCHED, CM_RESOURCE_INTERRUPT_MESSAGE, CmResourceTypeInterrupt,
    KAFFINITY, KIRQL, UCHAR, USHORT,
};

/// One interrupt message, or one interrupt line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InterruptResource {
    /// Place of its descriptor in the lists.
    pub(super) position: usize,
    /// Its number among the device's messages, as the service routine gets it.
    pub(super) message: u32,
    pub(super) message_signaled: bool,
    pub(super) latched: bool,
    pub(super) share_disposition: UCHAR,
    pub(super) vector: u32,
    pub(super) irql: KIRQL,
    pub(super) group: USHORT,
    pub(super) affinity: KAFFINITY,
}

/// The interrupts of a device in the order of their descriptors. A multi-message descriptor gives
/// as many as it has messages.
pub(super) fn assigned_interrupts(resources: &AssignedResources) -> Vec<InterruptResource> {
    let mut interrupts: Vec<InterruptResource> = Vec::new();
    let pairs = resources.raw.iter().zip(&resources.translated);
    for (position, (raw, translated)) in pairs.enumerate() {
        if translated.Type != CmResourceTypeInterrupt {
            continue;
        }
        for offset in 0..message_count(raw) {
            let message = interrupts.len() as u32;
            interrupts.push(interrupt(translated, position, message, offset));
        }
    }
    interrupts
}

fn is_message(descriptor: &CM_PARTIAL_RESOURCE_DESCRIPTOR) -> bool {
    let flags = descriptor.Flags;
    flags & CM_RESOURCE_INTERRUPT_MESSAGE != 0
}

fn message_count(raw: &CM_PARTIAL_RESOURCE_DESCRIPTOR) -> u32 {
    if !is_message(raw) {
        return 1;
    }
    // SAFETY: a descriptor with this flag holds a message.
    let message = unsafe { raw.u.MessageInterrupt };
    // SAFETY: all views of a message are plain integers of the same bytes.
    let message = unsafe { message.Raw };
    u32::from(message.MessageCount).max(1)
}

fn interrupt(
    translated: &CM_PARTIAL_RESOURCE_DESCRIPTOR,
    position: usize,
    message: u32,
    offset: u32,
) -> InterruptResource {
    let values = interrupt_values(translated);
    let flags = translated.Flags;
    InterruptResource {
        position,
        message,
        message_signaled: is_message(translated),
        latched: flags & CM_RESOURCE_INTERRUPT_LATCHED != 0,
        share_disposition: translated.ShareDisposition,
        vector: values.Vector + offset,
        irql: values.Level as KIRQL,
        group: values.Group,
        affinity: values.Affinity,
    }
}

/// What an interrupt descriptor holds. Interrupts by message and by line have it in the same
/// places; of a raw message, level and group have another meaning.
pub(super) fn interrupt_values(
    descriptor: &CM_PARTIAL_RESOURCE_DESCRIPTOR,
) -> CM_PARTIAL_RESOURCE_DESCRIPTOR_u_MessageInterrupt_Translated {
    // SAFETY: the views of an interrupt descriptor are plain integers of the same bytes.
    let message = unsafe { descriptor.u.MessageInterrupt };
    // SAFETY: as above.
    unsafe { message.Translated }
}
