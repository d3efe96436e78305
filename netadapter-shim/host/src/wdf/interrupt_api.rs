//! `WdfInterrupt…` functions, but for the creation of interrupts.

use super::callback::guarded;
use super::entry::{enter, enter_any, enter_passive, require_size, required, required_out};
use super::interrupt::{InterruptHost, InterruptPolicy, Origin};
use super::kind::ObjectKind;
use super::object;
use super::rules;
use crate::executive::{Interrupt, flush_dpcs, processor, system, violation};
use netadapter_abi::nt::{BOOLEAN, GROUP_AFFINITY, KAFFINITY, Latched, LevelSensitive};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    PFN_WDF_INTERRUPT_SYNCHRONIZE, WDF_DRIVER_GLOBALS, WDF_INTERRUPT_EXTENDED_POLICY,
    WDF_INTERRUPT_INFO, WDF_INTERRUPT_POLICY, WDF_INTERRUPT_PRIORITY, WDFCONTEXT, WDFDEVICE,
    WDFINTERRUPT, WdfIrqPolicyMachineDefault, WdfIrqPolicySpreadMessagesAcrossAllProcessors,
    WdfIrqPriorityHigh, WdfIrqPriorityUndefined,
};
use std::sync::Arc;

fn interrupt(handle: WDFINTERRUPT) -> &'static InterruptHost {
    object::payload(handle.cast(), ObjectKind::Interrupt)
}

/// The connection of an interrupt whose lock is wanted, by a caller that may take it.
fn lockable(handle: WDFINTERRUPT, function: &str) -> (&'static InterruptHost, Arc<Interrupt>) {
    let host = interrupt(handle);
    let Some(connection) = host.connection() else {
        violation(
            &rules::WDF_LOCK_NOT_CONNECTED,
            format!("{function}: the interrupt is not connected"),
        );
    };
    crate::executive::require_irql(function, connection.irql());
    if connection.lock_holder() == Some(processor().index()) {
        violation(
            &rules::WDF_RECURSIVE_LOCK,
            format!("{function}: this processor holds the interrupt's lock already"),
        );
    }
    (host, connection)
}

fn set_policy(host: &InterruptHost, function: &str, policy: InterruptPolicy) {
    if host.origin == Origin::PrepareHardware {
        violation(
            &rules::WDF_POLICY_ON_PREPARED_INTERRUPT,
            format!("{function}: the interrupt was made in EvtDevicePrepareHardware"),
        );
    }
    let policies = WdfIrqPolicyMachineDefault..=WdfIrqPolicySpreadMessagesAcrossAllProcessors;
    let priorities = WdfIrqPriorityUndefined..=WdfIrqPriorityHigh;
    let reserved = policy.targets.Reserved.iter().any(|&word| word != 0);
    if !policies.contains(&policy.policy) || !priorities.contains(&policy.priority) || reserved {
        violation(
            &rules::WDF_POLICY_OUT_OF_RANGE,
            format!(
                "{function}: policy {}, priority {}, reserved words of the affinity {:?}",
                policy.policy, policy.priority, policy.targets.Reserved
            ),
        );
    }
    host.set_policy(policy);
}

