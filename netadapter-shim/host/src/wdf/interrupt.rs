//! Interrupt objects: which message they got, and their connection to it.

use super::callback::guarded;
use super::device::{self, DeviceHost};
use super::interrupt_resource::{InterruptResource, assigned_interrupts};
use super::object;
use crate::executive::{HostDpc, Interrupt, system};
use crate::pnp::AssignedResources;
use netadapter_abi::nt::{
    CM_RESOURCE_INTERRUPT_MESSAGE, CM_RESOURCE_INTERRUPT_POLICY_INCLUDED, CmResourceTypeInterrupt,
    GROUP_AFFINITY, IO_RESOURCE_ALTERNATIVE, IO_RESOURCE_DESCRIPTOR, IRQ_DEVICE_POLICY, KIRQL,
    NTSTATUS, PROCESSOR_NUMBER, STATUS_INVALID_PARAMETER, nt_success,
};
use netadapter_abi::wdf::{
    WDF_INTERRUPT_CONFIG, WDF_INTERRUPT_POLICY, WDF_INTERRUPT_PRIORITY, WDFDEVICE, WDFINTERRUPT,
    WDFOBJECT,
};
use parking_lot::{Mutex, RwLock};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

/// When an interrupt object was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// In EvtDriverDeviceAdd; it lives as long as the device.
    DeviceAdd,
    /// In EvtDevicePrepareHardware; it goes when the hardware is released.
    PrepareHardware,
}

/// How a driver wants an interrupt to be directed.
#[derive(Clone, Copy)]
pub(super) struct InterruptPolicy {
    pub(super) policy: WDF_INTERRUPT_POLICY,
    pub(super) priority: WDF_INTERRUPT_PRIORITY,
    pub(super) targets: GROUP_AFFINITY,
}

/// An interrupt object.
pub(super) struct InterruptHost {
    /// The WDFINTERRUPT and the WDFDEVICE, by address.
    handle: OnceLock<usize>,
    device: usize,
    /// What the driver is called back with; for DPCs, as the associated object.
    callbacks: Callbacks,
    pub(super) origin: Origin,
    policy: Mutex<Option<InterruptPolicy>>,
    resource: Mutex<Option<InterruptResource>>,
    connection: RwLock<Option<Arc<Interrupt>>>,
    dpc: OnceLock<Arc<HostDpc>>,
    /// IRQL before the driver took the lock; written by the holder of the lock.
    irql_before_lock: AtomicU8,
}

/// The driver's callbacks.
#[derive(Clone, Copy)]
struct Callbacks(WDF_INTERRUPT_CONFIG);

// SAFETY: only the callbacks of the configuration are used, which may be called on any processor.
unsafe impl Send for Callbacks {}
// SAFETY: as above.
unsafe impl Sync for Callbacks {}

impl InterruptHost {
    pub(super) fn new(device: WDFDEVICE, config: WDF_INTERRUPT_CONFIG, origin: Origin) -> Self {
        Self {
            handle: OnceLock::new(),
            device: device as usize,
            callbacks: Callbacks(config),
            origin,
            policy: Mutex::new(None),
            resource: Mutex::new(None),
            connection: RwLock::new(None),
            dpc: OnceLock::new(),
            irql_before_lock: AtomicU8::new(0),
        }
    }

    /// Takes the handle that the object got. Once, before anything else.
    pub(super) fn set_handle(&'static self, handle: WDFINTERRUPT) {
        self.handle
            .set(handle as usize)
            .expect("an interrupt gets its handle once");
        if let Some(routine) = self.callbacks.0.EvtInterruptDpc {
            let dpc = HostDpc::new(move || {
                guarded("EvtInterruptDpc", || {
                    // SAFETY: the driver registered this callback; the object goes only after
                    // its interrupt was disconnected and DPCs were flushed.
                    unsafe { routine(self.handle(), self.device().cast()) }
                });
            });
            self.dpc
                .set(dpc)
                .unwrap_or_else(|_| unreachable!("the handle was set only once"));
        }
    }

    pub(super) fn handle(&self) -> WDFINTERRUPT {
        *self
            .handle
            .get()
            .expect("an interrupt has its handle since it was made") as WDFINTERRUPT
    }

