//! Work items.

use super::callback::guarded;
use super::entry::{enter, enter_passive, has_size, required, required_out};
use super::kind::ObjectKind;
use super::object::{self, Hooks};
use crate::executive::{Event, EventKind, current_thread_id, processor, spawn, system};
use netadapter_abi::nt::{
    NTSTATUS, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    PFN_WDF_WORKITEM, WDF_DRIVER_GLOBALS, WDF_OBJECT_ATTRIBUTES, WDF_WORKITEM_CONFIG, WDFOBJECT,
    WDFWORKITEM,
};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How far the runs of a work item have come.
#[derive(Default)]
struct Runs {
    /// Enqueued, and not begun yet.
    queued: bool,
    /// Runs that have been enqueued and have not ended.
    outstanding: u32,
}

/// A work item.
struct WorkItem {
    callback: PFN_WDF_WORKITEM,
    runs: Mutex<Runs>,
    /// Set while no run is outstanding.
    idle: Event,
    /// The thread that runs the callback; 0 if none does.
    runner: AtomicUsize,
}

fn work_item(handle: WDFWORKITEM) -> &'static WorkItem {
    object::payload(handle.cast(), ObjectKind::WorkItem)
}

impl WorkItem {
    /// Queues a run on the caller's processor, unless one is queued already.
    fn enqueue(&'static self, handle: usize) {
        {
            let mut runs = self.runs.lock();
            if runs.queued {
                return;
            }
            runs.queued = true;
            runs.outstanding += 1;
            self.idle.clear();
        }
        object::reference(handle as WDFOBJECT);
        spawn(system(), "work item", processor().index(), move || {
            self.run(handle)
        });
    }

    fn run(&self, handle: usize) {
        self.runs.lock().queued = false;
        if let Some(callback) = self.callback {
            self.runner.store(current_thread_id(), Ordering::Release);
            guarded("EvtWorkItem", || {
                // SAFETY: the run holds a reference on the object.
                unsafe { callback(handle as WDFWORKITEM) }
            });
            self.runner.store(0, Ordering::Release);
        }
        {
            let mut runs = self.runs.lock();
            runs.outstanding -= 1;
            if runs.outstanding == 0 {
                self.idle.set();
            }
        }
        object::dereference(handle as WDFOBJECT);
    }
}

fn create(
    config: &WDF_WORKITEM_CONFIG,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
) -> Result<WDFWORKITEM, NTSTATUS> {
    if !has_size::<WDF_WORKITEM_CONFIG>(config.Size) {
        return Err(STATUS_INFO_LENGTH_MISMATCH);
    }
    if config.EvtWorkItemFunc.is_none() {
        return Err(STATUS_INVALID_PARAMETER);
    }
    let item = WorkItem {
        callback: config.EvtWorkItemFunc,
        runs: Mutex::default(),
        idle: Event::new(EventKind::Notification, true),
        runner: AtomicUsize::new(0),
    };
    let handle = object::create_object(ObjectKind::WorkItem, None, attributes, Box::new(item))?;
    object::set_hooks(
        handle,
        Hooks {
            dispose: Some(wait_for_runs),
            destroy: None,
        },
    );
    Ok(handle.cast())
}

/// Before a work item goes, its runs end; but for one that deletes its own work item.
fn wait_for_runs(handle: WDFOBJECT) {
    let item = work_item(handle.cast());
    if item.runner.load(Ordering::Acquire) != current_thread_id() {
        item.idle.wait();
    }
}

nt_export! {
    pub(super) unsafe fn wdf_work_item_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        config: *mut WDF_WORKITEM_CONFIG,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFWORKITEM,
    ) -> NTSTATUS {
        const NAME: &str = "WdfWorkItemCreate";
        enter(globals, NAME);
        // SAFETY: *WdfWorkItemCreate function*: the driver's own configuration.
        let config = unsafe { required(config, NAME, "Config") };
        // SAFETY: as above, the address of a location that receives the handle.
        let result = unsafe { required_out(result, NAME, "WorkItem") };
        match create(config, attributes) {
            Ok(handle) => {
                *result = handle;
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    pub(super) unsafe fn wdf_work_item_enqueue(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFWORKITEM,
    ) {
        enter(globals, "WdfWorkItemEnqueue");
        work_item(handle).enqueue(handle as usize);
    }

    pub(super) unsafe fn wdf_work_item_flush(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFWORKITEM,
    ) {
        enter_passive(globals, "WdfWorkItemFlush");
        work_item(handle).idle.wait();
    }

    pub(super) unsafe fn wdf_work_item_get_parent_object(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFWORKITEM,
    ) -> WDFOBJECT {
        enter(globals, "WdfWorkItemGetParentObject");
        work_item(handle);
        object::parent(handle.cast()).unwrap_or(std::ptr::null_mut())
    }
}