nt_export! {
    pub(super) unsafe fn wdf_interrupt_queue_dpc_for_isr(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFINTERRUPT,
    ) -> BOOLEAN {
        const NAME: &str = "WdfInterruptQueueDpcForIsr";
        enter_any(globals, NAME);
        match interrupt(handle).queue_dpc() {
            Some(queued) => queued.into(),
            None => violation(
                &rules::WDF_INTERRUPT_WITHOUT_DPC,
                format!("{NAME}: the interrupt has no EvtInterruptDpc"),
            ),
        }
    }

    pub(super) unsafe fn wdf_interrupt_synchronize(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFINTERRUPT,
        callback: PFN_WDF_INTERRUPT_SYNCHRONIZE,
        context: WDFCONTEXT,
    ) -> BOOLEAN {
        const NAME: &str = "WdfInterruptSynchronize";
        enter_any(globals, NAME);
        let Some(callback) = callback else {
            violation(
                &rules::WDF_REQUIRED_PARAMETER_IS_NULL,
                format!("{NAME}: Callback is null"),
            );
        };
        let (_, connection) = lockable(handle, NAME);
        connection.synchronize(|| {
            guarded("EvtInterruptSynchronize", || {
                // SAFETY: the driver's own callback with its own context.
                unsafe { callback(handle, context) }
            })
        })
    }

    pub(super) unsafe fn wdf_interrupt_acquire_lock(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFINTERRUPT,
    ) {
        const NAME: &str = "WdfInterruptAcquireLock";
        enter_any(globals, NAME);
        let (host, connection) = lockable(handle, NAME);
        host.remember_irql(connection.acquire_lock());
    }

    pub(super) unsafe fn wdf_interrupt_release_lock(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFINTERRUPT,
    ) {
        const NAME: &str = "WdfInterruptReleaseLock";
        enter_any(globals, NAME);
        let host = interrupt(handle);
        let connection = host.connection();
        let holder = connection.as_ref().and_then(|connection| connection.lock_holder());
        let held = holder == Some(processor().index());
        let Some(connection) = connection.filter(|_| held) else {
            violation(
                &rules::WDF_INTERRUPT_LOCK_NOT_HELD,
                format!("{NAME}: this processor does not hold the interrupt's lock"),
            );
        };
        connection.release_lock(host.remembered_irql());
    }

    pub(super) unsafe fn wdf_interrupt_enable(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFINTERRUPT,
    ) {
        const NAME: &str = "WdfInterruptEnable";
        enter_passive(globals, NAME);
        if let Err(status) = interrupt(handle).connect_and_enable() {
            violation(
                &rules::WDF_INVALID_INTERRUPT,
                format!("{NAME}: the interrupt could not be connected, status {status:#010X}"),
            );
        }
    }

    pub(super) unsafe fn wdf_interrupt_disable(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFINTERRUPT,
    ) {
        enter_passive(globals, "WdfInterruptDisable");
        interrupt(handle).disable_and_disconnect();
        flush_dpcs(system());
    }

    /// All but the size is 0 while the interrupt has no message.
    pub(super) unsafe fn wdf_interrupt_get_info(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFINTERRUPT,
        info: *mut WDF_INTERRUPT_INFO,
    ) {
        const NAME: &str = "WdfInterruptGetInfo";
        enter_any(globals, NAME);
        // SAFETY: *WdfInterruptGetInfo function*: the driver's own structure.
        let info = unsafe { required_out(info, NAME, "Info") };
        require_size::<WDF_INTERRUPT_INFO>(info.Size, NAME, "Info");
        *info = WDF_INTERRUPT_INFO::init();
        if let Some(resource) = interrupt(handle).resource() {
            info.TargetProcessorSet = resource.affinity;
            info.Group = resource.group;
            info.MessageNumber = resource.message;
            info.Vector = resource.vector;
            info.Irql = resource.irql;
            info.Mode = if resource.latched { Latched } else { LevelSensitive };
            info.MessageSignaled = resource.message_signaled.into();
            info.ShareDisposition = resource.share_disposition;
        }
    }

    pub(super) unsafe fn wdf_interrupt_set_policy(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFINTERRUPT,
        policy: WDF_INTERRUPT_POLICY,
        priority: WDF_INTERRUPT_PRIORITY,
        mask: KAFFINITY,
    ) {
        const NAME: &str = "WdfInterruptSetPolicy";
        enter(globals, NAME);
        let targets = GROUP_AFFINITY { Mask: mask, Group: 0, Reserved: [0; 3] };
        set_policy(interrupt(handle), NAME, InterruptPolicy { policy, priority, targets });
    }

    pub(super) unsafe fn wdf_interrupt_set_extended_policy(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFINTERRUPT,
        policy: *mut WDF_INTERRUPT_EXTENDED_POLICY,
    ) {
        const NAME: &str = "WdfInterruptSetExtendedPolicy";
        enter(globals, NAME);
        // SAFETY: *WdfInterruptSetExtendedPolicy function*: the driver's own structure.
        let wanted = unsafe { required(policy, NAME, "PolicyAndGroup") };
        require_size::<WDF_INTERRUPT_EXTENDED_POLICY>(wanted.Size, NAME, "PolicyAndGroup");
        let policy = InterruptPolicy {
            policy: wanted.Policy,
            priority: wanted.Priority,
            targets: wanted.TargetProcessorSetAndGroup,
        };
        set_policy(interrupt(handle), NAME, policy);
    }

    pub(super) unsafe fn wdf_interrupt_get_device(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFINTERRUPT,
    ) -> WDFDEVICE {
        enter_any(globals, "WdfInterruptGetDevice");
        interrupt(handle).device()
    }
}
