//! Starting, stopping, draining and purging queues (*fxioqueue.cpp*).

use super::queue::{IoQueue, Notify};
use super::request::Request;
use super::rules;
use crate::executive::{Event, EventKind, violation};

impl IoQueue {
    /// `WdfIoQueueStart`.
    pub(super) fn start(&'static self) {
        {
            let mut state = self.state.lock();
            state.accepts |= !state.shut_down;
            state.dispatches = true;
            state.cancels_returned = false;
            state.became_ready |= !state.waiting.is_empty();
        }
        self.dispatch_events();
    }

    /// `WdfIoQueueStop` and, with `cancel`, `WdfIoQueueStopAndPurge`: requests are taken but not
    /// delivered.
    pub(super) fn stop(&'static self, cancel: bool, notify: Option<Notify>, function: &str) {
        let waiting: Vec<&'static Request> = {
            let mut state = self.state.lock();
            if state.deleted || notify.is_some() && state.when_idle.is_some() {
                drop(state);
                fatal(function, "the queue goes, or another stop is under way");
            }
            state.when_idle = notify.or(state.when_idle.take());
            state.accepts |= !state.shut_down;
            state.dispatches = false;
            state.cancels_returned |= cancel;
            state.waiting.iter().copied().collect()
        };
        if cancel {
            // Those that come while the others are being canceled stay.
            self.cancel_waiting(|request| waiting.iter().any(|old| std::ptr::eq(*old, request)));
            self.cancel_driver_requests();
        }
        self.dispatch_events();
    }

    /// Cancels what waits and what the driver has marked cancelable, and takes no more.
    pub(super) fn purge(&'static self, notify: Option<Notify>) {
        {
            let mut state = self.state.lock();
            state.when_purged = notify.or(state.when_purged.take());
            state.accepts = false;
            state.cancels_returned = true;
        }
        self.cancel_waiting(|_| true);
        self.cancel_driver_requests();
        self.dispatch_events();
    }

    /// `WdfIoQueuePurge`.
    pub(super) fn purge_for_driver(&'static self, notify: Option<Notify>, function: &str) {
        self.check_purge(notify.is_some(), function);
        self.purge(notify);
    }

    /// `WdfIoQueueDrain`: takes no more requests, and delivers those that wait.
    pub(super) fn drain(&'static self, notify: Option<Notify>, function: &str) {
        self.check_purge(notify.is_some(), function);
        {
            let mut state = self.state.lock();
            state.when_purged = notify.or(state.when_purged.take());
            state.accepts = false;
        }
        self.dispatch_events();
    }

    fn check_purge(&self, notifies: bool, function: &str) {
        let refused = {
            let state = self.state.lock();
            state.deleted || notifies && state.when_purged.is_some()
        };
        if refused {
            fatal(
                function,
                "the queue goes, or another purge or drain is under way",
            );
        }
    }

    /// Runs one of these functions and waits for its end.
    ///
    /// IRQL: PASSIVE_LEVEL.
    pub(super) fn synchronously(&'static self, begin: impl FnOnce(&'static Self, Notify)) {
        // Queues keep what they notify by reference, and a stopped machine's threads never end.
        let event: &'static Event = Box::leak(Box::new(Event::new(EventKind::Notification, false)));
        begin(self, Notify::Event(event));
        event.wait();
    }

    /// Before the queue goes, everything is canceled and waited for.
    pub(super) fn dispose(&'static self) {
        self.purge(None);
        self.state.lock().disposing = true;
        self.dispatch_events();
        self.finished.wait();
    }
}

fn fatal(function: &str, why: &str) -> ! {
    violation(&rules::WDF_QUEUE_FATAL_ERROR, format!("{function}: {why}"))
}
