//! Time of the machine and what is to happen later.

use parking_lot::{Condvar, Mutex};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Action = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Agenda {
    /// By due time and order of request.
    actions: BTreeMap<(u64, u64), Action>,
    requests: u64,
    ended: bool,
}

struct Shared {
    started: Instant,
    agenda: Mutex<Agenda>,
    changed: Condvar,
}

/// The machine's clock: nanoseconds since it was built, and a thread that runs due actions.
pub struct Clock {
    shared: Arc<Shared>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Clock {
    /// Starts the clock.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            started: Instant::now(),
            agenda: Mutex::default(),
            changed: Condvar::new(),
        });
        let worker = shared.clone();
        let thread = std::thread::Builder::new()
            .name("clock".into())
            .spawn(move || worker.run())?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Nanoseconds since the machine was built.
    pub fn now_ns(&self) -> u64 {
        self.shared.now_ns()
    }

    /// Runs `action` on the clock's thread in `delay_ns` nanoseconds. It must be short.
    pub fn after(&self, delay_ns: u64, action: impl FnOnce() + Send + 'static) {
        let mut agenda = self.shared.agenda.lock();
        agenda.requests += 1;
        let key = (self.now_ns().saturating_add(delay_ns), agenda.requests);
        agenda.actions.insert(key, Box::new(action));
        self.shared.changed.notify_one();
    }

    /// Ends the clock's thread; what is due later never happens.
    pub fn stop(&self) {
        self.shared.agenda.lock().ended = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // A panic of an action has been printed; there is nothing left to undo.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn now_ns(&self) -> u64 {
        self.started.elapsed().as_nanos() as u64
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
