//! Processors: their numbers, which are active, and hot add.

use alloc::boxed::Box;
use core::ffi::c_void;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicI32, Ordering};

use netadapter_abi::nt::{
    self, ALL_PROCESSOR_GROUPS, KE_PROCESSOR_CHANGE_ADD_EXISTING,
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, KeProcessorAddCompleteNotify, KeProcessorAddFailureNotify,
    KeProcessorAddStartNotify, NTSTATUS, PROCESSOR_NUMBER,
};
use netadapter_abi::nt_export;

use crate::memory::{Shared, try_box};
use crate::{Result, Status};

/// A processor: its group, and its number in the group. Ordered by group, then by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessorNumber {
    /// Processor group.
    pub group: u16,
    /// Number in the group, 0 to 63.
    pub number: u8,
}

impl ProcessorNumber {
    /// The processor with an index; indices count through all groups. `None` when no active processor has it.
    ///
    /// IRQL: any.
    pub fn of_index(index: u32) -> Option<Self> {
        let mut number = PROCESSOR_NUMBER {
            Group: 0,
            Number: 0,
            Reserved: 0,
        };
        // SAFETY: the result outlives the call.
        Status::check(unsafe { nt::KeGetProcessorNumberFromIndex(index, &mut number) }).ok()?;
        Some(Self::from(number))
    }

    /// This processor's bit in the affinity mask of its group.
    pub const fn mask(self) -> usize {
        1 << (self.number % 64)
    }

    pub(crate) const fn raw(self) -> PROCESSOR_NUMBER {
        PROCESSOR_NUMBER {
            Group: self.group,
            Number: self.number,
            Reserved: 0,
        }
    }
}

impl From<PROCESSOR_NUMBER> for ProcessorNumber {
    fn from(raw: PROCESSOR_NUMBER) -> Self {
        Self {
            group: raw.Group,
            number: raw.Number,
        }
    }
}

/// The number of processors that this machine can ever have.
///
/// IRQL: any.
pub fn maximum_count() -> usize {
    // SAFETY: there are no preconditions.
    (unsafe { nt::KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS) }) as usize
}

/// The processors that are active now, by index. Numbers may have gaps, and the count may grow at any time.
///
/// IRQL: any.
pub fn active() -> impl Iterator<Item = ProcessorNumber> + Clone {
    // SAFETY: there are no preconditions.
    let count = unsafe { nt::KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS) };
    (0..count).filter_map(ProcessorNumber::of_index)
}

/// The processor that runs this, and its index. Below DISPATCH_LEVEL it may be another one at the next moment.
///
/// IRQL: any.
#[cfg(target_os = "windows")]
pub fn current() -> (ProcessorNumber, usize) {
    let mut number = PROCESSOR_NUMBER {
        Group: 0,
        Number: 0,
        Reserved: 0,
    };
    // SAFETY: the result outlives the call.
    let index = unsafe { nt::KeGetCurrentProcessorNumberEx(&mut number) };
    (number.into(), index as usize)
}

/// Without a kernel everything runs on the first processor.
#[cfg(not(target_os = "windows"))]
pub fn current() -> (ProcessorNumber, usize) {
    let first = ProcessorNumber {
        group: 0,
        number: 0,
    };
    (first, 0)
}

/// Lets `microseconds` pass without giving up the processor. Documented for at most 50.
///
/// IRQL: any.
#[cfg(target_os = "windows")]
pub fn stall(microseconds: u32) {
    // SAFETY: there are no preconditions.
    unsafe { nt::KeStallExecutionProcessor(microseconds) };
}

/// Without a kernel nothing is waited for.
#[cfg(not(target_os = "windows"))]
pub fn stall(_: u32) {}

/// What follows the arrival of processors (*KeRegisterProcessorChangeCallback*).
///
/// IRQL: PASSIVE_LEVEL for all methods.
pub trait ProcessorObserver: Send + Sync + 'static {
    /// `KeProcessorAddStartNotify`: a processor is about to be started. Everything that the driver needs to run on it
    /// is to be allocated here.
    ///
    /// # Errors
    ///
    /// The processor is then not added. Only for failures that would be fatal later.
    fn add_start(&self, index: usize, processor: ProcessorNumber) -> Result<()>;

    /// `KeProcessorAddCompleteNotify`: the processor runs and may be used.
    fn add_complete(&self, index: usize, processor: ProcessorNumber);

    /// `KeProcessorAddFailureNotify`: the processor was not added. It comes only after a successful start notification.
    fn add_failure(&self, index: usize, processor: ProcessorNumber);
}

