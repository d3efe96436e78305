//! Deferred procedure calls with a target processor.

use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::ffi::c_void;

use netadapter_abi::nt::{KDPC, PKDEFERRED_ROUTINE};
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
        // Object and context stay at their addresses until `drop` has taken the DPC away.
        raw::initialize(&dpc.object, Some(deferred_routine::<R>), context);
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
        Status::check(raw::set_target(&self.object, processor))
    }

    /// Queues it; gives `false` when it is queued already. IRQL: any.
    pub fn queue(&self) -> bool {
        raw::queue(&self.object)
    }

    /// What it does.
    pub fn routine(&self) -> &R {
        &self.routine
    }
}

impl<R: DpcRoutine> Drop for Dpc<R> {
    fn drop(&mut self) {
        raw::remove(&self.object);
    }
}

/// All of these get an object that [`Dpc::try_new`] has initialised, which lives as long as the reference.
#[cfg(target_os = "windows")]
mod raw {
    use super::*;
    use core::ptr::null_mut;
    use netadapter_abi::nt::{self, MediumHighImportance, NTSTATUS};

    pub fn initialize(
        object: &UnsafeCell<KDPC>,
        routine: PKDEFERRED_ROUTINE,
        context: *mut c_void,
    ) {
        // SAFETY: object and context outlive the DPC's time in the kernel's queues.
        unsafe { nt::KeInitializeDpc(object.get(), routine, context) };
        // Another processor than the queuing one is asked to run it at once, not when it next looks at its queue.
        // SAFETY: the object is initialised and not queued.
        unsafe { nt::KeSetImportanceDpc(object.get(), MediumHighImportance) };
    }

    pub fn set_target(object: &UnsafeCell<KDPC>, processor: ProcessorNumber) -> NTSTATUS {
        let mut number = processor.raw();
        // SAFETY: the object is initialised; the number outlives the call.
        unsafe { nt::KeSetTargetProcessorDpcEx(object.get(), &mut number) }
    }

    pub fn queue(object: &UnsafeCell<KDPC>) -> bool {
        // SAFETY: the object is initialised.
        unsafe { nt::KeInsertQueueDpc(object.get(), null_mut(), null_mut()) != 0 }
    }

    pub fn remove(object: &UnsafeCell<KDPC>) {
        const WAIT_IF_ACTIVE: u8 = 1;
        // SAFETY: the object is initialised; after this the kernel has no use for its address.
        unsafe { nt::KeRemoveQueueDpcEx(object.get(), WAIT_IF_ACTIVE) };
    }
}

/// The same without a kernel, so that code with DPCs can be tested where it is built: a queued DPC runs at once, on the
/// thread that queues it.
#[cfg(not(target_os = "windows"))]
mod raw {
    use super::*;
    use core::ptr::null_mut;
    use netadapter_abi::nt::{
        MAXIMUM_PROC_PER_GROUP, NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
    };

    pub fn initialize(
        object: &UnsafeCell<KDPC>,
        routine: PKDEFERRED_ROUTINE,
        context: *mut c_void,
    ) {
        // SAFETY: nobody else has the object yet.
        let dpc = unsafe { &mut *object.get() };
        (dpc.DeferredRoutine, dpc.DeferredContext) = (routine, context);
    }

    pub fn set_target(_: &UnsafeCell<KDPC>, processor: ProcessorNumber) -> NTSTATUS {
        if usize::from(processor.raw().Number) < MAXIMUM_PROC_PER_GROUP {
            STATUS_SUCCESS
        } else {
            STATUS_INVALID_PARAMETER
        }
    }

    pub fn queue(object: &UnsafeCell<KDPC>) -> bool {
        // SAFETY: the object is not written after `initialize`.
        let dpc = unsafe { &*object.get() };
        if let Some(routine) = dpc.DeferredRoutine {
            // SAFETY: the routine was initialised with this context, which lives as long as the object.
            unsafe { routine(object.get(), dpc.DeferredContext, null_mut(), null_mut()) };
        }
        true
    }

    pub fn remove(_: &UnsafeCell<KDPC>) {}
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