    /// The WDFDEVICE.
    pub(super) fn device(&self) -> WDFDEVICE {
        self.device as WDFDEVICE
    }

    fn device_host(&self) -> &'static DeviceHost {
        device::device(self.device())
    }

    pub(super) fn resource(&self) -> Option<InterruptResource> {
        *self.resource.lock()
    }

    pub(super) fn set_resource(&self, resource: Option<InterruptResource>) {
        *self.resource.lock() = resource;
    }

    /// The message is not the device's any more.
    pub(super) fn forget_resources(&self) {
        self.set_resource(None);
    }

    pub(super) fn set_policy(&self, policy: InterruptPolicy) {
        *self.policy.lock() = Some(policy);
    }

    /// The connection, while there is one.
    pub(super) fn connection(&self) -> Option<Arc<Interrupt>> {
        self.connection.read().clone()
    }

    /// Queues the DPC on the processor of the caller; whether it was not queued already. Nothing
    /// if the interrupt has none.
    pub(super) fn queue_dpc(&self) -> Option<bool> {
        self.dpc.get().map(|dpc| dpc.queue(system()))
    }

    pub(super) fn remember_irql(&self, irql: KIRQL) {
        self.irql_before_lock.store(irql, Ordering::Relaxed);
    }

    pub(super) fn remembered_irql(&self) -> KIRQL {
        self.irql_before_lock.load(Ordering::Relaxed)
    }

    /// Connects the interrupt, if it got a message, and calls EvtInterruptEnable.
    ///
    /// IRQL: PASSIVE_LEVEL.
    pub(super) fn connect_and_enable(&'static self) -> Result<(), NTSTATUS> {
        let Some(resource) = self.resource() else {
            return Ok(());
        };
        if self.connection().is_some() {
            return Ok(());
        }
        let interrupt = self.new_connection(&resource)?;
        *self.connection.write() = Some(interrupt.clone());
        interrupt.connect();
        if !self
            .device_host()
            .node()
            .connect(resource.vector, interrupt.clone())
        {
            interrupt.disconnect();
            *self.connection.write() = None;
            return Err(STATUS_INVALID_PARAMETER);
        }
        let Some(enable) = self.callbacks.0.EvtInterruptEnable else {
            return Ok(());
        };
        let status = interrupt.synchronize(|| {
            guarded("EvtInterruptEnable", || {
                // SAFETY: the driver registered this callback for the interrupt.
                unsafe { enable(self.handle(), self.device()) }
            })
        });
        if !nt_success(status) {
            self.disconnect(&interrupt, &resource);
            return Err(status);
        }
        Ok(())
    }

    /// Calls EvtInterruptDisable and disconnects; no service routine runs after that.
    ///
    /// IRQL: PASSIVE_LEVEL.
    pub(super) fn disable_and_disconnect(&self) {
        let Some(interrupt) = self.connection() else {
            return;
        };
        let Some(resource) = self.resource() else {
            return;
        };
        if let Some(disable) = self.callbacks.0.EvtInterruptDisable {
            let status = interrupt.synchronize(|| {
                guarded("EvtInterruptDisable", || {
                    // SAFETY: the driver registered this callback for the interrupt.
                    unsafe { disable(self.handle(), self.device()) }
                })
            });
            if !nt_success(status) {
                self.device_host().fail();
            }
        }
        self.disconnect(&interrupt, &resource);
    }

    fn disconnect(&self, interrupt: &Interrupt, resource: &InterruptResource) {
        self.device_host().node().disconnect(resource.vector);
        interrupt.disconnect();
        *self.connection.write() = None;
    }

    fn new_connection(
        &'static self,
        resource: &InterruptResource,
    ) -> Result<Arc<Interrupt>, NTSTATUS> {
        let target = target_processor(resource)?;
        let isr = self
            .callbacks
            .0
            .EvtInterruptIsr
            .ok_or(STATUS_INVALID_PARAMETER)?;
        let message = resource.message;
        Ok(Interrupt::new(resource.irql, target, move || {
            guarded("EvtInterruptIsr", || {
                // SAFETY: the driver registered this callback; the object goes only after its
                // interrupt was disconnected.
                unsafe { isr(self.handle(), message) }
            });
        }))
    }
}

