//! Cancellation of requests, in queues and in the driver's hands.

use super::queue::{IoQueue, QueueState};
use super::request::{CancelRoutine, Cancelable, Owner, Request};
use super::rules;
use crate::executive::violation;
use netadapter_abi::nt::{NTSTATUS, STATUS_CANCELLED, STATUS_SUCCESS};

impl Request {
    /// The caller has canceled the request: it goes from its queue, or the driver is told.
    pub(super) fn cancel(&'static self) {
        if let Some(queue) = self.queue() {
            queue.cancel(self);
        }
    }

    /// Moves a cancelable request of the driver to those that it is told of; whether it was one.
    fn begin_cancel(&self) -> bool {
        let mut state = self.state.lock();
        match state.cancelable {
            Cancelable::Yes(routine) if state.owner == Owner::Driver => {
                state.cancelable = Cancelable::Canceled(routine);
                state.canceled = true;
                true
            }
            _ => false,
        }
    }
}

impl IoQueue {
    fn cancel(&'static self, request: &'static Request) {
        let was_waiting = {
            let mut state = self.state.lock();
            let was_waiting = state.remove_waiting(request);
            if !was_waiting && request.begin_cancel() {
                state.canceled.push_back(request);
            }
            was_waiting
        };
        if was_waiting {
            self.cancel_returned(request);
        }
        self.dispatch_events();
    }

    /// Cancels a request that is in no list: the driver hears of it if it knows the request and
    /// wants to hear (*EVT_WDF_IO_QUEUE_IO_CANCELED_ON_QUEUE callback function*), else it ends.
    pub(super) fn cancel_returned(&'static self, request: &'static Request) {
        let tells = {
            let mut request_state = request.state.lock();
            request_state.canceled = true;
            request_state.presented && self.config.EvtIoCanceledOnQueue.is_some()
        };
        if tells {
            let mut state = self.state.lock();
            self.give_to_driver(&mut state, request);
            state.canceled_on_queue.push_back(request);
        } else {
            request.finish(STATUS_CANCELLED, 0);
        }
    }

    /// Takes all waiting requests out; those of a file if one is given.
    pub(super) fn cancel_waiting(&'static self, matches: impl Fn(&Request) -> bool) {
        loop {
            let next = {
                let mut state = self.state.lock();
                let position = state.waiting.iter().position(|request| matches(request));
                position.and_then(|position| state.waiting.remove(position))
            };
            let Some(request) = next else { return };
            self.cancel_returned(request);
        }
    }

    /// Tells the driver to cancel what it has marked cancelable.
    pub(super) fn cancel_driver_requests(&'static self) {
        let mut state = self.state.lock();
        let requests: Vec<_> = all_of_driver(&state).collect();
        for request in requests {
            if request.begin_cancel() {
                state.canceled.push_back(request);
            }
        }
    }

    /// `WdfRequestMarkCancelable(Ex)`. With `fail`, a request that has been canceled is not marked
    /// and the status says so; else its routine is called.
    pub(super) fn mark_cancelable(
        &'static self,
        request: &'static Request,
        routine: CancelRoutine,
        fail: bool,
    ) -> NTSTATUS {
        {
            let mut state = self.state.lock();
            let canceled = state.cancels_returned || request.irp.is_canceled();
            let mut request_state = request.state.lock();
            if !canceled {
                request_state.cancelable = Cancelable::Yes(routine);
                return STATUS_SUCCESS;
            }
            if fail {
                return STATUS_CANCELLED;
            }
            request_state.cancelable = Cancelable::Canceled(routine);
            request_state.canceled = true;
            state.canceled.push_back(request);
        }
        self.dispatch_events();
        STATUS_SUCCESS
    }

    /// `WdfRequestUnmarkCancelable`: `STATUS_CANCELLED` if the cancel routine has won.
    pub(super) fn unmark_cancelable(&self, request: &Request, function: &str) -> NTSTATUS {
        let before = {
            // Cancellation looks at the mark under the queue's lock.
            let _queue = self.state.lock();
            let mut state = request.state.lock();
            let before = state.cancelable;
            if matches!(before, Cancelable::Yes(_)) {
                state.cancelable = Cancelable::No;
            }
            before
        };
        match before {
            Cancelable::Yes(_) => STATUS_SUCCESS,
            Cancelable::Canceled(_) => STATUS_CANCELLED,
            Cancelable::No => violation(
                &rules::WDF_REQUEST_NOT_CANCELABLE,
                format!("{function}: the request is not marked cancelable"),
            ),
        }
    }
}

/// The driver's requests, in whichever list they are during a power change.
fn all_of_driver(state: &QueueState) -> impl Iterator<Item = &'static Request> + '_ {
    let lists = state.driver_owned.iter();
    lists
        .chain(&state.to_notify)
        .chain(&state.notified)
        .copied()
}
