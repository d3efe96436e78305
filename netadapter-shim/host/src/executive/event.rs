//! Events: what threads of the machine wait on.

use super::conductor::Awaited;
use super::playing::{current_thread, processor};
use super::system::{System, system};
use super::thread::{Suspension, Thread, require_waitable, suspend};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a satisfied wait resets the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Stays signalled until it is cleared.
    Notification,
    /// Releases one waiter and is not signalled any more.
    Synchronization,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitOutcome {
    /// The event was signalled.
    Signalled,
    /// The time had run out.
    TimedOut,
}

/// One wait: whoever sets `woken` first makes the thread ready.
struct WaitBlock {
    thread: Arc<Thread>,
    system: &'static System,
    woken: AtomicBool,
    signalled: AtomicBool,
}

impl WaitBlock {
    fn wake(&self, signalled: bool) -> bool {
        if self.woken.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.signalled.store(signalled, Ordering::Release);
        self.thread.clone().make_ready(self.system);
        true
    }
}

struct State {
    signalled: bool,
    waiters: Vec<Arc<WaitBlock>>,
}

/// A dispatcher event. It can be signalled from any thread and waited on by system threads.
pub struct Event {
    kind: EventKind,
    state: Mutex<State>,
}

impl Event {
    /// Makes an event.
    pub fn new(kind: EventKind, signalled: bool) -> Self {
        Self {
            kind,
            state: Mutex::new(State {
                signalled,
                waiters: Vec::new(),
            }),
        }
    }

    /// Signals the event; whether it was signalled before.
    pub fn set(&self) -> bool {
        let mut state = self.state.lock();
        let before = std::mem::replace(&mut state.signalled, true);
        let mut waiters = std::mem::take(&mut state.waiters).into_iter();
        for waiter in waiters.by_ref() {
            if waiter.wake(true) && self.kind == EventKind::Synchronization {
                state.signalled = false;
                break;
            }
        }
        state.waiters = waiters.collect();
        before
    }

    /// Makes the event not signalled; whether it was.
    pub fn clear(&self) -> bool {
        std::mem::replace(&mut self.state.lock().signalled, false)
    }

    /// Whether the event is signalled.
    pub fn is_set(&self) -> bool {
        self.state.lock().signalled
    }

    /// Waits until the event is signalled.
    ///
    /// IRQL: below DISPATCH_LEVEL.
    pub fn wait(&self) {
        self.wait_for(None);
    }

    /// Waits for at most `timeout_ns` nanoseconds; forever if that is absent.
    ///
    /// IRQL: below DISPATCH_LEVEL; any if the time is 0.
    pub fn wait_for(&self, timeout_ns: Option<u64>) -> WaitOutcome {
        if timeout_ns != Some(0) {
            require_waitable();
            processor().serve();
        }
        let mut state = self.state.lock();
        if state.signalled {
            state.signalled = self.kind == EventKind::Notification;
            return WaitOutcome::Signalled;
        }
        if timeout_ns == Some(0) {
            return WaitOutcome::TimedOut;
        }
        let block = Arc::new(WaitBlock {
            thread: current_thread(),
            system: system(),
            woken: AtomicBool::new(false),
            signalled: AtomicBool::new(false),
        });
        state.waiters.push(block.clone());
        drop(state);
        self.sleep(&block, timeout_ns)
    }

    fn sleep(&self, block: &Arc<WaitBlock>, timeout_ns: Option<u64>) -> WaitOutcome {
        if let Some(timeout_ns) = timeout_ns {
            let block = block.clone();
            system().clock().after(timeout_ns, move || {
                block.wake(false);
            });
        }
        block.thread.await_(match timeout_ns {
            None => Awaited::Event,
            Some(_) => Awaited::EventOrTime,
        });
        suspend(Suspension::Waiting);
        block.thread.await_(Awaited::Nothing);
        if block.signalled.load(Ordering::Acquire) {
            return WaitOutcome::Signalled;
        }
        self.state
            .lock()
            .waiters
            .retain(|other| !Arc::ptr_eq(other, block));
        WaitOutcome::TimedOut
    }
}
