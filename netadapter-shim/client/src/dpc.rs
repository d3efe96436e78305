//! Deferred procedure calls with a target processor.

use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr::null_mut;

use netadapter_abi::nt::{self, KDPC, MediumHighImportance};
use netadapter_abi::nt_export;

use crate::memory::try_box;
use crate::processor::ProcessorNumber;
use crate::{Result, Status};

/// What a DPC does.
pub trait DpcRoutine: Send + Sync + 'static {
    /// IRQL: DISPATCH_LEVEL, on the DPC's target processor. It may run on several processors at once when the target
    /// changes meanwhile.
    fn run(&self);
}

/// A DPC and what it does. Dropping it at PASSIVE_LEVEL takes it off its queue and waits until it does not run.
///
/// It stays in its box: the kernel links it into queues by its address.
pub struct Dpc<R: DpcRoutine> {
    object: UnsafeCell<KDPC>,
    routine: R,
}

// SAFETY: the kernel synchronises what it does with the object; the routine is `Send` and `Sync`.
unsafe impl<R: DpcRoutine> Send for Dpc<R> {}
// SAFETY: as for `Send`.
unsafe impl<R: DpcRoutine> Sync for Dpc<R> {}

impl<R: DpcRoutine> Dpc<R> {
    /// A DPC that is not queued, for the processor that queues it.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when there is no memory.
    pub fn try_new(routine: R) -> Result<Box<Self>> {
        let dpc = try_box(Self {
            object: UnsafeCell::new(KDPC::zeroed()),
            routine,
        })?;
        let context = (&raw const *dpc).cast_mut().cast();
        // SAFETY: object and context stay at their addresses until `drop` has taken the DPC away.
        unsafe { nt::KeInitializeDpc(dpc.object.get(), Some(deferred_routine::<R>), context) };
        // Another processor than the queuing one is asked to run it at once, not when it next looks at its queue.
        // SAFETY: the object is initialised and not queued.
        unsafe { nt::KeSetImportanceDpc(dpc.object.get(), MediumHighImportance) };
        Ok(dpc)
    }

    /// Chooses the processor for the times it is queued after this.
    ///
    /// IRQL: any.
    ///
    /// # Errors
    ///
    /// STATUS_INVALID_PARAMETER when there is no such processor.
    pub fn set_target(&self, processor: ProcessorNumber) -> Result<()> {
        let mut number = processor.raw();
        // SAFETY: the object is initialised; the number outlives the call.
        Status::check(unsafe { nt::KeSetTargetProcessorDpcEx(self.object.get(), &mut number) })
    }

    /// Queues it; gives `false` when it is queued already. IRQL: any.
    pub fn queue(&self) -> bool {
        // SAFETY: the object is initialised.
        unsafe { nt::KeInsertQueueDpc(self.object.get(), null_mut(), null_mut()) != 0 }
    }

    /// What it does.
    pub fn routine(&self) -> &R {
        &self.routine
    }
}

impl<R: DpcRoutine> Drop for Dpc<R> {
    fn drop(&mut self) {
        const WAIT_IF_ACTIVE: u8 = 1;
        // SAFETY: the object is initialised; after this the kernel has no use for its address.
        unsafe { nt::KeRemoveQueueDpcEx(self.object.get(), WAIT_IF_ACTIVE) };
    }
}

nt_export! {
    unsafe fn deferred_routine<R: DpcRoutine>(
        _dpc: *mut KDPC,
        context: *mut c_void,
        _argument1: *mut c_void,
        _argument2: *mut c_void,
    ) {
        // SAFETY: the context is the `Dpc`, which lives until its `drop` has waited for this routine.
        unsafe { &*context.cast::<Dpc<R>>() }.routine.run();
    }
}