struct Registered<T> {
    observer: Shared<T>,
    /// The first failure that the observer reported.
    failure: AtomicI32,
}

/// A registered [`ProcessorObserver`]. Dropping it at PASSIVE_LEVEL ends the registration.
///
/// # Invariants
///
/// `handle` is a registration whose context is `registered`.
pub struct ProcessorChangeCallback<T: ProcessorObserver> {
    handle: NonNull<c_void>,
    registered: NonNull<Registered<T>>,
}

// SAFETY: the registration belongs to no thread; the observer is `Send` and `Sync`.
unsafe impl<T: ProcessorObserver> Send for ProcessorChangeCallback<T> {}
// SAFETY: nothing is reachable through a shared reference.
unsafe impl<T: ProcessorObserver> Sync for ProcessorChangeCallback<T> {}

impl<T: ProcessorObserver> ProcessorChangeCallback<T> {
    /// Registers an observer, which is told of all active processors before this returns.
    ///
    /// IRQL: PASSIVE_LEVEL, in `DriverEntry`.
    ///
    /// # Errors
    ///
    /// The first failure that the observer reports for an active processor; STATUS_INSUFFICIENT_RESOURCES when the
    /// registration fails.
    pub fn register(observer: Shared<T>) -> Result<Self> {
        let registered = try_box(Registered {
            observer,
            failure: AtomicI32::new(nt::STATUS_SUCCESS),
        })?;
        let registered = NonNull::from(Box::leak(registered));
        // SAFETY: the context lives until `drop` has ended the registration.
        let handle = unsafe {
            nt::KeRegisterProcessorChangeCallback(
                Some(processor_changed::<T>),
                registered.as_ptr().cast(),
                KE_PROCESSOR_CHANGE_ADD_EXISTING,
            )
        };
        // SAFETY: the context lives, and is shared with the callback only as a shared reference.
        let failure = unsafe { registered.as_ref() }
            .failure
            .load(Ordering::Acquire);
        let Some(handle) = NonNull::new(handle) else {
            // SAFETY: without a registration nobody else has the pointer that `Box::leak` gave.
            drop(unsafe { Box::from_raw(registered.as_ptr()) });
            return Err(Status::check(failure)
                .err()
                .unwrap_or(Status::INSUFFICIENT_RESOURCES));
        };
        let callback = Self { handle, registered };
        // What the registration returns says nothing about the observer: a failure there ends it here.
        Status::check(failure).map(|()| callback)
    }
}

impl<T: ProcessorObserver> Drop for ProcessorChangeCallback<T> {
    fn drop(&mut self) {
        // SAFETY: the handle is a registration by the invariant; after this the callback does not run any more.
        unsafe { nt::KeDeregisterProcessorChangeCallback(self.handle.as_ptr()) };
        // SAFETY: the pointer came from `Box::leak`, and the callback was its only other user.
        drop(unsafe { Box::from_raw(self.registered.as_ptr()) });
    }
}

nt_export! {
    unsafe fn processor_changed<T: ProcessorObserver>(
        context: *mut c_void,
        change: *mut KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT,
        operation_status: *mut NTSTATUS,
    ) {
        // SAFETY: the context is the `Registered` of a registration that has not ended.
        let registered = unsafe { &*context.cast::<Registered<T>>() };
        // SAFETY: the kernel gives a valid structure for the time of the call; it is read only.
        let change = unsafe { change.read() };
        let (index, processor) = (change.NtNumber as usize, ProcessorNumber::from(change.ProcNumber));
        match change.State {
            KeProcessorAddStartNotify => {
                if let Err(status) = registered.observer.add_start(index, processor) {
                    registered.failure.store(status.as_ntstatus(), Ordering::Release);
                    // SAFETY: in the start state, and only then, the status may be set, and only to an error.
                    unsafe { operation_status.write(status.as_ntstatus()) };
                }
            }
            KeProcessorAddCompleteNotify => registered.observer.add_complete(index, processor),
            KeProcessorAddFailureNotify => registered.observer.add_failure(index, processor),
            _ => {}
        }
    }
}