/// The processor that takes an interrupt: the lowest of those it may go to.
fn target_processor(resource: &InterruptResource) -> Result<u32, NTSTATUS> {
    let number = PROCESSOR_NUMBER {
        Group: resource.group,
        Number: resource.affinity.trailing_zeros() as u8,
        Reserved: 0,
    };
    let topology = system().topology();
    let index = topology
        .index(number)
        .filter(|&index| topology.processor(index).is_some());
    index.ok_or(STATUS_INVALID_PARAMETER)
}

/// Gives the objects made in EvtDriverDeviceAdd their messages, in order of creation. Surplus
/// objects get none.
pub(super) fn assign(interrupts: &[&'static InterruptHost], resources: &AssignedResources) {
    let mut messages = assigned_interrupts(resources).into_iter();
    for interrupt in interrupts
        .iter()
        .filter(|one| one.origin == Origin::DeviceAdd)
    {
        interrupt.set_resource(messages.next());
    }
}

/// Deletes the objects made in EvtDevicePrepareHardware, newest first.
pub(super) fn delete_prepared(interrupts: &[&'static InterruptHost]) {
    for interrupt in interrupts
        .iter()
        .rev()
        .filter(|one| one.origin == Origin::PrepareHardware)
    {
        object::delete_object(interrupt.handle().cast());
    }
}

/// The policies of the objects made in EvtDriverDeviceAdd, in order of creation.
pub(super) fn policies(interrupts: &[&'static InterruptHost]) -> Vec<Option<InterruptPolicy>> {
    let added = interrupts
        .iter()
        .filter(|one| one.origin == Origin::DeviceAdd);
    added.map(|interrupt| *interrupt.policy.lock()).collect()
}

/// Writes policies into the interrupt descriptors of one logical configuration. A policy that is
/// there already stays; alternatives get that of the descriptor they stand for.
pub(super) fn apply(
    policies: &[Option<InterruptPolicy>],
    descriptors: &mut [IO_RESOURCE_DESCRIPTOR],
) {
    let mut next = 0;
    let mut current = None;
    for descriptor in descriptors {
        if descriptor.Type != CmResourceTypeInterrupt {
            continue;
        }
        if descriptor.Option & IO_RESOURCE_ALTERNATIVE == 0 {
            current = policies.get(next).copied().flatten();
            next += message_count(descriptor);
        }
        if descriptor.Flags & CM_RESOURCE_INTERRUPT_POLICY_INCLUDED != 0 {
            continue;
        }
        let Some(policy) = current else { continue };
        descriptor.Flags |= CM_RESOURCE_INTERRUPT_POLICY_INCLUDED;
        // SAFETY: descriptors of this type hold interrupt requirements, which are plain integers.
        let interrupt = unsafe { &mut descriptor.u.Interrupt };
        interrupt.AffinityPolicy = policy.policy as IRQ_DEVICE_POLICY;
        interrupt.PriorityPolicy = policy.priority;
        interrupt.Group = policy.targets.Group;
        interrupt.TargetedProcessors = policy.targets.Mask;
    }
}

/// How many messages a requirement is for.
fn message_count(descriptor: &IO_RESOURCE_DESCRIPTOR) -> usize {
    if descriptor.Flags & CM_RESOURCE_INTERRUPT_MESSAGE == 0 {
        return 1;
    }
    // SAFETY: descriptors of this type hold interrupt requirements, which are plain integers.
    let interrupt = unsafe { descriptor.u.Interrupt };
    interrupt
        .MaximumVector
        .wrapping_sub(interrupt.MinimumVector) as usize
        + 1
}

/// Takes an object out of its device's list when it is deleted, and off its message.
pub(super) fn dispose(handle: WDFOBJECT) {
    let interrupt: &'static InterruptHost =
        object::payload(handle, super::kind::ObjectKind::Interrupt);
    interrupt.disable_and_disconnect();
    let mut interrupts = interrupt.device_host().interrupts.lock();
    interrupts.retain(|other| !std::ptr::eq(*other, interrupt));
}
