//! The driver's own DPCs.

use super::exports;
use super::rules;
use crate::executive::{KernelDpc, flush_dpcs, processor, require_irql, system, violation};
use netadapter_abi::nt::{
    BOOLEAN, KDPC, MediumImportance, NTSTATUS, PASSIVE_LEVEL, PKDEFERRED_ROUTINE, PROCESSOR_NUMBER,
    PVOID, STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;

/// `DpcObject` of KOBJECTS: what `KDPC.Type` of an initialised DPC holds.
const DPC_OBJECT: u8 = 19;

/// The driver's DPC, which must have been initialised.
///
/// # Safety
/// `dpc` points to memory of a `KDPC`.
unsafe fn initialized(function: &str, dpc: *mut KDPC) -> KernelDpc {
    // SAFETY: the caller's promise.
    let dpc = unsafe { KernelDpc::new(dpc) };
    if dpc.kind() != DPC_OBJECT {
        violation(
            &rules::DPC_NOT_INITIALIZED,
            format!("{function} of a KDPC of type {}", dpc.kind()),
        );
    }
    dpc
}

nt_export! {
    pub(super) unsafe fn KeInitializeDpc(dpc: *mut KDPC, routine: PKDEFERRED_ROUTINE, context: PVOID) {
        // SAFETY: the driver gives memory of a KDPC.
        let dpc = unsafe { KernelDpc::new(dpc) };
        if dpc.kind() == DPC_OBJECT && dpc.is_queued() {
            violation(&rules::DPC_INITIALIZED_WHILE_QUEUED, "the DPC waits in a queue".into());
        }
        dpc.initialize(DPC_OBJECT, routine, context);
        dpc.set_importance(MediumImportance as u8);
    }

    unsafe fn KeInsertQueueDpc(dpc: *mut KDPC, first: PVOID, second: PVOID) -> BOOLEAN {
        // SAFETY: the driver gives memory of a KDPC.
        let dpc = unsafe { initialized("KeInsertQueueDpc", dpc) };
        let queued = dpc.queue(system(), first, second);
        processor().serve();
        BOOLEAN::from(queued)
    }

    unsafe fn KeRemoveQueueDpc(dpc: *mut KDPC) -> BOOLEAN {
        // SAFETY: the driver gives memory of a KDPC.
        let dpc = unsafe { initialized("KeRemoveQueueDpc", dpc) };
        BOOLEAN::from(dpc.remove(system()))
    }

    unsafe fn KeRemoveQueueDpcEx(dpc: *mut KDPC, wait_if_active: BOOLEAN) -> BOOLEAN {
        // SAFETY: the driver gives memory of a KDPC.
        let dpc = unsafe { initialized("KeRemoveQueueDpcEx", dpc) };
        let removed = dpc.remove(system());
        if wait_if_active != 0 {
            require_irql("KeRemoveQueueDpcEx with WaitIfActive", PASSIVE_LEVEL);
            flush_dpcs(system());
        }
        BOOLEAN::from(removed)
    }

    unsafe fn KeSetImportanceDpc(dpc: *mut KDPC, importance: i32) {
        // SAFETY: the driver gives memory of a KDPC.
        let dpc = unsafe { initialized("KeSetImportanceDpc", dpc) };
        dpc.set_importance(importance as u8);
    }

    unsafe fn KeSetTargetProcessorDpcEx(
        dpc: *mut KDPC,
        number: *const PROCESSOR_NUMBER
    ) -> NTSTATUS {
        // SAFETY: the driver gives memory of a KDPC.
        let dpc = unsafe { initialized("KeSetTargetProcessorDpcEx", dpc) };
        // SAFETY: the driver gives a pointer to a PROCESSOR_NUMBER.
        let number = unsafe { number.read() };
        let topology = system().topology();
        let target = topology.index(number).filter(|_| number.Reserved == 0);
        match target.and_then(|index| topology.processor(index)).filter(|p| p.is_active()) {
            Some(target) => {
                dpc.set_target(target.index());
                STATUS_SUCCESS
            }
            None => STATUS_INVALID_PARAMETER,
        }
    }

    unsafe fn KeFlushQueuedDpcs() {
        require_irql("KeFlushQueuedDpcs", PASSIVE_LEVEL);
        flush_dpcs(system());
    }
}

exports! {
    KeInitializeDpc, KeInsertQueueDpc, KeRemoveQueueDpc, KeRemoveQueueDpcEx, KeSetImportanceDpc,
    KeSetTargetProcessorDpcEx, KeFlushQueuedDpcs,
}
