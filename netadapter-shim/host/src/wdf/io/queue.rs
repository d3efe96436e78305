//! WDFQUEUE: what a queue holds, and how requests get in and out.

use super::super::callback::Registered;
use super::super::device::DeviceHost;
use super::super::kind::ObjectKind;
use super::super::object;
use super::callback_lock::CallbackLock;
use super::queue_power::Power;
use super::request::{Cancelable, Owner, Request};
use crate::executive::{Event, HostDpc};
use netadapter_abi::nt::{NTSTATUS, STATUS_CANCELLED, STATUS_INVALID_DEVICE_STATE, ULONG};
use netadapter_abi::nt_fn;
use netadapter_abi::wdf::{
    STATUS_WDF_BUSY, WDF_IO_QUEUE_CONFIG, WDF_IO_QUEUE_DISPATCH_TYPE, WDF_REQUEST_TYPE, WDFCONTEXT,
    WDFQUEUE, WdfIoQueueDispatchManual, WdfRequestTypeDeviceControl,
    WdfRequestTypeDeviceControlInternal, WdfRequestTypeRead, WdfRequestTypeWrite,
};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

pub(super) type StateRoutine = nt_fn!(fn(WDFQUEUE, WDFCONTEXT));

/// Who is told when a queue has reached a state.
#[derive(Clone, Copy)]
pub(super) enum Notify {
    /// A routine of the driver, with its context as an address.
    Driver(StateRoutine, usize),
    /// A thread of the framework.
    Event(&'static Event),
}

#[derive(Default)]
pub(super) struct QueueState {
    pub(super) accepts: bool,
    pub(super) dispatches: bool,
    /// The device goes: the queue cannot be made to accept again.
    pub(super) shut_down: bool,
    /// The device has gone: nothing is dispatched any more.
    pub(super) deleted: bool,
    pub(super) disposing: bool,
    /// What comes back to the queue is canceled, until the driver has no request or starts it.
    pub(super) cancels_returned: bool,
    pub(super) power: Power,
    /// Waiting for their delivery.
    pub(super) waiting: VecDeque<&'static Request>,
    /// The driver's. During a power change these three lists share them.
    pub(super) driver_owned: VecDeque<&'static Request>,
    pub(super) to_notify: VecDeque<&'static Request>,
    pub(super) notified: VecDeque<&'static Request>,
    /// Their cancel routines are to be called.
    pub(super) canceled: VecDeque<&'static Request>,
    /// EvtIoCanceledOnQueue is to be called for them.
    pub(super) canceled_on_queue: VecDeque<&'static Request>,
    pub(super) when_idle: Option<Notify>,
    pub(super) when_purged: Option<Notify>,
    pub(super) when_ready: Option<Notify>,
    /// A request has come to an empty manual queue.
    pub(super) became_ready: bool,
    /// Threads in the dispatch loop.
    pub(super) dispatching: u32,
    pub(super) deferred: bool,
    pub(super) deferred_again: bool,
}

impl QueueState {
    pub(super) fn driver_count(&self) -> usize {
        self.driver_owned.len() + self.to_notify.len() + self.notified.len()
    }

    /// Whether neither the queue nor the driver has a request.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.driver_count() == 0
    }

    /// Who is to be told now that the driver, or the queue too, is empty. No other thread may be
    /// in a callback of the queue.
    pub(super) fn take_notification(&mut self) -> Option<Notify> {
        if self.driver_count() == 0 && self.when_idle.is_some() {
            return self.when_idle.take();
        }
        if self.is_empty() {
            return self.when_purged.take();
        }
        None
    }

    pub(super) fn remove_from_driver(&mut self, request: &Request) {
        let other = |kept: &&'static Request| !std::ptr::eq(*kept, request);
        self.driver_owned.retain(other);
        self.to_notify.retain(other);
        self.notified.retain(other);
    }

    /// Takes a request out of those that wait; whether it was there.
    pub(super) fn remove_waiting(&mut self, request: &Request) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|kept| !std::ptr::eq(*kept, request));
        self.waiting.len() != before
    }
}

/// An I/O queue.
pub(in crate::wdf) struct IoQueue {
    pub(super) handle: OnceLock<usize>,
    pub(super) device: &'static DeviceHost,
    pub(super) config: Registered<WDF_IO_QUEUE_CONFIG>,
    pub(super) power_managed: bool,
    /// The framework's own, for create requests.
    pub(super) internal: bool,
    /// Callbacks come at PASSIVE_LEVEL.
    pub(super) passive: bool,
    /// What serialises callbacks: nothing, the queue's lock or the device's.
    pub(super) lock: Option<Arc<CallbackLock>>,
    /// What the driver can take to keep callbacks out.
    pub(super) object_lock: Arc<CallbackLock>,
    pub(super) state: Mutex<QueueState>,
    /// Set when a change of power has been dealt with.
    pub(super) power_idle: Event,
    /// Set when the queue has been emptied for good.
    pub(super) finished: Event,
    pub(super) dpc: OnceLock<Arc<HostDpc>>,
}

