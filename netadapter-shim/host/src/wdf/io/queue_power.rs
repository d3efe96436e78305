//! Queues while the device leaves and enters D0 (*Power Management for I/O Queues*, *fxioqueue.cpp*).

use super::dispatch::Step;
use super::queue::{IoQueue, QueueState};
use super::request::{Cancelable, Request, Stop};

/// Where a queue stands in a change of power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Power {
    /// Requests are delivered.
    #[default]
    On,
    /// No new request is delivered; threads that deliver one are waited for.
    Leaving,
    /// The driver is to be told of the requests that it has.
    Stopping { purge: bool },
    /// The driver is being told.
    Notifying { purge: bool },
    /// It has been told; its answers are waited for.
    Notified,
    /// Requests wait.
    Off,
    /// The driver is to be told that it may go on with what it has.
    Resuming,
    /// It is being told.
    NotifyingResume,
}

impl Power {
    /// Whether cancellations wait because the driver is being told of a change of power.
    pub(super) fn notifies_driver(self) -> bool {
        matches!(self, Self::Notifying { .. } | Self::NotifyingResume)
    }
}

impl IoQueue {
    /// One step of the change of power under way. `None`: go on with the other events of the
    /// queue's loop from the start; nothing more can be done now if that leads here again.
    pub(super) fn power_step(&'static self, state: &mut QueueState) -> PowerStep {
        match state.power {
            Power::On | Power::Off => PowerStep::Settled,
            Power::Leaving => {
                if state.dispatching == 1 {
                    self.power_idle.set();
                }
                PowerStep::Wait
            }
            Power::Stopping { purge } => {
                state.power = Power::Notifying { purge };
                state.to_notify = std::mem::take(&mut state.driver_owned);
                PowerStep::Again
            }
            Power::Notifying { purge } => match state.to_notify.pop_front() {
                None => {
                    state.power = Power::Notified;
                    PowerStep::Again
                }
                Some(request) => {
                    state.notified.push_back(request);
                    PowerStep::perform(self.stop_step(request, purge))
                }
            },
            Power::Notified => self.collect_answers(state),
            Power::Resuming => {
                state.power = Power::NotifyingResume;
                state.to_notify = std::mem::take(&mut state.driver_owned);
                PowerStep::Again
            }
            Power::NotifyingResume => match state.to_notify.pop_front() {
                None => {
                    state.power = Power::On;
                    PowerStep::Wait
                }
                Some(request) => {
                    state.driver_owned.push_back(request);
                    PowerStep::perform(self.resume_step(request))
                }
            },
        }
    }

    fn stop_step(&self, request: &'static Request, purge: bool) -> Option<Step> {
        let mut request_state = request.state.lock();
        request_state.stop = Stop::NotAsked;
        if request_state.canceled || self.config.EvtIoStop.is_none() {
            return None;
        }
        request_state.stop = Stop::Asked;
        let cancelable = matches!(request_state.cancelable, Cancelable::Yes(_));
        Some(Step::Stop {
            request,
            purge,
            cancelable,
        })
    }

    fn resume_step(&self, request: &'static Request) -> Option<Step> {
        let canceled = request.state.lock().canceled;
        (!canceled && self.config.EvtIoResume.is_some()).then_some(Step::Resume(request))
    }

    /// Puts acknowledged requests back where they belong; done when the driver has answered all.
    fn collect_answers(&'static self, state: &mut QueueState) -> PowerStep {
        let acknowledged = state
            .notified
            .iter()
            .position(|request| matches!(request.state.lock().stop, Stop::Acknowledged { .. }));
        if let Some(position) = acknowledged
            && let Some(request) = state.notified.remove(position)
        {
            let stop = std::mem::replace(&mut request.state.lock().stop, Stop::NotAsked);
            if stop != (Stop::Acknowledged { requeue: true }) {
                state.driver_owned.push_back(request);
                return PowerStep::Again;
            }
            if state.cancels_returned || self.insert(state, request, true).is_err() {
                return PowerStep::Perform(Step::CancelReturned(request));
            }
            return PowerStep::Again;
        }
        if state.notified.is_empty() && state.dispatching == 1 {
            state.power = Power::Off;
            self.power_idle.set();
            return PowerStep::Again;
        }
        PowerStep::Wait
    }

    /// Keeps new requests from the driver, and waits until no callback of the queue runs.
    pub(super) fn begin_power_off(&'static self) {
        if self.power_managed {
            self.change_power(Power::Leaving);
        }
    }

    /// Tells the driver to stop what it has, and waits until it has answered for each request.
    pub(super) fn hold(&'static self) {
        if self.power_managed {
            self.change_power(Power::Stopping { purge: false });
        }
    }

    /// Cancels everything, and waits until the driver has completed all that it has.
    pub(super) fn purge_for_removal(&'static self, managed: bool) {
        if self.power_managed != managed {
            return;
        }
        {
            let mut state = self.state.lock();
            state.shut_down = true;
            state.accepts = false;
        }
        self.purge(None);
        self.change_power(Power::Stopping { purge: true });
    }

    fn change_power(&'static self, power: Power) {
        {
            let mut state = self.state.lock();
            if state.deleted {
                return;
            }
            state.power = power;
            self.power_idle.clear();
        }
        self.dispatch_events();
        self.power_idle.wait();
    }

    /// Tells the driver of the requests that it kept. Requests are delivered once all queues of
    /// the device have got here and [`IoQueue::deliver`] is called.
    pub(super) fn resume(&'static self) {
        if !self.power_managed {
            return;
        }
        {
            let mut state = self.state.lock();
            if state.power != Power::Off {
                return;
            }
            state.power = Power::Resuming;
        }
        self.dispatch_events();
    }

    /// Delivers what has waited.
    pub(super) fn deliver(&'static self) {
        {
            let mut state = self.state.lock();
            state.became_ready |= !state.waiting.is_empty();
        }
        self.dispatch_events();
    }
}

/// What a step of a power change leads to.
pub(super) enum PowerStep {
    /// No change is under way.
    Settled,
    /// The loop starts over.
    Again,
    /// The driver is called, then the loop starts over.
    Perform(Step),
    /// The loop ends.
    Wait,
}

impl PowerStep {
    fn perform(step: Option<Step>) -> Self {
        step.map_or(Self::Again, Self::Perform)
    }
}
