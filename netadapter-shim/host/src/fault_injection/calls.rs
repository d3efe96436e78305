//! Calls that may fail: which functions of the system, and what each answers when it does.

use super::Fault;
use core::ffi::c_void;
use netadapter_abi::nt::{NTSTATUS, PVOID, STATUS_INSUFFICIENT_RESOURCES};
use netadapter_abi::{nt_export, nt_fn};

nt_export! {
    /// Stands in for a function that returns a status. Arguments are the caller's to remove.
    fn no_resources() -> NTSTATUS {
        STATUS_INSUFFICIENT_RESOURCES
    }

    /// Stands in for a function that returns what it has made, or nothing.
    fn nothing() -> PVOID {
        PVOID::default()
    }
}

/// How a function says that it has failed.
#[derive(Clone, Copy)]
enum Answer {
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    Status,
    /// A null pointer.
    Null,
}

/// Functions whose page names this failure under *Return value*.
const MAY_FAIL: &[(Fault, Answer, &[&str])] = &[
    (Fault::PoolAllocation, Answer::Null, &["ExAllocatePool2"]),
    (
        Fault::CommonBuffer,
        Answer::Status,
        &["WdfCommonBufferCreate", "WdfCommonBufferCreateWithConfig"],
    ),
    (
        Fault::KernelCall,
        Answer::Status,
        &["IoRegisterPlugPlayNotification", "PsCreateSystemThread"],
    ),
    (
        Fault::KernelCall,
        Answer::Null,
        &["KeRegisterProcessorChangeCallback", "MmMapIoSpaceEx"],
    ),
    (
        Fault::WdfCall,
        Answer::Status,
        &[
            "WdfDeviceCreate",
            "WdfDeviceCreateDeviceInterface",
            "WdfDeviceQueryPropertyEx",
            "WdfDmaEnablerCreate",
            "WdfDriverCreate",
            "WdfInterruptCreate",
            "WdfIoQueueCreate",
            "WdfIoResourceListAppendDescriptor",
            "WdfMemoryCreate",
            "WdfObjectAllocateContext",
            "WdfSpinLockCreate",
            "WdfTimerCreate",
            "WdfWaitLockCreate",
            "WdfWorkItemCreate",
        ],
    ),
    (
        Fault::NetAdapterCall,
        Answer::Status,
        &[
            "NetAdapterCreate",
            "NetAdapterOpenConfiguration",
            "NetAdapterStart",
            "NetDeviceInitConfig",
            "NetDeviceOpenConfiguration",
            "NetRxQueueCreate",
            "NetTxQueueCreate",
        ],
    ),
];

/// What strikes where the function `name` fails, and the function that fails in its place; nothing
/// for a function that never fails for want of memory.
pub fn refusal(name: &str) -> Option<(Fault, usize)> {
    let (fault, answer, _) = MAY_FAIL.iter().find(|(.., names)| names.contains(&name))?;
    let status: nt_fn!(fn() -> NTSTATUS) = no_resources;
    let null: nt_fn!(fn() -> PVOID) = nothing;
    let function = match answer {
        Answer::Status => status as *const c_void,
        Answer::Null => null as *const c_void,
    };
    Some((*fault, function as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netadapter_abi::{net, wdf};
    use std::collections::BTreeSet;

    #[test]
    fn every_name_is_that_of_a_function_and_stands_once() {
        let names: Vec<_> = MAY_FAIL.iter().flat_map(|(.., names)| *names).collect();
        let distinct: BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        for &&name in &names {
            let known = match name.get(..3) {
                Some("Wdf") => wdf::FUNCTION_NAMES.contains(&name),
                Some("Net") => net::FUNCTION_NAMES.contains(&name),
                _ => crate::kernel::resolve(name).is_some(),
            };
            assert!(known, "{name}");
        }
    }

    #[test]
    fn a_function_that_cannot_fail_has_no_refusal() {
        assert!(refusal("KeGetCurrentIrql").is_none());
        let (fault, _) = refusal("WdfSpinLockCreate").unwrap();
        assert!(fault.is_call());
    }
}
