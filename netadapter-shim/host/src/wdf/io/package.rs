//! The I/O of one device: its queues, and which of them gets what (*fxpkgio.cpp*).

use super::super::attributes::Constraints;
use super::super::callback::guarded;
use super::super::device::DeviceHost;
use super::callback_lock::{CallbackLock, Scope};
use super::irp::Irp;
use super::queue::IoQueue;
use super::queue_create::internal_queue;
use super::request::{Owner, Request};
use super::settings::IoSettings;
use crate::executive::{Event, EventKind};
use netadapter_abi::nt::{NTSTATUS, STATUS_INVALID_DEVICE_REQUEST, STATUS_SUCCESS};
use netadapter_abi::wdf::{WDF_REQUEST_TYPE, WdfRequestTypeCreate};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The I/O of a device.
pub(in crate::wdf) struct IoPackage {
    pub(in crate::wdf) settings: IoSettings,
    lock: Arc<CallbackLock>,
    /// The lock serialises the callbacks of the device and what is below it.
    serialises: bool,
    queues: Mutex<Vec<&'static IoQueue>>,
    default: Mutex<Option<&'static IoQueue>>,
    by_type: Mutex<BTreeMap<WDF_REQUEST_TYPE, &'static IoQueue>>,
    creates: OnceLock<&'static IoQueue>,
    /// Queues deliver requests.
    powered: AtomicBool,
    open_files: Mutex<u32>,
    /// Set while no file is open.
    all_closed: Event,
}

impl IoPackage {
    pub(in crate::wdf) fn new(settings: IoSettings, constraints: Constraints) -> Self {
        Self {
            settings,
            lock: Arc::new(CallbackLock::new(constraints.passive)),
            serialises: constraints.scope == Scope::Device,
            queues: Mutex::default(),
            default: Mutex::default(),
            by_type: Mutex::default(),
            creates: OnceLock::new(),
            powered: AtomicBool::new(false),
            open_files: Mutex::new(0),
            all_closed: Event::new(EventKind::Notification, true),
        }
    }

    pub(super) fn lock_for(&self, scope: Scope) -> Option<Arc<CallbackLock>> {
        match scope {
            Scope::Device => Some(self.lock.clone()),
            Scope::Queue | Scope::None => None,
        }
    }

    /// The device's callback lock.
    pub(in crate::wdf) fn object_lock(&self) -> &CallbackLock {
        &self.lock
    }

    /// The device's callback lock, if it serialises callbacks.
    pub(in crate::wdf) fn device_lock(&self) -> Option<&CallbackLock> {
        self.serialises.then_some(&*self.lock)
    }

    pub(super) fn is_powered(&self) -> bool {
        self.powered.load(Ordering::Acquire)
    }

    pub(super) fn add_queue(&self, queue: &'static IoQueue) {
        self.queues.lock().push(queue);
    }

    pub(super) fn remove_queue(&self, queue: &IoQueue) {
        self.queues
            .lock()
            .retain(|other| !std::ptr::eq(*other, queue));
        self.by_type
            .lock()
            .retain(|_, other| !std::ptr::eq(*other, queue));
        let mut default = self.default.lock();
        if default.is_some_and(|default| std::ptr::eq(default, queue)) {
            *default = None;
        }
    }

    /// Makes a queue the default one; whether there was none.
    pub(super) fn set_default(&self, queue: &'static IoQueue) -> bool {
        let mut default = self.default.lock();
        if default.is_some() {
            return false;
        }
        *default = Some(queue);
        true
    }

