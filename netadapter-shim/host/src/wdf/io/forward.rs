//! Requests on their way from one queue to another, or back.

use super::queue::IoQueue;
use super::queue_power::Power;
use super::request::{Owner, Request};
use super::rules;
use crate::executive::violation;
use netadapter_abi::nt::{
    NTSTATUS, STATUS_INVALID_DEVICE_STATE, STATUS_NO_MORE_ENTRIES, STATUS_NOT_FOUND, STATUS_SUCCESS,
};
use netadapter_abi::wdf::{
    STATUS_WDF_PAUSED, WdfIoQueueDispatchManual, WdfIoQueueDispatchParallel,
    WdfIoQueueDispatchSequential, WdfRequestTypeRead, WdfRequestTypeWrite,
};

impl IoQueue {
    /// `WdfRequestForwardToIoQueue`: from this queue's requests of the driver to another queue.
    pub(super) fn forward(
        &'static self,
        request: &'static Request,
        destination: &'static IoQueue,
        function: &str,
    ) -> NTSTATUS {
        let wrong = if std::ptr::eq(self, destination) {
            Some("to the queue from which it came")
        } else if !std::ptr::eq(self.device, destination.device) {
            Some("to a queue of another device")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            violation(
                &rules::WDF_FORWARDED_TO_WRONG_QUEUE,
                format!("{function}: a request is forwarded {wrong}"),
            );
        }
        self.state.lock().remove_from_driver(request);
        match destination.take_forwarded(request) {
            Ok(()) => {
                self.dispatch_events();
                STATUS_SUCCESS
            }
            Err(status) => {
                let mut state = self.state.lock();
                self.give_to_driver(&mut state, request);
                status
            }
        }
    }

    /// `WdfRequestRequeue`: back to the head of a manual queue.
    pub(super) fn requeue(&'static self, request: &'static Request, function: &str) -> NTSTATUS {
        if self.dispatch_type() != WdfIoQueueDispatchManual {
            violation(
                &rules::WDF_QUEUE_NOT_MANUAL,
                format!("{function}: only a manual queue takes a request back"),
            );
        }
        let canceled = {
            let mut state = self.state.lock();
            state.remove_from_driver(request);
            state.cancels_returned || self.insert(&mut state, request, true).is_err()
        };
        if canceled {
            self.cancel_returned(request);
        }
        self.dispatch_events();
        STATUS_SUCCESS
    }

    /// Takes the first waiting request that `matches`, for the driver.
    pub(super) fn retrieve(
        &'static self,
        function: &str,
        matches: impl Fn(&Request) -> bool,
    ) -> Result<&'static Request, NTSTATUS> {
        if self.dispatch_type() == WdfIoQueueDispatchParallel {
            return Err(STATUS_INVALID_DEVICE_STATE);
        }
        self.check_race(function);
        loop {
            let request = {
                let mut state = self.state.lock();
                if state.power == Power::Off || !state.dispatches {
                    return Err(STATUS_WDF_PAUSED);
                }
                let position = state.waiting.iter().position(|request| matches(request));
                let request = position.and_then(|position| state.waiting.remove(position));
                let request = request.ok_or(STATUS_NO_MORE_ENTRIES)?;
                self.give_to_driver(&mut state, request);
                request
            };
            if !self.is_empty_transfer(request) {
                request.state.lock().presented = true;
                return Ok(request);
            }
            request.finish(STATUS_SUCCESS, 0);
        }
    }

    fn check_race(&self, function: &str) {
        let count = self.state.lock().driver_count();
        if self.dispatch_type() == WdfIoQueueDispatchSequential && count == 0 {
            violation(
                &rules::WDF_SEQUENTIAL_QUEUE_RACE,
                format!("{function}: the driver has no request of this sequential queue"),
            );
        }
    }

    fn is_empty_transfer(&self, request: &Request) -> bool {
        let parameters = &request.irp.parameters;
        let empty = match parameters.request_type {
            WdfRequestTypeRead => parameters.output_length == 0,
            WdfRequestTypeWrite => parameters.input_length == 0,
            _ => false,
        };
        empty && self.config.AllowZeroLengthRequests == 0
    }

    /// `WdfIoQueueFindRequest`: the first waiting request after `after` that `matches`. It stays
    /// in the queue and gets a reference.
    pub(super) fn find(
        &self,
        after: Option<&Request>,
        function: &str,
        matches: impl Fn(&Request) -> bool,
    ) -> Result<&'static Request, NTSTATUS> {
        self.require_manual(function);
        if let Some(after) = after {
            let known = {
                let state = after.state.lock();
                state.found || state.owner != Owner::Framework
            };
            if !known {
                violation(
                    &rules::WDF_REQUEST_NOT_FOUND_BY_DRIVER,
                    format!("{function}: FoundRequest was not returned by an earlier call"),
                );
            }
        }
        let state = self.state.lock();
        let start = match after {
            None => 0,
            Some(after) => {
                let position = state
                    .waiting
                    .iter()
                    .position(|kept| std::ptr::eq(*kept, after));
                position.ok_or(STATUS_NOT_FOUND)? + 1
            }
        };
        let found = state
            .waiting
            .iter()
            .skip(start)
            .find(|request| matches(request));
        let found = *found.ok_or(STATUS_NO_MORE_ENTRIES)?;
        found.state.lock().found = true;
        super::super::object::reference(found.handle().cast());
        Ok(found)
    }

    pub(super) fn require_manual(&self, function: &str) {
        if self.dispatch_type() != WdfIoQueueDispatchManual {
            violation(
                &rules::WDF_QUEUE_NOT_MANUAL,
                format!("{function} is for manual queues"),
            );
        }
    }
}
