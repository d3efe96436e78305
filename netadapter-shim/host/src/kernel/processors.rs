//! Processor topology, and the synchronous notification of processor changes.

use super::exports;
use super::rules;
use crate::executive::{
    System, Topology, processor, require_irql, system, traced, violation, violation_by,
};
use netadapter_abi::nt::{
    ALL_PROCESSOR_GROUPS, GROUP_AFFINITY, KE_PROCESSOR_CHANGE_ADD_EXISTING,
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, KeProcessorAddCompleteNotify, KeProcessorAddFailureNotify,
    KeProcessorAddStartNotify, NTSTATUS, PASSIVE_LEVEL, PPROCESSOR_CALLBACK_FUNCTION,
    PROCESSOR_NUMBER, PVOID, STATUS_INVALID_PARAMETER, STATUS_SUCCESS, nt_success,
};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::sync::Arc;

/// `KeGetProcessorIndexFromNumber` of a number that no processor has.
const INVALID_PROCESSOR_INDEX: u32 = u32::MAX;

struct Registration {
    callback: PPROCESSOR_CALLBACK_FUNCTION,
    context: usize,
}

/// Who is told before processors are added.
#[derive(Default)]
pub struct ProcessorCallbacks {
    registrations: Mutex<Vec<Arc<Registration>>>,
}

/// What happens to a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessorChange {
    /// It is about to start.
    Start,
    /// It runs.
    Complete,
    /// It will not run, for this reason.
    Failure(NTSTATUS),
}

impl ProcessorCallbacks {
    /// The number of registrations that drivers hold.
    pub fn registered(&self) -> usize {
        self.registrations.lock().len()
    }

    /// Announces processor `index` to all callbacks.
    ///
    /// # Errors
    /// The status with which a callback refused it; those that had accepted it were told of the
    /// failure.
    pub fn announce(&self, index: u32) -> Result<(), NTSTATUS> {
        let registrations = self.registrations.lock().clone();
        for (told, registration) in registrations.iter().enumerate() {
            let status = registration.call(index, ProcessorChange::Start);
            if !nt_success(status) {
                for earlier in &registrations[..told] {
                    earlier.call(index, ProcessorChange::Failure(status));
                }
                return Err(status);
            }
        }
        Ok(())
    }

    /// Tells all callbacks how the addition of processor `index` ended.
    pub fn conclude(&self, index: u32, change: ProcessorChange) {
        let registrations = self.registrations.lock().clone();
        for registration in &registrations {
            registration.call(index, change);
        }
    }
}

impl Registration {
    /// Offers all active processors: Start for all, then Complete for all; on an error, Failure
    /// for those whose Start had succeeded (*KeRegisterProcessorChangeCallback function*).
    fn add_existing(&self, system: &System) {
        let existing: Vec<u32> = system.topology().active().map(|p| p.index()).collect();
        for (told, &index) in existing.iter().enumerate() {
            let status = self.call(index, ProcessorChange::Start);
            if !nt_success(status) {
                for &earlier in &existing[..told] {
                    self.call(earlier, ProcessorChange::Failure(status));
                }
                return;
            }
        }
        for &index in &existing {
            self.call(index, ProcessorChange::Complete);
        }
    }

    fn call(&self, index: u32, change: ProcessorChange) -> NTSTATUS {
        let Some(callback) = self.callback else {
            return STATUS_SUCCESS;
        };
        let (state, reason) = match change {
            ProcessorChange::Start => (KeProcessorAddStartNotify, STATUS_SUCCESS),
            ProcessorChange::Complete => (KeProcessorAddCompleteNotify, STATUS_SUCCESS),
            ProcessorChange::Failure(reason) => (KeProcessorAddFailureNotify, reason),
        };
        let number = Topology::number(index);
        let mut context = KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT {
            State: state,
            NtNumber: index,
            Status: reason,
            ProcNumber: number,
        };
        let mut status = STATUS_SUCCESS;
        // SAFETY: the driver registered this routine for calls at PASSIVE_LEVEL with these
        // arguments, which live until the call returns.
        traced("ProcessorChangeCallback", || unsafe {
            callback(self.context as PVOID, &mut context, &mut status)
        });
        let kept = context.State == state
            && context.NtNumber == index
            && context.Status == reason
            && context.ProcNumber.Group == number.Group
            && context.ProcNumber.Number == number.Number;
        if !kept {
            let detail = format!("processor {index}, {change:?}");
            violation_by(&rules::CHANGE_CONTEXT_MODIFIED, detail, callback as usize);
        }
        let may_set = change == ProcessorChange::Start && !nt_success(status);
        if status != STATUS_SUCCESS && !may_set {
            let detail = format!("processor {index}, {change:?}: status {status:#x}");
            violation_by(&rules::OPERATION_STATUS_SET, detail, callback as usize);
        }
        status
    }
}

