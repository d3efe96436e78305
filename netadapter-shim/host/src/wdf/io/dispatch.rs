//! The loop in which a queue calls its driver (*fxioqueue.cpp*, DispatchEvents).

use super::super::callback::guarded;
use super::callback_lock::CallbackLock;
use super::queue::{IoQueue, Notify, QueueState};
use super::queue_power::{Power, PowerStep};
use super::request::{Cancelable, Request, Stop, stop_flags};
use crate::executive::{HostDpc, processor, spawn, system};
use netadapter_abi::nt::{PASSIVE_LEVEL, STATUS_INVALID_DEVICE_REQUEST, STATUS_SUCCESS};
use netadapter_abi::wdf::{
    WDFCONTEXT, WdfIoQueueDispatchParallel, WdfIoQueueDispatchSequential,
    WdfRequestTypeDeviceControl, WdfRequestTypeDeviceControlInternal, WdfRequestTypeRead,
    WdfRequestTypeWrite,
};

/// One thing that the loop does without the queue's lock.
pub(super) enum Step {
    CancelReturned(&'static Request),
    CallCancel(&'static Request),
    CanceledOnQueue(&'static Request),
    Stop {
        request: &'static Request,
        purge: bool,
        cancelable: bool,
    },
    Resume(&'static Request),
    Notify(Notify),
    Present(&'static Request),
}

/// What the loop does next.
enum Next {
    Step(Step),
    Again,
    Done,
}

impl IoQueue {
    /// Calls the driver for all that can be done now: cancellations, changes of state and power,
    /// and requests.
    ///
    /// IRQL: DISPATCH_LEVEL or below. No lock of the host is held.
    pub(super) fn dispatch_events(&'static self) {
        {
            let mut state = self.state.lock();
            if state.deleted {
                return;
            }
            if !self.may_call_here() {
                state.deferred_again = true;
                self.defer(&mut state);
                return;
            }
            state.dispatching += 1;
        }
        loop {
            let next = {
                let mut state = self.state.lock();
                let next = self.next(&mut state);
                if matches!(next, Next::Done) {
                    state.dispatching -= 1;
                }
                next
            };
            match next {
                Next::Done => return,
                Next::Again => {}
                Next::Step(step) => self.perform(step),
            }
        }
    }

    /// Whether the caller's IRQL and locks allow to call the driver.
    fn may_call_here(&self) -> bool {
        let too_high = self.passive && processor().irql() > PASSIVE_LEVEL;
        let recursion = self.lock.as_ref().is_some_and(|lock| lock.is_owned());
        !too_high && !recursion
    }

    /// Lets another thread, or a DPC, run the loop.
    fn defer(&'static self, state: &mut QueueState) {
        if std::mem::replace(&mut state.deferred, true) {
            return;
        }
        if self.passive {
            let here = processor().index();
            spawn(system(), "I/O queue", here, move || self.run_deferred());
        } else {
            let dpc = self
                .dpc
                .get_or_init(|| HostDpc::new(move || self.run_deferred()));
            dpc.queue(system());
        }
    }

    fn run_deferred(&'static self) {
        self.state.lock().deferred_again = false;
        self.dispatch_events();
        let mut state = self.state.lock();
        state.deferred = false;
        if state.deferred_again && !state.deleted {
            self.defer(&mut state);
        }
    }

    fn next(&'static self, state: &mut QueueState) -> Next {
        if !state.power.notifies_driver() {
            if let Some(request) = state.canceled.pop_front() {
                return Next::Step(Step::CallCancel(request));
            }
            if let Some(request) = state.canceled_on_queue.pop_front() {
                return Next::Step(Step::CanceledOnQueue(request));
            }
        }
        let alone = state.dispatching == 1;
        if alone && let Some(notify) = state.take_notification() {
            state.cancels_returned = false;
            return Next::Step(Step::Notify(notify));
        }
        match self.power_step(state) {
            PowerStep::Settled => {}
            PowerStep::Again => return Next::Again,
            PowerStep::Perform(step) => return Next::Step(step),
            PowerStep::Wait => return Next::Done,
        }
        if state.disposing && alone && state.is_empty() {
            state.deleted = true;
            self.finished.set();
            return Next::Done;
        }
        if state.power != Power::On || !state.dispatches {
            return Next::Done;
        }
        self.next_request(state)
    }

    fn next_request(&'static self, state: &mut QueueState) -> Next {
        if state.waiting.is_empty() {
            return Next::Done;
        }
        let count = state.driver_count();
        let has_room = match self.dispatch_type() {
            WdfIoQueueDispatchSequential => count == 0,
            WdfIoQueueDispatchParallel => (count as u64) < u64::from(self.maximum_presented()),
            _ => {
                let ready = std::mem::take(&mut state.became_ready);
                return match state.when_ready {
                    Some(notify) if ready => Next::Step(Step::Notify(notify)),
                    _ => {
                        state.became_ready = ready;
                        Next::Done
                    }
                };
            }
        };
        match state.waiting.pop_front() {
            Some(request) if has_room => {
                self.give_to_driver(state, request);
                Next::Step(Step::Present(request))
            }
            first => {
                first
                    .into_iter()
                    .for_each(|request| state.waiting.push_front(request));
                Next::Done
            }
        }
    }

    fn perform(&'static self, step: Step) {
        match step {
            Step::CancelReturned(request) => self.cancel_returned(request),
            Step::CallCancel(request) => self.call_cancel(request),
            Step::CanceledOnQueue(request) => {
                if let Some(callback) = self.config.EvtIoCanceledOnQueue {
                    self.call("EvtIoCanceledOnQueue", || {
                        // SAFETY: the driver registered this callback, and owns the request.
                        unsafe { callback(self.handle(), request.handle()) }
                    });
                }
            }
            Step::Stop {
                request,
                purge,
                cancelable,
            } => self.call_stop(request, purge, cancelable),
            Step::Resume(request) => {
                if let Some(callback) = self.config.EvtIoResume {
                    self.call("EvtIoResume", || {
                        // SAFETY: as above.
                        unsafe { callback(self.handle(), request.handle()) }
                    });
                }
            }
            Step::Notify(Notify::Event(event)) => {
                event.set();
            }
            Step::Notify(Notify::Driver(routine, context)) => {
                self.call("EvtIoQueueState", || {
                    // SAFETY: the driver gave this routine with this context.
                    unsafe { routine(self.handle(), context as WDFCONTEXT) }
                });
            }
            Step::Present(request) => self.present(request),
        }
    }

    /// Calls the driver under the queue's callback lock.
    fn call(&self, name: &'static str, callback: impl FnOnce()) {
        CallbackLock::around(self.lock.as_deref(), || guarded(name, callback));
    }

    fn call_cancel(&'static self, request: &'static Request) {
        let cancelable = request.state.lock().cancelable;
        if let Cancelable::Canceled(routine) = cancelable {
            self.call("EvtRequestCancel", || {
                // SAFETY: the driver marked the request with this routine, and owns it.
                unsafe { routine(request.handle()) }
            });
        }
    }

    fn call_stop(&'static self, request: &'static Request, purge: bool, cancelable: bool) {
        let Some(callback) = self.config.EvtIoStop else {
            return;
        };
        self.call("EvtIoStop", || {
            // SAFETY: the driver registered this callback, and owns the request.
            unsafe {
                callback(
                    self.handle(),
                    request.handle(),
                    stop_flags(purge, cancelable),
                )
            }
        });
        let mut state = request.state.lock();
        if state.stop == Stop::Asked {
            // Not acknowledged: the change of power waits for its completion.
            state.stop = Stop::NotAsked;
        }
    }

    /// Delivers a request to the callback of its type.
    fn present(&'static self, request: &'static Request) {
        let parameters = request.irp.parameters;
        let (input, output) = (parameters.input_length, parameters.output_length);
        let is_empty = match parameters.request_type {
            WdfRequestTypeRead => output == 0,
            WdfRequestTypeWrite => input == 0,
            _ => false,
        };
        if is_empty && self.config.AllowZeroLengthRequests == 0 {
            request.finish(STATUS_SUCCESS, 0);
            return;
        }
        request.state.lock().presented = true;
        if self.call_by_type(request).is_none() {
            request.state.lock().presented = false;
            request.finish(STATUS_INVALID_DEVICE_REQUEST, 0);
        }
    }

    /// Calls the callback of the request's type, or the default one; nothing if there is none.
    fn call_by_type(&'static self, request: &'static Request) -> Option<()> {
        let parameters = request.irp.parameters;
        let (input, output) = (parameters.input_length, parameters.output_length);
        let (queue, handle, code) = (self.handle(), request.handle(), parameters.code);
        let config = &self.config;
        let called = match parameters.request_type {
            WdfRequestTypeRead => config.EvtIoRead.map(|read| {
                self.call("EvtIoRead", || {
                    // SAFETY: the driver registered this callback, and owns the request from now.
                    unsafe { read(queue, handle, output) }
                });
            }),
            WdfRequestTypeWrite => config.EvtIoWrite.map(|write| {
                self.call("EvtIoWrite", || {
                    // SAFETY: as above.
                    unsafe { write(queue, handle, input) }
                });
            }),
            WdfRequestTypeDeviceControl => config.EvtIoDeviceControl.map(|control| {
                self.call("EvtIoDeviceControl", || {
                    // SAFETY: as above.
                    unsafe { control(queue, handle, output, input, code) }
                });
            }),
            WdfRequestTypeDeviceControlInternal => {
                config.EvtIoInternalDeviceControl.map(|control| {
                    self.call("EvtIoInternalDeviceControl", || {
                        // SAFETY: as above.
                        unsafe { control(queue, handle, output, input, code) }
                    });
                })
            }
            _ => None,
        };
        called.or_else(|| {
            config.EvtIoDefault.map(|any| {
                self.call("EvtIoDefault", || {
                    // SAFETY: as above.
                    unsafe { any(queue, handle) }
                });
            })
        })
    }
}
