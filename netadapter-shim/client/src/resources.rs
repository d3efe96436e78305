//! Hardware resources: what a device is given, and what it asks for.

use core::marker::PhantomData;

use netadapter_abi::nt::{
    CM_PARTIAL_RESOURCE_DESCRIPTOR, CM_RESOURCE_INTERRUPT_LATCHED, CM_RESOURCE_INTERRUPT_MESSAGE,
    CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN, CM_RESOURCE_INTERRUPT_POLICY_INCLUDED,
    CM_RESOURCE_MEMORY_LARGE_40, CM_RESOURCE_MEMORY_LARGE_48, CM_RESOURCE_MEMORY_LARGE_64,
    CmResourceTypeInterrupt, CmResourceTypeMemory, CmResourceTypeMemoryLarge,
    IO_RESOURCE_DESCRIPTOR, IrqPolicySpecifiedProcessors, IrqPriorityNormal,
};
use netadapter_abi::wdf::{WDFCMRESLIST, WDFIORESLIST, WDFIORESREQLIST};
use netadapter_abi::wdf_call;

use crate::mmio::PhysicalBlock;
use crate::processor::ProcessorNumber;
use crate::{Result, Status};

/// `CmResourceShareDeviceExclusive`: a message belongs to one device.
const SHARE_DEVICE_EXCLUSIVE: u8 = 1;

/// The resources of a device, during `EvtDevicePrepareHardware`.
///
/// # Invariants
///
/// Both lists are valid for `'a`, have the same length and the same order.
pub struct Resources<'a> {
    raw: WDFCMRESLIST,
    translated: WDFCMRESLIST,
    during: PhantomData<&'a ()>,
}

/// One resource.
pub enum Resource<'a> {
    /// Device memory.
    Memory(MemoryResource),
    /// A message-signalled interrupt.
    Message(MessageResource<'a>),
    /// Something else.
    Other,
}

/// Device memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryResource {
    /// Where the bus sees it: the address in the base address register.
    pub bus_address: u64,
    /// Where the processor sees it.
    pub block: PhysicalBlock,
}

/// A message-signalled interrupt, during `EvtDevicePrepareHardware`.
pub struct MessageResource<'a> {
    pub(crate) raw: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
    pub(crate) translated: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
    during: PhantomData<&'a ()>,
}

impl<'a> Resources<'a> {
    /// # Safety
    ///
    /// The lists are those of a running `EvtDevicePrepareHardware`.
    pub(crate) unsafe fn new(raw: WDFCMRESLIST, translated: WDFCMRESLIST) -> Self {
        Self {
            raw,
            translated,
            during: PhantomData,
        }
    }

    /// All resources, in their order. IRQL: PASSIVE_LEVEL.
    pub fn iter(&self) -> impl Iterator<Item = Resource<'a>> + '_ {
        // SAFETY: the list is valid by the invariant.
        let count = unsafe { wdf_call!(WdfCmResourceListGetCount, self.translated) };
        (0..count).filter_map(|position| {
            // SAFETY: as before; a position beyond the end gives NULL.
            let raw = unsafe { wdf_call!(WdfCmResourceListGetDescriptor, self.raw, position) };
            // SAFETY: as before.
            let translated =
                unsafe { wdf_call!(WdfCmResourceListGetDescriptor, self.translated, position) };
            if raw.is_null() || translated.is_null() {
                return None;
            }
            // SAFETY: descriptors are valid and unchanged as long as the list.
            Some(unsafe { resource(raw, translated) })
        })
    }
}

/// # Safety
///
/// Both point to the descriptors of one resource, valid for `'a`.
unsafe fn resource<'a>(
    raw: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
    translated: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
) -> Resource<'a> {
    // SAFETY: as the caller promises; descriptors are packed, so a copy is taken.
    let (bus, physical) = (unsafe { raw.read_unaligned() }, unsafe {
        translated.read_unaligned()
    });
    if physical.Type == CmResourceTypeInterrupt
        && physical.Flags & CM_RESOURCE_INTERRUPT_MESSAGE != 0
    {
        return Resource::Message(MessageResource {
            raw,
            translated,
            during: PhantomData,
        });
    }
    match (memory(&bus), memory(&physical)) {
        (Some((bus_address, _)), Some((start, length))) => Resource::Memory(MemoryResource {
            bus_address,
            block: PhysicalBlock::of_resource(start, length),
        }),
        _ => Resource::Other,
    }
}

/// Start and length of a memory descriptor.
fn memory(descriptor: &CM_PARTIAL_RESOURCE_DESCRIPTOR) -> Option<(u64, u64)> {
    // Lengths of large memory are given in units of 2^8, 2^16 or 2^32 bytes (*CM_PARTIAL_RESOURCE_DESCRIPTOR*).
    let shift = match descriptor.Type {
        CmResourceTypeMemory => 0,
        CmResourceTypeMemoryLarge if descriptor.Flags & CM_RESOURCE_MEMORY_LARGE_40 != 0 => 8,
        CmResourceTypeMemoryLarge if descriptor.Flags & CM_RESOURCE_MEMORY_LARGE_48 != 0 => 16,
        CmResourceTypeMemoryLarge if descriptor.Flags & CM_RESOURCE_MEMORY_LARGE_64 != 0 => 32,
        _ => return None,
    };
    // SAFETY: for the types above `Memory`, or a member of the same layout, is the one that was written.
    let memory = unsafe { descriptor.u.Memory };
    let (start, length) = (memory.Start, memory.Length);
    Some((start as u64, u64::from(length) << shift))
}