    pub(super) fn default_queue(&self) -> Option<&'static IoQueue> {
        *self.default.lock()
    }

    /// Gives requests of a type to a queue; whether no queue had them before.
    pub(super) fn assign(&self, kind: WDF_REQUEST_TYPE, queue: &'static IoQueue) -> bool {
        let mut by_type = self.by_type.lock();
        let free = !by_type.contains_key(&kind);
        if free {
            by_type.insert(kind, queue);
        }
        free
    }

    /// The queue of a type of requests. Create requests do not go to the default queue.
    pub(super) fn queue_for(&self, kind: WDF_REQUEST_TYPE) -> Option<&'static IoQueue> {
        let assigned = self.by_type.lock().get(&kind).copied();
        match assigned {
            None if kind != WdfRequestTypeCreate => self.default_queue(),
            assigned => assigned,
        }
    }

    /// The framework's queue of create requests for EvtDeviceFileCreate.
    pub(super) fn create_queue(&self, device: &'static DeviceHost) -> &'static IoQueue {
        self.creates.get_or_init(|| {
            let queue = internal_queue(device);
            self.add_queue(queue);
            queue
        })
    }

    /// Takes a request from the I/O manager. It is completed here, or a queue or the driver
    /// completes it later.
    ///
    /// IRQL: PASSIVE_LEVEL, on the caller's thread.
    pub(super) fn dispatch(&self, device: &'static DeviceHost, irp: Arc<Irp>) {
        let queue = self.queue_for(irp.parameters.request_type);
        let callback = self.settings.in_caller_context;
        if queue.is_none() && callback.is_none() {
            irp.complete(STATUS_INVALID_DEVICE_REQUEST, 0);
            return;
        }
        let attributes = self.settings.request_attributes.as_deref();
        let request = match Request::create(device, irp.clone(), attributes) {
            Ok(request) => request,
            Err(status) => {
                irp.complete(status, 0);
                return;
            }
        };
        match (callback, queue) {
            (Some(callback), _) => {
                {
                    let mut state = request.state.lock();
                    state.owner = Owner::Driver;
                    state.in_caller_context = true;
                    state.presented = true;
                }
                guarded("EvtIoInCallerContext", || {
                    // SAFETY: the driver registered this callback, and owns the request from now.
                    unsafe { callback(device.handle(), request.handle()) }
                });
            }
            (None, Some(queue)) => queue.take_new(request),
            (None, None) => unreachable!("the request was completed above"),
        }
    }

    /// `WdfDeviceEnqueueRequest`: from EvtIoInCallerContext to the queue of its type.
    pub(super) fn enqueue(&self, request: &'static Request) -> NTSTATUS {
        let Some(queue) = self.queue_for(request.irp.parameters.request_type) else {
            return STATUS_INVALID_DEVICE_REQUEST;
        };
        match queue.take_forwarded(request) {
            Ok(()) => STATUS_SUCCESS,
            Err(status) => status,
        }
    }

    /// Counts a file that is opened; whether the device may have it.
    pub(super) fn file_opened(&self) -> bool {
        let mut open = self.open_files.lock();
        if self.settings.exclusive && *open > 0 {
            return false;
        }
        *open += 1;
        self.all_closed.clear();
        true
    }

    /// A file has been closed, or its opening has failed.
    pub(super) fn file_closed(&self) {
        let mut open = self.open_files.lock();
        *open -= 1;
        if *open == 0 {
            self.all_closed.set();
        }
    }

    /// Waits until all files are closed.
    pub(in crate::wdf) fn wait_for_files(&self) {
        self.all_closed.wait();
    }

    fn queues(&self) -> Vec<&'static IoQueue> {
        self.queues.lock().clone()
    }

    /// Cancels what waits for a file that is closed.
    pub(super) fn flush(&self, matches: impl Fn(&Request) -> bool) {
        for queue in self.queues() {
            queue.cancel_waiting(&matches);
            queue.dispatch_events();
        }
    }

    /// The device leaves D0: power-managed queues deliver nothing more, and the driver has
    /// answered for each request that it has when this returns.
    ///
    /// IRQL: PASSIVE_LEVEL.
    pub(in crate::wdf) fn hold(&self) {
        self.powered.store(false, Ordering::Release);
        let queues = self.queues();
        queues.iter().for_each(|queue| queue.begin_power_off());
        queues.iter().for_each(|queue| queue.hold());
    }

    /// The device is in D0: power-managed queues deliver what has waited.
    ///
    /// IRQL: PASSIVE_LEVEL.
    pub(in crate::wdf) fn resume(&self) {
        self.powered.store(true, Ordering::Release);
        let queues = self.queues();
        queues.iter().for_each(|queue| queue.resume());
        queues.iter().for_each(|queue| queue.deliver());
    }

    /// The device goes: the queues that are power-managed, or those that are not, are purged.
    ///
    /// IRQL: PASSIVE_LEVEL.
    pub(in crate::wdf) fn purge(&self, managed: bool) {
        for queue in self.queues() {
            queue.purge_for_removal(managed);
        }
    }
}