fn count_in_group(total: u32, group: u16) -> u32 {
    if group == ALL_PROCESSOR_GROUPS {
        return total;
    }
    let first = u32::from(group) * crate::executive::GROUP_SIZE;
    total
        .saturating_sub(first)
        .min(crate::executive::GROUP_SIZE)
}

nt_export! {
    unsafe fn KeRegisterProcessorChangeCallback(
        callback: PPROCESSOR_CALLBACK_FUNCTION,
        context: PVOID,
        flags: u32
    ) -> PVOID {
        require_irql("KeRegisterProcessorChangeCallback", PASSIVE_LEVEL);
        let registration = Arc::new(Registration { callback, context: context as usize });
        let handle = Arc::as_ptr(&registration) as PVOID;
        let callbacks = system().subsystem::<ProcessorCallbacks>();
        if flags & KE_PROCESSOR_CHANGE_ADD_EXISTING != 0 {
            registration.add_existing(system());
        }
        callbacks.registrations.lock().push(registration);
        handle
    }

    unsafe fn KeDeregisterProcessorChangeCallback(handle: PVOID) {
        require_irql("KeDeregisterProcessorChangeCallback", PASSIVE_LEVEL);
        let callbacks = system().subsystem::<ProcessorCallbacks>();
        let mut registrations = callbacks.registrations.lock();
        let before = registrations.len();
        registrations.retain(|registration| Arc::as_ptr(registration) as PVOID != handle);
        let found = registrations.len() != before;
        drop(registrations);
        if !found {
            violation(&rules::NOT_A_PROCESSOR_CALLBACK, format!("{handle:p}"));
        }
    }

    unsafe fn KeQueryActiveProcessorCountEx(group: u16) -> u32 {
        count_in_group(system().topology().active_count(), group)
    }

    unsafe fn KeQueryMaximumProcessorCountEx(group: u16) -> u32 {
        count_in_group(system().topology().maximum(), group)
    }

    unsafe fn KeQueryActiveGroupCount() -> u16 {
        Topology::groups(system().topology().active_count())
    }

    unsafe fn KeQueryMaximumGroupCount() -> u16 {
        Topology::groups(system().topology().maximum())
    }

    unsafe fn KeGetCurrentProcessorNumberEx(number: *mut PROCESSOR_NUMBER) -> u32 {
        let current = processor();
        if !number.is_null() {
            // SAFETY: the caller gives room for the number.
            unsafe { number.write(current.number()) };
        }
        current.index()
    }

    unsafe fn KeGetProcessorIndexFromNumber(number: *const PROCESSOR_NUMBER) -> u32 {
        // SAFETY: the caller gives a number.
        let number = unsafe { number.read() };
        system().topology().index(number).unwrap_or(INVALID_PROCESSOR_INDEX)
    }

    unsafe fn KeGetProcessorNumberFromIndex(
        index: u32,
        number: *mut PROCESSOR_NUMBER
    ) -> NTSTATUS {
        if index >= system().topology().maximum() {
            return STATUS_INVALID_PARAMETER;
        }
        // SAFETY: the caller gives room for the number.
        unsafe { number.write(Topology::number(index)) };
        STATUS_SUCCESS
    }

    unsafe fn KeGetCurrentNodeNumber() -> u16 {
        processor().node()
    }

    unsafe fn KeQueryHighestNodeNumber() -> u16 {
        system().topology().active().map(|processor| processor.node()).max().unwrap_or(0)
    }

    unsafe fn KeQueryNodeActiveAffinity(
        node: u16,
        affinity: *mut GROUP_AFFINITY,
        count: *mut u16
    ) {
        let group = 0;
        let members = system().topology().active().filter(|processor| {
            processor.node() == node && processor.number().Group == group
        });
        let mask = members.fold(0usize, |mask, member| mask | 1 << member.number().Number);
        if !affinity.is_null() {
            let value = GROUP_AFFINITY { Mask: mask, Group: group, Reserved: [0; 3] };
            // SAFETY: the caller gives room for the affinity.
            unsafe { affinity.write(value) };
        }
        if !count.is_null() {
            // SAFETY: the caller gives room for the count.
            unsafe { count.write(mask.count_ones() as u16) };
        }
    }
}

exports! {
    KeRegisterProcessorChangeCallback, KeDeregisterProcessorChangeCallback,
    KeQueryActiveProcessorCountEx, KeQueryMaximumProcessorCountEx, KeQueryActiveGroupCount,
    KeQueryMaximumGroupCount, KeGetCurrentProcessorNumberEx, KeGetProcessorIndexFromNumber,
    KeGetProcessorNumberFromIndex, KeGetCurrentNodeNumber, KeQueryHighestNodeNumber,
    KeQueryNodeActiveAffinity,
}
