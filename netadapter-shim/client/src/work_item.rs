//! Work at PASSIVE_LEVEL on a system thread.

use core::marker::PhantomData;
use core::ptr::null_mut;

use netadapter_abi::wdf::{WDF_WORKITEM_CONFIG, WDFWORKITEM};
use netadapter_abi::{nt_export, wdf_call};

use crate::device::DeviceHandle;
use crate::object::{self, ContextType};
use crate::{Result, Status};

/// What a work item does.
pub trait WorkItemRoutine: ContextType + Send + Sync {
    /// `EvtWorkItem`. IRQL: PASSIVE_LEVEL.
    fn run(&self);
}

/// A work item. It lives as long as its device, whose deletion waits for it.
pub struct WorkItem<R> {
    handle: WDFWORKITEM,
    routine: PhantomData<fn() -> R>,
}

impl<R> Clone for WorkItem<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for WorkItem<R> {}

// SAFETY: WDF handles may be used on any thread.
unsafe impl<R> Send for WorkItem<R> {}
// SAFETY: as for `Send`; WDF synchronises what it does with the work item.
unsafe impl<R> Sync for WorkItem<R> {}

impl<R: WorkItemRoutine> WorkItem<R> {
    /// A work item of a device.
    ///
    /// IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// That of `WdfWorkItemCreate`.
    pub fn create(device: DeviceHandle, routine: R) -> Result<Self> {
        let mut config = WDF_WORKITEM_CONFIG {
            AutomaticSerialization: 0,
            ..WDF_WORKITEM_CONFIG::init(Some(work_item::<R>))
        };
        let mut attributes = object::attributes::<R>();
        attributes.ParentObject = device.raw().cast();
        let mut handle = null_mut();
        // SAFETY: the parent is valid; configuration, attributes and result outlive the call.
        Status::check(unsafe {
            wdf_call!(WdfWorkItemCreate, &mut config, &mut attributes, &mut handle)
        })?;
        // SAFETY: the work item was created with these attributes, and runs only after it was enqueued.
        unsafe { object::emplace(handle.cast(), routine) };
        Ok(Self {
            handle,
            routine: PhantomData,
        })
    }

    /// Has it run soon; once, when it was enqueued already and has not started. IRQL: ≤ DISPATCH_LEVEL.
    pub fn enqueue(&self) {
        // SAFETY: the handle is valid as long as the device.
        unsafe { wdf_call!(WdfWorkItemEnqueue, self.handle) };
    }

    /// Waits until it has run as often as it was enqueued. IRQL: PASSIVE_LEVEL.
    pub fn flush(&self) {
        // SAFETY: as in `enqueue`.
        unsafe { wdf_call!(WdfWorkItemFlush, self.handle) };
    }
}

nt_export! {
    unsafe fn work_item<R: WorkItemRoutine>(handle: WDFWORKITEM) {
        // SAFETY: this is the work item's callback, so that it and its data are alive.
        if let Some(routine) = unsafe { object::find::<R>(handle.cast()) } {
            routine.run();
        }
    }
}
