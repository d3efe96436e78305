//! Execution contexts: where the callbacks of a packet queue run, one at a time.
//!
//! A notification starts polling in a DPC; when that has used up its budget, a worker thread at
//! PASSIVE_LEVEL takes over. Start, cancel and stop run on the worker only. The right to poll is a
//! token: it is taken by whoever turns the state from idle to polling, goes from the DPC to the
//! worker by [`ExecutionContext::hand_to_worker`], and ends when the state becomes idle again.

use crate::executive::{
    Event, EventKind, HostDpc, System, Thread, migrate, processor, spawn, yield_now,
    yield_to_others,
};
use crossbeam_utils::CachePadded;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// Iterations in a DPC before the worker takes over. Windows stops when the processor should be
/// yielded, after some hundred microseconds at most; so many full iterations take about as long.
const DPC_BUDGET: u32 = 16;

/// Nobody polls; a notification starts polling.
const IDLE: u32 = 0;
/// Someone polls or is about to.
const POLLING: u32 = 1;
/// As `POLLING`, and a notification came since the last iteration began.
const NOTIFIED: u32 = 2;

/// What a context polls. All calls come from one context at a time.
pub(super) trait PollClient: Send + Sync {
    /// One full iteration; whether there was anything to do.
    ///
    /// IRQL: DISPATCH_LEVEL or below.
    fn iterate(&self) -> bool;
    /// Asks the driver for a notification; whether there is one to wait for.
    ///
    /// IRQL: DISPATCH_LEVEL or below.
    fn arm(&self) -> bool;
    /// Whether polling must go on although there was nothing to do.
    fn must_poll(&self) -> bool;
}

type Task = Box<dyn FnOnce() + Send>;

enum Step {
    /// There was something to do, and may be more.
    More,
    /// There was nothing to do, but polling must go on.
    Fruitless,
    /// The context rests.
    Idle,
}

/// An execution context of the framework.
pub(super) struct ExecutionContext {
    state: CachePadded<AtomicU32>,
    /// Whether a notification has been asked for. Used by the holder of the token only.
    armed: AtomicBool,
    has_tasks: AtomicBool,
    tasks: Mutex<VecDeque<Task>>,
    /// Index of the processor to which the context is bound, plus one; 0: none.
    affinity: AtomicU32,
    dpc: OnceLock<Arc<HostDpc>>,
    handed_over: AtomicBool,
    wake: Event,
    ending: AtomicBool,
    worker: OnceLock<Arc<Thread>>,
    client: Arc<dyn PollClient>,
    system: &'static System,
}

impl ExecutionContext {
    /// Makes a context and its worker, which begins on `home`.
    pub(super) fn new(
        system: &'static System,
        home: u32,
        client: Arc<dyn PollClient>,
    ) -> Arc<Self> {
        let context = Arc::new(Self {
            state: CachePadded::new(AtomicU32::new(IDLE)),
            armed: AtomicBool::new(false),
            has_tasks: AtomicBool::new(false),
            tasks: Mutex::default(),
            affinity: AtomicU32::new(0),
            dpc: OnceLock::new(),
            handed_over: AtomicBool::new(false),
            wake: Event::new(EventKind::Synchronization, false),
            ending: AtomicBool::new(false),
            worker: OnceLock::new(),
            client,
            system,
        });
        let weak = Arc::downgrade(&context);
        context.dpc.get_or_init(|| {
            HostDpc::new(move || {
                if let Some(context) = weak.upgrade() {
                    context.poll_in_dpc();
                }
            })
        });
        let worker = context.clone();
        context.worker.get_or_init(|| {
            spawn(system, "execution context", home, move || {
                worker.run_worker()
            })
        });
        context
    }

    /// Makes sure that a full iteration begins after this call.
    ///
    /// IRQL: any, on a processor.
    pub(super) fn notify(self: &Arc<Self>) {
        if self.take_or_mark() {
            let dpc = self.dpc.get().expect("it is made with the context");
            // The DPC cannot be queued yet: whoever holds the token queues it once.
            dpc.queue(self.system);
        }
    }

    /// Binds polling to a processor; takes effect on later polls.
    pub(super) fn set_affinity(&self, processor: Option<u32>) {
        self.affinity
            .store(processor.map_or(0, |index| index + 1), Ordering::Release);
        if let Some(dpc) = self.dpc.get() {
            dpc.set_target(processor);
        }
    }