/// What a device asks for, during `EvtDeviceFilterAddResourceRequirements`.
///
/// # Invariants
///
/// The list is valid for `'a`, and nobody else changes it.
pub struct RequirementsList<'a> {
    list: WDFIORESREQLIST,
    during: PhantomData<&'a mut ()>,
}

/// One of several sets of resources with which the device can work: a logical configuration.
pub struct Configuration<'a> {
    list: WDFIORESLIST,
    during: PhantomData<&'a mut ()>,
}

/// A descriptor that asks for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRequirement {
    /// Its place in the configuration.
    pub position: u32,
    /// Messages that it asks for: 1 for each MSI-X message, more for MSI.
    pub count: u32,
    /// Whether the bus has set an affinity policy, which an administrator may have chosen.
    pub has_policy: bool,
}

impl RequirementsList<'_> {
    /// # Safety
    ///
    /// The list is that of a running `EvtDeviceFilterAddResourceRequirements`.
    pub(crate) unsafe fn new(list: WDFIORESREQLIST) -> Self {
        Self {
            list,
            during: PhantomData,
        }
    }

    /// Calls `change` with each configuration, most preferred first. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// The first error of `change`.
    pub fn for_each(
        &mut self,
        mut change: impl FnMut(&mut Configuration<'_>) -> Result<()>,
    ) -> Result<()> {
        // SAFETY: the list is valid by the invariant.
        let count = unsafe { wdf_call!(WdfIoResourceRequirementsListGetCount, self.list) };
        for position in 0..count {
            // SAFETY: as before; a position beyond the end gives NULL.
            let list = unsafe {
                wdf_call!(
                    WdfIoResourceRequirementsListGetIoResList,
                    self.list,
                    position
                )
            };
            if !list.is_null() {
                change(&mut Configuration {
                    list,
                    during: PhantomData,
                })?;
            }
        }
        Ok(())
    }
}

impl Configuration<'_> {
    /// The descriptors that ask for messages, in order.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = MessageRequirement> + '_ {
        // SAFETY: the list is valid as long as the one that it is part of.
        let count = unsafe { wdf_call!(WdfIoResourceListGetCount, self.list) };
        (0..count).filter_map(|position| {
            let descriptor = self.descriptor(position)?;
            let asks = descriptor.Type == CmResourceTypeInterrupt
                && descriptor.Flags & CM_RESOURCE_INTERRUPT_MESSAGE != 0;
            // SAFETY: `Interrupt` is the member that descriptors of this type have.
            let interrupt = unsafe { descriptor.u.Interrupt };
            asks.then(|| MessageRequirement {
                position,
                count: interrupt
                    .MaximumVector
                    .wrapping_sub(interrupt.MinimumVector)
                    .wrapping_add(1),
                has_policy: descriptor.Flags & CM_RESOURCE_INTERRUPT_POLICY_INCLUDED != 0,
            })
        })
    }

    /// Binds the message at `position` to one processor.
    pub fn set_message_target(&mut self, position: u32, target: ProcessorNumber) {
        if let Some(descriptor) = self.descriptor(position) {
            let mut descriptor = targeted(descriptor, target);
            // SAFETY: the list is valid, `position` lies in it, and the descriptor is copied.
            unsafe {
                wdf_call!(
                    WdfIoResourceListUpdateDescriptor,
                    self.list,
                    &mut descriptor,
                    position
                )
            };
        }
    }

    /// Asks for one more MSI-X message, bound to one processor (*MSI-X Resource Filtering*).
    ///
    /// # Errors
    ///
    /// That of `WdfIoResourceListAppendDescriptor`.
    pub fn append_message(&mut self, target: ProcessorNumber) -> Result<()> {
        let mut descriptor = IO_RESOURCE_DESCRIPTOR {
            Type: CmResourceTypeInterrupt,
            ShareDisposition: SHARE_DEVICE_EXCLUSIVE,
            Flags: CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE,
            ..IO_RESOURCE_DESCRIPTOR::zeroed()
        };
        // Both bounds are the token: the descriptor asks for the messages between them, so for one.
        descriptor.u.Interrupt.MinimumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
        descriptor.u.Interrupt.MaximumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
        let mut descriptor = targeted(descriptor, target);
        // SAFETY: the list is valid, and the descriptor is copied.
        Status::check(unsafe {
            wdf_call!(
                WdfIoResourceListAppendDescriptor,
                self.list,
                &mut descriptor
            )
        })
    }

    fn descriptor(&self, position: u32) -> Option<IO_RESOURCE_DESCRIPTOR> {
        // SAFETY: the list is valid; a position beyond the end gives NULL.
        let descriptor = unsafe { wdf_call!(WdfIoResourceListGetDescriptor, self.list, position) };
        // SAFETY: not NULL, so valid as long as the list is not changed, which cannot happen before the copy.
        unsafe { descriptor.as_ref() }.copied()
    }
}

/// The descriptor with a policy that names one processor.
fn targeted(
    mut descriptor: IO_RESOURCE_DESCRIPTOR,
    target: ProcessorNumber,
) -> IO_RESOURCE_DESCRIPTOR {
    descriptor.Flags |= CM_RESOURCE_INTERRUPT_POLICY_INCLUDED;
    descriptor.u.Interrupt.AffinityPolicy = IrqPolicySpecifiedProcessors;
    descriptor.u.Interrupt.Group = target.group;
    descriptor.u.Interrupt.PriorityPolicy = IrqPriorityNormal;
    descriptor.u.Interrupt.TargetedProcessors = target.mask();
    descriptor
}
