//! Tasks of a driver: NETEXECUTIONCONTEXTTASK.

use super::{DriverContext, ExecutionContext};
use crate::executive::{Event, EventKind, current_thread_id, processor, spawn, system, violation};
use crate::netcx::rules;
use crate::wdf::{self, Hooks, ObjectKind};
use netadapter_abi::net::{NETEXECUTIONCONTEXT, NETEXECUTIONCONTEXTTASK};
use netadapter_abi::nt::{NTSTATUS, STATUS_DELETE_PENDING};
use netadapter_abi::nt_fn;
use netadapter_abi::wdf::{WDF_OBJECT_ATTRIBUTES, WDFOBJECT};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// What a task shares with its context.
struct Shared {
    queued: AtomicBool,
    completed: Event,
    /// Identity of the thread that runs the callback; 0: none.
    thread: AtomicUsize,
}

/// A task of the driver.
pub(super) struct DriverTask {
    callback: nt_fn!(fn(NETEXECUTIONCONTEXTTASK)),
    /// The execution context's handle, which the task references.
    parent: usize,
    context: Weak<ExecutionContext>,
    shared: Arc<Shared>,
}

fn task(handle: NETEXECUTIONCONTEXTTASK) -> &'static DriverTask {
    wdf::payload(handle.cast(), ObjectKind::NetExecutionContextTask)
}

impl DriverTask {
    /// Makes the object.
    ///
    /// # Errors
    /// Those of *WdfObjectCreate function*.
    pub(super) fn create(
        parent: NETEXECUTIONCONTEXT,
        callback: nt_fn!(fn(NETEXECUTIONCONTEXTTASK)),
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
    ) -> Result<NETEXECUTIONCONTEXTTASK, NTSTATUS> {
        let context = DriverContext::of(parent).ok_or(STATUS_DELETE_PENDING)?;
        let payload = Box::new(Self {
            callback,
            parent: parent as usize,
            context: Arc::downgrade(&context),
            shared: Arc::new(Shared {
                queued: AtomicBool::new(false),
                completed: Event::new(EventKind::Notification, true),
                thread: AtomicUsize::new(0),
            }),
        });
        let kind = ObjectKind::NetExecutionContextTask;
        let object = wdf::create_object(kind, Some(parent.cast()), attributes, payload)?;
        wdf::reference(parent.cast());
        wdf::set_hooks(
            object,
            Hooks {
                dispose: Some(dispose),
                destroy: Some(destroy),
            },
        );
        Ok(object.cast())
    }
}

/// Lets the task run once, soon.
///
/// IRQL: DISPATCH_LEVEL or below.
pub(super) fn enqueue(handle: NETEXECUTIONCONTEXTTASK) {
    let task = task(handle);
    if task.shared.queued.swap(true, Ordering::AcqRel) {
        violation(
            &rules::INVALID_EXECUTION_CONTEXT_TASK,
            "NetExecutionContextTaskEnqueue of a task that waits to run".to_owned(),
        );
    }
    task.shared.completed.clear();
    let Some(context) = task.context.upgrade() else {
        return;
    };
    // The object stays until the task has run.
    wdf::reference(handle.cast());
    let (shared, callback) = (task.shared.clone(), task.callback);
    let address = handle as usize;
    context.queue_task(move || {
        let handle = address as NETEXECUTIONCONTEXTTASK;
        shared.queued.store(false, Ordering::Release);
        shared.thread.store(current_thread_id(), Ordering::Release);
        wdf::guarded("EvtExecutionContextTask", || {
            // SAFETY: the driver registered the callback for this task; it runs on the context's
            // worker at PASSIVE_LEVEL.
            unsafe { callback(handle) }
        });
        shared.thread.store(0, Ordering::Release);
        if !shared.queued.load(Ordering::Acquire) {
            shared.completed.set();
        }
        wdf::dereference(handle.cast());
    });
}

/// Waits until the task has run.
///
/// IRQL: PASSIVE_LEVEL.
pub(super) fn wait(handle: NETEXECUTIONCONTEXTTASK) {
    let task = task(handle);
    let on_worker = task
        .context
        .upgrade()
        .is_some_and(|context| context.is_worker());
    if on_worker && !task.shared.completed.is_set() {
        violation(
            &rules::WAIT_ON_OWN_EXECUTION_CONTEXT,
            "NetExecutionContextTaskWaitCompletion on the thread that is to run the task"
                .to_owned(),
        );
    }
    task.shared.completed.wait();
}

/// A task that is deleted has run; one that deletes itself is waited for elsewhere.
fn dispose(object: WDFOBJECT) {
    let shared = task(object.cast()).shared.clone();
    if shared.thread.load(Ordering::Acquire) == current_thread_id() {
        wdf::reference(object);
        let address = object as usize;
        spawn(
            system(),
            "deferred task deletion",
            processor().index(),
            move || {
                shared.completed.wait();
                wdf::dereference(address as WDFOBJECT);
            },
        );
    } else {
        shared.completed.wait();
    }
}

fn destroy(object: WDFOBJECT) {
    wdf::dereference(task(object.cast()).parent as WDFOBJECT);
}