    /// Runs `task` on the worker at PASSIVE_LEVEL between two iterations and waits for its end.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(super) fn run_task(&self, task: impl FnOnce() + Send + 'static) {
        let done = Arc::new(Event::new(EventKind::Notification, false));
        let signal = done.clone();
        self.tasks.lock().push_back(Box::new(move || {
            task();
            signal.set();
        }));
        self.has_tasks.store(true, Ordering::SeqCst);
        if self.take_or_mark() {
            self.hand_to_worker();
        }
        done.wait();
    }

    /// Ends the worker. Nothing may be left to poll.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
        self.wake.set();
        if let Some(worker) = self.worker.get() {
            worker.join();
        }
    }

    /// Takes the token if nobody has it, else tells its holder to iterate once more.
    fn take_or_mark(&self) -> bool {
        let change = |state| match state {
            IDLE => Some(POLLING),
            POLLING => Some(NOTIFIED),
            _ => None,
        };
        self.state
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, change)
            == Ok(IDLE)
    }

    fn hand_to_worker(&self) {
        self.handed_over.store(true, Ordering::SeqCst);
        self.wake.set();
    }

    fn poll_in_dpc(&self) {
        self.armed.store(false, Ordering::Relaxed);
        for _ in 0..DPC_BUDGET {
            if self.has_tasks.load(Ordering::SeqCst) {
                break;
            }
            match self.step() {
                Step::Idle => return,
                // Device interrupts come through between two iterations.
                Step::More | Step::Fruitless => processor().serve(),
            }
        }
        self.hand_to_worker();
    }

    fn run_worker(&self) {
        while !self.ending.load(Ordering::SeqCst) {
            self.wake.wait();
            if self.handed_over.swap(false, Ordering::SeqCst) {
                self.poll_on_worker();
            }
        }
    }

    fn poll_on_worker(&self) {
        self.armed.store(false, Ordering::Relaxed);
        loop {
            self.run_tasks();
            if let Some(index) = self.affinity.load(Ordering::Acquire).checked_sub(1) {
                migrate(index);
            }
            // The worker has no budget, but other threads of the processor have their turn too.
            match self.step() {
                Step::Idle => return,
                Step::More => yield_now(),
                Step::Fruitless => yield_to_others(),
            }
        }
    }

    fn run_tasks(&self) {
        while self.has_tasks.swap(false, Ordering::SeqCst) {
            loop {
                let task = self.tasks.lock().pop_front();
                let Some(task) = task else { break };
                task();
            }
        }
    }

    /// One iteration. After arming there is always one more before the context rests, so nothing
    /// that arrived before arming is missed (*EVT_PACKET_QUEUE_SET_NOTIFICATION_ENABLED*).
    fn step(&self) -> Step {
        if self.state.swap(POLLING, Ordering::SeqCst) == NOTIFIED {
            // A driver notifies once for each time it was asked to.
            self.armed.store(false, Ordering::Relaxed);
        }
        if self.client.iterate() {
            self.armed.store(false, Ordering::Relaxed);
            return Step::More;
        }
        if self.client.must_poll() {
            return Step::Fruitless;
        }
        if !self.armed.load(Ordering::Relaxed) && self.client.arm() {
            self.armed.store(true, Ordering::Relaxed);
            return Step::More;
        }
        if self.has_tasks.load(Ordering::SeqCst) {
            return Step::More;
        }
        match self
            .state
            .compare_exchange(POLLING, IDLE, Ordering::SeqCst, Ordering::SeqCst)
        {
            Ok(_) => Step::Idle,
            Err(_) => {
                self.armed.store(false, Ordering::Relaxed);
                Step::More
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executive::TestMachine;

    /// A driver that notifies while it is being asked for that the first time, as an interrupt on
    /// another processor makes it.
    #[derive(Default)]
    struct Hasty {
        context: OnceLock<Arc<ExecutionContext>>,
        asked: AtomicU32,
        iterations: AtomicU32,
    }

    impl PollClient for Hasty {
        fn iterate(&self) -> bool {
            self.iterations.fetch_add(1, Ordering::Relaxed);
            false
        }

        fn arm(&self) -> bool {
            if self.asked.fetch_add(1, Ordering::Relaxed) == 0 {
                self.context.get().expect("it is set").notify();
            }
            true
        }

        fn must_poll(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_notification_that_comes_while_it_is_asked_for_is_asked_for_again() {
        TestMachine::new(1).run(|system| {
            let client = Arc::new(Hasty::default());
            let context = ExecutionContext::new(system, 0, client.clone());
            assert!(client.context.set(context.clone()).is_ok());
            context.run_task(|| {});
            while context.state.load(Ordering::SeqCst) != IDLE {
                yield_now();
            }
            assert_eq!(client.asked.load(Ordering::Relaxed), 2);
            assert!(client.iterations.load(Ordering::Relaxed) >= 3);
            context.end();
        });
    }
}
