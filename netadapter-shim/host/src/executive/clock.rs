//! Time of the machine and what is to happen later.

use parking_lot::{Condvar, Mutex};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

type Action = Box<dyn FnOnce() + Send>;

/// What a virtual clock shows at first: no machine is looked at in the moment of its first light,
/// and 0 is "never" to many.
const VIRTUAL_START_NS: u64 = 1_000_000_000;

#[derive(Default)]
struct Agenda {
    /// By due time and order of request.
    actions: BTreeMap<(u64, u64), Action>,
    requests: u64,
    ended: bool,
}

/// Where time comes from.
enum Source {
    /// It passes by itself.
    Real(Instant),
    /// It passes when a conductor says so.
    Virtual(AtomicU64),
}

struct Shared {
    source: Source,
    agenda: Mutex<Agenda>,
    changed: Condvar,
}

/// The machine's clock: nanoseconds since it was built, and what is to be done when.
pub struct Clock {
    shared: Arc<Shared>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Clock {
    /// Starts a clock that shows real time, with a thread that runs due actions.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let shared = Shared::new(Source::Real(Instant::now()));
        let worker = shared.clone();
        let thread = std::thread::Builder::new()
            .name("clock".into())
            .spawn(move || worker.run())?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Makes a clock whose time passes only as its conductor says, and which runs nothing itself.
    pub(super) fn conducted() -> Self {
        Self {
            shared: Shared::new(Source::Virtual(AtomicU64::new(VIRTUAL_START_NS))),
            thread: Mutex::new(None),
        }
    }

    /// The same clock, for its conductor.
    pub(super) fn share(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            thread: Mutex::new(None),
        }
    }

    /// Nanoseconds since the machine was built.
    pub fn now_ns(&self) -> u64 {
        self.shared.now_ns()
    }

    /// Runs `action` on no processor in `delay_ns` nanoseconds. It must be short.
    pub fn after(&self, delay_ns: u64, action: impl FnOnce() + Send + 'static) {
        let mut agenda = self.shared.agenda.lock();
        agenda.requests += 1;
        let key = (self.now_ns().saturating_add(delay_ns), agenda.requests);
        agenda.actions.insert(key, Box::new(action));
        self.shared.changed.notify_one();
    }

    /// Ends the clock's thread; what is due later never happens.
    pub fn stop(&self) {
        let mut agenda = self.shared.agenda.lock();
        agenda.ended = true;
        // What an action holds may hold the clock: dropped without the lock.
        let dropped = std::mem::take(&mut agenda.actions);
        drop(agenda);
        drop(dropped);
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // A panic of an action has been printed; there is nothing left to undo.
            let _ = thread.join();
        }
    }

    /// Lets virtual time pass; the new time.
    pub(super) fn pass(&self, span_ns: u64) -> u64 {
        self.set(self.now_ns() + span_ns)
    }

    /// Lets virtual time pass until `due_ns`, if that lies ahead.
    pub(super) fn pass_until(&self, due_ns: u64) {
        self.set(due_ns.max(self.now_ns()));
    }

    fn set(&self, now_ns: u64) -> u64 {
        match &self.shared.source {
            Source::Virtual(now) => now.store(now_ns, Ordering::Relaxed),
            Source::Real(_) => unreachable!("only virtual time is conducted"),
        }
        now_ns
    }

    /// When the next action is due.
    pub(super) fn next_due_ns(&self) -> Option<u64> {
        let agenda = self.shared.agenda.lock();
        agenda.actions.first_key_value().map(|(&(due, _), _)| due)
    }

    /// Runs the action that is due first, if it is due.
    pub(super) fn run_due(&self) {
        let mut agenda = self.shared.agenda.lock();
        let due = agenda.actions.first_entry();
        let action = due
            .filter(|entry| entry.key().0 <= self.now_ns())
            .map(|entry| entry.remove());
        drop(agenda);
        if let Some(action) = action {
            action();
        }
    }
}

impl Shared {
    fn new(source: Source) -> Arc<Self> {
        Arc::new(Self {
            source,
            agenda: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    fn now_ns(&self) -> u64 {
        match &self.source {
            Source::Real(started) => started.elapsed().as_nanos() as u64,
            Source::Virtual(now) => now.load(Ordering::Relaxed),
        }
    }

    fn run(&self) {
        let mut agenda = self.agenda.lock();
        while !agenda.ended {
            let next = agenda.actions.first_key_value().map(|(&(due, _), _)| due);
            match next {
                None => self.changed.wait(&mut agenda),
                Some(due) if due > self.now_ns() => {
                    let wait = Duration::from_nanos(due - self.now_ns().min(due));
                    self.changed.wait_for(&mut agenda, wait);
                }
                Some(_) => {
                    let (_, action) = agenda.actions.pop_first().expect("it was just seen");
                    parking_lot::MutexGuard::unlocked(&mut agenda, action);
                }
            }
        }
    }
}