/// The lock that a driver takes by a queue's handle.
pub(in crate::wdf) fn queue_lock(handle: WDFQUEUE) -> &'static CallbackLock {
    &queue(handle).object_lock
}

/// The queue of a handle.
pub(super) fn queue(handle: WDFQUEUE) -> &'static IoQueue {
    let queue: &&IoQueue = object::payload(handle.cast(), ObjectKind::IoQueue);
    queue
}

impl IoQueue {
    /// The handle; null for a queue of the framework itself.
    pub(super) fn handle(&self) -> WDFQUEUE {
        self.handle
            .get()
            .map_or(std::ptr::null_mut(), |&handle| handle as WDFQUEUE)
    }

    pub(super) fn dispatch_type(&self) -> WDF_IO_QUEUE_DISPATCH_TYPE {
        self.config.DispatchType
    }

    pub(super) fn maximum_presented(&self) -> ULONG {
        // SAFETY: the union has one member.
        unsafe { self.config.Settings.Parallel }.NumberOfPresentedRequests
    }

    /// Whether the queue has a callback for requests of a type, or is a manual one.
    pub(super) fn handles(&self, kind: WDF_REQUEST_TYPE) -> bool {
        let own = match kind {
            WdfRequestTypeRead => self.config.EvtIoRead.is_some(),
            WdfRequestTypeWrite => self.config.EvtIoWrite.is_some(),
            WdfRequestTypeDeviceControl => self.config.EvtIoDeviceControl.is_some(),
            WdfRequestTypeDeviceControlInternal => self.config.EvtIoInternalDeviceControl.is_some(),
            _ => false,
        };
        let manual = self.dispatch_type() == WdfIoQueueDispatchManual;
        own || manual || self.config.EvtIoDefault.is_some()
    }

    /// Takes a new request, or completes it if the queue takes none.
    pub(super) fn take_new(&'static self, request: &'static Request) {
        let refused = {
            let mut state = self.state.lock();
            if state.accepts {
                self.insert(&mut state, request, false).err()
            } else {
                Some(STATUS_INVALID_DEVICE_STATE)
            }
        };
        if let Some(status) = refused {
            request.finish(status, 0);
        }
        self.dispatch_events();
    }

    /// Takes a request from another queue or from EvtIoInCallerContext. It belongs to the
    /// framework on success; else nothing has changed.
    pub(super) fn take_forwarded(&'static self, request: &'static Request) -> Result<(), NTSTATUS> {
        let canceled = {
            let mut state = self.state.lock();
            if !state.accepts {
                return Err(STATUS_WDF_BUSY);
            }
            self.insert(&mut state, request, false).is_err()
        };
        if canceled {
            self.cancel_returned(request);
        }
        self.dispatch_events();
        Ok(())
    }

    /// Puts a request among those that wait.
    ///
    /// # Errors
    /// `STATUS_CANCELLED` if its caller has canceled it; it is in no queue then.
    pub(super) fn insert(
        &'static self,
        state: &mut QueueState,
        request: &'static Request,
        at_head: bool,
    ) -> Result<(), NTSTATUS> {
        {
            let mut request_state = request.state.lock();
            request_state.queue = Some(self);
            request_state.owner = Owner::Framework;
            request_state.in_caller_context = false;
            request_state.cancelable = Cancelable::No;
        }
        if request.irp.is_canceled() {
            return Err(STATUS_CANCELLED);
        }
        if at_head {
            state.waiting.push_front(request);
        } else {
            state.waiting.push_back(request);
        }
        if state.waiting.len() == 1 {
            state.became_ready = true;
        }
        Ok(())
    }

    /// Makes a request the driver's.
    pub(super) fn give_to_driver(&'static self, state: &mut QueueState, request: &'static Request) {
        {
            let mut request_state = request.state.lock();
            request_state.owner = Owner::Driver;
            request_state.queue = Some(self);
            request_state.found = false;
        }
        state.driver_owned.push_back(request);
    }

    /// The driver has completed a request: the next one can come.
    pub(super) fn request_completed(&'static self, request: &'static Request) {
        self.state.lock().remove_from_driver(request);
        self.dispatch_events();
    }
}
